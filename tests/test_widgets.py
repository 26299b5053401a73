"""The editor, driven by the messages a browser sends, and seen through those it gets."""

from __future__ import annotations

import base64
import gc
import io
import os
import re
import struct
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import comm
import ipycanvas
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets.widgets.widget import _instances
from kernels import kernel_in
from pages import User, open_page
from photos import encoded, photo
from PIL import Image, ImageChops
from traitlets import TraitError

import requesty_nb as rq
from requesty_nb import images
from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.masks import Mask
from requesty_nb.sessions import Session
from requesty_nb.widgets import Editor, colours
from requesty_nb.widgets.canvases import EDGE
from requesty_nb.widgets.static import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pages import Page

CONTRACT = Path(__file__).parent.parent / "js" / "src" / "model.ts"
PHOTOS = Path(skimage.data.__file__).parent
COFFEE = PHOTOS / "coffee.png"  # 600 x 400
SIZE = (600, 400)


@pytest.fixture
def page() -> Iterator[Page]:
    with open_page() as one:
        yield one


@pytest.fixture
def session(tmp_path) -> Iterator[Session]:
    with Session(model="offline/painter", history=tmp_path / "history") as one:
        yield one


@pytest.fixture
def user(page, session) -> Iterator[User]:
    editor = Editor(COFFEE, session=session)
    one = User(page, editor)
    one.arrive()
    yield one
    editor.close()


def pairs(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def agrees(user: User) -> None:
    """See that canvas, trait and mask show the same."""
    mask = user.editor._drawing.shown.mask
    expected = mask.rasterize()
    shown = user.canvas("_overlay").getchannel("A")
    if expected.size != shown.size:
        expected = expected.resize(shown.size, Image.Resampling.BOX, reducing_gap=1.0)
    assert ImageChops.difference(expected, shown).getbbox() is None
    assert ImageChops.difference(expected, user.grey()).getbbox() is None
    assert user.state["mask_share"] == pytest.approx(mask.share)


# --- the contract


def test_the_synced_traits_are_those_of_the_contract(user):
    listed = re.search(r"interface Traits \{(.*?)\n\}", CONTRACT.read_text(), re.DOTALL)
    assert listed
    names = set(re.findall(r"^  (\w+):", listed[1], re.MULTILINE))
    own = {
        name
        for name, trait in user.editor.traits(sync=True).items()
        if trait.this_class.__module__.startswith("requesty_nb")
    }
    assert own - {"_esm", "_css", "_anywidget_id"} == names
    assert names <= set(user.state)
    browser = set(re.findall(r"^  (\w+): [^;]*; // B", listed[1], re.MULTILINE))
    assert browser == user.editor._browser_sets - {"layout", "tabbable", "tooltip"}


def test_every_message_of_the_contract_is_heard(user):
    listed = re.search(r"type Outgoing =(.*?)/\*\*", CONTRACT.read_text(), re.DOTALL)
    assert listed
    kinds = set(re.findall(r'k: "(\w+)"', listed[1]))
    heard = {name.removeprefix("_hear_") for name in dir(user.editor) if name.startswith("_hear_")}
    assert kinds == heard


def test_the_choices_are_those_the_panel_offers(user):
    assert user.state["choices"] == {
        "model": ["offline/painter", "offline/leaky"],
        "size": ["auto", "1024x1024", "1536x1024", "1024x1536"],
        "quality": ["auto", "low", "medium", "high"],
        "background": ["auto", "transparent", "opaque"],
        "output_format": ["auto", "png", "jpeg", "webp"],
    }


# --- opening


def test_an_editor_opens_with_the_photo_and_nothing_drawn(user):
    assert user.state["source_name"] == "coffee.png" and list(user.state["source_size"]) == [*SIZE]
    with Image.open(io.BytesIO(user.state["preview"])) as preview:
        assert (preview.format, preview.size) == ("WEBP", SIZE)
    assert user.grey().getbbox() is None
    assert (user.state["mask_share"], user.state["can_undo"], user.state["can_redo"]) == (0, False, False)
    apart = ImageChops.difference(user.canvas("_photo").convert("RGB"), Image.open(COFFEE).convert("RGB"))
    assert np.asarray(apart).mean() < 5, "JPEG is not exact, but near"


def test_nothing_is_painted_before_a_page_is_there(page, session):
    editor = Editor(COFFEE, session=session)
    user = User(page, editor)
    user.ok("op", t="fill")
    assert page.canvases == {}
    user.arrive()
    agrees(user)
    editor.close()


def test_a_large_photo_is_sent_as_a_preview(page, session, tmp_path):
    grain = np.random.default_rng(5).integers(0, 256, (512, 512, 3), np.uint8)
    soft = Image.fromarray(grain).resize((4096, 4096), Image.Resampling.BICUBIC)
    large = Image.blend(photo(4096, 4096), soft, 0.1)
    (tmp_path / "large.jpg").write_bytes(encoded(large, "JPEG", quality=90))
    editor = Editor(tmp_path / "large.jpg", session=session)
    user = User(page, editor)
    user.arrive()
    assert page.weight <= 500_000
    assert user.canvas("_photo").size == user.canvas("_overlay").size == (EDGE, EDGE)
    opened = len(page.sent)
    user.ok("op", pairs(*np.linspace(900, 1500, 40)), t="brush", w=120)
    assert sum(one.weight for one in page.sent[opened:]) <= 20_000
    assert [one.content.get("k") or one.data["method"] for one in page.sent[opened:]] == [
        "custom",
        "update",
        "ack",
    ]
    agrees(user)
    editor.close()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (33, 17)])
