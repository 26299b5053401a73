import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest
import skimage.data
from photos import encoded, photo
from PIL import Image, ImageCms

from requesty_nb.errors import HistoryFault
from requesty_nb.frames import Frame, Leak
from requesty_nb.masks import Mask
from requesty_nb.models import (
    Cost,
    Edit,
    EditRecord,
    EditRequest,
    EditResult,
    Failure,
    ImageInfo,
    ImageRef,
    Picture,
    decode_record,
    encode_record,
)
from requesty_nb.sessions import Session
from requesty_nb.sessions.asking import prepare

REF = ImageRef(digest="sha256:aa", name="a.png", mime="image/png", size=(4, 3), stored="aa", notes=("n",))
MASK = ImageRef(digest="pixels:bb", name="mask.png", mime="image/png", size=(4, 3), stored="bb")
REQUEST = EditRequest(
    prompt="a red hat é",
    model="m",
    images=(REF,),
    mask=MASK,
    params={"size": "1024x1024", "user": "me", "extra": [1, 2.5, None, {"b": True}]},
    n=2,
    frame=Frame((4, 3), (4, 4), (0, 0), (0, 0, 4, 3)),
)
INFO = ImageInfo(hashlib.sha256(b"picture").hexdigest(), "image/png", 4, 3)


def record(**more: Any):
    return EditRecord(
        **{
            "id": "01",
            "key": REQUEST.key,
            "take": 1,
            "state": "ok",
            "request": REQUEST,
            "started": datetime(2026, 11, 22, tzinfo=UTC),
            "elapsed": 1.5,
            "result": EditResult(
                images=(INFO, INFO), usage={"x": [1]}, cost=Cost(1, 2, "usage"), provider="azure"
            ),
            "restored": (INFO,),
            "leak": Leak(0.1, 2.0, (1, -1)),
            "failure": Failure(type="T", message="m"),
            "notes": ("a",),
            "tags": ("t",),
            **more,
        }
    )


def changed(**changes: Any):
    return msgspec.structs.replace(REQUEST, **changes)


def test_the_key_is_fixed_forever():
    assert REQUEST.key == "v1:" + hashlib.sha256(REQUEST.canonical()).hexdigest()
    assert json.loads(REQUEST.canonical()) == {
        "frame": {"canvas": [4, 4], "place": [0, 0], "source": [4, 3], "view": [0, 0, 4, 3]},
        "images": ["sha256:aa"],
        "mask": "pixels:bb",
        "model": "m",
        "n": 2,
        "params": {"extra": [1, 2.5, None, {"b": True}], "size": "1024x1024"},
        "prompt": "a red hat é",
    }
    assert REQUEST.key == "v1:aebfee5e7700120382fb7bef6922c93dfd720a62f0bcd647de636c3ae9d05f2e"


def test_how_a_picture_was_called_or_who_asked_changes_no_key():
    other = msgspec.structs.replace(REF, name="b.jpg", notes=(), stored="", mime="image/jpeg", size=None)
    assert changed(images=(other,)).key == REQUEST.key
    for field in ("user", "stream", "partial_images"):
        assert changed(params={**REQUEST.params, field: "another"}).key == REQUEST.key
    assert changed(params=dict(reversed(REQUEST.params.items()))).key == REQUEST.key


@pytest.mark.parametrize(
    "change",
    [{"prompt": "a red hat e"}, {"model": "n"}, {"images": (REF, REF)}, {"images": (MASK,)}, {"mask": None},
     {"mask": REF}, {"params": {}}, {"n": 1}, {"frame": None},
     {"params": {**REQUEST.params, "size": "auto"}}, {"params": {**REQUEST.params, "extra": "1"}}],
)  # fmt: skip
def test_whatever_is_asked_changes_the_key(change):
    assert changed(**change).key != REQUEST.key


def test_the_order_of_pictures_counts():
    assert changed(images=(REF, MASK)).key != changed(images=(MASK, REF)).key


def test_a_record_comes_back_as_it_was():
    for one in (
        record(),
        record(result=None, restored=(), leak=None, state="failed"),
        record(tags=(), notes=()),
    ):
        assert decode_record(encode_record(one)) == one


def test_a_record_is_readable_text_with_one_final_newline():
    text = encode_record(record()).decode()
    assert text.startswith('{\n "id": "01"') and text.endswith("\n}\n")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"id": 3}', encode_record(record())[:-9]])
def test_a_damaged_record_is_a_fault_of_the_history(data):
    with pytest.raises(HistoryFault):
        decode_record(data)


