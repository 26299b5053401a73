"""The editor in the hosts it has to live in: what it shows there, and what reaches Python."""

import json
from contextlib import contextmanager

import nbformat
import pytest
from browser import hosts
from browser.conftest import jupyter
from browser.editors import EditorView
from browser.hosts import RECT, SETUP, Elsewhere, Still, look, restart_kernel, run_cell
from browser.notebooks import in_lab, opened, write
from nbconvert import HTMLExporter

CROSS = [(60, 120), (260, 120)]  # a stroke through the upper left quarter
ON_CROSS, OFF_CROSS = (160, 120), (160, 180)
GONE = "The kernel is gone: run the cell again"


@contextmanager
def visited(chromium, url: str, *, height: int = 1000, offline: bool = False):
    """Open a page; at the end see that nothing was thrown in it that nobody caught."""
    with opened(chromium, url, height=height, offline=offline) as notebook:
        yield notebook
        assert notebook.errors == []


TOLD = """
import ipywidgets
ed = editor()
label = ipywidgets.Label()
def tell(_):
    label.value = f"{len(ed.strokes)} drawn, {ed.mask_share:.0%} selected"
ed.observe(tell, ["strokes", "mask_share"])
display(ed, label)"""


def test_voila_takes_strokes(chromium, tmp_path):
    write(tmp_path, "app.ipynb", [SETUP + TOLD])
    with (
        hosts.voila(tmp_path) as address,
        visited(chromium, f"{address}/voila/render/app.ipynb") as notebook,
    ):
        view = Elsewhere(notebook.page)
        look(view, bare=list(hosts.QUARTERS))
        view.drag(*CROSS)
        notebook.page.get_by_text("1 drawn, 3% selected").wait_for()
        look(view, masked=[ON_CROSS], bare=[OFF_CROSS, (480, 360)])
        assert view.root.locator("canvas.rqe-live").count() == 2


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(scope="module")
def lab(workspace):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in hosts.plain_kernel(workspace).items():
            patch.setenv(name, value)
        with jupyter("jupyterlab", workspace) as address:
            yield address


MARIMO = f"""\
import marimo
app = marimo.App()

@app.cell
def _():
    import json
    import marimo as mo
    import os
    from pathlib import Path
    {SETUP.replace(chr(10), chr(10) + "    ")}
    ed = editor({RECT})
    def tell(_):  # whole or not at all: the test reads it at any moment
        Path("told.json").write_text(json.dumps(ed.strokes))
        os.replace("told.json", "strokes.json")
    ed.observe(tell, "strokes")
    shown = mo.ui.anywidget(ed)
    return shown,

@app.cell
def _(shown):
    shown
    return

if __name__ == "__main__":
    app.run()
"""


def test_marimo_shows_the_preview_and_takes_strokes_shapes_and_undo(chromium, tmp_path):
    (tmp_path / "app.py").write_text(MARIMO)
    record = tmp_path / "strokes.json"

    def strokes() -> list[str]:
        return (
            [stroke.get("kind", stroke) for stroke in json.loads(record.read_text())]
            if record.exists()
            else []
        )

    with hosts.marimo(tmp_path, "app.py") as address, visited(chromium, address) as notebook:
        view = Elsewhere(notebook.page)
        look(view, masked=[(480, 120)], bare=[(160, 120), (160, 360), (480, 360)])
        assert view.root.locator("canvas.rqe-live").count() == 0
        view.drag(*CROSS)
        hosts.until(strokes, lambda found: len(found) == 2, 2, notebook.page)
        look(view, masked=[ON_CROSS, (480, 120)], bare=[OFF_CROSS])
        view.press("o")
        view.drag((360, 300), (600, 420))
        hosts.until(strokes, lambda found: len(found) == 3, 3, notebook.page)
        look(view, masked=[(480, 360)], bare=[(360, 300)])
        view.press("Control+z", "Control+z")
        hosts.until(strokes, lambda found: len(found) == 1, 1, notebook.page)
        look(view, masked=[(480, 120)], bare=[ON_CROSS, (480, 360)])


