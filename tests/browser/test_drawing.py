"""Every tool, in JupyterLab, by real hands: the kernel has what was drawn, where it was drawn."""

import pytest
from browser.editors import editing
from browser.paths import apart, around

ROCKET = (640, 427)
HAND = [(120, 90), (300, 220), (480, 130)]
BOX = [(420.0, 310.0), (150.0, 80.0)]  # drawn from the right bottom corner
CORNERS = [(100, 100), (400, 60), (520, 300), (200, 340)]


@pytest.fixture(scope="module")
def rocket(chromium, lab, workspace):
    cells = ["ed = rq.Editor(data.rocket())\ned"]
    with editing(chromium, lab, workspace, cells, name="drawing.ipynb") as editor:
        yield editor


@pytest.fixture
def ed(rocket):
    rocket.fresh()
    return rocket


def only(strokes: list[dict]) -> dict:
    assert len(strokes) == 1, strokes
    return strokes[0]


def corners_of(box: list[tuple[float, float]]) -> list[tuple[float, float]]:
    (left, right), (top, bottom) = (sorted(side) for side in zip(*box, strict=True))
    return [(left, top), (right, bottom)]


@pytest.mark.parametrize("tool", ["brush", "erase"])
def test_a_stroke_is_where_the_hand_went(ed, tool):
    ed.fresh(tool)
    ed.drag(*HAND)
    stroke = only(ed.strokes())
    assert (stroke["op"], stroke["width"]) == (tool, 20)
    assert apart(stroke["points"], HAND) < ed.near()


def test_a_click_is_a_dot(ed):
    ed.drag((200.5, 100.5))
    stroke = only(ed.strokes())
    assert stroke["op"] == "brush" and len(stroke["points"]) == 1
    assert apart(stroke["points"], [(200.5, 100.5)]) < ed.near()
    assert ed.ask("mask.bbox") == (190, 90, 210, 110)


@pytest.mark.parametrize("tool", ["rect", "ellipse"])
def test_a_box_reaches_from_corner_to_corner(ed, tool):
    ed.fresh(tool)
    ed.drag(*BOX)
    shape = only(ed.strokes())
    assert shape["op"] == tool and not shape.get("subtract")
    assert apart(shape["points"], corners_of(BOX)) < ed.near()


def test_a_box_with_shift_is_as_wide_as_high(ed):
    ed.fresh("rect")
    ed.page.keyboard.down("Shift")
    ed.drag((100, 100), (300, 180))
    ed.page.keyboard.up("Shift")
    (left, top), (right, bottom) = only(ed.strokes())["points"]
    assert right - left == pytest.approx(bottom - top, abs=0.01)
    assert right - left == pytest.approx(200, abs=2 * ed.near())


def test_a_lasso_follows_the_hand(ed):
    ed.fresh("lasso")
    hand = [(150, 60), (400, 90), (330, 200), (420, 330), (180, 300), (230, 180)]
    ed.drag(*hand, steps=9)
    shape = only(ed.strokes())
    assert shape["op"] == "polygon"
    assert around(shape["points"], hand) < ed.near() + 0.5 / ed.place()[2]


def close_by_double_click(ed) -> None:
    ed.page.mouse.dblclick(*ed.at(*CORNERS[-1]))


def close_by_enter(ed) -> None:
    ed.drag(CORNERS[-1])
    ed.page.keyboard.press("Enter")


def close_at_the_first_corner(ed) -> None:
    ed.drag(CORNERS[-1])
    ed.drag((CORNERS[0][0] + 2, CORNERS[0][1] - 2))


@pytest.mark.parametrize("close", [close_by_double_click, close_by_enter, close_at_the_first_corner])
def test_a_polygon_has_the_corners_clicked(ed, close):
    ed.fresh("polygon")
    for corner in CORNERS[:-1]:
        ed.drag(corner)
    close(ed)
    shape = only(ed.strokes())
    assert shape["op"] == "polygon" and len(shape["points"]) == len(CORNERS)
    assert apart(shape["points"], CORNERS) < ed.near()


def test_backspace_takes_back_a_corner_and_escape_the_polygon(ed):
    ed.fresh("polygon")
    for corner in (*CORNERS[:2], (600, 10), *CORNERS[2:]):
        ed.drag(corner)
        if corner == (600, 10):
            ed.page.keyboard.press("Backspace")
    ed.page.keyboard.press("Enter")
    assert apart(only(ed.strokes())["points"], CORNERS) < ed.near()
    for corner in CORNERS:
        ed.drag(corner)
    ed.page.keyboard.press("Escape")
    ed.page.keyboard.press("Enter")
    only(ed.strokes())


def test_escape_drops_a_stroke_that_is_being_drawn(ed):
    ed.page.mouse.move(*ed.at(100, 100))
    ed.page.mouse.down()
    ed.page.mouse.move(*ed.at(300, 300), steps=4)
    ed.page.keyboard.press("Escape")
    ed.page.mouse.move(*ed.at(400, 300), steps=4)
    ed.page.mouse.up()
    assert ed.strokes() == []


