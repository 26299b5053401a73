"""An ASGI app that answers in this process, piece by piece: httpx' own transport hands over whole answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]


_PIECES = 8  # that an app may be ahead of whoever reads


class InProcess(httpx.AsyncBaseTransport):
    """Sends requests to an ASGI app; a fault of the app is a 500, or a broken answer, as over the network."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the app, and return its answer as soon as it has begun."""
        talk = _Talk(request)
        talk.task = asyncio.create_task(talk.run(self._app))
        await talk.begun.wait()
        return httpx.Response(talk.status, headers=talk.headers, stream=talk)


class _Talk(httpx.AsyncByteStream):
    """One request and its answer."""

    def __init__(self, request: httpx.Request) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - an asynchronous client's
        self._body = aiter(request.stream)
        self._request = request
        self._asked = False
        self._gone = asyncio.Event()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(_PIECES)
        self._broken = False
        self.begun = asyncio.Event()
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.task: asyncio.Task[None] | None = None

    async def run(self, app: App) -> None:
        """Have the app answer."""
        url = self._request.url
        scope = {
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
        try:
            await app(scope, self._receive, self._send)
        except Exception:  # noqa: BLE001 - over the network nobody would hear of it either
            self._broken = self.begun.is_set()
        finally:
            self.begun.set()
            if not self._gone.is_set():
                await self._pieces.put(None)

    async def _receive(self) -> Message:
        if self._asked:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        piece = await anext(self._body, None)
        self._asked = piece is None
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
            return
        if not self._gone.is_set() and (body := message.get("body", b"")):
            self.begun.set()
            await self._pieces.put(body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece
        if self._broken:
            raise httpx.ReadError("The app broke off its answer.", request=self._request)

    async def aclose(self) -> None:
        """Tell the app that nobody reads any more."""
        self._gone.set()
        if self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task])
