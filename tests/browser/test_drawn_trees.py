"""A tree where people see it: as Mermaid or as a picture, in light and dark, and what is saved of it."""

import os
from pathlib import Path

import nbformat
import nbformat.v4 as form
import pytest
from browser.notebooks import TIMEOUT, in_lab, in_notebook7, opened, write

TESTS = Path(__file__).parents[1]
SETUP = f"""\
import sys
sys.path.insert(0, {str(TESTS)!r})
import requesty_nb as rq
from lineages import NASTY, PHOTO, chain, edit, family, fan, tree
def said(prompts):
    return tree(*(edit(at, [('sha256:a', prompts[0])], text or ' ') for at, text in enumerate(prompts)))"""
SMALL = (
    "family()",
    "said(NASTY[:10])",
    "said(NASTY[10:])",
    "chain(12)",
    "said(['“a b c d e f g h i j k l m n'] * 10)",
)
LARGE = ("fan(60)", "chain(60)", "fan(10_000)")
LIMIT = 64 * 1024

# What each output is shown as, whether that went well, its width on the screen, and its words, if any.
SHOWN = """() => [...document.querySelectorAll('.jp-OutputArea-output')].map(output => {
    const image = output.querySelector('img');
    return {
        kind: /jp-Rendered[A-Za-z]+/.exec(output.className)[0],
        well: !output.classList.contains('jp-mod-warning') && output.querySelectorAll('img').length === 1
            && image.complete && image.naturalWidth > 0,
        width: image?.getBoundingClientRect().width,
        svg: decodeURIComponent(image?.src.split(',')[1] ?? ''),
    };
})"""


def picture(page, name: str) -> None:
    """Keep a screenshot to look at, where a folder for them is named."""
    if folder := os.environ.get("REQUESTY_NB_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


def shown(notebook) -> list[dict]:
    """Run the notebook; return what its outputs are shown as, once each has its picture."""
    notebook.run_all()
    count = len(SMALL) + len(LARGE)
    notebook.page.wait_for_function(
        f"document.querySelectorAll('.jp-OutputArea-output img').length >= {count}", timeout=TIMEOUT
    )
    notebook.page.wait_for_function(
        "[...document.querySelectorAll('.jp-OutputArea-output img')].every(image => image.complete)"
    )
    return notebook.page.evaluate(SHOWN)


def saved(path: Path, notebook) -> list[dict]:
    """Save the notebook; return each output that was saved, with its weight."""
    notebook.save()
    notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
    cells = nbformat.read(path, as_version=4).cells[1:]
    for cell in cells:
        (output,) = cell.outputs
        bare = form.new_code_cell(cell.source, outputs=[], id=cell.id)
        full, empty = (nbformat.writes(form.new_notebook(cells=[one])) for one in (cell, bare))
        assert len(full.encode()) - len(empty.encode()) <= LIMIT, cell.source
        yield output.data


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_trees_in_jupyterlab(chromium, lab, workspace, theme):
    name = write(workspace, f"trees-{theme}.ipynb", [SETUP, *SMALL, *LARGE])
    with opened(chromium, in_lab(lab, name), height=6000) as notebook:
        page = notebook.page
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=TIMEOUT)
        page.evaluate(
            f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})"
        )
        page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
        found = shown(notebook)
        picture(page, f"trees-lab-{theme.lower()}")
        kinds = [one["kind"] for one in found]
        assert kinds == ["jp-RenderedMermaid"] * len(SMALL) + ["jp-RenderedSVG"] * len(LARGE)
        assert all(one["well"] for one in found)
        assert all(150 < one["width"] < 900 for one in found)
        # Every prompt is drawn as text: nothing in it has become an element, a link or an attribute.
        for one in found:
            assert "foreignObject" not in one["svg"]
            assert (
                page.evaluate(
                    """svg => {
                    const doc = new DOMParser().parseFromString(svg, 'image/svg+xml');
                    const bad = 'parsererror, script, a, img, image, foreignObject, [onerror], [href]';
                    return doc.querySelectorAll(bad).length;
                }""",
                    one["svg"],
                )
                == 0
            )
        assert all(
            "image/svg+xml" in data and "text/plain" in data for data in saved(workspace / name, notebook)
        )
        assert notebook.errors == []


def test_trees_in_notebook_7(chromium, notebook7, workspace):
    name = write(workspace, "trees-7.ipynb", [SETUP, *SMALL, *LARGE])
    with opened(chromium, in_notebook7(notebook7, name), height=6000) as notebook:
        found = shown(notebook)
        picture(notebook.page, "trees-notebook")
        assert {one["kind"] for one in found} <= {"jp-RenderedSVG", "jp-RenderedMermaid"}
        assert all(one["well"] and 150 < one["width"] < 1200 for one in found)
