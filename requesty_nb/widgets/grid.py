"""`LiveGrid`: a grid of edits in a notebook's output, which fills while they are made.

The mirror of ``js/src/grid/wired.ts``.
"""

from __future__ import annotations

import contextvars
import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from traitlets import Bool, Dict, List

from requesty_nb import display
from requesty_nb.display import grids, rows
from requesty_nb.errors import BadRequest, Explained
from requesty_nb.models import Edit, Grid, pages
from requesty_nb.sessions import Sweeping
from requesty_nb.widgets import places as tell
from requesty_nb.widgets.copies import further_cell, kept_cell
from requesty_nb.widgets.gallery import looked_at
from requesty_nb.widgets.messages import whole_of
from requesty_nb.widgets.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from requesty_nb.models import Cell
    from requesty_nb.widgets.link import Message
    from requesty_nb.widgets.messages import Buffer

_TICK = 0.25  # seconds between two looks at a sweep under way
_BATCH = 8  # thumbnails of a message
_MOST_THUMBS = 24  # asked for at once
_DEAF = 3.0  # seconds after which pictures are sent though no view was heard: the kernel may be busy
_PATIENCE = 20.0  # seconds that a cell waits, when its sweep is over, until all of it is shown
_IMPORT = "Make it with rq.session, or take it in by rq.history.import_(...)."


