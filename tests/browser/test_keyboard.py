"""Drawing without a mouse, in JupyterLab; and no key that is meant for the editor reaches the notebook."""

import pytest
from browser.editors import editing
from browser.paths import apart

# In the notebook's command mode most of these change cells: b and a insert, d d and x delete, m and y
# change the type, c and v copy and paste, z takes back, Enter edits.
LETTERS = "bzmddxayrcvnjksloih1+-0[]"
KEYS = [*LETTERS, "Enter", "Escape", "Delete", "Backspace", "ArrowDown", "Shift+Enter", "Shift+m"]


@pytest.fixture(scope="module")
def rocket(chromium, lab, workspace):
    cells = ["ed = rq.Editor(data.rocket())\ned", "'a cell below'"]
    with editing(chromium, lab, workspace, cells, name="keyboard.ipynb") as editor:
        yield editor


@pytest.fixture
def ed(rocket):
    rocket.fresh()
    return rocket


def cursor(ed) -> tuple[float, float]:
    """Ask, by its key, where the cursor is; it starts in the middle."""
    ed.page.keyboard.press("g")
    words = ed.root.locator(".rqe-said").inner_text()
    x, y = words.removeprefix("cursor at ").split(", ")
    return int(x) + 0.5, int(y) + 0.5


def focused(ed) -> bool:
    return ed.stage.evaluate("stage => stage === document.activeElement")


def press(ed, *keys: str) -> None:
    for key in keys:
        ed.page.keyboard.press(key)


def test_tab_leads_into_the_stage_and_out_again(ed):
    ed.page.evaluate("jupyterapp.commands.execute('notebook:enter-command-mode')")
    for _ in range(80):
        press(ed, "Tab")
        if focused(ed):
            break
    assert focused(ed)
    press(ed, "Tab")
    assert not focused(ed)
    press(ed, "Shift+Tab")
    assert focused(ed)


def test_enter_stamps_the_brush_where_arrows_brought_the_cursor(ed):
    ed.stage.focus()
    start = cursor(ed)
    zoom = ed.place()[2]
    press(ed, "ArrowRight", "ArrowRight", "ArrowDown", "Enter")
    there = start[0] + 20 / zoom, start[1] + 10 / zoom
    press(ed, "ArrowUp", "ArrowUp", "Shift+Enter")
    above = there[0], there[1] - 20 / zoom
    dot, line = ed.strokes()
    assert (dot["op"], dot["width"]) == ("brush", 20)
    assert apart(dot["points"], [there]) < ed.near()
    assert apart(line["points"], [there, above]) < ed.near()


def test_shift_moves_the_cursor_by_one_pixel_of_the_image(ed):
    ed.stage.focus()
    x, y = cursor(ed)
    press(ed, *["Shift+ArrowRight"] * 7, *["Shift+ArrowUp"] * 3)
    assert cursor(ed) == pytest.approx((x + 7, y - 3), abs=1)


@pytest.mark.parametrize(("key", "kind"), [("r", "rect"), ("o", "ellipse")])
def test_a_box_by_its_corners(ed, key, kind):
    ed.stage.focus()
    press(ed, key)
    start = cursor(ed)
    press(ed, "Enter", *["ArrowRight"] * 8, *["ArrowUp"] * 5, "Enter")
    (shape,) = ed.strokes()
    zoom = ed.place()[2]
    assert shape["op"] == kind
    box = [(start[0], start[1] - 50 / zoom), (start[0] + 80 / zoom, start[1])]
    assert apart(shape["points"], box) < ed.near()


def test_a_polygon_by_its_corners_and_undo(ed):
    ed.stage.focus()
    press(ed, "p")
    (x, y), step = cursor(ed), 10 / ed.place()[2]
    press(ed, "Enter", *["ArrowRight"] * 6, "Enter", *["ArrowUp"] * 9, "Enter", "Enter")
    (shape,) = ed.strokes()
    assert shape["op"] == "polygon"
    assert apart(shape["points"], [(x, y), (x + 6 * step, y), (x + 6 * step, y - 9 * step)]) < ed.near()
    press(ed, "Control+z")
    assert ed.strokes() == []
    press(ed, "Control+y")
    assert len(ed.strokes()) == 1


def test_zooming_and_moving_the_view(ed):
    ed.stage.focus()
    fitted = ed.place()
    press(ed, "+", "+")
    closer = ed.until_place(lambda place: place[2] > fitted[2] * 1.5)
    press(ed, "Alt+ArrowRight")
    ed.until_place(lambda place: place[0] < closer[0] - 30)
    press(ed, "1")
    ed.until_place(lambda place: place[2] == pytest.approx(1, abs=0.001))
    press(ed, "0")
    ed.until_place(lambda place: place == pytest.approx(fitted, abs=0.01))


def test_the_brush_grows_and_shrinks(ed):
    ed.stage.focus()
    press(ed, "]", "]")
    ed.until("brush > 22")
    press(ed, "{", "{")
    ed.until("brush < 12")


def test_no_key_of_the_stage_reaches_the_notebook(ed):
    before = ed.notebook.cells()
    ed.stage.focus()
    for key in KEYS:
        press(ed, key)
        assert focused(ed), key
    ed.settled()
    assert ed.notebook.cells() == before
    assert ed.page.evaluate("jupyterapp.shell.currentWidget.content.mode") == "command"


def test_no_key_of_a_button_or_a_slider_reaches_the_notebook(ed):
    before = ed.notebook.cells()
    for label in ("Brush", "Brush size"):
        ed.root.get_by_label(label, exact=True).first.focus()
        press(ed, *"ddxbacvm", "Delete")
    ed.settled()
    assert ed.notebook.cells() == before


def test_no_key_of_the_prompt_reaches_the_notebook(ed):
    before = ed.notebook.cells()
    field = ed.root.get_by_label("Prompt")
    field.fill("")
    field.focus()
    words = "add ddx: a b c v m y z, 00 ii"
    ed.page.keyboard.type(words)
    press(ed, "Enter", "Shift+Enter", "Delete", "Backspace", "Backspace", "Escape")
    ed.until("prompt", words)
    assert ed.notebook.cells() == before
    ed.settled()
    assert ed.strokes() == []


@pytest.mark.parametrize("place", ["stage", "prompt"])
def test_the_keys_for_saving_still_save(ed, place):
    ed.page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty = true")
    {"stage": ed.stage, "prompt": ed.root.get_by_label("Prompt")}[place].focus()
    press(ed, "Control+s")
    ed.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")


def test_the_help_opens_and_lists_the_keys(ed):
    ed.stage.focus()
    press(ed, "?")
    dialog = ed.page.get_by_role("dialog").filter(has_text="Rectangle")
    dialog.wait_for()
    press(ed, "Escape")
    dialog.wait_for(state="hidden")
    assert focused(ed)
