"""Sweeps in JupyterLab: the grid fills, is cancelled, looked through, and stands in what nbconvert makes."""

import json
import re
import time
import urllib.request
from contextlib import contextmanager

import nbformat
import pytest
from browser.comparisons import reading
from browser.grids import GridView, audit, picture, saved, sweeping, themed
from browser.hosts import restart_kernel
from histories import HOSTILE
from nbconvert import HTMLExporter
from servers import serving

from requesty_nb.offline import create_app

MODEL = "azure/openai/gpt-image-1"
PROMPTS = ["make it night", "make it sepia, like a photograph that was found in an attic after many years"]
RIGHTS = {"permissions": ["clipboard-read", "clipboard-write"]}
LOOKED_AT = f"""\
rq.session.configure(history='grids', model='offline/painter')
s = rq.sweep({PROMPTS!r}, photo, quality=['low', 'high', 'bad'], take=[1, 2], size='1024x1024')
s"""


@contextmanager
def slowly(delay: float):
    """Yield the address of an endpoint that takes its time, and what configures a session for it."""
    with serving(create_app(serve_as=(MODEL,), delay=delay)) as url:
        yield url, f"rq.session.configure(base_url={url + '/v1'!r}, api_key='any', model={MODEL!r}, history="


def sent(url: str) -> int:
    with urllib.request.urlopen(f"{url}/v1/offline/count") as answer:  # noqa: S310 - our own server
        return json.load(answer)["edits"]


# --- under way


def test_it_fills_while_it_runs_in_the_order_asked(chromium, lab, workspace):
    with slowly(0.7) as (url, configure):
        cells = [
            f"{configure}'fills')\nlevels = ['low', 'medium', 'high']",
            f"s = rq.sweep({PROMPTS!r}, photo, quality=levels, width=2)\ns",
            "s",
        ]
        with sweeping(chromium, lab, workspace, cells, name="fills.ipynb", height=1200) as notebook:
            view = GridView(notebook.page)
            seen, end = [view.seen()], time.monotonic() + 30
            while seen[-1]["line"] != "6 edits" or seen[-1]["pictures"] < 6:
                assert time.monotonic() < end, seen[-1]
                now = view.seen()
                if now != seen[-1]:
                    seen.append(now)
                    if now["now"] == 3:
                        picture(notebook.page, "running")
                notebook.page.wait_for_timeout(30)
            filled = [one["now"] for one in seen]
            assert filled == sorted(filled) and len(set(filled)) >= 3 and seen[-1]["most"] == 6
            halfway = [one for one in seen if 0 < one["now"] < 6]
            assert any(0 < one["pictures"] < 6 for one in halfway)
            assert all(re.match(r"[1-5] of 6( · |$)", one["line"]) for one in halfway)
            assert any("left" in one["line"] for one in halfway)
            assert any("waiting for the picture" in words for one in seen for words in one["words"])
            assert view.cancel.is_hidden() and sent(url) == 6
            # Once in the cell that made it, and again in the next.
            GridView(notebook.page, 1).until("6 edits")
            assert view.labels() == (PROMPTS, ["low", "medium", "high"])
            assert notebook.page.locator(".rqe:has(> .rqe-sweep)").count() == 2


def test_cancel_ends_it_while_its_cell_runs_and_nothing_more_is_sent(chromium, lab, workspace):
    with slowly(0.5) as (url, configure):
        cells = [
            f"{configure}'cancels')\ns = rq.sweep('sepia', photo, take=range(1, 13), width=1)",
            "after = 1",
        ]
        with sweeping(chromium, lab, workspace, cells, name="cancels.ipynb") as notebook:
            view = GridView(notebook.page)
            view.until("2 of 12")
            view.cancel.click()
            view.until("cancelled")
            counted = sent(url)
            assert 2 <= counted <= 6 and "12 edits" in view.line
            notebook.until("after", 1)
            kinds = notebook.ask("[type(cell).__name__ for cell in s]")
            assert kinds.count("Edit") >= 2 and set(kinds) <= {"Edit", "NotSent", "OutcomeUnknown"}
            assert kinds.count("OutcomeUnknown") <= 1 and counted == 12 - kinds.count("NotSent")
            assert view.seen()["states"].count("failed") == 12 - kinds.count("Edit")
            notebook.do("import time; time.sleep(1)")
            assert sent(url) == counted
            picture(notebook.page, "cancelled")


