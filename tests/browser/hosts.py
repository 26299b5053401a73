"""Hosts of the editor besides a plain JupyterLab: Voila, marimo, kernels without subshells, static HTML."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from browser.editors import EditorView
from PIL import Image

SIZE = (640, 480)
INK = (255, 0, 255)
# Four flat quarters: wherever it is looked at, one pixel tells the photo, its place and its way up.
QUARTERS = {
    (160, 120): (200, 40, 40),
    (480, 120): (40, 160, 60),
    (160, 360): (50, 70, 200),
    (480, 360): (210, 200, 190),
}
SETUP = f"""\
import requesty_nb as rq
from PIL import Image
photo = Image.new('RGB', {SIZE})
for (x, y), colour in {QUARTERS}.items():
    photo.paste(colour, (x - 160, y - 120, x + 160, y + 120))
def editor(mask=None):
    return rq.Editor(photo, mask, brush=40, mask_color='#ff00ff', mask_opacity=0.5)"""
RECT = "rq.Mask((640, 480)).rect(400, 60, 560, 180)"  # around the middle of the upper right quarter

# A kernel as those before ipykernel 7: it has no subshells, so a comm message waits for the cell that runs.
PLAIN_KERNEL = """\
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
class Plain(IPythonKernel):
    _supports_kernel_subshells = False
IPKernelApp.launch_instance(kernel_class=Plain)"""


class Elsewhere(EditorView):
    """One view of an editor on a page whose kernel cannot be asked for anything."""

    def __init__(self, page, index: int = 0) -> None:
        super().__init__(_Told(page), index=index)


@dataclass
class _Told:
    page: object

    def ask(self, _: str) -> tuple[int, int]:
        return SIZE


def colour_at(view: EditorView, x: float, y: float) -> tuple[int, ...]:
    """Return the colour on the screen at a position of the picture."""
    left, top = view.at(x, y)
    shot = view.page.screenshot(clip={"x": round(left) - 1, "y": round(top) - 1, "width": 3, "height": 3})
    return Image.open(io.BytesIO(shot)).convert("RGB").getpixel((1, 1))


@dataclass
class Still:
    """A static picture on a page, looked at as an editor's view is."""

    stage: object

    @property
    def page(self) -> object:
        return self.stage.page

    def at(self, x: float, y: float) -> tuple[float, float]:
        box = self.stage.bounding_box()
        return box["x"] + x * box["width"] / SIZE[0], box["y"] + y * box["height"] / SIZE[1]


def like(found: tuple[int, ...], wanted: tuple[float, ...]) -> bool:
    return all(abs(one - other) < 14 for one, other in zip(found, wanted, strict=True))


def quarter(x: float, y: float) -> tuple[int, int, int]:
    return QUARTERS[(160 if x < 320 else 480, 120 if y < 240 else 360)]


def inked(x: float, y: float) -> tuple[float, ...]:
    return tuple((one + other) / 2 for one, other in zip(quarter(x, y), INK, strict=True))


def look(view: EditorView, *, masked: list = (), bare: list = ()) -> None:
    """Wait until the photo shows where it is bare, and the mask over it where it is masked."""
    view.stage.scroll_into_view_if_needed()
    wanted = {at: inked(*at) for at in masked} | {at: quarter(*at) for at in bare}
    until(
        lambda: {at: colour_at(view, *at) for at in wanted},
        lambda found: all(like(found[at], wanted[at]) for at in wanted),
        wanted,
        view.page,
    )


def until(find, right, wanted, page=None, seconds: float = 15):
    """Find something until it is right; return it."""
    end = time.monotonic() + seconds
    while not right(found := find()):
        assert time.monotonic() < end, f"{found!r}, not {wanted!r}"
        page.wait_for_timeout(30) if page else time.sleep(0.03)
    return found


# --- notebooks


def run_cell(notebook, index: int) -> None:
    """Run one cell, as the menu does; do not wait for its end."""
    notebook.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    notebook.page.evaluate(
        """async index => {
            const { content, context } = jupyterapp.shell.currentWidget;
            await context.sessionContext.ready;
            content.activeCellIndex = index;
            jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def restart_kernel(notebook) -> None:
    notebook.page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()")


def save_widget_state(notebook) -> None:
    """Have JupyterLab save widgets' state with the notebook, as Settings offers it."""
    notebook.page.evaluate(
        "() => { jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState'); }"
    )


def executed(folder: Path, name: str) -> str:
    """Execute a notebook without a browser, its widgets' state stored; return the name of what came out."""
    out = f"executed-{name}"
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", name, "--output", out]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return out


# --- servers


def plain_kernel(folder: Path) -> dict[str, str]:
    """Write a kernelspec without subshells, named plain; return what makes a server find it."""
    spec = folder / "kernels" / "plain"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", PLAIN_KERNEL, "-f", "{connection_file}"]
    record = {"argv": argv, "display_name": "Plain", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(record))
    return {"JUPYTER_PATH": str(folder)}


def disable_ipycanvas(folder: Path) -> None:
    """Have a JupyterLab of `conftest.jupyter` in this folder leave ipycanvas' extension out."""
    config = folder / ".jupyterlab" / "config" / "labconfig"
    config.mkdir(parents=True)
    (config / "page_config.json").write_text(json.dumps({"disabledExtensions": {"ipycanvas": True}}))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(command: list[str], folder: Path, port: int):
    """Run a server until the block ends; yield its address once it answers."""
    log = folder / ".host.log"
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "REQUESTY_NB_HISTORY": str(folder / "imgedit-history"),
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter-config"),
    }
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        try:
            until(lambda: _answers(server, address, log), bool, True, seconds=60)
            yield address
        finally:
            server.terminate()
            server.wait(20)


def _answers(server: subprocess.Popen, address: str, log: Path) -> bool:
    assert server.poll() is None, log.read_text(errors="replace")[-3000:]
    try:
        with urllib.request.urlopen(f"{address}/", timeout=60):  # noqa: S310 - our own server
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def voila(folder: Path):
    """Serve a folder of notebooks with Voila."""
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "voila",
        str(folder),
        "--no-browser",
        f"--port={port}",
        "--Voila.ip=127.0.0.1",
    ]
    return serving(command, folder, port)


def marimo(folder: Path, name: str):
    """Serve an app file with marimo."""
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "marimo",
        "run",
        name,
        "--headless",
        "--no-token",
        f"--port={port}",
        "--host=127.0.0.1",
    ]
    return serving(command, folder, port)
