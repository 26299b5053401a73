"""One request, sent once: permits, common pauses, the deadline, and what a failure means for the bill."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import httpx

from requesty_nb import wire
from requesty_nb.client.calls import Heard, Reply, so_far
from requesty_nb.client.inprocess import InProcess
from requesty_nb.client.reading import widen
from requesty_nb.client.streams import listen
from requesty_nb.client.transfer import NO_KEEPALIVE, TIMEOUTS, Bearer, read_capped, unpacked
from requesty_nb.errors import AnswerUnusable, ImgEditError, NotSent, OutcomeUnknown, RateLimited

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from requesty_nb.client.calls import Call, Watch
    from requesty_nb.wire import Body

_CONNECT_TRIES = 3
_HANDS = 2  # threads that read events of streams
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 8.0
_REFUSAL_LIMIT = 65_536
_TOO_MANY, _UNAVAILABLE = 429, 503


class Sender:
    """Sends calls, as many at a time as are asked for. Lives in one event loop."""

    def __init__(self) -> None:
        self._paused_until: dict[str, float] = {}  # by address: one endpoint's pause is no other's
        self._clients: dict[object, httpx.AsyncClient] = {}
        self._making = anyio.Lock()
        self._hands = anyio.CapacityLimiter(_HANDS)

    async def send(self, call: Call, watch: Watch) -> Reply:
        """Return the endpoint's good answer.

        Raises:
            ImgEditError: of the type that says what became of the request.
        """
        left = paused = call.timeout
        for attempt in itertools.count(1):
            await self._sit_out_pause(call, watch, left)
            begun = time.monotonic()
            reply = await self._attempt(call, watch, left)
            left -= time.monotonic() - begun
            if isinstance(reply, Reply) and reply.ok:
                return reply
            error = self._error(call, reply)
            delay = _delay(reply, attempt)
            if delay is None:
                raise error
            paused -= delay
            if delay > left or paused < 0:
                raise _cannot_wait(error, delay)
            if isinstance(reply, Reply):
                self._paused_until[call.url] = max(
                    self._paused_until.get(call.url, 0.0), time.monotonic() + delay
                )
            watch.state = f"asked to wait {delay:.0f} s" if isinstance(reply, Reply) else "connecting again"
            watch.begun = watch.sent = False
            await anyio.sleep(delay)
        raise AssertionError  # pragma: no cover - count() does not end

    async def aclose(self) -> None:
        """Close what is open."""
        for client in self._clients.values():
            await client.aclose()

    async def _sit_out_pause(self, call: Call, watch: Watch, left: float) -> None:
        while (rest := self._paused_until.get(call.url, 0.0) - time.monotonic()) > 0:
            if rest > left:
                raise _cannot_wait(RateLimited("The endpoint asked all to slow down."), rest)
            watch.state = f"the endpoint asked to wait {rest:.0f} s"
            await anyio.sleep(rest)

    async def _attempt(self, call: Call, watch: Watch, left: float) -> Reply | NotSent:
        """Send once. A connection that was never made comes back as a value: it may be tried again."""
        failure: ImgEditError | None = None
        with anyio.move_on_after(max(0.0, left)) as scope:
            try:
                return await self._exchange(call, watch)
            except httpx.HTTPError as error:
                failure = _meaning(error, watch)
            except httpx.InvalidURL:
                failure = NotSent("The endpoint's address is not one.", hint="Check REQUESTY_BASE_URL.")
            except ImgEditError as error:
                failure = error.with_traceback(None)
        # Raised out here, so that no frame of the HTTP library, where headers are variables, hangs on it.
        if scope.cancelled_caught:
            if reply := so_far(watch):  # a picture that has come is not lost to another that has not
                assert reply.heard is not None  # noqa: S101 - the type checker cannot see it
                reply.heard.ended = f"had not ended after {call.timeout:g} s"
                return reply
            failure = _out_of_time(call, watch)
        elif isinstance(failure, NotSent) and not watch.begun:
            return failure
        assert failure is not None  # noqa: S101 - the type checker cannot see that one of the three held
        raise failure

    async def _exchange(self, call: Call, watch: Watch) -> Reply:
        headers = {
            **call.headers,
            "Content-Type": call.body.content_type,
            "Content-Length": str(call.body.length),
            "Accept": "text/event-stream, application/json" if call.streamed else "application/json",
            "Accept-Encoding": "identity",
        }
        watch.state = "connecting"
        client = await self._client(call)
        async with client.stream(
            "POST", call.url, headers=headers, content=_body(call.body, watch), auth=Bearer(call.key)
        ) as response:
            watch.state = "receiving"
            return await _reply(response, call, watch, self._hands)

    async def _client(self, call: Call) -> httpx.AsyncClient:
        """Return the client for the network, or for an app; made once each, as that takes long."""
        async with self._making:
            if call.app not in self._clients:
                self._clients[call.app] = await anyio.to_thread.run_sync(_made, call.app)
        return self._clients[call.app]

    def _error(self, call: Call, reply: Reply | NotSent) -> ImgEditError:
        if isinstance(reply, NotSent):
            return reply
        redact = call.key.redact if call.key else str
        return wire.refusal(reply.status, reply.headers, reply.content, redact, had_key=bool(call.key))


def _made(app: object | None) -> httpx.AsyncClient:
    """Make a client; with the network's certificates to read, in a thread."""
    if app is None:
        made = httpx.AsyncClient(timeout=TIMEOUTS, limits=NO_KEEPALIVE, follow_redirects=False)
        widen(made._transport)  # noqa: SLF001 - environment proxies rule out a transport of our own
        return made
    return httpx.AsyncClient(transport=InProcess(app), timeout=TIMEOUTS, trust_env=False)  # type: ignore[arg-type]  # any ASGI app


