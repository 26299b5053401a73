"""What can go wrong, one type for each thing a user would do differently.

::

    ImgEditError
    ├── BadRequest          change the request               (nothing paid)
    │   └── BadImage        change the picture or the mask   (nothing paid)
    ├── KeyMissing          set a key, go offline, or replay (nothing paid)
    ├── KeyRefused          get another key                  (nothing paid)
    ├── OutOfFunds          top up                           (nothing paid)
    ├── OverBudget          raise your own limit             (nothing paid)
    ├── ModelUnknown        pick another model               (nothing paid)
    ├── TooLarge            send less                        (nothing paid)
    ├── Moderated           say it differently               (perhaps paid)
    ├── RateLimited         wait                             (nothing paid)
    ├── NotSent             check the network                (nothing paid)
    ├── OutcomeUnknown      look before paying again         (perhaps paid)
    ├── EndpointBroken      try later                        (perhaps paid)
    ├── AnswerUnusable      look at what came                (probably paid)
    ├── NotRecorded         record it first                  (nothing paid)
    └── HistoryFault        mend the history folder          (nothing paid by it)

    Interrupted (a KeyboardInterrupt)                        (perhaps paid)

In a shell each renders as a few plain lines: what happened, whether anything was paid, what to do next.
The text never holds the API key: what a server says is redacted before it gets here.
"""

from __future__ import annotations

import textwrap
from typing import Any, ClassVar, Literal

Paid = Literal["no", "perhaps", "probably", "done"]

PAID_TEXT: dict[str, str] = {
    "no": "Nothing was paid.",
    "perhaps": "It is not known whether this was paid.",
    "probably": "This was probably paid.",
    "done": "The edit itself is done.",
}


