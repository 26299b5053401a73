"""Zooming and moving the view, in JupyterLab, and drawing there: the kernel has the photo's own pixels."""

import pytest
from browser.editors import editing
from browser.paths import apart

HAND = [(340.0, 180.0), (356.0, 196.0), (372.0, 178.0)]


@pytest.fixture(scope="module")
def rocket(chromium, lab, workspace):
    cells = ["ed = rq.Editor(data.rocket())\ned", "import time\n" * 60]
    with editing(chromium, lab, workspace, cells, name="looking.ipynb") as editor:
        yield editor


@pytest.fixture
def ed(rocket):
    rocket.fresh()
    return rocket


def scrolled(ed) -> float:
    """Return how far the notebook is from where it would be if the stage were at the top."""
    return ed.stage.bounding_box()["y"]


@pytest.mark.parametrize("where", [(320.5, 213.5), (90.0, 60.0), (600.0, 400.0)])
def test_the_wheel_with_ctrl_zooms_to_where_the_mouse_is(ed, where):
    top = scrolled(ed)
    before = ed.place()
    x, y = ed.at(*where)
    ed.wheel(-120, where, "Control")
    after = ed.until_place(lambda place: place[2] > before[2] * 1.1)
    assert ed.under(x, y) == pytest.approx(where, abs=1 / after[2])
    ed.wheel(-120, ed.under(x, y), "Control")
    after = ed.until_place(lambda place: place[2] > after[2] * 1.1)
    assert ed.under(x, y) == pytest.approx(where, abs=1 / after[2])
    assert scrolled(ed) == top
    assert ed.strokes() == []


def test_the_wheel_alone_scrolls_the_notebook(ed):
    top, place = scrolled(ed), ed.place()
    ed.wheel(150, (320, 213))
    ed.page.wait_for_function(
        "([stage, top]) => stage.getBoundingClientRect().y < top - 100", arg=[ed.stage.element_handle(), top]
    )
    assert ed.place()[2] == place[2]
    ed.wheel(-300, (320, 213))
    ed.page.wait_for_function(
        "([stage, top]) => stage.getBoundingClientRect().y > top - 1", arg=[ed.stage.element_handle(), top]
    )


def test_the_wheel_with_alt_sizes_the_brush(ed):
    ed.wheel(-120, (320, 213), "Alt")
    ed.until("brush > 21")
    ed.wheel(120, (320, 213), "Alt")
    ed.until("brush < 22")


@pytest.mark.parametrize("way", ["space", "middle button"])
def test_dragging_moves_the_view(ed, way):
    ed.zoomed(3, (320, 213))
    left, top, zoom = ed.place()
    if way == "space":
        ed.stage.focus()
        ed.page.keyboard.down("Space")
    ed.drag((320, 213), (345, 190), button="middle" if way == "middle button" else "left")
    if way == "space":
        ed.page.keyboard.up("Space")
    moved = ed.place()
    assert (moved[0] - left, moved[1] - top) == pytest.approx((25 * zoom, -23 * zoom), abs=1)
    assert ed.strokes() == []
    ed.drag(*HAND)
    assert apart(ed.strokes()[0]["points"], HAND) < ed.near()


def test_two_fingers_pinch(ed):
    before = ed.place()
    steps = 8
    one = [(300 - 60 * step / steps, 200 + 20 * step / steps) for step in range(steps + 1)]
    other = [(340 + 60 * step / steps, 200 + 20 * step / steps) for step in range(steps + 1)]
    a, b = ed.at(*one[-1]), ed.at(*other[-1])  # where the fingers are in the end
    ed.touch(one, other)
    after = ed.until_place(lambda place: place[2] > before[2] * 3.5)
    assert after[2] == pytest.approx(before[2] * 4, rel=0.02)
    assert ed.under(*a) == pytest.approx((300, 200), abs=2)
    assert ed.under(*b) == pytest.approx((340, 200), abs=2)
    assert ed.strokes() == []


def test_a_second_finger_drops_the_stroke_of_the_first(ed):
    ed.touch([(300, 200), (310, 205), (320, 210)], [(360, 200), (370, 205), (380, 210)])
    ed.touch([(200, 100), (260, 140)])
    (stroke,) = ed.strokes()
    assert apart(stroke["points"], [(200, 100), (260, 140)]) < ed.near()


@pytest.mark.parametrize("tool", ["brush", "rect", "lasso"])
def test_what_is_drawn_while_zoomed_and_moved_lands_at_its_pixels(ed, tool):
    ed.fresh(tool, brush=3)
    ed.zoomed(12, (350, 190))
    ed.page.keyboard.down("Space")
    ed.drag((350, 190), (354, 187))
    ed.page.keyboard.up("Space")
    ed.drag(*HAND, steps=20)
    (stroke,) = ed.strokes()
    hand = [(340.0, 178.0), (372.0, 180.0)] if tool == "rect" else HAND
    assert ed.place()[2] > 8
    assert apart(stroke["points"], hand) < 1 / ed.place()[2] + 0.01 + (0.5 if tool == "lasso" else 0)


def test_the_view_cannot_be_lost(ed):
    ed.zoomed(4, (320, 213))
    for to in ((900, 213), (-300, 213), (320, 900), (320, -500)):
        ed.page.keyboard.down("Space")
        for _ in range(3):
            ed.drag((320, 213), to, steps=3)
        ed.page.keyboard.up("Space")
        left, top, zoom = ed.place()
        stage = ed.stage.bounding_box()
        shown_x = min(left + 640 * zoom, stage["x"] + stage["width"]) - max(left, stage["x"])
        shown_y = min(top + 427 * zoom, stage["y"] + stage["height"]) - max(top, stage["y"])
        assert shown_x > stage["width"] / 3 and shown_y > stage["height"] / 3


def test_zooming_out_ends_where_the_picture_is_still_seen(ed):
    for _ in range(12):
        ed.wheel(400, (320, 213), "Control")
    fitted = ed.place()
    assert fitted[2] * 640 > 100
    ed.press("0")
    ed.until_place(lambda place: place[2] * 640 > 500)