def test_two_views_in_jupyterlab_agree_and_come_back_after_a_reload(chromium, lab, workspace):
    name = write(workspace, "views.ipynb", [SETUP, "ed = editor()\ned", "ed"])
    with visited(chromium, in_lab(lab, name), height=1600) as notebook:
        run_cell(notebook, 0)
        run_cell(notebook, 1)
        first = EditorView(notebook)
        first.drag(*CROSS)
        look(first, masked=[ON_CROSS], bare=[OFF_CROSS, (480, 120), (480, 360)])
        run_cell(notebook, 2)
        second = EditorView(notebook, index=1)
        look(second, masked=[ON_CROSS], bare=[OFF_CROSS, (480, 120), (480, 360)])
        second.drag((380, 120), (580, 120))
        notebook.until("len(ed.strokes)", 2)
        for view in (second, first):
            look(view, masked=[ON_CROSS, (480, 120)], bare=[OFF_CROSS, (160, 360)])
        first.press("Control+z")
        for view in (first, second):
            look(view, masked=[ON_CROSS], bare=[(480, 120)])

        notebook.save()
        notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
        notebook.page.reload()
        first, second = EditorView(notebook), EditorView(notebook, index=1)
        for view in (second, first):
            look(view, masked=[ON_CROSS], bare=[OFF_CROSS, (480, 120), (160, 360)])
        assert notebook.page.locator("canvas.rqe-live").count() == 4
        first.drag((60, 360), (260, 360))
        notebook.until("len(ed.strokes)", 2)
        for view in (first, second):
            look(view, masked=[ON_CROSS, (160, 360)], bare=[OFF_CROSS])


def test_a_restarted_kernel_leaves_the_picture_and_says_what_to_do(chromium, lab, workspace):
    name = write(workspace, "restart.ipynb", [SETUP, "ed = editor()\ned"])
    with visited(chromium, in_lab(lab, name)) as notebook:
        notebook.run_all()
        view = EditorView(notebook)
        view.drag(*CROSS)
        look(view, masked=[ON_CROSS], bare=[OFF_CROSS])
        notebook.until("len(ed.strokes)", 1)
        restart_kernel(notebook)
        view.root.get_by_text(GONE).wait_for()
        view.drag((60, 360), (260, 360))
        look(view, masked=[ON_CROSS], bare=[OFF_CROSS, (160, 360), (480, 120)])
        view.press("Control+z", "b", "o", "[")
        look(view, masked=[ON_CROSS])

        notebook.run_all()
        notebook.until("'ed' in globals()")
        view = EditorView(notebook)
        view.root.get_by_text("nothing selected").wait_for()
        look(view, bare=[ON_CROSS])
        view.drag((60, 360), (260, 360))
        notebook.until("len(ed.strokes)", 1)
        look(view, masked=[(160, 360)], bare=[ON_CROSS])
        assert view.root.get_by_text(GONE).count() == 0


def test_without_ipycanvas_in_jupyterlab_the_preview_is_drawn_on(chromium, tmp_path):
    hosts.disable_ipycanvas(tmp_path)
    name = write(tmp_path, "bare.ipynb", [SETUP, f"ed = editor({RECT})\ned"])
    with jupyter("jupyterlab", tmp_path) as lab, visited(chromium, in_lab(lab, name)) as notebook:
        notebook.run_all()
        view = EditorView(notebook)
        look(view, masked=[(480, 120)], bare=[(160, 120), (160, 360), (480, 360)])
        view.drag(*CROSS)
        notebook.until("len(ed.strokes)", 2)
        view.settled()
        look(view, masked=[ON_CROSS, (480, 120)], bare=[OFF_CROSS])
        assert view.root.locator("canvas.rqe-live").count() == 0
        assert view.root.locator(".rqe-world").inner_text() == ""


# Busy until the test says otherwise; then it tells what had been heard of by its end.
BUSY = """\
import time, pathlib
while not pathlib.Path('free').exists():
    time.sleep(0.01)
print(len(ed.strokes))"""


def test_a_stroke_waits_for_a_busy_kernel_without_subshells(chromium, lab, workspace):
    name = write(workspace, "busy.ipynb", [SETUP, "ed = editor()\ned"])
    path = workspace / name
    path.write_text(path.read_text().replace('"python3"', '"plain"'))
    with visited(chromium, in_lab(lab, name)) as notebook:
        notebook.run_all()
        view = EditorView(notebook)
        view.settled()
        notebook.execute(BUSY)
        view.drag(*CROSS)
        look(view, masked=[ON_CROSS], bare=[OFF_CROSS])
        view.root.get_by_text("queued: the kernel is busy").wait_for()
        view.drag((60, 360), (260, 360))
        look(view, masked=[ON_CROSS, (160, 360)], bare=[OFF_CROSS])
        (workspace / "free").touch()
        view.settled()
        assert notebook.page.evaluate("window.ranInKernel") == "0\n"
        notebook.until("len(ed.strokes)", 2)
        look(view, masked=[ON_CROSS, (160, 360)], bare=[OFF_CROSS])
        assert view.root.get_by_text("queued").count() == 0


