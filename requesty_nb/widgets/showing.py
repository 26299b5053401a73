"""`Showing`: a drawing as traits and on canvases, which all agree whoever changes any of them."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets
from PIL import Image
from traitlets import Any as AnyTrait
from traitlets import Bool, Bytes, Enum, Float, Instance, TraitError, Unicode, validate
from traitlets import Tuple as TupleTrait

from requesty_nb import images
from requesty_nb.masks import Mask, mask_from
from requesty_nb.widgets import colours
from requesty_nb.widgets.canvases import EDGE, Canvases
from requesty_nb.widgets.chess import on_chess
from requesty_nb.widgets.drawing import NOTHING, Drawing, margins_of
from requesty_nb.widgets.link import Linked
from requesty_nb.widgets.refusals import refusing
from requesty_nb.widgets.telling import Told, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requesty_nb.images import Source
    from requesty_nb.masks import Change

TOOLS = ("brush", "erase", "rect", "ellipse", "lasso", "polygon", "extend", "hand")
_BRUSH = 0.06  # of the shorter side
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
_DRAWN = ("image", "mask", "strokes", "extend", "mask_color")  # traits that mirror what is on the canvases


class Showing(Linked, Told):
    """A widget that shows a drawing.

    The drawing is what counts: the traits follow it, and what else is set in them is drawn. Who observes
    them is told outside the lock, when all agree again.
    """

    _bundle = "editor"
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
    mask = AnyTrait(
        help="What is shown, as a Mask of the photo's size: what is drawn, and a grow or feather that is "
        "being tried. Anything mask_from takes can be set."
    )
    strokes: Any = TupleTrait((), help="The mask's operations, as plain JSON values.")

    _lock: Any = Turn(threading.RLock())  # until each has its own
    _seen: tuple[object, ...] = ()  # what the page shows: source, mask, what is tried, colour

    _browser_sets = Linked._browser_sets | {  # noqa: SLF001 - its own
        *("extend", "tool", "brush", "subtract", "mask_color", "mask_opacity")
    }

    def __init__(self, image: object, mask: object | None = None, **traits: Any) -> None:  # noqa: ANN401 - each has its type
        self._drawing = Drawing(images.load(image), mask, margins_of(traits.pop("extend", NOTHING)))
        self._lock = Turn(self._drawing.lock)
        self._following = False  # the traits follow the drawing, not the other way round
        self._holding = False  # `hold_trait_notifications`
        self._told: dict[str, Any] = {}  # what the drawing was when the traits followed it last, by trait
        self._preview = self._drawing.scene.source.reduced(EDGE)
        self._json: dict[int, tuple[Any, dict[str, Any]]] = {}
        self._picks = "mask_color" not in traits  # the colour that shows best, until somebody sets one
        width, height = self._drawing.scene.mask.size
        traits.setdefault("brush", float(max(4, round(min(width, height) * _BRUSH))))
        self._told["mask_color"] = colours.PALETTE[0]
        self.set_trait("mask_color", traits.pop("mask_color", colours.PALETTE[0]))
        self._told["mask_color"] = self.mask_color
        self._canvases = Canvases(self._preview.size)
        try:
            self._follow()
            super().__init__(_photo=self._canvases.photo, _overlay=self._canvases.overlay, **traits)
        except BaseException:
            self._canvases.close()
            raise

    # --- the traits follow the drawing

    @contextmanager
    def _led(self) -> Iterator[None]:
        """Set traits that follow the drawing."""
        with self._at_once():
            before, self._following = self._following, True
            try:
                yield
            finally:
                self._following = before

    def _follow(self) -> None:
        """Bring traits and canvases up to the drawing; paint and send only what has changed."""
        with self._led():
            scene, shown = self._drawing.scene, self._drawing.shown
            source, *_ = seen = self._seen or (None,)
            if source is not scene.source:
                self._show_source(scene.source, fresh=source is None)
            now = (scene.source, scene.mask, self._drawing.tried, self._told["mask_color"])
            if len(seen) != len(now) or any(a is not b for a, b in zip(seen, now, strict=True)):
                self._show_mask(scene.mask, self._drawing.tried)
                self._seen = now
            if scene.extend != self._told.get("extend"):
                self._told["extend"] = scene.extend
            if shown.mask is not self._told.get("mask"):
                self._told |= {"mask": shown.mask, "strokes": self._strokes(shown.mask)}
            for name in ("mask_color", "image", "extend", "mask", "strokes"):
                self._put(name, self._told[name])
            self.set_trait("can_undo", self._drawing.can_undo)
            self.set_trait("can_redo", self._drawing.can_redo)

    def _put(self, name: str, value: object) -> None:
        """Set a trait, and remember that it was not set by anybody else."""
        self._told[name] = value
        self.set_trait(name, value)

    def _show_source(self, source: Source, *, fresh: bool) -> None:
        if not fresh:
            self._preview = source.reduced(EDGE)
        opaque = on_chess(self._preview)
        self._canvases.show_photo(opaque)
        if self._picks:
            self._put("mask_color", colours.showing_on(self._preview))
        self._told["image"] = source
        self.set_trait("source_name", source.name)
        self.set_trait("source_size", source.size)
        self.set_trait("preview", images.preview(opaque, EDGE))

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
        self._canvases.show_mask(weights, self._told["mask_color"])
        self.set_trait("mask_share", share)
        self.set_trait("mask_png", images.encode_png(weights))

    def _strokes(self, mask: Mask) -> tuple[dict[str, Any], ...]:
        """Return the operations as JSON; each is turned into it once."""
        known, self._json = self._json, {}
        for operation in mask.operations:
            kept = known.get(id(operation))
            self._json[id(operation)] = kept or (operation, operation.to_json())
        return tuple(self._json[id(operation)][1] for operation in mask.operations)

    # --- the drawing follows the traits

    @validate(*_DRAWN)
    def _checked(self, proposal: dict[str, Any]) -> object:
        with refusing():
            return self._meant(proposal["trait"].name, proposal["value"])

    def _meant(self, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever was set
        """Return what a value stands for; the very object that stands there if it means no change.

        Raises:
            BadImage, BadRequest, TraitError: it cannot be.
        """
        told, meant = self._told[name], value
        if value is told:
            return told
        match name:
            case "image":
                meant = images.load(value)
                Drawing(meant)  # can it be drawn on?
            case "mask":
                meant = Mask(self._size()) if value is None else mask_from(value, self._size())
            case "strokes":
                _operations(value, self._size())
            case "extend":
                meant = margins_of(value)
            case "mask_color":
                if not _COLOUR.fullmatch(value):
                    raise TraitError(f"{value!r} is no colour; write it as #rrggbb")
        return told if meant == told else meant

    def notify_change(self, change: Any) -> None:  # noqa: ANN401 - traitlets' Bunch
        """Tell of a change, and draw it if it was not drawn here."""
        with self._lock:
            super().notify_change(change)
            if self._seen and change["name"] in self._told:
                self._take_over()

    @contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """Set several traits as one: all of them, in one step back, or none if one of them cannot be.

        It keeps the editor waiting meanwhile.
        """
        with self._lock:
            if self._holding:
                with super().hold_trait_notifications():
                    yield
                return
            self._holding = True
            try:
                with super().hold_trait_notifications():
                    yield
            except TraitError:
                if self._seen:
                    self._seen = ()  # the traits were put back, whatever was drawn meanwhile
                    self._follow()
                raise
            finally:
                self._holding = False

    def _take_over(self) -> None:
        """Draw what was set and is not drawn yet.

        Raises:
            TraitError: it cannot be; then the traits are as they were. Also the `ImgEditError` that says why.
        """
        if self._following or not self._seen:
            return
        held = {name: getattr(self, name) for name in _DRAWN}
        if all(value is self._told[name] for name, value in held.items()):
            return
        try:
            with refusing():
                new: dict[str, Any] = {name: self._meant(name, value) for name, value in held.items()}
            new = {name: meant for name, meant in new.items() if meant is not self._told[name]}
            if colour := new.pop("mask_color", ""):
                self._told["mask_color"], self._picks = colour, False
            if "strokes" in new:
                size = self._size()
                under = new.get("mask") or (self._told["mask"] if "image" not in new else Mask(size))
                new["mask"] = Mask(size, under.base, _operations(new["strokes"], size))
            if new:
                self._drawing.put(new.get("image"), new.get("mask"), new.get("extend"))
        finally:
            self._follow()

    def _size(self) -> tuple[int, int]:
        """Return the size of the photo, of one that is not drawn yet if one was set."""
        size: tuple[int, int] = self._meant("image", self.image).size
        return size


def _operations(strokes: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> tuple[Any, ...]:
    """Read a mask's operations."""
    record = {"version": 1, "size": list(size), "base": None, "operations": list(strokes)}
    return Mask.from_json(record).operations
