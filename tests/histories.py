"""Histories of many edits, written straight to disk: for tests whose subject is looking through them."""

from __future__ import annotations

import hashlib
import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import skimage.data
from PIL import Image, ImageOps

from requesty_nb.models import (
    Cost,
    EditRecord,
    EditRequest,
    EditResult,
    Failure,
    ImageInfo,
    ImageRef,
    encode_record,
)
from requesty_nb.records.names import RecordName, key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

# It ends whatever it stands in, and tells the page if it is ever run.
HOSTILE = (
    "</script></style></textarea></title>--><script>window.pwned = 1</script>"
    "<img src=x onerror='window.pwned = 2'><svg onload=window.pwned=3>\"' onfocus='window.pwned=4' autofocus "
    "javascript:window.pwned=5 {{constructor.constructor('window.pwned=6')()}} \u2028<!--"
)
_PHOTOS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "color.png")
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_LAST = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
_MODELS = (
    "azure/openai/gpt-image-1.5",
    "openai/gpt-image-1-mini",
    "offline/painter",
    "google/gemini-image-3",
)
_THINGS = (
    "a café",
    "the sky",
    "a red hat",
    "Größe",
    "the cup",
    "a lighthouse",
    "the astronauts visor",
    "snow",
)
_DOINGS = ("Make {} golden, as in the last light of a day in late autumn", "Remove {}", "Add {} on the left")
_TAGS = ((), ("lesson-1",), ("lesson-1", "best"), ("draft",))


def photos(size: tuple[int, int]) -> Iterator[Image.Image]:
    """Yield real photographs, cut to a shape."""
    for name in _PHOTOS:
        path = Path(skimage.data.__file__).parent / name
        if path.exists():
            with Image.open(path) as image:
                yield ImageOps.fit(image.convert("RGB"), size)


def write_history(folder: Path, count: int, *, size: tuple[int, int] = (240, 160), kinds: int = 20) -> Path:
    """Write so many edits, the last at a fixed moment and each some minutes before the next.

    Args:
        folder: of the history; new.
        count: how many edits with pictures; to each 50 there is one that failed.
        size: of each picture.
        kinds: how many pictures there are, which the edits share.
    """
    chance = random.Random(7)
    sources = [_stored(folder, photo, "PNG") for photo in photos(size)]
    made = [_stored(folder, _changed(photo, at), "PNG") for at, photo in _cycled(size, kinds)]
    for number in range(count):
        started = _LAST - timedelta(minutes=7 * (count - 1 - number))
        request = _request(chance, sources[number % len(sources)], size)
        info = made[number % len(made)]
        record = EditRecord(
            id=identifier(started, number),
            key=request.key,
            take=1 + number // 100,
            state="ok",
            request=request,
            started=started,
            elapsed=8.5,
            endpoint="https://router.requesty.ai/v1",
            result=EditResult(images=(info,) * (1 + (number % 9 == 0)), cost=_cost(request, number)),
            tags=_TAGS[number % len(_TAGS)],
        )
        keep(folder, record)
        if number % 50 == 25:
            failure = Failure(type="Moderated", message="The provider refused this prompt.", paid="perhaps")
            keep(
                folder,
                EditRecord(
                    id=identifier(started + timedelta(seconds=20), number),
                    key=request.key,
                    take=1,
                    state="failed",
                    request=request,
                    started=started + timedelta(seconds=20),
                    elapsed=1.0,
                    failure=failure,
                ),
            )
    return folder


def hostile(folder: Path) -> Path:
    """Write two edits, and one that failed, whose every text would run as a program if anything let it."""
    photo = next(photos((48, 32)))
    source, info = _stored(folder, photo, "PNG"), _stored(folder, _changed(photo, 3), "PNG")
    for number, state in enumerate(("failed", "ok", "ok")):
        ref = ImageRef(
            digest=f"sha256:{source.sha256}", name=HOSTILE, mime=HOSTILE, size=(48, 32), stored=source.sha256
        )
        request = EditRequest(
            prompt=HOSTILE,
            model=HOSTILE,
            images=(ref,),
            params={"size": HOSTILE, "quality": HOSTILE, HOSTILE: HOSTILE},
        )
        made = EditResult(
            images=(info,),
            effective={"size": HOSTILE, HOSTILE: HOSTILE},
            request_id=HOSTILE,
            provider=HOSTILE,
        )
        failed = Failure(type=HOSTILE, message=HOSTILE, hint=HOSTILE, body=HOSTILE)
        moment = _LAST + timedelta(minutes=number)
        record = EditRecord(
            id=identifier(moment, number),
            key=request.key,
            take=1 + number,
            state=state,
            request=request,
            started=moment,
            elapsed=1.0,
            endpoint=HOSTILE,
            result=made if state == "ok" else None,
            failure=failed if state == "failed" else None,
            notes=(HOSTILE,),
            tags=(HOSTILE,),
            versions={HOSTILE: HOSTILE},
        )
        keep(folder, record)
    return folder


def keep(folder: Path, record: EditRecord) -> None:
    """Write one record to its place."""
    name = RecordName(record.id, key_hash(record.key), record.take, record.state)
    path = folder / "edits" / name.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_record(record))


def store(folder: Path, data: bytes) -> str:
    """Write one object to its place; return its sha256."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = folder / "objects" / sha256[:2] / sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return sha256


def identifier(moment: datetime, number: int) -> str:
    """Return an id of a moment, the same each time."""
    value = round(moment.timestamp() * 1000) << 80 | number
    return "".join(_DIGITS[value >> shift & 31] for shift in range(125, -1, -5))


def _stored(folder: Path, image: Image.Image, kind: str) -> ImageInfo:
    out = io.BytesIO()
    image.save(out, kind)
    return ImageInfo(store(folder, out.getvalue()), f"image/{kind.lower()}", *image.size)


def _cycled(size: tuple[int, int], kinds: int) -> Iterator[tuple[int, Image.Image]]:
    all_photos = list(photos(size))
    for at in range(kinds):
        yield at, all_photos[at % len(all_photos)]


def _changed(photo: Image.Image, at: int) -> Image.Image:
    """Return a photo as if it had been edited: another tone for each number."""
    tint = Image.new("RGB", photo.size, f"hsl({at * 47 % 360}, 80%, 50%)")
    return Image.blend(photo, tint, 0.25)


def _request(chance: random.Random, source: ImageInfo, size: tuple[int, int]) -> EditRequest:
    name = chance.choice(("photo.jpg", "IMG_2041.png", "fox.png"))
    ref = ImageRef(
        digest=f"sha256:{source.sha256}", name=name, mime="image/png", size=size, stored=source.sha256
    )
    return EditRequest(
        prompt=chance.choice(_DOINGS).format(chance.choice(_THINGS)),
        model=chance.choice(_MODELS),
        images=(ref,),
        params={
            "size": chance.choice(("1024x1024", "1536x1024")),
            "quality": chance.choice(("low", "medium", "high")),
        },
    )


def _cost(request: EditRequest, number: int) -> Cost:
    if request.model.startswith("offline/"):
        return Cost(0.0, 0.0, "free")
    dollars = round(0.01 + number % 17 / 100, 4)
    return Cost(dollars, dollars, "reported")
