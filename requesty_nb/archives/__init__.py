"""Edits to and from a folder, a zip and lines of JSON; and to a page, a notebook and a table.

- `forms`: which suffix is which; `folders`, `zips`, `streams`: what comes back as well; `page`, `notebooks`,
  `tables`: what is for people. `contents`: the files of a folder or a zip, of which `names` are the names,
  `copies` the pictures with their recipes, `index` the page, `lines` the records, and `notes` stars and tags.
- `opening`: which kind a path is; `archive`: `Archive`, what is read of it, up to the `limits`, and only what
  `checks` and `paths` pass.
- `grids`: the edits of a sweep in their places; `grid_page`: as one HTML file. `writing`: files that are
  there whole or not at all.

An export can come from a stranger: reading one writes nothing, follows no link, runs nothing, and holds
little of it in memory at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requesty_nb.archives.archive import Archive
from requesty_nb.archives.names import slug
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from requesty_nb.models import Edit, Grid

# The endings that `export_grid` knows, and what each holds; without one it is a folder.
GRID_FORMS = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".html", ".csv"), "grid"),
    **dict.fromkeys(("", ".zip", ".jsonl", ".ipynb"), "edits"),
}

__all__ = [
    "GRID_FORMS",
    "Archive",
    "export",
    "export_grid",
    "grid_rows",
    "opened",
    "rows",
    "slug",
    "table_of",
]


def export(edits: Sequence[Edit], path: Path) -> Path:
    """Write edits as the suffix of a path says: .zip, .jsonl, .html, .ipynb or .csv; without one, a folder.

    A file is there whole or not at all; a folder's files are written next to what is there already.

    Returns:
        The path.

    Raises:
        BadRequest: there is no such form; the hint names those there are.
        HistoryFault: it cannot be written, or a picture cannot be read.
    """
    from requesty_nb.archives.forms import write_export  # noqa: PLC0415 - pictures are needed only then

    return write_export(edits, path)


def export_grid(grid: Grid, path: Path) -> Path:
    """Write a grid as the suffix of a path says.

    ``.png``, ``.jpg`` and ``.webp`` are one picture with labels, ``.html`` is a page, ``.csv`` a table; in
    any other form its edits are written as by `export`.

    Returns:
        The path.

    Raises:
        BadRequest: there is no such form, or it has too many cells for it.
        HistoryFault: it cannot be written, or a picture cannot be read.
    """
    from requesty_nb.archives.grids import write_grid  # noqa: PLC0415 - rarely needed

    return write_grid(grid, path)


def grid_rows(grid: Grid) -> Iterator[dict[str, Any]]:
    """Yield a row for each cell of a grid: what was chosen, and then as `rows` has it."""
    from requesty_nb.archives.tables import grid_rows as table_rows  # noqa: PLC0415 - rarely needed

    return table_rows(grid)


def table_of(rows: Iterable[dict[str, Any]]) -> Any:  # noqa: ANN401 - pandas is an extra
    """Return rows as a pandas table.

    Raises:
        BadRequest: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - an extra
    except ImportError:
        raise BadRequest(
            "A table needs pandas.", hint='Install it: pip install "requesty_nb[table]"'
        ) from None
    return pd.DataFrame(list(rows))


def opened(path: Path, *, into: Path | None = None) -> AbstractContextManager[Archive]:
    """Open a folder, zip or jsonl that `export` wrote, or the folder of a history, to be read.

    Args:
        path: where it lies.
        into: the folder that its edits are going to be kept in: no more is read than its disk has room for.

    Raises:
        BadRequest: there is none, it is none of these, or it is made to harm; nothing was written.
    """
    from requesty_nb.archives.opening import open_archive  # noqa: PLC0415 - rarely needed

    return open_archive(path, into)


def rows(edits: Iterable[Edit]) -> Iterator[dict[str, Any]]:
    """Yield a row an attempt for a table, by column, as a ``.csv`` export has it.

    None stands where there is no value; several values are one text, with `` | `` between. Dollars and
    seconds are numbers, ``started`` is a time in UTC, ``params`` is JSON.
    """
    from requesty_nb.archives.tables import rows as table_rows  # noqa: PLC0415 - rarely needed

    return table_rows(edits)
