"""The gallery in JupyterLab: found, opened, compared, copied, by hand and by key."""

import pytest
from browser.galleries import GalleryView, audit, browsing, picture, themed
from histories import write_history

EDITS = 300


@pytest.fixture(scope="module")
def notebook_and_view(chromium, lab, workspace):
    write_history(workspace / "many", EDITS, size=(240, 160), kinds=12)
    cells = ["rq.session.configure(history='many', model='offline/painter')", "rq.history"]
    rights = {"permissions": ["clipboard-read", "clipboard-write"]}
    with browsing(chromium, lab, workspace, cells, name="gallery.ipynb", **rights) as (notebook, view):
        view.page.set_default_timeout(15_000)
        view.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        yield notebook, view


@pytest.fixture
def notebook(notebook_and_view):
    return notebook_and_view[0]


@pytest.fixture
def view(notebook_and_view) -> GalleryView:
    """The gallery as it was at first."""
    _, one = notebook_and_view
    if one.sheet.count():
        one.close()
    for name in ("Clear all", "Unpick"):
        if (button := one.root.get_by_role("button", name=name)).is_visible():
            button.click()
    one.pick("Order", "newest")
    one.until_told(f"{EDITS} edits")
    one.root.scroll_into_view_if_needed()
    return one


def test_only_what_is_on_the_screen_is_there(view):
    view.painted()
    assert 10 <= view.tiles.count() < 80
    sizes = view.root.evaluate("root => [...root.querySelectorAll('img')].map(image => image.naturalWidth)")
    assert max(sizes) == 240
    view.root.locator(".rqe-scroller").evaluate("one => { one.scrollTop = one.scrollHeight; }")
    view.root.locator(f".rqe-tile[aria-posinset='{EDITS}']").wait_for()
    view.painted()
    assert view.tiles.count() < 80
    assert view.root.locator(".rqe-tile").first.get_attribute("aria-setsize") == str(EDITS)


def test_the_still_picture_hides_where_the_gallery_is(view):
    still = view.page.locator("[class^=rqe-still]")
    assert still.count() == 1 and not still.is_visible()


def test_words_filters_and_dates_narrow_together(view, notebook):
    view.looks_for("GROSSE golden")
    count = notebook.ask("sum('golden' in e.prompt and 'Größe' in e.prompt for e in rq.history)")
    view.until_told(f"{count} of {EDITS} edits")
    assert all("Größe golden" in prompt for prompt in view.prompts())
    view.pick("Quality", "high")
    found = "[e for e in rq.history if 'golden' in e.prompt and 'Größe' in e.prompt]"
    fewer = notebook.ask(f"sum(e.request.params['quality'] == 'high' for e in {found})")
    view.until_told(f"{fewer} of {EDITS} edits")
    assert 0 < fewer < count
    offered = view.root.get_by_label("Quality", exact=True).locator("option").all_inner_texts()
    assert f"high ({fewer})" in offered
    view.root.get_by_label("From", exact=True).fill("2026-11-24")
    last = notebook.ask(
        "sum(e.request.params['quality'] == 'high' and e.started.astimezone().day == 24"
        f" and e.started.month == 11 for e in {found})"
    )
    view.until_told(f"{last} of {EDITS} edits")
    view.root.get_by_role("button", name="Clear all").click()
    view.until_told(f"{EDITS} edits")
    assert view.search.input_value() == "" and view.search.evaluate("one => one === document.activeElement")


def test_every_order_is_the_histories(view, notebook):
    prompts = notebook.ask("[e.prompt for e in rq.history]")
    assert view.prompts()[:3] == prompts[::-1][:3]
    view.pick("Order", "oldest")
    assert view.prompts()[:3] == prompts[:3]
    view.pick("Order", "prompt")
    assert view.prompts()[0] == min(prompts, key=str.casefold)
    view.pick("Order", "cost")
    dearest = notebook.ask("max(e.cost.high for e in rq.history)")
    view.open()
    view.shown()
    assert f"${dearest:.4f}" in view.sheet.inner_text()
    view.close()


