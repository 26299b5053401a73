"""A good answer, taken apart. Everything but ``data`` is optional, and nothing is trusted by its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from requesty_nb.errors import AnswerUnusable
from requesty_nb.wire.events import BOM, picture_of, summed
from requesty_nb.wire.texts import MESSAGE_LIMIT, plain, redacted, request_id, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from requesty_nb.wire.events import Event

_EFFECTIVE = ("background", "output_format", "quality", "size")
_OF_EVENTS = frozenset({"type", "created_at", "partial_image_index", "sequence_number"})
_KNOWN = frozenset({*_EFFECTIVE, "data", "usage"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer, taken apart: per picture its bytes, the address where it lies, or None if broken.

    ``ended`` says how it ended, of one that came in parts.
    """

    images: tuple[bytes | str | None, ...] = field(repr=False)
    usage: dict[str, Any]
    effective: dict[str, Any]
    extras: dict[str, Any]
    request_id: str
    provider: str
    ended: str = ""


def read_answer(headers: Mapping[str, str], content: bytes, redact: Callable[[str], str]) -> Answer:
    """Take a 200 apart.

    Raises:
        AnswerUnusable: it is no JSON, or holds no picture that can be decoded.
    """

    def unusable(message: str) -> AnswerUnusable:
        return AnswerUnusable(
            plain(redact(message), MESSAGE_LIMIT),
            status=200,
            request_id=request_id(headers, redact),
            body=start_of(content, redact),
        )

    try:
        answer = msgspec.json.decode(content.removeprefix(BOM))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise unusable(f"The endpoint said yes, but its answer is no JSON ({error}).") from None
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not data:
        raise unusable("The endpoint said yes, but sent no picture.")
    images = tuple(picture_of(datum) for datum in data)
    if not any(images):
        raise unusable("The endpoint sent no picture that can be decoded.")
    return _answer(images, {name: value for name, value in answer.items() if name != "data"}, headers, redact)


def read_events(headers: Mapping[str, str], events: Sequence[Event], redact: Callable[[str], str]) -> Answer:
    """Return what the completed events of a stream come to: an answer like any other.

    What they say of the whole is that of the last, but for the usage, which each has of its own picture.

    Raises:
        AnswerUnusable: none of them holds a picture that can be decoded.
    """
    images = tuple(event.picture for event in events)
    if not any(images):
        raise AnswerUnusable(
            "The endpoint sent no picture that can be decoded.",
            status=200,
            request_id=request_id(headers, redact),
        )
    said = {name: value for name, value in events[-1].data.items() if name not in _OF_EVENTS}
    return _answer(
        images, {**said, "usage": summed([event.data.get("usage") for event in events])}, headers, redact
    )


def _answer(
    images: tuple[bytes | str | None, ...],
    said: dict[str, Any],
    headers: Mapping[str, str],
    redact: Callable[[str], str],
) -> Answer:
    rest = redacted(said, redact)
    usage = rest.get("usage")
    return Answer(
        images=images,
        usage=usage if isinstance(usage, dict) else {},
        effective={name: rest[name] for name in _EFFECTIVE if rest.get(name) is not None},
        extras={name: value for name, value in rest.items() if name not in _KNOWN},
        request_id=request_id(headers, redact),
        provider=plain(redact(headers.get("x-requesty-provider", "")), 200),
    )
