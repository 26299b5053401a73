"""``requesty-nb demo``: the main job from beginning to end, with no key and no network.

A photograph is edited by prompt and by mask in a real notebook, run by a real kernel. What is left behind:
the photograph, the executed notebook, its history, and the history exported as a folder.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requesty_nb import images
from requesty_nb.errors import BadRequest, ImgEditError
from requesty_nb.records import History

if TYPE_CHECKING:
    from collections.abc import Mapping

_HISTORY = "imgedit-history"
_NOTEBOOK = "demo.ipynb"
_EXPORT = "edits"
_OURS = "REQUESTY_"
_NEEDED = ("ipykernel", "nbclient", "nbformat")
_TIMEOUT = 120


def demo(photo: Path | None, into: Path) -> int:
    """Make the demonstration and say where it lies; return 0.

    Raises:
        BadRequest: something it needs is not installed, or the photograph cannot be used.
    """
    if missing := [name for name in _NEEDED if not _installed(name)]:
        raise BadRequest(
            f"Running notebooks needs {' and '.join(missing)}.",
            hint='Install it: pip install "requesty_nb[lab]"',
        )
    into.mkdir(parents=True, exist_ok=True)
    copy = _bring(photo, into)
    notebook = _notebook(copy.name, images.load(copy).size or (1, 1))
    print("Editing in a notebook, offline: no key, no network, no bill …", flush=True)
    _execute(notebook, into)
    history = History(into / _HISTORY)
    history.export(into / _EXPORT)
    made = sorted(path.name for path in (into / _EXPORT).glob("[0-9]*.*"))  # numbered, as the edits are
    print(f"Done. In {into}/:")
    print(f"  {_NOTEBOOK:16} the executed notebook: open it in JupyterLab")
    print(f"  {_EXPORT + '/':16} {len(made)} pictures, such as {made[0]}, and records.jsonl")
    print(f"  {_HISTORY + '/':16} the history: run the notebook again, and nothing is made or paid twice")
    print("Next: `requesty-nb lab` opens the notebooks that teach the rest.")
    return 0


def _bring(photo: Path | None, into: Path) -> Path:
    if photo is None:
        try:
            from skimage import data  # noqa: PLC0415 - an extra: only the demonstration needs it
        except ImportError:
            raise BadRequest(
                "The shipped photograph comes with scikit-image, which is missing.",
                hint='Name a photograph of your own, or: pip install "requesty_nb[lab]"',
            ) from None
        photo = Path(data.__file__).parent / "rocket.jpg"
    source = images.load(photo)  # says what is wrong with it, if anything is
    target = into / f"photo{images.suffix_for(source.mime)}"
    if source.given is None:
        raise BadRequest(f"{photo} is no file.")
    target.write_bytes(source.given.read())
    return target


def _notebook(photo: str, size: tuple[int, int]) -> Any:  # noqa: ANN401 - nbformat has no types
    import nbformat.v4 as form  # noqa: PLC0415 - an extra

    width, height = size
    cells = [
        form.new_markdown_cell(
            "# Image edits by prompt and mask\n\n"
            "Everything here was made offline by `offline/painter`, a drawing program that knows a few "
            "words: no AI, no key, no bill. Set `REQUESTY_API_KEY` and another model for the real thing; "
            "the cells stay the same."
        ),
        form.new_code_cell("%load_ext requesty_nb\n%config ImgEdit.model = 'offline/painter'"),
        form.new_markdown_cell("## The whole picture"),
        form.new_code_cell(f"%%imgedit {photo} -o sunset\nTurn it into a dramatic sunset"),
        form.new_markdown_cell("## Inside a mask only\nWhat lies outside stays as it was, pixel by pixel."),
        form.new_code_cell(
            "import requesty_nb as rq\n\n"
            f"upper = rq.Mask(({width}, {height})).rect(0, 0, {width}, {height // 2}).feather({height // 12})"
        ),
        form.new_code_cell(f"%%imgedit {photo} --mask upper -n 2 -o painted\nA night sky with stars"),
        form.new_markdown_cell("## On from a result\nAn edit can be the source of the next."),
        form.new_code_cell("%%imgedit sunset -o paper\nAs a watercolour"),
        form.new_markdown_cell("## Again, for nothing\nThe same cell is answered from the history."),
        form.new_code_cell(f"%%imgedit {photo}\nTurn it into a dramatic sunset"),
        form.new_code_cell("rq.history"),
    ]
    return form.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})


def _execute(notebook: Any, into: Path) -> None:  # noqa: ANN401 - nbformat has no types
    import nbformat  # noqa: PLC0415 - an extra
    from nbclient import NotebookClient  # noqa: PLC0415 - an extra
    from nbclient.exceptions import CellExecutionError, DeadKernelError  # noqa: PLC0415 - an extra

    client = NotebookClient(
        notebook,
        timeout=_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(into)}},
        extra_arguments=[
            "--IPKernelApp.log_level=40"
        ],  # it warns that its port on this machine is not encrypted
    )
    try:
        client.execute(env=_environment(os.environ))
    except (CellExecutionError, DeadKernelError, TimeoutError) as error:
        told = getattr(error, "evalue", "") or str(error)
        raise ImgEditError(
            f"The notebook did not run to its end: {told}", hint=f"It lies in {into / _NOTEBOOK}."
        ) from error
    finally:
        nbformat.write(notebook, into / _NOTEBOOK)


def _installed(name: str) -> bool:
    """Look for a module without importing it: that takes seconds, and the photograph comes first."""
    return find_spec(name) is not None


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the kernel: without the user's key and settings, which it does not need."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_OURS)}
    return {**kept, "REQUESTY_NB_HISTORY": _HISTORY}
