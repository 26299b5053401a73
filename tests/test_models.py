import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from requesty_nb.errors import HistoryFault
from requesty_nb.frames import Frame, Leak
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
