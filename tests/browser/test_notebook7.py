"""The same in Notebook 7, in short: drawing, taking back, keys, zooming, and what the screen shows."""

import pytest
from browser.editors import editing
from browser.notebooks import in_notebook7
from browser.paths import apart
from browser.screens import mask_of, pixel, stray, tint_of

HAND = [(120, 90), (300, 220), (480, 130)]


@pytest.fixture(scope="module")
def rocket(chromium, notebook7, workspace):
    cells = ["ed = rq.Editor(data.rocket(), mask_color='#ff00ff')\ned", "'a cell below'"]
    with editing(chromium, notebook7, workspace, cells, name="seven.ipynb", page_of=in_notebook7) as editor:
        yield editor


@pytest.fixture
def ed(rocket):
    rocket.fresh()
    return rocket


def test_mouse_finger_and_pen_draw(ed):
    ed.drag(*HAND)
    ed.touch(HAND)
    ed.pen(*[(x, y, 0.5) for x, y in HAND])
    strokes = ed.strokes()
    assert [stroke["op"] for stroke in strokes] == ["brush"] * 3
    for stroke in strokes:
        assert apart(stroke["points"], HAND) < ed.near()


def test_shapes_by_their_keys_and_undo(ed):
    for key in "rol":
        ed.press(key)
        ed.drag((100, 80), (300, 90), (280, 260))
    assert [stroke["op"] for stroke in ed.strokes()] == ["rect", "ellipse", "polygon"]
    ed.press("Control+z", "Control+z", "Control+Shift+z")
    assert [stroke["op"] for stroke in ed.strokes()] == ["rect", "ellipse"]


def test_no_key_reaches_the_notebook_but_those_for_saving(ed):
    before = ed.notebook.cells()
    ed.press(*"ddxabmcvzyr", "Enter", "Delete", "Shift+Enter", "Escape")
    ed.settled()
    assert ed.notebook.cells() == before
    ed.page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty = true")
    ed.press("Control+s")
    ed.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")


def test_ctrl_and_wheel_zoom_and_drawing_there_lands_at_its_pixels(ed):
    ed.zoomed(6, (300, 200))
    hand = [(290.0, 190.0), (300.0, 205.0), (310.0, 195.0)]
    ed.drag(*hand)
    assert ed.place()[2] > 5
    assert apart(ed.strokes()[0]["points"], hand) < 1 / ed.place()[2] + 0.01


def test_the_screen_shows_the_mask_of_the_kernel(ed):
    ed.set(mask_opacity=1.0)
    ed.drag(*HAND)
    ed.set(mask="=ed.mask.ellipse(300, 250, 500, 400).rect(350, 300, 420, 350, subtract=True)")
    ed.until_inked(320, 325, wanted=True)
    ed.shown()
    shown, tint = tint_of(ed, (255, 0, 255))
    assert stray(shown, tint, mask_of(ed)) <= max(1, pixel(ed, 640)) + 0.5
