"""`Outline`: the edge of a mask as an SVG path, to be drawn over a picture of any size."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    Point = tuple[int, int]
    Loop = list[Point]  # its end is joined to its start

_EDGE = 512  # pixels a side of the bitmap that is traced
_EDITED = 128  # of 255: from here on a pixel counts as edited
_COVERED = 96  # of 255: so much of a traced pixel has to be edited for it to count
_FINER = 4  # units of a path a pixel
_EVEN = 5  # sides of pixels that a point of a line is the middle of: a stair becomes a slope
_COARSER = (1.6, 4.0, 8.0, 16.0, 32.0)  # units that a line may go astray
_PARTS = 300  # that are drawn; of more, the largest
_LONGEST = 3_000  # characters of a path


@dataclass(frozen=True, slots=True)
class Outline:
    """The edge of what is edited.

    Attributes:
        path: the ``d`` of an SVG path, in whole units.
        size: width and height in these units of the picture that it lies over.
    """

    path: str
    size: tuple[int, int]


def outline(mask: Image.Image) -> Outline | None:
    """Trace the edge of an L mask, 255 = edit; None if nothing is edited.

    The path is short however ragged the mask is: its lines become coarser, then the smallest parts are left
    out.
    """
    small = _reduced(mask)
    loops = sorted(_loops(small), key=len, reverse=True)[:_PARTS]
    if not loops:
        return None
    paths: list[str] = []
    for stray in _COARSER:
        paths = [_path(_simpler(loop, stray)) for loop in loops]
        if sum(map(len, paths)) <= _LONGEST:
            break
    width, height = small.size
    return Outline(_joined(paths), (width * _FINER, height * _FINER))


def _reduced(mask: Image.Image) -> Image.Image:
    """Return the mask as black and white, small enough to be traced."""
    from PIL import Image  # noqa: PLC0415 - only who looks needs it

    hard = mask.convert("L").point([0] * _EDITED + [255] * (256 - _EDITED))
    scale = min(1.0, _EDGE / max(mask.size))
    size = max(1, round(mask.width * scale)), max(1, round(mask.height * scale))
    if size == mask.size:
        return hard
    small = hard.resize(size, Image.Resampling.BOX)
    seen = any(small.histogram()[_COVERED:])
    least = _COVERED if seen else 1  # what is all thin is not lost
    return small.point([0] * least + [255] * (256 - least))


def _loops(bitmap: Image.Image) -> Iterator[Loop]:
    """Yield the closed lines between black and white, white at their right."""
    onward: dict[Point, list[Point]] = defaultdict(list)
    for start, end in _edges(bitmap):
        onward[start].append(end)
    for first in list(onward):
        while onward[first]:
            loop, at = [first], onward[first].pop()
            while at != first:
                loop.append(at)
                at = onward[at].pop()
            yield _even(loop)


def _even(loop: Loop) -> Loop:
    """Return a loop of pixels' corners in units, its stairs evened out; a small one as it is."""
    if len(loop) < 3 * _EVEN:
        return [(x * _FINER, y * _FINER) for x, y in loop]
    around = loop + loop[: _EVEN - 1]
    runs = [around[at : at + _EVEN] for at in range(len(loop))]
    return [
        (round(sum(x for x, _ in run) * _FINER / _EVEN), round(sum(y for _, y in run) * _FINER / _EVEN))
        for run in runs
    ]


def _edges(bitmap: Image.Image) -> Iterator[tuple[Point, Point]]:
    """Yield each side of a white pixel that is no side of another one, clockwise about it."""
    import numpy as np  # noqa: PLC0415 - heavy, and most pictures have no mask

    white = np.pad(np.asarray(bitmap) > 0, 1)
    inner = white[1:-1, 1:-1]
    sides = (
        (white[:-2, 1:-1], (0, 0), (1, 0)),
        (white[1:-1, 2:], (1, 0), (1, 1)),
        (white[2:, 1:-1], (1, 1), (0, 1)),
        (white[1:-1, :-2], (0, 1), (0, 0)),
    )
    for beyond, (left, top), (right, bottom) in sides:
        for y, x in np.argwhere(inner & ~beyond).tolist():
            yield (x + left, y + top), (x + right, y + bottom)


def _simpler(loop: Loop, stray: float) -> Loop:
    """Return a loop with fewer points, none of those left out farther than ``stray`` from its lines."""
    far = max(range(len(loop)), key=lambda at: _apart(loop[at], loop[0]))
    kept = {0, far}
    spans = [(0, far), (far, len(loop))]
    around = [*loop, loop[0]]
    while spans:
        start, end = spans.pop()
        if end - start < 2:  # noqa: PLR2004 - nothing lies between neighbours
            continue
        off, at = max((_off(around[at], around[start], around[end]), at) for at in range(start + 1, end))
        if off > stray:
            kept.add(at)
            spans += [(start, at), (at, end)]
    return [loop[at] for at in sorted(kept)]


def _apart(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _off(point: Point, start: Point, end: Point) -> float:
    """Return how far a point is from a line."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = hypot(across, down)
    if not length:
        return _apart(point, start)
    return abs(across * (start[1] - point[1]) - (start[0] - point[0]) * down) / length


def _path(loop: Loop) -> str:
    (x, y), *rest = loop
    steps = []
    for to_x, to_y in rest:
        steps.append(f"{to_x - x},{to_y - y}")
        x, y = to_x, to_y
    return f"M{loop[0][0]},{loop[0][1]}l{' '.join(steps)}z"


def _joined(paths: list[str]) -> str:
    """Join the paths; if there is no room for all, those that there is room for."""
    joined, room = "", _LONGEST
    for path in paths:
        if len(path) <= room:
            joined += path
            room -= len(path)
    return joined
