"""A streamed answer: server-sent events taken apart, and what they come to together.

Framing is cheap and goes piece by piece; reading an event, which may hold megabytes, is a function of its
own, so that it can be called in a thread. Nothing is trusted by its order or its name.

Facts: the WHATWG's HTML standard, section "Server-sent events", and OpenAI's events of an image edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pybase64

if TYPE_CHECKING:
    from collections.abc import Sequence

BOM = b"\xef\xbb\xbf"
_EMPTY = frozenset({b"\n", b"\r", b"\r\n"})
_ENDS = (b"\n", b"\r")


class Framer:
    """Splits a stream into the blocks of its events, in time that grows with its length alone."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._first = True
        self._within = False  # a line
        self._returned = False  # a carriage return came last, and a line feed would belong to it

    def feed(self, piece: bytes) -> list[bytearray]:
        """Take in a piece; return the blocks that it completes."""
        if not piece:
            return []
        returned, self._returned = self._returned, piece.endswith(b"\r")
        if returned and piece.startswith(b"\n"):
            piece = piece[1:]
        blocks = []
        for line in piece.splitlines(keepends=True):  # of bytes it knows just the three ends there are
            if self._within or line not in _EMPTY:
                self._block += line
                self._within = not line.endswith(_ENDS)
            elif self._block:
                blocks += self.rest()
        return blocks

    def rest(self) -> list[bytearray]:
        """Return what stands at the end of a stream without an empty line behind it."""
        block, self._block, self._within = self._block, bytearray(), False
        if block and self._first:
            self._first = False
            block = block.removeprefix(BOM)
        return [block] if block else []


@dataclass(frozen=True, slots=True)
class Event:
    """One event, and what it holds.

    Attributes:
        kind: ``partial``, ``completed``, ``error``, ``answer`` for an answer as it would be without a
            stream, or ``other``.
        picture: the bytes of its picture, or the address where it lies; None if there is neither.
        index: of a partial picture, which of them it is, from 0.
        data: everything else that it holds.
    """

    kind: str
    picture: bytes | str | None = field(default=None, repr=False)
    index: int = 0
    data: dict[str, Any] = field(default_factory=dict, repr=False)


_OTHER = Event("other")


def fields_of(block: bytes | bytearray) -> tuple[str, bytes]:
    """Return the name and the data of an event; what else it says is of no use here."""
    name, lines = "", list[bytes | bytearray]()
    for line in block.splitlines():
        label, _, value = line.partition(b":")
        if label == b"data":
            lines.append(value.removeprefix(b" "))
        elif label == b"event":
            name = value.removeprefix(b" ").decode("utf-8", "replace")
    return name, bytes(lines[0]) if len(lines) == 1 else b"\n".join(lines)


def read_event(block: bytes | bytearray) -> Event:
    """Read the block of an event; one that says nothing known is an ``other``."""
    name, text = fields_of(block)
    if not text:
        return _OTHER
    try:
        data = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return (
            Event("error", data={"message": text.decode("utf-8", "replace")}) if name == "error" else _OTHER
        )
    if not isinstance(data, dict):
        return Event("error", data={"message": data}) if name == "error" and isinstance(data, str) else _OTHER
    kind = _kind(name, data)
    if kind not in {"partial", "completed"}:
        return Event(kind, data=data)
    index = data.get("partial_image_index")
    picture = picture_of(data)
    for name in ("b64_json", "url"):
        data.pop(name, None)
    return Event(kind, picture, index if type(index) is int else 0, data)


def _kind(name: str, data: dict[str, Any]) -> str:
    said = data.get("type")
    for word in (said if isinstance(said, str) else "", name):
        if word.endswith(".partial_image"):
            return "partial"
        if word.endswith(".completed"):
            return "completed"
        if word == "error" or word.endswith(".failed"):
            return "error"
    if data.get("error"):
        return "error"
    return "answer" if isinstance(data.get("data"), list) and data["data"] else "other"


def picture_of(datum: object) -> bytes | str | None:
    """Return a picture's bytes, or the address to fetch it from; None if there is neither."""
    if not isinstance(datum, dict):
        return None
    text, url = datum.get("b64_json") or None, datum.get("url")  # some servers leave no field out
    if not isinstance(text, str) and isinstance(url, str):
        if not url.startswith("data:"):
            return url
        text = url.partition(",")[2]
    if not isinstance(text, str):
        return None
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return None


def summed(usages: Sequence[object]) -> dict[str, Any]:
    """Return the usage of several pictures as that of one answer: numbers add up, of all else the last."""
    total: dict[str, Any] = {}
    for usage in usages:
        for name, value in (usage if isinstance(usage, dict) else {}).items():
            before = total.get(name)
            if isinstance(value, dict) and isinstance(before, dict):
                total[name] = {**before, **value, **_sums(before, value)}
            elif value is not None or before is None:
                total[name] = value
                total |= _sums({name: before}, {name: value})
    return total


def _sums(before: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Return the sums of what are numbers in both."""
    return {
        name: before[name] + number
        for name, number in value.items()
        if _is_number(number) and _is_number(before.get(name))
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
