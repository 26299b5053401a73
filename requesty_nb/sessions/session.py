"""`Session`: the place where it is decided whether an edit is replayed or paid for."""

from __future__ import annotations

import os
import time
import weakref
from typing import TYPE_CHECKING, Any, Literal, Self

import anyio.to_thread

from requesty_nb.client import Watch
from requesty_nb.sessions import bridge
from requesty_nb.sessions.apps import offline_app
from requesty_nb.sessions.arguments import arguments_of
from requesty_nb.sessions.asker import Asker
from requesty_nb.sessions.asking import Ask, Prepared, prepare
from requesty_nb.sessions.detached import Detached, land, stopped_by
from requesty_nb.sessions.paying import Till
from requesty_nb.sessions.repeating import repeated
from requesty_nb.sessions.replaying import answered_meanwhile, recorded_or_take
from requesty_nb.sessions.waiting import Reporter, interrupted
from requesty_nb.settings import Secret, is_offline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from requesty_nb.models import Edit
    from requesty_nb.sessions.asker import Terms

WIDTH = 16


class Session(Asker):
    """Edits images, and keeps what was made.

    What is left out comes from the environment, as `settings.Settings` says.

    Args:
        base_url: the endpoint, up to and with its ``/v1``.
        api_key: its key.
        history: a folder, or False to keep nothing.
        model: asked for when a call names none.
        timeout: seconds for one whole call.
        replay: ``auto``, ``only`` or ``off``.
        width: how many requests may be under way at once.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        history: str | Path | Literal[False] | None = None,
        model: str | None = None,
        timeout: float | None = None,
        replay: str | None = None,
        width: int = WIDTH,
    ) -> None:
        key, api_key = None if api_key is None else Secret(api_key), None  # no traceback shows it
        self._width = width
        self._till: tuple[int, Till] | None = None
        self._begun: weakref.WeakSet[Detached] = weakref.WeakSet()
        self.reporter: Callable[[], Reporter] | None = None
        super().__init__(
            base_url=base_url, api_key=key, history=history, model=model, timeout=timeout, replay=replay
        )

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
                (lambda: reporter.tick(watch.state, time.monotonic() - watch.started)) if reporter else None,
            )
        except KeyboardInterrupt:
            raise interrupted(watch, free=is_offline(ask.model)) from None
        finally:
            if reporter:
                reporter.close()

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

    def _ready(self, ask: Ask, terms: Terms) -> tuple[Prepared, Edit | int]:
        """Return the prepared ask, and its recorded answer or the take to pay for."""
        settings, history = terms
        prepared = prepare(ask)
        return prepared, recorded_or_take(prepared, history, settings)

    async def _pay(self, prepared: Prepared, take: int, watch: Watch, terms: Terms) -> Edit:
        settings, history = terms
        return await self._in_loop().pay(
            prepared,
            take,
            settings,
            history,
            watch,
            recorded=lambda: answered_meanwhile(prepared, take, history, settings),
        )

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

    def _in_background(self) -> list[Detached]:
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
