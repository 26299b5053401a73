"""A picture's recipe in a real kernel: it becomes the cell below, and that finds the very same edit."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from kernels import kernel_in
from photos import encoded, photo
from recipes import WEB_UI, png_with

from requesty_nb import Mask, Session
from requesty_nb.provenance import recipe, recipe_of, sidecar, sidecar_path, with_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kernels import Kernel, Ran

SIZE = (60, 40)
PROMPT = '... a {hat}, it\'s "12 in" wide\n   \n>>> and red  '


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("recipes")


@pytest.fixture(scope="module")
def session(folder) -> Iterator[Session]:
    with Session(history=folder / "history", model="offline/painter") as one:
        yield one


@pytest.fixture(scope="module")
def kernel(session, folder) -> Iterator[Kernel]:
    """A notebook in the folder, at the same history, in which nothing may be paid."""
    environment = {**os.environ, "REQUESTY_NB_HISTORY": str(folder / "history"), "REQUESTY_NB_REPLAY": "only"}
    with kernel_in(folder, environment) as one:
        one.ok("%load_ext requesty_nb")
        one.ok("%config ImgEdit.model = 'vendor/another'")
        yield one


def below(ran: Ran) -> str:
    """Return the cell that was put below the one that ran."""
    (payload,) = ran.reply["payload"]
    assert (payload["source"], payload["replace"]) == ("set_next_input", False)
    text: str = payload["text"]
    return text


def found_by(kernel: Kernel, cell: str) -> tuple[str, int]:
    line, _, prompt = cell.partition("\n")
    kernel.ok(f"{line} --out found\n{prompt}")
    assert kernel.value("found.replayed")
    identifier: str = kernel.value("found.id")
    take: int = kernel.value("found.take")
    return identifier, take


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_cell_below_replays_the_edit(session, kernel, folder, kind):
    (folder / "it's a photo.png").write_bytes(encoded(photo(*SIZE)))
    mask = Mask(SIZE).ellipse(5, 5, 40, 30)
    edit = session.edit(PROMPT, folder / "it's a photo.png", mask=mask, output_format=kind.lower(), new=True)
    data = with_recipe(edit.images[0].bytes, recipe_of(edit, restored=False))
    (folder / f"a {kind} copy.img").write_bytes(data)

    ran = kernel.ok(f'%imgedit recipe "a {kind} copy.img"')
    assert ran.text.startswith(
        "Made by offline/painter, a drawing program and no AI model: picture 1 of take"
    )
    assert f"This history has it, as {edit.id}" in ran.text
    assert found_by(kernel, below(ran)) == (edit.id, edit.take)

    (folder / "mask.png").write_bytes(edit.stored(edit.request.mask))
    assert found_by(kernel, recipe(folder / f"a {kind} copy.img").cell) == (edit.id, edit.take)


def test_elsewhere_the_cell_names_files(session, kernel, folder):
    (folder / "seen.png").write_bytes(encoded(photo(*SIZE)))
    edit = session.edit(PROMPT, folder / "seen.png")
    copy = folder / "copy.png"
    copy.write_bytes(edit.images[0].bytes)
    sidecar_path(copy).write_bytes(sidecar(recipe_of(edit)))
    kernel.ok("%config ImgEdit.history = 'another'")
    try:
        ran = kernel.ok("%imgedit recipe copy.png")
    finally:
        kernel.ok(f"%config ImgEdit.history = {str(folder / 'history')!r}")
    assert below(ran) == recipe(copy).cell and below(ran).startswith(
        "%%imgedit ./seen.png --model offline/painter "
    )
    assert "This history" not in ran.text
    assert found_by(kernel, below(ran)) == (edit.id, edit.take)
    kernel.ok("import requesty_nb as rq")
    assert kernel.value("rq.recipe('copy.png').key") == edit.key
    (shown,) = kernel.ok("rq.recipe('copy.png')").of("execute_result")
    assert shown["data"]["text/plain"] == str(recipe(copy))


def test_a_foreign_picture_becomes_an_edit_of_itself(kernel, folder):
    (folder / "fox.png").write_bytes(png_with(parameters=WEB_UI))
    ran = kernel.ok("%imgedit recipe 'fox.png'")
    assert below(ran) == "%%imgedit ./fox.png --size 1024x1536\na fox, (snow:1.2),\n{{soft}} light"
    assert "Steps: 20" in ran.text and "model foxes_v2" in ran.text
    kernel.ok("%config ImgEdit.replay = 'auto'")
    try:
        line, _, prompt = below(ran).partition("\n")
        kernel.ok(f"{line} -m offline/painter -o fox\n{prompt}")
    finally:
        kernel.ok("%config ImgEdit.replay = 'only'")
    assert kernel.value("(fox.prompt, fox.request.images[0].name)") == (
        "a fox, (snow:1.2),\n{soft} light", "fox.png",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("recipe", "No picture file is named."),
        ("recipe nosuch.png", "nosuch.png cannot be read"),
        ("recipe plain.png", "plain.png has no recipe."),
    ],
)
def test_where_there_is_none_nothing_is_put_below(kernel, folder, line, words):
    (folder / "plain.png").write_bytes(encoded(photo()))
    ran = kernel.run(f"%imgedit {line}")
    assert words in " ".join(ran.error["lines"]) and "Nothing was paid." in ran.error["lines"]
    assert ran.reply["payload"] == []
