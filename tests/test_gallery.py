"""The gallery's Python side: what a page asks and is answered, and what is left where no widget runs."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from cards import LIMIT, weight
from histories import store, write_history
from kernels import kernel_in
from pages import Page, User, open_page
from photos import photo
from PIL import Image
from traitlets import TraitError

from requesty_nb import sessions
from requesty_nb.masks import Mask
from requesty_nb.models import encode_record
from requesty_nb.records import History
from requesty_nb.sessions import Session
from requesty_nb.widgets.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A history of 120 edits and 2 failures; nobody changes it."""
    return write_history(tmp_path_factory.mktemp("gallery") / "history", 120, size=(48, 32), kinds=5)


@pytest.fixture
def page() -> Iterator[Page]:
    with open_page() as one:
        yield one


def shown(page: Page, looking: Any) -> User:
    return User(page, Gallery(looking))


@pytest.fixture
def user(page, folder) -> Iterator[User]:
    one = shown(page, History(folder))
    yield one
    one.editor.close()


def asked(user: User, k: str, kind: str | None = None, **more: Any) -> tuple[dict[str, Any], list[bytes]]:
    """Ask, and return what was said in answer."""
    user.ok(k, **more)
    said = user.page.said(user.model, kind or k)[-1]
    assert said.content["s"] == user.page.said(user.model, "ack")[-1].content["s"]
    return said.content, said.buffers


def rows_of(user: User) -> list[dict[str, Any]]:
    """Return all rows as the page comes to them: those of the state, then chunk by chunk."""
    rows = list(user.state["first"])
    while len(rows) < user.state["total"]:
        _, (chunk,) = asked(user, "rows", edition=user.state["edition"], **{"from": len(rows)})
        rows += json.loads(chunk)
    return rows


def test_rows_come_newest_first_the_first_with_the_state_and_the_rest_when_asked(user, folder):
    assert 0 < len(user.state["first"]) < user.state["total"] == 120
    rows = rows_of(user)
    edits = list(History(folder))
    assert [row["id"] for row in rows] == [edit.id for edit in reversed(edits)]
    newest, row = edits[-1], rows[0]
    assert row["prompt"] == newest.prompt and row["model"] == newest.model
    assert row["at"] == newest.started.timestamp() * 1000
    assert row["quality"] == newest.request.params["quality"]
    assert [sha256 for sha256, *_ in row["pictures"]] == [one.digest for one in newest.restored]
    assert row["names"] == (newest.request.images[0].name,)
    assert any(row.get("tags") for row in rows) and not all(row.get("tags") for row in rows)
    assert any(row.get("cost") == "free" for row in rows)


def test_one_answer_is_bounded_by_number_and_by_weight(page, tmp_path):
    heavy = write_history(tmp_path / "heavy", 60, size=(16, 16), kinds=1)
    edits = list(History(heavy))
    for edit in edits:
        path = next((heavy / "edits").glob(f"*/{edit.id}-*.json"))
        request = edit.request
        from msgspec.structs import replace

        path.write_bytes(encode_record(replace(edit.record, request=replace(request, prompt="x" * 30_000))))
    user = shown(page, History(heavy))
    assert len(user.state["first"]) == 1
    assert len(rows_of(user)) == 60
    assert all(len(sent.buffers[0]) < 1_100_000 for sent in page.said(user.model, "rows"))


def test_thumbnails_come_as_pictures_in_the_order_asked(user):
    wanted = [row["pictures"][0][0] for row in user.state["first"][:4]]
    content, buffers = asked(user, "thumbs", of=wanted)
    assert content["troubles"] == [""] * 4
    for data in buffers:
        with Image.open(BytesIO(data)) as image:
            assert image.format == "WEBP" and max(image.size) == 48
    assert buffers == [user.editor._looking.preview(sha256) for sha256 in wanted]


def test_a_missing_picture_is_words_between_the_others(page, tmp_path):
    folder = write_history(tmp_path / "history", 3, size=(32, 32), kinds=3)
    user = shown(page, History(folder))
    wanted = [row["pictures"][0][0] for row in user.state["first"]]
    (folder / "objects" / wanted[1][:2] / wanted[1]).unlink()
    content, buffers = asked(user, "thumbs", of=wanted)
    assert len(buffers) == 2
    assert content["troubles"][::2] == ["", ""] and "missing" in content["troubles"][1]
    identifier = user.state["first"][1]["id"]
    content, buffers = asked(user, "open", "opened", id=identifier, i=0)
    assert not buffers and "missing" in content["trouble"]
    assert dict(content["facts"])["History id"] == identifier


