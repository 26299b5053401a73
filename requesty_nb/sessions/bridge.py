"""The one bridge between synchronous callers and the event loop: a portal in a thread of its own."""

from __future__ import annotations

import concurrent.futures
import os
import threading
from typing import TYPE_CHECKING, TypeVar

import anyio.from_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.from_thread import BlockingPortal

T = TypeVar("T")

TICK = 0.25  # seconds between two looks at the clock while a caller waits
_CLEAN_UP = 10.0  # seconds an interrupted call may take to write down what became of it

_lock = threading.Lock()
_open: tuple[int, BlockingPortal] | None = None


def portal() -> BlockingPortal:
    """Return this process's portal; a forked child gets one of its own."""
    global _open  # noqa: PLW0603 - one loop for the whole process is the point
    with _lock:
        if _open is None or _open[0] != os.getpid():
            ready: concurrent.futures.Future[BlockingPortal] = concurrent.futures.Future()
            # Said outright: a thread takes this from the one that starts it, and no daemon is waited for.
            keeper = threading.Thread(
                target=_keep_open, args=[ready], name="requesty_nb keeper", daemon=False
            )
            keeper.start()
            _open = (os.getpid(), ready.result())
        return _open[1]


def _keep_open(ready: concurrent.futures.Future[BlockingPortal]) -> None:
    """Hold the portal open until the main thread ends; then cancel what is under way, which writes it down.

    An ``atexit`` function would come too late: the interpreter first waits for the loop's worker threads.
    """
    try:
        with anyio.from_thread.start_blocking_portal("asyncio", name="requesty_nb") as portal:
            ready.set_result(portal)
            threading.main_thread().join()
            portal.call(portal.stop, True)
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)  # or whoever waits for the portal would wait for ever


def run(function: Callable[[], Awaitable[T]], tick: Callable[[], None] | None = None) -> T:
    """Run an async function in the loop and wait for it.

    Args:
        function: what to run.
        tick: called in this thread about every quarter second while waiting.

    Raises:
        KeyboardInterrupt: the caller was interrupted; the function was cancelled and has cleaned up.
    """
    future, done = _begun(function)
    try:
        while not concurrent.futures.wait([future], TICK).done:
            if tick:
                tick()
    except BaseException:
        future.cancel()
        concurrent.futures.wait([done], _CLEAN_UP)
        raise
    return future.result()


async def wait(function: Callable[[], Awaitable[T]]) -> T:
    """Run an async function in the loop and wait for it in the caller's own, an asyncio one.

    Raises:
        asyncio.CancelledError: the caller was cancelled; the function was cancelled and has cleaned up.
    """
    import asyncio  # noqa: PLC0415 - whoever awaits this has it already

    future, done = _begun(function)
    waiter = asyncio.wrap_future(future)
    try:
        # In steps: a kernel acts on an interrupt only when its loop wakes.
        while not (await asyncio.wait([waiter], timeout=TICK))[0]:
            pass
        return waiter.result()
    except asyncio.CancelledError:
        waiter.cancel()
        await asyncio.wait([asyncio.wrap_future(done)], timeout=_CLEAN_UP)
        raise


def _begun(
    function: Callable[[], Awaitable[T]],
) -> tuple[concurrent.futures.Future[T], concurrent.futures.Future[None]]:
    """Start an async function in the loop; return its future, and one that is done when it has cleaned up."""
    done: concurrent.futures.Future[None] = concurrent.futures.Future()

    async def whole() -> T:
        try:
            return await function()
        finally:
            done.set_result(None)

    return portal().start_task_soon(whole), done
