"""`Session`: the place where it is decided whether an edit is replayed or paid for."""

from __future__ import annotations

import os
import threading
import time
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import anyio.to_thread

from requesty_nb.client import Watch
from requesty_nb.errors import BadRequest
from requesty_nb.records import History
from requesty_nb.sessions import bridge
from requesty_nb.sessions.apps import offline_app
from requesty_nb.sessions.arguments import arguments_of, see_no_slip
from requesty_nb.sessions.asking import Ask, Prepared, prepare
from requesty_nb.sessions.detached import Detached, land, stopped_by
from requesty_nb.sessions.paying import Till
from requesty_nb.sessions.repeating import repeated
from requesty_nb.sessions.replaying import answered_meanwhile, recorded_or_take
from requesty_nb.sessions.waiting import Reporter, interrupted
from requesty_nb.settings import Secret, Settings, checked_base_url, checked_replay, is_offline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from requesty_nb.models import Edit
    from requesty_nb.settings import Replay

WIDTH = 16
_Terms: TypeAlias = "tuple[Settings, History | None]"


class Session:
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
        key, api_key = None if api_key is None else Secret(api_key), None
        self._settings = Settings()  # for a repr while what follows is refused
        self._settings = Settings.from_environment()
        self._width = width
        self._lock = threading.Lock()
        self._till: tuple[int, Till] | None = None
        self._begun: weakref.WeakSet[Detached] = weakref.WeakSet()
        self._history: History | None = None
        self.reporter: Callable[[], Reporter] | None = None
        self.configure(
            base_url=base_url, api_key=key, history=history, model=model, timeout=timeout, replay=replay
        )

    @property
    def settings(self) -> Settings:
        """The defaults in force."""
        return self._settings

    def configure(
        self,
        *,
        base_url: str | None = None,
        api_key: str | Secret | None = None,
        history: str | Path | Literal[False] | None = None,
        model: str | None = None,
        timeout: float | None = None,
        replay: str | None = None,
    ) -> None:
        """Change defaults; None leaves one as it is.

        Raises:
            BadRequest: a value cannot be right.
        """
        api_key = Secret(api_key) if isinstance(api_key, str) else api_key  # no traceback shows it
        changes: dict[str, Any] = {}
        if base_url is not None:
            changes["base_url"] = checked_base_url(base_url)
        if api_key is not None:
            changes["api_key"] = api_key
        if history is not None:
            changes["history"] = None if history is False else Path(history)
        if model is not None:
            changes["model"] = model
        if timeout is not None:
            changes["timeout"] = timeout
        if replay is not None:
            changes["replay"] = checked_replay(replay)
        with self._lock:
            self._settings = replace(self._settings, **changes)
            folder = self._settings.history
            if folder is None:
                self._history = None
            elif self._history is None or "history" in changes:
                self._history = History(folder)
                self._history.asks(lambda edit, changes: self.again(edit, **changes))

    @property
    def history(self) -> History:
        """What this session keeps.

        Raises:
            BadRequest: it keeps nothing.
        """
        if self._history is None:
            raise BadRequest("This session keeps nothing.", hint="Make one with Session(history='a-folder').")
        return self._history

    def ask(
        self,
        prompt: str,
        *images: object,
        mask: object | None = None,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        quality: str | None = None,
        background: str | None = None,
        output_format: str | None = None,
        output_compression: int | None = None,
        input_fidelity: str | None = None,
        moderation: str | None = None,
        user: str | None = None,
        extend: str | tuple[int, int, int, int] | None = None,
        take: int | None = None,
        new: bool = False,
        replay: str | None = None,
        raw: bool = False,
        tags: tuple[str, ...] | list[str] = (),
        transport: str = "",
        timeout: float | None = None,
        params: Mapping[str, Any] | None = None,
        **extras: Any,  # noqa: ANN401 - the endpoint's further fields, sent untouched
    ) -> Ask:
        """Return what is asked for, with this session's defaults filled in.

        Args:
            prompt: what to change.
            images: 1 to 16 pictures: paths, bytes, file objects, PIL images, arrays, edits, data URLs, https
                URLs or file ids; a mask applies to the first.
            mask: where to change it: a `Mask`, a picture (transparent or else white is edited), an array,
                or a reference.
            model: the model's full name; ``offline/...`` is answered in this process, free.
            n: how many pictures one call makes, 1 to 10.
            extend: pixels to add at left, top, right and bottom, or the new size as ``WxH``.
            take: which of the equal requests, from 1.
            new: pay for the next free take.
            replay: ``auto``, ``only`` or ``off``; where the session says ``only``, nothing else counts.
            raw: an `Edit` among the images stands for its raw first image, not the restored one.
            tags: words to find it by; if the same request is under way already, those of the first stand.
            transport: ``multipart`` or ``json``; chosen by what the images are if left out.
            timeout: seconds for the whole call.
            size: ``1024x1024`` and the like, or ``auto``; not looked at here, as lists of sizes age.
            quality: ``low``, ``medium``, ``high`` or ``auto``.
            background: ``transparent``, ``opaque`` or ``auto``.
            output_format: ``png``, ``jpeg`` or ``webp``.
            output_compression: 0 to 100, for jpeg and webp.
            input_fidelity: ``low`` or ``high``.
            moderation: ``low`` or ``auto``.
            user: an end user's id, for the endpoint.
            params: any other fields of the endpoint, sent as they are.
            extras: likewise, if they are no slip of the pen for a name above.
        """
        see_no_slip(Session.ask, extras)
        settings = self._settings
        fields = {
            "size": size,
            "quality": quality,
            "background": background,
            "output_format": output_format,
            "output_compression": output_compression,
            "input_fidelity": input_fidelity,
            "moderation": moderation,
            "user": user,
            **extras,
            **(params or {}),
        }
        return Ask(
            prompt=prompt,
            images=images,
            mask=mask,
            model=settings.model if model is None else model,
            n=n,
            fields=fields,
            extend=extend,
            take=take,
            new=new,
            replay=_stricter(settings.replay, replay),
            named=model is not None,
            raw=raw,
            tags=tuple(tags),
            transport=transport,
            timeout=settings.timeout if timeout is None else timeout,
        )

    @arguments_of(ask)
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

    @arguments_of(ask)
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

    def _terms(self) -> _Terms:
        with self._lock:
            return self._settings, self._history

    def _ready(self, ask: Ask, terms: _Terms) -> tuple[Prepared, Edit | int]:
        """Return the prepared ask, and its recorded answer or the take to pay for."""
        settings, history = terms
        prepared = prepare(ask)
        return prepared, recorded_or_take(prepared, history, settings)

    async def _pay(self, prepared: Prepared, take: int, watch: Watch, terms: _Terms) -> Edit:
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

    def __repr__(self) -> str:
        settings = self._settings
        key = "key set" if settings.api_key else "no key"
        return f"<Session {settings.model} at {settings.base_url}, {key}, history {settings.history}>"


def _stricter(default: Replay, wanted: str | None) -> Replay:
    """Return what a call may do: what it says, but nothing may be paid where the session forbids it.

    So a notebook is safe to run anywhere under ``REQUESTY_NB_REPLAY=only``, whatever its cells say.
    """
    return default if wanted is None or default == "only" else checked_replay(wanted)
