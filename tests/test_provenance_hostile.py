"""Pictures from strangers: nothing they say is run, and nothing they hold takes down who looks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from recipes import (
    REF,
    REQUEST,
    WEB_UI,
    asked,
    edit_of,
    file_of,
    png_with,
    with_text,
)

from requesty_nb import options
from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.magics.resolve import resolve
from requesty_nb.models import ImageRef
from requesty_nb.provenance import Recipe, recipe, recipe_of, sidecar, with_recipe

PATIENT = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EVIL = [
    '__import__("os").system("x")',
    "rq.__class__[__import__('os').system('x')]",
    "names[boom()].png",
    "names",
    "...[boom()]",
    "~[boom()]",
    "~root/x.png",
    "../../etc/passwd",
    "C:\\Windows\\system32\\names",
    "--new",
    "-o",
    "file-names",
    "https://example.org/boom.png",
    "data:image/png;base64,AAAA",
    'a" --save "b.png',
    "a' --new '",
    "x\n%%bash\nboom",
    "x\r--new",
    "\u202egnp.x\u2028--new",
    "\x1b[2Jx.png",
    "{boom()}.png",
    "$HOME/x.png",
    "..",
    "",
    "\0",
    "x" * 5_000 + ".png",
]
NAMES = {"names": object(), "rq": object(), "boom": object(), "x": object()}


def boom(expression: str) -> object:
    raise AssertionError(f"evaluated: {expression}")


def refs(*names: str) -> tuple[ImageRef, ...]:
    return tuple(msgspec.structs.replace(REF, name=name, digest=f"sha256:{name!a}") for name in names)


def harmless(made: Recipe) -> options.Options:
    """Return what a recipe's cell says, once it is seen that nothing in it is code or does more than edit."""
    line, _, body = made.cell.partition("\n")
    assert line.isprintable() and re.match("%%imgedit ['\"]?[.]/", line)
    said = options.parse(line.removeprefix("%%imgedit"))
    assert said.new is False and said.replay in {None, "auto"}
    assert (said.out, said.save, said.tags, said.timeout, said.transport, said.raw) == (
        None, None, (), None, None, False,
    )  # fmt: skip
    for word in (*said.images, *([said.mask] if said.mask else [])):
        assert "/" not in word[2:] and "\\" not in word[2:]
        assert str(resolve(word, NAMES, boom)) == word[2:]
    assert options.fill(body, boom) == made.prompt
    assert not any(mark in str(made) for mark in "\x1b\u202e\0\r\x07")
    return said


# What is never run


@pytest.mark.parametrize("name", EVIL)
def test_a_strangers_file_name_is_a_name_of_a_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mask = ImageRef(digest="pixels:1", name=name)
    made = recipe(
        with_recipe(file_of("PNG"), recipe_of(edit_of(asked(images=refs(name, "b.png"), mask=mask))))
    )
    said = harmless(made)
    assert len(set(said.images)) == len(said.images) and said.mask not in said.images


@PATIENT
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(EVIL), min_size=1, max_size=4
    )
)
def test_whatever_a_file_is_called(names):
    made = recipe_of(edit_of(asked(images=refs(*names))))
    assert len(set(harmless(made).images)) == len(set(names))


@PATIENT
@given(
    prompt=st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(EVIL),
    params=st.dictionaries(
        st.sampled_from(["size", "quality", "output_format", "user_id", "new", "out", "-o", "--save"]),
        st.text(max_size=20) | st.sampled_from(EVIL) | st.integers(),
    ),
)
@example(prompt="{boom()} {{boom()}} {__import__('os')}", params={"size": "1 --new", "--save": "{boom()}"})
@example(prompt="\x1b]0;title\x07 \u202e", params={"quality": "low\x1b[2J"})
def test_whatever_is_asked_is_text(prompt, params):
    made = recipe_of(edit_of(asked(prompt=prompt, params=params)))
    said = harmless(made)
    assert said.fields == params and said.model == REQUEST.model


