"""Taking back, changing the whole, extending, and what Python sets, in JupyterLab."""

import pytest
from browser.editors import editing


@pytest.fixture(scope="module")
def rocket(chromium, lab, workspace):
    cells = ["rocket = data.rocket()\ned = rq.Editor(rocket)\ned"]
    with editing(chromium, lab, workspace, cells, name="changes.ipynb") as editor:
        yield editor


@pytest.fixture
def ed(rocket):
    rocket.fresh()
    return rocket


# --- undo and redo

BY = {
    "keys": (lambda ed: ed.press("Control+z"), lambda ed: ed.press("Control+Shift+z")),
    "other keys": (lambda ed: ed.press("Control+z"), lambda ed: ed.press("Control+y")),
    "buttons": (lambda ed: ed.click("Undo"), lambda ed: ed.click("Redo")),
}


@pytest.mark.parametrize("by", BY)
def test_undo_and_redo(ed, by):
    undo, redo = BY[by]
    states = [ed.digest()]
    for row in (60, 200):
        ed.drag((80, row), (500, row + 30))
        states.append(ed.digest())
    assert len(set(states)) == 3
    for wanted, act in ((1, undo), (0, undo), (1, redo), (2, redo)):
        act(ed)
        assert ed.digest() == states[wanted]


def test_drawing_after_undo_leaves_nothing_to_redo(ed):
    ed.drag((80, 60), (500, 60))
    ed.press("Control+z")
    ed.settled()
    assert ed.button("Redo").is_enabled()
    ed.drag((80, 200), (500, 200))
    ed.settled()
    ed.until("can_redo", wanted=False)
    assert ed.button("Redo").is_disabled()


def test_fifty_strokes_undone_and_redone_give_the_same_mask(ed):
    empty = ed.digest()
    for number in range(50):
        column = 20 + number * 12
        ed.drag((column, 40 + number * 3), (640 - column, 380 - number * 2), steps=2)
    drawn = ed.digest()
    assert len(ed.strokes()) == 50
    ed.press(*["Control+z"] * 50)
    assert (ed.digest(), ed.strokes()) == (empty, [])
    ed.press(*["Control+Shift+z"] * 50)
    assert (ed.digest(), len(ed.strokes())) == (drawn, 50)
    assert ed.ask("mask.digest") == ed.notebook.ask("rq.Mask.from_json(ed.mask.to_json()).digest")


# --- growing and feathering


@pytest.fixture
def slid(ed):
    """A box that is shown 20 pixels larger, and not yet kept to be so."""
    ed.set(mask="=rq.Mask(ed.source_size).rect(200, 100, 300, 200)")
    ed.open("Change the mask")
    ed.slide("Grow in pixels", 20)
    ed.shown()
    ed.until_inked(310, 150, wanted=True)
    return ed


def test_a_mask_that_is_tried_is_the_mask_that_is_seen(slid):
    assert slid.ask("mask.bbox") == (180, 80, 320, 220)
    slid.slide("Grow in pixels", 5)
    slid.until_inked(310, 150, wanted=False)
    assert slid.strokes()[1:] == [{"op": "grow", "radius": 5}]
    slid.click("Drop")


def test_dropping_what_is_tried_restores_the_mask(slid):
    slid.click("Drop")
    slid.until_inked(310, 150, wanted=False)
    assert [stroke["op"] for stroke in slid.strokes()] == ["rect"]


def test_keeping_what_is_tried_makes_it_a_step(slid):
    slid.click("Keep")
    assert slid.strokes()[1:] == [{"op": "grow", "radius": 20}]
    assert slid.ask("mask.bbox") == (180, 80, 320, 220)
    slid.until_inked(310, 150, wanted=True)
    slid.press("Control+z")
    assert [stroke["op"] for stroke in slid.strokes()] == ["rect"]


def test_shrinking_and_feathering_are_kept_together(ed):
    ed.set(mask="=rq.Mask(ed.source_size).rect(200, 100, 300, 200)")
    ed.open("Change the mask")
    ed.slide("Grow in pixels", -10)
    ed.slide("Feather in pixels", 6)
    ed.click("Keep")
    assert ed.strokes()[1:] == [{"op": "shrink", "radius": 10}, {"op": "feather", "radius": 6}]