def test_a_record_of_a_newer_version_says_to_upgrade():
    with pytest.raises(HistoryFault) as caught:
        decode_record(encode_record(record(version=2)))
    assert "Upgrade" in caught.value.hint


def test_fields_that_later_versions_add_are_passed_over():
    value = {**json.loads(encode_record(record())), "mood": "good"}
    assert decode_record(json.dumps(value).encode()) == record()


def test_an_edit_shows_its_record():
    edit = Edit(record(), {INFO.sha256: b"picture", "aa": b"given"}.__getitem__)
    assert (edit.id, edit.key, edit.take, edit.state) == ("01", REQUEST.key, 1, "ok")
    assert (edit.prompt, edit.model, edit.tags, edit.elapsed) == ("a red hat é", "m", ("t",), 1.5)
    assert (edit.usage, edit.cost, edit.leak) == ({"x": [1]}, Cost(1, 2, "usage"), Leak(0.1, 2.0, (1, -1)))
    assert len(edit.images) == 2 and len(edit.restored) == 1
    assert edit.images[0].bytes == b"picture"
    assert (edit.images[0].size, edit.images[0].mime, edit.images[0].digest) == (
        (4, 3),
        "image/png",
        INFO.sha256,
    )
    assert edit.stored(REF) == b"given"
    assert edit.__imgedit_source__() == b"picture"


def test_without_a_mask_the_restored_pictures_are_the_images():
    edit = Edit(record(restored=()), lambda _: b"x")
    assert edit.restored == edit.images


OLD = Leak(0.1, 2.0, (1, -1))


def test_each_picture_has_its_leak_and_the_edits_is_the_worst():
    worst = Leak(0.5, 9.0)
    edit = Edit(record(leak=None, leaks=(None, worst)), lambda _: b"")
    assert decode_record(encode_record(edit.record)) == edit.record
    assert edit.leaks == (None, worst) and edit.leak == worst
    assert Edit(record(leak=None, leaks=(Leak(0.5, 9.5), worst)), lambda _: b"").leak == Leak(0.5, 9.5)
    assert Edit(record(leak=None, leaks=(None, None)), lambda _: b"").leak is None
    bare = Edit(record(leak=None), lambda _: b"")
    assert bare.leaks == () and bare.leak is None


def test_a_record_from_before_each_picture_had_its_leak_is_read():
    value = json.loads(encode_record(record()))
    assert "leaks" not in value and value["leak"] == {"share": 0.1, "mean": 2.0, "shift": [1, -1]}
    edit = Edit(decode_record(json.dumps(value).encode()), lambda _: b"")
    assert edit.leak == OLD and edit.leaks == (OLD, None), "the first of two; of the other nothing is known"
    failed = Edit(record(result=None, restored=(), leak=None, state="failed"), lambda _: b"")
    assert failed.leaks == () and failed.leak is None


def test_a_failed_edit_has_no_pictures_and_is_no_source():
    edit = Edit(record(result=None, restored=(), state="failed"), lambda _: b"")
    assert (edit.images, edit.restored, edit.usage, edit.cost) == ((), (), {}, None)
    with pytest.raises(HistoryFault):
        edit.__imgedit_source__()


def test_a_reference_was_not_kept():
    edit = Edit(record(), lambda _: b"")
    with pytest.raises(HistoryFault):
        edit.stored(ImageRef(digest="url:https://x", name="https://x"))


def test_equality_is_of_records_and_not_of_how_they_were_had():
    one, two = Edit(record(), bytes.fromhex), Edit(record(), bytes.fromhex, replayed=True)
    assert one == two and hash(one) == hash(two)
    assert one != Edit(record(take=2), bytes.fromhex)
    assert one != "an edit"


def test_a_picture_is_saved_as_it_is_and_compared_by_what_it_holds(tmp_path):
    picture = Picture(INFO, lambda: b"picture")
    assert picture.save(tmp_path / "a.bin").read_bytes() == b"picture"
    assert picture.save(str(tmp_path / "b")) == tmp_path / "b"
    assert picture == Picture(INFO, lambda: b"") and hash(picture) == hash(Picture(INFO, bytes))
    assert picture != INFO
    assert "4x3 image/png" in repr(picture)


# What was given, given again


def in_another_space() -> Image.Image:
    """Return a picture in memory whose colour profile counts: its identity is of the pixels before sRGB."""
    image = photo(60, 40)
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # an sRGB profile with its red and green primaries exchanged is valid, and changes every colour
    swapped = plain.replace(b"rXYZ", b"xXYZ").replace(b"gXYZ", b"rXYZ").replace(b"xXYZ", b"gXYZ")
    image.info["icc_profile"] = swapped
    return image


