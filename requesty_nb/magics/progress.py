"""What a waiting user sees: elapsed time and state, in place, gone when it is done."""

from __future__ import annotations

import sys
import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.display import DisplayHandle, display

from requesty_nb.display import partial_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from requesty_nb.client import Partial
    from requesty_nb.sessions import Sweeping

_TICK = 0.25  # seconds between two looks at a sweep
_PATIENCE = 0.7  # seconds before anything is shown: quick edits show their card only
_CLEAR_LINE = "\r\x1b[K"


class NotebookProgress:
    """A line in the cell's output, that the card takes the place of."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None
        self._shown: object = None

    def tick(self, state: str, elapsed: float, partial: Partial | None = None) -> None:
        """Show a state and whole seconds, and above them the last unfinished picture."""
        text = f"{elapsed:.0f} s, {state} …"
        if (elapsed < _PATIENCE and partial is None) or (text, partial) == self._shown:
            return
        self._shown = text, partial
        html = f'<div style="opacity:.7">{escape(text)}</div>'
        if partial is not None:
            html = partial_html(partial.data, partial.number, partial.of, partial.picture) + html
        bundle = {"text/html": html, "text/plain": text}
        if self._handle is None:
            self._handle = DisplayHandle()
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)

    def close(self) -> None:
        """Empty the line; the card comes into its place, or an error below."""
        if self._handle is not None:
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)

    def replace(self, bundle: dict[str, Any]) -> None:
        """Show a card, in the line's place if there is one."""
        if self._handle is None:
            display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)


class TerminalProgress:
    """A line of a terminal that is written over."""

    def __init__(self) -> None:
        self._shown = False

    def tick(self, state: str, elapsed: float, partial: Partial | None = None) -> None:  # noqa: ARG002 - a terminal shows none
        """Show a state and whole seconds."""
        if elapsed >= _PATIENCE and sys.stderr.isatty():
            self._shown = True
            sys.stderr.write(f"{_CLEAR_LINE}{elapsed:.0f} s, {state} …")
            sys.stderr.flush()

    def close(self) -> None:
        """Clear the line."""
        if self._shown:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()

    def replace(self, bundle: dict[str, Any]) -> None:
        """Print a card."""
        display(bundle, raw=True)


def progress_of(shell: InteractiveShell) -> NotebookProgress | TerminalProgress:
    """Return what fits the shell: a kernel's output can be updated in place, a terminal's cannot."""
    return NotebookProgress() if getattr(shell, "kernel", None) is not None else TerminalProgress()


def reporter_of(shell: InteractiveShell) -> Callable[[], NotebookProgress | TerminalProgress]:
    """Return what makes a session's reporter for each call in this shell."""
    return lambda: progress_of(shell)


def watcher_of(shell: InteractiveShell) -> Callable[[Sweeping], Callable[[], None]]:
    """Return what shows a sweep that somebody waits for, and what to call when the wait is over.

    A notebook shows it as it does any sweep under way: as a grid that fills. A terminal has a line.
    """
    return _in_notebook if getattr(shell, "kernel", None) is not None else _in_terminal


def _in_notebook(sweeping: Sweeping) -> Callable[[], None]:
    display(sweeping)
    return lambda: None


def _in_terminal(sweeping: Sweeping) -> Callable[[], None]:
    line = TerminalProgress()

    def follow() -> None:
        while not sweeping.join(_TICK):
            line.tick(sweeping.text, time.time() - sweeping.started)

    following = threading.Thread(target=follow, name="requesty_nb sweep", daemon=True)
    following.start()

    def close() -> None:
        if sweeping.done():
            following.join()
        line.close()

    return close
