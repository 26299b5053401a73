"""`Sweeping`: a sweep under way, many edits at a time."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from requesty_nb.client import Watch
from requesty_nb.errors import (
    Explained,
    ImgEditError,
    Interrupted,
    KeyMissing,
    KeyRefused,
    NotSent,
    OutcomeUnknown,
    OutOfFunds,
)
from requesty_nb.models import Cost, Edit
from requesty_nb.records import likely_cost
from requesty_nb.sessions.background import Background, State, threads
from requesty_nb.sessions.budget import Ledger
from requesty_nb.sessions.sweeps import Sweep
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.errors import Paid
    from requesty_nb.models import Cell
    from requesty_nb.sessions.asking import Ask
    from requesty_nb.sessions.core import Payer
    from requesty_nb.sessions.plans import Plan

_AHEAD = 4  # made ready or put away while as many as may be are under way
_FOR_ALL = (KeyMissing, KeyRefused, OutOfFunds)  # what one was refused for, the others would be too


class _Permits:
    """Lets so many send at a time, and nobody once one was refused what all need."""

    def __init__(self, width: int) -> None:
        self._limiter = anyio.CapacityLimiter(width)
        self.refused: ImgEditError | None = None

    async def __aenter__(self) -> None:
        await self._limiter.acquire()
        if self.refused is not None:
            self._limiter.release()
            raise copy.copy(self.refused)

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, _FOR_ALL):
            self.refused = error
        self._limiter.release()


class Sweeping(Background[Sweep]):
    """The edits of a plan under way in the background, made by `Session.begin_sweep`.

    Each is replayed or paid for like any edit. What fails stands in its place, and the rest goes on; but
    where the key or the balance was refused, nothing more is sent. Cancelled, it ends with what there is.

    Args:
        plan: what is asked.
        payer: of the session.
        width: how many requests may be under way at once.
        changed: as `Background`.

    Attributes:
        plan: what is asked.
        cells: what came so far, in the order asked; None where nothing did yet.
    """

    def __init__(
        self, plan: Plan, payer: Payer, width: int, changed: Callable[[Sweeping], None] | None = None
    ) -> None:
        super().__init__(changed)
        self.plan = plan
        self.cells: list[Cell | None] = [None] * len(plan.asks)
        self._payer = payer
        self._width = width
        self._watches: dict[int, Watch] = {}
        self._left = iter(range(len(plan.asks)))
        self._ledger = Ledger()  # of this sweep alone
        self._first_paid = 0.0  # of the monotonic clock
        self._paid_for = 0

    # --- how it goes

    @property
    def finished(self) -> int:
        """How many cells are made or failed."""
        return sum(cell is not None for cell in self.cells)

    @property
    def cost(self) -> Cost:
        """What was spent so far, at least and at most."""
        return self._ledger.spent

    @property
    def seconds_left(self) -> float | None:
        """How long the rest is likely to take; None as long as that cannot be told."""
        if not self._paid_for or self.done():
            return None
        each = (time.monotonic() - self._first_paid) / self._paid_for
        return each * (len(self.cells) - self.finished)

    def state_of(self, place: int) -> str:
        """Say what the cell at a place is doing; empty before its turn and after its end."""
        watch = self._watches.get(place)
        return watch.state if watch else ""

    @property
    def paid(self) -> Paid:
        """Whether anything was paid for, as far as is known by now; a key of `errors.PAID_TEXT`."""
        lost = any(isinstance(cell, Explained) and cell.paid != "no" for cell in self.cells)
        sent = any(watch.sent for watch in [*self._watches.values()])
        made = any(
            isinstance(cell, Edit) and not cell.replayed and not is_offline(cell.model) for cell in self.cells
        )
        return "perhaps" if made or lost or sent else "no"

    def start(self) -> None:
        """Begin; called once, by the session."""
        self._begin()

    def interrupted(self) -> Interrupted:
        """Return the error of an interrupted wait for it."""
        made = sum(isinstance(cell, Edit) for cell in self.cells)
        return Interrupted(
            f"Interrupted with {made} of {len(self.cells)} made.",
            paid=self.paid,
            hint=self._payer.again(self.plan.asks[0]),
        )

    # --- in the loop

    async def _make(self) -> Sweep:
        self.state = "working"
        try:
            await anyio.to_thread.run_sync(self._see_limits, abandon_on_cancel=True, limiter=threads())
            permits = _Permits(self._width)
            async with anyio.create_task_group() as group:
                for _ in range(min(len(self.cells), self._width + _AHEAD)):
                    group.start_soon(self._work, permits)
        finally:
            if self._begun():  # also of one that is cancelled, as the user's or as the process ends
                cells = [
                    self._never(place) if cell is None else cell for place, cell in enumerate(self.cells)
                ]
                self.cells[:] = cells
                self._made = Sweep(self.plan.axes, cells)
        self._see_common()
        assert self._made is not None  # noqa: S101 - the type checker cannot see that all have been begun
        return self._made

    def _begun(self) -> bool:
        return self._cancelling or self.finished > 0

    def _see_limits(self) -> None:
        """See before the first is sent that all together keep to the limits.

        Raises:
            OverBudget: they do not.
        """
        purse = self._payer.purse(self.plan.asks[0], self._ledger)
        if not purse.limited:
            return
        low = high = 0.0
        counted: set[tuple[str, int]] = set()
        for ask in self.plan.asks:
            if self._cancelling:
                return
            try:
                prepared, answer = self._payer.ready(ask)
            except ImgEditError:
                continue  # told in its place
            if isinstance(answer, int):
                if self._payer.joins(ask) and (prepared.request.key, answer) in counted:
                    continue  # it will be sent once
                counted.add((prepared.request.key, answer))
                cost = likely_cost(prepared.request, self._payer.prices, ask.partial or 0)
                if cost is None:
                    purse.check(None, ask.model)
                    continue
                low, high = low + cost.low, high + cost.high
        purse.check(Cost(low, high, "estimate"), self.plan.asks[0].model)

    async def _work(self, permits: _Permits) -> None:
        for place in self._left:
            watch = self._watches[place] = Watch()
            try:
                self.cells[place] = await self._cell(self.plan.asks[place], watch, permits)
            except anyio.get_cancelled_exc_class():
                self.cells[place] = self._never(place)
                raise
            finally:
                del self._watches[place]

    async def _cell(self, ask: Ask, watch: Watch, permits: _Permits) -> Cell:
        try:
            prepared, answer = await anyio.to_thread.run_sync(
                self._payer.ready, ask, abandon_on_cancel=True, limiter=threads()
            )
            if not isinstance(answer, int):
                return answer
            self._first_paid = self._first_paid or time.monotonic()
            edit = await self._payer.pay(prepared, answer, watch, self._ledger, permits)
        except ImgEditError as error:
            error.without_frames()  # they hold the pictures
            return error
        except Exception as error:  # noqa: BLE001 - the others go on
            said = f"{type(error).__name__}: {error}"
            return ImgEditError(said, paid="perhaps" if watch.sent else "no").with_traceback(None)
        else:
            self._paid_for += 1
            return edit

    def _never(self, place: int) -> ImgEditError:
        """Return what stands in the place of a cell that was cancelled."""
        watch = self._watches.get(place)
        if watch and watch.sent and not is_offline(self.plan.asks[place].model):
            return OutcomeUnknown(
                f"{self._why} while waiting for the endpoint, which may go on working on it."
            )
        return NotSent(f"{self._why} before it was sent.", hint="Run it again: what is recorded is replayed.")

    def _see_common(self) -> None:
        """Raise the one error that all cells share, if nothing came of any and nothing was paid.

        A grid of sixteen times the same would tell less.
        """
        first = self.cells[0] if self.cells else None
        if not isinstance(first, ImgEditError) or first.paid != "no" or self._cancelling:
            return
        if all(type(cell) is type(first) and cell.message == first.message for cell in self.cells):
            self._made = None
            raise first

    # --- as Background wants

    def _outcome(self) -> State:
        unfinished = any(isinstance(cell, NotSent | OutcomeUnknown) for cell in self.cells)
        return "cancelled" if self._cancelling and unfinished else super()._outcome()

    def _doing(self) -> str:
        failed = sum(isinstance(cell, Explained) for cell in self.cells)
        return f"{self.finished} of {len(self.cells)}{f', {failed} failed' if failed else ''}"

    def _seen(self) -> object:
        return self.state, self.finished, tuple((place, w.state) for place, w in [*self._watches.items()])

    def _stopped(self) -> ImgEditError:
        return NotSent(f"{self._why} before anything was sent.", hint="")

    def __repr__(self) -> str:
        return f"<Sweeping {self.state}, {self.text or self._doing()}>"
