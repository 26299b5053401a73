"""A comparison on a page: in a notebook, or in what nbconvert made of it."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browser.conftest import missing
from browser.galleries import _is_remote
from browser.notebooks import in_lab, opened, write
from browser.test_looks import AUDIT, AXE, CONTRASTS, OVER, READABLE

SETUP = """\
import requesty_nb as rq
from PIL import Image
from skimage import data
rq.session.configure(history='compared', model='offline/painter')
photo = Image.fromarray(data.coffee())
mask = rq.Mask(photo.size).ellipse(160, 40, 460, 360)
sepia = rq.edit("Make it sepia like an old photograph", photo, mask=mask)
blue = rq.edit("Make it blue like an old photograph", photo, mask=mask)"""

LIVE = ".rqe[data-still]:has(> .rqe-comparison)"
STATIC = "[data-rqe-comparison] > .rqe:has(> .rqe-comparison)"

# The zoom and the place of each ground on a stage, in CSS pixels of its pane.
PLACES = """root => [...root.querySelectorAll('.rqe-sights .rqe-ground')].map(ground => {
    const { a, d, e, f } = new DOMMatrix(getComputedStyle(ground).transform);
    return [a, d, e, f];
})"""
# How the canvas of the difference is painted: the lightest of its pixels, and how many are not black.
PAINTED = """root => {
    const canvas = root.querySelector('.rqe-sights canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let [most, count] = [0, 0];
    for (let at = 0; at < data.length; at += 4) {
        const light = Math.max(data[at], data[at + 1], data[at + 2]);
        most = Math.max(most, light);
        if (light) count += 1;
    }
    return [most, count / (data.length / 4)];
}"""
LOADED = """root => {
    const images = [...root.querySelectorAll('.rqe-sights img')];
    return images.every(image => !image.hidden && image.complete && image.naturalWidth > 1)
        && (images.length > 0 || root.querySelector('.rqe-sights canvas') !== null);
}"""


@dataclass
class ComparisonView:
    """One comparison."""

    page: object
    kind: str = LIVE
    index: int = 0

    def __post_init__(self) -> None:
        if self.kind == STATIC:
            self.page.locator("[data-rqe-comparison]").nth(self.index).scroll_into_view_if_needed()
        self.root = self.page.locator(self.kind).nth(self.index)
        self.stage = self.root.locator(".rqe-sights")
        self.stage.wait_for(timeout=60_000)
        self.note = self.root.locator(".rqe-note")
        self.divider = self.root.get_by_role("slider")
        self.loaded()

    def loaded(self) -> None:
        """Wait until all that is to be seen is there."""
        self.page.wait_for_function(LOADED, arg=self.root.element_handle())

    @property
    def mode(self) -> str:
        return self.stage.get_attribute("data-mode")

    def choose(self, name: str) -> None:
        """Choose a way to look by the mouse."""
        self.root.get_by_role("radio", name=name).check()

    def press(self, *keys: str) -> None:
        """Press keys while the pictures have the focus."""
        self.stage.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def places(self) -> list[list[float]]:
        """Return zoom across and down, left and top of the ground of each picture that is shown."""
        return self.root.evaluate(PLACES)

    def at(self) -> float:
        """Return where the divider is, in hundredths."""
        return float(self.divider.get_attribute("aria-valuenow"))

    def pane(self, index: int = 0) -> dict:
        """Return where a pane is on the screen."""
        return self.root.locator(".rqe-pane").nth(index).bounding_box()

    def labels(self) -> list[str]:
        """Return what the pictures are called that are shown, the left one first."""
        return self.root.locator(".rqe-label").all_inner_texts()

    def difference(self) -> tuple[float, float]:
        """Show the difference; return its lightest value and the share of pixels that are not black."""
        self.press("d")
        self.note.filter(has_text="differ").wait_for()
        return tuple(self.root.evaluate(PAINTED))


@contextmanager
def comparing(chromium, address: str, folder, cells: list[str], *, name: str, **options: object):
    """Open a notebook of which some cells show comparisons, and run it.

    Nothing may have been thrown in the page by the end.
    """
    url = in_lab(address, write(folder, name, [SETUP, *cells]))
    with opened(chromium, url, **options) as notebook:
        notebook.run_all()
        yield notebook
        ours = [error for error in notebook.errors if "blob:" in error]  # hosts throw, too
        assert not ours, "\n".join(ours)


@contextmanager
def reading(chromium, path: Path, **options: object):
    """Open a file as a browser without a network does.

    Nothing of ours may have been thrown or fetched by the end.
    """
    context = chromium.new_context(offline=True, **{"viewport": {"width": 1280, "height": 1000}, **options})
    context.set_default_timeout(30_000)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(error.stack or error.message))
    page.on("request", lambda asked: troubles.append(asked.url) if _is_ours(asked.url) else None)
    try:
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        yield page
        ours = [one for one in troubles if "require" not in one]  # nbconvert's own scripts are not there
        assert not ours, "\n".join(ours)
    finally:
        context.close()


def _is_ours(url: str) -> bool:
    return _is_remote(url) and "cdnjs.cloudflare.com" not in url


def themed(view: ComparisonView, theme: str) -> None:
    """Change JupyterLab's theme, and wait until the comparison has followed."""
    page = view.page
    code = f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})"
    page.evaluate(code)
    page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
    page.wait_for_function(
        "([root, dark]) => root.hasAttribute('data-dark') === dark",
        arg=[view.root.element_handle(), theme == "Dark"],
    )
    page.wait_for_function("() => !document.getAnimations().some(one => one.playState === 'running')")


def audit(view: ComparisonView, texts: int) -> None:
    """See that no rule of accessibility is broken badly, and that so many texts can be read."""
    if not AXE.exists():
        missing("axe-core")
    view.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert view.root.evaluate(AUDIT) == []
    contrasts = view.root.evaluate(CONTRASTS)
    assert len(contrasts) >= texts
    assert contrasts[0][0] >= READABLE, contrasts[:5]
    assert view.root.evaluate(OVER) == []


def picture(view: ComparisonView, name: str) -> None:
    """Keep a screenshot to look at, where a folder for them is named."""
    if folder := os.environ.get("REQUESTY_NB_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        view.page.mouse.move(0, 0)
        view.page.screenshot(path=Path(folder) / f"compare-{name}.png", animations="disabled")
