"""A streamed answer: server-sent events taken apart, and what they come to together.

Framing is cheap and goes piece by piece; reading an event, which may hold megabytes, is a function of its
own, so that it can be called in a thread. Nothing is trusted by its order or its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pybase64

if TYPE_CHECKING:
    from collections.abc import Sequence

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_LONGEST_END = 4
_BREAK = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Framer:
    """Splits a stream into the blocks of its events, in time that grows with its length alone."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._looked = 0  # what of the buffer holds no end
        self._begun = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Take in a piece; return the blocks that it completes."""
        self._buffer += piece
        blocks = []
        while end := _END.search(self._buffer, self._looked):
            if end.end() == len(self._buffer) and end[0].endswith(b"\r") and not end[0].endswith(b"\n"):
                break  # a line feed may follow
            blocks.append(self._cut(end.end()))
        self._looked = max(0, len(self._buffer) - _LONGEST_END)
        return blocks

    def rest(self) -> list[bytes]:
        """Return what stands at the end of a stream without an empty line behind it."""
        return [self._cut(len(self._buffer))] if self._buffer.strip() else []

    def _cut(self, end: int) -> bytes:
        block = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._looked = 0
        if not self._begun:
            self._begun = True
            block = block.removeprefix(_BOM)
        return block


@dataclass(frozen=True, slots=True)
class Event:
    """One event: ``partial``, ``completed``, ``error``, or ``other``, and what it holds.

    Attributes:
        picture: the bytes of its picture, or None if it has none that can be decoded.
        index: of a partial picture, which of them it is, from 0.
        data: everything else that it holds.
    """

    kind: str
    picture: bytes | None = field(default=None, repr=False)
    index: int = 0
    data: dict[str, Any] = field(default_factory=dict, repr=False)


_OTHER = Event("other")


def read_event(block: bytes) -> Event:
    """Read the block of an event; one that says nothing known is an ``other``."""
    name, lines = "", []
    for line in _BREAK.split(block):
        label, _, value = line.partition(b":")
        if label == b"data":
            lines.append(value.removeprefix(b" "))
        elif label == b"event":
            name = value.strip().decode("utf-8", "replace")
    try:
        data = msgspec.json.decode(b"\n".join(lines)) if lines else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _OTHER
    if not isinstance(data, dict):
        return _OTHER
    said = data.get("type")
    kind = _kind(said if isinstance(said, str) else name, data)
    index = data.get("partial_image_index")
    text = data.pop("b64_json", None) if kind in {"partial", "completed"} else None
    return Event(kind, _decoded(text), index if type(index) is int else 0, data)


def _kind(name: str, data: dict[str, Any]) -> str:
    if name.endswith(".partial_image"):
        return "partial"
    if name.endswith(".completed"):
        return "completed"
    return "error" if name == "error" or name.endswith(".failed") or data.get("error") else "other"


def _decoded(text: object) -> bytes | None:
    if not isinstance(text, str):
        return None
    try:
        return pybase64.b64decode(text, validate=True) or None
    except ValueError:
        return None


def summed(usages: Sequence[object]) -> dict[str, Any]:
    """Return the usage of several pictures as that of one answer: numbers add up, of all else the last."""
    total: dict[str, Any] = {}
    for usage in usages:
        if isinstance(usage, dict):
            for name, value in usage.items():
                total[name] = _added(total.get(name), value)
    return total


def _added(before: object, value: object) -> object:
    if isinstance(value, dict):
        return summed([before, value])
    numbers = [one for one in (before, value) if isinstance(one, int | float) and not isinstance(one, bool)]
    return numbers[0] + numbers[1] if len(numbers) == 2 else value  # noqa: PLR2004 - both of them
