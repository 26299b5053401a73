"""A real JupyterLab and Notebook 7, and a real Chromium to look at them."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def missing(tool: str) -> None:
    """Skip for want of a tool, or fail where all tools have to be there."""
    if os.environ.get("REQUESTY_NB_TOOLS") == "required":
        pytest.fail(f"{tool} is missing, and all tools are required here")
    pytest.skip(f"{tool} is not installed")


@pytest.fixture(scope="module")
def chromium():
    """Gone with the module: while it runs, its event loop keeps others from running in this thread."""
    path = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if path is None:
        missing("Chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@contextmanager
def jupyter(app: str, folder: Path):
    """Run a Jupyter server on a port it chooses, until the block ends; yield its address."""
    own = folder / f".{app}"  # its runtime files and settings: several may serve one folder
    runtime = own / "runtime"
    runtime.mkdir(parents=True)
    news = own / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false"}')  # else a question lies over the page's corner
    environment = {
        **os.environ,
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
        "REQUESTY_NB_HISTORY": str(folder / "imgedit-history"),
    }
    said = own / "server.log"
    log = said.open("wb")
    command = [
        *(sys.executable, "-m", app, "--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"),
        *("--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}"),
        *("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
        "--expose-app-in-browser",
    ]
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield _address(server, runtime, said)
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _address(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    """Wait for the server's own note of where it listens, then for its first answer."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text(errors="replace")[-3000:]
        for note in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(note.read_text())["url"]
                with urllib.request.urlopen(f"{url}api/status", timeout=5):  # noqa: S310 - our own server
                    return url.rstrip("/")
            except (urllib.error.URLError, json.JSONDecodeError, OSError):
                continue
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace")[-3000:])


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    """The folder of both servers."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(workspace):
    """The address of a JupyterLab server in the workspace."""
    with jupyter("jupyterlab", workspace) as address:
        yield address


@pytest.fixture(scope="session")
def notebook7(workspace):
    """The address of a Notebook 7 server in the workspace."""
    with jupyter("notebook", workspace) as address:
        yield address
