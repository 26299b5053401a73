"""A grid on a page: live in a notebook, or as what stands for it in a file."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browser.conftest import missing
from browser.notebooks import TIMEOUT, in_lab, opened, write
from browser.test_looks import AUDIT, AXE, CONTRASTS, OVER, READABLE

LIVE = ".rqe:has(> .rqe-sweep)"
STATIC = ".rqg"

SETUP = """\
%load_ext requesty_nb
import requesty_nb as rq
from PIL import Image
from skimage import data
photo = Image.fromarray(data.coffee()).resize((300, 200))
"""

# Begins to run a notebook as the menu does, once its kernel is there.
BEGIN = """async () => {
    await jupyterapp.shell.currentWidget.context.sessionContext.ready;
    void jupyterapp.commands.execute('notebook:run-all-cells');
}"""

# What a grid says of itself: its line, the share that is filled, and each cell's state and words in order.
SEEN = """root => {
    const cells = [...root.querySelectorAll('.rqe-cell')];
    const bar = root.querySelector('[role=progressbar]');
    return {
        line: root.querySelector('.rqe-count').innerText,
        now: Number(bar.getAttribute('aria-valuenow')),
        most: Number(bar.getAttribute('aria-valuemax')),
        states: cells.map(cell => cell.dataset.state),
        words: cells.map(cell => cell.querySelector('.rqe-words').innerText),
        pictures: cells.filter(cell => cell.querySelector('img:not([hidden])')?.naturalWidth > 1).length,
    };
}"""

# Whether each cell on the screen that is made has its picture.
PAINTED = """root => {
    const cells = [...root.querySelectorAll('.rqe-cell[data-state=done]')].filter(cell => {
        const { top, bottom } = cell.getBoundingClientRect();
        return bottom > 0 && top < innerHeight;
    });
    return cells.length > 0 && cells.every(cell => {
        const image = cell.querySelector('img');
        return !image.hidden && image.naturalWidth > 1;
    });
}"""


@dataclass
class GridView:
    """One view of a grid."""

    page: object
    index: int = 0

    def __post_init__(self) -> None:
        self.root = self.page.locator(LIVE).nth(self.index)
        self.root.wait_for(timeout=TIMEOUT)
        self.tabs = self.root.get_by_role("tab")
        self.cells = self.root.locator(".rqe-cell")
        self.sheet = self.root.locator("dialog[open]")
        self.cancel = self.root.get_by_role("button", name="Cancel", exact=True)

    @property
    def line(self) -> str:
        """How it says that it goes."""
        return self.root.locator(".rqe-count").inner_text()

    def until(self, text: str) -> None:
        """Wait until the line holds some words."""
        self.root.locator(".rqe-count").filter(has_text=text).wait_for()

    def seen(self) -> dict:
        return self.root.evaluate(SEEN)

    def painted(self) -> None:
        """Wait until all that is made and on the screen has its picture."""
        self.root.scroll_into_view_if_needed()
        self.page.wait_for_function(PAINTED, arg=self.root.element_handle())

    def labels(self) -> tuple[list[str], list[str]]:
        """Return what stands at the left and above."""
        rows, columns = (
            self.root.locator(f".rqe-cells th[scope={scope}]").all_inner_texts() for scope in ("row", "col")
        )
        return rows, columns

    def names(self) -> list[str]:
        """Return what the cells of this tab are called by a screen reader, in order."""
        return self.root.locator(".rqe-open").evaluate_all("all => all.map(one => one.ariaLabel)")

    def shown(self) -> None:
        """Wait until what is open has its pictures."""
        self.sheet.locator(".rqe-frame img").first.wait_for()
        self.page.wait_for_function(
            "root => [...root.querySelectorAll('[open] .rqe-frame img')].every(one => one.naturalWidth > 1)",
            arg=self.root.element_handle(),
        )

    def facts(self) -> dict[str, str]:
        """Return what is told of the cell that is open."""
        names, values = (self.sheet.locator(f"dl {tag}").all_inner_texts() for tag in ("dt", "dd"))
        return dict(zip(names, values, strict=True))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> str:
        """Return what the focused element is called."""
        return self.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText")


@contextmanager
def sweeping(chromium, address: str, folder, cells: list[str], *, name: str, **options: object):
    """Open a notebook, and begin to run it; nothing of ours may have been thrown by the end."""
    url = in_lab(address, write(folder, name, [SETUP, *cells]))
    with opened(chromium, url, **options) as notebook:
        page = notebook.page
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=TIMEOUT)
        page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext", timeout=TIMEOUT
        )
        page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        page.evaluate(BEGIN)
        yield notebook
        ours = [error for error in notebook.errors if "blob:" in error]  # hosts throw, too
        assert not ours, "\n".join(ours)


def saved(notebook) -> None:
    """Save the notebook, and wait until it is."""
    notebook.save()
    notebook.page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")


def themed(view: GridView, theme: str) -> None:
    """Change JupyterLab's theme, and wait until the grid has followed."""
    page = view.page
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
    page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
    page.wait_for_function(
        "([root, dark]) => root.hasAttribute('data-dark') === dark",
        arg=[view.root.element_handle(), theme == "Dark"],
    )


def audit(view: GridView, texts: int) -> None:
    """See that no rule of accessibility is broken badly, and that so many texts can be read."""
    if not AXE.exists():
        missing("axe-core")
    view.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert view.root.evaluate(AUDIT) == []
    contrasts = view.root.evaluate(CONTRASTS)
    assert len(contrasts) >= texts
    assert contrasts[0][0] >= READABLE, contrasts[:5]
    assert view.root.evaluate(OVER) == []


def picture(page, name: str) -> None:
    """Keep a screenshot to look at, where a folder for them is named."""
    if folder := os.environ.get("REQUESTY_NB_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.mouse.move(0, 0)
        page.screenshot(path=Path(folder) / f"grid-{name}.png", animations="disabled")
