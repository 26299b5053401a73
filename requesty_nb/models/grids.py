"""`Grid`: edits asked for together, each in its place among the choices it was made of."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from requesty_nb.errors import BadImage, BadRequest, ImgEditError
from requesty_nb.models.edits import Edit
from requesty_nb.models.records import Cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Cell: TypeAlias = Edit | ImgEditError


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that is varied.

    Attributes:
        name: what it is: ``prompt``, ``quality``, ``place``.
        labels: a word or two for each of its values, in order, no two alike.
    """

    name: str
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Page:
    """Two axes of a grid laid out, with a value chosen of each further one.

    Attributes:
        label: the values chosen, as ``take 2``; empty where there are no more than two axes.
        rows: the labels down the side; one empty label where there is no such axis.
        columns: the labels across the top; likewise.
        places: for each row, the places of its cells in the order asked.
    """

    label: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]


def pages(axes: Sequence[Axis]) -> tuple[Page, ...]:
    """Lay out axes: the first as rows, the second as columns, each choice of the further ones as a page.

    An axis with a single value takes up no room. Of one axis alone the values go across.
    """
    steps = [math.prod(map(len, axes[place + 1 :])) for place in range(len(axes))]
    wide = [place for place, axis in enumerate(axes) if len(axis) > 1]
    down, across = (wide[0], wide[1]) if len(wide) > 1 else (None, wide[0] if wide else None)
    further = [place for place in wide if place not in {down, across}]
    made = []
    for chosen in itertools.product(*(range(len(axes[place])) for place in further)):
        base = sum(steps[place] * value for place, value in zip(further, chosen, strict=True))
        label = ", ".join(
            f"{axes[place].name} {axes[place].labels[value]}"
            for place, value in zip(further, chosen, strict=True)
        )
        rows = _values(axes, steps, down)
        columns = _values(axes, steps, across)
        made.append(
            Page(
                label,
                tuple(row for row, _ in rows),
                tuple(column for column, _ in columns),
                tuple(tuple(base + row + column for _, column in columns) for _, row in rows),
            )
        )
    return tuple(made)


def _values(axes: Sequence[Axis], steps: Sequence[int], place: int | None) -> list[tuple[str, int]]:
    """Return each label of an axis, and how far it is along the order asked."""
    if place is None:
        return [("", 0)]
    return [(label, steps[place] * value) for value, label in enumerate(axes[place].labels)]


class Grid:
    """What came of edits that were asked for together: each an `Edit`, or the error in its place.

    Iterates in the order asked, in which the values of the last axis change first.

    Args:
        axes: what was varied.
        cells: what came, in that order.
    """

    def __init__(self, axes: Iterable[Axis], cells: Iterable[Cell]) -> None:
        self.axes = tuple(axes)
        self.cells = tuple(cells)
        if len(self.cells) != math.prod(map(len, self.axes)):
            raise ValueError(f"{len(self.cells)} cells do not fill axes of {[*map(len, self.axes)]}")

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(map(len, self.axes))

    @property
    def edits(self) -> list[Edit]:
        """The edits that were made or replayed, without the errors."""
        return [cell for cell in self.cells if isinstance(cell, Edit)]

    @property
    def errors(self) -> list[ImgEditError]:
        """Why there are no others."""
        return [cell for cell in self.cells if not isinstance(cell, Edit)]

    @property
    def pages(self) -> tuple[Page, ...]:
        """The cells laid out in rows and columns."""
        return pages(self.axes)

    @property
    def cost(self) -> Cost:
        """What was paid for now: replayed edits cost nothing, and what is not known is not counted."""
        costs = [edit.cost for edit in self.edits if edit.cost and not edit.replayed]
        return Cost(sum(cost.low for cost in costs), sum(cost.high for cost in costs), "sum")

    def choice(self, place: int) -> dict[str, str]:
        """Return the label of each axis at a place in the order asked."""
        chosen = {}
        for axis in reversed(self.axes):
            place, value = divmod(place, len(axis))
            chosen[axis.name] = axis.labels[value]
        return dict(reversed(chosen.items()))

    def at(self, **choice: object) -> Cell:
        """Return the one cell of a choice: ``sweep.at(quality="low", take=1)``.

        Raises:
            BadRequest: there is none, or more than one.
        """
        wanted = {name: str(value) for name, value in choice.items()}
        found = [place for place in range(len(self)) if wanted.items() <= self.choice(place).items()]
        if len(found) != 1:
            told = "; ".join(f"{axis.name}: {', '.join(axis.labels)}"[:300] for axis in self.axes)
            asked = ", ".join(f"{name} {value}" for name, value in wanted.items())
            raise BadRequest(
                f"{len(found) or 'No'} cells of this grid have {asked}.",
                hint=f"Name one value of each axis. There are {told}.",
            )
        return self.cells[found[0]]

    def __imgedit_source__(self) -> object:
        """Offer its picture as a source, if it has but one cell.

        Raises:
            BadImage: it has several, or that one failed.
        """
        if len(self.edits) == len(self) == 1:
            return self.edits[0]
        raise BadImage(
            f"A grid of {len(self)} cells is no picture.", hint="Pick one: grid.at(...), or grid.edits[0]."
        )

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)

    def __getitem__(self, place: int) -> Cell:
        return self.cells[place]

    def __repr__(self) -> str:
        by = " x ".join(f"{len(axis)} {axis.name}" for axis in self.axes) or "1 edit"
        failed = f", {len(self.errors)} failed" if self.errors else ""
        return f"<{type(self).__name__} {by}: {len(self.edits)} of {len(self)} made{failed}>"
