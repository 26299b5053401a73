"""Whether a record can be what became of an edit: all that others take for granted of one."""

from __future__ import annotations

import math
import re
from itertools import chain
from typing import TYPE_CHECKING

from requesty_nb.archives.limits import MAX_MADE, MAX_NESTING, MAX_SIDE
from requesty_nb.errors import PAID_TEXT
from requesty_nb.images import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.frames import Frame, Leak
    from requesty_nb.models import Cost, EditRecord, ImageInfo, ImageRef

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # of an id: Crockford's base 32, lower case
_ID = re.compile(rf"[0-7][{_DIGITS}]{{25}}", re.ASCII)
_TIME = 10  # digits of an id that are milliseconds since 1970
_LAST = 253_402_300_800_000  # the first of them that no date has: in the year 10000
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOST_TAKES = 999_999_999
_MOST_IMAGES = 16


def trouble_with(record: EditRecord) -> str:
    """Return what is wrong with a record, as a clause that begins with "it"; empty if nothing is."""
    return next(chain(_troubles_of_request(record), _troubles_of_answer(record)), "")


def is_sha256(text: str) -> bool:
    """Tell whether a text is 64 hex digits."""
    return _SHA256.fullmatch(text) is not None


def _troubles_of_request(record: EditRecord) -> Iterator[str]:
    request = record.request
    refs = (*request.images, *([request.mask] if request.mask else []))
    if not _is_id(record.id) or not 1 <= record.take <= _MOST_TAKES:
        yield "it has an id or a take that cannot be right"
    if not 1 <= len(request.images) <= _MOST_IMAGES or not 1 <= request.n <= _MOST_TAKES:
        yield f"it asks for {request.n} pictures of {len(request.images)}"
    if not all(map(_is_ref, refs)):
        yield "it has a source or mask that cannot be right"
    if request.frame and not _is_frame(request.frame):
        yield "it has a frame that no picture can have"
    if not _is_shallow([request.params]):
        yield f"it has lists nested more than {MAX_NESTING} deep"
    elif request.key != record.key:
        yield "it has another key than its request"


def _troubles_of_answer(record: EditRecord) -> Iterator[str]:
    result = record.result
    infos = (*(result.images if result else ()), *record.restored)
    if not all(map(_is_info, infos)) or len(infos) > MAX_MADE:
        yield "it has pictures that cannot be right"
    if (record.state == "ok") != bool(result and result.images):
        yield "it has pictures without having succeeded, or the reverse"
    if result and not _is_shallow([result.usage, result.effective, result.extras]):
        yield f"it has lists nested more than {MAX_NESTING} deep"
    if record.started.tzinfo is None or not _are_sane(_numbers(record)):
        yield "it has a time, cost or leak that cannot be right"
    if any(abs(by) > MAX_SIDE for leak in _leaks(record) for by in leak.shift):
        yield "it has a shift that cannot be right"
    if record.failure and record.failure.paid not in PAID_TEXT:
        yield "it does not say whether it was paid"


def _is_id(text: str) -> bool:
    if not _ID.fullmatch(text):
        return False
    milliseconds = 0
    for digit in text[:_TIME]:
        milliseconds = milliseconds * len(_DIGITS) + _DIGITS.index(digit)
    return milliseconds < _LAST


def _is_ref(ref: ImageRef) -> bool:
    size = ref.size is None or _is_size(*ref.size)
    return size and ":" in ref.digest and (not ref.stored or is_sha256(ref.stored))


def _is_info(info: ImageInfo) -> bool:
    return is_sha256(info.sha256) and _is_size(info.width, info.height)


def _is_size(width: int, height: int) -> bool:
    return 1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE


def _is_frame(frame: Frame) -> bool:
    (width, height), (left, top, right, bottom) = frame.canvas, frame.view
    seen = 0 <= left < right <= width and 0 <= top < bottom <= height
    held = all(
        0 <= place <= whole - part
        for place, part, whole in zip(frame.place, frame.source, frame.canvas, strict=True)
    )
    sizes = _is_size(*frame.source) and _is_size(width, height) and width * height <= MAX_PIXELS
    return seen and held and sizes


def _numbers(record: EditRecord) -> Iterator[float]:
    yield record.elapsed
    for cost in (record.cost, record.failure.cost if record.failure else None):
        yield from _of(cost)
    for leak in _leaks(record):
        yield from (leak.share, leak.mean)


def _leaks(record: EditRecord) -> Iterator[Leak]:
    return filter(None, (*record.leaks, record.leak))


def _of(cost: Cost | None) -> tuple[float, ...]:
    return () if cost is None else (cost.low, cost.high)


def _are_sane(numbers: Iterator[float]) -> bool:
    return all(math.isfinite(number) and number >= 0 for number in numbers)


def _is_shallow(level: list[object]) -> bool:
    for _ in range(MAX_NESTING):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        ]
        if not level:
            return True
    return False
