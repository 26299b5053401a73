import hashlib
import json
import re

import msgspec
import pytest
from archiving import OBJECTS, one
from photos import MADE, PNG, noise, photo, session
from servers import answering, hanging, pictures, refusing, scripted

from requesty_nb import archives, errors, images, provenance
from requesty_nb.masks import Mask
from requesty_nb.models import EditResult, ImageInfo, decode_record
from requesty_nb.sessions import Session


@pytest.fixture
def filled(tmp_path):
    """A history with a masked edit, an edit of three pictures, one of a reference, and a failure."""
    one = Session(history=tmp_path / "history", model="offline/painter")
    source = tmp_path / "My Photo.png"
    source.write_bytes(PNG)
    one.edit("A red hat!", source, mask=Mask((48, 48)).rect(0, 0, 20, 20), output_format="jpeg", tags=["t"])
    one.edit("éclair / ../x", noise(9), n=3, output_format="jpeg")
    with pytest.raises(errors.BadRequest):
        one.edit("refused", PNG, size="big")
    with scripted(answering(pictures(MADE[0]))) as server, session(server.url, tmp_path / "history") as other:
        other.edit("日本", "https://example.com/a.png")
    return one.history


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def digest_of(data):
    return hashlib.sha256(data).hexdigest()[:8]


def lines_of(folder):
    return [json.loads(line) for line in (folder / "records.jsonl").read_bytes().splitlines()]


def test_pictures_have_readable_names_and_their_bytes(filled, tmp_path):
    assert filled.export(tmp_path / "out") == tmp_path / "out"
    files = files_in(tmp_path / "out")
    pictures = {
        "0001-a-red-hat-1.jpg", "0001-a-red-hat-restored-1.png",
        "0002-éclair-x-1.jpg", "0002-éclair-x-2.jpg", "0002-éclair-x-3.jpg",
        "0004-日本-1.png",
    }  # fmt: skip
    assert set(files) - {name for name in files if name.startswith("sources/")} == {
        *pictures, *(f"originals/{name}" for name in pictures), "records.jsonl", "index.html",
    }  # fmt: skip
    hat, eclair, nihon = filled
    originals = {name.removeprefix("originals/"): data for name, data in files.items() if "originals" in name}
    assert originals["0001-a-red-hat-1.jpg"] == hat.images[0].bytes
    assert originals["0001-a-red-hat-restored-1.png"] == hat.restored[0].bytes
    assert [originals[f"0002-éclair-x-{at}.jpg"] for at in (1, 2, 3)] == [p.bytes for p in eclair.images]
    assert originals["0004-日本-1.png"] == nihon.images[0].bytes


def test_what_is_passed_on_carries_its_recipe_and_the_same_pixels(filled, tmp_path):
    out = filled.export(tmp_path / "out")
    hat, eclair, nihon = filled
    for name, edit, place, restored in (
        ("0001-a-red-hat-1.jpg", hat, 0, False),
        ("0001-a-red-hat-restored-1.png", hat, 0, True),
        ("0002-éclair-x-3.jpg", eclair, 2, False),
        ("0004-日本-1.png", nihon, 0, False),
    ):
        recipe = provenance.recipe(out / name)
        picture = (edit.restored if restored else edit.images)[place]
        assert (recipe.key, recipe.take, recipe.id, recipe.digest) == (edit.key, 1, edit.id, picture.digest)
        assert (recipe.index, recipe.restored) == (place, restored)
        assert images.decode((out / name).read_bytes()).tobytes() == picture.pil.tobytes()
        assert (out / name).read_bytes() != (out / "originals" / name).read_bytes() == picture.bytes


def test_equal_pictures_are_kept_once_and_passed_on_with_the_recipe_of_each(tmp_path):
    edits = [one("first"), one("second", id=one().id[:-1] + "1")]
    out = archives.export(edits, tmp_path / "out")
    assert [name for name in files_in(out) if name.startswith("originals/")] == ["originals/0001-first-1.png"]
    assert provenance.recipe(out / "0001-first-1.png").prompt == "first"
    assert provenance.recipe(out / "0002-second-1.png").prompt == "second"
    assert [line["files"][edits[0].images[0].digest] for line in lines_of(out)] == [
        "originals/0001-first-1.png"
    ] * 2


