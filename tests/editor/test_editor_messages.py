"""The editor, driven by the messages a browser sends, and seen through those it gets."""

from __future__ import annotations

import io

import ipycanvas
import numpy as np
import pytest
from editing import COFFEE, SIZE, agrees, pairs
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import User, open_page
from photos import photo
from PIL import Image, ImageChops

from requesty_nb.masks import Mask
from requesty_nb.sessions import Session
from requesty_nb.widgets import Editor, colours

# --- drawing


def test_a_stroke_is_drawn_at_the_photos_scale_shown_and_then_answered(user):
    user.page.sent.clear()
    user.ok("op", pairs(100, 100, 200, 150), t="brush", w=30)
    expected = Mask(SIZE).brush([(100, 100), (200, 150)], 30)
    assert user.editor.mask.digest == expected.digest
    assert user.editor.strokes == ({"op": "brush", "points": [[100.0, 100.0], [200.0, 150.0]], "width": 30},)
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
            if (
                size == SIZE or not editor._drawing.tried
            ):  # elsewhere what is tried is shown at the preview's scale
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


def test_a_value_that_cannot_be_takes_no_other_along(user):
    user.set(prompt="a hat", extend=[1e9, 0, 0, 0], n=99, size="1024x1024")
    assert (user.editor.prompt, user.editor.size) == ("a hat", "1024x1024")
    assert (user.editor.extend, user.editor.n) == ((0, 0, 0, 0), 1)
    assert list(user.state["extend"]) == [0, 0, 0, 0] and user.state["n"] == 1
    assert len(user.page.said(user.model, "notice")) == 2


def test_an_interrupt_passes_and_the_message_is_answered(user):
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    user.editor.observe(interrupt, "mask")
    with pytest.raises(KeyboardInterrupt):
        user.editor._handle_custom_msg({"k": "op", "t": "fill", "s": 77}, [])
    answer = user.page.said(user.model, "ack")[-1].content
    assert answer["s"] == 77 and "interrupted" in answer["problem"]
    user.editor.unobserve(interrupt, "mask")
    user.ok("op", t="invert")
    agrees(user)


@pytest.mark.parametrize(
    ("points", "width", "words"),
    [(20_001, 5, "20001 points"), (3, 2401, "too wide"), (10_000, 600, "too long to draw")],
)
def test_a_stroke_that_would_take_long_is_refused(user, points, width, words):
    everywhere = np.random.default_rng(1).random((points, 2), np.float32) * 500
    assert words in user.tell("op", everywhere.astype("<f4").tobytes(), t="brush", w=width)
    assert user.editor.mask.is_empty and not user.editor.can_undo


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
