"""`Flights`: requests under way, joined by all who ask for the same meanwhile."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.to_thread

from requesty_nb.errors import OutcomeUnknown
from requesty_nb.sessions.bridge import TICK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from requesty_nb.client import Watch
    from requesty_nb.models import Edit

_JOINED = "waiting for the same request, which is under way"


class Slot(NamedTuple):
    """What is filled once: a take of a request, in the history of a folder."""

    folder: Path
    key: str
    take: int


@dataclass(slots=True)
class Flight:
    """One request under way; it goes on until it lands, unless all who wait for it are cancelled.

    Attributes:
        endpoint: where it goes.
        watch: what it is doing; the first caller's.
        scope: what it is cancelled by.
        landed: set when it is over, and written down.
        waiting: how many wait for it.
        claimed: whether one of them has been given the edit as new.
        task: held here, as the loop itself holds none.
    """

    endpoint: str
    watch: Watch
    scope: anyio.CancelScope
    landed: anyio.Event
    waiting: int = 0
    claimed: bool = False
    task: asyncio.Task[None] | None = None
    edit: Edit | None = None
    error: BaseException | None = None

    async def result(self, watch: Watch, patience: float) -> Edit:
        """Wait for it as one who is counted already; the last to be cancelled cancels it.

        Args:
            watch: the caller's.
            patience: as `lands` says; who asked first waits until it lands, by its own deadline.

        Raises:
            OutcomeUnknown: it has not landed in time, and goes on.
        """
        try:
            if watch is self.watch:
                await self.landed.wait()
            else:
                await self.lands(watch, patience)
        except BaseException as error:
            if self.waiting == 1 and not isinstance(error, OutcomeUnknown):
                self.scope.cancel()
                with anyio.CancelScope(shield=True):
                    await self.landed.wait()
            if self.edit is None:
                raise
        finally:
            self.waiting -= 1
            if self.edit is None:  # what was sent may be billed, whoever sent it
                watch.begun, watch.sent = self.watch.begun, self.watch.sent
        if self.edit is None:
            raise self.error or OutcomeUnknown("The same request was under way, and was interrupted.")
        if self.claimed:
            return self.edit.answered()
        self.claimed = True
        return self.edit

    async def lands(self, watch: Watch, patience: float) -> None:
        """Wait until it lands.

        Args:
            watch: of the caller, who did not begin it.
            patience: seconds; as with a deadline, time in which it waits for its turn does not count.

        Raises:
            OutcomeUnknown: it has not landed in time, and goes on.
        """
        watch.state = _JOINED
        left = patience
        while not self.landed.is_set():
            if left <= 0:
                raise OutcomeUnknown(
                    f"The same request, which was under way before, has not ended within {patience:g} s.",
                    hint="It goes on. Ask again later: what comes of it is then replayed for nothing.",
                )
            looked, begun = time.monotonic(), self.watch.begun
            with anyio.move_on_after(min(TICK, left)):
                await self.landed.wait()
            if begun:
                left -= time.monotonic() - looked


class Flights:
    """What is under way, by history, key and take. Lives in one event loop."""

    def __init__(self) -> None:
        self._under_way: dict[Slot, Flight] = {}
        self._booking = anyio.Lock()

    async def edit(
        self,
        slot: Slot,
        endpoint: str,
        watch: Watch,
        make: Callable[[int], Awaitable[Edit]],
        *,
        patience: float,
        next_take: Callable[[], int] | None,
    ) -> Edit:
        """Return the edit that fills a slot, made once however many ask for it at a time.

        Who asks another endpoint for the same waits until the slot is filled or free again.

        Args:
            slot: its take is the one asked for, or at least to be had.
            endpoint: where it would go.
            watch: what the caller reads of its state.
            make: makes the edit of a take, or finds it made meanwhile.
            patience: seconds that one who did not begin it waits, as `Flight.lands` says.
            next_take: reads the next free take from the record, for who wants one to himself.

        Raises:
            ImgEditError: whatever making it raised, to all who wait.
        """
        while True:
            async with self._booking:
                if next_take is not None:
                    slot = slot._replace(take=max(slot.take, await self._free_take(slot, next_take)))
                flight = self._under_way.get(slot)
                if flight is None:
                    flight = Flight(endpoint, watch, anyio.CancelScope(), anyio.Event())
                    self._under_way[slot] = flight
                    flight.task = asyncio.create_task(self._see_off(slot, flight, make))
                if flight.endpoint == endpoint and not flight.scope.cancel_called:
                    flight.waiting += 1
                    break
            await flight.lands(watch, patience)  # what became of it decides what comes now
        return await flight.result(watch, patience)

    async def _free_take(self, slot: Slot, next_take: Callable[[], int]) -> int:
        """Return the first take after all that are recorded or under way.

        Those under way are counted before the record is read, and while booking none is added: so one that
        lands meanwhile is counted too.
        """
        under_way = [1 + other.take for other in self._under_way if other[:2] == slot[:2]]
        return max([await anyio.to_thread.run_sync(next_take), *under_way])

    async def _see_off(self, slot: Slot, flight: Flight, make: Callable[[int], Awaitable[Edit]]) -> None:
        """Make an edit in a task of its own: who asked first may stop waiting first."""
        try:
            with flight.scope:
                flight.edit = await make(slot.take)
        except BaseException as error:  # noqa: BLE001 - raised to each who waits
            flight.error = error
        finally:
            del self._under_way[slot]
            flight.landed.set()