def test_nothing_found_is_said_and_can_be_taken_back(view):
    view.looks_for("no such words")
    view.until_told(f"0 of {EDITS} edits")
    assert view.root.get_by_text("No edit matches").is_visible() and view.tiles.count() == 0
    picture(view, "none")


def test_one_edit_opens_with_its_source_its_facts_and_its_neighbours(view, notebook):
    view.open(1)
    view.shown()
    edit = notebook.ask("(rq.history[-2].prompt, rq.history[-2].id, rq.history[-2].request.images[0].name)")
    facts = view.facts()
    assert view.sheet.locator("h2").inner_text() == edit[0]
    assert facts["History id"] == edit[1] and facts["Source"] == edit[2]
    assert view.sheet.get_by_text(f"2 of {EDITS}").is_visible()
    slider = view.sheet.get_by_role("slider")
    slider.focus()
    view.page.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == "100"
    view.page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuenow") == "98" and view.facts()["History id"] == edit[1]
    view.sheet.get_by_role("button", name="Next").click()
    view.sheet.get_by_text(f"3 of {EDITS}").wait_for()
    view.page.keyboard.press("ArrowRight")
    view.sheet.get_by_text(f"4 of {EDITS}").wait_for()
    view.shown()
    assert view.facts()["History id"] == notebook.ask("rq.history[-4].id")
    view.close()
    assert view.focused() == notebook.ask("rq.history[-4].prompt")


def test_each_picture_of_an_edit_can_be_looked_at(view, notebook):
    at = notebook.ask("next(i for i, e in enumerate(reversed(rq.history)) if len(e.images) == 2)")
    view.open(at)
    view.shown()
    second = view.sheet.get_by_role("button", name="Picture 2")
    second.click()
    view.shown()
    assert second.get_attribute("aria-pressed") == "true"
    view.close()


def test_the_cell_that_is_copied_runs_for_nothing(view, notebook):
    view.open()
    view.shown()
    view.sheet.get_by_role("button", name="Copy as cell").click()
    view.sheet.get_by_text("Copied.").wait_for()
    view.close()
    cell = view.page.evaluate("navigator.clipboard.readText()")
    identifier = notebook.ask("rq.history[-1].id")
    assert cell.startswith("%%imgedit") and identifier in cell
    head, _, body = cell.partition("\n")
    notebook.do("%load_ext requesty_nb")
    notebook.do(f"get_ipython().run_cell_magic('imgedit', {head.removeprefix('%%imgedit ')!r}, {body!r})")


def test_two_that_are_picked_are_compared(view, notebook):
    boxes = view.root.locator(".rqe-pick input")
    compare = view.root.get_by_role("button", name="Compare", exact=True)
    for at, words in ((0, "One picked"), (1, "Two picked"), (2, "Two picked")):
        boxes.nth(at).check()
        assert words in view.root.locator(".rqe-chosen").inner_text()
    assert not boxes.nth(0).is_checked()  # of three the first goes
    picture(view, "picked")
    compare.click()
    view.shown()
    one, other = notebook.ask("[(e.prompt, e.model) for e in (rq.history[-2], rq.history[-3])]")
    rows = {row.split("\t")[0]: row.split("\t")[1:] for row in view.sheet.locator("tr").all_inner_texts()}
    assert rows["Prompt"] == [one[0], other[0]]
    assert one[1] == other[1] or rows["Model"] == [one[1], other[1]]
    assert "First at the left, second at the right." in view.sheet.inner_text()
    for mode in ("Difference", "Beside", "Slider"):
        view.sheet.get_by_role("radio", name=mode).check()
    picture(view, "two")
    view.close()
    assert compare.evaluate("one => one === document.activeElement")


