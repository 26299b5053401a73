"""Edits begun by a click: what is asked for, what comes, and what can be done with it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from editing import COFFEE, PHOTOS, SIZE, agrees, generate, opened, pairs
from photos import encoded, photo
from PIL import Image

import requesty_nb as rq
from requesty_nb import images
from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.masks import Mask
from requesty_nb.sessions import Session
from requesty_nb.widgets import Editor

if TYPE_CHECKING:
    from pages import User

# --- edits


def test_generate_makes_a_new_take_of_what_is_drawn(user):
    user.ok("op", pairs(0, 0, 300, 400), t="rect")
    user.set(prompt="sepia", size="1024x1024", n=2)
    edit = generate(user)
    assert (edit.take, edit.state, edit.request.n) == (1, "ok", 2)
    assert edit.request.mask.digest == user.editor.mask.digest
    assert edit.request.params == {"size": "1024x1024"}
    (card,) = user.state["results"]
    assert (card["id"], card["prompt"], len(card["thumbs"]), card["masked"]) == (edit.id, "sepia", 2, True)
    assert generate(user, "job-2").take == 2
    assert [card["id"] for card in user.state["results"]] == [edit.id for edit in reversed(user.editor.edits)]


def test_with_nothing_drawn_there_is_no_mask_and_what_is_on_auto_is_not_sent(user):
    user.set(prompt="sepia")
    ask = user.editor.ask()
    assert ask.mask is None and ask.extend is None and ask.new
    assert {name: value for name, value in ask.fields.items() if value is not None} == {}
    edit = generate(user)
    assert edit.request.mask is None and edit.request.params == {}
    user.editor.output_format = ""
    user.editor.quality = "low"
    user.editor.extend = (0, 0, 8, 0)
    ask = user.editor.ask()
    assert {name: value for name, value in ask.fields.items() if value is not None} == {"quality": "low"}
    assert ask.extend == (0, 0, 8, 0)


def test_what_is_shown_is_what_is_asked_for(user):
    user.editor.prompt = "sepia"
    user.ok("op", pairs(300, 200), t="brush", w=60)
    user.ok("try", grow=10, feather=0)
    assert user.editor.ask().mask.digest == Mask(SIZE).brush((300, 200), 60).grow(10).digest


def test_what_is_drawn_after_the_click_is_not_part_of_it(user):
    user.ok("op", pairs(300, 200), t="brush", w=60)
    user.set(prompt="sepia")
    user.ok("ask", j="a")
    drawn = user.editor.mask.digest
    user.ok("op", t="invert")
    user.set(prompt="something else")
    user.ok("start", j="a")
    user.page.until(lambda: len(user.editor.results) == 1)
    assert user.editor.edits[0].request.mask.digest == drawn and user.editor.edits[0].prompt == "sepia"


def test_a_job_that_fails_says_so_on_its_card_and_is_taken_off_by_hand(user):
    user.set(prompt=" ")
    user.ok("ask", j="a")
    user.ok("start", j="a")
    user.page.until(lambda: [job["state"] for job in user.state["jobs"]] == ["failed"])
    assert "prompt is empty" in user.state["jobs"][0]["text"]
    user.ok("cancel", j="a")
    assert user.state["jobs"] == [] and user.editor.edits == []


def test_a_result_is_shown_used_and_gone_on_from(user):
    user.ok("op", pairs(0, 0, 300, 400), t="rect")
    user.set(prompt="sepia")
    edit = generate(user)
    user.ok("show", id=edit.id, i=0)
    (shown,) = user.page.said(user.model, "shown")
    assert shown.content["id"] == edit.id and len(shown.buffers) == 4
    mask = user.editor.mask
    user.ok("use", id=edit.id, i=0, raw=False, keep=True)
    assert user.editor.image.name == f"edit-{edit.id[-8:]}.png" and user.editor.mask == mask
    assert images.load(edit).digest == user.editor.image.digest
    user.ok("use", id=edit.id, i=0, raw=True, keep=False)
    assert user.editor.image.size == edit.images[0].size and user.editor.mask.is_empty
    user.set(prompt="brighter")
    child = generate(user, "job-2")
    assert child.request.images[0].digest == f"sha256:{edit.images[0].digest}"
    for _ in range(2):
        user.ok("undo")
    assert user.editor.image.name == "coffee.png" and user.editor.mask == mask
    agrees(user)


def test_a_mask_that_does_not_fit_the_result_is_cleared_and_that_is_said(user):
    user.ok("op", pairs(300, 200), t="brush", w=60)
    user.set(prompt="sepia", size="1024x1536")
    edit = generate(user)
    user.ok("use", id=edit.id, i=0, raw=True, keep=True)
    assert user.editor.mask.is_empty
    assert user.page.said(user.model, "notice")[-1].content["kind"] == "warning"


def test_a_mask_goes_along_into_an_extended_photo(user):
    user.ok("op", pairs(0, 0, 50, 50), t="rect")
    user.set(prompt="sepia", extend=[100, 0, 0, 60])
    edit = generate(user)
    user.ok("use", id=edit.id, i=0, raw=False, keep=True)
    assert user.editor.image.size == (700, 460) and user.editor.extend == (0, 0, 0, 0)
    assert user.editor.mask.bbox == (100, 0, 150, 50)


def test_the_mask_of_an_edit_is_drawn_on_with(user):
    user.ok("op", pairs(300, 200), t="brush", w=60)
    drawn = user.editor.mask.digest
    user.set(prompt="sepia")
    edit = generate(user)
    user.ok("op", t="clear")
    user.ok("remask", id=edit.id)
    assert user.editor.mask.digest == drawn
    agrees(user)
    user.ok("op", t="clear")
    plain = generate(user, "job-2")
    assert "without a mask" in user.tell("remask", id=plain.id)


def test_the_cell_that_makes_an_edit_again_is_told(page):
    shared = rq.session.history.folder  # where a cell looks
    with (
        Session(model="offline/painter", history=shared) as session,
        opened(page, session, prompt="sepia") as user,
    ):
        edit = generate(user)
        user.ok("cell", id=edit.id, i=0)
        (answer,) = user.page.said(user.model, "cell")
    assert answer.content["id"] == edit.id and answer.content["text"].startswith("%%imgedit ")
    assert answer.content["text"].endswith("sepia")


@pytest.mark.parametrize("kept", [True, False])
def test_an_edit_that_a_cell_would_not_find_has_none(page, tmp_path, kept):
    folder = tmp_path / "elsewhere" if kept else False
    with (
        Session(model="offline/painter", history=folder) as session,
        opened(page, session, prompt="sepia") as user,
    ):
        edit = generate(user)
        assert "is not there" in user.tell("cell", id=edit.id, i=0)
        assert user.page.said(user.model, "cell") == []


def test_an_edit_that_cannot_be_shown_is_kept_and_that_is_said(user, session):
    edit = session.edit("sepia", COFFEE)
    session.history.objects.path(edit.images[0].digest).write_bytes(b"no picture")
    user.editor._keep(edit)
    assert user.editor.edits == [edit] and user.state["results"] == []
    (notice,) = user.page.said(user.model, "notice")
    assert notice.content["kind"] == "error"
    assert f"made and kept as {edit.id}, but cannot be shown: " in notice.content["text"]
    assert "damaged" in notice.content["text"]


def test_a_picture_is_saved_under_a_name_that_is_free(user, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    user.set(prompt="sepia")
    edit = generate(user)
    name = f"edit-{edit.id[-8:]}"
    for expected in (f"{name}.png", f"{name}-2.png"):
        user.ok("save", id=edit.id, i=0, raw=True)
        assert (tmp_path / expected).read_bytes() == edit.images[0].bytes
        assert str(tmp_path / expected) in user.page.said(user.model, "notice")[-1].content["text"]
    assert "i is 1" in user.tell("save", id=edit.id, i=1, raw=True)
    assert "i is -1" in user.tell("save", id=edit.id, i=-1, raw=False)


def test_a_folder_that_is_gone_is_told_of(user, tmp_path, monkeypatch):
    user.set(prompt="sepia")
    edit = generate(user)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert "cannot be saved" in user.tell("save", id=edit.id, i=0, raw=True)


def test_a_click_asks_for_what_stood_on_the_screen_even_if_the_traits_come_later(tmp_path):
    with Session(model="offline/painter", history=tmp_path / "history") as session:
        editor = Editor(photo(), prompt="typed before", session=session)
        settings = {
            "prompt": "sepia",
            "model": "offline/leaky",
            "size": "1024x1024",
            "n": 2,
            "extend": [8, 0, 0, 0],
        }
        ask = editor.ask(**settings)
        assert (ask.prompt, ask.model, ask.n, ask.extend) == ("sepia", "offline/leaky", 2, (8, 0, 0, 0))
        assert ask.fields["size"] == "1024x1024" and editor.prompt == "typed before"
        with pytest.raises(BadRequest, match="prompt is"):
            editor.ask(prompt=["no", "text"])


# --- further pictures


def send(user: User, name: str, data: bytes, part: int = 4000) -> list[str]:
    cuts = [data[at : at + part] for at in range(0, len(data), part)]
    return [
        user.tell("reference", cut, id=f"id of {name}", name=name, part=at, parts=len(cuts))
        for at, cut in enumerate(cuts)
    ]


def test_a_reference_comes_in_parts_and_goes(user):
    data = encoded(photo(90, 60))
    assert set(send(user, "hat.png", data)) == {""}
    (card,) = user.state["references"]
    assert (card["id"], card["name"]) == ("id of hat.png", "hat.png")
    with Image.open(io.BytesIO(card["thumb"])) as thumb:
        assert thumb.format == "WEBP" and thumb.size == (90, 60)
    (reference,) = user.editor.references
    assert reference.source.digest == images.load(data).digest
    user.set(prompt="sepia")
    assert [ref.name for ref in generate(user).request.images] == ["coffee.png", "hat.png"]
    user.ok("unreference", id="id of hat.png")
    assert user.editor.references == () and user.state["references"] == []


def test_references_are_given_in_python_as_anything_image_like(page, session):
    editor = Editor(COFFEE, references=[photo(), PHOTOS / "chelsea.png"], session=session, prompt="sepia")
    assert [card["name"] for card in page.models[editor.model_id]["references"]] == [
        "image.png",
        "chelsea.png",
    ]
    editor.references = [*editor.references, "https://example.com/a.png"]
    names = [card["name"] for card in page.models[editor.model_id]["references"]]
    assert names == ["image.png", "chelsea.png", "https://example.com/a.png"]
    assert [source.name for source in editor.ask().images] == [
        "coffee.png",
        "image.png",
        "chelsea.png",
        "a.png",
    ]
    with pytest.raises(BadImage):
        editor.references = ["nosuch.png"]
    with pytest.raises(BadRequest, match="list"):
        editor.references = "a.png"
    editor.close()


def test_what_is_no_picture_is_no_reference(user):
    assert "cannot be read" in send(user, "a.png", b"no picture")[-1]
    assert user.editor.references == ()


def test_references_are_bounded_in_number_and_weight(user):
    small = encoded(photo(8, 8))
    for number in range(15):
        assert send(user, f"{number}.png", small) == [""]
    assert "15 are the most" in send(user, "one more.png", small)[0]
    user.editor.references = ()
    part = bytes(20_000_000)
    problems = [user.tell("reference", part, id="x", name="x.png", part=at, parts=4) for at in range(3)]
    assert problems[:2] == ["", ""] and "more than 50 MB" in problems[2]
    for number in range(40):  # begun and never ended
        user.ok("reference", b"start", id=f"{number}", name="x", part=0, parts=2)
    assert len(user.editor._uploads._parts) == 15
