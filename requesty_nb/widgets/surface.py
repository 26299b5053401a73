"""`Surface`: the widget as far as it is drawn on: a photo, its mask, undo, and what is seen of them.

The mirror of ``js/src/model.ts``, with `showing` and `editor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb.errors import BadRequest
from requesty_nb.widgets.detail import detail
from requesty_nb.widgets.messages import number_of, operation_of, text_of, whole_of
from requesty_nb.widgets.showing import Showing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.images import Source
    from requesty_nb.widgets.link import Message
    from requesty_nb.widgets.messages import Buffer

_MAX_RADIUS = 4096  # pixels that a mask can be grown or feathered by at once


class Surface(Showing):
    """A photo that is drawn on."""

    # --- messages

    def _hear_op(self, message: Message, buffers: Sequence[Buffer]) -> None:
        operation = operation_of(message, buffers, self._drawing.scene.mask.size)
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
            scene, tried, board = self._drawing.scene, self._drawing.tried, self._preview.size
        if found := detail(scene.source, scene.mask, tried, sides, edge, board=board):
            whole, photo, weights = found
            self.send({"k": "detail", "v": view, "box": list(whole)}, [photo, weights])

    # --- in Python

    def undo(self) -> None:
        """Take the last step back: a stroke, another mask or photo, an extension."""
        with self._lock:
            self._take_over()
            self._drawing.undo()
            self._follow()

    def redo(self) -> None:
        """Take back the last `undo`; nothing if there was none."""
        with self._lock:
            self._take_over()
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
