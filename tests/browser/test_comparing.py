"""Comparisons in JupyterLab, and in what nbconvert makes of the notebook: by hand and by key."""

import re
from pathlib import Path

import nbformat
import pytest
from browser.comparisons import (
    LIVE,
    STATIC,
    ComparisonView,
    audit,
    comparing,
    picture,
    reading,
    themed,
)
from browser.hosts import restart_kernel
from histories import HOSTILE
from nbconvert import HTMLExporter

CELLS = [
    "two = rq.compare(sepia, blue)\ntwo",
    "three = rq.compare(sepia, blue, photo.rotate(90, expand=True), labels=['one', 'two', 'three'])\nthree",
    "same = rq.compare(photo, photo.copy(), sepia)\nsame",
]
TWO, THREE, SAME = range(3)
LABELS = ["sepia", "blue"]
BY = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(scope="module")
def notebook(chromium, lab, workspace):
    with comparing(chromium, lab, workspace, CELLS, name="compare.ipynb", height=1400) as shown:
        shown.page.set_default_timeout(15_000)
        shown.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        for index in range(len(CELLS)):
            ComparisonView(shown.page, LIVE, index)
        yield shown


@pytest.fixture(scope="module")
def exported(notebook, workspace):
    """What nbconvert makes of the notebook as it is saved."""
    notebook.save()
    notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
    saved = nbformat.read(workspace / "compare.ipynb", 4)
    path = workspace / "compare.html"
    path.write_text(HTMLExporter().from_notebook_node(saved)[0])
    return path


@pytest.fixture(scope="module")
def page(chromium, exported):
    """The same as a file, read where there is no network."""
    with reading(chromium, exported) as shown:
        yield shown


@pytest.fixture(scope="module", params=[LIVE, STATIC], ids=["live", "exported"])
def place(request):
    """Where comparisons are looked at: the page, and which of them there."""
    return request.getfixturevalue({LIVE: "notebook", STATIC: "page"}[request.param]), request.param


def view_of(place, index: int = TWO) -> ComparisonView:
    """Return a comparison as it is at first: the divider in the middle, nothing enlarged."""
    where, kind = place
    view = ComparisonView(getattr(where, "page", where), kind, index)
    view.root.scroll_into_view_if_needed()
    view.choose("Beside")
    view.press("Shift+1", "2", "0", "s")
    view.divider.focus()
    while view.at() > 50:
        view.page.keyboard.press("ArrowLeft")
    while view.at() < 50:
        view.page.keyboard.press("ArrowRight")
    if view.root.locator("[data-outlined]").count():
        view.press("m")
    assert view.mode == "slider"
    view.loaded()
    return view