def test_in_the_background_the_card_fills_and_a_handle_shows_another(chromium, lab, workspace):
    with slowly(1) as (_, configure):
        cell = "%%imgedit photo --vary take=1..8 --width 1 --detach -o many\nsepia"
        with sweeping(
            chromium, lab, workspace, [f"{configure}'behind')", cell, "many"], name="behind.ipynb"
        ) as notebook:
            views = [GridView(notebook.page, index) for index in (0, 1)]
            for view in views:
                view.until("of 8")
            assert notebook.ask("many.done()") is False
            for view in views:
                view.until("8 edits")
                view.painted()


# --- when it is done


@pytest.fixture(scope="module")
def notebook(chromium, lab, workspace):
    size = {"width": 1280, "height": 1200}
    with sweeping(chromium, lab, workspace, [LOOKED_AT, "s"], name="grid.ipynb", **size, **RIGHTS) as one:
        one.page.set_default_timeout(20_000)
        GridView(one.page, 1).until("12 edits")
        yield one


@pytest.fixture
def view(notebook) -> GridView:
    """The grid as it was at first."""
    one = GridView(notebook.page)
    if one.sheet.count():
        one.press("Escape")
        one.sheet.wait_for(state="hidden")
    if (button := one.root.get_by_role("button", name="Unpick")).is_visible():
        button.click()
    one.tabs.first.click()
    one.painted()
    return one


def test_rows_columns_and_tabs_are_what_was_varied(view):
    assert view.labels() == (PROMPTS, ["low", "high", "bad"])
    assert view.tabs.all_inner_texts() == ["take 1", "take 2"]
    assert view.line == "12 edits · 8 new · 4 failed"
    assert view.names()[0] == f"{PROMPTS[0]} · low · take 1"
    assert view.names()[2].startswith(f"{PROMPTS[0]} · bad · take 1, BadRequest: ")
    first = view.root.locator("img").first.get_attribute("src")
    view.tabs.first.focus()
    view.press("ArrowRight")
    assert view.focused() == "take 2" and view.tabs.nth(1).get_attribute("aria-selected") == "true"
    view.painted()
    assert view.names()[0] == f"{PROMPTS[0]} · low · take 2"
    assert view.root.locator("img").first.get_attribute("src") != first
    view.press("ArrowRight")
    assert view.focused() == "take 1"


def test_a_cell_opens_by_key_and_is_copied_and_gone_on_from(view, notebook):
    view.root.locator(".rqe-open").first.focus()
    view.press("ArrowDown", "ArrowRight")
    assert view.focused() == f"{PROMPTS[1]} · high · take 1"
    view.press("Enter")
    view.shown()
    edit = notebook.ask(f"s.at(prompt={PROMPTS[1]!r}, quality='high', take=1).id")
    assert view.facts()["History id"] == edit and view.facts()["Prompt"] == PROMPTS[1]
    assert view.sheet.get_by_role("slider").count() == 1
    picture(notebook.page, "opened")
    view.sheet.get_by_role("button", name="Copy as cell").press("Enter")
    view.sheet.get_by_text("Copied.").wait_for()
    cell = notebook.page.evaluate("navigator.clipboard.readText()")
    assert cell.startswith("%%imgedit") and edit in cell and PROMPTS[1] in cell
    view.sheet.get_by_role("button", name="Edit further").press("Enter")
    view.sheet.get_by_text("Copied: paste it into a new cell.").wait_for()
    further = notebook.page.evaluate("navigator.clipboard.readText()")
    head, _, body = further.partition("\n")
    assert (
        f'rq.history["{edit}"]' in head.replace("'", '"') and body.strip() == "Say here what to change next"
    )
    notebook.do(f"get_ipython().run_cell_magic('imgedit', {head.removeprefix('%%imgedit ')!r}, 'night')")
    assert notebook.ask(f"rq.history[-1].parents[0].id == {edit!r}")
    view.press("ArrowRight", "ArrowRight")  # take 2 of the same, then the first that failed
    view.sheet.locator("h2").get_by_text(f"{PROMPTS[1]} · bad · take 1").wait_for()
    view.sheet.locator("dt").get_by_text("Payment").wait_for()
    assert view.facts()["Payment"] == "Nothing was paid."
    view.press("Escape")
    assert view.focused().startswith(f"{PROMPTS[1]} · bad · take 1")


def test_two_that_are_picked_are_compared(view):
    view.root.locator(".rqe-open").first.focus()
    view.press("c", "ArrowRight", "c")
    assert "Two picked" in view.root.locator(".rqe-chosen").inner_text()
    view.root.get_by_role("button", name="Compare", exact=True).press("Enter")
    view.shown()
    rows = {row.split("\t")[0]: row.split("\t")[1:] for row in view.sheet.locator("tr").all_inner_texts()}
    assert rows["Quality"] == ["low", "high"]
    picture(view.page, "compared")


