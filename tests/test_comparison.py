"""Comparisons: what is told apart and refused, the static form and its weight, and what a page asks."""

from __future__ import annotations

import html as htmls
import json
import os
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import skimage.data
from cards import weight
from histories import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels import kernel_in
from pages import Page, User, open_page
from photos import encoded, noise, photo
from PIL import Image, ImageDraw

import requesty_nb as rq
from requesty_nb.display.comparing import compared
from requesty_nb.display.comparisons import comparison
from requesty_nb.display.labels import apart, labels_of
from requesty_nb.display.outlines import outline
from requesty_nb.errors import BadRequest
from requesty_nb.masks import Mask
from requesty_nb.sessions import Session
from requesty_nb.widgets.comparison import Comparison, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models import Edit

LIMIT, MORE = 64 * 1024, 24 * 1024  # bytes in the saved notebook: of two pictures, and of each further one


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Iterator[Session]:
    with Session(model="offline/painter", history=tmp_path_factory.mktemp("compare") / "h") as one:
        yield one


@pytest.fixture(scope="module")
def edits(session) -> tuple[Edit, Edit]:
    """Two edits of one photo, under a mask that covers its left half."""
    mask = Mask((48, 48)).rect(0, 0, 24, 48)
    return session.edit("sepia", photo(), mask=mask), session.edit("blue", photo(), mask=mask)


@pytest.fixture
def page() -> Iterator[Page]:
    with open_page() as one:
        yield one


def opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        image.load()
        return image


# --- what is compared


def test_edits_pictures_and_whatever_is_a_picture_are_compared(edits, tmp_path):
    path = tmp_path / "cup.png"
    path.write_bytes(noise(1))
    things = [
        edits[0],
        edits[1].restored[0],
        path,
        noise(2),
        photo(30, 20),
        skimage.data.astronaut()[:40, :60],
    ]
    shown = compared(things)
    assert [side.size for side in shown] == [(48, 48), (48, 48), (32, 32), (32, 32), (30, 20), (60, 40)]
    assert [side.label for side in shown] == ["sepia", "B", "cup.png", "D", "E", "F"]
    assert [opened(side.data).size for side in shown] == [side.size for side in shown]
    assert [side.edit is not None for side in shown] == [True, False, False, False, False, False]
    assert {opened(side.data).format for side in shown} == {"JPEG"}


def test_what_is_equal_stays_equal_and_what_is_transparent_stays_so(edits):
    same = compared([photo(), encoded(photo())])
    assert same[0].data == same[1].data
    clear = compared([photo(), Image.new("RGBA", (48, 48), (0, 0, 0, 0))])
    assert [opened(side.data).format for side in clear] == ["WEBP", "WEBP"]
    assert opened(clear[1].data).getextrema()[3] == (0, 0)


def test_large_pictures_are_reduced_and_keep_their_size_in_words():
    shown = compared([photo(3000, 1500), photo(300, 150)])
    assert [side.size for side in shown] == [(3000, 1500), (300, 150)]
    assert opened(shown[0].data).size == (1600, 800)


def test_a_single_edit_is_compared_with_its_source(edits):
    source, result = compared([edits[0]])
    assert (source.label, result.label) == ("Source", "Result")
    assert source.edit is None and result.edit is edits[0]
    assert source.outline == result.outline is not None
    right = (34, 0, 48, 48)  # nothing is edited there, nor in the same block of a JPEG
    assert opened(source.data).crop(right).tobytes() == opened(result.data).crop(right).tobytes()


def test_an_extended_edit_lies_over_its_source(session):
    edit = session.edit("more sky", photo(), extend=(16, 0, 16, 0))
    source, result = compared([edit])
    assert result.size == opened(source.data).size == (80, 48)
    assert opened(source.data).convert("RGBA").getpixel((4, 20))[3] == 0
    assert opened(source.data).convert("RGBA").getpixel((40, 20))[3] == 255
    assert source.size == (48, 48)
    (raw_source, raw) = compared([edit], raw=True)
    assert raw.label == "As received" and raw.size == edit.images[0].size
    across, down = opened(raw_source.data).size
    assert across / down == pytest.approx(raw.size[0] / raw.size[1], rel=0.05)


def test_raw_takes_what_was_received(edits):
    restored, raw = compared(edits), compared(edits, raw=True)
    assert raw[0].size == edits[0].images[0].size
    assert restored[0].data != raw[0].data


# --- what they are called


