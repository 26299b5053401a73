"""`Background`: work in the loop that nobody has to wait for, and that every interrupt reaches."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from requesty_nb.errors import Explained
from requesty_nb.sessions import bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from requesty_nb.errors import ImgEditError, Paid

T = TypeVar("T")
State = Literal["preparing", "working", "done", "failed", "cancelled"]

_THREADS = 40  # at most, for each of the two kinds of users' code
_CLEAN_UP = 10.0  # seconds that interrupted edits may take to write down what became of them

_log = logging.getLogger(__name__)
_live: weakref.WeakSet[Background[Any]] = weakref.WeakSet()
_live_lock = threading.Lock()  # a set must not grow while it is listed

# Users' code may wait for other edits, so it has threads of its own: those that record are never taken up.
_loading: RunVar[anyio.CapacityLimiter] = RunVar("requesty_nb loading")
_telling: RunVar[anyio.CapacityLimiter] = RunVar("requesty_nb telling")


class Background(Generic[T]):
    """Something under way in the background.

    Its attributes may be read from any thread. It goes on whether or not anybody holds it. The session waits
    for it when it is closed; an interrupt of the cell that runs meanwhile cancels it, and so does the end of
    the process.

    Args:
        changed: called with this after each change of state or text, about four times a second at most and
            once after the end, which a call that began before may have seen already; never twice at a time,
            and never in the event loop's own thread. It may ask for further edits and wait for them. What it
            raises is logged, and hurts nothing.

    Attributes:
        state: ``preparing``, ``working``, ``done``, ``failed`` or ``cancelled``.
        error: why nothing came of it, once it has failed or was cancelled.
        started: when it was begun, in seconds since 1970.
    """

    def __init__(self, changed: Callable[[Any], None] | None = None) -> None:
        self.state: State = "preparing"
        self.error: BaseException | None = None
        self.started = time.time()
        self._changed = changed
        self._made: T | None = None
        self._over = threading.Event()
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._cancelling = False
        self._why = "Interrupted"  # what cancels it unasked is the end of the process
        self._pid = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scope: anyio.CancelScope | None = None

    # --- what each kind says

    async def _make(self) -> T:
        """Do it, in the loop."""
        raise NotImplementedError

    def _stopped(self) -> ImgEditError:
        """Return what it raises when it was cancelled: no `Interrupted`, which would end who reads it."""
        raise NotImplementedError

    def _doing(self) -> str:
        """Say in a few words what it is doing."""
        raise NotImplementedError

    @property
    def paid(self) -> Paid:
        """Whether it was paid for, as far as is known by now; a key of `errors.PAID_TEXT`."""
        raise NotImplementedError

    # --- what all have

    @property
    def text(self) -> str:
        """A few words: what it is doing, or why nothing came of it; empty when it is done."""
        if self.state in {"preparing", "working"}:
            return "cancelling" if self._cancelling else self._doing()
        if self.error is None:
            return ""
        if isinstance(self.error, Explained):
            return self.error.message
        return f"{type(self.error).__name__}: {self.error}"

    def done(self) -> bool:
        """Tell whether it is over, one way or the other."""
        return self._over.is_set()

    def cancel(self, why: str = "Cancelled") -> None:
        """Ask it to stop, from any thread; a second time, or when it is over, does nothing.

        It is over a moment later: `wait` waits for that. Before a request has left nothing is paid. After,
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

    def wait(self, timeout: float | None = None) -> T:
        """Wait until it is over and return what came of it.

        Args:
            timeout: seconds; None for as long as it takes.

        Raises:
            ImgEditError: it failed; or it was cancelled: `OutcomeUnknown` if a request had left, else
                `NotSent`.
            TimeoutError: it is not over yet, and goes on.
        """
        if not self.join(timeout):
            if timeout is None or self._pid != os.getpid():
                raise TimeoutError("This goes on in the process that this one was forked from.")
            raise TimeoutError(f"This is not done after {timeout:g} s ({self.text}).")
        return self._result()

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

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for it in a loop of one's own; it goes on if the waiting is cancelled."""
        return self._awaited().__await__()

    async def _awaited(self) -> T:
        if self._pid != os.getpid():
            return self.wait()
        ended = asyncio.shield(asyncio.wrap_future(self._ended))
        # In steps: a kernel acts on an interrupt only when its loop wakes.
        while not (await asyncio.wait([ended], timeout=bridge.TICK))[0]:
            pass
        return self._result()

    def _result(self) -> T:
        if self.error is not None:
            raise self.error
        assert self._made is not None  # noqa: S101 - the type checker cannot see that it is over
        return self._made

    def _begin(self) -> None:
        """Start it; called once."""
        with _live_lock:
            _live.add(self)
        bridge.portal().start_task_soon(self._run)

    async def _run(self) -> None:
        try:
            async with anyio.create_task_group() as group:
                if self._changed is not None:
                    group.start_soon(self._report)
                with anyio.CancelScope() as self._scope:
                    self._loop = asyncio.get_running_loop()
                    self._see_cancelled()
                    await self._try()
                self._settle()
                group.cancel_scope.cancel()
        finally:
            self._settle()  # also where the whole loop is being cancelled, as the process ends
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._tell, True, limiter=threads(_telling))

    async def _try(self) -> None:
        try:
            self._made = await self._make()
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
        if self._made is None and self.error is None:
            self.error = self._stopped()
            self.state = "cancelled"
        else:
            self.state = self._outcome()
        self._over.set()
        self._ended.set_result(None)
        with _live_lock:
            _live.discard(self)

    def _outcome(self) -> State:
        return "done" if self.error is None else "failed"

    async def _report(self) -> None:
        told = self._seen()
        while True:
            await anyio.sleep(bridge.TICK)
            now = self._seen()
            if now != told:
                told = now
                await anyio.to_thread.run_sync(self._tell, False, limiter=threads(_telling))

    def _seen(self) -> object:
        """Return what is told of when it changes."""
        return self.state, self.text

    def _tell(self, last: bool) -> None:  # noqa: FBT001 - a thread takes no keywords
        if self._changed is None or (self.done() and not last):
            return
        try:
            self._changed(self)
        except BaseException:  # noqa: BLE001 - whoever wants to be told does not decide over the payment
            _log.exception("What was to be told of an edit in the background failed.")


def cancel_all(why: str = "Interrupted") -> None:
    """Cancel everything in the background of this process; returns at once."""
    with _live_lock:
        live = list(_live)
    for one in live:
        one.cancel(why)


def land(begun: Iterable[Background[Any]]) -> None:
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


def threads(kind: RunVar[anyio.CapacityLimiter] = _loading) -> anyio.CapacityLimiter:
    """Return the running loop's limiter of a kind: of those that load, if none is named."""
    limiter = kind.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(_THREADS)
        kind.set(limiter)
    return limiter