class LiveGrid(Standing):
    """Edits in rows, columns and tabs, each in its place as soon as it is there.

    In the browser are only the pictures on the screen, and a few words of each cell.

    Args:
        subject: a sweep under way, which it follows to its end, or a grid.
    """

    _bundle = "grid"
    names: Any = List(read_only=True).tag(sync=True)
    pages: Any = List(read_only=True).tag(sync=True)
    cells: Any = List(read_only=True).tag(sync=True)
    head: Any = Dict(read_only=True).tag(sync=True)
    shape: Any = List(read_only=True).tag(sync=True)
    live = Bool(read_only=True).tag(sync=True)

    def __init__(self, subject: Grid | Sweeping) -> None:
        self._lock = threading.RLock()
        self._subject = subject
        self._made = time.monotonic()
        self._heard = False
        self._pushed: set[int] = set()
        self._stars: dict[int, bool] = {}
        self._context = contextvars.copy_context()
        self._thread: threading.Thread | None = None
        axes = subject.plan.axes if isinstance(subject, Sweeping) else subject.axes
        self.set_trait("names", list(grids.axis_names(axes)))
        self.set_trait("pages", [tell.page_of(page) for page in pages(axes)])
        self.set_trait("shape", list(tell.shape_of(subject)))
        self.set_trait("live", isinstance(subject, Sweeping))
        self._take()
        super().__init__()
        self._loose()

    # --- how it goes

    def shows(self, thing: object) -> bool:
        """Tell whether a grid or sweep is what is shown here."""
        subject = self._subject
        return thing is subject or (
            isinstance(subject, Sweeping) and thing is not None and thing is _made(subject)
        )

    def settle(self) -> None:
        """Wait until all is shown, if the sweep is over."""
        over = not isinstance(self._subject, Sweeping) or self._subject.done()
        if self._thread is not None and over:
            self._thread.join(_PATIENCE)

    def _begin(self) -> None:
        """Follow a sweep under way to its end."""
        if isinstance(self._subject, Sweeping) and self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="requesty_nb grid", daemon=True)
            self._thread.start()

    def _follow(self) -> None:
        assert isinstance(self._subject, Sweeping)  # noqa: S101 - the type checker cannot see that
        while not self._subject.join(_TICK):
            self._within(self._take)
            if self._heard or time.monotonic() - self._made > _DEAF:
                self._within(self._push, time.monotonic() + _TICK)
        self._within(self._take)
        self._within(self._push)
        self._still.refresh()

    def _within(self, function: Callable[..., None], *arguments: object) -> None:
        """Do something from which a kernel with subshells knows where the next message is to be answered."""
        self._context.copy().run(function, *arguments)

    def _take(self) -> None:
        """Take over what each cell is doing now, and how it goes on the whole."""
        subject = self._subject
        if isinstance(subject, Sweeping):
            found = list(subject.cells)
            doing = [subject.state_of(place) for place in range(len(found))]
            head = tell.head_of(subject)
        else:
            found, doing, head = list(subject), [""] * len(subject), tell.sum_of(subject)
        states = [
            tell.state_of(cell, now, star=self._has_star(place, cell))
            for place, (cell, now) in enumerate(zip(found, doing, strict=True))
        ]
        with self._at_once():
            self.set_trait("cells", states)
            self.set_trait("head", head)

    def _push(self, end: float | None = None) -> None:
        """Send the pictures that have come, until a moment; the rest the next time."""
        left = [place for place in range(len(self.cells)) if place not in self._pushed]
        due = [place for place in left if isinstance(self._cell(place), Edit)]
        for start in range(0, len(due), _BATCH):
            batch = due[start : start + _BATCH]
            self._send_thumbs(batch, {})
            self._pushed.update(batch)
            if end is not None and time.monotonic() > end:
                return

    def _send_thumbs(self, places: Sequence[int], answer: dict[str, Any]) -> None:
        troubles, pictures = [], []
        for place in places:
            data, trouble = tell.thumbnail_of(self._cell(place))
            troubles.append(trouble)
            pictures += [data] if data else []
        self.send({"k": "thumbs", "of": list(places), "troubles": troubles, **answer}, pictures)

    def _has_star(self, place: int, cell: Cell | None) -> bool:
        """Tell whether an edit is starred: looked up once, for it stands in a file."""
        if place not in self._stars and isinstance(cell, Edit):
            self._stars[place] = cell.starred
        return self._stars.get(place, False)

    def _cell(self, place: int) -> Cell | None:
        return self._subject.cells[place]

    def _send(self, msg: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Send a message as ipywidgets does, and let the page decide where its next one is taken.

        A kernel with subshells takes it where the last message was sent from, from ipykernel 7.4 on: in the
        thread of the cell that shows the grid, which cannot take any before the sweep is over; or in a
        subshell that went with a page that was loaded anew.
        """
        super()._send(msg, buffers)
        self._loose()

    def _loose(self) -> None:
        if self.comm is not None:
            self.comm.__dict__.pop("_reply_subshell_id", None)

    # --- messages: each is answered for these cells alone

    def _hear(self, widget: object, message: object, buffers: Sequence[Buffer] | None) -> None:
        self._context, self._heard = contextvars.copy_context(), True
        super()._hear(widget, message, buffers)

    def _hear_cancel(self, _: Message, __: Sequence[Buffer]) -> None:
        if isinstance(self._subject, Sweeping):
            self._subject.cancel()
            self._take()

    def _hear_star(self, message: Message, _: Sequence[Buffer]) -> None:
        edit, place = self._edit_of(message), whole_of(message, "i", 0, len(self.cells) - 1)
        if message.get("on") is True:
            edit.star()
        else:
            edit.unstar()
        self._stars[place] = edit.starred
        self._take()

    def _hear_thumbs(self, message: Message, _: Sequence[Buffer]) -> None:
        wanted = message.get("of")
        if not isinstance(wanted, list) or len(wanted) > _MOST_THUMBS:
            raise BadRequest(f"Thumbnails are asked for by a list of at most {_MOST_THUMBS}.")
        places = [whole_of({"i": place}, "i", 0, len(self.cells) - 1) for place in wanted]
        self._send_thumbs(places, {"s": message.get("s")})

    def _hear_open(self, message: Message, _: Sequence[Buffer]) -> None:
        cell = self._asked(message)
        buffers: list[bytes] = []
        if isinstance(cell, Edit):
            facts = [["Prompt", cell.prompt], *(list(fact) for fact in display.facts(cell))]
            place = whole_of(message, "at", 0, max(0, len(cell.images) - 1))
            told, buffers, trouble = looked_at(cell, place)
            about = {
                "headline": rows.told(cell),
                "facts": facts,
                "masked": bool(cell.record.restored),
                "leak": dict(display.facts(cell)).get("Outside the mask", ""),
                **told,
            }
        else:
            about, trouble = tell.trouble_of(cell), cell.message
        self.send({"k": "opened", "s": message.get("s"), "trouble": trouble, **about}, buffers)

    def _hear_cell(self, message: Message, _: Sequence[Buffer]) -> None:
        self._send_cell(message, kept_cell)

    def _hear_further(self, message: Message, _: Sequence[Buffer]) -> None:
        self._send_cell(message, further_cell)

    def _send_cell(self, message: Message, write: Callable[[Edit, str], str]) -> None:
        text = write(self._edit_of(message), _IMPORT)
        self.send({"k": "cell", "s": message.get("s"), "text": text})

    def _edit_of(self, message: Message) -> Edit:
        cell = self._asked(message)
        if not isinstance(cell, Edit):
            raise BadRequest("There is no edit here.", hint=cell.hint)
        return cell

    def _asked(self, message: Message) -> Cell:
        cell = self._cell(whole_of(message, "i", 0, len(self.cells) - 1))
        if cell is None:
            raise BadRequest("There is nothing here yet.", hint="It comes by itself.")
        return cell

    # --- on the page

    def _ipython_display_(self, **_: object) -> None:
        """Show it, and follow the sweep if one is under way."""
        super()._ipython_display_()
        self._begin()

    def _drawn(self) -> tuple[str, str]:
        subject = self._subject
        if not isinstance(subject, Sweeping):
            return grids.grid_html(subject, self._key), repr(self)
        if (made := _made(subject)) is not None:
            return grids.grid_html(made, self._key), repr(self)
        error = subject.error
        told = "\n".join(error._render_traceback_()) if isinstance(error, Explained) else subject.text
        return f'<div style="opacity:.7;white-space:pre-wrap">{escape(told)}</div>', repr(self)

    def __repr__(self) -> str:
        subject = self._subject
        return repr((_made(subject) or subject) if isinstance(subject, Sweeping) else subject)


def show(subject: Grid | Sweeping) -> None:
    """Show a sweep in the output of the cell that runs, unless it is shown there already."""
    if not any(shown.shows(subject) for shown in _of_this_cell):
        one = LiveGrid(subject)
        _of_this_cell.append(one)
        shell = get_ipython()
        if shell is not None and _end_of_cell not in shell.events.callbacks["post_run_cell"]:
            shell.events.register("post_run_cell", _end_of_cell)
        one._ipython_display_()


_of_this_cell: list[LiveGrid] = []


def _end_of_cell(_: object = None) -> None:
    """Have all shown of what is over, so that it stands in the notebook's file."""
    for shown in _of_this_cell:
        shown.settle()
    _of_this_cell.clear()


def _made(sweeping: Sweeping) -> Grid | None:
    """Return what came of a sweep; None if it is under way, or nothing did."""
    return sweeping.wait(0) if sweeping.done() and sweeping.error is None else None