def test_edits_are_called_by_that_in_which_they_differ(session, edits):
    def told(*some: Edit) -> list[str]:
        return [side.label for side in compared(some)]

    assert told(*edits) == ["sepia", "blue"]
    hats = [
        session.edit(f"Put a {colour} hat on it", photo(), quality=q)
        for colour, q in (("red", "low"), ("blue", "high"))
    ]
    assert told(*hats) == ["red, quality low", "blue, quality high"]
    takes = [session.edit("a cat", photo(), take=take) for take in (1, 2)]
    assert told(*takes) == ["take 1", "take 2"]
    assert told(takes[0], takes[0]) == ["A", "B"]
    bare = session.edit("sepia", photo(), size="1024x1024")
    assert told(edits[0], bare) == ["mask", "no mask"]
    other = session.edit("a cat", photo(40, 40))
    assert told(takes[0], other) == ["source 1", "source 2"]
    low = session.edit("a dog", photo(), quality="low")
    assert told(session.edit("a dog", photo()), low) == ["default quality", "quality low"]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["a red hat", "a blue hat"], ["red", "blue"]),
        (["a red hat", "a red hat in snow"], ["hat", "hat in snow"]),
        (["the hat", "hat"], ["the hat", "hat"]),
        (["a hat", "a hat"], ["hat", "hat"]),
        (["the cat sat", "the dog ran", "the cat ran"], ["cat sat", "dog ran", "cat ran"]),
        (["", "snow"], ["", "snow"]),
        (["x y y", "x y"], ["y y", "y"]),
    ],
)
def test_prompts_are_told_apart_by_their_words(texts, words):
    assert apart(texts) == words


@given(st.lists(st.text(alphabet="ab \n<", max_size=12), min_size=2, max_size=8))
@settings(max_examples=50, deadline=None)
def test_labels_are_short_and_no_two_are_the_same(names):
    labels = labels_of([b""] * len(names), names)
    assert len(set(labels)) == len(names)
    assert all(label.strip() and "\n" not in label for label in labels)


def test_labels_can_be_given(edits):
    shown = compared([*edits, photo()], ["before\nit", "", "x" * 200])
    assert [side.label for side in shown] == ["before it", "B", "x" * 80]
    with pytest.raises(BadRequest, match="labels is 1 of them, and 2 pictures are compared"):
        compare(*edits, labels=["one"])
    with pytest.raises(BadRequest, match="labels is a text"):
        compare(*edits, labels="ab")


# --- what is refused


def test_what_cannot_be_compared_is_refused_in_plain_words(edits, tmp_path):
    cases: list[tuple[tuple[Any, ...], str]] = [
        ((), "nothing to compare"),
        ((photo(),), "One picture alone cannot be compared"),
        (tuple(photo() for _ in range(9)), "9 pictures are too many to compare: 8 at most"),
        ((edits[0], tmp_path / "none.png"), "The second picture cannot be compared"),
        ((b"no picture", edits[0]), "The first picture cannot be compared"),
        ((edits[0], noise(3)[:-40]), "The second picture cannot be compared"),
        ((edits[0], 7), "A int is no picture"),
        ((edits[0], "https://example.org/a.png"), "The pixels of .* are not here"),
    ]
    for things, words in cases:
        with pytest.raises(BadRequest, match=words):
            compare(*things)
    with pytest.raises(BadRequest, match="mode is 'wipe'"):
        compare(*edits, mode="wipe")


def test_failed_edits_and_edits_without_their_pictures_are_refused(tmp_path):
    from histories import hostile

    from requesty_nb.records import History

    attempts = History(hostile(tmp_path / "bad")).attempts
    failed = next(edit for edit in attempts if edit.state != "ok")
    with pytest.raises(BadRequest, match=f"The edit {failed.id} has no picture to compare"):
        compare(failed, photo())
    with Session(model="offline/painter", history=tmp_path / "h") as one:
        edit = one.edit("sepia", photo())
        digest = edit.images[0].digest
        (tmp_path / "h" / "objects" / digest[:2] / digest).unlink()
        with pytest.raises(BadRequest, match=r"The second picture cannot be compared\..* missing"):
            compare(photo(), edit)
    with pytest.raises(BadRequest, match="was not kept, so it cannot be compared with it") as refused:
        compare(_by_reference(edit))
    assert "rq.compare(source, edit)" in refused.value.hint