@pytest.mark.parametrize(
    ("label", "key", "share"),
    [("Invert the mask", "i", 0.75), ("Select everything", "a", 1.0), ("Clear the mask", "Delete", 0.0)],
)
def test_the_whole_mask_changes_by_button_and_by_key(ed, label, key, share):
    operation = {"i": "invert", "a": "fill", "Delete": "clear"}[key]
    quarter = "=rq.Mask(ed.source_size).rect(0, 0, 320, 213.5)"
    for act in (lambda: ed.press(key), lambda: ed.choose(label)):
        ed.set(mask=quarter)
        act()
        assert [one["op"] for one in ed.strokes()] == ["rect", operation]
        assert ed.ask("mask.share") == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("by", ["button", "key"])
def test_shapes_take_away_while_subtract_is_on(ed, by):
    ed.fresh("rect")
    ed.drag((100, 50), (400, 350))
    switch = {"button": [lambda: ed.click("Subtract"), lambda: ed.click("Add")]}
    switch["key"] = [lambda: ed.press("s")] * 2
    for act in switch[by]:
        act()
        ed.drag((200, 100), (300, 200))
    assert [stroke.get("subtract", False) for stroke in ed.strokes()] == [False, True, False]


@pytest.mark.parametrize(
    ("tool", "gives"),
    [
        ("brush", ("erase", False)),
        ("erase", ("brush", False)),
        ("rect", ("rect", True)),
        ("lasso", ("polygon", True)),
    ],
)
def test_alt_does_the_opposite(ed, tool, gives):
    ed.fresh(tool)
    ed.page.keyboard.down("Alt")
    ed.drag((100, 100), (300, 120), (250, 300))
    ed.page.keyboard.up("Alt")
    stroke = only(ed.strokes())
    assert (stroke["op"], stroke.get("subtract", False)) == gives


def test_shift_draws_a_straight_line_from_the_last_stroke(ed):
    ed.drag((80, 80), (150, 300))
    ed.page.keyboard.down("Shift")
    ed.drag((500, 120))
    ed.page.keyboard.up("Shift")
    points = ed.strokes()[1]["points"]
    assert len(points) == 2
    assert apart(points, [(150, 300), (500, 120)]) < ed.near()


def test_shift_makes_a_stroke_straight(ed):
    ed.page.keyboard.down("Shift")
    ed.drag((80, 80), (150, 300), (500, 120))
    ed.page.keyboard.up("Shift")
    points = only(ed.strokes())["points"]
    assert len(points) == 2
    assert apart(points, [(80, 80), (500, 120)]) < ed.near()


@pytest.mark.parametrize("tool", ["brush", "lasso"])
def test_a_stroke_that_leaves_the_canvas_stays_whole(ed, tool):
    ed.fresh(tool)
    hand = [(300, 380), (300, 450), (520, 455), (520, 330), (700, 330), (700, 100), (560, 100)]
    ed.drag(*hand, steps=5)
    stroke = only(ed.strokes())
    compare = apart if tool == "brush" else around
    assert compare(stroke["points"], hand) < ed.near() + 0.5


def test_a_stroke_ends_where_the_button_is_let_go_outside(ed):
    hand = [(300, 200), (300, 460)]
    ed.drag(*hand)
    ed.page.mouse.move(*ed.at(100, 100))
    assert apart(only(ed.strokes())["points"], hand) < ed.near()


def test_a_finger_draws(ed):
    hand = [(100, 100), (200, 150), (300, 120), (420, 300)]
    ed.touch(hand)
    stroke = only(ed.strokes())
    assert stroke["op"] == "brush" and "pressures" not in stroke
    assert apart(stroke["points"], hand) < ed.near()


def test_a_pen_draws_as_thick_as_it_is_pressed(ed):
    hand = [(100, 100, 0.2), (200, 150, 0.5), (300, 120, 1.0)]
    ed.pen(*hand)
    stroke = only(ed.strokes())
    assert apart(stroke["points"], [point[:2] for point in hand]) < ed.near()
    assert stroke["pressures"] == pytest.approx([0.2, 0.5, 1.0], abs=1 / 255)
    thin, thick = (ed.notebook.ask(f"int(np.count_nonzero(np.asarray(ed.mask)[:, {x}]))") for x in (104, 296))
    assert thin < 10 < thick


def test_the_hand_moves_the_view_and_draws_nothing(ed):
    ed.fresh("hand")
    ed.zoomed(2.5, (320, 213))
    left, top, _ = ed.place()
    ed.drag((320, 213), (290, 240))
    moved = ed.place()
    by = (30 * moved[2], -27 * moved[2])
    assert (left - moved[0], top - moved[1]) == pytest.approx(by, abs=1)
    assert ed.strokes() == []