# --- extending


@pytest.mark.parametrize(
    ("handle", "by", "sides"),
    [("e", (60, 0), [2]), ("w", (-45, 0), [0]), ("n", (0, -50), [1]), ("se", (40, 30), [2, 3])],
)
def test_pulling_the_frame_extends_the_picture(ed, handle, by, sides):
    ed.fresh("extend")
    box = ed.root.locator(f".rqe-handle.{handle}").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    zoom = ed.place()[2]
    ed.page.mouse.move(x, y)
    ed.page.mouse.down()
    ed.page.mouse.move(x + by[0], y + by[1], steps=6)
    ed.page.mouse.up()
    wanted = [0, 0, 0, 0]
    for side in sides:
        wanted[side] = abs(by[0] if side in {0, 2} else by[1]) / zoom
    ed.notebook.until("any(ed.extend)")
    assert ed.ask("extend") == pytest.approx(wanted, abs=1 / zoom + 0.5)
    assert ed.strokes() == []


def test_one_pull_is_one_step(ed):
    ed.fresh("extend")
    box = ed.root.locator(".rqe-handle.e").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    ed.page.mouse.move(x, y)
    ed.page.mouse.down()
    ed.page.mouse.move(x + 60, y, steps=12)
    ed.page.mouse.up()
    ed.until("extend[2] > 30")
    ed.press("Control+z")
    ed.settled()
    assert ed.ask("extend") == (0, 0, 0, 0)


# --- what Python sets


def test_a_mask_set_in_python_is_shown(ed):
    ed.set(mask="=rq.Mask(ed.source_size).rect(100, 100, 200, 200)")
    ed.until_inked(150, 150, wanted=True)
    ed.set(mask="=~ed.mask")
    ed.until_inked(150, 150, wanted=False)
    ed.until_inked(50, 50, wanted=True)


def test_strokes_set_in_python_are_shown_and_can_be_undone(ed):
    ed.set(strokes=[{"op": "brush", "points": [[300, 200]], "width": 60}])
    ed.until_inked(300, 200, wanted=True)
    ed.press("Control+z")
    ed.until_inked(300, 200, wanted=False)


def test_an_image_set_in_python_is_shown(ed):
    try:
        ed.set(image="=data.coffee()")
        ed.root.get_by_text("600 \N{MULTIPLICATION SIGN} 400").wait_for()
        view = type(ed)(ed.notebook)
        assert view.size == (600, 400)
        view.until_colour(300, 200, view.notebook.ask("data.coffee()[200, 300].tolist()"))
        view.drag((100, 100), (500, 300))
        points = view.strokes()[-1]["points"]
        assert points[-1] == pytest.approx([500, 300], abs=view.near())
    finally:
        ed.set(image="=rocket")


def test_the_tool_and_the_brush_set_in_python_are_shown(ed):
    for tool, label in (("ellipse", "Ellipse"), ("erase", "Eraser")):
        ed.set(tool=tool, brush=33)
        ed.root.locator(f'button[aria-label="{label}"][aria-pressed="true"]').wait_for()
    assert ed.root.get_by_label("Brush size in pixels").input_value() == "33"
    ed.drag((100, 100), (200, 200))
    assert (ed.strokes()[-1]["op"], ed.strokes()[-1]["width"]) == ("erase", 33)


def test_the_prompt_set_in_python_is_shown_and_typed_text_arrives(ed):
    ed.set(prompt="A red rocket")
    field = ed.root.get_by_label("Prompt")
    ed.page.wait_for_function("field => field.value === 'A red rocket'", arg=field.element_handle())
    field.fill("A blue rocket")
    ed.until("prompt", "A blue rocket")


def test_the_colour_of_the_mask_set_in_python_is_shown(ed):
    ed.set(mask="=~rq.Mask(ed.source_size)", mask_color="#00c853", mask_opacity=1.0)
    ed.until_colour(320, 200, (0, 0xC8, 0x53))
