"""`Canvases`: the photo and the mask in the browser; the only user of ipycanvas.

Its canvas manager is one global for the whole kernel, and not thread-safe: all painting holds one lock. It
also remembers the canvas it painted last across a reload of the page, after which the browser knows of none
(ipycanvas issue 322); so it is made to forget before each painting.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipycanvas
import numpy as np
from PIL import Image, ImageChops

from requesty_nb.widgets.colours import rgb

if TYPE_CHECKING:
    from collections.abc import Callable

Box = tuple[int, int, int, int]

EDGE = 1024  # pixels of the longer side, at most

_lock = threading.RLock()


class Canvases:
    """Two canvases of the preview's size: the photo, and over it the mask, opaque where it edits.

    Nothing is painted before a browser says that it is ready, and everything again for each that comes.

    Attributes:
        photo, overlay: the canvases, to be embedded.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.photo = ipycanvas.Canvas(width=size[0], height=size[1])
        self.overlay = ipycanvas.Canvas(width=size[0], height=size[1])
        self._ready: set[str] = set()
        self._picture: Image.Image | None = None
        self._mask = Image.new("L", size)
        self._colour = (0, 0, 0)
        self.photo.on_client_ready(lambda: self._arrived("photo", self._paint_photo))
        self.overlay.on_client_ready(lambda: self._arrived("overlay", self._paint_overlay))

    def show_photo(self, picture: Image.Image) -> None:
        """Show a photo: RGB, of the preview's size, which becomes that of the canvases."""
        with _lock:
            self._picture = picture
            if self._mask.size != picture.size:
                self._mask = Image.new("L", picture.size)
                for canvas in (self.photo, self.overlay):
                    canvas.width, canvas.height = picture.size
            if "photo" in self._ready:
                self._paint_photo()

    def show_mask(self, mask: Image.Image, colour: str) -> None:
        """Show a mask: L, of the photo's size; only what differs from what is shown is painted.

        Args:
            mask: the weights, 255 = edit; not changed afterwards.
            colour: ``#rrggbb``.
        """
        with _lock:
            old, self._mask = self._mask, mask
            recoloured, self._colour = self._colour != rgb(colour), rgb(colour)
            changed = (ImageChops.lighter if recoloured else ImageChops.difference)(old, mask).getbbox()
            if changed and "overlay" in self._ready:
                self._paint_overlay(changed)

    def close(self) -> None:
        """Take the canvases off the page."""
        with _lock:
            self._ready.clear()
            for canvas in (self.photo, self.overlay):
                layout = canvas.layout
                canvas.close()
                layout.close()

    def _arrived(self, which: str, paint: Callable[[], None]) -> None:
        with _lock:
            self._ready.add(which)
            paint()

    def _paint_photo(self) -> None:
        if self._picture is not None:
            _put(self.photo, np.asarray(self._picture), 0, 0)

    def _paint_overlay(self, changed: Box | None = None) -> None:
        clear = changed or (0, 0, *self._mask.size)
        weights = self._mask.crop(clear)
        inked = weights.getbbox()
        if inked is None:
            _put(self.overlay, None, 0, 0, clear)
            return
        weights = weights.crop(inked)
        tint = Image.new("RGBA", weights.size, self._colour)
        tint.putalpha(weights)
        _put(self.overlay, np.asarray(tint), clear[0] + inked[0], clear[1] + inked[1], clear)


def _put(canvas: Any, pixels: Any, x: int, y: int, clear: Box | None = None) -> None:  # noqa: ANN401 - ipycanvas and numpy are untyped here
    """Clear a box of a canvas and put pixels on it, in one message."""
    with _lock:
        canvas._canvas_manager._current_canvas = None  # noqa: SLF001 - the module's docstring says why; a test watches it
        with ipycanvas.hold_canvas():
            if clear is not None:
                left, top, right, bottom = clear
                canvas.clear_rect(left, top, right - left, bottom - top)
            if pixels is not None:
                canvas.put_image_data(pixels, x, y)