def test_a_star_is_one_key_and_is_kept_in_the_history(view, notebook):
    view.root.locator(".rqe-open").first.focus()
    view.press("*")
    view.root.get_by_text("★", exact=True).wait_for()
    assert notebook.ask("[cell.starred for cell in s.edits]").index(True) == 0
    assert "starred" in view.focused()
    view.press("*")
    view.root.get_by_text("★", exact=True).wait_for(state="detached")
    assert notebook.ask("any(cell.starred for cell in s.edits)") is False


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_it_can_be_read_and_used_by_all(view, theme):
    themed(view, theme)
    view.root.scroll_into_view_if_needed()
    audit(view, 8)
    picture(view.page, f"three-axes-{theme.lower()}")
    view.page.set_viewport_size({"width": 480, "height": 1200})
    picture(view.page, f"narrow-{theme.lower()}")
    audit(view, 8)
    view.page.set_viewport_size({"width": 1280, "height": 1200})


def test_the_saved_notebook_is_light_and_its_html_has_the_same_tabs(view, notebook, workspace, chromium):
    saved(notebook)
    file = workspace / "grid.ipynb"
    weight = len(file.read_bytes()) / 2 / 12  # the grid stands there twice
    assert 5_000 < weight < 24 * 1024
    html = workspace / "grid.html"
    html.write_text(HTMLExporter().from_notebook_node(nbformat.read(file, 4))[0])
    with reading(chromium, html) as page:
        static = page.locator(".rqg").first
        static.wait_for()
        sections = static.locator("section")
        visible = "all => all.map(one => one.checkVisibility())"
        assert static.locator("label").all_inner_texts() == ["take 1", "take 2"]
        assert sections.evaluate_all(visible) == [True, False]
        static.get_by_role("radio").first.focus()
        page.keyboard.press("ArrowRight")
        assert sections.evaluate_all(visible) == [False, True]
        shown = sections.nth(1)
        assert shown.locator("th[scope=row]").all_inner_texts() == PROMPTS
        assert shown.locator("th[scope=col]").all_inner_texts() == ["low", "high", "bad"]
        assert all(shown.locator("img").evaluate_all("all => all.map(one => one.naturalWidth > 90)"))
        assert "BadRequest" in shown.locator("td").nth(3).inner_text()
        picture(page, "nbconvert")
        page.evaluate("document.querySelectorAll('style').forEach(one => one.remove())")
        assert sections.evaluate_all(visible) == [True, True]


def test_no_text_of_it_runs(chromium, lab, workspace):
    cells = [
        f"bad = {HOSTILE!r}\nrq.session.configure(history='bad', model='offline/painter')",
        "s = rq.sweep([bad, bad[::-1]], photo, quality=['low', bad], user=[bad, 'x'])",
    ]
    with sweeping(chromium, lab, workspace, cells, name="hostile.ipynb") as notebook:
        view = GridView(notebook.page)
        view.until("8 edits")
        view.painted()
        for index in range(4):
            view.cells.nth(index).locator(".rqe-open").click()
            view.sheet.locator("dd").first.wait_for()
            view.press("Escape")
        assert "</script>" in view.labels()[0][0]
        view.root.evaluate("root => root.removeAttribute('data-still')")  # as where no widget runs
        notebook.page.locator(".rqg label").nth(1).click()
        assert notebook.page.evaluate("window.pwned ?? null") is None


def test_it_comes_back_after_a_reload_and_what_stands_for_it_stays_after_a_restart(chromium, lab, workspace):
    cells = [LOOKED_AT.replace("grids", "again")]
    with sweeping(chromium, lab, workspace, cells, name="again.ipynb") as notebook:
        GridView(notebook.page).until("12 edits")
        notebook.until("len(s)", 12)  # the cell is at its end
        saved(notebook)
        notebook.page.reload()
        view = GridView(notebook.page)
        view.painted()
        assert view.seen()["pictures"] == 4 and not notebook.page.locator(".rqg").is_visible()
        restart_kernel(notebook)
        view.cells.first.locator(".rqe-open").click()
        view.sheet.get_by_text("The kernel is gone: run the cell again.").wait_for()
        notebook.page.reload()
        notebook.page.locator(".rqg").wait_for()
        assert not notebook.page.locator(".rqe-sweep").is_visible()
