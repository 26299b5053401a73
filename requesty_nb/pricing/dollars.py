"""What an edit did cost, and how costs are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from requesty_nb.models import Cost
from requesty_nb.pricing.tables import BUILT_IN
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from requesty_nb.pricing.tables import Prices

_MILLION = 1_000_000
_ABSURD = 1e12  # no token count or sum of dollars; a float holds it
_PLACES = 9  # more than any price has


FREE = Cost(0.0, 0.0, "free")


def actual(model: str, usage: Mapping[str, object] | None, prices: Prices = BUILT_IN) -> Cost | None:
    """Return what an edit did cost by what the endpoint reported, or None if that does not say.

    ``usage["cost"]`` if it is there, else the tokens by their prices. Whatever is no plain non-negative
    number counts as not there.
    """
    if is_offline(model):
        return FREE
    if not isinstance(usage, Mapping):
        return None
    reported = _number(usage.get("cost"))
    if reported is not None:
        return Cost(reported, reported, "reported")
    entry = prices.find(model)
    source = _split(_number(usage.get("input_tokens")), usage.get("input_tokens_details"))
    made = _number(usage.get("output_tokens"))
    if entry is None or source is None or made is None:
        return None
    price = entry.price
    text, image, either = source
    text_out = min(made, _member(usage.get("output_tokens_details"), "text_tokens") or 0.0)
    low, high = (
        text * price.text_in
        + image * price.image_in
        + either * rate
        + text_out * (price.image_out if price.text_out is None else price.text_out)
        + (made - text_out) * price.image_out
        for rate in sorted((price.text_in, price.image_in))
    )
    return Cost(low / _MILLION, high / _MILLION * (1 + prices.markup), "usage")


def format_usd(cost: Cost) -> str:
    """Return a cost as text: ``$0.0421``, ``$0.04-0.17 (estimate)`` (with an en dash), ``free``."""
    if cost.basis == "free":
        return "free"
    label = {"estimate": " (estimate)", "usage": " (by tokens)"}.get(cost.basis, "")
    if cost.low == cost.high:
        return f"${_exact(cost.low)}{label}"
    low, high = _rough(cost.low), _rough(cost.high)
    places = 3
    while low == high and places < _PLACES:
        low, high, places = f"{cost.low:.{places}f}", f"{cost.high:.{places}f}", places + 1
    return f"${low}\N{EN DASH}{high}{label}"


def _split(total: float | None, details: object) -> tuple[float, float, float] | None:
    """Return the tokens that are text, that are picture, and that are one or the other."""
    text, image = _member(details, "text_tokens"), _member(details, "image_tokens")
    if text is not None and image is not None:
        return text, image, max(0.0, (total or 0.0) - text - image)
    if total is None:
        return None
    if text is not None:
        return text, max(0.0, total - text), 0.0
    if image is not None:
        return max(0.0, total - image), image, 0.0
    return 0.0, 0.0, total


def _member(details: object, name: str) -> float | None:
    return _number(details.get(name)) if isinstance(details, Mapping) else None


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _ABSURD:
        return float(value)
    return None


def _rough(dollars: float) -> str:
    """Write an amount with as few places as say it to a tenth, but two."""
    for places in range(2, _PLACES):
        if abs(float(text := f"{dollars:.{places}f}") - dollars) <= dollars / 10:
            return text
    return f"{dollars:.{_PLACES}f}"


def _exact(dollars: float) -> str:
    if dollars == 0 or dollars >= 1:
        return f"{dollars:.2f}"
    return f"{dollars:.4f}" if dollars >= 0.001 else f"{dollars:.6f}"  # noqa: PLR2004 - two digits at least
