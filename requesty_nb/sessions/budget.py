"""`Ledger`: what was spent, what may still be by what is under way, and the limits that both keep to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from requesty_nb import pricing
from requesty_nb.errors import OverBudget
from requesty_nb.models import Cost

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING = Cost(0.0, 0.0, "sum")
_ROUNDING = 1e-9  # dollars: sums of floats


@dataclass
class Ledger:
    """What was spent under one limit; from any thread.

    Attributes:
        spent: what is known to be spent, at least and at most.
        held: what those under way may cost, at most.
    """

    spent: Cost = NOTHING
    held: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def hold(self, cost: Cost | None, limit: Limit, model: str) -> None:
        """Set aside what an edit may cost at most.

        Raises:
            OverBudget: no price is known, or the limit leaves less.
        """
        with self._lock:
            limit.check(self, cost, model)
            self.held += cost.high if cost else 0.0

    def settle(self, held: Cost | None, cost: Cost | None) -> None:
        """Enter what it did cost in place of what was set aside."""
        with self._lock:
            self.held = max(0.0, self.held - (held.high if held else 0.0))
            if cost is not None:
                self.spent = Cost(self.spent.low + cost.low, self.spent.high + cost.high, "sum")


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit in US dollars, or None for none, what it is for, and how it is raised."""

    dollars: float | None
    what: str
    raised: str

    def check(self, ledger: Ledger, cost: Cost | None, model: str) -> None:
        """See that a cost stays within the limit beside what is spent and under way.

        Raises:
            OverBudget: it does not, or no price is known.
        """
        if self.dollars is None or (cost is not None and cost.high == 0):
            return
        allowed = f"the ${self.dollars:.2f} that {self.what} may cost"
        if cost is None:
            raise OverBudget(
                f"It is not known what {model} costs, so {allowed} cannot be kept to.",
                hint="Give its prices in a file that REQUESTY_NB_PRICES names, or take the limit away: "
                f"{self.raised}.",
            )
        used = ledger.spent.high + ledger.held
        if used + cost.high > self.dollars + _ROUNDING:
            taken = f", of which ${used:.4f} is spent or under way" if used else ""
            raise OverBudget(
                f"This may cost {pricing.format_usd(cost)}, more than {allowed}{taken}.",
                hint=f"Raise it: {self.raised}; or ask for less: a lower quality, fewer pictures.",
            )


@dataclass(frozen=True, slots=True)
class Purse:
    """The ledgers that an edit is entered in, each with its limit."""

    accounts: Sequence[tuple[Ledger, Limit]]

    def check(self, cost: Cost | None, model: str) -> None:
        """See beforehand that a cost stays within all limits.

        Raises:
            OverBudget: it does not.
        """
        for ledger, limit in self.accounts:
            limit.check(ledger, cost, model)

    @property
    def left(self) -> float | None:
        """What the tightest limit leaves beside what is spent and under way; None without any limit."""
        left = [
            limit.dollars - ledger.spent.high - ledger.held
            for ledger, limit in self.accounts
            if limit.dollars is not None
        ]
        return max(0.0, min(left)) if left else None

    @property
    def limited(self) -> bool:
        """Whether any of the limits is one."""
        return any(limit.dollars is not None for _, limit in self.accounts)

    def hold(self, cost: Cost | None, model: str) -> None:
        """Set aside what an edit may cost, in every ledger or in none.

        Raises:
            OverBudget: a limit leaves less.
        """
        held: list[Ledger] = []
        try:
            for ledger, limit in self.accounts:
                ledger.hold(cost, limit, model)
                held.append(ledger)
        except OverBudget:
            for ledger in held:
                ledger.settle(cost, None)
            raise

    def settle(self, held: Cost | None, cost: Cost | None) -> None:
        """Enter what it did cost in place of what was set aside; None if nothing was paid."""
        for ledger, _ in self.accounts:
            ledger.settle(held, cost)
