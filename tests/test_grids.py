"""Grids as they are shown: the static form and its weight, the page of a file, and what a live one says."""

from __future__ import annotations

import itertools
import json
import re
import threading
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
import skimage.data
from cards import weight
from histories import HOSTILE
from pages import Page, User, open_page
from photos import photo
from PIL import Image
from servers import serving

from requesty_nb.display.grids import grid_html
from requesty_nb.display.tiles import summed, thumbnail
from requesty_nb.errors import Moderated, NotSent
from requesty_nb.models import Axis, Edit, Grid, pages
from requesty_nb.offline import create_app
from requesty_nb.sessions import Session, Sweep
from requesty_nb.widgets import grid as grids
from requesty_nb.widgets.grid import LiveGrid

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "azure/openai/gpt-image-1"
KB = 1024
EMPTY = {"img", "input", "br", "meta"}


class Form(HTMLParser):
    """What a browser makes of a static grid."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((">".join(self._open), data))

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text(self, end: str) -> list[str]:
        """Return the texts in elements whose path ends so."""
        return [text for path, text in self.texts if path.endswith(end)]


@pytest.fixture(scope="module")
def edits(tmp_path_factory) -> Iterator[list[Edit]]:
    """Eight different edits of a real photograph, at its full size."""
    with Session(model="offline/painter", history=tmp_path_factory.mktemp("grids") / "h") as session:
        source = Image.fromarray(skimage.data.astronaut())
        prompts = ["a red hat", "night", "sepia", "blue"]
        yield session.sweep(prompts, source, quality=["low", "high"], size="1024x1024").edits


def of(edits: list[Edit], *sizes: int) -> Grid:
    """Return a grid of as many axes as sizes are given."""
    axes = [
        Axis(name, tuple(f"{name}-{value}" for value in range(size)))
        for name, size in zip("abcdef", sizes, strict=False)
    ]
    count = len(list(itertools.product(*map(range, sizes))))
    return Grid(axes, [edits[place % len(edits)] for place in range(count)])


# --- the static form


def test_none_and_one_axis_are_a_row_that_wraps(edits):
    alone = Form(grid_html(of(edits), "k"))
    assert len(alone.of("img")) == 1 and not alone.of("table") and not alone.of("input")
    row = Form(grid_html(of(edits, 3), "k"))
    assert len(row.of("li")) == len(row.of("img")) == 3 and not row.of("table")
    assert row.text("li>div>span") == ["a "] * 3 and row.text("li>div") == ["a-0", "a-1", "a-2"]


def test_two_axes_are_a_table_and_further_ones_tabs(edits):
    two = Form(grid_html(of(edits, 2, 3), "k"))
    assert two.text("tbody>tr>th>div") == ["a-0", "a-1"]
    assert two.text("thead>tr>th>div") == ["b-0", "b-1", "b-2"] and not two.of("input")
    four = Form(grid_html(of(edits, 2, 2, 2, 2), "k"))
    tabs = [f"c c-{c}, d d-{d}" for c in (0, 1) for d in (0, 1)]
    assert four.text("label") == tabs and len(four.of("table")) == len(four.of("section")) == 4
    assert {one["name"] for one in four.of("input")} == {"rqg-k"}
    assert [one for one in four.of("input") if "checked" in one] == four.of("input")[:1]
    alts = [f"a-{a}, b-{b}, c-{c}, d-{d}" for c, d, a, b in itertools.product((0, 1), repeat=4)]
    assert [one["alt"] for one in four.of("img")] == alts


def test_errors_stand_in_their_places_in_words(edits):
    axes = [Axis("quality", ("low", "high", "auto"))]
    refused = Moderated("The provider refused <b>this</b> prompt. " * 20)
    grid = Grid(axes, [edits[0], refused, edits[1].answered()])
    shown = Form(grid_html(grid, "k"))
    assert shown.text("li>div>b") == ["Moderated"]
    (told,) = (one for one in shown.of("div") if one["class"] == "rqg-trouble")
    assert told["title"].startswith("Moderated: The provider refused <b>this</b> prompt.")
    assert len(told["title"]) <= 400
    assert shown.text("figcaption") == ["recorded"]
    assert shown.text("p") == ["3 edits · 1 new · 1 recorded · 1 failed"]
    assert summed(grid.cells, grid.cost) == shown.text("p")[0]


@pytest.mark.parametrize(("sizes", "most"), [((1,), 24), ((4, 4), 24), ((4, 5), 12), ((10, 5, 2), 12)])
def test_it_is_light_in_the_saved_notebook(edits, sizes, most):
    grid = of(edits, *sizes)
    each = weight({"text/html": grid_html(grid, "k"), "text/plain": repr(grid)}) / len(grid)
    assert 2 * KB < each <= most * KB


def test_very_many_are_smaller_still(edits):
    grid = of(edits, 10, 10, 6)
    whole = weight({"text/html": grid_html(grid, "k"), "text/plain": repr(grid)})
    assert 2_000_000 < whole < 5_000_000


def test_texts_are_inert(tmp_path):
    with Session(model="offline/painter", history=tmp_path / "h") as session:
        edit = session.edit(HOSTILE, photo())
    axes = [
        Axis(HOSTILE, (HOSTILE, "'\"<b>")),
        Axis("<i>", (HOSTILE, "x")),
        Axis("</label><script>", (HOSTILE, "y")),
    ]
    error = NotSent(HOSTILE, hint=HOSTILE)
    grid = Grid(axes, [edit, error] * 4)
    shown = Form(grid_html(grid, HOSTILE))
    known = {
        *("style", "div", "p", "label", "input", "section", "table", "thead", "tbody", "tr", "td", "th"),
        *("figure", "img", "figcaption", "b", "br"),
    }
    assert {tag for tag, _ in shown.tags} <= known
    assert {name for _, attributes in shown.tags for name in attributes} <= {
        *("class", "title", "type", "name", "checked", "scope", "src", "alt", "width", "height"),
    }
    assert shown.text("tbody>tr>th>div")[0] == HOSTILE


def test_a_picture_that_is_gone_is_told_in_its_place(tmp_path):
    with Session(model="offline/painter", history=tmp_path / "h") as session:
        sweep = session.sweep("sepia", photo(), take=[1, 2])
        digest = sweep.edits[1].images[0].digest
        (tmp_path / "h" / "objects" / digest[:2] / digest).unlink()
        shown = Form(grid_html(sweep, "k"))
    assert len(shown.of("img")) == 1 and shown.text("li>div>b") == ["It cannot be shown"]


def test_thumbnails_are_made_once(edits):
    made: list[str] = []

    class Noting(Edit):
        def cached(self, name: str, make: Any) -> bytes:
            made.append(name)
            return super().cached(name, make)

    edit = Noting(edits[0].record, edits[0].read, home=edits[0].home)
    first = thumbnail(edit, 6_100)
    assert 2_000 < len(first) <= 6_100 and thumbnail(edit, 6_100) == first
    digest = edit.restored[0].digest
    assert made == [f"{digest}-within-6100.webp", f"{digest}-384-80.webp", f"{digest}-within-6100.webp"]


# --- the page of a file


def test_a_page_holds_all_it_shows_and_lets_nothing_run(edits, tmp_path):
    sweep = Sweep(of(edits, 2, 2, 2).axes, of(edits, 2, 2, 2).cells)
    path = sweep.export(tmp_path / "sweep.html")
    html = path.read_text()
    shown = Form(html.removeprefix("<!doctype html>"))
    (policy,) = (one["content"] for one in shown.of("meta") if one.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not shown.of("script") and not [one for _, one in shown.tags if "style" in one]
    assert len(shown.of("img")) == 8 and min(int(one["width"]) for one in shown.of("img")) >= 448
    assert "8 image edits by a by b by c" in shown.text("h1")[0]
    assert re.search("prefers-color-scheme|color-scheme:light dark", html)
    assert len(html) < 8 * 200_000


# --- live


@pytest.fixture
def page() -> Iterator[Page]:
    with open_page() as one:
        yield one


def test_a_page_is_told_of_each_cell_and_asks_for_pictures(page, edits):
    axes = [Axis("quality", ("low", "high", "auto"))]
    live = LiveGrid(Grid(axes, [edits[0], Moderated("No."), edits[1].answered()]))
    user = User(page, live)
    state = user.state
    assert state["names"] == ["", "quality"] and state["shape"] == [1024, 1024] and not state["live"]
    assert state["cells"] == [
        {"size": [1024, 1024]},
        {"kind": "Moderated", "text": "No."},
        {"size": [1024, 1024], "recorded": True},
    ]
    assert state["head"]["state"] == "done" and state["head"]["failed"] == 1
    user.ok("thumbs", of=[0, 1, 2])
    (said,) = page.said(user.model, "thumbs")
    assert said.content["troubles"] == ["", "There is no picture.", ""]
    assert all(0 < len(data) <= 8_000 for data in said.buffers) and len(said.buffers) == 2
    user.ok("open", i=0, at=0)
    user.ok("open", i=1, at=0)
    first, failed = page.said(user.model, "opened")
    assert ["Prompt", "a red hat"] in first.content["facts"] and len(first.buffers) == 3
    assert failed.content["trouble"] == "No." and failed.buffers == []
    assert ["Payment", "It is not known whether this was paid."] in failed.content["facts"]


def test_what_a_page_may_not_ask_is_refused(page, edits):
    live = LiveGrid(of(edits, 2))
    user = User(page, live)
    assert "has to be a number from 0 to 1" in user.tell("open", i=2, at=0)
    assert "at most 24" in user.tell("thumbs", of=[0] * 25)
    assert "number" in user.tell("thumbs", of=["x"])
    assert "has no message 'send'" in user.tell("send")
    assert "not there" in user.tell("cell", i=0)  # another session's
    user.set(cells=[], head={}, live=True)
    assert len(user.state["cells"]) == 2 and user.state["live"] is False
    user.ok("cancel")  # there is nothing to cancel


def test_a_sweep_under_way_is_followed_to_its_end(page, tmp_path):
    with (
        serving(create_app(serve_as=(MODEL,), delay=0.3)) as url,
        Session(base_url=f"{url}/v1", api_key="any", model=MODEL, history=tmp_path / "h") as session,
    ):
        plan = session.plan("sepia", photo(), take=range(1, 7), size="1536x1024", width=2)
        sweeping = session.begin_sweep(plan)
        live = LiveGrid(sweeping)
        user = User(page, live)
        assert user.state["live"] and user.state["shape"] == [1536, 1024]
        user.ok("ready")
        live._begin()
        page.until(lambda: 0 < user.state["head"]["made"] < 6)
        sweep = sweeping.wait()
        live.settle()
    heads = [one.data["state"]["head"] for one in page.sent if "head" in one.data.get("state", {})]
    made = [head["made"] for head in heads]
    assert made == sorted(made) and made[-1] == 6 and len(set(made)) > 2
    assert heads[-1]["state"] == "done" and user.state["cells"] == [{"size": [1536, 1024]}] * 6
    pushed = [place for one in page.said(user.model, "thumbs") for place in one.content["of"]]
    assert sorted(pushed) == list(range(6))
    assert live.shows(sweep) and live.shows(sweeping) and not live.shows(Sweep((), [sweep[0]]))
    assert repr(live) == repr(sweep)


def test_cancel_ends_it_and_what_was_not_sent_is_told(page, tmp_path):
    with (
        serving(create_app(serve_as=(MODEL,), delay=0.3)) as url,
        Session(base_url=f"{url}/v1", api_key="any", model=MODEL, history=tmp_path / "h") as session,
    ):
        sweeping = session.begin_sweep(session.plan("sepia", photo(), take=range(1, 9), width=1))
        live = LiveGrid(sweeping)
        user = User(page, live)
        live._begin()
        page.until(lambda: user.state["head"]["made"] > 0)
        user.ok("cancel")
        sweeping.join()
        live.settle()
    assert user.state["head"]["state"] == "cancelled" and 0 < user.state["head"]["made"] < 8
    assert {"kind": "NotSent", "text": "Cancelled before it was sent."} in user.state["cells"]


def test_what_all_would_fail_of_is_told_once(page, tmp_path):
    with Session(
        base_url="http://127.0.0.1:9/v1", api_key="", model=MODEL, history=tmp_path / "h"
    ) as session:
        sweeping = session.begin_sweep(session.plan("sepia", photo(), take=[1, 2]))
        live = LiveGrid(sweeping)
        live._begin()
        live.settle()
        sweeping.join()
        live.settle()
    user = User(page, live)
    assert user.state["head"]["state"] == "failed" and "Nothing was paid." in user.state["head"]["text"]
    html, _ = live._drawn()
    assert html.count("NotSent") == 1 and "<img" not in html


def test_many_cells_stay_light_on_the_page(page, edits):
    live = LiveGrid(of(edits, 10, 10, 2))
    opened = next(one for one in page.sent if one.model == live.model_id)
    state = {name: value for name, value in opened.data["state"].items() if name not in {"_esm", "_css"}}
    assert len(json.dumps(state)) < 200 * 60
    assert not any(isinstance(value, Image.Image) for value in vars(live).values())


def test_a_sweep_is_shown_once_in_the_cell_that_made_it(page, edits, monkeypatch):
    shown: list[LiveGrid] = []
    monkeypatch.setattr(LiveGrid, "_ipython_display_", lambda live: shown.extend([live]))
    sweep = of(edits, 2)
    grids.show(sweep)
    grids.show(sweep)
    assert len(shown) == 1
    grids._end_of_cell()
    grids.show(sweep)
    assert len(shown) == 2
    grids._end_of_cell()


def test_a_session_tells_its_watcher_of_a_sweep_and_when_the_wait_is_over(tmp_path):
    told: list[object] = []
    with Session(model="offline/painter", history=tmp_path / "h") as session:

        def watch(sweeping: object) -> Any:
            told.append((sweeping.done(), threading.current_thread() is threading.main_thread()))  # type: ignore[attr-defined]
            return lambda: told.append("over")

        session.watcher = watch
        sweep = session.sweep("sepia", photo(), take=[1, 2])
    assert len(sweep.edits) == 2 and told[-1] == "over" and told[0][1] is True  # type: ignore[index]


def test_pages_are_laid_out_alike_in_both_forms(edits):
    grid = of(edits, 3, 2, 2)
    assert [page.label for page in pages(grid.axes)] == Form(grid_html(grid, "k")).text("label")
