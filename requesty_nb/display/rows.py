"""Edits as the gallery's page knows them, as plain JSON values: the mirror of ``js/src/gallery/rows.ts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requesty_nb import pricing
from requesty_nb.errors import PAID_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from requesty_nb.models import Edit, Summary

_ROW = 300  # characters that a row counts for besides its prompt


def row_of(summary: Summary) -> dict[str, Any]:
    """Return what a grid of many thousands needs of an edit; empty values are left out."""
    cost = summary.cost
    row = {
        "id": summary.id,
        "at": round(summary.started.timestamp() * 1000),
        "prompt": summary.prompt,
        "model": summary.model,
        "size": summary.size,
        "quality": summary.quality,
        "take": summary.take,
        "state": summary.state,
        "tags": summary.tags,
        "starred": summary.starred,
        "names": summary.names,
        "pictures": [(info.sha256, info.width, info.height) for info in summary.shown],
        "cost": pricing.format_usd(cost) if cost else "",
        "dollars": cost.high if cost else 0,
        "trouble": summary.trouble,
    }
    return {name: value for name, value in row.items() if value}


def chunked(summaries: Iterable[Summary], most: int, weight: int) -> Iterator[list[dict[str, Any]]]:
    """Yield rows a few at a time: at most so many, and of no more characters than about ``weight``."""
    rows: list[dict[str, Any]] = []
    left = weight
    for summary in summaries:
        left -= _ROW + len(summary.prompt)
        if rows and (len(rows) == most or left < 0):
            yield rows
            rows, left = [], weight - _ROW - len(summary.prompt)
        rows.append(row_of(summary))
    if rows:
        yield rows


def told(edit: Edit) -> str:
    """Say in a line what made an edit: whose it is, which take, and for how much, or what became of it."""
    parts = [edit.model, f"take {edit.take}"]
    if edit.state != "ok" and (failure := edit.record.failure):
        parts.append(f"{edit.state}: {failure.type}. {PAID_TEXT[failure.paid]}")
    if edit.cost:
        parts.append(pricing.format_usd(edit.cost))
    return " · ".join(parts)
