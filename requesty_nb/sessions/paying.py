"""The async core: note, send, prove, keep. What happens after a request has left is written down, always."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import msgspec

from requesty_nb.client import Call, Sender, Watch, fetch
from requesty_nb.errors import AnswerUnusable, Explained, HistoryFault
from requesty_nb.images import Blob
from requesty_nb.models import Edit, EditRecord, EditRequest, Failure
from requesty_nb.records import new_id
from requesty_nb.sessions import answering
from requesty_nb.sessions.flights import Flights
from requesty_nb.settings import is_loopback, is_offline
from requesty_nb.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requesty_nb.records import History
    from requesty_nb.sessions.asking import Prepared
    from requesty_nb.settings import Settings
    from requesty_nb.wire import Answer

OFFLINE_URL = "http://offline.invalid/v1"  # never resolved: the app answers in this process
_ANSWER_BYTES_PER_PICTURE = 72 << 20  # a 50 MB file in base64, and a little
_FETCHED_BYTES = 50 << 20


class Till:
    """Pays for edits. Lives in one event loop.

    Args:
        width: how many requests may be under way at once.
        app: returns the app that answers ``offline/...`` in this process.
    """

    def __init__(self, width: int, app: Callable[[], object]) -> None:
        self._sender = Sender(width)
        self._app = app
        self._flights = Flights()

    async def pay(
        self,
        prepared: Prepared,
        take: int,
        settings: Settings,
        history: History | None,
        watch: Watch,
        *,
        recorded: Callable[[], Edit | None],
    ) -> Edit:
        """Send a request once and return its edit; the same request and take under way is joined.

        Args:
            recorded: looks once more for a recorded answer, which another thread may just have got.

        Raises:
            ImgEditError: of the type that says what became of it.
        """
        if history is None:
            return await self._fly(prepared, take, settings, None, watch)
        key = await anyio.to_thread.run_sync(lambda: prepared.request.key)

        async def make(take: int) -> Edit:
            if edit := await anyio.to_thread.run_sync(recorded):
                return edit
            return await self._fly(prepared, take, settings, history, watch)

        # Each of several new ones at once gets a take of its own.
        new = prepared.ask.new or prepared.ask.replay == "off"
        next_take = (lambda: history.next_take(key)) if new else None
        return await self._flights.edit(key, take, watch, make, next_take=next_take)

    async def _fly(
        self, prepared: Prepared, take: int, settings: Settings, history: History | None, watch: Watch
    ) -> Edit:
        endpoint = "offline" if is_offline(prepared.ask.model) else settings.base_url
        keeper = _Keeper(prepared, take, endpoint, history)
        try:
            return await self._attempt(prepared, take, settings, keeper, watch)
        except BaseException as error:
            if isinstance(error, Explained):
                error.without_frames()
                if is_offline(prepared.ask.model):
                    error.paid = "no"
            # Even a cancelled call is written down before it goes.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(keeper.fail, error, watch)
            raise

    async def _attempt(
        self, prepared: Prepared, take: int, settings: Settings, keeper: _Keeper, watch: Watch
    ) -> Edit:
        kept = await anyio.to_thread.run_sync(keeper.begin)
        call = await anyio.to_thread.run_sync(self._call, prepared, take, settings, kept)
        keeper.clock = time.monotonic()
        answer, received = await self._answered(call, settings, watch)
        # A paid picture is kept, whoever has stopped waiting for it.
        with anyio.CancelScope(shield=True):
            judged = prepared.on_kept(kept)
            outcome = await anyio.to_thread.run_sync(answering.judge, judged, answer, received)
            edit = await anyio.to_thread.run_sync(keeper.keep, outcome)
        return edit  # noqa: RET504 - a scope might swallow, to the type checker

    async def _answered(
        self, call: Call, settings: Settings, watch: Watch
    ) -> tuple[Answer, list[bytes | str]]:
        reply = await self._sender.send(call, watch)
        watch.state = "reading the answer"
        redact = call.key.redact if call.key else str
        with anyio.CancelScope(shield=True):
            answer = await anyio.to_thread.run_sync(answering.take_apart, reply, redact)
        return answer, await _received(answer, settings.base_url, call.timeout, redact)

    def _call(self, prepared: Prepared, take: int, settings: Settings, kept: Mapping[str, Blob]) -> Call:
        offline = is_offline(prepared.ask.model)
        headers = {"User-Agent": f"requesty_nb/{VERSION}"}
        if offline or is_loopback(settings.base_url):
            headers["X-Requesty-Take"] = str(take)  # only the offline endpoint knows it
        return Call(
            url=f"{OFFLINE_URL if offline else settings.base_url}/images/edits",
            body=prepared.body(kept),
            headers=headers,
            key=None if offline else settings.api_key,
            timeout=prepared.ask.timeout,
            answer_limit=_ANSWER_BYTES_PER_PICTURE * prepared.ask.n,
            app=self._app() if offline else None,
        )

    async def aclose(self) -> None:
        """Close what is open."""
        await self._sender.aclose()


async def _received(
    answer: Answer,
    endpoint: str,
    timeout: float,  # noqa: ASYNC109 - handed on
    redact: Callable[[str], str],
) -> list[bytes | str]:
    """Return the bytes of each picture, or why there are none: one that fails does not lose the others."""

    async def one(image: bytes | str | None) -> bytes | str | AnswerUnusable:
        if not isinstance(image, str):
            return image or "it cannot be decoded"
        try:
            return await fetch(image, endpoint=endpoint, limit=_FETCHED_BYTES, timeout=timeout)
        except AnswerUnusable as error:
            error.message, error.body = redact(error.message), redact(error.body)
            error.request_id = answer.request_id
            return error

    received = [await one(image) for image in answer.images]
    faults = [data for data in received if isinstance(data, AnswerUnusable)]
    if faults and not any(isinstance(data, bytes) for data in received):
        raise faults[0]
    return [f"{data.message} {data.body}" if isinstance(data, AnswerUnusable) else data for data in received]


class _Keeper:
    """Writes one attempt down, in a history or, without one, into the edit itself."""

    def __init__(self, prepared: Prepared, take: int, endpoint: str, history: History | None) -> None:
        self._prepared = prepared
        self._take = take
        self._endpoint = endpoint
        self._started = datetime.now(UTC)
        self._begun = False
        self._history = history
        self._id = new_id()
        self.clock = time.monotonic()  # set again when the sending begins

    def begin(self) -> dict[str, Blob]:
        """Put note and inputs on disk; return the kept inputs, to send from."""
        if self._history is None:
            return {}
        ask, inputs = self._prepared.ask, self._prepared.inputs
        note = self._history.begin(
            self._prepared.request,
            self._take,
            [(blob, sha256) for sha256, blob in inputs.items()],
            timeout=ask.timeout,
            endpoint=self._endpoint,
            tags=ask.tags,
        )
        self._id = note.id
        self._begun = True
        return {sha256: Blob.at(self._history.objects.path(sha256)) for sha256 in inputs}

    def keep(self, outcome: answering.Outcome) -> Edit:
        """Record a good answer. Pictures that were paid for reach the user even if the disk fails."""
        record = EditRecord(
            state="ok",
            result=outcome.result,
            restored=outcome.restored,
            leak=outcome.leak,
            notes=outcome.notes,
            **self._common(),
        )
        if self._history is None:
            return Edit(record, self._memory(outcome.pictures))
        try:
            return self._history.finish(record, outcome.pictures)
        except HistoryFault as fault:
            warning = (
                f"NOT KEPT: {fault.message} The pictures are in memory only; "
                "keep them with edit.images[0].save('a-file.png')."
            )
            loud = msgspec.structs.replace(record, notes=(warning, *outcome.notes))
            return Edit(loud, self._memory(outcome.pictures))

    def fail(self, error: BaseException, watch: Watch) -> None:
        """Record an attempt that gave no picture."""
        if self._history is None or not self._begun:
            return
        offline = is_offline(self._prepared.ask.model)  # where nothing is paid, nothing is left to find out
        paid = error.paid != "no" if isinstance(error, Explained) else watch.sent
        unknown = paid and not offline
        record = EditRecord(
            state="unknown" if unknown else "failed", failure=_failure(error, watch), **self._common()
        )
        try:
            self._history.finish(record, {})
        except HistoryFault:
            return  # the pending note stays, and says the same
        if isinstance(error, Explained):
            error.attempt = self._id

    def _common(self) -> dict[str, Any]:
        request: EditRequest = self._prepared.request
        return {
            "id": self._id,
            "key": request.key,
            "take": self._take,
            "request": request,
            "started": self._started,
            "elapsed": round(time.monotonic() - self.clock, 3),
            "endpoint": self._endpoint,
            "tags": self._prepared.ask.tags,
            "versions": answering.versions(),
        }

    def _memory(self, pictures: Mapping[str, bytes]) -> Callable[[str], bytes]:
        inputs = self._prepared.inputs

        def read(sha256: str) -> bytes:
            return pictures[sha256] if sha256 in pictures else inputs[sha256].read()

        return read


def _failure(error: BaseException, watch: Watch) -> Failure:
    if isinstance(error, Explained):
        return Failure(
            type=type(error).__name__,
            message=error.message,
            hint=error.hint,
            paid=error.paid,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            body=error.body,
        )
    paid = "perhaps" if watch.sent else "no"
    if isinstance(error, Exception):  # a fault of our own
        said = f"{type(error).__name__} while {watch.state}."
        return Failure(type=type(error).__name__, message=said, paid=paid)
    return Failure(type="Interrupted", message=f"Interrupted while {watch.state}.", paid=paid)
