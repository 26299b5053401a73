"""Stars and tags in the gallery: by key and by hand in JupyterLab, and to be read in an exported page."""

import pytest
from browser.galleries import GalleryView, audit, browsing, picture, reading, themed
from histories import write_history

from requesty_nb.records import History

EDITS = 30


@pytest.fixture(scope="module")
def notebook_and_view(chromium, lab, workspace):
    write_history(workspace / "starry", EDITS, size=(240, 160), kinds=6)
    cells = ["rq.session.configure(history='starry', model='offline/painter')", "rq.history"]
    with browsing(chromium, lab, workspace, cells, name="stars.ipynb") as (notebook, view):
        view.page.set_default_timeout(15_000)
        view.page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        yield notebook, view


@pytest.fixture
def notebook(notebook_and_view):
    return notebook_and_view[0]


@pytest.fixture
def view(notebook_and_view) -> GalleryView:
    """The gallery of edits without any star, and with the tags they were made with."""
    notebook, one = notebook_and_view
    if one.sheet.count():
        one.close()
    notebook.do("for e in rq.history.starred: e.unstar()")
    notebook.do("for e in rq.history: e.untag(*set(e.tags) - set(e.record.tags)); e.tag(*e.record.tags)")
    # The page is told at once; else it asks when somebody comes back to it, a few seconds later.
    notebook.do("from requesty_nb.widgets.gallery import Gallery; import gc")
    notebook.do("[w._show_marks(rq.history.marks()) for w in gc.get_objects() if isinstance(w, Gallery)]")
    one.root.locator(".rqe-starry[aria-pressed=true]").first.wait_for(state="detached")
    if (clear := one.root.get_by_role("button", name="Clear all")).is_visible():
        clear.click()
    one.root.scroll_into_view_if_needed()
    return one


def focus(view: GalleryView, at: int) -> None:
    view.tiles.nth(at).locator(".rqe-open").focus()


def star(view: GalleryView, at: int):
    return view.tiles.nth(at).locator(".rqe-starry")


def until_starred(view: GalleryView, at: int, *, pressed: bool) -> None:
    view.root.locator(
        f".rqe-tile[aria-posinset='{at + 1}'] .rqe-starry[aria-pressed={str(pressed).lower()}]"
    ).wait_for(state="attached")


def starred(notebook) -> list[int]:
    """Return the places of the starred edits, the newest first, as another process reads them."""
    return notebook.ask("[i for i, e in enumerate(reversed(rq.History('starry'))) if e.starred]")


@pytest.mark.parametrize("key", ["*", "s"])
def test_a_key_stars_the_edit_that_has_the_focus_and_takes_the_star_away(view, notebook, key):
    focus(view, 0)
    view.page.keyboard.press("ArrowRight")
    before = view.focused()
    view.page.keyboard.press(key)
    until_starred(view, 1, pressed=True)
    assert starred(notebook) == [1] and view.focused() == before
    assert view.root.get_by_role("status").get_by_text("Starred.").count()
    view.page.keyboard.press(key)
    until_starred(view, 1, pressed=False)
    assert starred(notebook) == [] and view.focused() == before


def test_a_click_on_the_star_of_a_tile_does_too(view, notebook):
    view.tiles.nth(2).hover()
    star(view, 2).click()
    until_starred(view, 2, pressed=True)
    assert starred(notebook) == [2] and view.sheet.count() == 0
    picture(view, "starred-light")


def test_t_asks_for_a_tag_and_gives_the_focus_back(view, notebook):
    focus(view, 1)
    before = view.focused()
    view.page.keyboard.press("t")
    field = view.root.get_by_label("A tag for", exact=False)
    assert field.input_value() == "" and field.evaluate("one => one === document.activeElement")
    view.page.keyboard.type("  *st best  ")  # these keys are letters here
    view.page.keyboard.press("Enter")
    view.tiles.nth(1).get_by_text("*st best").wait_for()
    assert view.focused() == before
    assert notebook.ask("rq.History('starry')[-2].tags[-1]") == "*st best" and starred(notebook) == []
    view.page.keyboard.press("t")
    view.page.keyboard.type("never")
    view.page.keyboard.press("Escape")
    assert field.is_hidden() and view.focused() == before
    assert "never" not in notebook.ask("rq.History('starry')[-2].tags")
    view.looks_for("*ST")
    view.until_told(f"1 of {EDITS} edits")


