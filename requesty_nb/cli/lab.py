"""``requesty-nb lab``: your own copies of the notebooks, opened in JupyterLab."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from requesty_nb.cli import notebooks
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def lab(into: Path, options: Sequence[str] = ()) -> int:
    """Copy the notebooks that are not there yet, and open JupyterLab on them until it is closed.

    Args:
        into: where the copies go.
        options: of JupyterLab's own.

    Raises:
        BadRequest: JupyterLab is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise BadRequest("JupyterLab is not installed.", hint='Install it: pip install "requesty_nb[lab]"')
    into.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(notebooks.folder().glob("*.ipynb")):
        if not (into / notebook.name).exists():  # what a user has changed is not written over
            shutil.copyfile(notebook, into / notebook.name)
    with subprocess.Popen([sys.executable, "-m", "jupyterlab", str(into), *options]) as process:  # noqa: S603 - our own interpreter
        # Ctrl+C is JupyterLab's to handle: it asks back, and saves.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return process.wait()
        finally:
            signal.signal(signal.SIGINT, handler)