@pytest.fixture(scope="module")
def kept(workspace):
    """Names of one executed notebook, with its widgets' state and without."""
    stateful = hosts.executed(workspace, write(workspace, "kept.ipynb", [SETUP, f"ed = editor({RECT})\ned"]))
    notebook = nbformat.read(workspace / stateful, 4)
    del notebook.metadata["widgets"]
    nbformat.write(notebook, workspace / "stateless.ipynb")
    return {"stateful": stateful, "stateless": "stateless.ipynb"}


PICTURE = {"masked": [(480, 120)], "bare": [(160, 120), (160, 360), (480, 360), (480, 200)]}


@pytest.mark.parametrize("name", ["stateless", "stateful"])
def test_a_page_from_nbconvert_shows_the_picture_without_a_network(chromium, workspace, kept, name):
    html, _ = HTMLExporter().from_filename(str(workspace / kept[name]))
    page = workspace / f"{name}.html"
    page.write_text(html)
    with visited(chromium, page.as_uri(), offline=True) as notebook:
        look(Still(notebook.page.locator("img:visible")), **PICTURE)


@pytest.mark.parametrize("trusted", [False, True])
def test_a_notebook_that_is_not_run_shows_the_picture(chromium, lab, kept, trusted):
    with visited(chromium, in_lab(lab, kept["stateless"])) as notebook:
        if trusted:
            notebook.page.locator(".jp-OutputArea-output img").first.wait_for()
            notebook.page.evaluate(
                "for (const cell of jupyterapp.shell.currentWidget.content.model.cells) cell.trusted = true"
            )
            notebook.page.get_by_text("model not found").wait_for()  # what Lab has to say of the view
        look(Still(notebook.page.locator(".jp-OutputArea-output img:visible")), **PICTURE)


def test_the_picture_in_the_file_follows_the_hand_and_hides_behind_the_editor(chromium, lab, workspace):
    name = write(workspace, "still.ipynb", [SETUP, "ed = editor()\ned"])
    with visited(chromium, in_lab(lab, name)) as notebook:
        notebook.run_all()
        view = EditorView(notebook)
        still = notebook.page.locator("[class^=rqe-still] img")
        assert not still.is_visible()
        before = still.get_attribute("src")
        view.drag(*CROSS)
        hosts.until(lambda: still.get_attribute("src") != before, bool, True, notebook.page)
        notebook.save()
        html, _ = HTMLExporter().from_filename(str(workspace / name))
    (workspace / "still.html").write_text(html)
    with visited(chromium, (workspace / "still.html").as_uri(), offline=True) as notebook:
        look(Still(notebook.page.locator("img:visible")), masked=[ON_CROSS], bare=[OFF_CROSS, (160, 360)])


def test_a_saved_state_is_shown_without_its_kernel(chromium, lab, workspace):
    name = write(workspace, "saved.ipynb", [SETUP, "ed = editor()\ned"])
    with visited(chromium, in_lab(lab, name)) as notebook:
        notebook.run_all()
        hosts.save_widget_state(notebook)
        view = EditorView(notebook)
        view.drag(*CROSS)
        notebook.until("len(ed.strokes)", 1)
        view.settled()
        notebook.save()
        hosts.until(lambda: "AnyModel" in (workspace / name).read_text(), bool, True, notebook.page)
    with visited(chromium, in_lab(lab, name)) as notebook:
        view = Elsewhere(notebook.page)
        look(view, masked=[ON_CROSS], bare=[OFF_CROSS, (160, 360), (480, 120), (480, 360)])
        view.root.get_by_text(GONE).wait_for()
        view.drag((60, 360), (260, 360))
        look(view, masked=[ON_CROSS], bare=[OFF_CROSS, (160, 360)])

        notebook.run_all()
        notebook.until("'ed' in globals()")
        view = EditorView(notebook)
        look(view, bare=[ON_CROSS])
        assert view.root.get_by_text(GONE).count() == 0
