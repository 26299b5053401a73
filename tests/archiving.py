"""Edits of every kind, drawn by Hypothesis, and what came of taking them in elsewhere."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import strategies as st
from photos import encoded, noise, photo
from PIL import Image

from requesty_nb import archives, frames
from requesty_nb.archives import lines
from requesty_nb.frames import Leak
from requesty_nb.models import (
    Cost,
    Edit,
    EditRecord,
    EditRequest,
    EditResult,
    Failure,
    ImageInfo,
    ImageRef,
    decode_record,
    encode_record,
)
from requesty_nb.records import History

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from requesty_nb.records import Imported

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PICTURES = {
    hashlib.sha256(data).hexdigest(): (data, mime)
    for data, mime in (
        *((noise(seed, (16, 16)), "image/png") for seed in range(3)),
        (noise(4, (16, 16), "JPEG"), "image/jpeg"),
        (noise(5, (16, 16), "WEBP"), "image/webp"),
    )
}
MASK = encoded(Image.linear_gradient("L").resize((16, 16)))
_MASK = hashlib.sha256(MASK).hexdigest()
MASKED = ImageRef(digest=f"pixels:{_MASK}", name="mask.png", size=(16, 16), stored=_MASK, notes=("soft",))
SOURCES = {hashlib.sha256(data).hexdigest(): data for data in (encoded(photo(16, 16)), b"given", MASK)}
OBJECTS = {**SOURCES, **{sha256: data for sha256, (data, _) in PICTURES.items()}}

_FRAMES = (None, frames.fit((16, 16), (3, 2)), frames.fit((16, 16), None, (4, 0, 2, 1)))

_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
_prompts = _texts | st.sampled_from(
    (
        "a red hat",
        "A red hat!",
        "a red hat\n",
        "=1+1",
        "../../x",
        "日本 é e\u0301",
        "{x} {{y}}",
        "\u202ex",
        "",
    )
)
_words = st.sampled_from(
    ("photo.jpg", "My Photo.PNG", "a/b\\c.png", "..", "mask", "x" * 300, "é.webp", "a\0b.png")
)
_infos = st.sampled_from(sorted(PICTURES)).map(lambda sha256: ImageInfo(sha256, PICTURES[sha256][1], 16, 16))
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
_free = st.dictionaries(_texts, _values, max_size=3)
_costs = st.none() | st.builds(
    lambda low, more: Cost(low, low + more, "estimate"), st.floats(0, 9), st.floats(0, 9)
)


@st.composite
def _refs(draw: st.DrawFn) -> ImageRef:
    sha256 = draw(st.sampled_from(sorted(OBJECTS)))
    kind = draw(st.sampled_from(("sha256", "pixels", "url", "file", "unkept")))
    name = draw(_words)
    match kind:
        case "url":
            return ImageRef(digest="url:https://example.com/a.png", name=name)
        case "file":
            return ImageRef(digest="file:file-42", name=name)
        case "unkept":
            return ImageRef(digest=f"sha256:{sha256}", name=name, size=(16, 16))
    return ImageRef(digest=f"{kind}:{sha256}", name=name, mime="image/png", size=(16, 16), stored=sha256)


@st.composite
def _requests(draw: st.DrawFn) -> EditRequest:
    return EditRequest(
        prompt=draw(_prompts),
        model=draw(st.sampled_from(("offline/painter", "azure/openai/gpt-image-1.5"))),
        images=tuple(draw(st.lists(_refs(), min_size=1, max_size=3))),
        mask=draw(st.sampled_from((None, MASKED))),
        params=draw(_free | st.just({"size": "1024x1024", "quality": "low", "user": "class 7"})),
        n=draw(st.integers(1, 3)),
        frame=draw(st.sampled_from(_FRAMES)),
    )  # fmt: skip


@st.composite
def _records(draw: st.DrawFn, number: int, request: EditRequest) -> EditRecord:
    started = NOON + timedelta(seconds=number)
    state = draw(st.sampled_from(("ok", "ok", "ok", "failed", "unknown")))
    more: dict[str, Any] = {"notes": tuple(draw(st.lists(_texts, max_size=2)))}
    if state == "ok":
        made = tuple(draw(st.lists(_infos, min_size=1, max_size=3)))
        more["result"] = EditResult(
            images=made, usage=draw(_free), cost=draw(_costs), effective=draw(_free), extras=draw(_free)
        )
        if request.mask:
            more["restored"] = tuple(draw(_infos) for _ in made)
            more["leaks"] = tuple(draw(st.none() | st.just(Leak(0.25, 3.5, (1, 0)))) for _ in made)
    else:
        more["failure"] = Failure(type="Moderated", message=draw(_texts), paid="perhaps", cost=draw(_costs))
    return EditRecord(
        id=identifier(started, draw(st.integers(0, 2**80 - 1))), key=request.key,
        take=draw(st.integers(1, 3)), state=state, request=request, started=started,
        elapsed=draw(st.floats(0, 600)), tags=tuple(draw(st.lists(_texts, max_size=2))),
        versions={"requesty_nb": "0.1.0"}, **more,
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Edit]:
    """Draw up to five attempts, some of which ask for the same."""
    asked = draw(st.lists(_requests(), min_size=1, max_size=3))
    picked = draw(st.lists(st.sampled_from(asked), max_size=5))
    return [
        Edit(draw(_records(number, request)), OBJECTS.__getitem__) for number, request in enumerate(picked)
    ]


def identifier(moment: datetime, number: int = 0) -> str:
    value = round(moment.timestamp() * 1000) << 80 | number
    return "".join(_DIGITS[value >> shift & 31] for shift in range(125, -1, -5))


def one(prompt: str = "a red hat", **changes: Any) -> Edit:
    """Return an edit with one picture, with changes of its record that need not make sense."""
    sha256, info = next(iter(SOURCES)), ImageInfo(next(iter(PICTURES)), "image/png", 16, 16)
    ref = ImageRef(digest=f"sha256:{sha256}", name="photo.png", size=(16, 16), stored=sha256)
    request = changes.pop("request", EditRequest(prompt=prompt, model="offline/painter", images=(ref,)))
    record = EditRecord(
        id=identifier(NOON), key=request.key, take=1, state="ok", request=request, started=NOON, elapsed=1.5,
        result=EditResult(images=(info,)), restored=(),
    )  # fmt: skip
    return Edit(msgspec.structs.replace(record, **changes), OBJECTS.__getitem__)


def taken_in(path: Path, folder: Path) -> tuple[History, Imported]:
    """Take an export into a history."""
    history = History(folder)
    return history, history.import_(path)


def refusals(path: Path) -> list[str]:
    """Return what an archive says of the records that it does not give."""
    with archives.opened(path) as archive:
        return [str(found) for found in archive.records if not isinstance(found, EditRecord)]


def same(history: History, edits: Sequence[Edit]) -> None:
    """See that a history holds just these attempts, as they are written down, and all bytes of them."""
    assert [edit.record for edit in history.attempts] == [written(edit) for edit in edits]
    for edit in edits:
        for sha256 in edit.record.objects:
            assert history.objects.read(sha256) == edit.read(sha256)
    assert history.verify()


def written(edit: Edit) -> EditRecord:
    """Return a record as it comes back from a history."""
    return decode_record(encode_record(edit.record))


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return all files below a folder, with when each was written."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and "cache" not in path.parts
    }


# What strangers change


GOOD = one("good", id=one().id[:-1] + "1")
SHA = GOOD.images[0].digest


@contextmanager
def guarded(folder: Path) -> Iterator[Path]:
    """Make a folder for what is read; and prove that nothing but a history was written beside it."""
    (folder / "beside").mkdir()
    (folder / "beside" / "secret.txt").write_bytes(b"a secret")
    (folder / "in").mkdir()
    before = snapshot(folder / "beside")
    yield folder
    assert snapshot(folder / "beside") == before
    assert {path.name for path in folder.iterdir()} <= {"beside", "in", "h"}


def line(record: EditRecord, files: dict[str, str] | None = None) -> bytes:
    return lines.record_line(record, files or {})


def exported(place: Path, form: str = "run.zip") -> Path:
    return archives.export([GOOD], place / "in" / form)


def entries_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]], **options: Any) -> Path:
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def stream(place: Path, *texts: bytes) -> Path:
    path = place / "in" / "run.jsonl"
    path.write_bytes(b"\n".join(texts))
    return path


def objects() -> bytes:
    """Return the lines of the pictures that the good edit needs."""
    text = b'{"object":"%b","data":"%b"}'
    return b"\n".join(
        text % (sha256.encode(), base64.b64encode(OBJECTS[sha256])) for sha256 in GOOD.record.objects
    )
