"""Recipes in picture files: what goes in comes out, and nothing else of the file changes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from photos import encoded, photo
from recipes import (
    KINDS,
    REF,
    REQUEST,
    asked,
    comment_of,
    edit_of,
    file_of,
    of_length,
    opened,
    said,
    with_right_sums,
)

import requesty_nb
from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.frames import Frame
from requesty_nb.models import EditRequest, EditResult, ImageInfo, ImageRef
from requesty_nb.provenance import (
    RecipeTooLong,
    recipe,
    recipe_of,
    sidecar,
    with_recipe,
)
from requesty_nb.version import VERSION

PATIENT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Any edit

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
DIGEST = st.binary(min_size=32, max_size=32).map(bytes.hex)
REFS = st.builds(
    ImageRef,
    digest=st.builds("{}:{}".format, st.sampled_from(["sha256", "pixels"]), DIGEST)
    | st.sampled_from(["url:https://example.org/a%20b.png?c=d&e", "file:file-abc_1"]),
    name=TEXT,
    mime=st.sampled_from(["image/png", ""]),
    size=st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
    stored=DIGEST,
    notes=st.lists(TEXT, max_size=2).map(tuple),
)
EDGE = st.integers(0, 4000)
FRAMES = st.builds(
    Frame,
    source=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    canvas=st.tuples(EDGE, EDGE),
    place=st.tuples(EDGE, EDGE),
    view=st.tuples(EDGE, EDGE, EDGE, EDGE),
)
REQUESTS = st.builds(
    EditRequest,
    prompt=TEXT,
    model=TEXT,
    images=st.lists(REFS, min_size=1, max_size=4).map(tuple),
    mask=st.none() | REFS,
    params=st.dictionaries(TEXT | st.sampled_from(["size", "quality", "user"]), JSON, max_size=4),
    n=st.integers(1, 10),
    frame=st.none() | FRAMES,
)
EDITS = st.builds(
    edit_of,
    REQUESTS,
    take=st.integers(1, 99),
    restored=st.sampled_from([(), (ImageInfo("r", "image/png", 1, 1),)]),
)


@PATIENT
@given(edit=EDITS, name=st.sampled_from(sorted(KINDS)), index=st.integers(0, 1), data=st.data())
def test_any_edits_recipe_comes_back_from_its_picture(edit, name, index, data):
    restored = data.draw(st.booleans()) and index < len(edit.restored)
    given_recipe = recipe_of(edit, index, restored=restored)
    copy = with_recipe(file_of(name), given_recipe)
    back = recipe(copy)
    assert back == given_recipe and back.key == edit.key == edit.request.key
    assert (back.origin, back.take, back.id) == ("requesty_nb", edit.take, edit.id)
    assert recipe(sidecar(given_recipe)) == given_recipe
    assert opened(copy).tobytes() == opened(file_of(name)).tobytes()
    assert repr(back) and back.notes is not None


@PATIENT
@given(edits=st.tuples(EDITS, EDITS), name=st.sampled_from(sorted(KINDS)))
def test_a_recipe_takes_the_place_of_another(edits, name):
    first, second = (recipe_of(edit, restored=False) for edit in edits)
    alone = with_recipe(file_of(name), second)
    assert with_recipe(with_recipe(file_of(name), first), second) == alone
    assert with_recipe(alone, second) == alone


def test_what_is_no_part_of_the_key_stays_at_home():
    edit = edit_of(asked(params={"size": "auto", "user": "class 7", "stream": True}))
    made = recipe_of(edit)
    assert made.request.params == {"size": "auto"} and made.key == edit.key
    assert b"class 7" not in with_recipe(file_of("PNG"), made)


def test_a_picture_that_is_not_there_has_no_recipe():
    edit = edit_of(REQUEST, restored=(ImageInfo("r", "image/png", 1, 1),))
    assert recipe_of(edit).restored and recipe_of(edit).digest == "r"
    assert not recipe_of(edit_of(REQUEST)).restored
    for index, restored in ((2, False), (-1, False), (1, True)):
        with pytest.raises(BadRequest, match=f"none at {index}"):
            recipe_of(edit, index, restored=restored)
    with pytest.raises(BadRequest, match="0 pictures"):
        recipe_of(edit_of(REQUEST, result=None, state="failed"))


def test_the_public_name_is_this():
    assert requesty_nb.recipe is recipe


# What other programs see


@pytest.mark.parametrize("name", KINDS)
def test_a_copy_is_a_whole_picture_to_pillow(name):
    copy = opened(with_recipe(file_of(name), recipe_of(edit_of(REQUEST))))
    plain = opened(file_of(name))
    assert (copy.mode, copy.size, copy.tobytes()) == (plain.mode, plain.size, plain.tobytes())
    assert said(copy) == {
        "about": "",
        "CreatorTool": f"requesty_nb {VERSION}",
        "DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
        "AISystemUsed": REQUEST.model,
        "AIPromptInformation": REQUEST.prompt,
    }
    if name == "PNG":
        assert copy.info["parameters"] == (
            f"{REQUEST.prompt}\nSize: 1536x1024, Model: azure/openai/gpt-image-1.5, Quality: low, Take: 1, "
            f"Version: requesty_nb {VERSION}"
        )
        assert json.loads(copy.info["requesty_nb"])["requesty_nb"] == 1
    else:
        comment = comment_of(copy)
        assert comment.startswith(b'ASCII\0\0\0{"requesty_nb":1,') and comment.isascii()


def test_what_no_model_made_says_so():
    edit = edit_of(asked(model="vendor/m"), result=EditResult(images=(ImageInfo("a", "image/png", 1, 1),),
                                                               provider="offline/painter"))  # fmt: skip
    values = said(opened(with_recipe(file_of("PNG"), recipe_of(edit))))
    assert values["DigitalSourceType"] == "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
    assert "AISystemUsed" not in values
    assert "Made by offline/painter, a drawing program and no AI model" in recipe_of(edit).notes[0]


@PATIENT
@given(prompt=st.text(max_size=60).filter(lambda text: text.isprintable()), model=TEXT)
@example(prompt="]]></rdf:RDF> <!-- &amp; \"'", model="\x00\x1b\ufffe")
def test_xml_is_well_formed_whatever_was_asked(prompt, model):
    made = recipe_of(edit_of(asked(prompt=prompt, model=model)))
    values = said(opened(with_recipe(file_of("JPEG"), made)))
    assert values.get("AIPromptInformation", prompt) == prompt


# What is refused


@pytest.mark.parametrize("name", KINDS)
def test_a_recipe_from_a_newer_version_says_to_upgrade(name):
    copy = with_recipe(file_of(name), recipe_of(edit_of(asked(prompt="x"))))
    newer = copy.replace(b'{"requesty_nb":1,', b'{"requesty_nb":2,')
    if name == "PNG":
        newer = with_right_sums(newer)
    with pytest.raises(BadImage, match="newer version") as caught:
        recipe(newer)
    assert "Upgrade" in caught.value.hint


def test_a_changed_byte_in_a_png_does_not_go_unseen():
    copy = with_recipe(file_of("PNG"), recipe_of(edit_of(REQUEST)))
    with pytest.raises(BadImage, match="check sum of its iTXt chunk"):
        recipe(copy.replace(b"a {red} hat", b"a {rod} hat"))


def test_a_picture_without_a_recipe_says_where_there_could_be_one(tmp_path):
    for name in KINDS:
        with pytest.raises(BadImage, match="has no recipe") as caught:
            recipe(file_of(name))
        assert ".json" in caught.value.hint
    for path, words in (
        (tmp_path / "nosuch.png", "No such file"),
        (tmp_path, "no regular file"),
        ("\0", "null"),
    ):
        with pytest.raises(BadImage, match=words):
            recipe(path)
    (tmp_path / "notes.json").write_text("[1, 2]")
    with pytest.raises(BadImage, match="no recipe"):
        recipe(tmp_path / "notes.json")


def test_what_is_no_whole_picture_gets_no_recipe():
    made = recipe_of(edit_of(REQUEST))
    for name in KINDS:
        with pytest.raises(BadImage, match="damaged"):
            with_recipe(file_of(name)[:-30], made)
    with pytest.raises(BadImage, match="Only a PNG, JPEG or WebP"):
        with_recipe(encoded(photo(), "GIF"), made)


def test_a_recipe_that_nothing_would_read_is_not_written():
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(BadRequest, match="nested too deeply"):
        sidecar(recipe_of(edit_of(asked(params={"x": deep}))))
    with pytest.raises(RecipeTooLong, match="more than 4000000"):
        with_recipe(file_of("PNG"), recipe_of(edit_of(of_length(4_000_001))))


def test_its_text_is_the_cell_and_what_to_know():
    framed = asked(mask=ImageRef(digest="pixels:bb", name="mask.png"), images=(REF, REF))
    text = repr(recipe_of(edit_of(framed, take=3)))
    assert text == str(recipe_of(edit_of(framed, take=3)))
    lines = text.splitlines()
    assert lines[0] == (
        '%%imgedit "./a photo.jpg" "./a photo.jpg" --model azure/openai/gpt-image-1.5 --size 1536x1024 '
        "--quality low --param 'x=[1, 2.5, null, {\"b\": true}]' --mask ./mask.png --take 3 --replay auto"
    )
    assert lines[1] == "a {{red}} hat & <b>, 日本語 🙂"
    assert lines[3].startswith(
        "Made by azure/openai/gpt-image-1.5 (azure): picture 1 of take 3, edit 01m89t2"
    )
    assert any(
        re.search(r"\./a photo\.jpg has to be the file with 60 x 40 pixels, sha256 abab", one)
        for one in lines
    )
    assert any("./mask.png is the mask, pixels:bb." in one for one in lines)
    assert framed.key in lines[-1]
