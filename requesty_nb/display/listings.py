"""Many attempts in plain text: a line each, why some gave no picture, and what they cost together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import pricing
from requesty_nb.display.facts import one_line
from requesty_nb.models import Cost
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


def cost_lines(attempts: Sequence[Summary], cost: Cost) -> str:
    """Say what attempts cost: by day and model, the newest day last, and together.

    Args:
        attempts: all that were made.
        cost: of them together, from what is sure to what it can have been.
    """
    unsure = [one for one in attempts if one.state != "ok" and one.cost is not None and one.cost.high > 0]
    untold = sum(one.cost is None and one.state != "failed" and not is_offline(one.model) for one in attempts)
    lines = [f"{counted(attempts)}, together {pricing.format_usd(cost)}."]
    if unsure:
        lines.append(
            f"  {_count(len(unsure), 'attempt')} may have been paid for: counted in the upper figure only."
        )
    if untold:
        lines.append(f"  The cost of {untold:,} is not known, and not counted.")
    return "\n".join([*_cost_table(attempts), *lines])


def _cost_table(attempts: Sequence[Summary]) -> list[str]:
    """Return a line for each day and model; days are those of UTC."""
    groups: dict[tuple[str, str], list[Summary]] = {}
    for one in attempts:
        groups.setdefault((f"{one.started:%Y-%m-%d}", one_line(one.model, _PROMPT)), []).append(one)
    if not groups:
        return []
    rows = [("day", "model", "edits", "pictures", "cost")]
    rows += [(day, model, *_spent(made)) for (day, model), made in sorted(groups.items())]
    wide = [max(len(row[place]) for row in rows) for place in range(5)]
    return [
        f"{day:{wide[0]}}  {model:{wide[1]}}  {edits:>{wide[2]}}  {pictures:>{wide[3]}}  {cost:>{wide[4]}}"
        for day, model, edits, pictures, cost in rows
    ]


def _spent(made: Sequence[Summary]) -> tuple[str, str, str]:
    """Return how many edits there are, how many pictures, and what they cost: the lower figure is sure."""
    known = [one.cost for one in made if one.cost is not None]
    low = sum(one.cost.low for one in made if one.cost is not None and one.state == "ok")
    total = Cost(low, sum(cost.high for cost in known), "sum")
    free = all(cost.basis == "free" for cost in known) and is_offline(made[0].model)
    told = "free" if free else pricing.format_usd(total) if known else "not known"
    edits = sum(one.state == "ok" for one in made)
    return f"{edits:,}", f"{sum(len(one.images) for one in made):,}", told


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