def middle(box: dict, across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def same_places(view: ComparisonView, count: int) -> list[float]:
    """See that all pictures lie alike; return how."""
    places = view.places()
    assert len(places) == count
    assert all(one == pytest.approx(places[0], abs=0.02) for one in places)
    return places[0]


def test_what_is_compared_is_told_apart(place):
    view = view_of(place)
    assert view.labels() == LABELS
    assert view.root.locator(".rqe-caption").first.inner_text().split("\n")[-1] == f"600 {BY} 400"
    names = view.root.locator(".rqe-sights img").evaluate_all("all => all.map(image => image.alt)")
    assert names == [f"{word}: Make it {word} like an old photograph" for word in LABELS]


def test_the_divider_is_pulled_and_moved_by_arrows(place):
    view = view_of(place)
    box = view.pane()
    assert view.at() == 50
    drag(view.page, middle(box, 0.5), middle(box, 0.25))
    assert view.at() == pytest.approx(25, abs=1)
    clips = view.root.locator(".rqe-clip").evaluate_all("all => all.map(one => one.style.clipPath)")
    cut = [max(float(share) for share in re.findall(r"([\d.]+)%", clip)) for clip in clips]
    assert cut == pytest.approx([75, 25], abs=1)  # off the left one's right, and off the right one's left
    before = view.at()
    view.press("ArrowRight", "ArrowRight", "ArrowLeft", "Shift+ArrowRight")
    assert view.at() == pytest.approx(before + 2 + 10, abs=1)
    view.divider.focus()
    view.page.keyboard.press("End")
    assert view.at() == 100


def test_the_wheel_zooms_at_the_pointer_and_all_pictures_move_together(place):
    view = view_of(place)
    view.choose("Beside")
    view.loaded()
    left, right = view.pane(0), view.pane(1)
    assert left["y"] == right["y"] and left["width"] == pytest.approx(right["width"], abs=1)
    view.stage.focus()
    view.page.mouse.move(*middle(right, 0.25, 0.75))
    view.page.mouse.wheel(0, -400)
    zoom, down, x, y = same_places(view, 2)
    assert zoom == down > 1.5
    # What was under the pointer is there still.
    assert x == pytest.approx(0.25 * right["width"] * (1 - zoom), abs=zoom)
    assert y == pytest.approx(0.75 * right["height"] * (1 - zoom), abs=zoom)
    drag(view.page, middle(left), middle(left, 0.55, 0.45))
    moved = same_places(view, 2)
    assert moved[0] == zoom
    assert moved[2] - x == pytest.approx(0.05 * left["width"], abs=1)
    assert moved[3] - y == pytest.approx(-0.05 * left["height"], abs=1)
    view.page.mouse.dblclick(*middle(right))
    assert same_places(view, 2) == [1, 1, 0, 0]


def test_keys_zoom_pan_and_fit(place):
    view = view_of(place)
    view.press("b", "+", "+")
    zoom, _, x, y = same_places(view, 2)
    assert zoom == pytest.approx(1.25**2)
    box = view.pane()
    assert x == pytest.approx(box["width"] * (1 - zoom) / 2, abs=0.5)  # in the middle
    view.press("ArrowLeft", "ArrowUp")
    _, _, after, below = same_places(view, 2)
    assert after - x == pytest.approx(0.08 * box["width"], abs=0.5)
    assert below - y == pytest.approx(0.08 * box["height"], abs=0.5)
    for _ in range(9):
        view.press("ArrowLeft")
    assert same_places(view, 2)[2] == 0  # no farther than the edge
    view.press("-")
    assert same_places(view, 2)[0] == pytest.approx(1.25)
    view.press("0")
    assert same_places(view, 2) == [1, 1, 0, 0]


def test_the_page_scrolls_over_pictures_that_do_not_have_the_focus(place):
    view = view_of(place)
    view.press("b")
    view.stage.evaluate("one => one.blur()")
    view.page.mouse.move(*middle(view.pane()))
    view.page.mouse.wheel(0, 5)
    view.page.keyboard.down("Control")
    assert view.places()[0][0] == 1
    view.page.mouse.wheel(0, -60)
    view.page.keyboard.up("Control")
    assert view.places()[0][0] > 1


def test_the_difference_of_equal_pictures_is_black_and_of_others_is_not(place):
    view = view_of(place, SAME)
    assert view.difference() == (0, 0)
    assert "Not one pixel differs" in view.note.inner_text()
    view.press("3")
    view.note.filter(has_text="% of the pixels").wait_for()
    most, share = view.difference()
    assert most > 100 and 0.1 < share < 0.5  # no more than about the mask
    assert "1 %" in view.note.inner_text() or "% of the pixels differ visibly" in view.note.inner_text()


def test_other_shapes_are_fitted_and_told(place):
    view = view_of(place, THREE)
    view.press("a")
    view.loaded()
    assert view.labels() == ["one", "two", "three"]
    boxes = [view.pane(index) for index in range(3)]
    assert len({(round(box["width"]), round(box["height"])) for box in boxes}) == 1
    shapes = view.root.locator(".rqe-sights img").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => box.width / box.height)"
    )
    assert shapes == pytest.approx([1.5, 1.5, 2 / 3], rel=0.02)
    view.press("3")
    view.difference()
    assert f"Their shapes differ, 600 {BY} 400 and 400 {BY} 600" in view.note.inner_text()


