"""From a good reply to pictures: taken apart, fetched, proven, and put back into the source."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from requesty_nb import frames, images, pricing, wire
from requesty_nb.errors import AnswerUnusable
from requesty_nb.images import Source
from requesty_nb.models import EditResult, ImageInfo
from requesty_nb.records import likely_cost
from requesty_nb.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from requesty_nb.client import Reply
    from requesty_nb.errors import ImgEditError
    from requesty_nb.frames import Leak
    from requesty_nb.models import Cost
    from requesty_nb.pricing import Prices
    from requesty_nb.sessions.asking import Prepared

_FAILED = 502  # what a failure within a stream counts as, if it does not say
MAX_ANSWER_PIXELS = 100_000_000
_REASON_LIMIT = 200


@dataclass(frozen=True)
class Outcome:
    """What a reply amounts to.

    Attributes:
        result: what came, as a record knows it.
        pictures: the bytes of every picture, received and restored, by sha256.
        restored: the pictures put back into the source; empty without a mask.
        leaks: how much changed outside the mask, one for each picture that came; empty without a mask.
        notes: what a reader of the card should know.
    """

    result: EditResult
    pictures: dict[str, bytes] = field(repr=False)
    restored: tuple[ImageInfo, ...] = ()
    leaks: tuple[Leak | None, ...] = ()
    notes: tuple[str, ...] = field(default=())


def judge(
    prepared: Prepared,
    answer: wire.Answer,
    received: Sequence[bytes | str],
    prices: Prices = pricing.BUILT_IN,
) -> Outcome:
    """Prove every picture and restore what lies outside the mask.

    Args:
        prepared: what was asked.
        answer: what came.
        received: each picture's bytes, or why there are none.
        prices: what tokens cost.

    Raises:
        AnswerUnusable: not one picture is whole.
    """
    pictures: dict[str, bytes] = {}
    infos: list[ImageInfo] = []
    problem = ""
    for data in received:
        if isinstance(data, str):
            problem = data
            continue
        try:
            info = _proven(data)
        except ValueError as error:
            problem = wire.plain(str(error), _REASON_LIMIT)
            continue
        infos.append(info)
        pictures[info.sha256] = data
    if not infos:
        raise AnswerUnusable(
            f"The endpoint sent something that is no whole picture ({problem}).",
            request_id=answer.request_id,
            body=_start(received),
        )
    notes = list(prepared.notes)
    if len(infos) < len(received):
        notes.append(f"{len(received) - len(infos)} of {len(received)} pictures are missing: {problem}")
    if len(received) != prepared.ask.n:
        came = f"{prepared.ask.n} pictures were asked for, {len(received)} came"
        notes.append(f"{came}: {answer.ended[0].lower()}{answer.ended[1:]}" if answer.ended else came)
    restored, leaks = _restore(prepared, infos, pictures, notes)
    result = EditResult(
        images=tuple(infos),
        usage=answer.usage,
        cost=_cost(prepared, answer, prices),
        effective=answer.effective,
        request_id=answer.request_id,
        provider=answer.provider,
        extras=answer.extras,
    )
    return Outcome(result, pictures, tuple(restored), tuple(leaks), tuple(notes))


def take_apart(reply: Reply, redact: Callable[[str], str], *, had_key: bool) -> wire.Answer:
    """Read a good reply; separate from `judge`, as pictures may have to be fetched in between.

    Raises:
        ImgEditError: there is no finished picture in it; of a stream that said why, as a refusal would.
    """
    heard = reply.heard
    if heard is None:
        return wire.read_answer(reply.headers, reply.content, redact)
    if heard.answer is not None:
        return wire.read_answer(reply.headers, msgspec.json.encode(heard.answer.data), redact)
    if heard.completed:
        answer = wire.read_events(reply.headers, heard.completed, redact)
        return replace(answer, ended=_how_it_ended(reply, redact, had_key=had_key))
    if heard.error is not None:
        raise _refusal(reply, heard.error, redact, had_key=had_key)
    raise AnswerUnusable(
        f"{_how_it_ended(reply, redact, had_key=had_key)}, without a finished picture.",
        status=reply.status,
        request_id=wire.request_id(reply.headers, redact),
        hint="Nothing is sent again by itself. `--new` pays for another attempt.",
    )


def _how_it_ended(reply: Reply, redact: Callable[[str], str], *, had_key: bool) -> str:
    """Say how a stream ended, as a sentence without its full stop."""
    heard = reply.heard
    assert heard is not None  # noqa: S101 - the type checker cannot see it
    said = f"The stream {heard.ended}"
    if heard.partials and not heard.completed:
        said += f" after {heard.partials} unfinished picture{'s' if heard.partials > 1 else ''}"
    if heard.undecodable:
        said += f", {heard.undecodable} that came cannot be decoded"
    if heard.reason:
        said += f" ({heard.reason.rstrip('.')})"
    if heard.error is not None:
        said += f" ({_refusal(reply, heard.error, redact, had_key=had_key).message.rstrip('.')})"
    return said


def _refusal(reply: Reply, event: wire.Event, redact: Callable[[str], str], *, had_key: bool) -> ImgEditError:
    """Return what a stream says in place of a picture; it was worked on until then."""
    inner = event.data.get("error")
    said = inner if isinstance(inner, dict) else event.data
    status = next((said[name] for name in ("status", "code") if type(said.get(name)) is int), _FAILED)
    error = wire.refusal(
        status if status in range(400, 600) else _FAILED,
        reply.headers,
        msgspec.json.encode(event.data),
        redact,
        had_key=had_key,
    )
    if error.paid == "no":
        error.paid = "perhaps"
    return error


def _start(received: Sequence[bytes | str]) -> str:
    first = received[0]
    return wire.plain(
        first if isinstance(first, str) else first[:_REASON_LIMIT].decode("latin-1"), _REASON_LIMIT
    )


def _proven(data: bytes) -> ImageInfo:
    mime, (width, height) = images.examine(data, max_pixels=MAX_ANSWER_PIXELS)
    return ImageInfo(hashlib.sha256(data).hexdigest(), mime, width, height)


def _restore(
    prepared: Prepared, infos: Sequence[ImageInfo], pictures: dict[str, bytes], notes: list[str]
) -> tuple[list[ImageInfo], list[Leak | None]]:
    if prepared.mask is None or isinstance(prepared.mask, Source):
        return [], []
    restored: list[ImageInfo] = []
    leaks: list[Leak | None] = []
    try:
        source, weights = prepared.sources[0].pixels(), prepared.mask.rasterize()
    except Exception as error:  # noqa: BLE001 - what was paid for is not lost to what comes after
        notes.append(f"the pictures could not be put back into the source: {error}")
        return [], []
    for number, info in enumerate(infos, 1):
        try:
            made = frames.restore(source, weights, images.decode(pictures[info.sha256]), prepared.frame)
            data = images.encode_png(made.image)
        except Exception as error:  # noqa: BLE001 - likewise
            notes.append(f"picture {number} could not be put back into the source: {error}")
            leaks.append(None)
            continue
        leaks.append(made.leak)
        restored.append(ImageInfo(hashlib.sha256(data).hexdigest(), "image/png", *made.image.size))
        pictures[restored[-1].sha256] = data
    # All or none: a list with a hole would put a restored picture beside another's raw one.
    return (restored, leaks) if len(restored) == len(infos) else ([], leaks)


def _cost(prepared: Prepared, answer: wire.Answer, prices: Prices) -> Cost | None:
    asked = prepared.request
    used = msgspec.structs.replace(asked, params={**asked.params, **answer.effective})
    return pricing.actual(asked.model, answer.usage, prices) or likely_cost(
        used, prices, prepared.ask.partial or 0
    )


@cache
def versions() -> dict[str, str]:
    """Name what made the pixels, for a record."""
    import PIL  # noqa: PLC0415 - asked once

    return {"requesty_nb": VERSION, "python": platform.python_version(), "pillow": PIL.__version__}
