"""`Sweep`: what came of a sweep, a grid that can be exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from requesty_nb import archives
from requesty_nb.models import Grid


class Sweep(Grid):
    """Edits asked for together; see `models.Grid` for how they are looked through."""

    def export(self, path: str | Path) -> Path:
        """Write the grid to a file, or its edits to a folder.

        Args:
            path: by its suffix ``.png``, ``.jpg`` or ``.webp`` for one picture with all in their places and
                labels, ``.html`` for a page, ``.csv`` for a table; ``.zip``, ``.jsonl``, ``.ipynb`` and a
                folder hold the edits as `History.export` writes them.

        Returns:
            What was written.

        Raises:
            BadRequest: there is no such form.
            HistoryFault: it cannot be written, or a picture cannot be read.
        """
        return archives.export_grid(self, Path(path).expanduser())

    def to_dataframe(self) -> Any:  # noqa: ANN401 - pandas is an extra
        """Return a table with a row for each cell: its choices, whether it was replayed, and its edit.

        Raises:
            BadRequest: pandas is not installed.
        """
        return archives.table_of(archives.grid_rows(self))