def test_numbers_pick_the_right_one_and_with_shift_the_left_one(place):
    view = view_of(place, THREE)
    assert view.labels() == ["one", "two"]
    view.press("3")
    assert view.labels() == ["one", "three"]
    view.press("Shift+2")
    assert view.labels() == ["two", "three"]
    view.press("2")  # it is at the left: they change places
    assert view.labels() == ["three", "two"]
    view.press("9", "4")
    assert view.labels() == ["three", "two"]
    view.press(" ")
    assert view.labels() == ["two", "three"]
    buttons = view.root.locator(".rqe-small")
    buttons.nth(0).click()
    assert view.labels() == ["two", "one"]
    buttons.nth(2).click(modifiers=["Shift"])
    assert view.labels() == ["three", "one"]
    assert buttons.nth(2).get_attribute("aria-label") == "3: three, at the left"


SHOWN = "root => [...root.querySelectorAll('.rqe-clip')].map(one => one.style.visibility !== 'hidden')"


def test_blinking_shows_the_one_then_the_other(place):
    view = view_of(place)
    view.press("k")
    seen = view.page.evaluate(
        f"""root => new Promise(done => {{
            const shown = {SHOWN};
            const seen = [shown(root).join()];
            const watch = new MutationObserver(() => {{
                if (shown(root).join() !== seen.at(-1)) seen.push(shown(root).join());
                if (seen.length > 2) {{ watch.disconnect(); done(seen); }}
            }});
            watch.observe(root.querySelector('.rqe-sights'), {{ attributes: true, subtree: true }});
        }})""",
        view.root.element_handle(),
    )
    assert [one for one in seen if one != "true,true"][:2] in (
        ["false,true", "true,false"],
        ["true,false", "false,true"],
    )
    view.press(" ")  # now by hand alone
    held = view.root.evaluate(SHOWN)
    assert sorted(held) == [False, True]
    view.press(" ")
    assert view.root.evaluate(SHOWN) == held[::-1]
    view.page.mouse.click(*middle(view.pane()))
    assert view.root.evaluate(SHOWN) == held
    assert view.root.get_by_role("button", name="Blink by itself").is_visible()


def test_the_outline_of_the_mask_lies_on_its_edge(place):
    view = view_of(place)
    outline = view.root.locator(".rqe-outline").first
    assert not outline.is_visible()
    view.press("m")
    box, picture_box = outline.locator("path").first.bounding_box(), view.pane()
    shares = [
        (box["x"] - picture_box["x"]) / picture_box["width"],
        (box["y"] - picture_box["y"]) / picture_box["height"],
        box["width"] / picture_box["width"],
        box["height"] / picture_box["height"],
    ]
    assert shares == pytest.approx([160 / 600, 40 / 400, 300 / 600, 320 / 400], abs=0.02)
    view.root.get_by_role("button", name="Mask").click()
    assert not outline.is_visible()


def test_a_comparison_leaves_the_others_alone(place):
    first, third = view_of(place, TWO), view_of(place, SAME)
    first.press("b", "+")
    third.press("d")
    assert (first.mode, third.mode) == ("beside", "difference")
    first.choose("Blink")
    assert third.mode == "difference"
    assert first.root.get_by_role("radio", name="Blink").is_checked()
    assert third.root.get_by_role("radio", name="Difference").is_checked()


