"""`Comparison`: two or more pictures to be compared, in a notebook's output.

The mirror of ``js/src/comparison/widget.ts``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from traitlets import List, Unicode

from requesty_nb.display.comparing import compared
from requesty_nb.display.comparisons import comparison, see_mode
from requesty_nb.errors import BadRequest
from requesty_nb.models import Grid
from requesty_nb.widgets.messages import text_of, whole_of
from requesty_nb.widgets.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.display.comparisons import Side
    from requesty_nb.models import Edit
    from requesty_nb.widgets.link import Message
    from requesty_nb.widgets.messages import Buffer

_BESIDE = 1_000  # bytes of what is saved with the static form: the view, and how it is hidden where that is


def compare(
    *things: object, labels: Sequence[str] | None = None, raw: bool = False, mode: str = "slider"
) -> Comparison:
    """Compare 2 to 8 edits or pictures: ``rq.compare(a, b)``.

    With a divider between the two, beside each other at one zoom, by their difference, or by turns; ``?``
    lists the keys. In the saved notebook, and in what is exported from it, it works as well, with smaller
    pictures.

    Args:
        things: edits (their first restored picture), pictures, paths, bytes, Pillow images, arrays. A single
            edit is compared with its source.
        labels: what they are called; else by what tells them apart: words of the prompts, the quality, the
            take, or their names.
        raw: of edits, take the picture as it was received.
        mode: how it is looked at first: ``slider``, ``beside``, ``all``, ``difference`` or ``blink``.

    Raises:
        BadRequest: there are too few or too many, or one has no picture, or it cannot be read.
    """
    several: Sequence[object] = things
    if len(things) == 1 and isinstance(things[0], (list, tuple, Grid)):
        several = things[0].edits if isinstance(things[0], Grid) else things[0]
    return Comparison(compared(several, labels, raw=raw), see_mode(mode))


class Comparison(Standing):
    """Pictures to be compared; made by `compare`.

    Args:
        sides: what is compared.
        mode: how it is looked at first.
    """

    _bundle = "comparison"
    _mode = Unicode(read_only=True).tag(sync=True)
    _sides: Any = List(read_only=True).tag(sync=True)
    _marks: Any = List(read_only=True).tag(sync=True)

    def __init__(self, sides: Sequence[Side], mode: str = "slider") -> None:
        self._lock = threading.RLock()
        self._shown = tuple(sides)
        self.set_trait("_mode", mode)
        self.set_trait("_sides", [side.told for side in sides])
        self.set_trait("_marks", self._marked())
        super().__init__()
        self._html = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What the pictures are called."""
        return tuple(side.label for side in self._shown)

    # --- messages

    def _hear_picture(self, message: Message, _: Sequence[Buffer]) -> None:
        at = whole_of(message, "i", 0, len(self._shown) - 1)
        self.send({"k": "picture", "s": message.get("s")}, [self._shown[at].data])

    def _hear_star(self, message: Message, _: Sequence[Buffer]) -> None:
        edit = self._edit_of(message)
        if message.get("on") is True:
            edit.star()
        else:
            edit.unstar()
        self._mark()

    def _hear_tag(self, message: Message, _: Sequence[Buffer]) -> None:
        self._edit_of(message).tag(text_of(message, "tag"))
        self._mark()

    def _edit_of(self, message: Message) -> Edit:
        side = self._shown[whole_of(message, "i", 0, len(self._shown) - 1)]
        if side.edit is None:
            raise BadRequest(f"{side.label} is no edit, so it cannot be starred or tagged.")
        return side.edit

    def _mark(self) -> None:
        """Show what is starred and tagged now."""
        with self._at_once():
            self.set_trait("_marks", self._marked())

    def _marked(self) -> list[dict[str, Any]]:
        edits = [side.edit for side in self._shown]
        return [{"star": edit.starred, "tags": list(edit.tags)} if edit else {} for edit in edits]

    # --- on the page

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the static form, for whoever shows it without a kernel's front end."""
        html, line = self._drawn()
        return {"text/html": html, "text/plain": line}, {}

    def _repr_html_(self) -> str:
        return self._drawn()[0]

    def _drawn(self) -> tuple[str, str]:
        with self._lock:
            if not self._html:
                self._html = comparison(self._shown, self._mode, _BESIDE + 2 * len(repr(self).encode()))
            return self._html, repr(self)

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(self.labels)}>"