def test_the_edit_that_is_open_is_starred_and_tagged_by_key_and_by_hand(view, notebook):
    view.open(3)
    view.shown()
    own = notebook.ask("rq.history[-4].tags")
    button = view.sheet.get_by_role("button", name="Star", exact=True)
    view.page.keyboard.press("*")
    view.sheet.locator("button[aria-pressed=true]", has_text="Star").wait_for()
    assert starred(notebook) == [3]
    view.page.keyboard.press("t")
    view.page.keyboard.type("chosen")
    view.page.keyboard.press("Escape")  # the line goes, the edit stays open
    assert view.sheet.is_visible() and view.sheet.get_by_label("A tag for", exact=False).is_hidden()
    view.sheet.get_by_role("button", name="Tag", exact=True).click()
    view.page.keyboard.type("chosen")
    view.page.keyboard.press("Enter")
    chip = view.sheet.get_by_role("list", name="Tags").get_by_text("chosen")
    chip.wait_for()
    assert notebook.ask("rq.History('starry')[-4].tags") == (*own, "chosen")
    assert "Tags" not in view.facts() and "Starred" not in view.facts()
    picture(view, "one-starred")
    view.sheet.get_by_role("button", name="Take the tag “chosen” away").click()
    chip.wait_for(state="detached")
    button.click()
    view.sheet.locator("button[aria-pressed=false]", has_text="Star").wait_for()
    assert notebook.ask("rq.History('starry')[-4].tags") == own and starred(notebook) == []
    slider = view.sheet.get_by_role("slider")
    slider.focus()
    view.page.keyboard.press("s")
    view.sheet.locator("button[aria-pressed=true]", has_text="Star").wait_for()
    view.close()
    until_starred(view, 3, pressed=True)


def test_only_the_starred_ones_can_be_looked_at_and_one_that_is_no_longer_leaves(view, notebook):
    for at in (0, 4, 5):
        focus(view, at)
        view.page.keyboard.press("*")
        until_starred(view, at, pressed=True)
    prompts = view.prompts()
    view.pick("Star", "starred")
    view.until_told(f"3 of {EDITS} edits")
    assert view.prompts() == [prompts[0], prompts[4], prompts[5]]
    assert "★ starred (3)" in view.root.get_by_label("Star", exact=True).locator("option").all_inner_texts()
    focus(view, 1)
    view.page.keyboard.press("s")
    view.until_told(f"2 of {EDITS} edits")
    assert starred(notebook) == [0, 5] and view.focused() == prompts[5]  # the focus goes to its neighbour


def test_what_a_cell_stars_is_seen_when_somebody_comes_back(view, notebook):
    view.page.mouse.move(0, 0)
    notebook.do("rq.history[-3].star(); rq.history[-3].tag('from a cell')")
    view.page.wait_for_timeout(3100)  # so long it asks no second time
    view.root.locator(".rqe-scroller").hover()
    until_starred(view, 2, pressed=True)
    view.tiles.nth(2).get_by_text("from a cell").wait_for()


def test_the_keys_are_listed(view):
    focus(view, 0)
    view.page.keyboard.press("?")
    listed = view.root.get_by_role("dialog", name="Keys of the gallery")
    assert "Star the edit, or take its star away" in listed.inner_text()
    assert "Tag the edit" in listed.inner_text()
    picture(view, "keys")
    view.page.keyboard.press("Escape")
    listed.wait_for(state="hidden")


def test_the_notebook_gets_none_of_these_keys(view, notebook):
    cells = notebook.cells()
    focus(view, 0)
    for key in ("s", "s", "t"):
        view.page.keyboard.press(key)
    view.page.keyboard.type("dd")
    view.page.keyboard.press("Escape")
    assert notebook.cells() == cells


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_stars_and_tags_can_be_read_by_all(view, theme):
    themed(view, theme)
    for at in (1, 2):
        focus(view, at)
        view.page.keyboard.press("*")
        until_starred(view, at, pressed=True)
    view.page.keyboard.press("t")
    view.painted()
    audit(view, 30)
    picture(view, f"stars-{theme.lower()}")
    view.page.keyboard.press("Escape")
    view.open(1)
    view.shown()
    audit(view, 30)
    picture(view, f"one-stars-{theme.lower()}")
    view.close()


def test_an_exported_page_shows_them_and_changes_nothing(chromium, tmp_path):
    history = History(write_history(tmp_path / "h", 8, size=(240, 160), kinds=4))
    history[-1].star(), history[-3].star(), history[-1].tag("later tag")
    path = history.export(tmp_path / "run.html")
    with reading(chromium, path) as view:
        view.painted()
        assert view.root.get_by_role("img", name="starred").count() == 2
        assert view.root.locator("button.rqe-starry").count() == 0
        view.pick("Star", "starred")
        view.until_told("2 of 8 edits")
        view.pick("Tag", "later tag")
        view.until_told("1 of 8 edits")
        focus(view, 0)
        view.page.keyboard.press("*")
        view.page.keyboard.press("t")
        assert view.root.get_by_label("A tag for", exact=False).is_hidden()
        assert view.root.get_by_role("img", name="starred").count() == 1
        view.open(0)
        view.shown()
        assert view.sheet.get_by_text("★ starred").is_visible()
        assert view.sheet.get_by_role("list", name="Tags").get_by_text("later tag").is_visible()
        assert view.sheet.get_by_role("button", name="Star", exact=True).count() == 0
        audit(view, 20)
        view.close()
        picture(view, "page-starred")
