"""`Detached`: an edit under way that nobody waits for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Literal

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from requesty_nb.client import Watch
from requesty_nb.errors import Explained, NotSent, OutcomeUnknown
from requesty_nb.sessions import bridge
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from requesty_nb.errors import ImgEditError, Paid
    from requesty_nb.models import Edit
    from requesty_nb.sessions.asking import Ask, Prepared

State = Literal["preparing", "working", "done", "failed", "cancelled"]

_THREADS = 40  # at most, for each of the two kinds of users' code
_CLEAN_UP = 10.0  # seconds that interrupted edits may take to write down what became of them

_log = logging.getLogger(__name__)
_live: weakref.WeakSet[Detached] = weakref.WeakSet()
_live_lock = threading.Lock()  # a set must not grow while it is listed

# Users' code may wait for other edits, so it has threads of its own: those that record are never taken up.
_loading: RunVar[anyio.CapacityLimiter] = RunVar("requesty_nb loading")
_telling: RunVar[anyio.CapacityLimiter] = RunVar("requesty_nb telling")


class Detached:
    """One edit under way in the background, made by `Session.begin`.

    Its attributes may be read from any thread. It goes on whether or not anybody holds it, and what comes of
    it is recorded as that of any edit. The session waits for it when it is closed; an interrupt of the cell
    that runs meanwhile cancels it, and so does the end of the process.

    Args:
        ask: what is asked.
        changed: called with this after each change of state or text, about four times a second at most and
            once after the end, which a call that began before may have seen already; never twice at a time,
            and never in the event loop's own thread. It may ask for further edits and wait for them. What it
            raises is logged, and hurts nothing.

    Attributes:
        state: ``preparing``, ``working``, ``done``, ``failed`` or ``cancelled``.
        edit: what was made, once it is done.
        error: why nothing was, once it has failed or was cancelled.
        started: when it was begun, in seconds since 1970.
    """

    def __init__(self, ask: Ask, changed: Callable[[Detached], None] | None = None) -> None:
        self.state: State = "preparing"
        self.edit: Edit | None = None
        self.error: BaseException | None = None
        self.started = time.time()
        self._prompt = ask.prompt
        self._free = is_offline(ask.model)
        self._changed = changed
        self._watch = Watch()
        self._over = threading.Event()
        self._cancelling = False
        self._why = "Interrupted"  # what cancels it unasked is the end of the process
        self._pid = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scope: anyio.CancelScope | None = None

    @property
    def text(self) -> str:
        """A few words: what it is doing, or why nothing came of it; empty when it is done."""
        if self.state in {"preparing", "working"}:
            return "cancelling" if self._cancelling else self._watch.state
        if self.error is None:
            return ""
        if isinstance(self.error, Explained):
            return self.error.message
        return f"{type(self.error).__name__}: {self.error}"

    @property
    def paid(self) -> Paid:
        """Whether it was paid for, as far as is known by now; a key of `errors.PAID_TEXT`."""
        if isinstance(self.error, Explained):
            return self.error.paid
        return "perhaps" if self._watch.sent and not self._free else "no"

    def done(self) -> bool:
        """Tell whether it is over, one way or the other."""
        return self._over.is_set()

    def cancel(self, why: str = "Cancelled") -> None:
        """Ask it to stop, from any thread; a second time, or when it is over, does nothing.

        It is over a moment later: `wait` waits for that. Before the request has left nothing is paid. After,
        the attempt is recorded with an unknown outcome. A picture that has come is kept all the same.

        Args:
            why: one word, which the error begins with.
        """
        if self._cancelling or self.done():
            return
        self._why = why or "Cancelled"
        self._cancelling = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, so this was cancelled with it
                self._loop.call_soon_threadsafe(self._see_cancelled)

    def wait(self, timeout: float | None = None) -> Edit:
        """Wait until it is over and return the edit.

        Args:
            timeout: seconds; None for as long as it takes.

        Raises:
            ImgEditError: it failed; or it was cancelled: `OutcomeUnknown` if the request had left, else
                `NotSent`.
            TimeoutError: it is not over yet, and goes on.
        """
        if not self.join(timeout):
            if timeout is None or self._pid != os.getpid():
                raise TimeoutError("The edit goes on in the process that this one was forked from.")
            raise TimeoutError(f"The edit is not done after {timeout:g} s ({self.text}).")
        if self.error is not None:
            raise self.error
        assert self.edit is not None  # noqa: S101 - the type checker cannot see that it is over
        return self.edit

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it is over, one way or the other, and tell whether it is.

        Args:
            timeout: seconds; None for as long as it takes.
        """
        if self._pid != os.getpid():
            return self.done()  # it goes on in the process that this one was forked from
        end = None if timeout is None else time.monotonic() + timeout
        # In steps: not on every system does an interrupt reach a thread that waits for a lock.
        while not self._over.wait(bridge.TICK if end is None else min(bridge.TICK, end - time.monotonic())):
            if end is not None and time.monotonic() >= end:
                return False
        return True

    def start(
        self,
        ready: Callable[[], tuple[Prepared, Edit | int]],
        pay: Callable[[Prepared, int, Watch], Awaitable[Edit]],
    ) -> None:
        """Begin; called once, by the session.

        Args:
            ready: prepares, and gives the recorded answer or the take to pay for.
            pay: pays for that take, in the loop.
        """
        with _live_lock:
            _live.add(self)
        bridge.portal().start_task_soon(self._run, ready, pay)

    async def _run(
        self,
        ready: Callable[[], tuple[Prepared, Edit | int]],
        pay: Callable[[Prepared, int, Watch], Awaitable[Edit]],
    ) -> None:
        try:
            async with anyio.create_task_group() as group:
                if self._changed is not None:
                    group.start_soon(self._report)
                with anyio.CancelScope() as self._scope:
                    self._loop = asyncio.get_running_loop()
                    self._see_cancelled()
                    await self._make(ready, pay)
                self._settle()
                group.cancel_scope.cancel()
        finally:
            self._settle()  # also where the whole loop is being cancelled, as the process ends
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._tell, True, limiter=_threads(_telling))

    async def _make(
        self,
        ready: Callable[[], tuple[Prepared, Edit | int]],
        pay: Callable[[Prepared, int, Watch], Awaitable[Edit]],
    ) -> None:
        try:
            # Nothing is written or sent by it, so it may be left alone when this is cancelled.
            prepared, answer = await anyio.to_thread.run_sync(
                ready, abandon_on_cancel=True, limiter=_threads(_loading)
            )
            if isinstance(answer, int):
                self.state = "working"
                answer = await pay(prepared, answer, self._watch)
            self.edit = answer
        except Exception as error:  # noqa: BLE001 - raised to whoever waits
            if isinstance(error, Explained):
                error.without_frames()  # they hold the pictures
            self.error = error

    def _see_cancelled(self) -> None:
        if self._cancelling and self._scope is not None:
            self._scope.cancel()

    def _settle(self) -> None:
        if self.done():
            return
        if self.edit is None and self.error is None:
            self.error = self._cancelled()
            self.state = "cancelled"
        else:
            self.state = "done" if self.error is None else "failed"
        self._over.set()
        with _live_lock:
            _live.discard(self)

    def _cancelled(self) -> ImgEditError:
        """Return what a cancelled edit raises: no `Interrupted`, which would end whatever reads it later."""
        if self._free:
            return NotSent(f"{self._why}.", hint="")
        if self._watch.sent:
            return OutcomeUnknown(
                f"{self._why} while waiting for the endpoint, which may go on working on it."
            )
        return NotSent(f"{self._why} before the request had left.", hint="")

    async def _report(self) -> None:
        told = self.state, self.text
        while True:
            await anyio.sleep(bridge.TICK)
            now = self.state, self.text
            if now != told:
                told = now
                await anyio.to_thread.run_sync(self._tell, False, limiter=_threads(_telling))

    def _tell(self, last: bool) -> None:  # noqa: FBT001 - a thread takes no keywords
        if self._changed is None or (self.done() and not last):
            return
        try:
            self._changed(self)
        except BaseException:  # noqa: BLE001 - whoever wants to be told does not decide over the payment
            _log.exception("What was to be told of an edit in the background failed.")

    def __repr__(self) -> str:
        return f"<Detached {self.state}{f', {self.text}' if self.text else ''}: {self._prompt[:60]!r}>"


