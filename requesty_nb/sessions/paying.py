"""The async core: note, send, prove, keep. What happens after a request has left is written down, always."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from requesty_nb.client import Call, Sender, Watch, fetch, so_far
from requesty_nb.errors import AnswerUnusable, Explained
from requesty_nb.models import Cost
from requesty_nb.pricing import prices_from
from requesty_nb.records import likely_cost
from requesty_nb.sessions import answering
from requesty_nb.sessions.flights import Flights, Slot
from requesty_nb.sessions.keeping import Keeper
from requesty_nb.settings import is_loopback, is_offline
from requesty_nb.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from requesty_nb.client import Reply
    from requesty_nb.images import Blob
    from requesty_nb.models import Edit
    from requesty_nb.pricing import Prices
    from requesty_nb.records import History
    from requesty_nb.sessions.asking import Prepared
    from requesty_nb.sessions.budget import Purse
    from requesty_nb.settings import Settings
    from requesty_nb.wire import Answer

OFFLINE_URL = "http://offline.invalid/v1"  # never resolved: the app answers in this process
_ANSWER_BYTES_PER_PICTURE = 72 << 20  # a 50 MB file in base64, and a little
_HANDS = 3  # threads that read answers: more would only keep those waiting that send
_FETCHED_BYTES = 50 << 20


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is to be paid for, on whose terms."""

    prepared: Prepared
    settings: Settings
    history: History | None
    watch: Watch
    purse: Purse
    prices: Prices
    permits: AbstractAsyncContextManager[object] | None

    def likely(self) -> Cost | None:
        """Return what it may cost, or None if that is not known."""
        return likely_cost(self.prepared.request, self.prices, self.prepared.ask.partial or 0)


