"""The HTML export as a file: what stands in it, that no text in it can run, and that it stays small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tracemalloc
from html.parser import HTMLParser
from io import BytesIO
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from histories import hostile, write_history
from photos import photo
from PIL import Image

from requesty_nb.archives import page as pages
from requesty_nb.archives.page import page
from requesty_nb.masks import Mask
from requesty_nb.records import History
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterable


class Parsed(HTMLParser):
    """A page as a browser parses it: its elements that hold data, and those that could do something."""

    CDATA_CONTENT_ELEMENTS = ("script", "style")

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self.programs: list[str] = []
        self.styles: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.policy = ""
        self._in: dict[str, str] | None = None
        self._tag = ""
        self.bytes = b"".join(pieces)
        self.feed(self.bytes.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._tag, self._in = tag, {name: value or "" for name, value in attrs}
        self.attributes |= self._in.keys()
        if self._in.get("http-equiv") == "Content-Security-Policy":
            self.policy = self._in["content"]

    def handle_endtag(self, _: str) -> None:
        self._in = None

    def handle_data(self, data: str) -> None:
        if self._in is None:
            return
        if self._tag == "script" and "type" in self._in:
            self.data[self._in["id"]] = data
        elif self._tag in {"script", "style"}:
            (self.programs if self._tag == "script" else self.styles).append(data)

    def json(self, name: str) -> Any:
        return json.loads(self.data[name])

    def picture(self, name: str) -> Image.Image:
        with Image.open(BytesIO(base64.b64decode(self.data[name]))) as image:
            image.load()
            return image.copy()

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while f"rows-{len(rows)}" in self.data:
            rows += self.json(f"rows-{len(rows)}")
        return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A history of 60 edits with pictures of 320 x 240 and one that failed; nobody changes it."""
    return write_history(tmp_path_factory.mktemp("page") / "history", 60, size=(320, 240), kinds=7)


def test_all_edits_stand_in_it_newest_first_with_pictures_and_cells(folder):
    history = History(folder)
    parsed = Parsed(page(history.attempts))
    edits = list(history.attempts)[::-1]
    assert [row["id"] for row in parsed.rows] == [edit.id for edit in edits]
    for place, edit in enumerate(edits):
        told = parsed.json(f"edit-{place}")
        assert ["History id", edit.id] in told["facts"] and told["headline"].startswith(edit.model)
        assert edit.id in told["cell"] and told["cell"].startswith("%%imgedit")
        assert len(told["shown"]) == len(edit.images)
        for one in told["shown"]:
            source, result = (parsed.picture(f"picture-{number}") for number in one["pictures"])
            assert source.size == result.size == (320, 240) and one["trouble"] == ""
        if edit.images:
            thumb = parsed.picture(f"thumb-{place}")
            assert thumb.format is None and thumb.size == (320, 240)


def test_each_picture_stands_in_it_once(folder):
    parsed = Parsed(page(History(folder)))
    pictures = [text for name, text in parsed.data.items() if name.startswith("picture-")]
    assert len(pictures) == len(set(pictures)) == 5 + 7  # photographs, and what was made of them


def test_its_policy_lets_it_run_its_own_program_and_fetch_nothing(folder):
    parsed = Parsed(page(History(folder)[:3]))
    (program,), (style,) = parsed.programs, parsed.styles
    rules = dict(rule.strip().split(" ", 1) for rule in parsed.policy.split(";"))

    def named(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules == {
        "default-src": "'none'",
        "script-src": named(program),
        "style-src": named(style),
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert b"http:" not in parsed.bytes.replace(b"http://www.w3.org/", b"")
    assert parsed.bytes.index(b"Content-Security-Policy") < parsed.bytes.index(b"<style")


def test_what_edits_say_stays_text_whatever_it_is(tmp_path):
    edit = hostile(tmp_path / "h")
    parsed = Parsed(page(History(edit)))
    assert len(parsed.programs) == 1 and "pwned" not in parsed.programs[0]
    assert set(parsed.tags) == {
        *("html", "head", "meta", "title", "style", "body", "div", "noscript", "script"),
    }
    assert parsed.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "id", "type"}
    row = parsed.rows[0]
    assert all("</script>" in text for text in (row["prompt"], row["model"], *row["tags"], *row["names"]))
    assert "</script>" in parsed.json("edit-0")["facts"][0][1] + parsed.json("edit-0")["headline"]


def test_pictures_that_are_missing_are_told_in_their_place(tmp_path):
    folder = write_history(tmp_path / "h", 3, size=(64, 48), kinds=3)
    history = History(folder)
    source, result = history[0].request.images[0].stored, history[2].images[0].digest
    for sha256 in (source, result):
        (folder / "objects" / sha256[:2] / sha256).unlink()
    parsed = Parsed(page(history))
    (newest,), (oldest, *_) = parsed.json("edit-0")["shown"], parsed.json("edit-2")["shown"]
    assert (
        newest["pictures"] == [] and "missing" in newest["trouble"] and parsed.data.get("thumb-0", "") == ""
    )
    assert len(oldest["pictures"]) == 1 and "missing" in oldest["trouble"]
    assert parsed.json("edit-1")["shown"][0]["trouble"] == ""


def test_masked_and_extended_edits_lie_over_their_sources(tmp_path):
    with Session(model="offline/painter", history=tmp_path / "h") as session:
        session.edit("sepia", photo(), mask=Mask((48, 48)).rect(0, 0, 24, 48))
        session.edit("sepia", photo(), extend=(16, 0, 0, 0))
        parsed = Parsed(page(session.history))
    for place, masked in ((0, True), (1, True)):
        told = parsed.json(f"edit-{place}")
        source, result = (parsed.picture(f"picture-{number}") for number in told["shown"][0]["pictures"])
        assert source.size == result.size and told["masked"] is masked
    assert source.mode == "RGB"


def test_the_more_edits_the_smaller_their_pictures(folder, monkeypatch):
    history = History(folder)
    sizes = {}
    for budget in (4_000_000, 900_000, 200_000):
        monkeypatch.setattr(pages, "BUDGET", budget)
        parsed = Parsed(page(history))
        assert len(parsed.bytes) <= budget
        sizes[budget] = median(parsed.picture(name).width for name in parsed.data if name.startswith("thumb"))
        large = [name for name in parsed.data if name.startswith("picture-")]
        assert bool(large) == (budget == 4_000_000)
        told = parsed.json("edit-0")
        assert ("only thumbnails" in json.dumps(told["facts"])) == (not large)
    assert 320 == sizes[4_000_000] >= sizes[900_000] > sizes[200_000] >= 80


def test_memory_does_not_grow_with_the_number_of_edits(tmp_path):
    history = History(write_history(tmp_path / "h", 400, size=(48, 32), kinds=4))
    peaks = []
    for edits in (history[:100], history[:100], history):  # the first time all is loaded and warm
        tracemalloc.start()
        total = sum(map(len, page(edits)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert total > 100_000
    assert peaks[2] < peaks[1] + 1_500_000


def test_no_edits_make_a_page_too(tmp_path):
    parsed = Parsed(page(History(tmp_path / "none")))
    assert parsed.rows == [] and re.search(rb"<title>0 image edits, ", parsed.bytes)
