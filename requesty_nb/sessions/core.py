"""`Core`: what a session pays with, on what terms, and what it has under way."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any, Literal, Self

from requesty_nb.pricing import prices_from
from requesty_nb.sessions import bridge
from requesty_nb.sessions.apps import offline_app
from requesty_nb.sessions.asker import Asker
from requesty_nb.sessions.asking import Ask, Prepared, prepare
from requesty_nb.sessions.background import Background, land, stopped_by
from requesty_nb.sessions.budget import Ledger, Limit, Purse
from requesty_nb.sessions.paying import Till
from requesty_nb.sessions.replaying import answered_meanwhile, recorded_or_take
from requesty_nb.settings import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from types import TracebackType

    from requesty_nb.client import Watch
    from requesty_nb.models import Cost, Edit
    from requesty_nb.pricing import Prices
    from requesty_nb.sessions.asker import Terms
    from requesty_nb.sessions.sweeping import Sweeping
    from requesty_nb.sessions.waiting import Reporter
    from requesty_nb.settings import Settings

WIDTH = 16


class Core(Asker):
    """Replays and pays; the arguments are those of `Session`."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        history: str | Path | Literal[False] | None = None,
        model: str | None = None,
        timeout: float | None = None,
        replay: str | None = None,
        max_cost: float | None = None,
        prices: str | Path | None = None,
        width: int = WIDTH,
    ) -> None:
        key, api_key = None if api_key is None else Secret(api_key), None  # no traceback shows it
        self._width = width
        self._till: tuple[int, Till] | None = None
        self._ledger = Ledger()
        self._begun: weakref.WeakSet[Background[Any]] = weakref.WeakSet()
        self.reporter: Callable[[], Reporter] | None = None
        self.watcher: Callable[[Sweeping], Callable[[], None]] | None = None
        super().__init__(
            base_url=base_url,
            api_key=key,
            history=history,
            model=model,
            timeout=timeout,
            replay=replay,
            max_cost=max_cost,
            prices=prices,
        )

    def _ready(self, ask: Ask, terms: Terms) -> tuple[Prepared, Edit | int]:
        """Return the prepared ask, and its recorded answer or the take to pay for."""
        settings, history = terms
        prepared = prepare(ask)
        return prepared, recorded_or_take(prepared, history, settings)

    async def _pay(
        self,
        prepared: Prepared,
        take: int,
        watch: Watch,
        terms: Terms,
        *,
        own: Ledger | None = None,
        permits: AbstractAsyncContextManager[object] | None = None,
    ) -> Edit:
        settings, history = terms
        return await self._in_loop().pay(
            prepared,
            take,
            settings,
            history,
            watch,
            recorded=lambda: answered_meanwhile(prepared, take, history, settings),
            purse=self._purse(prepared.ask, settings, own),
            permits=permits,
        )

    def _purse(self, ask: Ask, settings: Settings, own: Ledger | None) -> Purse:
        """Return the limits an ask keeps to: the session's, and its own, which it may share with others."""
        raised = "%config ImgEdit.max_cost = ..., or session.configure(max_cost=...)"
        whole = (self._ledger, Limit(settings.max_cost, "this session", raised))
        if ask.max_cost is None and own is None:
            return Purse((whole,))
        return Purse((whole, (own or Ledger(), Limit(ask.max_cost, "this cell", "--max-cost"))))

    @property
    def spent(self) -> Cost:
        """What this session has spent since it was made, at least and at most."""
        return self._ledger.spent

    def _in_loop(self) -> Till:
        """Return this process's till; called in the loop only."""
        if self._till is None or self._till[0] != os.getpid():
            self._till = (os.getpid(), Till(self._width, offline_app))
        return self._till[1]

    def close(self) -> None:
        """Wait until all edits under way have ended, also those in the background; then close connections.

        So whatever is paid for is kept, or at least in the hands of whoever holds the `Detached`. An
        interrupt meanwhile cancels those in the background. The session may be used again.
        """
        land(self._in_background())
        if self._till and self._till[0] == os.getpid():
            bridge.run(self._shut)

    async def _shut(self) -> None:
        if self._till is None:
            return
        pid, till = self._till
        await till.landed()
        if self._till == (pid, till):  # whoever asks from here on gets another
            self._till = None
        await till.aclose()

    def _in_background(self) -> list[Background[Any]]:
        with self._lock:
            return list(self._begun)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if stopped_by(error):
            for one in self._in_background():
                one.cancel("Interrupted")
        self.close()


class Payer:
    """What a sweep needs of its session, on the terms of when it was begun."""

    def __init__(self, core: Core, terms: Terms) -> None:
        self._core = core
        self._terms = terms

    @property
    def prices(self) -> Prices:
        """What tokens cost.

        Raises:
            BadRequest: the file that says so cannot be right.
        """
        return prices_from(self._terms[0].prices)

    def ready(self, ask: Ask) -> tuple[Prepared, Edit | int]:
        """Return the prepared ask, and its recorded answer or the take to pay for."""
        return self._core._ready(ask, self._terms)  # noqa: SLF001 - the same module's

    def joins(self, ask: Ask) -> bool:
        """Tell whether equal asks are one request, and replayed when they are asked again."""
        return self._terms[1] is not None and not ask.new and ask.replay != "off"

    def again(self, ask: Ask) -> str:
        """Say what running a sweep again comes to."""
        if self.joins(ask):
            return "Run it again: what is recorded is replayed, and only the rest is paid for."
        kept = "What was made is in the history; running" if self._terms[1] is not None else "Running"
        return f"{kept} it again pays for all of it anew."

    def purse(self, ask: Ask, own: Ledger) -> Purse:
        """Return the limits an ask keeps to."""
        return self._core._purse(ask, self._terms[0], own)  # noqa: SLF001 - likewise

    async def pay(
        self,
        prepared: Prepared,
        take: int,
        watch: Watch,
        own: Ledger,
        permits: AbstractAsyncContextManager[object],
    ) -> Edit:
        """Pay for a take; in the loop."""
        return await self._core._pay(prepared, take, watch, self._terms, own=own, permits=permits)  # noqa: SLF001 - likewise
