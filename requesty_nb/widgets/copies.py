"""The cell of an edit that a page shows: given only where it will find its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import cells, sessions
from requesty_nb.errors import BadRequest, HistoryFault

if TYPE_CHECKING:
    from requesty_nb.models import Edit

_TO_WRITE = "Say here what to change next"


def kept_cell(edit: Edit, hint: str) -> str:
    """Return the ``%%imgedit`` cell that replays an edit.

    Args:
        edit: what the cell is to make again.
        hint: how to come to an edit that has one.

    Raises:
        BadRequest: ``rq.history`` does not hold it, or no line can carry it.
    """
    _see_kept(edit, hint)
    return cells.cell_of(edit)


def further_cell(edit: Edit, hint: str) -> str:
    """Return a ``%%imgedit`` cell that goes on from an edit; its prompt is to be written.

    Args:
        edit: whose first restored picture is the cell's source.
        hint: as `kept_cell`.

    Raises:
        BadRequest: as `kept_cell`.
    """
    _see_kept(edit, hint)
    return cells.cell_after(edit, _TO_WRITE)


def _see_kept(edit: Edit, hint: str) -> None:
    if not _is_in_default_history(edit):
        raise BadRequest(
            "A cell finds its pictures in rq.history, and this edit is not there: it was made by another "
            "session, or kept nowhere.",
            hint=hint,
        )


def _is_in_default_history(edit: Edit) -> bool:
    try:
        return sessions.default().history[edit.id] == edit
    except (BadRequest, HistoryFault, KeyError):
        return False