class Explained(BaseException):
    """A message in three parts: what happened, whether it was paid, what to do next.

    Attributes:
        message: what happened, one sentence or two, plain text.
        hint: what to do next, plain text; may be empty.
        paid: ``no``, ``perhaps``, ``probably``, or ``done`` where a good edit is not what failed.
        status: the HTTP status, when an endpoint answered.
        code: the endpoint's own error code, when it gave one.
        origin: who refused: ``router``, ``provider`` or empty.
        request_id: the endpoint's id of the request, for its support.
        body: the start of the endpoint's answer, redacted.
        details: further lines, such as in what two requests differ.
        attempt: the id under which the history keeps the failed attempt.
        partial: the bytes of the last unfinished picture of a stream that gave no finished one, unproven.
    """

    default_hint: ClassVar[str] = ""
    default_paid: ClassVar[Paid] = "no"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        paid: Paid | None = None,
        status: int | None = None,
        code: str = "",
        origin: str = "",
        request_id: str = "",
        body: str = "",
        details: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint
        self.paid: Paid = self.default_paid if paid is None else paid
        self.status = status
        self.code = code
        self.origin = origin
        self.request_id = request_id
        self.body = body
        self.details = details
        self.attempt = ""
        self.partial: bytes | None = None

    def __str__(self) -> str:
        return " ".join(
            part for part in (self.message, *self.details, PAID_TEXT[self.paid], self.hint) if part
        )

    def with_partial(self, data: bytes) -> None:
        """Keep an unfinished picture, and say where it is."""
        self.partial = data
        where = "its bytes are the error's `partial` (in a notebook `sys.last_value.partial`)"
        self.details += (f"The last unfinished picture is no result; {where}.",)

    def without_frames(self) -> None:
        """Forget the frames it came through so far: their variables hold what a server sent, unredacted."""
        self.__traceback__ = None
        if self.__suppress_context__:
            self.__context__ = self.__cause__

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive pickling (a worker process's error reaches its parent whole)."""
        return (_rebuild, (type(self), self.message, dict(self.__dict__)))

    def _render_traceback_(self) -> list[str]:
        """Return the lines a notebook shows in place of a traceback (an IPython protocol)."""
        lines = [f"{type(self).__name__}: {self.message}", *self.details, PAID_TEXT[self.paid]]
        if self.hint:
            lines.append(f"Next: {self.hint}")
        told = [f"HTTP {self.status}" if self.status else "", self.code, self.origin]
        if self.request_id:
            told.append(f"request {self.request_id}")
        if self.attempt:
            told.append(f"kept in the history as {self.attempt}")
        if any(told):
            lines.append("(" + ", ".join(part for part in told if part) + ")")
        return [row for line in lines for row in textwrap.wrap(line, 110, break_long_words=False) or [""]]


def _rebuild(kind: type[Explained], message: str, state: dict[str, Any]) -> Explained:
    error = kind(message)
    error.__dict__.update(state)
    return error


class ImgEditError(Explained, Exception):
    """The root of everything this package raises on purpose, but for an interrupt."""


class BadRequest(ImgEditError, ValueError):
    """The request cannot be right: found before sending, or refused by the endpoint (400, 422)."""

    default_hint = "Change the request and run it again."


class BadImage(BadRequest):
    """A picture or mask that cannot be read, or that the endpoint cannot take."""

    default_hint = "Use another picture, or convert this one."


class KeyMissing(ImgEditError):
    """No API key, a model that needs one, and no recorded answer; or a 401."""

    default_hint = (
        "Set REQUESTY_API_KEY and restart the kernel, or work without a key with "
        "%config ImgEdit.model = 'offline/painter', or replay a history that holds this edit."
    )


class KeyRefused(ImgEditError):
    """The endpoint knows the key but refuses it for this (403)."""

    default_hint = "Check the key and the models it may use in Requesty's settings."


class OutOfFunds(ImgEditError):
    """The balance is spent (402), or the key's monthly cap is reached (412)."""

    default_hint = "Top up the balance or raise the key's limit, then run the cell again."


class OverBudget(ImgEditError):
    """It may cost more than the limit that the user set leaves."""

    default_hint = "Raise the limit, or ask for less: a lower quality, a smaller size, fewer pictures."


class ModelUnknown(ImgEditError):
    """The endpoint does not serve this model (404)."""

    default_hint = "`%imgedit models` lists what the endpoint serves; models are retired over time."


class TooLarge(ImgEditError):
    """The request is larger than the endpoint takes (413)."""

    default_hint = "Send smaller or fewer pictures."


class Moderated(ImgEditError):
    """A content filter refused the prompt, a picture, or what was made."""

    default_hint = "Change the prompt or the picture; sending the same again gives the same refusal."
    default_paid = "perhaps"


class RateLimited(ImgEditError):
    """Too many requests (429), and no time left to wait."""

    default_hint = "Wait a little and run the cell again."


class NotSent(ImgEditError):
    """The request never reached the endpoint whole, so it cannot have been worked on."""

    default_hint = "Check the network and the address, then run the cell again."


class OutcomeUnknown(ImgEditError):
    """The request left, and no answer came: it may have been worked on, and billed."""

    default_paid = "perhaps"
    default_hint = "Nothing is sent again by itself. `--new` pays for another attempt; `--retry` in a sweep."


class EndpointBroken(ImgEditError):
    """The endpoint answered with a failure of its own (5xx, 424)."""

    default_paid = "perhaps"
    default_hint = "Try again later; `--new` sends it again, `--retry` in a sweep."


class AnswerUnusable(ImgEditError):
    """The endpoint said yes, but what came is no whole picture."""

    default_paid = "probably"
    default_hint = "The answer's start is kept with the attempt in the history; `--new` sends it again."


class NotRecorded(ImgEditError):
    """Only recorded answers were allowed, and this one is not recorded."""

    default_hint = "Run it with `--replay auto` to pay for it once."


class HistoryFault(ImgEditError):
    """The history on disk cannot be written, or what it holds is damaged."""

    default_hint = "Check the folder, or keep nothing with Session(history=False)."


class Interrupted(Explained, KeyboardInterrupt):
    """The user interrupted. Not an `Exception`, so that no loop in a notebook swallows it."""

    default_hint = "The kernel is fine. Run again: an answer that came is replayed; `--new` pays for another."
    default_paid = "perhaps"
