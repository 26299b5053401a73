"""A card that fills itself in: what an edit in the background is doing, and what came of it."""

from __future__ import annotations

import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle

from requesty_nb import display
from requesty_nb.errors import Explained

if TYPE_CHECKING:
    from requesty_nb.sessions import Detached

_LINE = 120  # characters of the prompt


class LiveCard:
    """The output of a cell that is brought up to date as an edit goes on, from whatever thread.

    Args:
        raw: whether pictures are shown as they were received.
    """

    def __init__(self, *, raw: bool) -> None:
        self._raw = raw
        self._handle: DisplayHandle | None = None
        self._last: dict[str, Any] = {}
        self._lock = threading.Lock()  # what was said last must be what was so last

    def show(self, detached: Detached) -> None:
        """Put it into the output of the cell that runs."""
        handle = DisplayHandle()
        handle.display(under_way(detached), raw=True)
        self._handle = handle
        self.changed(detached)  # it may have ended meanwhile

    def changed(self, detached: Detached) -> None:
        """Bring it up to date."""
        if self._handle is None:
            return
        with self._lock:
            self._last = self._bundle(detached)
            self._handle.update(self._last, raw=True)
        shell = get_ipython()
        if shell is not None:
            _late.add(self)
            if _at_the_end_of_a_cell not in shell.events.callbacks["post_run_cell"]:
                shell.events.register("post_run_cell", _at_the_end_of_a_cell)

    def again(self) -> None:
        """Say it once more: whoever runs notebooks without a browser hears only what a running cell says."""
        with self._lock:
            if self._handle is not None:
                self._handle.update(self._last, raw=True)

    def _bundle(self, detached: Detached) -> dict[str, Any]:
        if detached.edit is not None:
            return display.edit_bundle(detached.edit, raw=self._raw)
        return under_way(detached) if detached.error is None else failed(detached)


_late: set[LiveCard] = set()  # changed since the last cell ended


def _at_the_end_of_a_cell(_: object = None) -> None:
    while _late:
        _late.pop().again()


def under_way(detached: Detached) -> dict[str, str]:
    """Return an edit in the background as a card without pictures."""
    prompt = display.shortened(detached.prompt, _LINE)
    since = time.strftime("%H:%M:%S", time.localtime(detached.started))
    told = f"{detached.text}, begun at {since}"
    shown = ""
    if (partial := detached.watch.partial) is not None:
        shown = display.partial_html(partial.data, partial.number, partial.of, partial.picture)
    html = _card(prompt, f"{told} …", shown)
    return {"text/html": html, "text/plain": f"{prompt}: {told}"}


def failed(detached: Detached) -> dict[str, str]:
    """Return what became of an edit that gave no picture, as a card."""
    error = detached.error
    lines = error._render_traceback_() if isinstance(error, Explained) else [detached.text]
    prompt = display.shortened(detached.prompt, _LINE)
    return {"text/html": _card(prompt, "\n".join(lines)), "text/plain": "\n".join([prompt, *lines])}


def _card(prompt: str, told: str, shown: str = "") -> str:
    wrapped = "overflow-wrap:anywhere"
    return (
        '<div style="border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:10px 12px;margin:2px 0;'
        f'max-width:1100px;line-height:1.4"><div style="font-weight:600;{wrapped}">{escape(prompt)}</div>'
        f'{shown}<div style="opacity:.7;white-space:pre-wrap;{wrapped}">{escape(told)}</div></div>'
    )