def _by_reference(edit: Edit) -> Edit:
    """Return an edit of whose source nothing was kept."""
    from msgspec.structs import replace

    from requesty_nb.models import Edit as Kind

    ref = replace(edit.request.images[0], stored="", digest="url:https://example.org/a.png", name="a.png")
    request = replace(edit.request, images=(ref,))
    return Kind(replace(edit.record, request=request), edit.read)


# --- outlines


def drawn(path: str, size: tuple[int, int]) -> Image.Image:
    """Draw a path as SVG's even-odd rule fills it."""
    whole = Image.new("1", size)
    for loop in path.split("z")[:-1]:
        start, _, rest = loop[1:].partition("l")
        points = [tuple(map(int, start.split(",")))]
        for step in rest.split():
            dx, dy = map(int, step.split(","))
            points.append((points[-1][0] + dx, points[-1][1] + dy))
        part = Image.new("1", size)
        ImageDraw.Draw(part).polygon(points, fill=1)
        whole = Image.frombytes(
            "1", size, bytes(a ^ b for a, b in zip(whole.tobytes(), part.tobytes(), strict=True))
        )
    return whole.convert("L")


@pytest.mark.parametrize(
    "mask",
    [
        Mask((600, 400)).rect(100, 50, 300, 250),
        Mask((600, 400)).ellipse(160, 40, 460, 360),
        Mask((600, 400)).ellipse(160, 40, 460, 360).ellipse(250, 130, 370, 270, subtract=True),
        Mask((300, 200)).brush([(20, 20), (250, 150)], 30).rect(200, 10, 260, 60),
        Mask((40, 30)).fill(),
    ],
    ids=["rect", "ellipse", "ring", "strokes", "full"],
)
def test_an_outline_encloses_what_is_edited(mask):
    traced = outline(mask.rasterize())
    found = drawn(traced.path, traced.size)
    wanted = mask.rasterize().resize(traced.size)
    different = sum(abs(a - b) > 127 for a, b in zip(found.tobytes(), wanted.tobytes(), strict=True))
    assert different / (traced.size[0] * traced.size[1]) < 0.03
    assert len(traced.path) <= 3000


def test_an_outline_of_anything_is_short_and_of_nothing_is_none():
    assert outline(Image.new("L", (50, 40))) is None
    grain = Image.effect_noise((900, 700), 200)
    assert 0 < len(outline(grain).path) <= 3000
    speck = Image.new("L", (4000, 3000))
    speck.putpixel((2000, 1500), 255)
    assert outline(speck) is not None


# --- the static form


