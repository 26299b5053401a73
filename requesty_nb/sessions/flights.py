"""`Flights`: requests under way, joined by all who ask for the same meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from requesty_nb.errors import OutcomeUnknown
from requesty_nb.models import Edit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from requesty_nb.client import Watch


@dataclass(slots=True)
class Flight:
    """One request under way; it goes on as long as anybody waits for it.

    Attributes:
        watch: what it is doing; the first caller's.
        scope: what it is cancelled by.
        landed: set when it is over, and written down.
        waiting: how many wait for it.
        claimed: whether one of them has been given the edit as new.
        task: held here, as the loop itself holds none.
    """

    watch: Watch
    scope: anyio.CancelScope
    landed: anyio.Event
    waiting: int = 0
    claimed: bool = False
    task: asyncio.Task[None] | None = None
    edit: Edit | None = None
    error: BaseException | None = None

    async def result(self, watch: Watch) -> Edit:
        """Wait for it as one who is counted already; the last to be cancelled cancels it."""
        if watch is not self.watch:
            watch.state = "waiting for the same request, which is under way"
        try:
            await self.landed.wait()
        except BaseException:
            if self.waiting == 1:
                self.scope.cancel()
                with anyio.CancelScope(shield=True):
                    await self.landed.wait()
                watch.begun, watch.sent = self.watch.begun, self.watch.sent
            if self.edit is None:
                raise
        finally:
            self.waiting -= 1
        if self.edit is None:
            raise self.error or OutcomeUnknown("The same request was under way, and was interrupted.")
        if self.claimed:
            return Edit(self.edit.record, self.edit.read, replayed=True)
        self.claimed = True
        return self.edit


class Flights:
    """What is under way, by key and take. Lives in one event loop."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], Flight] = {}
        self._booking = anyio.Lock()

    async def edit(
        self,
        key: str,
        take: int,
        watch: Watch,
        make: Callable[[int], Awaitable[Edit]],
        *,
        next_take: Callable[[], int] | None,
    ) -> Edit:
        """Return the edit of a key and take, made once however many ask for it at a time.

        Args:
            key: the request's.
            take: the take asked for, or at least to be had.
            watch: what the caller reads of its state.
            make: makes the edit of a take.
            next_take: reads the next free take from the record, for who wants one to himself.

        Raises:
            ImgEditError: whatever making it raised, to all who wait.
        """
        while True:
            async with self._booking:
                if next_take is not None:
                    take = max(take, await self._free_take(key, next_take))
                flight = self._under_way.get((key, take))
                if flight is None:
                    flight = self._under_way[key, take] = Flight(watch, anyio.CancelScope(), anyio.Event())
                    flight.task = asyncio.create_task(self._see_off(key, take, flight, make))
                if not flight.scope.cancel_called:
                    flight.waiting += 1
                    break
            await flight.landed.wait()  # it was given up by all: what became of it decides what comes now
        return await flight.result(watch)

    async def _free_take(self, key: str, next_take: Callable[[], int]) -> int:
        """Return the first take after all that are recorded or under way.

        Those under way are counted before the record is read, and while booking none is added: so one that
        lands meanwhile is counted too.
        """
        under_way = [1 + take for other, take in self._under_way if other == key]
        return max([await anyio.to_thread.run_sync(next_take), *under_way])

    async def _see_off(
        self, key: str, take: int, flight: Flight, make: Callable[[int], Awaitable[Edit]]
    ) -> None:
        """Make an edit in a task of its own: who asked first may stop waiting first."""
        try:
            with flight.scope:
                flight.edit = await make(take)
        except BaseException as error:  # noqa: BLE001 - raised to each who waits
            flight.error = error
        finally:
            del self._under_way[key, take]
            flight.landed.set()
