"""`Mask`: where a picture is edited, as a value made of operations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from PIL import Image

from requesty_nb import images
from requesty_nb.errors import BadImage
from requesty_nb.masks.bitmaps import PNG_LEVEL, checked_size, from_text, resampled, to_text
from requesty_nb.masks.joins import JOINS, Join, JoinKind, see_size
from requesty_nb.masks.operations import Change, Point, Shape, Stroke, read_operation
from requesty_nb.masks.polarity import Polarity, weights_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

VERSION = 1
_NESTING = 32  # masks within masks


@dataclass(frozen=True)
class Mask:
    """Where a picture is edited: an optional bitmap, and operations on it in order.

    A value: every method that changes something returns a new mask. Coordinates and radii are image
    pixels. Rasterized, 255 is edited, 0 is kept, and what lies between blends; wherever one bit is wanted
    (what is sent, growing, `share`), every pixel above 0 counts as edited.

    Attributes:
        size: width and height.
        base: the bitmap under the operations, as raw L pixels, row by row; None for an empty one.
        operations: `Stroke`, `Shape`, `Change` and `Join`, in order.
        notes: how the mask was read, if it came as a picture; not part of equality.

    Raises:
        BadImage: a size or coordinate that no picture has.
    """

    size: tuple[int, int]
    base: bytes | None = field(default=None, repr=False)
    operations: tuple[Stroke | Shape | Change | Join, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        width, height = checked_size(self.size)
        object.__setattr__(self, "size", (width, height))
        object.__setattr__(self, "operations", tuple(self.operations))
        if self.base is not None and len(self.base) != width * height:
            raise BadImage(f"A mask's bitmap has {len(self.base)} bytes, not {width} x {height}.")

    @classmethod
    def from_image(cls, thing: object, polarity: Polarity = "auto") -> Self:
        """Read anything image-like; `mask_from` says how.

        Raises:
            BadImage: it cannot be read, or not in that polarity.
        """
        weights, notes = weights_of(thing, polarity)
        return cls(weights.size, weights.tobytes(), notes=notes)

    # --- operations

    def brush(self, points: Iterable[Point] | Point, width: float, pressures: Sequence[float] = ()) -> Self:
        """Select along ``points`` with a round brush of diameter ``width``, times each point's pressure."""
        return self.then(Stroke(points, width, "brush", tuple(pressures)))  # type: ignore[arg-type] # checked there

    def erase(self, points: Iterable[Point] | Point, width: float, pressures: Sequence[float] = ()) -> Self:
        """Take away along ``points``, as `brush` selects."""
        return self.then(Stroke(points, width, "erase", tuple(pressures)))  # type: ignore[arg-type] # likewise

    def rect(self, left: float, top: float, right: float, bottom: float, *, subtract: bool = False) -> Self:
        """Select a box; right and bottom lie just outside, so (0, 0, *size) is everything."""
        return self.then(Shape("rect", ((left, top), (right, bottom)), subtract))

    def ellipse(
        self, left: float, top: float, right: float, bottom: float, *, subtract: bool = False
    ) -> Self:
        """Select the ellipse that fills a box."""
        return self.then(Shape("ellipse", ((left, top), (right, bottom)), subtract))

    def polygon(self, points: Iterable[Point], *, subtract: bool = False) -> Self:
        """Select a polygon, given by its corners."""
        return self.then(Shape("polygon", points, subtract))  # type: ignore[arg-type] # checked there

    def invert(self) -> Self:
        """Edit what was kept, keep what was edited."""
        return self.then(Change("invert"))

    def grow(self, radius: float) -> Self:
        """Select everything within ``radius`` pixels of what is selected; the edge becomes hard."""
        return self.then(Change("grow", radius))

    def shrink(self, radius: float) -> Self:
        """Keep everything within ``radius`` pixels of what is kept; the image's border takes nothing away."""
        return self.then(Change("shrink", radius))

    def feather(self, radius: float) -> Self:
        """Add a soft edge that reaches ``radius`` pixels outward; what was selected stays wholly so."""
        return self.then(Change("feather", radius))

    def clear(self) -> Self:
        """Select nothing."""
        return self.then(Change("clear"))

    def fill(self) -> Self:
        """Select everything."""
        return self.then(Change("fill"))

    def union(self, other: Mask) -> Self:
        """Select what either selects: the greater value of each pixel."""
        return self._join("union", other)

    def difference(self, other: Mask) -> Self:
        """Select what this selects and the other does not: values subtracted, never below 0."""
        return self._join("difference", other)

    def intersection(self, other: Mask) -> Self:
        """Select what both select: the lesser value of each pixel."""
        return self._join("intersection", other)

    __or__ = union
    __sub__ = difference
    __and__ = intersection
    __invert__ = invert

    def _join(self, kind: JoinKind, other: Mask) -> Self:
        if not isinstance(other, Mask):
            raise TypeError(f"a mask is joined with a mask, not with {type(other).__name__}")
        see_size(other, self.size)
        return self.then(Join(kind, other))

    def then(self, operation: Stroke | Shape | Change | Join) -> Self:
        """Add one operation."""
        mask = replace(self, operations=(*self.operations, operation))
        mask.draw_on_from(self)
        return mask

    def resized(self, size: tuple[int, int]) -> Self:
        """Return the mask for the same picture at another size: operations scaled, a bitmap resampled."""
        width, height = checked_size(size)
        across, down = width / self.size[0], height / self.size[1]
        base = None if self.base is None else resampled(self._bitmap(self.base), (width, height)).tobytes()
        operations = tuple(operation.scaled(across, down) for operation in self.operations)
        return replace(self, size=(width, height), base=base, operations=operations)

    # --- pixels

    def rasterize(self) -> Image.Image:
        """Return the mask as an L image, 255 = edit; drawn once, a new copy at each call."""
        return self._raster.copy()

    def draw_on_from(self, earlier: Mask) -> bool:
        """Draw on from the pixels of an ``earlier`` mask that this one continues; tell whether that can be.

        It cannot if the earlier one has none drawn, or has another bitmap or operations that are not here.
        """
        done = len(earlier.operations)
        if not earlier.is_drawn or self.size != earlier.size or self.operations[:done] != earlier.operations:
            return False
        if self.base != earlier.base:
            return False
        self.__dict__["_start"] = earlier._raster, done  # nothing may change that image
        return True

    @property
    def is_drawn(self) -> bool:
        """Whether its pixels are at hand; else they are drawn when first asked for."""
        return "_raster" in self.__dict__

    def draw(self) -> None:
        """Have the pixels at hand."""
        _ = self._raster

    def forget_pixels(self) -> None:
        """Free the memory of the pixels; they are drawn anew when asked for."""
        self.__dict__.pop("_raster", None)
        self.__dict__.pop("_start", None)

    @cached_property
    def _raster(self) -> Image.Image:
        start: tuple[Image.Image, int] | None = self.__dict__.pop("_start", None)
        if start is not None:
            image, done = start[0].copy(), start[1]
        else:
            image, done = Image.new("L", self.size, 0) if self.base is None else self._bitmap(self.base), 0
        for operation in self.operations[done:]:
            image = operation.apply(image)
        return image

    def _bitmap(self, base: bytes) -> Image.Image:
        return Image.frombytes("L", self.size, base)

    def png(self) -> bytes:
        """Return what is sent: an RGBA PNG, white, alpha 0 where anything is edited, 255 elsewhere."""
        white = Image.new("L", self.size, 255)
        alpha = self._raster.point([255] + [0] * 255)
        return images.encode_png(Image.merge("RGBA", (white, white, white, alpha)), PNG_LEVEL)

    @cached_property
    def digest(self) -> str:
        """The identity, ``pixels:<hex>``: two ways to the same pixels are one mask."""
        return images.pixel_digest(self._raster)

    @property
    def share(self) -> float:
        """How much of the picture is edited, 0 to 1."""
        return 1 - self._raster.histogram()[0] / (self.size[0] * self.size[1])

    @property
    def is_empty(self) -> bool:
        """Whether nothing is edited."""
        return self.bbox is None

    @property
    def is_full(self) -> bool:
        """Whether everything is edited."""
        return self._raster.histogram()[0] == 0

    @property
    def bbox(self) -> tuple[int, int, int, int] | None:
        """The box (left, top, right, bottom) around everything edited; None if that is nothing."""
        return self._raster.getbbox()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: ANN401, FBT001 - numpy's protocol
        import numpy as np  # noqa: PLC0415 - heavy; who asks has it

        if copy is False:
            raise ValueError("a mask's pixels are always copied")
        return np.array(self._raster, dtype=dtype)

    # --- JSON

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: version, size, the bitmap as a base64 PNG or null, the operations."""
        base: str | None = None
        if self.base is not None:
            base = to_text(self._bitmap(self.base))
        operations = [operation.to_json() for operation in self.operations]
        return {"version": VERSION, "size": list(self.size), "base": base, "operations": operations}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            BadImage: it is something else, damaged, or of a later version.
        """
        return cls._from_json(record, _NESTING)

    @classmethod
    def _from_json(cls, record: dict[str, Any], depth: int) -> Self:
        try:
            if record["version"] != VERSION or not depth:
                raise BadImage(f"A mask of version {record['version']!r} cannot be read by this release.")
            width, height = record["size"]
            size = width, height
            operations: list[Stroke | Shape | Change | Join] = []
            for item in record["operations"]:
                if item["op"] in JOINS:
                    other = cls._from_json(item["mask"], depth - 1)
                    see_size(other, size)
                    operations.append(Join(item["op"], other))
                else:
                    operations.append(read_operation(item))
            return cls(size, from_text(record["base"], size), tuple(operations))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, BadImage):
                raise
            raise BadImage("A mask's record is damaged.", hint="Draw the mask again.") from error

    def __repr__(self) -> str:
        parts = [str(self.size)]
        if self.base is not None:
            parts.append("a bitmap")
        if self.operations:
            parts.append(f"{len(self.operations)} operation{'s' * (len(self.operations) != 1)}")
        return f"Mask({', '.join(parts)})"
