"""A grid to one picture, a page or a table; its edits to all the other forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import display
from requesty_nb.archives import GRID_FORMS
from requesty_nb.archives.forms import write_export
from requesty_nb.archives.grid_page import grid_page
from requesty_nb.archives.tables import write_grid_table
from requesty_nb.archives.writing import whole, write
from requesty_nb.errors import BadRequest, HistoryFault

if TYPE_CHECKING:
    from pathlib import Path

    from requesty_nb.models import Grid

_PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


def write_grid(grid: Grid, path: Path) -> Path:
    """Write a grid in the form that a path's suffix names.

    Raises:
        BadRequest: there is no such form, or it has too many cells for it.
        HistoryFault: it cannot be written, or a picture cannot be read.
    """
    suffix = path.suffix.casefold()
    try:
        if suffix in _PICTURES:
            _write_picture(grid, path, _PICTURES[suffix])
        elif suffix == ".csv":
            write_grid_table(grid, path)
        elif suffix == ".html":
            write(path, [grid_page(grid)])
        elif suffix in GRID_FORMS:
            return write_export(grid.edits, path)
        else:
            raise BadRequest(f"There is no export of a grid as {path.suffix}.", hint=_known())
    except OSError as error:
        raise HistoryFault(
            f"The sweep cannot be written to {path}: {error.strerror or error}.",
            hint="Name another place, or make room there.",
        ) from error
    return path


def _known() -> str:
    of = {
        kind: ", ".join(form for form, has in GRID_FORMS.items() if form and has == kind)
        for kind in ("grid", "edits")
    }
    return f"A name in {of['grid']} has the grid; in {of['edits']} or without an ending, its edits."


def _write_picture(grid: Grid, path: Path, form: str) -> None:
    try:
        sheet = display.contact_sheet(grid)
        with whole(path) as file:
            sheet.save(file, form, quality=90)
    except ValueError as error:  # too many cells, or too large for the form
        raise BadRequest(
            f"The sweep does not fit into one {form} picture: {error}",
            hint="Export it as .html.",
            paid="done",
        ) from None