class Till:
    """Pays for edits. Lives in one event loop.

    Args:
        width: how many requests may be under way at once.
        app: returns the app that answers ``offline/...`` in this process.
    """

    def __init__(self, width: int, app: Callable[[], object]) -> None:
        self._sender = Sender()
        self._permits = anyio.CapacityLimiter(width)
        self._hands = anyio.CapacityLimiter(_HANDS)
        self._app = app
        self._flights = Flights()
        self._going = 0
        self._quiet = anyio.Event()  # anew whenever the first of several begins

    async def pay(
        self,
        prepared: Prepared,
        take: int,
        settings: Settings,
        history: History | None,
        watch: Watch,
        *,
        recorded: Callable[[], Edit | None],
        purse: Purse,
        permits: AbstractAsyncContextManager[object] | None = None,
    ) -> Edit:
        """Send a request once and return its edit; the same request and take under way is joined.

        Who joins one waits for it no longer than his own ask allows; the edit has the tags of the first.

        Args:
            recorded: looks once more for a recorded answer, which another thread may just have got.
            purse: what it may cost is held there, and what it did cost entered.
            permits: of those it goes with, in place of the till's own; None for the till's.

        Raises:
            ImgEditError: of the type that says what became of it.
        """
        with self._under_way():
            # Now: what is wrong with them must not be found when it has been paid.
            prices = await anyio.to_thread.run_sync(prices_from, settings.prices)
            errand = _Errand(prepared, settings, history, watch, purse, prices, permits)
            if history is None:
                return await self._fly(errand, take)
            key = await anyio.to_thread.run_sync(lambda: prepared.request.key)

            async def make(take: int) -> Edit:
                if edit := await anyio.to_thread.run_sync(recorded):
                    return edit
                return await self._fly(errand, take)

            # Each of several new ones at once gets a take of its own.
            new = prepared.ask.new or prepared.ask.replay == "off"
            return await self._flights.edit(
                Slot(history.folder, key, take),
                _endpoint(prepared, settings),
                watch,
                make,
                patience=prepared.ask.timeout,
                next_take=(lambda: history.next_take(key)) if new else None,
            )

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        if not self._going:
            self._quiet = anyio.Event()
        self._going += 1
        try:
            yield
        finally:
            self._going -= 1
            if not self._going:
                self._quiet.set()

    async def _fly(self, errand: _Errand, take: int) -> Edit:
        with self._under_way():  # it may outlast whoever asked for it
            # Where digests are at hand. Without a history and a limit, they would be made for this alone.
            wanted = errand.purse.limited or errand.history is not None
            likely = await anyio.to_thread.run_sync(errand.likely) if wanted else None
            errand.purse.hold(likely, errand.prepared.ask.model)
            cost: Cost | None = likely
            try:
                edit = await self._written_down(errand, take)
                cost = edit.cost or likely
            except BaseException as error:
                cost = None
                if likely is not None and _may_be_paid(error, errand.watch):
                    cost = Cost(0.0, likely.high, "estimate")
                raise
            finally:
                errand.purse.settle(likely, cost)
            return edit

    async def _written_down(self, errand: _Errand, take: int) -> Edit:
        prepared = errand.prepared
        keeper = Keeper(prepared, take, _endpoint(prepared, errand.settings), errand.history)
        try:
            return await self._attempt(errand, take, keeper)
        except BaseException as error:
            if isinstance(error, Explained):
                error.without_frames()
                if is_offline(prepared.ask.model):
                    error.paid = "no"
                if errand.watch.partial is not None:
                    error.with_partial(errand.watch.partial.data)
            # Even a cancelled call is written down before it goes.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(keeper.fail, error, errand.watch, errand.prices)
            raise

    async def _attempt(self, errand: _Errand, take: int, keeper: Keeper) -> Edit:
        prepared, watch = errand.prepared, errand.watch
        kept = await anyio.to_thread.run_sync(keeper.store)
        call = await anyio.to_thread.run_sync(self._call, errand, take, kept)
        watch.state = "waiting for a place"
        # The note is written only when the request is about to leave: whatever waits is no unknown outcome.
        async with errand.permits or self._permits:
            await anyio.to_thread.run_sync(keeper.begin)
            reply = await self._sent(call, watch)
        answer, received = await self._read(reply, call, errand)
        del reply  # as large as its pictures and a third: many may be waiting to be kept
        # A paid picture is kept, whoever has stopped waiting for it.
        with anyio.CancelScope(shield=True):
            judged = prepared.on_kept(kept)
            outcome = await anyio.to_thread.run_sync(
                answering.judge, judged, answer, received, errand.prices, limiter=self._hands
            )
            edit = await anyio.to_thread.run_sync(keeper.keep, outcome, limiter=self._hands)
        return edit  # noqa: RET504 - a scope might swallow, to the type checker

    async def _sent(self, call: Call, watch: Watch) -> Reply:
        try:
            return await self._sender.send(call, watch)
        except anyio.get_cancelled_exc_class():
            if (reply := so_far(watch)) and reply.heard and reply.heard.completed:
                reply.heard.ended = "was interrupted"
                return reply  # what has come of it is kept as any answer is, whoever has stopped waiting
            raise

    async def _read(self, reply: Reply, call: Call, errand: _Errand) -> tuple[Answer, list[bytes | str]]:
        errand.watch.state = "reading the answer"
        redact = call.key.redact if call.key else str
        with anyio.CancelScope(shield=True):
            take_apart = partial(answering.take_apart, reply, redact, had_key=bool(call.key))
            answer = await anyio.to_thread.run_sync(take_apart, limiter=self._hands)
        return answer, await _received(answer, errand.settings.base_url, call.timeout, redact)

    def _call(self, errand: _Errand, take: int, kept: Mapping[str, Blob]) -> Call:
        prepared, settings = errand.prepared, errand.settings
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
            answer_limit=_ANSWER_BYTES_PER_PICTURE * prepared.ask.n * (1 + (prepared.ask.partial or 0)),
            app=self._app() if offline else None,
            streamed=0 if prepared.ask.partial is None else prepared.ask.n,
            partials=prepared.ask.partial or 0,
        )

    async def landed(self) -> None:
        """Wait until nothing is under way."""
        while self._going:
            await self._quiet.wait()

    async def aclose(self) -> None:
        """Wait until nothing is under way, and close what is open."""
        await self.landed()
        await self._sender.aclose()


def _may_be_paid(error: BaseException, watch: Watch) -> bool:
    return error.paid != "no" if isinstance(error, Explained) else watch.sent


def _endpoint(prepared: Prepared, settings: Settings) -> str:
    return "offline" if is_offline(prepared.ask.model) else settings.base_url


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
