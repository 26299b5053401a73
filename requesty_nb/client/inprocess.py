"""An ASGI app that answers in this process, piece by piece: httpx' own transport hands over whole answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import anyio
import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]


_PIECES = 8  # that an app may be ahead of whoever reads
_FAREWELL = 1.0  # seconds an app has to end once it is told that nobody reads

_log = logging.getLogger(__name__)


class InProcess(httpx.AsyncBaseTransport):
    """Sends requests to an ASGI app; a fault of the app is a 500, or a broken answer, as over the network."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the app, and return its answer as soon as it has begun."""
        talk = _Talk(self._app, request)
        try:
            await talk.begun.wait()
        except BaseException:
            await talk.aclose()
            raise
        return httpx.Response(talk.status, headers=talk.headers, stream=talk)


class _Talk(httpx.AsyncByteStream):
    """One request and its answer."""

    def __init__(self, app: App, request: httpx.Request) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - an asynchronous client's
        self._body = aiter(request.stream)
        self._request = request
        self._asked = False
        self._gone = anyio.Event()
        self._into, self._pieces = anyio.create_memory_object_stream[bytes](_PIECES)
        self._broken = False
        self.begun = anyio.Event()
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self._task = asyncio.create_task(self._run(app))

    async def _run(self, app: App) -> None:
        """Have the app answer, in a task of its own: it goes on while its answer is read."""
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:  # noqa: BLE001 - an app may fail of anything
            _log.debug("The app failed.", exc_info=True)  # whoever asked is told by the answer
            self._broken = self.begun.is_set()
        finally:
            self.begun.set()
            self._into.close()

    def _scope(self) -> Message:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }

    async def _receive(self) -> Message:
        if not self._asked:
            piece = await anext(self._body, None)
            self._asked = piece is None
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        elif body := message.get("body", b""):
            self.begun.set()
            with contextlib.suppress(anyio.BrokenResourceError):  # nobody reads: the app is told of it
                await self._into.send(body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece
        if self._broken:
            raise httpx.ReadError("The app broke off its answer.", request=self._request)

    async def aclose(self) -> None:
        """Tell the app that nobody reads any more, and see that it ends; at once if it has not begun."""
        self._gone.set()
        self._pieces.close()
        with anyio.CancelScope(shield=True):
            try:
                await asyncio.wait([self._task], timeout=_FAREWELL if self.begun.is_set() else 0)
            finally:
                self._task.cancel()
            await asyncio.wait([self._task])
