"""A notebook that makes the edits again: for each its cell and the card it gave, as if it had been run.

It is plain JSON of the notebook format 4.5, written cell by cell: memory does not grow with the edits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from requesty_nb import cells, display
from requesty_nb.archives.writing import whole
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from requesty_nb.models import Edit

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_TOLD = """\
# Image edits

Each cell below makes one edit again. What the history holds is replayed: it is the same picture, for nothing.

To replay on another machine, put the export `{export}` beside this notebook
(`rq.history.export({export!r})` writes it), set `REQUESTY_NB_REPLAY=only`, and run all cells: no key is
needed, and nothing can be paid. Without it, a cell that you change pays for its edit."""
_SETUP = """\
%load_ext requesty_nb
from pathlib import Path
import requesty_nb as rq

if Path({export!r}).exists():
    print(rq.history.import_({export!r}))"""


def write_notebook(edits: Iterable[Edit], path: Path) -> None:
    """Write the edits that have pictures as a notebook.

    Raises:
        OSError: it cannot be written.
        HistoryFault: a picture cannot be read.
    """
    with whole(path) as file:
        file.write(b'{\n "cells": [\n')
        for number, cell in enumerate(_cells(edits, f"{path.stem}.zip")):
            file.write((b",\n" if number else b"") + _json(cell))
        file.write(b'\n ],\n "metadata": %b,\n "nbformat": 4,\n "nbformat_minor": 5\n}\n' % _json(_METADATA))


def _cells(edits: Iterable[Edit], export: str) -> Iterator[dict[str, Any]]:
    yield _markdown("about", _TOLD.format(export=export))
    yield _code("setup", _SETUP.format(export=export), 1, [])
    count = 1
    for number, edit in enumerate(edits, 1):
        if edit.state != "ok":
            continue
        name = f"{number}-{edit.id}"  # an edit may be there twice
        try:
            source = cells.cell_of(edit)
        except BadRequest as error:
            # As code: Markdown can hold HTML, and the message can hold a stranger's words.
            told = "".join(f"    {line}\n" for line in error.message.splitlines())
            yield _markdown(name, f"Edit `{edit.id}` has no cell that makes it again:\n\n{told}")
            continue
        count += 1
        shown = {"output_type": "display_data", "data": display.edit_bundle(edit), "metadata": {}}
        yield _code(name, source, count, [shown])


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(name: str, text: str, count: int, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": name,
        "metadata": {},
        "outputs": outputs,
        "source": text.splitlines(keepends=True),
    }


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)
