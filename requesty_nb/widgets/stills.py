"""`Still`: what stands for a widget in the notebook's file, seen only where the widget itself is not.

A host prefers a widget's view to any other form of the same output, and shows an error in its place where
the widget's state is gone. So what stands for it is an output of its own, above the view, and hides itself
wherever the view is on the same page.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from IPython.core.getipython import get_ipython
from IPython.display import display

if TYPE_CHECKING:
    from collections.abc import Callable

_DELAY = 2.0  # seconds from the last change to the next picture, if no cell ends before

_stale: weakref.WeakSet[Still] = weakref.WeakSet()


class Still:
    """A piece of HTML that is brought up to date at the end of a cell, and a moment after a change by hand.

    Args:
        name: of this widget; its view on a page carries it in ``data-still``.
        draw: returns the HTML, and a line that says what it shows.
    """

    def __init__(self, name: str, draw: Callable[[], tuple[str, str]]) -> None:
        self._name = name
        self._draw = draw
        self._shown: list[Any] = []  # what IPython knows the outputs by
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def show(self, view: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Put it into the output of the cell that runs, and below it the view, as a mime bundle."""
        handle = display(self._bundle(), raw=True, display_id=True)
        display(view, metadata=metadata, raw=True)
        if handle is not None and (shell := get_ipython()) is not None:
            self._shown.append(handle)
            if _refresh_stale not in shell.events.callbacks["post_run_cell"]:
                shell.events.register("post_run_cell", _refresh_stale)

    def changed(self) -> None:
        """Have it drawn anew before long, but not while somebody draws."""
        with self._lock:
            if not self._shown:
                return
            _stale.add(self)
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(_DELAY, self.refresh)
            self._timer.daemon = True
            self._timer.start()

    def refresh(self) -> None:
        """Draw it anew, wherever it has been put."""
        self._stop()
        for handle in self._shown:
            handle.update(self._bundle(), raw=True)

    def close(self) -> None:
        """Leave it as it is for good."""
        self._stop()
        self._shown = []

    def _stop(self) -> None:
        with self._lock:
            _stale.discard(self)
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None

    def _bundle(self) -> dict[str, str]:
        html, line = self._draw()
        name = f"rqe-still-{self._name}"
        style = f'<style>body:has(.rqe[data-still="{self._name}"]) .{name}{{display:none}}</style>'
        return {"text/html": f'{style}<div class="{name}">{html}</div>', "text/plain": line}


def _refresh_stale(_: object = None) -> None:
    for still in list(_stale):
        still.refresh()