def test_an_edit_opens_beside_its_source_with_what_is_known_of_it(user, folder):
    identifier = next(row["id"] for row in rows_of(user) if len(row["pictures"]) > 1)
    content, buffers = asked(user, "open", "opened", id=identifier, i=1)
    edit = History(folder)[identifier]
    assert content["headline"].startswith(f"{edit.model} · take {edit.take}")
    assert content["size"] == content["received"] == [48, 32]
    assert content["trouble"] == "" and not content["masked"]
    source, result, *_ = (Image.open(BytesIO(data)) for data in buffers)
    assert source.size == result.size == (48, 32)
    assert "no picture 3" not in user.tell("open", id=identifier, i=1)
    assert "from 0 to 1" in user.tell("open", id=identifier, i=2)


def test_a_masked_edit_opens_with_what_was_received_and_what_it_changed(page, tmp_path):
    with Session(model="offline/leaky", history=tmp_path / "h") as session:
        edit = session.edit("sepia", photo(), mask=Mask((48, 48)).rect(0, 0, 24, 48))
        user = shown(page, session.history)
        content, buffers = asked(user, "open", "opened", id=edit.id, i=0)
    assert content["masked"] and "changed in the raw result" in content["leak"]
    assert len(buffers) == 4


def test_a_picture_stands_alone_where_nothing_of_its_source_was_kept(page, tmp_path):
    with Session(model="offline/painter", history=tmp_path / "h") as session:
        edit = session.edit("sepia", photo())
        source = edit.request.images[0].stored
        (tmp_path / "h" / "objects" / source[:2] / source).unlink()
        user = shown(page, session.history)
        content, buffers = asked(user, "open", "opened", id=edit.id, i=0)
    assert len(buffers) == 1 and "missing" in content["trouble"]


def test_attempts_without_pictures_are_shown_with_what_happened(page, folder):
    user = shown(page, History(folder).attempts)
    rows = rows_of(user)
    failed = next(row for row in rows if row["state"] == "failed")
    assert len(rows) == 122 and "pictures" not in failed and "refused" in failed["trouble"]
    content, buffers = asked(user, "open", "opened", id=failed["id"], i=0)
    assert not buffers and "refused" in content["trouble"]
    assert "not known whether this was paid" in content["headline"]


def test_a_page_can_ask_for_nothing_but_these_edits(page, folder):
    history = History(folder)
    some = history[:10]
    user = shown(page, some)
    other = history[50]
    stranger = store(folder, b"nobody's")
    for sha256 in (stranger, history[-1].request.images[0].stored, "../../secret", 7, None):
        assert "not of these edits" in user.tell("thumbs", of=[sha256])
    assert "a list of at most 24" in user.tell("thumbs", of=[some[0].images[0].digest] * 25)
    assert "a list of at most 24" in user.tell("thumbs", of="x")
    for k in ("open", "cell"):
        assert "not of this gallery" in user.tell(k, id=other.id, i=0)
        assert user.tell(k, id=["x"], i=0)
    assert "other edits now" in user.tell("rows", edition=99, **{"from": 0})
    assert user.tell("rows", edition=user.state["edition"], **{"from": -1})
    assert "has no message 'close'" in user.tell("close")
    user.set(total=1, first=[], _esm="alert(1)", look={"text": "hat"})
    assert user.editor.total == 10 and len(user.editor.first) == 10 and "alert" not in user.editor._esm
    assert user.editor.look == {"text": "hat"}
    assert user.state["total"] == 10


def test_what_is_looked_for_is_kept_if_it_is_short_texts(user):
    user.set(look={"text": "hat", "sort": "cost"})
    assert user.editor.look == {"text": "hat", "sort": "cost"}
    for wrong in ({"text": 7}, {"text": "x" * 1001}, {str(at): "" for at in range(13)}):
        user.set(look=wrong)
        assert user.editor.look == {"text": "hat", "sort": "cost"}
        with pytest.raises(TraitError):
            user.editor.look = wrong


