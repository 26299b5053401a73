"""The cell of an edit that a page shows: given only where it will find its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import cells, sessions
from requesty_nb.errors import BadRequest, HistoryFault

if TYPE_CHECKING:
    from requesty_nb.models import Edit


def kept_cell(edit: Edit, hint: str) -> str:
    """Return the ``%%imgedit`` cell that replays an edit.

    Args:
        edit: what the cell is to make again.
        hint: how to come to an edit that has one.

    Raises:
        BadRequest: ``rq.history`` does not hold it, or no line can carry it.
    """
    if not _is_in_default_history(edit):
        raise BadRequest(
            "A cell finds its pictures in rq.history, and this edit is not there: it was made by another "
            "session, or kept nowhere.",
            hint=hint,
        )
    return cells.cell_of(edit)


def _is_in_default_history(edit: Edit) -> bool:
    try:
        return sessions.default().history[edit.id] == edit
    except (BadRequest, HistoryFault, KeyError):
        return False
