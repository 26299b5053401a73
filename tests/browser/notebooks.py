"""A notebook open in a page: run it, ask its kernel, and point at pictures in it."""

import ast
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import nbformat.v4 as form
from playwright.sync_api import Error

TIMEOUT = 60_000  # milliseconds that a loaded machine may take for anything

# Runs code in the kernel beside the cells; resolves to what it printed, and "!" before an error.
RUN = """async code => {
    const { kernel } = jupyterapp.shell.currentWidget.context.sessionContext.session;
    const future = kernel.requestExecute({ code, store_history: false });
    let [out, trouble] = ['', ''];
    future.onIOPub = ({ content, header }) => {
        if (header.msg_type === 'stream' && content.name === 'stdout') out += content.text;
        if (header.msg_type === 'error') trouble = `!${content.ename}: ${content.evalue}`;
    };
    await future.done;
    return trouble || out;
}"""


def write(folder: Path, name: str, cells: list[str]) -> str:
    """Write a notebook of code cells; return its name."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = [form.new_code_cell(cell) for cell in cells]
    nbformat.write(form.new_notebook(cells=made, metadata=metadata), folder / name)
    return name


def in_lab(address: str, name: str) -> str:
    """Return where JupyterLab shows a notebook, alone."""
    return f"{address}/lab/tree/{name}?reset"


def in_notebook7(address: str, name: str) -> str:
    """Return where Notebook 7 shows a notebook."""
    return f"{address}/notebooks/{name}"


@dataclass
class Notebook:
    """A notebook in JupyterLab or Notebook 7.

    Attributes:
        errors: what was thrown in the page and caught by nobody.
    """

    page: object
    url: str
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(error.stack or error.message))

    def run_all(self) -> None:
        """Run the notebook as the menu does, once its kernel is there; keys would race with the start."""
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=TIMEOUT)
        self.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext", timeout=TIMEOUT
        )
        self.page.evaluate(
            """async () => {
                await jupyterapp.shell.currentWidget.context.sessionContext.ready;
                await jupyterapp.commands.execute('notebook:run-all-cells');
            }"""
        )

    def execute(self, code: str) -> None:
        """Begin running code in the kernel, as a cell would, and do not wait for it."""
        self.page.evaluate(f"code => {{ window.ranInKernel = ({RUN})(code); }}", code)

    def finish(self) -> None:
        """Wait for what `execute` began."""
        self._said("() => window.ranInKernel")

    def do(self, code: str) -> None:
        """Run code in the kernel, as a cell would; an error there is one here."""
        self._said(RUN, code)

    def ask(self, expression: str):
        """Return the value of an expression in the kernel, of plain Python values."""
        return ast.literal_eval(self._said(RUN, f"print(repr({expression}))"))

    def _said(self, script: str, *arguments: str) -> str:
        text = self.page.evaluate(script, *arguments)
        assert not text.startswith("!"), text
        return text

    def until(
        self,
        expression: str,
        wanted: object = True,  # noqa: FBT002 - a value to wait for
        seconds: float = 20,
    ):
        """Ask the kernel until an expression has the value; return it."""
        end = time.monotonic() + seconds
        while (found := self.ask(expression)) != wanted:
            assert time.monotonic() < end, f"{expression} is {found!r}, not {wanted!r}"
            self.page.wait_for_timeout(30)
        return found

    def save(self) -> None:
        """Save, widgets' state and all."""
        self.page.evaluate("jupyterapp.commands.execute('docmanager:save')")

    def dirty(self) -> bool:
        """Tell whether there is something to save."""
        return self.page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty")

    def cells(self) -> list[tuple[str, str]]:
        """Return the type and source of each cell, as the page has them."""
        cells = "[...jupyterapp.shell.currentWidget.content.model.cells]"
        return [
            tuple(cell) for cell in self.page.evaluate(f"{cells}.map(c => [c.type, c.sharedModel.source])")
        ]


@contextmanager
def opened(chromium, url: str, *, width: int = 1280, height: int = 1000, **options: object):
    """Open a notebook's page in a context of its own; close it at the end, and its kernel."""
    context = chromium.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    try:
        page.goto(url)
        yield Notebook(page, url)
    finally:
        with suppress(Error):  # what is no notebook, or has no kernel any more
            page.evaluate("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.shutdown()")
        context.close()