def test_newer_edits_are_counted_and_taken_in_when_that_is_asked_for(page, tmp_path):
    with Session(model="offline/painter", history=tmp_path / "h") as session:
        first = session.edit("sepia", photo())
        user = shown(page, session.history)
        few = shown(page, session.history[:1])
        assert asked(user, "newer")[0]["count"] == 0
        second = session.edit("blue", photo())
        assert asked(user, "newer")[0]["count"] == 1
        assert [row["id"] for row in user.state["first"]] == [first.id]
        user.ok("refresh")
        assert [row["id"] for row in user.state["first"]] == [second.id, first.id]
        assert user.state["total"] == user.state["edition"] == 2
        assert asked(user, "newer")[0]["count"] == 0
        assert asked(few, "newer")[0]["count"] == 0  # what was picked out stays


def test_an_edit_that_was_forgotten_meanwhile_says_so(page, tmp_path):
    with Session(model="offline/painter", history=tmp_path / "h") as session:
        edit = session.edit("sepia", photo())
        user = shown(page, session.history)
        session.history.forget(edit)
        assert user.tell("open", id=edit.id, i=0) == "This edit is not here any more. Run the cell again."


def test_a_cell_is_given_where_it_finds_its_pictures(page, tmp_path, folder):
    before = sessions.default().history
    sessions.default().configure(history=tmp_path / "h", model="offline/painter")
    try:
        edit = sessions.default().edit("sepia", photo())
        user = shown(page, sessions.default().history)
        text = asked(user, "cell", id=edit.id)[0]["text"]
        assert text.startswith("%%imgedit") and edit.id in text and text.endswith("sepia")
        other = shown(page, History(folder))
        assert "rq.history.import_" in other.tell("cell", id=History(folder)[0].id)
    finally:
        sessions.default().configure(history=before.folder)


# --- where no widget runs


def bundle_of(gallery: Gallery) -> dict[str, Any]:
    return gallery._still._bundle()


def test_what_stands_for_it_in_the_notebooks_file_is_small_and_shows_the_newest(page, folder, tmp_path):
    gallery = Gallery(History(folder))
    bundle = bundle_of(gallery)
    html = bundle["text/html"]
    assert html.count("<img ") == 6 and "120 edits, the newest 6 here" in html
    assert html.count("data:image/webp;base64,") == 6
    assert bundle["text/plain"] == repr(gallery) == "<Gallery of 120 edits>"
    assert f'data-still="{gallery._key}"' in html
    large = write_history(tmp_path / "large", 8, size=(1024, 1024), kinds=8)
    assert 20_000 < weight(bundle_of(Gallery(History(large)))) <= LIMIT


def test_what_stands_for_it_says_what_it_cannot_show_and_runs_nothing(page, tmp_path):
    assert "No edits yet." in bundle_of(Gallery(History(tmp_path / "none")))["text/html"]
    with Session(model="offline/painter", history=tmp_path / "h") as session:
        edit = session.edit(HOSTILE, photo())
        html = bundle_of(Gallery(session.history))["text/html"]
        assert "<script" not in html and "<img src=x" not in html and "&lt;/script&gt;" in html
        digest = edit.images[0].digest
        (tmp_path / "h" / "objects" / digest[:2] / digest).unlink()
        session.history._shelf.previews.forget([digest])
        html = bundle_of(Gallery(session.history))["text/html"]
        assert "<img" not in html and "missing" in html


def test_galleries_that_are_closed_leave_no_model(page, folder):
    before = len(page.models)
    for _ in range(3):
        Gallery(History(folder)).close()
    assert len(page.models) == before


def test_a_history_and_a_selection_show_as_galleries_in_a_kernel_and_as_a_line_elsewhere(tmp_path, folder):
    import os

    with kernel_in(tmp_path, os.environ) as kernel:
        kernel.ok(f"import requesty_nb as rq; h = rq.History({str(folder)!r})")
        for cell, count in (("h", 120), ("h[:7]", 7), ("h.filter(text='nowhere')", 0), ("h.attempts", 122)):
            still, view = kernel.ok(cell).outputs
            assert "application/vnd.jupyter.widget-view+json" in view["data"]
            assert still["data"]["text/plain"] == f"<Gallery of {count} edits>"
            assert view["data"]["text/plain"] == ""
            assert weight(still["data"]) + weight(view["data"]) <= LIMIT
        assert kernel.ok("h[0]").card["text/html"].startswith("<div")
        assert kernel.value("len(h)") == 120


def test_a_terminal_shows_a_line(tmp_path):
    import subprocess
    import sys

    code = "import requesty_nb as rq\nrq.History('h')\n"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", "--colors=NoColor"],
        input=code, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=True,
        env={**__import__("os").environ, "IPYTHONDIR": str(tmp_path / "ipython")},
    )  # fmt: skip
    assert "with 0 edits>" in done.stdout, done.stdout


