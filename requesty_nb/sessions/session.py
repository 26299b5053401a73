"""`Session`: the place where it is decided whether an edit is replayed or paid for."""

from __future__ import annotations

import inspect
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Protocol, Self, TypeVar

import anyio.to_thread

from requesty_nb.client import Watch
from requesty_nb.errors import BadRequest, Interrupted, KeyMissing, NotRecorded, OutcomeUnknown
from requesty_nb.records import History
from requesty_nb.sessions import bridge
from requesty_nb.sessions.asking import Ask, Prepared, prepare
from requesty_nb.sessions.paying import Till
from requesty_nb.settings import Secret, Settings, checked_base_url, checked_replay, is_loopback, is_offline

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from requesty_nb.models import Edit

P = ParamSpec("P")
T = TypeVar("T")

WIDTH = 16


class Reporter(Protocol):
    """Shows what a call is doing while somebody waits for it."""

    def tick(self, state: str, elapsed: float) -> None:
        """Show a state and the seconds so far; called about four times a second."""

    def close(self) -> None:
        """Take it off the screen."""


def _arguments_of(ask: Callable[P, Ask]) -> Callable[[Callable[..., T]], Callable[P, T]]:
    """Give a method the arguments of `Session.ask`, for readers, type checkers and notebooks' help alike."""

    def decorate(method: Callable[..., T]) -> Callable[P, T]:
        method.__signature__ = inspect.signature(ask).replace(return_annotation="Edit")  # type: ignore[attr-defined]  # a documented hook
        return method

    return decorate


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
            changes |= {"model": model, "model_is_given": True}
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
        extend: str | tuple[int, int, int, int] | None = None,
        take: int | None = None,
        new: bool = False,
        replay: str | None = None,
        raw: bool = False,
        tags: tuple[str, ...] | list[str] = (),
        transport: str = "",
        timeout: float | None = None,
        **fields: Any,  # noqa: ANN401 - the endpoint's fields, sent untouched
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
            replay: ``auto``, ``only`` or ``off``.
            raw: an `Edit` among the images stands for its raw first image, not the restored one.
            tags: words to find it by.
            transport: ``multipart`` or ``json``; chosen by what the images are if left out.
            timeout: seconds for the whole call.
            fields: size, quality, background, output_format, output_compression, input_fidelity,
                moderation, user, and any other field of the endpoint, sent as it is.
        """
        settings = self._settings
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
            replay=settings.replay if replay is None else checked_replay(replay),
            raw=raw,
            tags=tuple(tags),
            transport=transport,
            timeout=settings.timeout if timeout is None else timeout,
        )

    @_arguments_of(ask)
    def edit(self, *arguments: Any, **options: Any) -> Edit:  # noqa: ANN401 - those of `ask`
        """Edit images and wait for the result; the arguments are those of `ask`.

        Returns:
            The edit, replayed if this request and take is recorded, else new.

        Raises:
            ImgEditError: of the type that says what happened and whether it was paid.
            Interrupted: the user interrupted; the request was cancelled.
        """
        return self.run(self.ask(*arguments, **options))

    @_arguments_of(ask)
    async def aedit(self, *arguments: Any, **options: Any) -> Edit:  # noqa: ANN401 - those of `ask`
        """Edit images; like `edit`, for callers with an event loop of their own. Cancelling cancels it."""
        ask = self.ask(*arguments, **options)
        prepared, answer = await anyio.to_thread.run_sync(self._ready, ask)
        if not isinstance(answer, int):
            return answer
        return await bridge.wait(lambda: self._pay(prepared, answer, Watch()))

    def run(self, ask: Ask, reporter: Reporter | None = None) -> Edit:
        """Do what is asked and wait for it; raises as `edit` does.

        Args:
            ask: from `ask`.
            reporter: told about four times a second what goes on.
        """
        prepared, answer = self._ready(ask)
        if not isinstance(answer, int):
            return answer
        watch = Watch()
        if reporter is None and self.reporter is not None:
            reporter = self.reporter()
        try:
            return bridge.run(
                lambda: self._pay(prepared, answer, watch),
                (lambda: reporter.tick(watch.state, time.monotonic() - watch.started)) if reporter else None,
            )
        except KeyboardInterrupt:
            raise _interrupted(watch, free=is_offline(ask.model)) from None
        finally:
            if reporter:
                reporter.close()

    def _ready(self, ask: Ask) -> tuple[Prepared, Edit | int]:
        """Return the prepared ask, and its recorded answer or the take to pay for."""
        prepared = prepare(ask)
        recorded = self._recorded(prepared)
        if not isinstance(recorded, int):
            return prepared, recorded
        settings = self._settings
        if not (is_offline(ask.model) or settings.api_key or is_loopback(settings.base_url)):
            raise KeyMissing(f"There is no API key, {ask.model} needs one, and no recorded answer fits.")
        return prepared, recorded

    def _recorded(self, prepared: Prepared) -> Edit | int:
        ask, history = prepared.ask, self._history
        take = ask.take or 1
        if history is None:
            if ask.replay == "only":
                raise NotRecorded("Only recorded answers are allowed, and this session keeps none.")
            return take
        key = prepared.request.key
        if ask.replay == "off" or ask.new:
            if ask.replay == "only":
                raise NotRecorded("--new pays, and only recorded answers are allowed.")
            return history.next_take(key)
        if edit := self._recorded_take(prepared, take):
            return edit
        if ask.replay == "only":
            raise NotRecorded(
                f"Take {take} of this request is not recorded, and only recorded answers may be used."
            )
        if unknown := history.unknown(key, take):
            raise OutcomeUnknown(
                f"An earlier attempt at this was sent, and got no answer (id {unknown[-1]})."
            )
        return take

    def _recorded_take(self, prepared: Prepared, take: int) -> Edit | None:
        if self._history is None or prepared.ask.new or prepared.ask.replay == "off":
            return None
        found = self._history.find(prepared.request.key, take)
        return next((edit for edit in found if self._may_answer(edit, prepared.ask)), None)

    def _may_answer(self, edit: Edit, ask: Ask) -> bool:
        """An offline picture answers for another model only where nobody can take it for that model's."""
        made_offline = bool(edit.result and is_offline(edit.result.provider))
        if not made_offline or is_offline(ask.model):
            return True
        return ask.replay == "only" or is_loopback(self._settings.base_url)

    async def _pay(self, prepared: Prepared, take: int, watch: Watch) -> Edit:
        def recorded() -> Edit | None:
            return self._recorded_take(prepared, take)

        return await self._in_loop().pay(
            prepared, take, self._settings, self._history, watch, recorded=recorded
        )

    def _in_loop(self) -> Till:
        """Return this process's till; called in the loop only."""
        if self._till is None or self._till[0] != os.getpid():
            self._till = (os.getpid(), Till(self._width, _offline_app))
        return self._till[1]

    def close(self) -> None:
        """Close connections; the history needs no closing."""
        if self._till and self._till[0] == os.getpid():
            till, self._till = self._till[1], None
            bridge.run(till.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        settings = self._settings
        key = "key set" if settings.api_key else "no key"
        return f"<Session {settings.model} at {settings.base_url}, {key}, history {settings.history}>"


_app: object | None = None


def _offline_app() -> object:
    global _app  # noqa: PLW0603 - one app for all sessions of the process
    if _app is None:
        from requesty_nb.offline import create_app  # noqa: PLC0415 - loaded when first needed

        _app = create_app(require_key=False)
    return _app


def _interrupted(watch: Watch, *, free: bool) -> Interrupted:
    if free:
        return Interrupted("Interrupted.", paid="no", hint="The kernel is fine; run the cell again.")
    if watch.sent:
        return Interrupted("Interrupted while waiting for the endpoint, which may go on working on it.")
    return Interrupted("Interrupted before the request had left.", paid="no", hint="The kernel is fine.")


_default: Session | None = None
_default_lock = threading.Lock()


def default() -> Session:
    """Return the session that `rq.edit` and the magics use, made from the environment at first use."""
    global _default  # noqa: PLW0603 - the one default of the process
    with _default_lock:
        if _default is None:
            _default = Session()
        return _default