def test_a_recipe_that_does_not_fit_lies_beside(tmp_path):
    data = noise(1, (16, 16), "JPEG")
    info = ImageInfo(hashlib.sha256(data).hexdigest(), "image/jpeg", 16, 16)
    edit = one("a long prompt " * 7000, result=EditResult(images=(info,)))
    edit.read = {**OBJECTS, info.sha256: data}.__getitem__
    out = archives.export([edit], tmp_path / "out")
    (name,) = (path for path in out.glob("0001-*.jpg"))
    assert name.read_bytes() == data and not (out / "originals").exists()
    assert name.with_name(f"{name.name}.json").exists() and provenance.recipe(name).prompt == edit.prompt


def test_what_no_recipe_can_be_put_into_stays_as_it_is(tmp_path):
    info = ImageInfo(hashlib.sha256(b"given").hexdigest(), "image/png", 16, 16)
    out = archives.export([one(result=EditResult(images=(info,)))], tmp_path / "out")
    assert (out / "0001-a-red-hat-1.png").read_bytes() == b"given"
    assert not (out / "originals").exists()


def test_sources_lie_under_the_names_they_were_given_by(filled, tmp_path):
    files = files_in(filled.export(tmp_path / "out"))
    sources = {name: data for name, data in files.items() if name.startswith("sources/")}
    shapes = sorted(re.sub(r"[0-9a-f]{8}", "#", name) for name in sources)
    assert shapes == [
        "sources/image-#.png",
        "sources/image-#.png",
        "sources/mask-#.png",
        "sources/my-photo-#.png",
    ]
    assert next(data for name, data in sources.items() if "my-photo" in name) == PNG
    assert next(data for name, data in sources.items() if digest_of(noise(9)) in name) == noise(9)


def test_every_line_is_a_record_with_the_files_of_its_pictures(filled, tmp_path):
    out = filled.export(tmp_path / "out")
    edits = list(filled.attempts)
    assert len(lines_of(out)) == len(edits) == 4
    for edit, line in zip(edits, lines_of(out), strict=True):
        assert decode_record(json.dumps(line["record"]).encode()) == edit.record
        assert msgspec.convert(line["record"], type(edit.record)) == edit.record
        digests = {picture.digest for picture in (*edit.images, *edit.restored)}
        digests |= {ref.stored for ref in edit.request.images if ref.stored}
        digests |= {edit.request.mask.stored} if edit.request.mask else set()
        assert set(line["files"]) == digests
        for digest, name in line["files"].items():
            assert (out / name).read_bytes() == edit.read(digest)


def test_exporting_twice_gives_the_same_files(filled, tmp_path):
    first = files_in(filled.export(tmp_path / "out"))
    assert files_in(filled.export(tmp_path / "out")) == first
    assert files_in(filled.export(str(tmp_path / "again"))) == first


def test_what_is_in_the_folder_already_stays(filled, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert files_in(filled.export(tmp_path / "out"))["notes.txt"] == b"mine"


def test_a_folder_that_cannot_be_written_and_a_missing_object_are_faults(filled, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(errors.HistoryFault, match="cannot be written"):
        filled.export(tmp_path / "file")
    filled.objects.path(filled[0].request.images[0].stored).unlink()
    with pytest.raises(errors.HistoryFault, match="My Photo"):
        filled.export(tmp_path / "out")


def test_an_attempt_with_an_unknown_outcome_is_exported_too(tmp_path):
    with scripted(refusing(400), hanging) as server, session(server.url, tmp_path / "h", timeout=1.5) as one:
        for prompt in ("a", "b"):
            with pytest.raises(errors.ImgEditError):
                one.edit(prompt, photo())
        out = one.history.export(tmp_path / "out")
    assert [line["record"]["state"] for line in lines_of(out)] == ["failed", "unknown"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("A red hat", "a-red-hat"), ("../../etc/passwd", "etc-passwd"), ("", "edit"), ("?!*", "edit"),
     ("x" * 99, "x" * 48),
     ("ﬁne ①", "fine-1"), ("a\x00b\nc", "a-b-c"), ("CON", "con"), ("日本", "日本")],
)  # fmt: skip
def test_a_slug_is_a_name_that_every_file_system_takes(text, name):
    assert archives.slug(text) == name
