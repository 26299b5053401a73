"""The steps a mask is made of, as values: strokes, shapes, and changes of the whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from PIL import Image, ImageChops

from requesty_nb.errors import BadImage
from requesty_nb.masks import raster

if TYPE_CHECKING:
    Record = dict[str, Any]

Point = tuple[float, float]
ShapeKind = Literal["rect", "ellipse", "polygon"]
ChangeKind = Literal["invert", "clear", "fill", "grow", "shrink", "feather"]

_WITH_RADIUS = frozenset(("grow", "shrink", "feather"))
_FAR = 1_000_000  # pixels: coordinates beyond are a mistake, and slow to draw
_CORNERS = 3  # the fewest of a polygon


@dataclass(frozen=True, slots=True)
class Stroke:
    """A round brush, or eraser, drawn along points.

    Attributes:
        points: (x, y) in image pixels, in order; one is a dot.
        width: the brush's diameter in image pixels; a line of even width is drawn one pixel narrower, so that
            it has a middle pixel and the same edge in every direction.
        mode: ``brush`` selects, ``erase`` takes away.
        pressures: a factor on the width at each point, 0 to 1; empty for a stroke of even width.
    """

    points: tuple[Point, ...]
    width: float
    mode: Literal["brush", "erase"] = "brush"
    pressures: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", checked_points(self.points))
        object.__setattr__(self, "pressures", tuple(number(value, "pressure") for value in self.pressures))
        if not 0 < number(self.width, "width") <= _FAR:
            raise BadImage(f"A brush {self.width:g} pixels wide draws nothing.", hint="Use a width above 0.")
        if self.mode not in {"brush", "erase"}:
            raise BadImage(f"A stroke cannot {self.mode!r}.", hint="It can brush or erase.")
        if not self.points:
            raise BadImage("A stroke needs at least one point.", hint="Give (x, y) pairs.")
        if self.pressures and len(self.pressures) != len(self.points):
            raise BadImage(
                f"A stroke has {len(self.points)} points, but {len(self.pressures)} pressures.",
                hint="Give one for each point, or none.",
            )

    def apply(self, image: Image.Image) -> Image.Image:
        """Draw on ``image``, which is changed, and return it."""
        factors = self.pressures or (1.0,) * len(self.points)
        widths = [self.width * min(max(factor, 0.0), 1.0) for factor in factors]
        raster.draw_stroke(image, self.points, widths, raster.EDIT if self.mode == "brush" else raster.KEEP)
        return image

    def scaled(self, across: float, down: float) -> Stroke:
        """Return the stroke for an image that is ``across`` times as wide and ``down`` times as high."""
        width = self.width * math.sqrt(across * down)
        return Stroke(_scaled(self.points, across, down), width, self.mode, self.pressures)

    def to_json(self) -> Record:
        """Return plain JSON values."""
        record: Record = {"op": self.mode, "points": [list(point) for point in self.points]}
        record["width"] = self.width
        return record | ({"pressures": list(self.pressures)} if self.pressures else {})


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled shape.

    Attributes:
        kind: ``rect``, ``ellipse`` or ``polygon``.
        points: the corners of a polygon; of the others (left, top) and (right, bottom) of the box, where
            right and bottom lie just outside, as in Pillow's crop.
        subtract: take the shape away instead of selecting it.
    """

    kind: ShapeKind
    points: tuple[Point, ...]
    subtract: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", checked_points(self.points))
        object.__setattr__(self, "subtract", bool(self.subtract))
        if self.kind not in get_args(ShapeKind):
            raise BadImage(f"{self.kind!r} is no shape.", hint="There are rect, ellipse and polygon.")
        if self.kind == "polygon":
            if len(self.points) < _CORNERS:
                raise BadImage("A polygon needs at least three corners.", hint="Give (x, y) pairs.")
            return
        (left, top), (right, bottom) = self.points
        if right <= left or bottom <= top:
            raise BadImage(
                f"The {self.kind} ({left:g}, {top:g}, {right:g}, {bottom:g}) has no inside.",
                hint="Its numbers are left, top, right, bottom.",
            )

    def apply(self, image: Image.Image) -> Image.Image:
        """Draw on ``image``, which is changed, and return it."""
        raster.draw_shape(image, self.kind, self.points, raster.KEEP if self.subtract else raster.EDIT)
        return image

    def scaled(self, across: float, down: float) -> Shape:
        """Return the shape for an image that is ``across`` times as wide and ``down`` times as high."""
        return Shape(self.kind, _scaled(self.points, across, down), self.subtract)

    def to_json(self) -> Record:
        """Return plain JSON values."""
        points = [list(point) for point in self.points]
        return {"op": self.kind, "points": points} | ({"subtract": True} if self.subtract else {})


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the whole mask.

    Attributes:
        kind: ``invert``, ``clear``, ``fill``, ``grow``, ``shrink`` or ``feather``.
        radius: of the last three, in image pixels.
    """

    kind: ChangeKind
    radius: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(ChangeKind):
            raise BadImage(f"A mask cannot {self.kind!r}.", hint=f"It can {', '.join(get_args(ChangeKind))}.")
        if not 0 <= number(self.radius, "radius") <= _FAR:
            raise BadImage(f"A radius of {self.radius:g} pixels is out of range.", hint="Use 0 or more.")

    def apply(self, image: Image.Image) -> Image.Image:
        """Return the changed image."""
        match self.kind:
            case "invert":
                return ImageChops.invert(image)
            case "clear":
                return Image.new("L", image.size, raster.KEEP)
            case "fill":
                return Image.new("L", image.size, raster.EDIT)
        if not self.radius:
            return image
        change = {"grow": raster.grown, "shrink": raster.shrunk, "feather": raster.feathered}[self.kind]
        # farther than the diagonal is everywhere
        return change(image, min(self.radius, 2.0 * math.hypot(*image.size)))

    def scaled(self, across: float, down: float) -> Change:
        """Return the change for an image that is ``across`` times as wide and ``down`` times as high."""
        return Change(self.kind, self.radius * math.sqrt(across * down))

    def to_json(self) -> Record:
        """Return plain JSON values."""
        return {"op": self.kind} | ({"radius": self.radius} if self.kind in _WITH_RADIUS else {})


def read_operation(record: Record) -> Stroke | Shape | Change:
    """Return the operation a record describes.

    Raises:
        BadImage: it describes none, or one that makes no sense.
        KeyError, TypeError: something is missing, or of another type.
    """
    kind = record["op"]
    if kind in {"brush", "erase"}:
        return Stroke(record["points"], record["width"], kind, tuple(record.get("pressures", ())))
    if kind in get_args(ShapeKind):
        return Shape(kind, record["points"], record.get("subtract", False))
    return Change(kind, record.get("radius", 0.0))


def number(value: object, what: str) -> float:
    """Return a finite number, whichever library's it is.

    Raises:
        BadImage: it is none, or beyond any image.
    """
    try:
        result = float(cast("float", value))
    except (TypeError, ValueError):
        result = math.nan
    if isinstance(value, (str, bytes)) or not abs(result) <= _FAR:
        raise BadImage(f"A mask's {what} is {value!r}, which is no position or size in a picture.")
    return result


def checked_points(points: object) -> tuple[Point, ...]:
    """Return (x, y) pairs, of a list of them, an array, or one pair alone.

    Raises:
        BadImage: they are something else.
    """
    if not isinstance(points, Iterable) or isinstance(points, (str, bytes)):
        raise BadImage("A mask's points have to be (x, y) pairs.")
    listed = list(points)
    if len(listed) == 2 and not any(isinstance(item, Iterable) for item in listed):  # noqa: PLR2004 - a pair
        listed = [listed]
    pairs = []
    for item in listed:
        if not isinstance(item, Iterable) or len(pair := tuple(cast("Sequence[object]", item))) != 2:  # noqa: PLR2004 - likewise
            raise BadImage(f"A mask's point is {item!r}, but has to be an (x, y) pair.")
        pairs.append((number(pair[0], "x"), number(pair[1], "y")))
    return tuple(pairs)


def _scaled(points: tuple[Point, ...], across: float, down: float) -> tuple[Point, ...]:
    return tuple((x * across, y * down) for x, y in points)