def test_photos_of_every_kind_and_shape_can_be_drawn_on(page, session, mode, size):
    editor = Editor(photo(*size).convert(mode), session=session)
    user = User(page, editor)
    user.arrive()
    user.ok("op", pairs(0, 0, *size), t="brush", w=3)
    user.ok("view", v="a", box=[0, 0, *size], edge=64)
    assert editor.mask.size == size and not editor.mask.is_empty
    agrees(user)
    assert editor._repr_mimebundle_()[0]["image/jpeg"]
    editor.close()


def test_a_transparent_photo_stands_on_a_chess_board(page, session):
    editor = Editor(Image.new("RGBA", (64, 64)), session=session)
    user = User(page, editor)
    user.arrive()
    colours_seen = {colour for _, colour in user.canvas("_photo").convert("L").getcolors() or ()}
    assert max(colours_seen) - min(colours_seen) >= 20
    editor.close()


def test_a_photo_that_is_elsewhere_cannot_be_drawn_on(session):
    with pytest.raises(BadRequest, match="pixels are not here"):
        Editor("https://example.com/a.png", session=session)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"mask": Mask((3, 3))}, BadImage),
        ({"brush": -1}, TraitError),
        ({"tool": "knife"}, TraitError),
        ({"mask_color": "pink"}, TraitError),
        ({"references": ["nosuch.png"]}, BadImage),
        ({"references": [COFFEE] * 16}, BadRequest),
        ({"extend": (1, 2, 3)}, BadRequest),
        ({"extend": (-1, 0, 0, 0)}, BadRequest),
        ({"qualty": "high"}, BadRequest),
        ({"n": 11}, TraitError),
    ],
)
def test_an_editor_that_cannot_be_made_says_why_and_leaves_nothing(page, session, options, error):
    before = set(_instances)
    with pytest.raises(error):
        Editor(COFFEE, session=session, **options)
    gc.collect()
    assert set(_instances) - before == set()


def test_a_misspelt_option_is_named(session):
    with pytest.raises(BadRequest) as caught:
        Editor(COFFEE, session=session, qualty="high")
    assert "'quality'" in caught.value.hint


def test_the_masks_colour_is_one_that_shows_on_the_photo(page, session):
    pink = Editor(Image.new("RGB", (30, 30), colours.rgb(colours.PALETTE[0])), session=session)
    assert pink.mask_color not in {colours.PALETTE[0], colours.PALETTE[6]}
    own = Editor(
        Image.new("RGB", (30, 30), colours.rgb(colours.PALETTE[0])), session=session, mask_color="#e6007e"
    )
    assert own.mask_color == "#e6007e"
    own.image = Image.new("RGB", (30, 30))
    assert own.mask_color == "#e6007e", "it was chosen"
    picked = pink.mask_color
    pink.image = Image.new("RGB", (30, 30), colours.rgb(picked))
    assert pink.mask_color != picked, "another photo, another colour"
    pink.close()
    own.close()


