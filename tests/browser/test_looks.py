"""The editor as it looks, and to those who do not see it: light and dark, on a desk and on a phone."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser.conftest import missing
from browser.editors import editing

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
DESK, PHONE = (1280, 1900), (390, 2600)  # tall, so that all of it is on one picture
FINGER = 40  # CSS pixels that a finger needs
THEMES = ["Light", "Dark"]

CELL = """\
photo = Image.fromarray(data.coffee())
mask = rq.Mask(photo.size).ellipse(160, 40, 460, 360)
others = [Image.fromarray(data.chelsea()), Image.fromarray(data.rocket())]
session = rq.Session(history='looks', api_key='any')
ed = rq.Editor(photo, mask, session=session, model='offline/leaky', references=others)
ed"""
PROMPT = "A bowl of tomato soup with basil, on the same saucer, in the same light from the upper left"

# The rules of accessibility that are broken badly, and where.
AUDIT = """async root => (await axe.run(root, { resultTypes: ['violations'] })).violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, help, nodes }) => [
        id, help, nodes.map(node => [node.target.join(' '), node.any.map(one => one.message)]),
    ])"""

# Texts, and how far each stands out from its flat ground, the least first; none that is on a picture.
CONTRASTS = """root => {
    const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const mixed = colours => {
        for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
        return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const light = colour => {
        const [red, green, blue] = colour.map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const grounds = one => {
        const found = [];
        for (let up = one; up; up = up.parentElement) {
            const { backgroundColor, backgroundImage } = getComputedStyle(up);
            if (backgroundImage !== 'none' || up.matches('.rqe-stage, .rqe-frame')) return null;
            found.unshift(backgroundColor);
            if (up.matches('dialog, [popover]')) break;
        }
        return found;
    };
    const left = ':disabled *, :disabled, .rqe-unseen, .rqe-said, option,'
        + '[type=range], [type=color], [type=radio], [type=checkbox]';
    const texts = one => [...one.childNodes].filter(({ nodeType, data }) => nodeType === 3 && data.trim());
    const found = [];
    for (const one of root.querySelectorAll('*')) {
        if (!one.checkVisibility() || one.matches(left)) continue;
        if (!one.matches('input, select, textarea') && !texts(one).length) continue;
        const [under, { color }] = [grounds(one), getComputedStyle(one)];
        if (!under) continue;
        const [dark, bright] = [mixed(under), mixed([...under, color])].map(light).sort((a, b) => a - b);
        const text = one.innerText || one.value || one.tagName;
        found.push([(bright + 0.05) / (dark + 0.05), text.slice(0, 40)]);
    }
    return found.sort(([a], [b]) => a - b);
}"""
READABLE = 4.5  # WCAG 2.2, 1.4.3

# What reaches over the root's sides, unless something between the two cuts it off or scrolls it.
OVER = """root => {
    const box = root.getBoundingClientRect();
    const cut = one => {
        for (let up = one.parentElement; up && up !== root; up = up.parentElement)
            if (getComputedStyle(up).overflowX !== 'visible') return true;
        return false;
    };
    return [...root.querySelectorAll('*')]
        .filter(one => one.checkVisibility() && !one.closest('[popover], dialog') && !cut(one))
        .map(one => [one, one.getBoundingClientRect()])
        .filter(([, { left, right, width }]) => width && (left < box.left - 1 || right > box.right + 1))
        .map(([one, { left, right }]) => [one.outerHTML.slice(0, 90), left - box.left, right - box.right]);
}"""

# What a finger has to hit and is too small for it. A hidden radio button is hit by its label.
SMALL = """([root, least]) => [...root.querySelectorAll('button, select, summary, input, .rqe-modes label')]
    .filter(one => one.checkVisibility() && !one.matches('[type=radio], [type=checkbox], [type=range]'))
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < least - 0.5)
    .map(([one, { width, height }]) => [one.outerHTML.slice(0, 90), Math.round(width), Math.round(height)])"""

BUTTONS = {"mask": "Change the mask", "look": "Colour and opacity of the mask"}


@pytest.fixture(scope="module")
def view(chromium, lab, workspace):
    """An editor with a mask and two references."""
    size = dict(zip(("width", "height"), DESK, strict=True))
    with editing(chromium, lab, workspace, [CELL], name="looks.ipynb", **size) as shown:
        page = shown.page
        page.set_default_timeout(15_000)
        page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        yield shown


@pytest.fixture(scope="module")
def full(view):
    """The same with a result of two pictures and an edit that failed; the tests without come before."""
    root = view.root
    root.get_by_label("Pictures", exact=True).fill("2")
    root.get_by_label("Prompt", exact=True).fill(PROMPT)
    root.get_by_role("button", name="Generate").click()
    root.get_by_role("img", name="Result: A bowl").wait_for()
    root.get_by_label("Model", exact=True).fill("vendor/a-model-with-a-rather-long-name-2026-11-22-preview")
    root.get_by_role("button", name="Generate").click()
    root.get_by_role("button", name="Dismiss").wait_for()
    view.settled()
    return view


def themed(view, theme: str, size: tuple[int, int] = DESK) -> None:
    """Change JupyterLab's theme and the window's size, and wait until the editor has followed."""
    page = view.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
    page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
    page.wait_for_function(
        "([root, dark]) => root.hasAttribute('data-dark') === dark",
        arg=[view.root.element_handle(), theme == "Dark"],
    )
    page.wait_for_function("() => !document.getAnimations().some(one => one.playState === 'running')")
    view.root.scroll_into_view_if_needed()


def audit(view, texts: int) -> None:
    """See that no rule of accessibility is broken badly, and that so many texts can be read."""
    if not AXE.exists():
        missing("axe-core")
    view.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert view.root.evaluate(AUDIT) == []
    contrasts = view.root.evaluate(CONTRASTS)
    assert len(contrasts) >= texts
    assert contrasts[0][0] >= READABLE, contrasts[:5]


def picture(view, name: str) -> None:
    """Keep a screenshot to look at, where a folder for them is named."""
    if folder := os.environ.get("REQUESTY_NB_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        view.page.mouse.move(0, 0)
        view.page.screenshot(path=Path(folder) / f"editor-{name}.png", animations="disabled")


def fits(view, *, fingers: bool) -> None:
    """See that nothing reaches over the editor's sides, and where fingers are used that all can be hit."""
    assert view.root.evaluate(OVER) == []
    assert view.root.evaluate("root => root.scrollWidth <= root.clientWidth")
    if fingers:
        assert view.page.evaluate(SMALL, [view.root.element_handle(), FINGER]) == []


@pytest.mark.parametrize("theme", THEMES)
def test_an_editor_without_results(view, theme):
    for size, name in ((PHONE, "phone"), (DESK, "desk")):
        themed(view, theme, size)
        picture(view, f"empty-{name}-{theme.lower()}")
        fits(view, fingers=name == "phone")
        audit(view, 5)


@contextmanager
def opened(view, layer: str):
    """Yield what is open over the page, and close it as a person does."""
    shown = view.root.locator(layer)
    shown.wait_for()
    try:
        yield shown
    finally:
        view.page.keyboard.press("Escape")
        shown.wait_for(state="hidden")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", BUTTONS)
def test_open_popovers(view, theme, name):
    for size in (PHONE, DESK):
        themed(view, theme, size)
        view.click(BUTTONS[name])
        with opened(view, ":popover-open") as popover:
            picture(view, f"{name}-{size[0]}-{theme.lower()}")
            audit(view, 5)
            box = popover.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
            if size == PHONE:
                assert view.page.evaluate(SMALL, [popover.element_handle(), FINGER]) == []


@pytest.mark.parametrize("theme", THEMES)
def test_open_help(view, theme):
    for size in (PHONE, DESK):
        themed(view, theme, size)
        view.press("?")
        with opened(view, "dialog[open]") as dialog:
            picture(view, f"help-{size[0]}-{theme.lower()}")
            audit(view, 40)
            assert dialog.evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.parametrize("theme", THEMES)
def test_every_tool(view, theme):
    themed(view, theme, PHONE)
    for tool in ("Rectangle", "Polygon", "Extend the image", "Move the view", "Brush"):
        view.click(tool)
        view.settled()
        picture(view, f"tool-{tool.split()[0].lower()}-{theme.lower()}")
        fits(view, fingers=True)


@pytest.mark.parametrize("theme", THEMES)
def test_an_editor_with_results(full, theme):
    for size, name in ((PHONE, "phone"), (DESK, "desk")):
        themed(full, theme, size)
        for mode in ("Slider", "Difference", "Heat map", "Beside"):
            full.root.get_by_role("radio", name=mode).check()
            picture(full, f"{mode.split()[0].lower()}-{name}-{theme.lower()}")
            fits(full, fingers=name == "phone")
        full.root.get_by_text("More", exact=True).click()
        fits(full, fingers=name == "phone")
        audit(full, 20)
        picture(full, f"more-{name}-{theme.lower()}")
        full.root.get_by_text("More", exact=True).click()
