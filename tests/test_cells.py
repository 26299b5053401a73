"""The cell of an edit, run in a real kernel where nothing may be paid: it finds the very same edit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from kernels import kernel_in
from photos import encoded, photo

from requesty_nb import Edit, Mask, Session, images, options
from requesty_nb.cells import cell_for, cell_of
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kernels import Kernel

MODEL = "offline/painter"
SIZE = (60, 40)
SOFT = Mask(SIZE).ellipse(5, 5, 40, 30).feather(6)
NASTY = "a {hat} made of {{felt}}, \"quoted\", it's 100 %\n  $place, {x!r}  \n%%imgedit --new\n\\n {'}'}  \n"
AWKWARD = "it's 12\" [wide], {a} = b $c.png"
ODD = {"x": "two words", "y": '"1"', "z": [1, None, {"a": "b\"'\n"}], "w": "1", "v": True, "-u": 2.0}

# What was given, and what was asked besides.
MADE: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "bytes": ((encoded(photo(*SIZE)),), {}),
    "array": ((np.asarray(photo(*SIZE)),), {"size": "1024x1024", "quality": "low"}),
    "mask": ((photo(*SIZE),), {"mask": SOFT}),
    "several": ((photo(*SIZE), encoded(photo()), photo(9, 9)), {"mask": SOFT, "n": 2}),
    "extended": ((photo(*SIZE),), {"extend": "10,0,7,3"}),
    "extended with a mask": ((photo(*SIZE),), {"extend": "80x60", "mask": SOFT}),
    "fields": (
        (photo(*SIZE),),
        {"output_format": "webp", "output_compression": 80, "background": "opaque", "input_fidelity": "high",
         "moderation": "low", "user": "class 7", "tags": ["draft"]},
    ),
    "further fields": ((photo(*SIZE),), {"params": ODD}),
}  # fmt: skip


def line_of(cell: str) -> options.Options:
    return options.parse(cell.partition("\n")[0].removeprefix("%%imgedit"))


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Iterator[Session]:
    with Session(history=tmp_path_factory.mktemp("cells") / "history", model=MODEL) as one:
        yield one


@pytest.fixture(scope="module")
def kernel(session) -> Iterator[Kernel]:
    """A notebook at the same history, in which nothing may be paid and the default model is another."""
    folder = session.history.folder
    environment = {**os.environ, "REQUESTY_NB_HISTORY": str(folder), "REQUESTY_NB_REPLAY": "only"}
    with kernel_in(folder.parent, environment) as one:
        one.ok("%load_ext requesty_nb")
        one.ok("%config ImgEdit.model = 'vendor/another'")
        yield one


def found_by(kernel: Kernel, cell: str) -> tuple[str, str, int]:
    """Run a cell; return id, key and take of what it gives."""
    line, _, prompt = cell.partition("\n")
    kernel.ok(f"{line} --out found\n{prompt}")
    identifier, key, take, replayed = kernel.value("(found.id, found.key, found.take, found.replayed)")
    assert replayed
    return identifier, key, take


@pytest.mark.parametrize("name", MADE)
def test_the_cell_replays_its_edit(session, kernel, name):
    sources, asked = MADE[name]
    edit = session.edit(f"sepia, {name}", *sources, **asked)
    assert found_by(kernel, cell_of(edit)) == (edit.id, edit.key, 1)


def test_a_prompt_survives_whatever_it_holds(session, kernel):
    edit = session.edit(NASTY, photo(*SIZE))
    assert found_by(kernel, cell_of(edit)) == (edit.id, edit.key, 1)
    assert "{{hat}} made of {{{{felt}}}}" in cell_of(edit)


def test_a_further_take_is_its_own(session, kernel):
    session.edit("takes", photo(*SIZE))
    second = session.edit("takes", photo(*SIZE), new=True)
    assert second.take == 2
    assert found_by(kernel, cell_of(second)) == (second.id, second.key, 2)


@pytest.mark.parametrize("default", ["off", "only", "auto"])
def test_whatever_the_default_is_it_is_replayed(session, kernel, default):
    edit = session.edit("a default", photo(*SIZE))
    kernel.ok(f"%config ImgEdit.replay = {default!r}")
    try:
        assert found_by(kernel, cell_of(edit)) == (edit.id, edit.key, 1)
    finally:
        kernel.ok("%config ImgEdit.replay = 'only'")


def test_given_words_stand_for_the_pictures_however_they_are_written(session, kernel):
    folder = session.history.folder.parent
    (path := folder / AWKWARD).write_bytes(encoded(photo(*SIZE)))
    edit = session.edit("sepia", path, path, mask=SOFT)
    kernel.ok(f"import requesty_nb\nmasks = {{'a b': requesty_nb.history[{edit.id!r}].mask}}")
    cell = cell_of(edit, sources=[AWKWARD, str(path)], mask="masks['a b']")
    assert line_of(cell).images == (AWKWARD, str(path)) and line_of(cell).mask == "masks['a b']"
    assert found_by(kernel, cell) == (edit.id, edit.key, 1)


def test_everything_is_spelled_out(session):
    edit = session.edit("a {red} hat", photo(*SIZE), mask=SOFT, quality="low", n=2)
    kept = f"rq.history['{edit.id}']"
    assert cell_of(edit) == (
        f'%%imgedit "{kept}.sources[0]" --model offline/painter --size 1536x1024 --quality low -n 2 '
        f'--mask "{kept}.mask" --take 1 --replay auto\na {{{{red}}}} hat'
    )
    extended = session.edit("more", photo(*SIZE), extend="80x60")
    line = line_of(cell_of(extended, sources=["photo.jpg"]))
    assert (line.images, line.mask, line.extend) == (("photo.jpg",), None, "10,10,10,10")
    assert (line.size, line.background) == ("1536x1024", "opaque")


def test_values_that_an_option_cannot_carry_go_as_further_fields(session):
    edit = session.edit("x", photo(*SIZE))
    other = changed(edit, params={"size": 7, "output_compression": "80", "quality": ["low"], "user": ""})
    line = line_of(cell_of(other))
    assert (line.size, line.quality, line.output_compression, line.user) == (None, None, None, "")
    assert line.fields == other.request.params


def test_what_no_line_can_carry_is_refused(session):
    edit = session.edit("x", photo(*SIZE), photo(9, 9))
    with pytest.raises(BadRequest, match="1 words were given for the 2 pictures"):
        cell_of(edit, sources=["a.png"])
    for params in ({"a b": 1}, {"a=b": 1}, {"": 1}, {"": "a text"}, {" a": 1}):
        with pytest.raises(BadRequest, match="No %%imgedit line can carry"):
            cell_of(changed(edit, params=params))
    with pytest.raises(BadRequest, match="line break"):
        cell_of(edit, sources=["a\nb.png", "c.png"])


def test_a_cell_of_a_request_alone_leaves_to_the_defaults_what_it_does_not_say(session):
    request = session.edit("a {hat}", photo(*SIZE)).request
    plain = msgspec.structs.replace(request, model="", params={})
    assert cell_for(plain, ["./a b.png"]) == '%%imgedit "./a b.png"\na {{hat}}'
    assert cell_for(plain, ["a.png"], mask="m", take=2) == (
        "%%imgedit a.png --mask m --take 2 --replay auto\na {{hat}}"
    )


def test_the_empty_mask_is_known_without_being_made():
    for size in ((1, 1), (60, 40), (1025, 1024), (1024, 2048)):
        assert images.blank_digest(size) == Mask(size).digest


def test_a_cell_says_just_what_was_meant_or_is_none(session):
    request = session.edit("a hat", photo(*SIZE)).request
    for changes in ({"model": "a\nb"}, {"model": "a\x1b"}, {"n": 10**9}, {"params": {"stream": True}}):
        with pytest.raises(BadRequest):
            cell_for(msgspec.structs.replace(request, **changes), ["a.png"])
    with pytest.raises(BadRequest, match="half a character"):
        cell_for(request, ["\udcff.png"])
    unseen = msgspec.structs.replace(request, params={"quality": "lo\x1bw", "x": "a\u202eb"})
    line = cell_for(unseen, ["a.png"]).partition("\n")[0]
    assert line.isprintable() and options.parse(line.removeprefix("%%imgedit")).fields == unseen.params


def changed(edit: Edit, **changes: Any) -> Edit:
    request = msgspec.structs.replace(edit.request, **changes)
    return Edit(msgspec.structs.replace(edit.record, request=request, key=request.key), edit.read)