def test_the_keys_are_listed(place):
    view = view_of(place, THREE)
    view.press("?")
    dialog = view.root.locator("dialog[open]")
    assert "Difference of the two" in dialog.inner_text()
    view.page.keyboard.press("d")
    assert view.mode == "slider"  # keys are not the comparison's while it is open
    view.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(place):
    view = view_of(place)
    view.root.get_by_role("radio", name="Slider").focus()
    reached = []
    for _ in range(12):
        view.page.keyboard.press("Tab")
        within = "root => root.contains(document.activeElement) ? (document.activeElement.ariaLabel"
        name = view.root.evaluate(f"{within} || document.activeElement.innerText) : ''")
        if not name:
            break
        reached.append(name)
    assert reached[:5] == ["Mask", "Reduce", "Enlarge", "Fit", "Swap left and right"]
    assert reached[-3:-1] == ["Keys", "Pictures compared; ? lists the keys"]
    assert reached[-1].startswith("Divider: sepia at its left, blue at its right")
    view.stage.focus()
    view.page.keyboard.press("Tab")
    assert view.divider.evaluate("one => getComputedStyle(one).outlineStyle") != "none"


def test_the_page_says_what_assistive_technology_needs(place):
    view = view_of(place, THREE)
    audit(view, 8)
    view.press("a", "m")
    view.loaded()
    audit(view, 9)


# --- in a live notebook alone


def test_keys_do_not_reach_the_notebook(notebook):
    view = view_of((notebook, LIVE))
    cells = notebook.cells()
    view.press("a", "b", "d", "d", "m", "x")
    assert notebook.cells() == cells
    assert view.mode == "difference"


def test_the_static_form_hides_where_the_live_one_is(notebook):
    stills = notebook.page.locator("[class^=rqe-still]")
    assert stills.count() == len(CELLS)
    assert not any(stills.nth(index).is_visible() for index in range(len(CELLS)))


def test_light_and_dark_wide_and_narrow(notebook):
    view = view_of((notebook, LIVE), THREE)
    for theme in ("Dark", "Light"):
        themed(view, theme)
        view.press("s", "m")
        picture(view, f"lab-{theme}")
        audit(view, 8)
        view.press("m", "b")
    notebook.page.set_viewport_size({"width": 430, "height": 1100})
    view.loaded()
    picture(view, "lab-narrow")
    audit(view, 6)
    notebook.page.set_viewport_size({"width": 1280, "height": 1400})


# --- in a file alone


def test_without_scripts_there_are_the_pictures_and_their_captions(chromium, exported):
    with reading(chromium, exported, java_script_enabled=False) as page:
        figures = page.locator("[data-rqe-comparison]").first.locator("figure")
        assert figures.count() == 2
        assert figures.first.inner_text() == f"sepia 600 {BY} 400"
        assert figures.nth(1).locator("img").evaluate("one => one.naturalWidth") >= 256
        boxes = [figures.nth(index).bounding_box() for index in range(2)]
        assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]


def test_less_motion_blinks_only_by_hand(chromium, exported):
    with reading(chromium, exported, reduced_motion="reduce") as page:
        view = ComparisonView(page, STATIC)
        page.clock.install()
        view.press("k")
        first = view.root.evaluate(SHOWN)
        page.clock.run_for(5000)
        assert view.root.evaluate(SHOWN) == first
        view.press(" ")
        assert view.root.evaluate(SHOWN) == first[::-1]