def cancel_all(why: str = "Interrupted") -> None:
    """Cancel every edit in the background of this process; returns at once."""
    with _live_lock:
        live = list(_live)
    for one in live:
        one.cancel(why)


def land(begun: Iterable[Detached]) -> None:
    """Wait until these are over; an interrupt cancels them, and is raised when that is written down."""
    begun = list(begun)
    try:
        for one in begun:
            one.join()
    except KeyboardInterrupt:
        for one in begun:
            one.cancel("Interrupted")
        end = time.monotonic() + _CLEAN_UP
        for one in begun:
            one.join(max(0.0, end - time.monotonic()))
        raise


def stopped_by(error: BaseException | None) -> bool:
    """Tell whether an error in this thread or task is the user's stop.

    That is an interrupt, or the end of a task that was itself cancelled: so a kernel interrupts a cell that
    awaits. The end of another task that was awaited is none.
    """
    if not isinstance(error, asyncio.CancelledError):
        return isinstance(error, KeyboardInterrupt)
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs here
        return False
    return task is not None and task.cancelling() > 0


def _threads(kind: RunVar[anyio.CapacityLimiter]) -> anyio.CapacityLimiter:
    """Return the running loop's limiter of a kind."""
    limiter = kind.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(_THREADS)
        kind.set(limiter)
    return limiter
