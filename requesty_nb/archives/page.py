"""Edits as one HTML file, to be searched, opened and compared in any browser, with no kernel and no network.

What stands in it is read by ``js/src/gallery/embedded.ts``. Texts are JSON in elements that no browser runs,
and the page's own policy lets it run one program, by its hash, and fetch nothing: whatever a prompt says is
only ever shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from requesty_nb import cells, display, images
from requesty_nb.assets import asset
from requesty_nb.display import rows, sides
from requesty_nb.errors import BadRequest, ImgEditError
from requesty_nb.models import summary_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL import Image

    from requesty_nb.models import Edit, Summary

BUDGET = 56_000_000  # bytes of the whole page; what one edit leaves over is for the others
_CHUNK = 2000, 1_000_000  # rows and characters of one element
_PREVIEW = 384  # pixels a side of the thumbnails that a history keeps
_TELLING = 1_200  # bytes that an edit's texts take, about
_LARGE = 24_000  # bytes that an edit must have for pictures larger than its thumbnail to come along
_THUMB = 24_000  # bytes of a thumbnail at most
# Edge and quality, the finest first.
_THUMBS = ((384, 80), (320, 70), (256, 65), (256, 45), (208, 45), (176, 40), (144, 35), (112, 30), (80, 30))
_PICTURES = ((1024, 85), (1024, 70), (800, 70), (640, 65), (512, 60), (512, 45), (400, 50))
_UNSHOWN = (ImgEditError, OSError, ValueError, ArithmeticError)  # a record may be a stranger's
_SLACK = 0.6  # of the room: what takes less could have been finer
_SMALL = ("Pictures", "this page holds so many edits that only thumbnails came along")

_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body class="rqe-body">
<div id="gallery"><noscript>{title}. They are shown by a program that is part of this file, and scripts are
switched off here. It fetches nothing from anywhere.</noscript></div>
"""


