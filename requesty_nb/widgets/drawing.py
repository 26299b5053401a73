"""`Drawing`: a photo and what is drawn on it, with undo and redo without limit; safe from any thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from requesty_nb import images
from requesty_nb.errors import BadRequest
from requesty_nb.masks import Change, Mask, mask_from
from requesty_nb.widgets.rasters import see_drawn, thin

if TYPE_CHECKING:
    from requesty_nb.images import Source
    from requesty_nb.masks import Join, Shape, Stroke

Margins = tuple[int, int, int, int]

NOTHING: Margins = (0, 0, 0, 0)


@dataclass(frozen=True)
class Scene:
    """What is on the screen at one time, as a value.

    Attributes:
        source: the photo; its size is known.
        mask: of the photo's size.
        extend: pixels to add at left, top, right and bottom.
    """

    source: Source
    mask: Mask
    extend: Margins = NOTHING


class Drawing:
    """A scene that changes, and the scenes before and after it.

    Every method may be called from any thread; ``lock`` is the one they take, and may be held around several.

    Args:
        source: the photo.
        mask: drawn already; anything `mask_from` takes.
        extend: pixels to add at left, top, right and bottom.

    Raises:
        BadRequest: the photo is only a reference.
        BadImage: the mask does not fit it.
    """

    def __init__(self, source: Source, mask: object | None = None, extend: Margins = NOTHING) -> None:
        self.lock = threading.RLock()
        self._past: list[Scene] = []
        self._future: list[Scene] = []
        self._tried: tuple[Change, ...] = ()
        self._changed: tuple[Mask, tuple[Change, ...], Mask] | None = None  # a mask, what is tried, and both
        self._now = Scene(source, _fitted(source, mask), extend)

    @property
    def scene(self) -> Scene:
        """The scene as it is kept, without what is being tried."""
        return self._now

    @property
    def tried(self) -> tuple[Change, ...]:
        """The changes that are shown and not yet kept."""
        return self._tried

    @property
    def shown(self) -> Scene:
        """The scene with what is being tried; its mask is the same object until something changes."""
        with self.lock:
            return replace(self._now, mask=self._with_tried()) if self._tried else self._now

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past or self._tried)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._future)

    def do(self, operation: Stroke | Shape | Change | Join) -> None:
        """Draw; what was being tried is kept first, as a step of its own."""
        with self.lock:
            self.settle(keep=True)
            self._step(replace(self._now, mask=self._now.mask.then(operation)))

    def set_mask(self, mask: object) -> None:
        """Put another mask in place; drops what was being tried.

        Raises:
            BadImage: it does not fit the photo.
        """
        self.put(mask=mask)

    def put(
        self, source: Source | None = None, mask: object | None = None, extend: Margins | None = None
    ) -> None:
        """Put what is given in place, as one step; a photo or mask drops what was being tried.

        Args:
            source: the photo; without a mask nothing is drawn on it, and without ``extend`` it has none.
            mask: anything `mask_from` takes, of the photo's size.
            extend: pixels to add at left, top, right and bottom.

        Raises:
            BadRequest: the photo is only a reference.
            BadImage: the mask does not fit it.
        """
        with self.lock:
            if source is not None:
                scene = Scene(source, _fitted(source, mask), extend or NOTHING)
            elif mask is not None:
                fitted = _fitted(self._now.source, mask)
                scene = replace(self._now, mask=fitted, extend=self._now.extend if extend is None else extend)
            else:
                self.set_extend(self._now.extend if extend is None else extend)
                return
            self._tried = ()
            self._step(scene)

    def set_source(self, source: Source, *, keep_mask: bool = False, margins: Margins = NOTHING) -> bool:
        """Put another photo in place, extended by nothing; tell whether the mask was kept.

        Args:
            source: the photo.
            keep_mask: keep the mask, where `carried` can.
            margins: what the new photo was extended by, if it was made of the present one.

        Raises:
            BadRequest: it is only a reference.
        """
        with self.lock:
            empty = _fitted(source, None)
            kept = carried(self._with_tried(), empty.size, margins) if keep_mask else None
            self._tried = ()
            self._step(Scene(source, empty if kept is None else kept))
            return kept is not None

    def set_extend(self, extend: Margins) -> None:
        """Set what the photo is extended by; one step each time."""
        with self.lock:
            if extend != self._now.extend:
                self.settle(keep=True)
                self._step(replace(self._now, extend=extend))

    def try_(self, grow: float, feather: float) -> None:
        """Show the mask grown (below 0: shrunk) and feathered by so many pixels, without keeping that.

        Raises:
            BadImage: a number beyond any picture.
        """
        tried = []
        if grow:
            tried.append(Change("grow" if grow > 0 else "shrink", abs(grow)))
        if feather:
            tried.append(Change("feather", feather))
        with self.lock:
            self._tried = tuple(tried)

    def settle(self, *, keep: bool) -> None:
        """Keep what is being tried, as one step, or drop it."""
        with self.lock:
            mask, tried = self._with_tried(), self._tried
            self._tried = ()
            if keep and tried:
                self._step(replace(self._now, mask=mask))

    def undo(self) -> None:
        """Go one step back, or drop what is being tried; nothing if there is neither."""
        with self.lock:
            if self._tried:
                self._tried = ()
            elif self._past:
                self._future.append(self._now)
                self._now = self._past.pop()
                self._arrive()

    def redo(self) -> None:
        """Go one step forward again; nothing if there is none."""
        with self.lock:
            if self._future:
                self._tried = ()
                self._past.append(self._now)
                self._now = self._future.pop()
                self._arrive()

    def _step(self, scene: Scene) -> None:
        self._past.append(self._now)
        self._future.clear()
        self._now = scene
        self._arrive()

    def _arrive(self) -> None:
        masks = [scene.mask for scene in (*self._past, self._now, *reversed(self._future))]
        see_drawn(masks, len(self._past))
        thin(masks, len(self._past))

    def _with_tried(self) -> Mask:
        mask, tried = self._now.mask, self._tried
        if not tried:
            return mask
        if self._changed is None or self._changed[0] is not mask or self._changed[1] is not tried:
            shown = mask
            for change in tried:
                shown = shown.then(change)
            self._changed = mask, tried, shown
        return self._changed[2]


def _fitted(source: Source, mask: object | None) -> Mask:
    if source.size is None:
        raise BadRequest(
            "The picture is a reference, whose pixels are not here to draw on.",
            hint="Download it and pass the file.",
        )
    return Mask(source.size) if mask is None else mask_from(mask, source.size)


def carried(mask: Mask, size: tuple[int, int], margins: Margins = NOTHING) -> Mask | None:
    """Return a mask for a picture made of the one it was drawn on; None if the two have different shapes.

    Args:
        mask: drawn on the earlier picture.
        size: of the later one.
        margins: what the later one was extended by: there nothing is selected.
    """
    if mask.size == size:
        return mask
    left, top, right, bottom = margins
    if (mask.size[0] + left + right, mask.size[1] + top + bottom) == size:
        weights = Image.new("L", size)
        weights.paste(mask.rasterize(), (left, top))
        return Mask(size, weights.tobytes())
    one_pixel = max(*mask.size, *size)
    if abs(mask.size[0] * size[1] - mask.size[1] * size[0]) <= one_pixel:
        return mask.resized(size)
    return None


def margins_of(value: object) -> Margins:
    """Return pixels at left, top, right and bottom, as whole numbers.

    Raises:
        BadRequest: they are something else, or below 0.
    """
    try:
        left, top, right, bottom = (round(side) for side in value)  # type: ignore[attr-defined] # caught
    except (TypeError, ValueError, OverflowError):
        left = top = right = bottom = -1
    if not all(0 <= side <= images.MAX_PIXELS for side in (left, top, right, bottom)):
        raise BadRequest(
            f"extend is {value!r}.", hint="Give pixels at left, top, right and bottom, 0 or more each."
        )
    return left, top, right, bottom
