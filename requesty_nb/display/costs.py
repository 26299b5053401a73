"""What attempts cost, by day and model and together: as plain text, and as a table of HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from requesty_nb import pricing
from requesty_nb.display.facts import one_line
from requesty_nb.display.figures import BORDER, QUIET
from requesty_nb.display.listings import counted
from requesty_nb.models import Cost
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from requesty_nb.models import Summary

_MODEL = 60  # characters
_NAMES = 2  # columns of words; all others are of numbers
_HEAD = ("day (UTC)", "model", "edits", "pictures", "tokens in", "tokens out", "cost", "perhaps paid")
# Told for whole rows where that will do: there can be hundreds, and they are saved with the notebook.
_ROW = f"background:none;border-bottom:{BORDER};text-align:right;white-space:nowrap"
_WORDS = ' style="text-align:left"'


@dataclass
class _Sum:
    """Attempts counted together."""

    edits: int = 0
    pictures: int = 0
    tokens: list[int] = field(default_factory=lambda: [0, 0])
    counted: int = 0  # edits that said how many tokens they took
    costs: list[Cost] = field(default_factory=list)
    untold: int = 0  # edits whose cost is not known
    perhaps: int = 0  # attempts that gave no picture and may have been paid for
    at_most: float = 0.0

    def add(self, one: Summary) -> None:
        if one.state == "ok":
            self.edits += 1
            self.pictures += len(one.images)
            if one.tokens is not None:
                self.counted += 1
                self.tokens = [self.tokens[0] + one.tokens[0], self.tokens[1] + one.tokens[1]]
            if one.cost is not None:
                self.costs.append(one.cost)
            elif not is_offline(one.model):
                self.untold += 1
        elif one.state == "unknown":
            self.perhaps += 1
            self.at_most += one.cost.high if one.cost else 0.0

    def cells(self) -> tuple[str, ...]:
        return (
            f"{self.edits:,}",
            f"{self.pictures:,}",
            *(self._known(f"{tokens:,}", self.counted) for tokens in self.tokens),
            self._cost(),
            self._perhaps(),
        )

    def _known(self, text: str, known: int) -> str:
        """Say of how many it is known, by a sign: all, some or none."""
        return text if known == self.edits else f"≥ {text}" if known else "not known"

    def _cost(self) -> str:
        if self.costs and all(cost.basis == "free" for cost in self.costs):
            total = pricing.FREE
        else:
            total = Cost(sum(cost.low for cost in self.costs), sum(cost.high for cost in self.costs), "sum")
        if not self.edits:
            return "-"
        if not self.costs and not self.untold:  # offline, and from before costs were kept
            return pricing.format_usd(pricing.FREE)
        return self._known(pricing.format_usd(total), self.edits - self.untold)

    def _perhaps(self) -> str:
        if not self.perhaps:
            return ""
        most = f"up to {pricing.format_usd(Cost(self.at_most, self.at_most, 'sum'))}"
        return f"{self.perhaps:,}, {most if self.at_most else 'not known'}"


def cost_lines(attempts: Sequence[Summary], cost: Cost) -> str:
    """Say what attempts cost: by day and model, the newest day last, and together.

    Args:
        attempts: all that were made.
        cost: of them together, from what is sure to what it can have been.
    """
    rows = _rows(attempts)
    wide = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    table = [
        "  ".join(
            text.ljust(width) if place < _NAMES else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in rows[: len(rows) * bool(attempts)]
    ]
    return "\n".join([*table, *_together(attempts, cost)])


def cost_bundle(attempts: Sequence[Summary], cost: Cost) -> dict[str, str]:
    """Return the same as ``text/html`` and ``text/plain``."""
    head, *rows = _rows(attempts)
    body = "".join(_row(row, "td", bold=row[0] == "all") for row in rows)
    table = (
        '<table cellpadding="5" style="border-collapse:collapse;font-size:.95em;margin:0 0 8px">'
        f"<thead>{_row(head, 'th', bold=True)}</thead><tbody>{body}</tbody></table>"
    )
    first, *more = _together(attempts, cost)
    html = (
        f'<div style="overflow-x:auto;line-height:1.4">{table if rows else ""}<div>{escape(first)}</div>'
        f'<div style="{QUIET}">{"".join(f"<div>{escape(line)}</div>" for line in more)}</div></div>'
    )
    return {"text/html": html, "text/plain": cost_lines(attempts, cost)}


def _rows(attempts: Sequence[Summary]) -> list[tuple[str, ...]]:
    """Return the heads, a row for each day and model, and if there are several one for all."""
    groups: dict[tuple[date, str], _Sum] = {}
    total = _Sum()
    for one in attempts:
        place = one.started.date(), one.model
        if place not in groups:
            groups[place] = _Sum()
        groups[place].add(one)
        total.add(one)
    rows = [
        (day.isoformat(), one_line(model, _MODEL), *groups[day, model].cells())
        for day, model in sorted(groups)
    ]
    if len(rows) > 1:
        rows.append(("all", "", *total.cells()))
    return [_HEAD, *rows]


def _together(attempts: Sequence[Summary], cost: Cost) -> Iterator[str]:
    unsure = sum(one.state != "ok" and one.cost is not None and one.cost.high > 0 for one in attempts)
    untold = sum(one.cost is None and one.state != "failed" and not is_offline(one.model) for one in attempts)
    yield f"{counted(attempts)}, together {pricing.format_usd(cost)}."
    if unsure:
        noun = "attempt" if unsure == 1 else "attempts"
        yield f"  {unsure:,} {noun} may have been paid for: counted in the upper figure only."
    if untold:
        yield f"  The cost of {untold:,} is not known, and not counted."


def _row(row: Sequence[str], tag: str, *, bold: bool) -> str:
    cells = "".join(
        f"<{tag}{_WORDS if place < _NAMES else ''}>{escape(text)}</{tag}>" for place, text in enumerate(row)
    )
    return f'<tr style="{_ROW};font-weight:{600 if bold else 400}">{cells}</tr>'