@pytest.mark.parametrize(
    "digest", ["url:names[boom()]", "url:http://x", "url:https://x --new", "file:x[boom()]"]
)
def test_a_reference_that_is_none_is_damage(digest):
    data = sidecar(recipe_of(edit_of(REQUEST))).replace(REF.digest.encode(), digest.encode())
    with pytest.raises(BadImage, match="what it calls a"):
        recipe(data)


def test_a_reference_is_given_as_it_is():
    both = (
        ImageRef(digest="url:https://example.org/a.png?b=c", name="a"),
        ImageRef(digest="file:file-1", name="b"),
    )
    made = recipe_of(edit_of(asked(images=both)))
    said = options.parse(made.cell.splitlines()[0].removeprefix("%%imgedit"))
    assert said.images == ("https://example.org/a.png?b=c", "file-1")
    assert [resolve(word, NAMES, boom) for word in said.images] == list(said.images)


@pytest.mark.parametrize(
    "changes",
    [{"model": "a\u202eb"}, {"model": "a\nb"}, {"params": {"a b": 1}}, {"params": {"a\x1b": 1}},
     {"params": {"stream": 1}}, {"params": {"model": "x"}}],
)  # fmt: skip
def test_what_no_cell_can_carry_is_told_in_its_place(changes):
    made = Recipe(request=asked(**changes))
    with pytest.raises(BadRequest):
        _ = made.cell
    assert str(made).startswith("No cell can be made of this recipe: ")


@pytest.mark.parametrize(
    "name", [one for one in EVIL if one.strip(".") and "\0" not in one and len(one) < 200]
)
def test_a_found_file_is_named_as_a_file(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = name.replace("/", "_")
    (tmp_path / name).write_bytes(png_with(parameters=WEB_UI))
    made = recipe(name)
    if not name.isprintable() and len((name + ".").splitlines()) > 1:
        with pytest.raises(BadRequest, match="line break"):
            _ = made.cell
        return
    (tmp_path / name).unlink()  # a word is looked at as an expression where there is no such file
    (word,) = options.parse(made.cell.splitlines()[0].removeprefix("%%imgedit")).images
    assert resolve(word, NAMES, boom) in {Path(name), tmp_path / name}


# What is not believed


def test_the_key_is_computed_and_origin_and_notes_are_not_a_files_to_say():
    data = json.loads(sidecar(recipe_of(edit_of(REQUEST))))
    data |= {"key": "v1:0", "origin": "a1111", "found": "boom()", "unmapped": ["x"], "checkpoint": "y"}
    made = recipe(json.dumps(data).encode())
    assert (made.key, made.origin, made.found, made.unmapped) == (REQUEST.key, "requesty_nb", "", ())


def test_a_frame_that_no_picture_has_is_damage():
    for source in ([0, 1], [-5, -5], [100_000, 100_000], [1, 10**12]):
        data = json.loads(sidecar(recipe_of(edit_of(REQUEST))))
        data["request"]["frame"] = {"source": source, "canvas": [1, 1], "place": [0, 0], "view": [0, 0, 1, 1]}
        with pytest.raises(BadImage, match="framed"):
            recipe(json.dumps(data).encode())


@pytest.mark.parametrize(
    "data",
    [b"{", b'{"requesty_nb":1}', b'{"requesty_nb":0,"request":{}}', b'{"requesty_nb":true}',
     b'{"requesty_nb":"1"}', b'{"requesty_nb":1,"request":' + b"[" * 1_000_000,
     b'{"requesty_nb":1,"request":' + b"9" * 100_000 + b"}",
     b'{"requesty_nb":1,"request":{"prompt":"","model":"","images":[]}}',
     b'{"requesty_nb":1,"request":{"prompt":"\xff","model":"","images":[]}}', b"", b"\xef\xbb\xbf", b"[1]"],
)  # fmt: skip
def test_damaged_recipes_are_told(data):
    with pytest.raises(BadImage):
        recipe(data)
    with pytest.raises(BadImage):
        recipe(with_text("requesty_nb", data))
