"""`Bill`: what an edit is likely to cost, token by token, before it is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.models import Cost
from requesty_nb.pricing.dollars import FREE
from requesty_nb.pricing.prices import MINI
from requesty_nb.pricing.tables import BUILT_IN, Entry
from requesty_nb.pricing.tokens import SIZES, SQUARE, Size, Span, output_tokens, source_tokens, text_tokens
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requesty_nb.pricing.tables import Prices

_MILLION = 1_000_000
_PARTIAL = 100  # image tokens of one streamed preview
_QUALITIES = ("low", "medium", "high")
# gpt-image-1-mini is also listed by the picture, and that is more than its tokens come to
_MINI_SQUARE: Mapping[str, float] = {"low": 0.005, "medium": 0.011, "high": 0.036}
_MINI_OBLONG: Mapping[str, float] = {"low": 0.006, "medium": 0.015, "high": 0.052}


@dataclass(frozen=True, slots=True)
class Bill:
    """The tokens that an edit is likely to be billed, at least and at most, and what they come to.

    Attributes:
        entry: the model's prices.
        markup: what a router adds at most, as a share.
        n: how many pictures; each is billed like a call of its own, sources and all.
        text: tokens of the prompt.
        sources: tokens of the source pictures together.
        made: tokens of one picture that is made.
        previews: tokens of its unfinished forms, at most.
        by_the_picture: dollars for one picture, of a model that is also listed so.
    """

    entry: Entry
    markup: float
    n: int
    text: Span
    sources: Span
    made: Span
    previews: int = 0
    by_the_picture: Span | None = None

    @property
    def cost(self) -> Cost:
        """The dollars: at least those of the tokens, at most with the router's share."""
        price = self.entry.price
        low, high = (
            (text * price.text_in + sources * price.image_in + made * price.image_out) / _MILLION
            for text, sources, made in zip(self.text, self.sources, self.made, strict=True)
        )
        high += self.previews * price.image_out / _MILLION
        if self.by_the_picture is not None:
            high += max(0.0, self.by_the_picture.high - self.made.high * price.image_out / _MILLION)
        return Cost(self.n * low, self.n * high * (1 + self.markup), "estimate")

    @property
    def lines(self) -> tuple[str, ...]:
        """How it comes to that, in words."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        price = self.entry.price
        yield f"prompt: {_tokens(self.text)} at ${price.text_in:g} a million"
        yield f"sources: {_tokens(self.sources)} at ${price.image_in:g}"
        yield f"picture: {_tokens(self.made)} at ${price.image_out:g}"
        if self.by_the_picture is not None:
            low, high = self.by_the_picture
            listed = f"${low:g}" if low == high else f"${low:g}\N{EN DASH}{high:g}"
            yield f"or, as it is also listed, {listed} a picture"
        if self.previews:
            yield f"unfinished pictures: up to {self.previews} tokens at ${price.image_out:g}"
        if self.n > 1:
            yield f"all that {self.n} times, once for each picture"
        if self.markup:
            yield f"up to {100 * self.markup:.3g}% more for the router"


def bill(
    model: str,
    *,
    prompt: str,
    image_sizes: Sequence[Size | None],
    size: str = "auto",
    quality: str = "auto",
    n: int = 1,
    fidelity: str | None = None,
    partial_images: int = 0,
    prices: Prices = BUILT_IN,
) -> Bill | None:
    """Return the tokens an edit is likely to be billed, or None where no price or token count is known.

    ``auto`` spans what it can become: the endpoint's three sizes, and low to high. The mask is taken to be
    free.

    Args:
        model: the model's name, routed or bare.
        prompt: the prompt as sent.
        image_sizes: width and height of each source in pixels; None where it is not known.
        size: ``WxH`` or ``auto``.
        quality: ``low``, ``medium``, ``high`` or ``auto``.
        n: how many pictures.
        fidelity: ``input_fidelity`` as sent.
        partial_images: how many previews of each picture are streamed, at most.
        prices: what tokens cost.
    """
    entry = prices.find(model)
    made = _made(entry.like, size, quality) if entry else None
    if entry is None or made is None:
        return None
    sources = [
        source_tokens(entry.like, source, fidelity, first=not at) for at, source in enumerate(image_sizes)
    ]
    return Bill(
        entry=entry,
        markup=prices.markup,
        n=n,
        text=Span(*text_tokens(prompt)),
        sources=Span(sum(one.low for one in sources), sum(one.high for one in sources)),
        made=Span(min(made.values()), max(made.values())),
        previews=_PARTIAL * partial_images,
        by_the_picture=_by_the_picture(made) if entry.listed == MINI else None,
    )


def estimate(model: str, expected: Bill | None) -> Cost | None:
    """Return what an edit by a model is likely to cost: nothing offline, else what its bill comes to.

    None where there is no bill, as nothing is known.
    """
    if is_offline(model):
        return FREE
    return None if expected is None else expected.cost


def _made(like: str, size: str, quality: str) -> dict[tuple[Size, str], int] | None:
    """Return the tokens of one picture for each size and quality it can have."""
    written = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", size, re.ASCII)
    sizes = [(int(written[1]), int(written[2]))] if written else list(SIZES)
    if not like or not (written or size == "auto"):
        return None
    made: dict[tuple[Size, str], int] = {}
    for level in _QUALITIES if quality == "auto" else (quality,):
        for each in sizes:
            tokens = output_tokens(like, each, level)
            if tokens is None:
                return None
            made[each, level] = tokens
    return made


def _by_the_picture(made: Mapping[tuple[Size, str], int]) -> Span:
    dollars = [(_MINI_SQUARE if size == SQUARE else _MINI_OBLONG)[level] for size, level in made]
    return Span(min(dollars), max(dollars))


def _tokens(span: Span) -> str:
    low, high = (f"{end:,.0f}" for end in span)
    return f"{low} tokens" if low == high else f"{low}\N{EN DASH}{high} tokens"