def test_keys_are_the_gallerys_own_and_the_notebook_gets_none(view, notebook):
    cells = notebook.cells()
    prompts = notebook.ask("[e.prompt for e in reversed(rq.history)][:40]")
    places = view.tiles.evaluate_all("all => all.map(one => one.style.transform)")
    columns = len({place.partition(",")[0] for place in places})
    view.tiles.first.locator(".rqe-open").focus()
    for key, at in (
        ("ArrowRight", 1),
        ("ArrowDown", 1 + columns),
        ("ArrowLeft", columns),
        ("ArrowUp", 0),
        ("ArrowUp", 0),
        ("ArrowRight", 1),
    ):
        view.page.keyboard.press(key)
        assert view.focused() == prompts[at], key
    for key in ("d", "d", "x", "a", "b", "m", "z"):
        view.page.keyboard.press(key)
    view.page.keyboard.press("Enter")
    view.shown()
    assert view.sheet.locator("h2").inner_text() == prompts[1]
    view.close()
    assert view.focused() == prompts[1]
    view.page.keyboard.press("End")
    view.root.locator(f".rqe-tile[aria-posinset='{EDITS}'] .rqe-open:focus").wait_for()
    view.page.keyboard.press("Home")
    assert view.focused() == prompts[0]
    view.page.keyboard.press("Tab")
    assert view.page.evaluate("document.activeElement.type") == "checkbox"
    view.page.keyboard.press("Space")
    assert view.root.get_by_text("One picked").is_visible()
    view.page.keyboard.press("/")
    view.page.keyboard.type("hat dd/x")
    assert view.search.input_value() == "hat dd/x"
    view.page.keyboard.press("ControlOrMeta+z")
    assert notebook.cells() == cells


def test_a_focused_tile_that_is_scrolled_away_keeps_the_focus(view):
    view.tiles.first.locator(".rqe-open").focus()
    before = view.focused()
    scroller = view.root.locator(".rqe-scroller")
    scroller.evaluate("one => { one.scrollTop = 3000; }")
    view.painted()
    assert view.focused() == before
    view.page.keyboard.press("ArrowRight")
    assert scroller.evaluate("one => one.scrollTop") == 0


def test_what_is_looked_for_is_still_there_when_it_is_drawn_anew(view, notebook):
    view.looks_for("café")
    view.pick("Quality", "low")
    told = view.told
    assert told != f"{EDITS} edits"
    notebook.do("from requesty_nb.widgets.gallery import Gallery")
    notebook.until(
        "[w.look['text'] for w in __import__('gc').get_objects() if isinstance(w, Gallery)]", ["café"]
    )
    notebook.page.evaluate(
        """() => {
            const { content } = jupyterapp.shell.currentWidget;
            const area = content.widgets[2].outputArea;
            const { model } = area;
            model.fromJSON(model.toJSON());
        }"""
    )
    view.search.wait_for()
    view.until_told(told)
    assert view.search.input_value() == "café"


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_it_can_be_read_by_all(view, theme):
    themed(view, theme)
    view.painted()
    audit(view, 40)
    view.open(1)
    view.shown()
    audit(view, 40)
    picture(view, f"one-{theme.lower()}")
    view.close()
    for at in (0, 1):
        view.root.locator(".rqe-pick input").nth(at).check()
    view.root.get_by_role("button", name="Compare", exact=True).click()
    view.shown()
    audit(view, 40)
    picture(view, f"two-{theme.lower()}")
    view.close()


def test_without_a_kernel_it_says_so(view, notebook):
    notebook.page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
    notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.sessionContext.session")
    view.open(3)
    view.sheet.get_by_text("The kernel is gone: run the cell again.").first.wait_for()
    view.close()
    view.looks_for("golden")  # what is here can still be looked through
    assert "golden" in view.prompts()[0]


def test_newer_edits_are_offered_and_taken_in(chromium, lab, workspace):
    write_history(workspace / "few", 3, size=(240, 160), kinds=3)
    cells = ["rq.session.configure(history='few', model='offline/painter')", "rq.history"]
    with browsing(chromium, lab, workspace, cells, name="newer.ipynb") as (notebook, view):
        view.until_told("3 edits")
        notebook.do("from skimage import data\n_ = rq.edit('sepia, made meanwhile', data.chelsea())")
        view.root.locator(".rqe-scroller").hover()
        view.root.get_by_role("button", name="1 edit newer: show").click()
        view.until_told("4 edits")
        assert view.prompts()[0] == "sepia, made meanwhile"
        view.painted()