async def _body(body: Body, watch: Watch) -> AsyncIterator[bytes]:
    watch.state = "sending"
    for piece in body.pieces():
        watch.begun = True
        yield piece
    watch.sent = True
    watch.state = "waiting for the picture"


async def _reply(response: httpx.Response, call: Call, watch: Watch, hands: anyio.CapacityLimiter) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status_code
    if not response.is_success:
        try:
            content = await read_capped(response, _REFUSAL_LIMIT, truncate=True)
        except (httpx.HTTPError, AnswerUnusable):
            content = b""  # the status alone says enough
        return Reply(status, headers, content)
    try:
        if call.streamed:
            pieces = unpacked(response, call.answer_limit)
            return await listen(pieces, Heard(status, headers), call, watch, hands)
        return Reply(status, headers, await read_capped(response, call.answer_limit))
    except httpx.HTTPError:
        message = "The endpoint said yes, but its answer broke off."
    raise AnswerUnusable(message, status=status)


def _meaning(error: httpx.HTTPError, watch: Watch) -> ImgEditError:
    """Say what a broken exchange means: never sent, half sent, or sent with an unknown outcome."""
    what = wire.plain(str(error), 200) or type(error).__name__
    if watch.sent:
        return OutcomeUnknown(f"The request was sent, but no answer came ({what}).")
    if watch.begun:
        return NotSent(f"The connection broke while the request was being sent ({what}).")
    if isinstance(error, httpx.UnsupportedProtocol):
        return NotSent("The endpoint's address is not one.", hint="Check REQUESTY_BASE_URL.")
    return NotSent(f"The endpoint could not be reached ({what}).")


def _out_of_time(call: Call, watch: Watch) -> ImgEditError:
    if watch.heard is not None:
        return OutcomeUnknown(
            f"The endpoint began to answer, but sent no finished picture within {call.timeout:g} s."
        )
    if watch.sent:
        return OutcomeUnknown(f"The request was sent, but no answer came within {call.timeout:g} s.")
    return NotSent(
        f"The request could not be sent within {call.timeout:g} s.", hint="Give it more time with --timeout."
    )


def _delay(reply: Reply | NotSent, attempt: int) -> float | None:
    """Return how long to wait before sending again; None if it must not be sent again."""
    backoff = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** min(attempt - 1, 10))
    if isinstance(reply, NotSent):
        return backoff if attempt < _CONNECT_TRIES else None
    asked = wire.retry_after(reply.headers)
    asked = None if asked is None else max(asked, _FIRST_DELAY)  # "at once" would be a storm
    if reply.status == _TOO_MANY:
        return backoff if asked is None else asked
    if reply.status == _UNAVAILABLE:
        return asked
    return None


def _cannot_wait(error: ImgEditError, delay: float) -> ImgEditError:
    error.hint = (
        f"It asks to wait {delay:.0f} s, longer than this call may take: try later, or raise --timeout."
    )
    if isinstance(error, RateLimited):
        error.paid = "no"
    return error
