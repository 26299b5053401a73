"""A gallery on a page: in a notebook, or as a file of its own."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browser.conftest import missing
from browser.notebooks import in_lab, opened, write
from browser.test_looks import AUDIT, AXE, CONTRASTS, OVER, READABLE

# Whether all tiles on the screen are painted with their pictures, or with words in their place.
PAINTED = """root => {
    const scroller = root.querySelector('.rqe-scroller');
    const box = scroller.getBoundingClientRect();
    const tiles = [...root.querySelectorAll('.rqe-tile')].filter(tile => {
        const { top, bottom } = tile.getBoundingClientRect();
        return bottom > box.top && top < box.bottom;
    });
    return tiles.length > 0 && tiles.every(tile => {
        const [image, words] = [tile.querySelector('img'), tile.querySelector('.rqe-words')];
        return !words.hidden || (!image.hidden && image.complete && image.naturalWidth > 0);
    });
}"""


@dataclass
class GalleryView:
    """One view of a gallery."""

    page: object
    index: int = 0

    def __post_init__(self) -> None:
        self.root = self.page.locator(".rqe:has(> .rqe-gallery)").nth(self.index)
        self.search = self.root.get_by_label("Search", exact=True)
        self.tiles = self.root.locator(".rqe-tile")
        self.sheet = self.root.locator("dialog[open]")
        self.search.wait_for(timeout=30_000)

    @property
    def told(self) -> str:
        """How many edits it says were found."""
        return self.root.locator(".rqe-count").inner_text()

    def until_told(self, text: str) -> None:
        self.root.locator(".rqe-count").get_by_text(text, exact=True).wait_for()

    def painted(self) -> None:
        """Wait until all that is on the screen is there."""
        self.page.wait_for_function(PAINTED, arg=self.root.element_handle(), timeout=30_000)

    def looks_for(self, text: str) -> None:
        self.search.fill(text)

    def pick(self, label: str, value: str) -> None:
        """Pick from a filter by the value that is offered."""
        self.root.get_by_label(label, exact=True).select_option(value)

    def prompts(self) -> list[str]:
        """Return the prompts of the tiles that are there, in their order."""
        return self.root.locator(".rqe-tile .rqe-prompt").all_inner_texts()

    def focused(self) -> str:
        """Return the prompt of the tile that has the focus."""
        return self.page.evaluate("document.activeElement.querySelector('.rqe-prompt')?.innerText ?? ''")

    def open(self, at: int = 0) -> None:
        """Open the so-manieth of the tiles that are there."""
        self.tiles.nth(at).locator(".rqe-open").click()
        self.sheet.wait_for()

    def shown(self) -> None:
        """Wait until what is open has its pictures."""
        self.sheet.locator(".rqe-frame img").first.wait_for()
        self.page.wait_for_function(
            "root => [...root.querySelectorAll('[open] .rqe-frame img')].every(one => one.naturalWidth > 1)",
            arg=self.root.element_handle(),
        )
        self.sheet.get_by_text("Opening…").wait_for(state="hidden")

    def facts(self) -> dict[str, str]:
        """Return what is told of the edit that is open."""
        names, values = (self.sheet.locator(f"dl {tag}").all_inner_texts() for tag in ("dt", "dd"))
        return dict(zip(names, values, strict=True))

    def close(self) -> None:
        self.page.keyboard.press("Escape")
        self.sheet.wait_for(state="hidden")


@contextmanager
def browsing(chromium, address: str, folder, cells: list[str], *, name: str, **options: object):
    """Open a notebook whose last cell shows a gallery, run it, and look at the gallery.

    Nothing may have been thrown in the page by the end.
    """
    url = in_lab(address, write(folder, name, ["import requesty_nb as rq", *cells]))
    with opened(chromium, url, **options) as notebook:
        notebook.run_all()
        yield notebook, GalleryView(notebook.page)
        ours = [error for error in notebook.errors if "blob:" in error]  # hosts throw, too
        assert not ours, "\n".join(ours)


@contextmanager
def reading(chromium, path: Path, **options: object):
    """Open a file as a browser without a network does, and look at the gallery in it.

    Nothing may have been thrown, fetched or refused by the page's policy by the end.
    """
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900}, **options)
    context.set_default_timeout(30_000)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(error.stack or error.message))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: troubles.append(asked.url) if _is_remote(asked.url) else None)
    try:
        page.goto(path.as_uri())
        yield GalleryView(page)
        assert not troubles, "\n".join(troubles)
    finally:
        context.close()


def _is_remote(url: str) -> bool:
    return not url.startswith(("file:", "blob:", "data:"))


def themed(view: GalleryView, theme: str) -> None:
    """Change JupyterLab's theme, or what a file's reader prefers, and wait until the gallery has followed."""
    page = view.page
    if page.url.startswith("file:"):
        page.emulate_media(color_scheme=theme.lower())
    else:
        code = f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})"
        page.evaluate(code)
        page.locator(f'body[data-jp-theme-name="JupyterLab {theme}"]').wait_for(state="attached")
    page.wait_for_function(
        "([root, dark]) => root.hasAttribute('data-dark') === dark",
        arg=[view.root.element_handle(), theme == "Dark"],
    )
    page.wait_for_function("() => !document.getAnimations().some(one => one.playState === 'running')")


def audit(view: GalleryView, texts: int) -> None:
    """See that no rule of accessibility is broken badly, and that so many texts can be read."""
    if not AXE.exists():
        missing("axe-core")
    # By the driver, not by an element: the file's own policy lets nothing else run.
    view.page.evaluate(AXE.read_text(encoding="utf-8"))
    assert view.root.evaluate(AUDIT) == []
    contrasts = view.root.evaluate(CONTRASTS)
    assert len(contrasts) >= texts
    assert contrasts[0][0] >= READABLE, contrasts[:5]
    assert view.root.evaluate(OVER) == []


def picture(view: GalleryView, name: str) -> None:
    """Keep a screenshot to look at, where a folder for them is named."""
    if folder := os.environ.get("REQUESTY_NB_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        view.page.mouse.move(0, 0)
        view.page.screenshot(path=Path(folder) / f"gallery-{name}.png", animations="disabled")