def turned() -> bytes:
    """Return a JPEG that lies on its side, as its EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(photo(60, 40), "JPEG", exif=exif)


SOFT = Mask((60, 40)).ellipse(5, 5, 40, 30).feather(6)
GIVEN: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "bytes": ((encoded(photo(60, 40)),), {}),
    "array": ((skimage.data.astronaut()[:40, :60],), {"size": "1536x1024"}),
    "picture": ((photo(60, 40),), {"mask": SOFT}),
    "grey": ((photo(60, 40).convert("L"),), {}),
    "clear": ((photo(60, 40).convert("RGBA"),), {"mask": np.asarray(SOFT) > 0}),
    "palette": ((photo(60, 40).quantize(16),), {}),
    "profile": ((in_another_space(),), {"mask": SOFT}),
    "turned": ((turned(),), {"mask": Mask((40, 60)).rect(0, 0, 20, 30)}),
    "bmp": ((encoded(photo(60, 40), "BMP"),), {"n": 2}),
    "several": ((photo(60, 40), encoded(photo()), photo(9, 9)), {"mask": SOFT, "quality": "low"}),
    "framed": ((photo(90, 30),), {"mask": Mask((90, 30)).rect(0, 0, 40, 30)}),
    "extended": ((photo(60, 40),), {"extend": "10,0,7,3"}),
    "extended with a mask": ((photo(60, 40),), {"extend": "80x60", "mask": SOFT, "size": "1024x1024"}),
}


def asked_again(session: Session, edit: Edit) -> Edit:
    request = edit.request
    return session.edit(
        edit.prompt,
        *edit.sources,
        mask=edit.mask,
        model=edit.model,
        n=request.n,
        extend=edit.extend,
        take=edit.take,
        params=request.params,
        replay="only",
    )


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    with Session(history=tmp_path_factory.mktemp("models"), model="offline/painter") as session:
        yield session


@pytest.mark.parametrize("name", GIVEN)
def test_what_was_given_can_be_given_again_and_replays_the_edit(offline, name):
    sources, options = GIVEN[name]
    edit = offline.edit(f"sepia {name}", *sources, output_format="jpeg", **options)
    assert asked_again(offline, edit) == edit
    assert asked_again(offline, offline.history[edit.id]) == edit
    names = [source.name for source in edit.sources if not isinstance(source, str)]
    assert names == [ref.name for ref in edit.request.images]


def test_a_file_can_be_given_again_when_it_is_gone(offline, tmp_path):
    (path := tmp_path / "the cat.png").write_bytes(encoded(photo(30, 30)))
    edit = offline.edit("sepia", path)
    path.unlink()
    assert asked_again(offline, edit) == edit
    (source,) = edit.sources
    assert not isinstance(source, str) and source.name == "the cat.png"


def test_what_can_be_given_again_needs_no_history():
    with Session(history=False, model="offline/painter") as session:
        edit = session.edit("x", in_another_space(), mask=SOFT)
    (source,) = edit.sources
    assert source.digest == edit.request.images[0].digest
    assert edit.mask.digest == SOFT.digest and edit.extend is None


@pytest.mark.parametrize("mask", [None, "file-mask", "https://example.org/" + "m" * 300])
def test_references_are_given_again_as_their_text(mask):
    given = "https://example.org/" + "a" * 300, "file-abc"
    with Session(history=False, model="vendor/m") as session:
        request = prepare(session.ask("x", *given, mask=mask)).request
        edit = Edit(record(request=request, key=request.key), lambda _: b"")
        assert edit.sources == given and edit.mask == mask
        again = prepare(session.ask("x", *edit.sources, mask=edit.mask)).request
    assert again == request


def test_a_source_that_was_not_kept_is_a_fault_of_the_history():
    lost = msgspec.structs.replace(REF, stored="")
    edit = Edit(record(request=changed(images=(lost,), mask=lost)), lambda _: b"")
    for look in (lambda: edit.sources, lambda: edit.mask):
        with pytest.raises(HistoryFault, match="not kept"):
            look()


def test_what_a_picture_was_extended_by_is_told():
    frame = Frame((400, 300), (520, 520), (100, 90), (0, 90, 520, 430))
    assert Edit(record(request=changed(frame=frame)), bytes.fromhex).extend == (100, 0, 20, 40)
    assert Edit(record(), bytes.fromhex).extend is None
