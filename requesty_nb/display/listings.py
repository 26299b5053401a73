"""Many attempts in plain text: a line each, and why some gave no picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import pricing
from requesty_nb.display.facts import one_line
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from requesty_nb.models import Edit, Summary

_PROMPT = 60
_TROUBLE = 400


def history_lines(attempts: Iterable[Edit | Summary]) -> str:
    """Return attempts as a table: those that gave no picture say so, and tags stand behind the prompt."""
    listed = list(attempts)
    costs = [_cost(one) for one in listed]
    width = max(map(len, costs), default=0)
    rows = [_row(one, cost.rjust(width)) for one, cost in zip(listed, costs, strict=True)]
    return "\n".join(rows) or "No edits."


def failure_lines(attempts: Iterable[Summary]) -> str:
    """Return attempts that gave no picture as such a table, each with what happened below it."""
    listed = [f"{history_lines([one])}\n    {one_line(one.trouble, _TROUBLE)}" for one in attempts]
    return "\n".join(listed) or "No attempt failed."


def counted(attempts: Sequence[Summary]) -> str:
    """Say how many edits there are, and how many attempts that gave no picture."""
    edits = sum(one.state == "ok" for one in attempts)
    others = len(attempts) - edits
    return _count(edits, "edit") + (f" and {_count(others, 'attempt')} without a picture" if others else "")


def _row(one: Edit | Summary, cost: str) -> str:
    star = "  ★" if one.starred else ""
    tags = f"  [{one_line(', '.join(one.tags), _PROMPT)}]" if one.tags else ""
    return (
        f"{one.id}  {one.started:%Y-%m-%d %H:%M}  {one.state:7}  {cost}  take {one.take:<2}  "
        f"{one_line(one.model, _PROMPT)}  {one_line(one.prompt, _PROMPT)}{star}{tags}"
    )


def _cost(one: Edit | Summary) -> str:
    if one.cost is None:
        return "free" if is_offline(one.model) else "-"
    return pricing.format_usd(one.cost)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