# --- drawing


def test_a_stroke_is_drawn_at_the_photos_scale_shown_and_then_answered(user):
    user.page.sent.clear()
    user.ok("op", pairs(100, 100, 200, 150), t="brush", w=30)
    expected = Mask(SIZE).brush([(100, 100), (200, 150)], 30)
    assert user.editor.mask.digest == expected.digest
    assert user.editor.strokes == [{"op": "brush", "points": [[100.0, 100.0], [200.0, 150.0]], "width": 30}]
    painted, updated, answered = user.page.sent
    assert painted.data["method"] == "custom" and updated.data["method"] == "update"
    assert answered.content["k"] == "ack"
    agrees(user)
    tint = user.canvas("_overlay").getpixel((150, 125))
    assert tint == (*colours.rgb(user.editor.mask_color), 255)


STEPS = [
    ("op", {"t": "brush", "w": 40}, [pairs(50, 50, 500, 300)]),
    ("op", {"t": "brush", "w": 40}, [pairs(50, 300, 500, 50), bytes([255, 20])]),
    ("op", {"t": "erase", "w": 15}, [pairs(300, 0, 300, 400)]),
    ("op", {"t": "rect"}, [pairs(10, 10, 90, 90)]),
    ("op", {"t": "ellipse", "sub": 1}, [pairs(250, 150, 350, 250)]),
    ("op", {"t": "polygon"}, [pairs(550, 10, 590, 10, 570, 90)]),
    ("op", {"t": "invert"}, []),
    ("op", {"t": "clear"}, []),
    ("op", {"t": "fill"}, []),
    ("try", {"grow": 6, "feather": 12}, []),
    ("try", {"grow": -4, "feather": 0}, []),
    ("settle", {"keep": True}, []),
    ("settle", {"keep": False}, []),
    ("undo", {}, []),
    ("undo", {}, []),
    ("redo", {}, []),
]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=12), st.sampled_from([SIZE, (1500, 1100)]))
def test_after_every_message_page_and_mask_show_the_same(steps, size):
    with open_page() as page, Session(model="offline/painter", history=False) as session:
        editor = Editor(photo(*size), session=session)
        user = User(page, editor)
        user.arrive()
        for k, more, buffers in steps:
            user.ok(k, *buffers, **more)
            if k != "try" or size == SIZE:  # elsewhere what is tried is shown at the preview's scale
                agrees(user)
        editor.close()


def test_what_is_tried_on_a_large_photo_looks_as_what_is_kept(page, session):
    editor = Editor(photo(2048, 2048), session=session)
    user = User(page, editor)
    user.arrive()
    user.ok("op", pairs(500, 500, 1500, 900), t="brush", w=200)
    user.ok("try", grow=40, feather=60)
    tried, share = user.grey(), user.state["mask_share"]
    user.ok("settle", keep=True)
    apart = np.abs(np.asarray(tried, int) - np.asarray(user.grey(), int))
    assert apart.max() < 70 and apart.mean() < 0.3
    assert share == pytest.approx(editor.mask.share, abs=0.005)
    editor.close()


def test_a_second_page_and_a_reloaded_one_show_all_of_it(user):
    user.ok("op", pairs(100, 100, 200, 150), t="brush", w=30)
    user.page.reload()
    user.arrive()  # ipycanvas 322: it would paint on the canvas of the page before
    agrees(user)
    assert user.canvas("_photo").getbbox() == (0, 0, *SIZE)
    user.ok("op", pairs(300, 300), t="brush", w=30)
    agrees(user)
    user.arrive()
    agrees(user)


def test_the_private_variable_that_is_reset_is_there():
    canvas = ipycanvas.Canvas()
    assert "_current_canvas" in vars(canvas._canvas_manager)
    canvas.close()
    canvas.layout.close()


def test_ones_own_canvas_is_left_alone(user):
    own = ipycanvas.Canvas(width=20, height=20)
    with ipycanvas.hold_canvas():
        own.put_image_data(np.full((20, 20, 3), 200, np.uint8))
    user.ok("op", t="fill")
    own.put_image_data(np.full((5, 5, 3), 100, np.uint8))
    assert user.page.canvases[own.model_id].getpixel((2, 2))[0] == pytest.approx(100, abs=5)
    agrees(user)
    layout = own.layout
    own.close()
    layout.close()


