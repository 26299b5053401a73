"""The forms an export can have, by the suffix of its name; each is written by a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb.archives import folders, notebooks, page, streams, tables, zips
from requesty_nb.archives.writing import write
from requesty_nb.errors import BadRequest, HistoryFault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from requesty_nb.models import Edit


def _write_page(edits: Sequence[Edit], path: Path) -> None:
    write(path, page.page(edits))


_FORMS: dict[str, Callable[[Sequence[Edit], Path], None]] = {
    "": folders.write_folder,
    ".zip": zips.write_zip,
    ".jsonl": streams.write_stream,
    ".html": _write_page,
    ".ipynb": notebooks.write_notebook,
    ".csv": tables.write_table,
}


def write_export(edits: Sequence[Edit], path: Path) -> Path:
    """Write edits in the form that a path's suffix names.

    Raises:
        BadRequest: there is no such form.
        HistoryFault: it cannot be written, or a picture cannot be read.
    """
    write_form = _FORMS.get(path.suffix.casefold()) or (folders.write_folder if path.is_dir() else None)
    if write_form is None:
        raise BadRequest(
            f"There is no export as {path.suffix}.",
            hint=f"A name that ends in {', '.join(filter(None, _FORMS))}; without an ending it is a folder.",
        )
    try:
        write_form(edits, path)
    except OSError as error:
        raise HistoryFault(
            f"The export cannot be written to {path}: {error.strerror or error}.",
            hint="Name another place, or make room there.",
        ) from error
    return path
