"""An answer that comes as events: read as it comes, unfinished pictures shown meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread
import httpx

from requesty_nb import wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from requesty_nb.client.sender import Watch

_SMALL = 65_536  # bytes of an event that are read on the loop


@dataclass(frozen=True, slots=True)
class Partial:
    """An unfinished picture: its bytes, unproven, and which it is of which picture, both from 1."""

    data: bytes = field(repr=False)
    number: int
    picture: int


@dataclass(slots=True)
class Heard:
    """What came of a stream.

    Attributes:
        completed: the events that hold a finished picture.
        error: the event that says that it failed, if one does.
        broken: whether it broke off.
        partials: how many unfinished pictures came.
    """

    completed: list[wire.Event] = field(default_factory=list)
    error: wire.Event | None = None
    broken: bool = False
    partials: int = 0


def is_stream(media_type: str, beginning: bytes) -> bool:
    """Tell whether an answer is events, by its first bytes, whatever it is called."""
    first = beginning.lstrip()[:1]
    if first in {b"{", b"[", b"<"}:
        return False
    return first in {b"d", b"e", b":", b"i", b"r", b"\xef"} or "event-stream" in media_type


async def hear(pieces: AsyncIterator[bytes], wanted: int, watch: Watch) -> Heard:
    """Read events until as many pictures are finished as were asked for, or the stream ends.

    What is repeated counts once, what is of no known type is passed over, and nothing goes by its order.

    Args:
        pieces: of the body.
        wanted: how many pictures were asked for.
        watch: gets the unfinished pictures as they come.
    """
    heard, framer = Heard(), wire.Framer()
    seen: set[bytes] = set()
    try:
        async for piece in pieces:
            for block in framer.feed(piece):
                await _take(block, heard, seen, watch)
                if len(heard.completed) >= wanted:
                    return heard
    except httpx.HTTPError:
        heard.broken = True
    for (
        block
    ) in framer.rest():  # what was paid for is not lost to an empty line; the start of an event is none
        await _take(block, heard, seen, watch)
    return heard


async def _take(block: bytes, heard: Heard, seen: set[bytes], watch: Watch) -> None:
    if len(block) <= _SMALL:
        event = wire.read_event(block)
    else:
        event = await anyio.to_thread.run_sync(wire.read_event, block)
    if event.kind == "completed" and event.picture is not None:
        if event.picture not in seen:
            seen.add(event.picture)
            heard.completed.append(event)
            watch.partial = None
    elif event.kind == "partial" and event.picture is not None:
        heard.partials += 1
        watch.partial = Partial(event.picture, event.index + 1, len(heard.completed) + 1)
    elif event.kind == "error" and heard.error is None:
        heard.error = event