# --- stars and tags


@pytest.fixture
def marked(page, tmp_path) -> Iterator[tuple[User, History]]:
    """A gallery of three edits that may be changed, and their history."""
    history = History(write_history(tmp_path / "marked", 3, size=(16, 16), kinds=1))
    one = shown(page, history)
    yield one, history
    one.editor.close()


def test_a_star_and_a_tag_from_the_browser_are_kept_and_shown(marked):
    user, history = marked
    newest = history[-1]
    user.ok("star", id=newest.id, on=True)
    user.ok("tag", id=newest.id, tag=" best of all ", on=True)
    tags = [*newest.record.tags, "best of all"]
    assert user.state["_marks"] == {newest.id: {"starred": True, "tags": tags}}
    fresh = History(history.folder)
    assert list(fresh.starred) == [newest] and fresh[-1].tags == tuple(tags)
    user.ok("star", id=newest.id, on=False)
    user.ok("tag", id=newest.id, tag="best of all", on=False)
    assert user.state["_marks"] == {newest.id: {"starred": False, "tags": list(newest.record.tags)}}
    assert not newest.starred and newest.tags == newest.record.tags
    user.ok("refresh")
    assert user.state["_marks"] == {} and user.state["edition"] == 2


def test_what_is_noted_elsewhere_is_shown_when_somebody_looks(marked):
    user, history = marked
    other = History(history.folder)
    other[0].star()
    assert asked(user, "newer")[0]["count"] == 0
    assert user.state["_marks"][other[0].id]["starred"] is True
    other[1].tag("late")
    asked(user, "open", "opened", id=other[1].id, i=0)
    assert "late" in user.state["_marks"][other[1].id]["tags"]
    assert [row.get("starred") for row in rows_of(shown(user.page, other))] == [None, None, True]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ({"k": "star", "on": True, "id": "0" * 26}, "not of this gallery"),
        ({"k": "star", "on": True, "id": 7}, "has to be a text"),
        ({"k": "star", "id": "ours"}, "true or false"),
        ({"k": "star", "on": "yes", "id": "ours"}, "true or false"),
        ({"k": "tag", "on": True, "id": "ours"}, "has to be a text"),
        ({"k": "tag", "on": True, "id": "ours", "tag": " "}, "has to say something"),
        ({"k": "tag", "on": True, "id": "ours", "tag": "x" * 101}, "at most 100"),
        ({"k": "tag", "on": True, "id": "ours", "tag": "x" * 10_000}, "at most 500"),
        ({"k": "tag", "on": True, "id": "ours", "tag": "a\u202eb"}, "cannot be seen"),
        ({"k": "tag", "on": 1, "id": "ours", "tag": "a"}, "true or false"),
    ],
)
def test_what_is_no_star_and_no_tag_notes_nothing(marked, message, problem):
    user, history = marked
    kind, rest = message["k"], {name: value for name, value in message.items() if name != "k"}
    if rest["id"] == "ours":
        rest["id"] = history[0].id
    assert problem in user.tell(kind, **rest)
    assert not (history.folder / "notes").exists() and user.state["_marks"] == {}


def test_an_edit_of_another_selection_cannot_be_starred_here(marked, page):
    _, history = marked
    few = shown(page, history[:1])
    assert "not of this gallery" in few.tell("star", id=history[-1].id, on=True)
    assert not (history.folder / "notes").exists()


def test_state_that_is_set_and_opening_write_nothing(marked):
    """What a saved notebook's widget can do by being opened: set state, be ready, ask for what it shows."""
    user, history = marked
    stranger = {history[0].id: {"starred": True, "tags": ["planted"]}}
    user.editor.set_state({"_marks": stranger, "look": {"star": "starred"}, "first": [], "total": 9})
    assert user.state["_marks"] == {} and user.editor._marks == {}
    user.ok("ready")
    asked(user, "newer"), asked(user, "open", "opened", id=history[0].id, i=0), rows_of(user)
    assert not (history.folder / "notes").exists() and not history[0].starred


def test_what_stands_for_it_shows_stars(marked):
    user, history = marked
    assert "★" not in bundle_of(user.editor)["text/html"]
    user.ok("star", id=history[-1].id, on=True)
    assert bundle_of(user.editor)["text/html"].count("★") == 1