def test_two_fingers_zoom(chromium, exported):
    with reading(chromium, exported, has_touch=True) as page:
        view = ComparisonView(page, STATIC)
        view.press("b")
        box = view.pane()
        client = page.context.new_cdp_session(page)

        def touch(kind: str, *shares: float) -> None:
            points = [
                {"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2, "id": number}
                for number, share in enumerate(shares)
            ]
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", 0.4)
        touch("touchStart", 0.4, 0.6)
        touch("touchMove", 0.3, 0.7)
        touch("touchEnd")
        zoom, _, x, _ = same_places(view, 2)
        assert zoom == pytest.approx(2, rel=0.05)
        assert x == pytest.approx(-0.5 * box["width"], rel=0.05)


def test_a_narrow_page_and_a_dark_one(chromium, exported):
    size = {"width": 390, "height": 900}
    with reading(chromium, exported, viewport=size, color_scheme="dark") as page:
        view = ComparisonView(page, STATIC, THREE)
        view.press("b")
        picture(view, "html-narrow")
        audit(view, 6)


# --- texts


RAN = "window.pwned ?? null"
HOSTILE_CELLS = [
    "from histories import HOSTILE",
    "bad = rq.edit(HOSTILE, photo)",
    "rq.compare(bad, sepia, photo, labels=[HOSTILE, HOSTILE[::-1], '<b>&amp;\"'])",
    "rq.compare(bad, rq.edit(HOSTILE[:25] + ' again', photo))",
]


def looked_at(view: ComparisonView) -> None:
    """Bring every text of a comparison to the screen."""
    assert "</script></style>" in view.labels()[0]
    for key in "abdks":
        view.press(key)
        view.loaded()
    assert view.page.evaluate(RAN) is None


def test_no_text_runs_in_a_notebook_nor_in_what_is_made_of_it(chromium, lab, workspace):
    path = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})"
    with comparing(chromium, lab, workspace, [path, *HOSTILE_CELLS], name="bad.ipynb") as notebook:
        views = [ComparisonView(notebook.page, LIVE, index) for index in range(2)]
        for view in views:
            looked_at(view)
        views[0].root.evaluate("root => root.removeAttribute('data-still')")  # as where no widget runs
        static = ComparisonView(notebook.page, STATIC)
        looked_at(static)
        notebook.save()
        notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
    made = workspace / "bad.html"
    made.write_text(HTMLExporter().from_notebook_node(nbformat.read(workspace / "bad.ipynb", 4))[0])
    with reading(chromium, made) as page:
        for index in range(2):
            looked_at(ComparisonView(page, STATIC, index))
        page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", HOSTILE)
        page.wait_for_function("window.pwned")  # the page would tell


def test_it_comes_back_after_a_reload_and_stays_after_a_restart(chromium, lab, workspace):
    cell = "again = rq.compare(sepia, blue)\nagain"
    with comparing(chromium, lab, workspace, [cell], name="again.ipynb") as notebook:
        ComparisonView(notebook.page)
        notebook.save()
        notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
        notebook.page.reload()
        view = ComparisonView(notebook.page)
        assert view.labels() == LABELS
        assert not notebook.page.locator("[class^=rqe-still]").is_visible()
        restart_kernel(notebook)
        view.press("*")
        view.note.get_by_text("The kernel is gone: run the cell again.").wait_for()
        assert view.difference()[0] > 100  # the pictures are here
        notebook.page.reload()
        static = ComparisonView(notebook.page, STATIC)
        static.press("b")
        assert static.mode == "beside" and static.labels() == LABELS


def test_the_one_at_the_right_is_starred_and_tagged(chromium, lab, workspace):
    cells = ["noted = blue", "rq.compare(noted, photo, sepia)"]
    with comparing(chromium, lab, workspace, cells, name="noted.ipynb") as notebook:
        view = ComparisonView(notebook.page)
        view.press("*", "t")
        view.note.get_by_text("is no edit").wait_for()
        assert notebook.ask("noted.starred") is False
        view.press(" ", "*")
        view.root.get_by_role("img", name="starred").wait_for()
        assert notebook.ask("noted.starred") is True
        star = view.root.get_by_role("button", name="Star the one at the right")
        assert star.get_attribute("aria-pressed") == "true"
        view.press("t")
        notebook.page.keyboard.type("best <b>of all</b>")
        picture(view, "lab-tag")
        audit(view, 8)
        notebook.page.keyboard.press("Enter")
        view.root.locator(".rqe-its-tag").get_by_text("best <b>of all</b>", exact=True).wait_for()
        assert notebook.ask("noted.tags") == ("best <b>of all</b>",)
        assert view.stage.evaluate("one => one === document.activeElement")
        view.press("t")
        notebook.page.keyboard.type("d")
        notebook.page.keyboard.press("Escape")
        assert notebook.ask("len(noted.tags)") == 1 and view.mode == "slider"
        picture(view, "lab-starred")
        star.click()
        view.root.get_by_role("img", name="starred").wait_for(state="detached")
        assert notebook.ask("noted.starred") is False
