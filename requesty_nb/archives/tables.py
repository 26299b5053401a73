"""Edits as rows: what a table of many compares, one column a value; and as a file for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from requesty_nb.archives.writing import whole
from requesty_nb.models import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from requesty_nb.models import Grid

    Columns = dict[str, Callable[[Edit], object]]

_BETWEEN = " | "  # several values in one cell
# What a spreadsheet takes for a formula, at the beginning of a cell or of what it may take for one.
# Space is passed over up to the next tab only, which is looked at by itself: else many of both take for ever.
_FORMULA = re.compile(r"(\A|[;\t])(?=[\t\r\n]|[^\S\t]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_BOM = b"\xef\xbb\xbf"  # by it spreadsheets know UTF-8


def _asked(edit: Edit, name: str) -> str | None:
    value = edit.request.params.get(name)
    return None if value is None else str(value)


def _used(edit: Edit, name: str) -> str | None:
    value = edit.result.effective.get(name) if edit.result else None
    return None if value is None else str(value)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _request_id(edit: Edit) -> str | None:
    said = edit.result or edit.record.failure
    return said.request_id if said else None


def _of_the_request() -> Columns:
    """Return the columns of what was asked."""
    return {
        "id": lambda edit: edit.id,
        "started": lambda edit: edit.started,
        "state": lambda edit: edit.state,
        "model": lambda edit: edit.model,
        "prompt": lambda edit: edit.prompt,
        "take": lambda edit: edit.take,
        "n": lambda edit: edit.request.n,
        "starred": lambda edit: edit.starred,
        "tags": lambda edit: _BETWEEN.join(edit.tags),
        "size_asked": lambda edit: _asked(edit, "size"),
        "quality_asked": lambda edit: _asked(edit, "quality"),
        "params": lambda edit: msgspec.json.encode(edit.request.params).decode(),
        "extend": lambda edit: None if edit.extend is None else ",".join(map(str, edit.extend)),
        "sources": lambda edit: _BETWEEN.join(ref.name for ref in edit.request.images),
        "source_digests": lambda edit: _BETWEEN.join(ref.digest for ref in edit.request.images),
        "mask_digest": lambda edit: edit.request.mask.digest if edit.request.mask else None,
        "key": lambda edit: edit.key,
    }


def _of_the_answer() -> Columns:
    """Return the columns of what came."""
    return {
        "elapsed": lambda edit: edit.elapsed,
        "size_used": lambda edit: _used(edit, "size"),
        "quality_used": lambda edit: _used(edit, "quality"),
        "pictures": lambda edit: len(edit.images),
        "picture_digests": lambda edit: _BETWEEN.join(one.digest for one in edit.images),
        "restored_digests": lambda edit: _BETWEEN.join(one.sha256 for one in edit.record.restored),
        "leak_share": lambda edit: edit.leak.share if edit.leak else None,
        "leak_mean": lambda edit: edit.leak.mean if edit.leak else None,
        "cost_low": lambda edit: edit.cost.low if edit.cost else None,
        "cost_high": lambda edit: edit.cost.high if edit.cost else None,
        "cost_basis": lambda edit: edit.cost.basis if edit.cost else None,
        "tokens_in": lambda edit: _count(edit.usage.get("input_tokens")),
        "tokens_out": lambda edit: _count(edit.usage.get("output_tokens")),
        "provider": lambda edit: edit.result.provider if edit.result else None,
        "endpoint": lambda edit: edit.record.endpoint,
        "request_id": _request_id,
        "failure": lambda edit: edit.record.failure.type if edit.record.failure else None,
        "message": lambda edit: edit.record.failure.message if edit.record.failure else None,
        "paid": lambda edit: edit.record.failure.paid if edit.record.failure else None,
        "notes": lambda edit: _BETWEEN.join(edit.record.notes),
    }


_COLUMNS = {**_of_the_request(), **_of_the_answer()}


def rows(edits: Iterable[Edit]) -> Iterator[dict[str, Any]]:
    """Yield a row an attempt, by column; None where there is no value, several values in one text.

    Dollars and seconds are numbers, ``started`` is a time in UTC; ``params`` is all that was asked, as JSON.
    """
    for edit in edits:
        yield {name: value(edit) for name, value in _COLUMNS.items()}


def write_table(edits: Iterable[Edit], path: Path) -> None:
    """Write rows as comma-separated values that no spreadsheet takes for formulas.

    A text that begins like one gets an apostrophe before it; ``.jsonl`` has every text as it is.

    Raises:
        OSError: it cannot be written.
    """
    with whole(path) as file:
        file.write(_BOM + _line(_COLUMNS))
        for row in rows(edits):
            file.write(_line(row.values()))


def grid_rows(grid: Grid) -> Iterator[dict[str, Any]]:
    """Yield a row for each cell of a grid, in the order asked: what was chosen, and then as `rows` has it.

    Of a cell that failed there is what failed, and whether that was paid.
    """
    for place, cell in enumerate(grid):
        chosen = {f"axis_{name}": label for name, label in grid.choice(place).items()}
        if isinstance(cell, Edit):
            paid_now = None if cell.cost is None else 0.0 if cell.replayed else cell.cost.high
            yield {**chosen, "replayed": cell.replayed, "paid_now_usd": paid_now, **next(iter(rows([cell])))}
        else:
            failed = {"failure": type(cell).__name__, "message": cell.message, "paid": cell.paid}
            empty = dict.fromkeys(_COLUMNS)
            yield {**chosen, "replayed": False, "paid_now_usd": None, **empty, "state": "failed", **failed}


def write_grid_table(grid: Grid, path: Path) -> None:
    """Write the cells of a grid as `write_table` does edits.

    Raises:
        OSError: it cannot be written.
    """
    with whole(path) as file:
        for number, row in enumerate(grid_rows(grid)):
            if not number:
                file.write(_BOM + _line(row))
            file.write(_line(row.values()))


def _line(values: Iterable[object]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(map(_cell, values))
    return out.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return _FORMULA.sub(r"\1'", value) if isinstance(value, str) else value
