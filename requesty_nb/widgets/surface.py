"""`Surface`: the widget as far as it is drawn on: a photo, its mask, undo, and what is seen of them.

The mirror of ``js/src/model.ts``, with `editor`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets
from PIL import Image
from traitlets import Any as AnyTrait
from traitlets import Bool, Bytes, Enum, Float, Instance, List, TraitError, Unicode, observe, validate
from traitlets import Tuple as TupleTrait

from requesty_nb import images
from requesty_nb.errors import BadRequest
from requesty_nb.masks import Mask, mask_from
from requesty_nb.widgets import colours
from requesty_nb.widgets.canvases import EDGE, Canvases
from requesty_nb.widgets.detail import detail
from requesty_nb.widgets.drawing import NOTHING, Drawing
from requesty_nb.widgets.link import Linked, explained
from requesty_nb.widgets.messages import number_of, operation_of, text_of, whole_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requesty_nb.images import Source
    from requesty_nb.masks import Change
    from requesty_nb.widgets.drawing import Margins
    from requesty_nb.widgets.link import Message
    from requesty_nb.widgets.messages import Buffer

TOOLS = ("brush", "erase", "rect", "ellipse", "lasso", "polygon", "extend", "hand")
_MAX_RADIUS = 4096  # pixels that a mask can be grown or feathered by at once
_BRUSH = 0.06  # of the shorter side
_COLOUR = re.compile("#[0-9a-fA-F]{6}")


class Surface(Linked):
    """A photo that is drawn on."""

    source_name = Unicode(read_only=True).tag(sync=True)
    source_size = TupleTrait((1, 1), read_only=True).tag(sync=True)
    preview = Bytes(read_only=True).tag(sync=True)
    mask_png = Bytes(read_only=True).tag(sync=True)
    mask_share = Float(read_only=True).tag(sync=True)
    can_undo = Bool(read_only=True).tag(sync=True)
    can_redo = Bool(read_only=True).tag(sync=True)
    _photo = Instance(ipywidgets.DOMWidget, allow_none=True).tag(sync=True, **ipywidgets.widget_serialization)
    _overlay = Instance(ipywidgets.DOMWidget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )
    tool = Enum(TOOLS, "brush").tag(sync=True)
    brush = Float(40.0, min=0.1, help="The brush's diameter in pixels of the photo.").tag(sync=True)
    subtract = Bool(help="Shapes take away.").tag(sync=True)
    mask_color = Unicode(colours.PALETTE[0], help="#rrggbb").tag(sync=True)
    mask_opacity = Float(0.5, min=0.0, max=1.0).tag(sync=True)
    extend = TupleTrait(NOTHING, help="Pixels added at left, top, right and bottom.").tag(sync=True)

    image = AnyTrait(help="The photo, as an images.Source; anything image-like can be set.")
    mask = AnyTrait(help="What is drawn, as a Mask of the photo's size; anything mask_from takes can be set.")
    strokes: Any = List(help="The mask's operations, as plain JSON values.")

    _browser_sets = Linked._browser_sets | {  # noqa: SLF001 - its own
        *("extend", "tool", "brush", "subtract", "mask_color", "mask_opacity")
    }

    def __init__(self, image: object, mask: object | None = None, **traits: Any) -> None:  # noqa: ANN401 - each has its type
        self._drawing = Drawing(images.load(image), mask, margins_of(traits.pop("extend", NOTHING)))
        self._lock = self._drawing.lock
        self._following = False  # the traits follow the drawing, not the other way round
        self._preview = self._drawing.scene.source.reduced(EDGE)
        self._seen: tuple[object, ...] = ()  # what the page shows: source, mask, what is tried, colour
        self._json: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._picks = "mask_color" not in traits  # the colour that shows best, until somebody sets one
        width, height = self._drawing.scene.mask.size
        traits.setdefault("brush", float(max(4, round(min(width, height) * _BRUSH))))
        self.set_trait("mask_color", traits.pop("mask_color", colours.PALETTE[0]))
        self._canvases = Canvases(self._preview.size)
        try:
            self._follow()
            super().__init__(_photo=self._canvases.photo, _overlay=self._canvases.overlay, **traits)
        except BaseException:
            self._canvases.close()
            raise

    # --- state

    @contextmanager
    def _led(self) -> Iterator[None]:
        """Set traits that follow the drawing: what is observed of them has no further effect on it."""
        with self._at_once():
            before, self._following = self._following, True
            try:
                yield
            finally:
                self._following = before

    def _follow(self) -> None:
        """Bring traits and canvases up to the drawing; paint and send only what has changed."""
        with self._led():
            scene = self._drawing.scene
            source, *_ = seen = self._seen or (None,)
            if source is not scene.source:
                self._show_source(scene.source, fresh=source is None)
            now = (scene.source, scene.mask, self._drawing.tried, self.mask_color)
            if len(seen) != len(now) or any(a is not b for a, b in zip(seen, now, strict=True)):
                self._show_mask(scene.mask, self._drawing.tried)
                self._seen = now
            self.extend = scene.extend
            self.mask = scene.mask
            self.strokes = self._strokes(scene.mask)
            self.set_trait("can_undo", self._drawing.can_undo)
            self.set_trait("can_redo", self._drawing.can_redo)

    def _show_source(self, source: Source, *, fresh: bool) -> None:
        if not fresh:
            self._preview = source.reduced(EDGE)
        self._canvases.show_photo(self._preview)
        if self._picks:
            self.mask_color = colours.showing_on(self._preview)
        self.image = source
        self.set_trait("source_name", source.name)
        self.set_trait("source_size", source.size)
        self.set_trait("preview", images.preview(self._preview, EDGE))

    def _show_mask(self, mask: Mask, tried: Sequence[Change]) -> None:
        size = self._preview.size
        weights, share = mask.rasterize(), mask.share
        if weights.size != size:
            weights = weights.resize(size, Image.Resampling.BOX, reducing_gap=1.0)
        if tried:  # at the preview's scale: a slider asks for many
            across, down = size[0] / mask.size[0], size[1] / mask.size[1]
            for change in tried:
                weights = change.scaled(across, down).apply(weights)
            share = 1 - weights.histogram()[0] / (size[0] * size[1])
        self._canvases.show_mask(weights, self.mask_color)
        self.set_trait("mask_share", share)
        self.set_trait("mask_png", images.encode_png(weights))

    def _strokes(self, mask: Mask) -> list[dict[str, Any]]:
        """Return the operations as JSON; each is turned into it once."""
        known, self._json = self._json, {}
        for operation in mask.operations:
            kept = known.get(id(operation))
            self._json[id(operation)] = kept or (operation, operation.to_json())
        return [self._json[id(operation)][1] for operation in mask.operations]

    @validate("image")
    def _checked_image(self, proposal: dict[str, Any]) -> Source:
        source = images.load(proposal["value"])
        Drawing(source)  # can it be drawn on?
        return source

    @validate("mask")
    def _checked_mask(self, proposal: dict[str, Any]) -> Mask:
        mask = proposal["value"]
        size = self._drawing.scene.mask.size
        return Mask(size) if mask is None else mask_from(mask, size)

    @validate("strokes")
    def _checked_strokes(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        if not self._following:
            self._mask_of(proposal["value"])
        return list(proposal["value"])

    @validate("extend")
    def _checked_extend(self, proposal: dict[str, Any]) -> tuple[int, int, int, int]:
        try:
            return margins_of(proposal["value"])
        except BadRequest as error:  # only after an error of its own does traitlets put the old value back
            raise TraitError(explained(error)) from None

    @validate("mask_color")
    def _checked_colour(self, proposal: dict[str, Any]) -> str:
        colour: str = proposal["value"]
        if not _COLOUR.fullmatch(colour):
            raise TraitError(f"{colour!r} is no colour; write it as #rrggbb")
        return colour

    @observe("image", "mask", "strokes", "extend", "mask_color")
    def _set_by_hand(self, change: Any) -> None:  # noqa: ANN401 - traitlets' Bunch
        if self._following or not self._seen:
            return
        with self._lock:
            match change["name"]:
                case "mask_color":
                    self._picks = False
                case "image":
                    self._drawing.set_source(change["new"])
                case "mask":
                    self._drawing.set_mask(change["new"])
                case "strokes":
                    self._drawing.set_mask(self._mask_of(change["new"]))
                case "extend":
                    self._drawing.set_extend(change["new"])
            self._follow()

    def _mask_of(self, strokes: Sequence[Mapping[str, Any]]) -> Mask:
        mask = self._drawing.scene.mask
        record = {"version": 1, "size": list(mask.size), "base": None, "operations": list(strokes)}
        return Mask(mask.size, mask.base, Mask.from_json(record).operations)

    # --- messages

    def _hear_op(self, message: Message, buffers: Sequence[Buffer]) -> None:
        operation = operation_of(message, buffers)
        with self._lock:
            self._drawing.do(operation)
            self._follow()

    def _hear_undo(self, _: Message, __: Sequence[Buffer]) -> None:
        self.undo()

    def _hear_redo(self, _: Message, __: Sequence[Buffer]) -> None:
        self.redo()

    def _hear_try(self, message: Message, _: Sequence[Buffer]) -> None:
        grow = number_of(message, "grow", -_MAX_RADIUS, _MAX_RADIUS)
        feather = number_of(message, "feather", 0, _MAX_RADIUS)
        with self._lock:
            self._drawing.try_(grow, feather)
            self._follow()

    def _hear_settle(self, message: Message, _: Sequence[Buffer]) -> None:
        with self._lock:
            self._drawing.settle(keep=message.get("keep") is True)
            self._follow()

    def _hear_view(self, message: Message, _: Sequence[Buffer]) -> None:
        view, edge = text_of(message, "v"), whole_of(message, "edge", 1, 100_000)
        box = message.get("box")
        if not isinstance(box, (list, tuple)) or len(box) != 4:  # noqa: PLR2004 - sides
            raise BadRequest("A view's box has four sides.")
        sides = [number_of({"side": side}, "side", -1e7, 1e7) for side in box]
        with self._lock:
            scene, tried = self._drawing.scene, self._drawing.tried
        if found := detail(scene.source, scene.mask, tried, sides, edge):
            whole, photo, weights = found
            self.send({"k": "detail", "v": view, "box": list(whole)}, [photo, weights])

    # --- in Python

    def undo(self) -> None:
        """Take the last step back: a stroke, another mask or photo, an extension."""
        with self._lock:
            self._drawing.undo()
            self._follow()

    def redo(self) -> None:
        """Take back the last `undo`; nothing if there was none."""
        with self._lock:
            self._drawing.redo()
            self._follow()

    def close(self) -> None:
        """Take the editor and its canvases off the page."""
        super().close()
        if "_canvases" in self.__dict__:
            self._canvases.close()

    def __imgedit_source__(self) -> Source:
        """Offer the photo as the source of an edit."""
        return self._drawing.scene.source


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
