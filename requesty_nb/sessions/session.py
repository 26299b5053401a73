"""`Session`: the place where it is decided whether an edit is replayed or paid for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from requesty_nb.client import Watch
from requesty_nb.sessions import bridge
from requesty_nb.sessions.arguments import arguments_of
from requesty_nb.sessions.asker import Asker
from requesty_nb.sessions.background import land
from requesty_nb.sessions.core import Core, Payer
from requesty_nb.sessions.detached import Detached
from requesty_nb.sessions.plans import Plan, plan_of
from requesty_nb.sessions.rehearsing import Rehearsal, rehearsed
from requesty_nb.sessions.repeating import repeated
from requesty_nb.sessions.sweeping import Sweeping
from requesty_nb.sessions.waiting import Reporter, interrupted
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.models import Edit
    from requesty_nb.sessions.asking import Ask
    from requesty_nb.sessions.sweeps import Sweep


class Session(Core):
    """Edits images, and keeps what was made.

    What is left out comes from the environment, as `settings.Settings` says.

    Args:
        base_url: the endpoint, up to and with its ``/v1``.
        api_key: its key.
        history: a folder, or False to keep nothing.
        model: asked for when a call names none.
        timeout: seconds for one whole call.
        replay: ``auto``, ``only`` or ``off``.
        max_cost: US dollars that this session may spend at most, from its start on.
        prices: a file with prices of tokens in place of those of the table.
        width: how many requests may be under way at once.
    """

    @arguments_of(Asker.ask)
    def edit(self, *arguments: Any, **options: Any) -> Edit:  # noqa: ANN401 - those of `ask`
        """Edit images and wait for the result; the arguments are those of `ask`.

        Returns:
            The edit, replayed if this request and take is recorded, else new.

        Raises:
            ImgEditError: of the type that says what happened and whether it was paid.
            Interrupted: the user interrupted; the request was cancelled.
        """
        return self.run(self.ask(*arguments, **options))

    def again(self, edit: Edit, **changes: Any) -> Edit:  # noqa: ANN401 - those of `ask`
        """Ask for an edit again, with changes, and wait; see `Edit.again`.

        Args:
            edit: of this or any other history; what comes is kept in this session's.
            changes: any argument of `ask`, and ``images`` for the sources.

        Raises:
            HistoryFault: a source or the mask was not kept.
            ImgEditError: as `edit`.
        """
        return self.run(repeated(self.ask, edit, changes))

    def _again(self, edit: Edit, changes: dict[str, Any]) -> Edit:
        return self.again(edit, **changes)

    @arguments_of(Asker.ask)
    async def aedit(self, *arguments: Any, **options: Any) -> Edit:  # noqa: ANN401 - those of `ask`
        """Edit images; like `edit`, for callers with an event loop of their own. Cancelling cancels it."""
        ask, terms = self.ask(*arguments, **options), self._terms()
        prepared, answer = await anyio.to_thread.run_sync(self._ready, ask, terms)
        if not isinstance(answer, int):
            return answer
        return await bridge.wait(lambda: self._pay(prepared, answer, Watch(), terms))

    def run(self, ask: Ask, reporter: Reporter | None = None) -> Edit:
        """Do what is asked and wait for it; raises as `edit` does.

        Args:
            ask: from `ask`.
            reporter: told about four times a second what goes on.
        """
        terms = self._terms()
        prepared, answer = self._ready(ask, terms)
        if not isinstance(answer, int):
            return answer
        watch = Watch()
        if reporter is None and self.reporter is not None:
            reporter = self.reporter()
        try:
            return bridge.run(
                lambda: self._pay(prepared, answer, watch, terms),
                (lambda: reporter.tick(watch.state, time.monotonic() - watch.started, watch.partial))
                if reporter
                else None,
            )
        except KeyboardInterrupt:
            raise interrupted(watch, free=is_offline(ask.model)) from None
        finally:
            if reporter:
                reporter.close()

    def rehearse(self, ask: Ask) -> Rehearsal:
        """Return what an ask would send and may cost; nothing is sent, and nothing written.

        Args:
            ask: from `ask`.

        Raises:
            BadRequest: it cannot be right.
        """
        terms = self._terms()
        return rehearsed(ask, terms, self._purse(ask, terms[0], None))

    def begin(self, ask: Ask, changed: Callable[[Detached], None] | None = None) -> Detached:
        """Begin what is asked and return at once; it goes on in the background.

        `close`, and so leaving ``with Session(...)``, waits for it. Leaving the interpreter does not: that
        cancels it.

        Args:
            ask: from `ask`.
            changed: told of each change of state or text, as `Detached` says.

        Returns:
            What tells how it goes, gives the edit, and cancels it.
        """
        terms = self._terms()  # those of now, whatever is configured while it goes on
        detached = Detached(ask, changed)
        detached.start(
            lambda: self._ready(ask, terms),
            lambda prepared, take, watch: self._pay(prepared, take, watch, terms),
        )
        with self._lock:
            self._begun.add(detached)
        return detached

    def plan(self, prompt: object, *images: object, width: int | None = None, **options: Any) -> Plan:  # noqa: ANN401 - those of `ask`
        """Return what a sweep asks for; see `sweep`.

        Raises:
            BadRequest: an argument cannot be right, or an axis has no values.
        """
        return plan_of(self.ask, [prompt, *images], options, width)

    def sweep(self, prompt: object, *images: object, width: int | None = None, **options: Any) -> Sweep:  # noqa: ANN401 - those of `ask`
        """Ask for many edits at once, and wait for them.

        The arguments are those of `ask`; one that is a list or a range is an axis, and each combination of
        values is an edit. A tuple is one value. What is recorded is replayed: a sweep that was cut short goes
        on where it stopped. ``max_cost`` is for all together.

        Args:
            prompt, images, options: as `ask`, with lists and ranges for what is varied.
            width: how many requests may be under way at once; as many as the session allows, if left out.

        Returns:
            The grid; where an edit failed, its error stands in its place.

        Raises:
            ImgEditError: nothing was sent, and all would have failed of the same.
            Interrupted: the user interrupted; what was made is kept, and replayed when run again.
        """
        return self.run_sweep(self.plan(prompt, *images, width=width, **options))

    async def asweep(self, *arguments: Any, width: int | None = None, **options: Any) -> Sweep:  # noqa: ANN401 - those of `sweep`
        """Ask for many edits at once; like `sweep`, for callers with an event loop. Cancelling cancels it."""
        under_way = self.begin_sweep(self.plan(*arguments, width=width, **options))
        try:
            return await under_way
        except asyncio.CancelledError:
            under_way.cancel("Interrupted")
            await anyio.to_thread.run_sync(under_way.join, 10.0)
            raise

    def run_sweep(self, plan: Plan) -> Sweep:
        """Do what is planned and wait for it; raises as `sweep` does."""
        under_way = self.begin_sweep(plan)
        try:
            close = self.watcher(under_way) if self.watcher is not None else None
            try:
                land([under_way])
            finally:
                if close is not None:
                    close()
        except KeyboardInterrupt:
            under_way.cancel("Interrupted")  # also where it is only being shown
            raise under_way.interrupted() from None
        return under_way.wait()

    def begin_sweep(self, plan: Plan, changed: Callable[[Sweeping], None] | None = None) -> Sweeping:
        """Begin a sweep and return at once, like `begin`.

        Args:
            plan: from `plan`.
            changed: told of each change, as `Background` says.
        """
        sweeping = Sweeping(plan, Payer(self, self._terms()), plan.width or self._width, changed)
        sweeping.start()
        with self._lock:
            self._begun.add(sweeping)
        return sweeping
