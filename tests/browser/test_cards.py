"""The card of an edit, where people see it: JupyterLab in light and dark, and Notebook 7."""

import os
from pathlib import Path

import nbformat
import nbformat.v4 as form
import pytest

SETUP = """\
%load_ext requesty_nb
%config ImgEdit.model = 'offline/painter'
import requesty_nb as rq
from skimage import data
photo = data.rocket()
sky = rq.Mask((640, 427)).rect(0, 0, 640, 300).feather(12)"""
CELLS = (
    SETUP,
    "%%imgedit photo --mask sky -o sunset\nA dramatic sunset",
    "%%imgedit photo --replay only\nNot recorded",
)


def write_notebook(folder: Path, name: str) -> str:
    cells = [form.new_code_cell(source) for source in CELLS]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(form.new_notebook(cells=cells, metadata=metadata), folder / name)
    return name


def picture(page, name: str) -> None:
    """Keep a screenshot to look at, where a folder for them is named."""
    if folder := os.environ.get("REQUESTY_NB_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.locator(".jp-OutputArea-output figure").first.scroll_into_view_if_needed()
        page.screenshot(path=Path(folder) / f"{name}.png")


def run_all(page) -> None:
    """Run the notebook as the menu does, once its kernel is there; keys would race with the page's start."""
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext", timeout=60_000)
    page.evaluate(
        """async () => {
            await jupyterapp.shell.currentWidget.context.sessionContext.ready;
            await jupyterapp.commands.execute('notebook:run-all-cells');
        }"""
    )
    page.get_by_text("NotRecorded").first.wait_for(timeout=60_000)
    page.locator(".jp-OutputArea-output figure img").nth(1).wait_for(timeout=60_000)


def facts(page) -> dict:
    """Measure the card as the browser laid it out."""
    return page.evaluate(
        """() => {
            const figure = document.querySelector('.jp-OutputArea-output figure');
            const card = figure.closest('div[style*="border"]');
            const box = card.getBoundingClientRect();
            const images = [...card.querySelectorAll('img')];
            const labels = [...card.querySelectorAll('dt')];
            return {
                images: images.map(i => [i.complete && i.naturalWidth, i.alt]),
                inside: images.every(i => i.getBoundingClientRect().right <= box.right + 1),
                oneLine: labels.every(l => l.getBoundingClientRect().height < 30),
                apart: labels.every(l => images.every(i => {
                    const [label, image] = [l.getBoundingClientRect(), i.getBoundingClientRect()];
                    return label.left > image.right || label.top > image.bottom;
                })),
                colour: getComputedStyle(card.querySelector('dd')).color,
                back: getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor,
                text: card.innerText,
            };
        }"""
    )


def brightness(colour: str) -> float:
    red, green, blue = (float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_card_in_jupyterlab(chromium, lab, workspace, theme):
    name = write_notebook(workspace, f"card-{theme}.ipynb")
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{lab}/lab/tree/{name}?reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
    page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
    run_all(page)
    found = facts(page)
    picture(page, f"card-lab-{theme.lower()}")
    assert [alt for _, alt in found["images"]] == [
        "the source: photo.png with mask",
        "restored of the edit: A dramatic sunset",
        found["images"][2][1],
    ]
    assert found["images"][2][1].startswith("heat map: what changed outside the mask")
    assert all(width > 100 for width, _ in found["images"])
    assert found["inside"] and found["oneLine"] and found["apart"]
    assert abs(brightness(found["colour"]) - brightness(found["back"])) > 120, found
    assert "offline/painter · take 1 · new · free" in found["text"] or "replayed" in found["text"]
    assert page.locator(".jp-OutputArea-output", has_text="Traceback").count() == 0
    page.close()


def test_the_card_in_notebook_7(chromium, notebook7, workspace):
    name = write_notebook(workspace, "card.ipynb")
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{notebook7}/notebooks/{name}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    run_all(page)
    found = facts(page)
    picture(page, "card-notebook")
    assert all(width > 100 for width, _ in found["images"])
    assert found["inside"] and found["oneLine"]
    page.close()