def page(edits: Sequence[Edit]) -> Iterator[bytes]:
    """Yield the page of some edits, piece by piece: memory does not grow with them.

    Of a few edits it holds pictures of 1024 pixels a side, sources and results; the more there are, the
    smaller these are, and of many thousands there are only thumbnails. Of a picture that is missing or
    damaged, it says so in its place.

    Args:
        edits: oldest first, as a history has them; they are gone through twice.
    """
    places: dict[str, int] = {}
    left = BUDGET
    for piece in _beginning(edits, places):
        left -= len(piece)
        yield piece
    pictures = _Pictures(large=_room(left // max(1, len(places))) >= _LARGE)
    for edit in reversed(edits):
        if (place := places.pop(edit.id, None)) is None:
            continue  # it has come since
        for piece in pictures.of(edit, place, max(0, left) // (len(places) + 1)):
            left -= len(piece)
            yield piece
    yield b"</body>\n</html>\n"


def _beginning(edits: Sequence[Edit], places: dict[str, int]) -> Iterator[bytes]:
    """Yield all that is seen at once; note the place of each edit."""
    style, program = asset("gallery.css"), asset("page.js")
    policy = (
        f"default-src 'none'; script-src '{_hash(program)}'; style-src '{_hash(style)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    count = len(edits)
    title = f"{count:,} image edit{'s' * (count != 1)}, {datetime.now().astimezone():%Y-%m-%d}"
    yield _HEAD.format(policy=policy, title=title, style=style).encode()
    for chunk in rows.chunked(_placed(edits, places), *_CHUNK):
        yield _json(f"rows-{places[chunk[0]['id']]}", chunk)
    yield f"<script>{program}</script>\n".encode()


def _placed(edits: Sequence[Edit], places: dict[str, int]) -> Iterator[Summary]:
    for edit in reversed(edits):
        if edit.id not in places:
            places[edit.id] = len(places)
            yield summary_of(edit.record, edit.marks)


class _Pictures:
    """Writes what belongs to each edit, and every picture once.

    Args:
        large: write more than thumbnails.
    """

    def __init__(self, *, large: bool) -> None:
        self._large = large
        self._numbers: dict[str, int] = {}
        self._thumbs, self._pictures = _Ladder(_THUMBS), _Ladder(_PICTURES)

    def of(self, edit: Edit, place: int, share: int) -> Iterator[bytes]:
        """Yield an edit and its pictures, in about as many bytes as are its share."""
        room = _room(share)
        thumb, trouble = self._thumbnail(edit, min(_THUMB, room // 5 if self._large else room))
        yield _base64(f"thumb-{place}", thumb)
        shown: list[dict[str, Any]] = []
        for restored, received in zip(edit.restored, edit.images, strict=False):
            one = {"pictures": [], "trouble": trouble, "size": restored.size, "received": received.size}
            if self._large:
                yield from self._pair(edit, len(shown), (room - len(thumb)) // len(edit.images), one)
            shown.append(one)
        yield _json(f"edit-{place}", _told(edit, large=self._large) | {"shown": shown})

    def _pair(self, edit: Edit, index: int, room: int, one: dict[str, Any]) -> Iterator[bytes]:
        """Yield a result and its source, unless they came already; note their numbers, or what is wrong."""
        restored = edit.restored[index]
        draws: dict[str, Callable[[], Image.Image]] = {
            restored.digest: lambda: sides.opened(restored, index + 1)
        }
        if edit.request.images and edit.request.images[0].stored:
            key = sides.source_key(edit, restored.size)
            draws[key] = lambda: sides.framed_source(edit, restored.size, _PICTURES[0][0])
        new = len(draws.keys() - self._numbers.keys())
        try:
            for key, draw in draws.items():
                if key not in self._numbers:
                    data = self._drawn(draw(), room // new)
                    self._numbers[key] = len(self._numbers)
                    yield _base64(f"picture-{self._numbers[key]}", data)
                one["pictures"].insert(0, self._numbers[key])
        except _UNSHOWN as error:
            one["trouble"] = _why(error)

    def _drawn(self, image: Image.Image, room: int) -> bytes:
        opaque = not sides.is_transparent(image)
        return self._pictures.fitting(
            room, lambda edge, quality: sides.encoded(image, edge, opaque=opaque, quality=quality)
        )

    def _thumbnail(self, edit: Edit, room: int) -> tuple[bytes, str]:
        """Return the finest thumbnail that fits; or nothing, and why."""
        if not edit.images:
            return b"", ""
        picture = edit.restored[0]

        def make() -> bytes:
            return images.load(picture.bytes).preview(_PREVIEW)

        try:
            data = edit.cached(f"{picture.digest}-{_PREVIEW}.webp", make)
            if len(data) > room:
                image = images.decode(data)
                data = self._thumbs.fitting(room, lambda *step: images.preview(image, *step))
        except _UNSHOWN as error:
            return b"", _why(error)
        return data, ""


class _Ladder:
    """Encodes pictures as finely as they fit; each is likely to fit as the one before did.

    Args:
        steps: edge and quality, the finest first.
    """

    def __init__(self, steps: Sequence[tuple[int, int]]) -> None:
        self._steps = steps
        self._step = 0

    def fitting(self, room: int, encode: Callable[[int, int], bytes]) -> bytes:
        """Return what ``encode`` makes of an edge and a quality that fits; the coarsest if none does."""
        data = b""
        for step in range(self._step, len(self._steps)):
            data, self._step = encode(*self._steps[step]), step
            if len(data) <= room:
                break
        if self._step and len(data) < room * _SLACK:
            self._step -= 1  # of the next
        return data


def _told(edit: Edit, *, large: bool) -> dict[str, Any]:
    """Return what is known of an edit, in words."""
    facts = list(display.facts(edit))
    cell, trouble = "", ""
    try:
        cell = cells.cell_of(edit)
    except BadRequest as error:
        trouble = error.message
    return {
        "headline": rows.told(edit),
        "facts": facts if large or not edit.images else [*facts, _SMALL],
        "cell": cell,
        "trouble": trouble,
        "masked": bool(edit.record.restored),
        "leak": dict(facts).get("Outside the mask", ""),
    }


def _why(error: Exception) -> str:
    return error.message if isinstance(error, ImgEditError) else f"It cannot be shown: {error}."


def _room(share: int) -> int:
    """Return how many bytes of pictures so many bytes of the page are: base64 makes four of three."""
    return max(0, share - _TELLING) * 3 // 4


def _json(name: str, value: object) -> bytes:
    """Return a value as an element: no text in it can end it, for none holds a ``<``."""
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>\n'.encode()


def _base64(name: str, data: bytes) -> bytes:
    text = base64.b64encode(data).decode()
    return f'<script type="text/plain" id="{name}">{text}</script>\n'.encode()


def _hash(text: str) -> str:
    """Return how a policy names what a page holds inline."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
