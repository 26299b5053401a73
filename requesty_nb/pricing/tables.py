"""`Prices`: the table of prices, and what a user's own file puts in its place."""

from __future__ import annotations

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
_MOST = 1_000_000  # dollars for a million tokens


@dataclass(frozen=True, slots=True)
class Entry:
    """What a model costs.

    Attributes:
        price: of its tokens.
        like: the listed model whose rules count its tokens; empty if none does.
        as_of: of when the price is; empty if its file does not say.
        listed: the model's name in the table, if the price is the table's own.
    """

    price: Price
    like: str
    as_of: str = PRICES_AS_OF
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """What tokens cost.

    Attributes:
        own: entries that go before the table's, by the last part of a model's name in lower case.
        markup: what a router adds at most, as a share.
    """

    own: Mapping[str, Entry] = field(default_factory=dict)
    markup: float = MARKUP

    def find(self, model: str) -> Entry | None:
        """Return the entry of a model, routed or bare, with or without a date; None if there is none."""
        name = listed(model, {*self.own, *PRICES})
        if name is None:
            return None
        return self.own.get(name) or Entry(PRICES[name], name, listed=name)


BUILT_IN = Prices()


def price_of(model: str, prices: Prices = BUILT_IN) -> Price | None:
    """Return a model's prices, or None if they are not known."""
    entry = prices.find(model)
    return None if entry is None else entry.price


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
    import tomllib  # noqa: PLC0415 - only who has such a file needs it

    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # no TOML, no UTF-8
        raise _wrong(path, f"are no TOML: {error}.") from None
    if unknown := sorted(said.keys() - {"as_of", "markup", "models"}):
        raise _wrong(path, f"hold {unknown[0]!r}, which means nothing there.")
    models = said.get("models")
    if not isinstance(models, dict) or not models:
        raise _wrong(path, "name no model.")
    as_of = str(said.get("as_of", ""))
    own: dict[str, Entry] = {}
    for name, rates in models.items():
        if bare(name) in own:
            raise _wrong(path, f"name {bare(name)} twice: who routes to it plays no part.")
        own[bare(name)] = _entry(path, name, rates, as_of)
    markup = _number(path, "markup", said.get("markup", MARKUP))
    if markup > 1:
        raise BadRequest(
            f"The prices in {path} give markup as {said['markup']!r}.",
            hint="It is a share: 0.05 stands for 5%.",
        )
    return Prices(own, markup)


def _entry(path: Path, name: str, rates: Any, as_of: str) -> Entry:  # noqa: ANN401 - whatever the file says
    if not isinstance(rates, dict):
        raise _wrong(path, f"say nothing of {name}.")
    if unknown := sorted(rates.keys() - {*_RATES, "like"}):
        if isinstance(rates[unknown[0]], dict):  # [models.gpt-image-1.5] without quotes
            whole = f"{name}.{unknown[0]}"
            raise BadRequest(
                f"The prices in {path} name {name}, and in it {unknown[0]!r}.",
                hint=f'Names with a dot stand in quotes: [models."{whole}"].',
            )
        raise _wrong(path, f"give {name} a {unknown[0]!r}.")
    like = rates.get("like")
    known = listed(name if like is None else str(like))
    if like is not None and known is None:
        raise BadRequest(
            f"The prices in {path} say that {name} counts like {like!r}, which is not listed.",
            hint=f"Listed are {', '.join(PRICES)}.",
        )
    base = PRICES[known] if known else None
    given = {
        rate: _number(path, f"{name}: {rate}", rates[rate]) if rate in rates else getattr(base, rate, None)
        for rate in _RATES
    }
    if missing := next((rate for rate in _RATES[:3] if given[rate] is None), None):
        raise _wrong(path, f"give {name} no {missing}.")
    return Entry(Price(**given), known or "", as_of)  # type: ignore[arg-type]  # none of the three is None by now


def _number(path: Path, what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST:
        raise _wrong(path, f"give {what} as {value!r}, which is no price.")
    return float(value)


def _wrong(path: Path, what: str) -> BadRequest:
    return BadRequest(f"The prices in {path} {what}", hint=f"For example {_EXAMPLE}.")