def test_the_overlay_follows_its_colour(user):
    user.ok("op", pairs(100, 100), t="brush", w=30)
    user.set(mask_color="#00ff00")
    assert user.canvas("_overlay").getpixel((100, 100)) == (0, 255, 0, 255)
    agrees(user)


def test_nothing_changed_is_nothing_sent(user):
    user.ok("op", t="clear")
    user.page.sent.clear()
    user.ok("op", t="clear")
    user.ok("redo")
    kinds = [one.data["method"] for one in user.page.sent]
    assert kinds == ["custom", "custom"], "two answers"


def test_ready_is_answered_at_once(user):
    user.page.sent.clear()
    user.ok("ready")
    assert [one.content for one in user.page.sent] == [{"k": "ack", "s": user.page.sent[0].content["s"]}]


def test_a_part_is_looked_at_closely(user):
    user.ok("op", pairs(300, 200), t="brush", w=60)
    user.ok("view", v="mine", box=[249.5, 150.2, 350, 260], edge=2048)
    (answer,) = user.page.said(user.model, "detail")
    assert (answer.content["v"], answer.content["box"]) == ("mine", [249, 150, 350, 260])
    there, weights = (Image.open(io.BytesIO(one)) for one in answer.buffers)
    assert there.size == weights.size == (101, 110) and there.format == "WEBP"
    assert (
        ImageChops.difference(weights, user.editor.mask.rasterize().crop((249, 150, 350, 260))).getbbox()
        is None
    )
    original = Image.open(COFFEE).convert("RGB").crop((249, 150, 350, 260))
    assert np.asarray(ImageChops.difference(there.convert("RGB"), original)).mean() < 6


def test_a_part_shows_what_is_tried_and_is_no_larger_than_asked(user):
    user.ok("op", pairs(300, 200), t="brush", w=60)
    user.ok("try", grow=10, feather=20)
    user.ok("view", v="mine", box=[330, 150, 430, 250], edge=50)
    (answer,) = user.page.said(user.model, "detail")
    weights = Image.open(io.BytesIO(answer.buffers[1]))
    assert weights.size == (50, 50)
    kept = (
        Mask(SIZE).brush((300, 200), 60).grow(10).feather(20).rasterize().crop((330, 150, 430, 250)).reduce(2)
    )
    assert np.abs(np.asarray(weights, int) - np.asarray(kept, int)).max() <= 1


@pytest.mark.parametrize("box", [[700, 0, 800, 90], [-90, -90, 0, 0], [50, 50, 50, 90], [90, 50, 50, 90]])
def test_a_part_outside_the_photo_is_answered_by_nothing(user, box):
    user.ok("view", v="mine", box=box, edge=500)
    assert user.page.said(user.model, "detail") == []


