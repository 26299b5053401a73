"""`Turn` and `Told`: who observes a widget's traits is told outside its lock, when they have settled.

So an observer may take its time and hold up no stroke, may wait for whatever it likes, and what it sets is
set after the change it was told of, not in the middle of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from traitlets import HasTraits

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    News = tuple[dict[str, Any], Callable[[Any], None]]


class Turn:
    """A lock that is held while something changes; when it is let go for good, the changes are told.

    One thread at a time tells, in the order of the changes, those of other threads too if they come
    meanwhile: nobody waits for an observer. Changes of one trait that nobody was told of yet are told as one.

    Args:
        lock: what is held.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._depth = 0
        self._news: list[News] = []
        self._telling = False

    def __enter__(self) -> Self:
        self._lock.acquire()
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        over = not self._depth
        self._lock.release()
        if over and self._news:
            self._tell()

    def later(self, change: dict[str, Any], tell: Callable[[Any], None]) -> None:
        """Have ``tell`` called with a traitlets change at the end of the turn; it must be held."""
        for known, _ in self._news:
            same = known["owner"] is change["owner"] and known["name"] == change["name"]
            if same and known["type"] == change["type"] == "change":
                known["new"] = change["new"]
                return
        self._news.append((change, tell))

    def _tell(self) -> None:
        with self._lock:
            if self._telling:
                return  # whoever is at it tells this too
            self._telling = True
        failure: Exception | None = None
        try:
            while news := self._next():
                change, tell = news
                try:
                    tell(change)
                except Exception as error:  # noqa: BLE001 - the others are told all the same; raised below
                    failure = failure or error
        except BaseException:
            self._telling = False  # an interrupt; what is left is told at the end of the next turn
            raise
        if failure is not None:
            raise failure

    def _next(self) -> News | None:
        with self._lock:
            if self._news:
                return self._news.pop(0)
            self._telling = False
            return None


class Told(HasTraits):
    """Traits whose observers are told at the end of a `Turn`; to stand behind a widget among the bases.

    An error in an observer is raised where the turn ends, after the others were told.
    """

    _lock: Any  # a Turn

    def notify_change(self, change: Any) -> None:  # noqa: ANN401 - traitlets' Bunch
        """Put off what traitlets would do at once."""
        if change["name"] == "comm":  # the widget itself waits for that
            super().notify_change(change)
            return
        with self._lock:
            self._lock.later(change, super().notify_change)
