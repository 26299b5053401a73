"""`Prices`: the table of prices, and what a user's own file puts in its place."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from requesty_nb.errors import BadRequest
from requesty_nb.pricing.prices import MARKUP, PRICES, PRICES_AS_OF, Price, bare, listed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RATES = ("text_in", "image_in", "image_out", "text_out")
_EXAMPLE = '[models."gpt-image-3"] with text_in, image_in and image_out in US dollars for a million tokens'


@dataclass(frozen=True, slots=True)
class Entry:
    """What a model costs, and the listed model whose rules count its tokens; empty if none does."""

    price: Price
    like: str


@dataclass(frozen=True, slots=True)
class Prices:
    """What tokens cost.

    Attributes:
        own: entries that go before the table's, by the last part of a model's name in lower case.
        as_of: when the prices were read.
        markup: what a router adds at most, as a share.
    """

    own: Mapping[str, Entry] = field(default_factory=dict)
    as_of: str = PRICES_AS_OF
    markup: float = MARKUP

    def find(self, model: str) -> Entry | None:
        """Return the entry of a model, routed or bare, or None if there is none."""
        if (entry := self.own.get(bare(model))) is not None:
            return entry
        name = listed(model)
        if name is None:
            return None
        return self.own.get(name) or Entry(PRICES[name], name)


BUILT_IN = Prices()


def prices_from(path: Path | None) -> Prices:
    """Return the table, with what stands in a file in its place; the file is read again when it changes.

    It is TOML: ``as_of`` and ``markup``, both optional, and a table for each model with its rates, and
    ``like`` naming the listed model by whose rules its tokens are counted before they are spent.

    Raises:
        BadRequest: it cannot be read, or says something that is no price.
    """
    if path is None:
        return BUILT_IN
    try:
        stat = path.stat()
        return _read(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise BadRequest(
            f"The prices in {path} cannot be read: {error.strerror or error}.",
            hint="Correct REQUESTY_NB_PRICES, or leave it out.",
        ) from None


@lru_cache(maxsize=4)
def _read(path: Path, _: int, __: int) -> Prices:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no TOML, no UTF-8
        raise BadRequest(
            f"The prices in {path} are no TOML: {error}.", hint=f"For example {_EXAMPLE}."
        ) from None
    models = said.get("models")
    if not isinstance(models, dict) or not models:
        raise _wrong(path, "name no model.")
    own = {bare(name): _entry(path, name, rates) for name, rates in models.items()}
    as_of = said.get("as_of", PRICES_AS_OF)
    return Prices(own, str(as_of), _number(path, "markup", said.get("markup", MARKUP)))


def _entry(path: Path, name: str, rates: Any) -> Entry:  # noqa: ANN401 - whatever the file says
    if not isinstance(rates, dict):
        raise _wrong(path, f"say nothing of {name}.")
    like = rates.get("like")
    known = listed(str(like)) if like is not None else listed(name)
    if like is not None and known is None:
        raise BadRequest(
            f"The prices in {path} say that {name} counts like {like!r}, which is not listed.",
            hint=f"Listed are {', '.join(PRICES)}.",
        )
    if unknown := sorted(rates.keys() - {*_RATES, "like"}):
        raise BadRequest(
            f"The prices in {path} give {name} a {unknown[0]!r}.", hint=f"For example {_EXAMPLE}."
        )
    base = PRICES[known] if known else None
    given = {
        rate: _number(path, f"{name}: {rate}", rates[rate]) if rate in rates else getattr(base, rate, None)
        for rate in _RATES
    }
    if missing := next((rate for rate in _RATES[:3] if given[rate] is None), None):
        raise _wrong(path, f"give {name} no {missing}.")
    return Entry(Price(**given), known or "")  # type: ignore[arg-type]  # none of the three is None by now


def _number(path: Path, what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1_000_000:  # noqa: PLR2004 - dollars
        raise _wrong(path, f"give {what} as {value!r}, which is no price.")
    return float(value)


def _wrong(path: Path, what: str) -> BadRequest:
    return BadRequest(f"The prices in {path} {what}", hint=f"For example {_EXAMPLE}.")