# --- what the browser may not do

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
kinds = st.sampled_from(
    [
        *("op", "try", "settle", "view", "ask", "start", "cancel", "reference", "unreference", "show", "use"),
        *("remask", "cell", "save", "undo", "redo", "ready", "", "x", "__init__"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    kinds | plain,
    st.dictionaries(
        st.sampled_from(
            ["t", "w", "v", "box", "edge", "grow", "feather", "id", "i", "part", "parts", "name", "j"]
        ),
        plain | st.lists(plain, max_size=4),
    ),
    st.lists(st.binary(max_size=20), max_size=3),
)
def test_no_message_can_raise_and_each_is_answered(k, more, buffers):
    with open_page() as page, Session(model="offline/painter", history=False) as session:
        editor = Editor(photo(20, 20), session=session)
        content = {**more, "k": k, "s": 1}
        editor._handle_custom_msg(content, buffers)
        answers = [one for one in page.sent if one.content.get("k") == "ack"]
        assert [one.content["s"] for one in answers] == [1]
        editor.close()


@pytest.mark.parametrize("content", [None, 3, "op", [], [{"k": "op"}]])
def test_what_is_no_message_is_not_answered(user, content):
    user.page.sent.clear()
    user.editor._handle_custom_msg(content, [])
    assert user.page.sent == []


def test_a_problem_is_told_and_changes_nothing(user):
    before = user.editor.mask
    assert "no message 'nosuch'" in user.tell("nosuch")
    assert "points" in user.tell("op", b"", t="brush", w=4)
    assert "not of this editor" in user.tell("show", id="nosuch", i=0)
    assert user.tell("try", grow="much", feather=0)
    assert user.tell("view", v="a", box=[1, 2], edge=9)
    assert user.editor.mask is before and not user.editor.can_undo


def test_the_browser_sets_its_own_traits_only(user):
    user.set(prompt="a red hat", brush=12.5, tool="lasso", n=3)
    assert (user.editor.prompt, user.editor.brush, user.editor.tool, user.editor.n) == (
        "a red hat",
        12.5,
        "lasso",
        3,
    )
    user.page.models[user.model]["can_undo"] = True  # as it was set there
    user.set(can_undo=True, source_name="x", results=[{}], edits=[1])
    assert not user.editor.can_undo and user.editor.results == [] == user.editor.edits
    assert user.state["can_undo"] is False and user.state["source_name"] == "coffee.png"


def test_a_value_that_cannot_be_is_set_back_and_said(user):
    user.set(n=99)
    assert user.editor.n == 1 and user.state["n"] == 1
    user.set(extend=[-5, 0, 0, 0])
    assert user.editor.extend == (0, 0, 0, 0) and list(user.state["extend"]) == [0, 0, 0, 0]
    assert [one.content["kind"] for one in user.page.said(user.model, "notice")] == ["error", "error"]


def test_an_extension_drawn_in_the_browser_is_a_step(user):
    user.set(extend=[0, 0, 120.4, 0])
    assert user.editor.extend == (0, 0, 120, 0) and user.editor.can_undo
    user.ok("undo")
    assert user.editor.extend == (0, 0, 0, 0) and list(user.state["extend"]) == [0, 0, 0, 0]


# --- from Python


def test_mask_strokes_and_extension_can_be_set(user):
    editor = user.editor
    editor.mask = Mask(SIZE).rect(0, 0, 50, 50)
    agrees(user)
    strokes = [*editor.strokes, {"op": "brush", "points": [[200, 200]], "width": 40}]
    editor.strokes = strokes
    assert editor.mask.digest == Mask(SIZE).rect(0, 0, 50, 50).brush((200, 200), 40).digest
    agrees(user)
    editor.extend = [1, 2, 3, 4]
    assert editor.extend == (1, 2, 3, 4)
    for _ in range(3):
        editor.undo()
    assert editor.mask.is_empty and editor.strokes == [] and not editor.can_undo
    editor.redo()
    assert editor.mask.bbox == (0, 0, 50, 50)
    editor.mask = None
    assert editor.mask.is_empty and editor.can_undo


def test_a_mask_can_be_anything_that_says_where(user):
    chosen = np.zeros((400, 600), bool)
    chosen[:100] = True
    user.editor.mask = chosen
    assert user.editor.mask.bbox == (0, 0, 600, 100)
    other = Editor(COFFEE, user.editor, session=user.editor._session)
    assert other.mask == user.editor.mask
    other.close()
    with pytest.raises(BadImage, match="10 x 10"):
        user.editor.mask = Mask((10, 10))
    assert user.editor.mask.bbox == (0, 0, 600, 100)


def test_strokes_that_make_no_sense_are_refused(user):
    with pytest.raises(BadImage):
        user.editor.strokes = [{"op": "spray"}]
    assert user.editor.strokes == [] and not user.editor.can_undo


def test_strokes_over_a_bitmap_keep_it(user):
    user.editor.mask = Mask.from_image(Image.new("L", SIZE, 255))
    user.ok("op", pairs(100, 100), t="erase", w=30)
    before = user.editor.mask.digest
    user.editor.strokes = list(user.editor.strokes)
    assert user.editor.mask.digest == before


def test_another_photo_can_be_set_and_undone(user):
    user.ok("op", pairs(100, 100), t="brush", w=30)
    user.editor.image = PHOTOS / "chelsea.png"
    assert user.state["source_name"] == "chelsea.png" and user.editor.mask == Mask((451, 300))
    assert user.canvas("_photo").size == (451, 300)
    user.ok("op", t="fill")
    agrees(user)
    user.ok("undo")
    user.ok("undo")
    assert user.editor.image.name == "coffee.png" and user.editor.mask == Mask(SIZE).brush((100, 100), 30)
    agrees(user)
    assert user.canvas("_photo").size == SIZE


def test_changes_can_be_observed(user):
    seen: list[tuple[str, Any]] = []
    user.editor.observe(
        lambda change: seen.append((change["name"], change["new"])), ["mask", "strokes", "image", "extend"]
    )
    user.ok("op", pairs(100, 100), t="brush", w=30)
    assert [name for name, _ in seen] == ["mask", "strokes"] and seen[0][1] == user.editor.mask
    user.editor.image = photo()
    assert {name for name, _ in seen} == {"mask", "strokes", "image"}


def test_an_observer_may_draw(user):
    def also(change: Any) -> None:
        if len(change["new"].operations) == 1:
            user.editor.mask = change["new"].invert()

    user.editor.observe(also, "mask")
    user.ok("op", pairs(100, 100), t="brush", w=30)
    assert user.editor.mask == Mask(SIZE).brush((100, 100), 30).invert()
    agrees(user)


def test_what_only_python_knows_cannot_be_set(user):
    for name in ("can_undo", "preview", "results", "edits", "source_name"):
        with pytest.raises(TraitError):
            setattr(user.editor, name, getattr(user.editor, name))


def test_an_editor_is_a_source_with_a_mask(user, session):
    user.editor.mask = Mask(SIZE).rect(0, 0, 300, 400)
    edit = session.edit("sepia", user.editor, mask=user.editor)
    assert edit.request.images[0].name == "coffee.png"
    assert edit.request.mask and edit.request.mask.digest == user.editor.mask.digest
    assert images.load(user.editor) is user.editor.image


def test_threads_may_draw_set_and_look_at_the_same_time(user):
    failures: list[str] = []

    def draw(number: int) -> None:
        mine = User(user.page, user.editor)
        for step in range(12):
            problem = mine.tell("op", pairs(number * 70 + 30, step * 30), t="brush", w=20)
            problem += mine.tell("view", v="a", box=[0, 0, 99, 99], edge=99)
            if problem:
                failures.append(problem)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for step in range(30):
        user.editor.brush = 10 + step
        user.editor.extend = (step, 0, 0, 0)
        user.set(prompt=f"{step}")
        user.arrive()
    for thread in threads:
        thread.join()
    assert failures == []
    everything = Mask(SIZE)
    for number in range(8):
        for step in range(12):
            everything = everything.brush((number * 70 + 30, step * 30), 20)
    assert user.editor.mask.digest == everything.digest
    assert len(user.editor.strokes) == 96 and user.editor.extend == (29, 0, 0, 0)
    assert user.state["brush"] == 39 and user.state["prompt"] == "29"
    agrees(user)


# --- edits


def generate(user: User, job: str = "job-1") -> Any:
    made = len(user.editor.edits)
    user.ok("ask", j=job)
    assert user.page.said(user.model, "accepted")[-1].content["j"] == job
    user.ok("start", j=job)
    user.page.until(lambda: len(user.editor.results) > made and not user.state["jobs"])
    return user.editor.edits[-1]


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


def test_the_cell_that_makes_an_edit_again_is_told(user):
    user.set(prompt="sepia")
    edit = generate(user)
    user.ok("cell", id=edit.id, i=0)
    (answer,) = user.page.said(user.model, "cell")
    assert answer.content["id"] == edit.id and answer.content["text"].startswith("%%imgedit ")
    assert answer.content["text"].endswith("sepia")


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


# --- on the page


def test_where_there_are_no_widgets_a_picture_is_left(user):
    user.editor.mask = Mask(SIZE).rect(0, 0, 300, 200)
    data, _ = user.editor._repr_mimebundle_()
    assert data["text/plain"] == repr(user.editor) == "<Editor coffee.png 600x400, 25 % selected>"
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == user.model
    picture = base64.b64decode(data["image/jpeg"])
    assert len(picture) <= MAX_BYTES
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "JPEG" and image.size == (512, 341)
        before = Image.open(COFFEE).convert("RGB").resize(image.size)
        apart = np.asarray(ImageChops.difference(image, before)).mean(axis=2)
    assert apart[:150, :240].mean() > 40
    assert apart[200:, 300:].mean() < 10


def test_a_line_says_what_is_selected_and_made(user):
    assert repr(user.editor) == "<Editor coffee.png 600x400, nothing selected>"
    user.ok("op", pairs(5, 5), t="brush", w=2)
    assert repr(user.editor) == "<Editor coffee.png 600x400, under 1 % selected>"
    user.set(prompt="sepia")
    generate(user)
    assert repr(user.editor).endswith(", 1 edit>")


def test_the_picture_left_is_light_whatever_the_photo(page, session):
    grain = np.random.default_rng(3).integers(0, 256, (700, 700, 3), np.uint8)
    editor = Editor(grain, session=session)
    assert len(editor._repr_mimebundle_()[0]["image/jpeg"]) <= 54_000
    editor.close()


def test_editors_that_are_closed_leave_nothing(page, session):
    def once() -> weakref.ref[Editor]:
        editor = Editor(photo(40, 30), session=session)
        user = User(page, editor)
        user.arrive()
        user.ok("op", pairs(5, 5), t="brush", w=9)
        editor.close()
        editor.close()
        return weakref.ref(editor)

    once()
    widgets, comms = len(_instances), len(comm.get_comm_manager().comms)
    threads, models = threading.active_count(), len(page.models)
    closed = [once() for _ in range(200)]
    gc.collect()
    assert len(_instances) == widgets and len(comm.get_comm_manager().comms) == comms
    assert len(page.models) == models
    assert threading.active_count() == threads
    assert [one for one in closed if one() is not None] == []


def test_an_edit_that_ends_after_its_editor_was_closed_is_in_the_history(page, session):
    editor = Editor(COFFEE, session=session, prompt="sepia")
    user = User(page, editor)
    user.ok("ask", j="a")
    with editor._lock:  # no edit comes to the editor before it is closed
        user.ok("start", j="a")
        under_way = editor._jobs._jobs["a"].detached
        editor.close()
    assert under_way is not None
    made = under_way.wait(60)
    assert session.history[-1] == made and page.models.get(user.model) is None


def test_a_closed_editor_can_still_be_read(user):
    user.ok("op", pairs(100, 100), t="brush", w=30)
    user.editor.close()
    assert not user.editor.mask.is_empty
    user.editor.mask = None
    assert user.editor.mask.is_empty


# --- in a kernel


def test_a_cell_takes_photo_mask_and_extension_from_an_editor(tmp_path):
    environment = {**os.environ, "REQUESTY_NB_HISTORY": "history", "REQUESTY_NB_MODEL": "offline/painter"}
    with kernel_in(tmp_path, environment) as kernel:
        kernel.ok("%load_ext requesty_nb\nimport requesty_nb as rq")
        kernel.ok("import sys")
        assert (
            kernel.value(
                "sorted({'anywidget', 'ipycanvas', 'ipywidgets', 'PIL', 'numpy'} & set(sys.modules))"
            )
            == []
        )
        kernel.ok(f"ed = rq.Editor({str(COFFEE)!r})")
        shown = kernel.ok("ed").of("execute_result")[0]["data"]
        assert {"image/jpeg", "application/vnd.jupyter.widget-view+json"} <= set(shown)
        kernel.ok("%%imgedit ed -o bare\nsepia")
        assert kernel.value("bare.request.mask is None and bare.extend is None")
        kernel.ok("ed.mask = rq.Mask((600, 400)).rect(0, 0, 300, 400)")
        kernel.ok("%%imgedit ed -o masked\nsepia")
        assert kernel.value("masked.request.mask.digest == ed.mask.digest")
        kernel.ok("ed.mask = None\ned.extend = (0, 0, 100, 0)")
        kernel.ok("%%imgedit ed -o wider\nsepia")
        assert kernel.value("wider.extend") == (0, 0, 100, 0)
        kernel.ok("%%imgedit ed -o other --extend 10,0,0,0\nsepia")
        assert kernel.value("other.extend") == (10, 0, 0, 0)


def test_the_editor_is_a_public_name():
    assert rq.Editor is Editor


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
