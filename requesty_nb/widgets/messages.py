"""What the browser sends, as operations on a mask: pure, and trusting nothing."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from requesty_nb.errors import BadRequest
from requesty_nb.masks import Change, Shape, Stroke

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Buffer = bytes | bytearray | memoryview

MAX_POINTS = 20_000
_WIDEST = 4  # times the picture's longer side
_LEAST_WIDE = 64  # pixels that a brush may have on any picture
_DISCS = 5_000  # as wide as the picture's longer side: a few seconds of drawing, and the most at once
_POINT = 8  # bytes: two Float32


def operation_of(
    message: Mapping[str, object], buffers: Sequence[Buffer], size: tuple[int, int]
) -> Stroke | Shape | Change:
    """Return what an ``op`` message draws.

    Args:
        message: ``t``, the kind; ``w``, a brush's diameter in pixels; ``sub``, 1 if a shape takes away.
        buffers: of strokes and shapes the points, as little-endian Float32 pairs in pixels (of a box two
            opposite corners); of a stroke perhaps one byte a point more, its pressure, 255 = 1.
        size: of the picture. It bounds a brush, and the points of a wide one, for nothing else can be done
            while a stroke is drawn.

    Raises:
        BadRequest: it is no such message, or would take long to draw.
        BadImage: it draws what no picture has.
    """
    kind = message.get("t")
    match kind:
        case "brush" | "erase":
            _see_buffers(buffers, 1, 2)
            points = _points(buffers[0])
            width = _width(message.get("w"), len(points), max(size))
            return Stroke(points, width, kind, _pressures(buffers[1:], len(points)))
        case "rect" | "ellipse" | "polygon":
            _see_buffers(buffers, 1, 1)
            points = _points(buffers[0])
            corners = points if kind == "polygon" else _corners(points)
            return Shape(kind, corners, message.get("sub") == 1)
        case "invert" | "clear" | "fill":
            _see_buffers(buffers, 0, 0)
            return Change(kind)
    raise BadRequest(f"{str(kind)[:40]!r} is nothing that can be drawn.")


def number_of(message: Mapping[str, object], name: str, least: float, most: float) -> float:
    """Return a number of a message.

    Raises:
        BadRequest: it is none, or out of range.
    """
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise BadRequest(f"{name} is {str(value)[:40]}, but has to be a number from {least:g} to {most:g}.")
    return value


def text_of(message: Mapping[str, object], name: str, most: int = 200) -> str:
    """Return a text of a message.

    Raises:
        BadRequest: it is none, or too long.
    """
    value = message.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(f"{name} has to be a text of at most {most} characters.")
    return value


def truth_of(message: Mapping[str, object], name: str) -> bool:
    """Return whether a message says that something is so.

    Raises:
        BadRequest: it says neither.
    """
    value = message.get(name)
    if not isinstance(value, bool):
        raise BadRequest(f"{name} is {str(value)[:40]}, but has to be true or false.")
    return value


def whole_of(message: Mapping[str, object], name: str, least: int, most: int) -> int:
    """Return a whole number of a message.

    Raises:
        BadRequest: it is none, or out of range.
    """
    value = number_of(message, name, least, most)
    if value != int(value):
        raise BadRequest(f"{name} is {value:g}, but has to be a whole number.")
    return int(value)


def _see_buffers(buffers: Sequence[Buffer], fewest: int, most: int) -> None:
    if not fewest <= len(buffers) <= most:
        raise BadRequest(f"The message came with {len(buffers)} buffers, not {fewest} to {most}.")


def _points(buffer: Buffer) -> tuple[tuple[float, float], ...]:
    data = memoryview(buffer).cast("B")
    if len(data) % _POINT:
        raise BadRequest(f"{len(data)} bytes are no row of points, {_POINT} bytes each.")
    if not 0 < len(data) <= MAX_POINTS * _POINT:
        raise BadRequest(
            f"{len(data) // _POINT} points were sent, but 1 to {MAX_POINTS} can be drawn at once.",
            hint="Lift the pen now and then.",
        )
    points = tuple(struct.iter_unpack("<ff", data))
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in points):
        raise BadRequest("A point's position is no number.")
    return points


def _corners(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(points) != 2:  # noqa: PLR2004 - opposite corners
        raise BadRequest(f"A box has 2 corners that say where it is, not {len(points)}.")
    (left, top), (right, bottom) = points
    return (min(left, right), min(top, bottom)), (max(left, right), max(top, bottom))


def _width(value: object, points: int, side: int) -> float:
    """Return a brush's width, if so many points on a picture of that longer side are soon drawn."""
    width = number_of({"w": value}, "w", 0, math.inf)
    if not width:
        raise BadRequest("A brush of width 0 draws nothing.")
    if width > (widest := max(_WIDEST * side, _LEAST_WIDE)):
        raise BadRequest(
            f"A brush {width:g} pixels wide is too wide for this picture, whose longer side has {side}.",
            hint=f"Use one of at most {widest}, or fill the mask.",
        )
    if width > _LEAST_WIDE and points * width > _DISCS * side:
        raise BadRequest(
            f"A stroke of {points} points {width:g} pixels wide would take too long to draw.",
            hint=f"At this width draw at most {int(_DISCS * side / width)} points at once, or fill the mask.",
        )
    return width


def _pressures(buffers: Sequence[Buffer], points: int) -> tuple[float, ...]:
    if not buffers:
        return ()
    data = memoryview(buffers[0]).cast("B")
    if len(data) != points:
        raise BadRequest(f"{points} points came with {len(data)} pressures.")
    return tuple(value / 255 for value in data)
