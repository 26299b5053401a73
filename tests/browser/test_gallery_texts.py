"""What edits say is shown and never run: in the notebook, in its still picture, and in the file."""

from browser.galleries import GalleryView, browsing, reading
from histories import HOSTILE, hostile

from requesty_nb.archives.page import page
from requesty_nb.records import History

RAN = "window.pwned ?? null"
START = "</script></style>"  # of what each text says


def looked_through(view: GalleryView) -> None:
    """Bring every text to the screen that a gallery shows anywhere."""
    view.painted()
    view.pick("Tag", HOSTILE)
    view.until_told("3 of 3 edits")
    for at in range(view.tiles.count()):
        view.open(at)
        view.sheet.locator("dd").first.wait_for()
        assert START in view.sheet.locator("h2").inner_text()
        view.sheet.get_by_role("button", name="Copy as cell").click()
        view.sheet.locator("[role=status]").last.filter(has_text=".").wait_for()
        view.close()
    for at in (0, 1):
        view.root.locator(".rqe-pick input").nth(at).check()
    view.root.get_by_role("button", name="Compare", exact=True).click()
    view.shown()
    assert view.sheet.locator("tr").count() >= 2
    view.close()
    assert (
        START in view.root.locator(".rqe-words:not([hidden])").text_content()
    )  # what became of one that failed
    view.looks_for("constructor")
    assert START in view.prompts()[0]


def test_the_page_would_tell(chromium):
    context = chromium.new_context()
    told = context.new_page()
    told.set_content(f"<div>{HOSTILE}</div>")
    told.wait_for_function("window.pwned")
    context.close()


def test_no_text_runs_in_a_notebook(chromium, lab, workspace):
    hostile(workspace / "hostile")
    cells = ["rq.session.configure(history='hostile')", "rq.history.attempts"]
    with browsing(chromium, lab, workspace, cells, name="hostile.ipynb") as (_, view):
        view.until_told("3 edits")
        looked_through(view)
        assert view.page.evaluate(RAN) is None
        view.root.evaluate("root => root.removeAttribute('data-still')")  # as where no widget runs
        still = view.page.locator("[class^=rqe-still]")
        still.wait_for()
        assert START in still.inner_text()
        assert view.page.evaluate(RAN) is None


def test_no_text_runs_in_a_file(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(b"".join(page(History(hostile(tmp_path / "h")).attempts)))
    with reading(chromium, path) as view:
        view.until_told("3 edits")
        looked_through(view)
        assert view.page.evaluate(RAN) is None


def test_the_files_own_policy_stops_a_script_that_gets_in_all_the_same(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(b"".join(page(History(hostile(tmp_path / "h")).attempts)))
    context = chromium.new_context(offline=True)
    shown = context.new_page()
    refused = []
    shown.on("console", lambda said: refused.append(said.text))
    shown.goto(path.as_uri())
    shown.locator(".rqe-tile").first.wait_for()
    shown.evaluate(
        """text => {
            document.body.insertAdjacentHTML('beforeend', text);
            const script = document.createElement('script');
            script.textContent = 'window.pwned = 7';
            document.body.append(script);
        }""",
        HOSTILE,
    )
    shown.wait_for_function("!document.getAnimations().some(one => one.playState === 'running')")
    assert shown.evaluate(RAN) is None
    assert any("Content Security Policy" in text for text in refused)
    context.close()
