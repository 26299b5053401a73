"""`Differences`: in what two requests are not the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models.requests import EditRequest

_LONGEST = 160  # characters of a value in a message
_DIGEST = 12  # characters of a digest that tell pictures apart
_WEIGHT = {"images": 3, "mask": 2, "model": 2}  # how much makes two requests unlike; others 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two requests differ, and what each has there; None where it has nothing."""

    field: str
    one: object
    other: object

    def __str__(self) -> str:
        return f"{self.field}: {_told(self.one)} -> {_told(self.other)}"


@dataclass(frozen=True, slots=True)
class Differences:
    """All fields in which two requests differ, by which they have different keys; empty if they have one."""

    items: tuple[Difference, ...]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def weight(self) -> int:
        """How unlike the two are: other pictures count for more than another prompt."""
        return sum(_WEIGHT.get(item.field, 1) for item in self.items)

    def __repr__(self) -> str:
        return "\n".join(map(str, self.items)) or "The requests are the same."


def differences(one: EditRequest, other: EditRequest) -> Differences:
    """Return in what ``other`` differs from ``one``: just what makes their keys different."""
    mine, theirs = _flat(one.keyed()), _flat(other.keyed())
    names = [
        name for name in dict.fromkeys([*mine, *theirs]) if _text(mine.get(name)) != _text(theirs.get(name))
    ]
    shown, others = _shown(one, mine), _shown(other, theirs)
    return Differences(tuple(Difference(name, shown.get(name), others.get(name)) for name in names))


def _flat(keyed: dict[str, Any]) -> dict[str, Any]:
    """Return the endpoint's own fields beside the others; none of them can be called like those."""
    return {**keyed["params"], **{name: value for name, value in keyed.items() if name != "params"}}


def _shown(request: EditRequest, fields: dict[str, Any]) -> dict[str, Any]:
    """Return what a reader is shown of the fields."""
    images = tuple(f"{ref.name} ({_short(ref.digest)})" for ref in request.images)
    return {**fields, "images": images, "mask": request.mask and _short(request.mask.digest)}


def _text(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def _short(digest: str) -> str:
    kind, _, text = digest.partition(":")
    return digest if kind in {"url", "file"} else f"{kind}:{text[:_DIGEST]}"


def _told(value: object) -> str:
    if value is None:
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