class Form(HTMLParser):
    """What a browser makes of a static form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag != "img":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text[self._open[-1]] = self.text.get(self._open[-1], "") + data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_static_form_is_pictures_with_captions_and_what_a_script_needs(edits):
    shown = Form(comparison(compared(edits), "blink"))
    assert shown.of("div")[0] == {"data-rqe-comparison": "blink"}
    told = [json.loads(figure["data-rqe-side"]) for figure in shown.of("figure")]
    assert [one["label"] for one in told] == ["sepia", "blue"]
    assert all(one["size"] == [48, 48] and one["edit"] and one["outline"]["path"] for one in told)
    assert [image["alt"] for image in shown.of("img")] == ["sepia: sepia", "blue: blue"]
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in shown.of("img"))
    assert "sepia" in shown.text["figcaption"] and "48 \N{MULTIPLICATION SIGN} 48" in shown.text["span"]
    assert len(shown.of("script")) == len(shown.of("style")) == 1


@pytest.mark.parametrize("count", [2, 3, 8])
def test_the_static_form_stays_light(count):
    loud = [Image.effect_noise((1024, 1536), 120).convert("RGB") for _ in range(count)]
    made = Comparison(compared(loud))
    both = weight(made._still._bundle()) + weight({"text/html": "", "text/plain": ""}) + 300
    assert 20_000 < both <= LIMIT + MORE * (count - 2)
    photos = [Image.fromarray(skimage.data.coffee()).rotate(angle) for angle in range(count)]
    html = comparison(compared(photos), "slider")
    assert weight({"text/html": html}) <= LIMIT + MORE * (count - 2)
    sizes = [opened(_data(image)).size for image in Form(html).of("img")]
    assert min(map(max, sizes)) >= 320


def _data(image: dict[str, str]) -> bytes:
    import base64

    return base64.b64decode(image["src"].partition(",")[2])


def test_texts_are_inert_in_the_static_form(session):
    edit = session.edit(HOSTILE, photo())
    html = comparison(compared([edit, photo()], [HOSTILE, "'\"&<b>"]), "slider")
    shown = Form(html)
    assert {tag for tag, _ in shown.tags} == {"div", "style", "figure", "img", "figcaption", "span", "script"}
    assert len(shown.of("script")) == 1 and len(shown.of("img")) == 2
    assert json.loads(shown.of("figure")[1]["data-rqe-side"])["label"] == "'\"&<b>"
    assert "pwned" not in shown.text["script"]
    assert htmls.escape(HOSTILE[:30]) in html
    for attributes in (attributes for _, attributes in shown.tags):
        assert not any(name.startswith("on") for name in attributes)


# --- the widget


@pytest.fixture
def user(page, edits) -> Iterator[User]:
    one = User(page, compare(*edits, photo(60, 30)))
    yield one
    one.editor.close()


def test_a_page_is_told_what_is_compared_and_asks_for_the_pictures(user, edits):
    state = user.state
    assert [side["label"] for side in state["_sides"]] == ["sepia", "blue", "C"]
    assert state["_mode"] == "slider" and len(json.dumps(state["_sides"])) < 20_000
    for at in range(3):
        user.ok("picture", i=at)
        said = user.page.said(user.model, "picture")[-1]
        assert said.content["s"] == user.page.said(user.model, "ack")[-1].content["s"]
        assert opened(said.buffers[0]).size == tuple(state["_sides"][at]["size"])


def test_a_page_can_ask_for_nothing_else(user):
    assert "from 0 to 2" in user.tell("picture", i=3)
    assert "has to be a number" in user.tell("picture", i="x")
    assert "whole number" in user.tell("picture", i=0.5)
    assert "has no message 'close'" in user.tell("close")
    assert "C is no edit" in user.tell("star", i=2, on=True)
    assert "C is no edit" in user.tell("tag", i=2, tag="best")
    user.set(_sides=[], _marks=[], _mode="x", _esm="alert(1)")
    assert len(user.editor._sides) == 3 and user.editor._mode == "slider" and "alert" not in user.editor._esm


def test_comparisons_that_are_closed_leave_no_model(page):
    before = len(page.models)
    for _ in range(3):
        compare(photo(), photo()).close()
    assert len(page.models) == before


def test_lists_are_taken_and_a_line_says_what_is_compared(page, edits):
    made = rq.compare(list(edits))
    assert repr(made) == "<Comparison of sepia, blue>" and made.labels == ("sepia", "blue")


def test_it_is_shown_in_a_kernel_with_what_stands_for_it(tmp_path):
    with kernel_in(tmp_path, os.environ) as kernel:
        kernel.ok(
            "import requesty_nb as rq, numpy as np\n"
            "a, b = (np.full((40, 60, 3), value, np.uint8) for value in (9, 99))"
        )
        still, view = kernel.ok("rq.compare(a, b, labels=['dark', 'light'])").outputs
        assert "application/vnd.jupyter.widget-view+json" in view["data"]
        assert still["data"]["text/plain"] == "<Comparison of dark, light>"
        assert "data-rqe-comparison" in still["data"]["text/html"]
        assert weight(still["data"]) + weight(view["data"]) <= LIMIT
        assert kernel.run("rq.compare(a)").error["lines"][0].startswith("BadRequest: One picture alone")


def test_elsewhere_it_is_static_html_and_a_line(page, edits, capsys):
    made = compare(*edits)
    data, metadata = made._repr_mimebundle_()
    assert data["text/html"] == made._repr_html_() and "<script>" in data["text/html"] and metadata == {}
    assert data["text/plain"] == repr(made)
    made._ipython_display_()
    assert capsys.readouterr().out == "<Comparison of sepia, blue>\n"


def test_a_page_stars_and_tags_edits_and_is_told_what_is_kept(page, edits):
    noted = edits[0]
    user = User(page, compare(noted, photo()))
    assert user.state["_marks"] == [{"star": False, "tags": []}, {}]
    user.ok("star", i=0, on=True)
    user.ok("tag", i=0, tag="best")
    assert noted.starred and noted.tags == ("best",)
    assert user.state["_marks"] == [{"star": True, "tags": ["best"]}, {}]
    user.ok("star", i=0, on=False)
    assert not noted.starred and user.state["_marks"][0]["star"] is False
    assert "at most 100 characters" in user.tell("tag", i=0, tag="x" * 101)
