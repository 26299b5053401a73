"""An answer that comes as events: read as it comes, unfinished pictures shown meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx

from requesty_nb import wire
from requesty_nb.client.calls import Heard, Partial, Reply
from requesty_nb.errors import AnswerUnusable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from requesty_nb.client.calls import Call, Watch

_SMALL = 32_768  # bytes that are read on the loop at a time; a larger event goes to a thread
_SILENCE = 5.0  # seconds without a byte after an event of an error: then no picture will follow
_FIRST_LETTERS = frozenset(b"deir:")  # data, event, id, retry, and comments


async def listen(
    pieces: AsyncIterator[bytes], heard: Heard, call: Call, watch: Watch, hands: anyio.CapacityLimiter
) -> Reply:
    """Read what may be events; an endpoint that does not stream answers as a whole.

    Args:
        pieces: of the body.
        heard: is filled as they come, so that nothing is lost if this is cancelled.
        call: says how many pictures were asked for.
        watch: gets the unfinished pictures as they come.
        hands: for the threads that read large events.
    """
    blank: list[bytes] = []
    async for piece in pieces:
        blank.append(piece)
        if piece.strip():
            break
    beginning = b"".join(blank)
    if is_stream(heard.headers.get("content-type", ""), beginning):
        watch.heard = heard
        await _hear(_joined(beginning, pieces), call, watch, heard, hands)
        return Reply(heard.status, heard.headers, b"", heard)
    rest = [piece async for piece in pieces]
    return Reply(heard.status, heard.headers, b"".join([beginning, *rest]))


def is_stream(media_type: str, beginning: bytes) -> bool:
    """Tell whether an answer is events: by its first byte if that says so, else by what it is called."""
    first = beginning.removeprefix(wire.BOM).lstrip()[:1]
    if first and first in b"{[<":
        return False
    return (first != b"" and first[0] in _FIRST_LETTERS) or "event-stream" in media_type.casefold()


async def _joined(beginning: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield beginning
    async for piece in pieces:
        yield piece


async def _hear(
    pieces: AsyncIterator[bytes], call: Call, watch: Watch, heard: Heard, hands: anyio.CapacityLimiter
) -> None:
    """Read events until as many pictures are finished as were asked for, or the stream ends.

    What is repeated counts once, what is of no known type is passed over, and nothing goes by its order.
    """
    framer = wire.Framer()
    try:
        while (piece := await _next(pieces, heard)) is not None:
            for start in range(0, len(piece), _SMALL):
                for block in framer.feed(piece[start : start + _SMALL]):
                    await _take(block, call, watch, heard, hands)
                    if heard.answer or len(heard.completed) >= call.streamed:
                        return
                await anyio.lowlevel.checkpoint()  # others have their turn, however many events come
    except httpx.HTTPError:
        heard.ended = "broke off"
    except AnswerUnusable as error:
        heard.ended, heard.reason = "was broken off", error.message
    for block in framer.rest():  # what was paid for is not lost to an empty line; half an event is none
        await _take(block, call, watch, heard, hands)


async def _next(pieces: AsyncIterator[bytes], heard: Heard) -> bytes | None:
    with anyio.move_on_after(_SILENCE if heard.error else None):
        return await anext(pieces, None)
    return None


async def _take(
    block: bytearray, call: Call, watch: Watch, heard: Heard, hands: anyio.CapacityLimiter
) -> None:
    if b"data" not in block:
        return
    if len(block) <= _SMALL:
        event = wire.read_event(block)
    else:
        event = await anyio.to_thread.run_sync(wire.read_event, block, limiter=hands)
    match event.kind:
        case "completed" if not event.picture:
            heard.undecodable += 1
        case "completed" if not any(_same(event, one) for one in heard.completed):
            heard.completed.append(event)
            watch.partial = None
        case "partial" if isinstance(event.picture, bytes):
            heard.partials += 1
            _show(event, event.picture, call, watch, heard)
        case "error" if heard.error is None:
            heard.error = event
        case "answer" if heard.answer is None:
            heard.answer = event


def _same(event: wire.Event, other: wire.Event) -> bool:
    return event.picture == other.picture and event.data.get("usage") == other.data.get("usage")


def _show(event: wire.Event, data: bytes, call: Call, watch: Watch, heard: Heard) -> None:
    """Put an unfinished picture where it is seen, unless a later one is there."""
    most = max(1, call.partials)
    number = min(max(event.index, 0) + 1, most)
    if watch.partial is None or watch.partial.number <= number:
        watch.partial = Partial(data, number, most, len(heard.completed) + 1)
