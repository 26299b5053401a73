"""What goes to an endpoint, what comes back, and what is known meanwhile."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requesty_nb.settings import Secret
    from requesty_nb.wire import Body, Event


@dataclass(frozen=True, slots=True)
class Call:
    """One POST, ready to go.

    Attributes:
        url: the full address.
        body: what is sent.
        headers: what goes with it, but for the key.
        key: the API key, or None.
        timeout: seconds for the whole call; a pause that the endpoint asked for does not count.
        answer_limit: bytes an answer may have.
        app: the ASGI app that answers in this process; None for the network.
        streamed: how many pictures a streamed answer is to bring; 0 where none was asked for.
        partials: how many unfinished ones of each it may bring.
    """

    url: str
    body: Body
    headers: Mapping[str, str]
    key: Secret | None
    timeout: float
    answer_limit: int
    app: object | None = None
    streamed: int = 0
    partials: int = 0


@dataclass(frozen=True, slots=True)
class Partial:
    """An unfinished picture: its bytes, unproven, and which it is of how many of which picture, from 1."""

    data: bytes = field(repr=False)
    number: int
    of: int
    picture: int


@dataclass(slots=True)
class Heard:
    """What has come of a stream so far.

    Attributes:
        status: of the answer that it is the body of.
        headers: of that answer.
        completed: the events that hold a finished picture.
        answer: an event that holds a whole answer, as it would be without a stream.
        error: the first event that says that something failed.
        partials: how many unfinished pictures came.
        undecodable: how many finished ones came that are none.
        ended: how it ended, as a verb.
        reason: a sentence on why it did, if there is one.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    completed: list[Event] = field(default_factory=list)
    answer: Event | None = None
    error: Event | None = None
    partials: int = 0
    undecodable: int = 0
    ended: str = "ended"
    reason: str = ""

    @property
    def tells(self) -> bool:
        """Whether something came that settles what became of the request."""
        return bool(self.completed or self.answer or self.error)


@dataclass(slots=True)
class Watch:
    """What a call is doing. Written by the loop, read by whoever shows or records it.

    Attributes:
        state: a few words for a screen.
        begun: whether any of the body has left.
        sent: whether all of it has left: from then on it may be worked on and billed.
        started: seconds of the monotonic clock when it was made.
        partial: the last unfinished picture that came, while there is none better.
        heard: what has come of a stream, once one has begun.
    """

    state: str = "preparing"
    begun: bool = False
    sent: bool = False
    started: float = field(default_factory=time.monotonic)
    partial: Partial | None = None
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, its headers (names in lower case) and its body; of a streamed one, what was heard."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    heard: Heard | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the endpoint said yes."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP statuses


def so_far(watch: Watch) -> Reply | None:
    """Return what a stream that is not waited for any longer comes to; None if it settles nothing."""
    heard = watch.heard
    return Reply(heard.status, heard.headers, b"", heard) if heard is not None and heard.tells else None
