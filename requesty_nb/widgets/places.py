"""Cells, pages and sums of a grid as plain JSON values: the mirror of ``js/src/grid/wired.ts``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from requesty_nb.display import tiles
from requesty_nb.errors import PAID_TEXT, Explained, ImgEditError
from requesty_nb.models import Edit, summary_of
from requesty_nb.sessions import Sweeping

if TYPE_CHECKING:
    from requesty_nb.models import Cell, Grid, Page

_FIRST = 160  # characters of an error that come along


def page_of(page: Page) -> dict[str, Any]:
    """Return how cells are laid out."""
    return {"label": page.label, "rows": page.rows, "columns": page.columns, "places": page.places}


def shape_of(subject: Grid | Sweeping) -> tuple[int, int]:
    """Return width and height of the first picture, as far as is known before it is there."""
    if not isinstance(subject, Sweeping):
        edit = next((edit for edit in subject.edits if edit.images), None)
        return edit.restored[0].size if edit else (1, 1)
    ask = subject.plan.asks[0] if subject.plan.asks else None
    asked = re.fullmatch(
        r"([1-9]\d{0,4})x([1-9]\d{0,4})", str(ask.fields.get("size")) if ask else "", re.ASCII
    )
    return (int(asked[1]), int(asked[2])) if asked and ask and ask.mask is None else (1, 1)


def state_of(cell: Cell | None, doing: str, *, star: bool = False) -> str | dict[str, Any]:
    """Return what a cell is doing, or in a few words what came of it; empty values are left out."""
    if cell is None:
        return doing
    if (trouble := tiles.trouble_of(cell, _FIRST)) is not None:
        return {"kind": trouble[0], "text": trouble[1]}
    assert isinstance(cell, Edit)  # noqa: S101 - the type checker cannot see that all others are trouble
    info = summary_of(cell.record).shown[0]
    state = {
        "size": [info.width, info.height],
        "count": len(cell.images) if len(cell.images) > 1 else 0,
        "recorded": cell.replayed,
        "cost": tiles.paid_for(cell),
        "star": star,
    }
    return {name: value for name, value in state.items() if value}


def head_of(sweeping: Sweeping) -> dict[str, Any]:
    """Return how a sweep goes on the whole."""
    found = list(sweeping.cells)
    left = sweeping.seconds_left
    error = sweeping.error
    text = sweeping.text
    if isinstance(error, Explained):
        text = " ".join(part for part in (error.message, PAID_TEXT[error.paid], error.hint) if part)
    return {
        "total": len(found),
        **tiles.counted(found),
        "cost": tiles.sum_of(sweeping.cost),
        "left": None if left is None else round(left, 1),
        "state": "cancelling" if sweeping.text == "cancelling" else sweeping.state,
        "text": text if error is not None else "",
    }


def sum_of(grid: Grid) -> dict[str, Any]:
    """Return the same of a grid of which nothing is under way."""
    cost = tiles.sum_of(grid.cost)
    counts = tiles.counted(grid.cells)
    return {"total": len(grid), **counts, "cost": cost, "left": None, "state": "done", "text": ""}


def thumbnail_of(cell: Cell | None) -> tuple[bytes, str]:
    """Return a cell's thumbnail, made once; or nothing, and why."""
    if not isinstance(cell, Edit) or not cell.images:
        return b"", "There is no picture."
    try:
        return tiles.thumbnail(cell, tiles.TILE), ""
    except tiles.UNSHOWN as error:
        return b"", error.message if isinstance(error, ImgEditError) else f"It cannot be shown: {error}."


def trouble_of(error: ImgEditError) -> dict[str, Any]:
    """Return all that is known of a cell that gave no edit."""
    facts = [
        ("What happened", error.message),
        ("Payment", PAID_TEXT[error.paid]),
        ("Next", error.hint),
        *(("Detail", detail) for detail in error.details),
        ("HTTP status", str(error.status or "")),
        ("Code", error.code),
        ("Request id", error.request_id),
        ("History id", error.attempt),
    ]
    told = [[name, value] for name, value in facts if value]
    return {"headline": f"{type(error).__name__}. {PAID_TEXT[error.paid]}", "facts": told}
