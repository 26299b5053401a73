"""An ASGI app asked in this process: piece by piece, and told when nobody reads any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import httpx
import pytest

from requesty_nb.client.inprocess import InProcess

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
URL = "http://offline.invalid/a%20b?c=d"


async def begin(send: Send, status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"x-is", b"here")]})


async def put(send: Send, data: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


def asking(app: App, use: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Run a conversation with an app, and see that it leaves no task behind."""

    async def whole() -> None:
        async with httpx.AsyncClient(transport=InProcess(app)) as client:
            with anyio.fail_after(20):
                await use(client)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(whole())


def test_request_and_answer_arrive_whole() -> None:
    async def echo(scope: Message, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        await begin(send, 201)
        await put(send, f"{scope['method']} {scope['path']} {scope['query_string'].decode()} ".encode())
        await put(send, body, more=False)

    async def pieces() -> Any:
        for piece in (b"1", b"2", b"3"):
            yield piece

    async def use(client: httpx.AsyncClient) -> None:
        answer = await client.post(URL, content=pieces())
        assert (answer.status_code, answer.headers["x-is"]) == (201, "here")
        assert answer.content == b"POST /a b c=d 123"

    asking(echo, use)


def test_a_piece_is_there_before_the_next_is_made() -> None:
    read = anyio.Event()

    async def app(_: Message, __: Receive, send: Send) -> None:
        await begin(send)
        await put(send, b"first")
        await read.wait()
        await put(send, b"second", more=False)

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("POST", URL) as response:
            came = []
            async for piece in response.aiter_raw():
                came.append(piece)
                read.set()
        assert came == [b"first", b"second"]

    asking(app, use)


def test_an_app_is_not_far_ahead_of_whoever_reads() -> None:
    made = 0

    async def app(_: Message, __: Receive, send: Send) -> None:
        nonlocal made
        await begin(send)
        for _ in range(100):
            await put(send, b"x")
            made += 1

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("POST", URL) as response:
            assert await anext(response.aiter_raw()) == b"x"
            await anyio.lowlevel.checkpoint()
            assert made < 20

    asking(app, use)


@pytest.mark.parametrize("listens", [True, False])
def test_an_app_ends_when_nobody_reads(monkeypatch: pytest.MonkeyPatch, *, listens: bool) -> None:
    monkeypatch.setattr("requesty_nb.client.inprocess._FAREWELL", 20.0 if listens else 0.05)
    ended: list[str] = []

    async def app(_: Message, receive: Receive, send: Send) -> None:
        assert not (await receive())["more_body"] or not (await receive())["more_body"]
        await begin(send)
        await put(send, b"first")
        try:
            if listens:
                ended.append((await receive())["type"])
            else:
                await anyio.sleep_forever()
        finally:
            ended.append("over")
            await put(send, b"late")

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("POST", URL) as response:
            assert await anext(response.aiter_raw()) == b"first"

    asking(app, use)
    assert ended == (["http.disconnect", "over"] if listens else ["over"])


def test_an_app_ends_when_its_answer_is_not_waited_for() -> None:
    ended = []

    async def app(_: Message, __: Receive, ___: Send) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    async def use(client: httpx.AsyncClient) -> None:
        with anyio.move_on_after(0.1) as scope:
            await client.post(URL)
        assert scope.cancelled_caught and ended

    asking(app, use)


def test_an_app_that_fails_is_a_refusal_or_a_broken_answer() -> None:
    async def at_once(_: Message, __: Receive, ___: Send) -> None:
        raise RuntimeError

    async def halfway(_: Message, __: Receive, send: Send) -> None:
        await begin(send)
        await put(send, b"first")
        raise RuntimeError

    async def refused(client: httpx.AsyncClient) -> None:
        assert (await client.post(URL)).status_code == 500

    async def broken(client: httpx.AsyncClient) -> None:
        with pytest.raises(httpx.ReadError):
            await client.post(URL)

    asking(at_once, refused)
    asking(halfway, broken)


def test_an_answer_may_be_empty() -> None:
    async def app(_: Message, __: Receive, send: Send) -> None:
        await begin(send, 204)
        await put(send, b"", more=False)

    async def use(client: httpx.AsyncClient) -> None:
        answer = await client.post(URL)
        assert answer.status_code == 204 and answer.content == b""

    asking(app, use)
