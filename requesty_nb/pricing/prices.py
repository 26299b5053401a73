"""What each model's tokens cost, and which model a routed name means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PRICES_AS_OF = "2026-11"
MARKUP = 0.05  # Requesty's, at most
MINI = "gpt-image-1-mini"


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost, US dollars for a million; ``text_out`` is None where none is sold."""

    text_in: float
    image_in: float
    image_out: float
    text_out: float | None = None


_SECOND = Price(text_in=5, image_in=8, image_out=30, text_out=10)
PRICES: Mapping[str, Price] = MappingProxyType(
    {
        "gpt-image-1": Price(text_in=5, image_in=10, image_out=40),
        "gpt-image-1.5": Price(text_in=5, image_in=8, image_out=32, text_out=10),
        "gpt-image-1-mini": Price(text_in=2, image_in=2.5, image_out=8),
        "gpt-image-2": _SECOND,
        "gpt-image-2.5": _SECOND,
        "gpt-image-2.5-sunburst": _SECOND,
        "gpt-image-2.5-flare": _SECOND,
    }
)
_SUFFIX = r"(-\d{4}-?\d\d-?\d\d|-latest|-preview)*(@[\w.-]+)?"


def listed(model: str, names: Iterable[str] = PRICES) -> str | None:
    """Return the longest of the names that this model's name is, suffixes apart; the table's, if not told.

    Only the last part of a routed name counts; a date or a region after the name is passed over.
    """
    last = bare(model)
    for name in sorted(names, key=len, reverse=True):
        if last.startswith(name) and re.fullmatch(_SUFFIX, last[len(name) :]):
            return name
    return None


def bare(model: str) -> str:
    """Return the last part of a routed name, in lower case."""
    return model.rsplit("/", 1)[-1].lower()


def is_second(model: str) -> bool:
    """Tell whether a model counts tokens as gpt-image-2 does; 2.5 is taken to."""
    return (listed(model) or "").startswith("gpt-image-2")
