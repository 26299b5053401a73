"""`Plan`: the edits of a sweep, before anything is looked at."""

from __future__ import annotations

import inspect
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from requesty_nb.errors import BadRequest
from requesty_nb.models import Axis, Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from requesty_nb.sessions.asking import Ask

T = TypeVar("T")

MOST_CELLS = 2000
_LABEL = 200  # characters
_NO_AXES = frozenset({"tags"})  # a list is their value


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep asks for.

    Attributes:
        axes: what is varied.
        asks: one for each choice of a value on every axis, in the order asked: the last axis changes first.
        width: how many requests may be under way at once; None for as many as the session allows.
    """

    axes: tuple[Axis, ...]
    asks: tuple[Ask, ...]
    width: int | None = None

    def __post_init__(self) -> None:
        if self.width is not None and (isinstance(self.width, bool) or self.width < 1):
            raise BadRequest(f"width is {self.width!r}, but has to be a whole number from 1.")


def planned(
    axes: Sequence[tuple[str, Sequence[T], Callable[[T], str]]],
    ask: Callable[[tuple[T, ...]], Ask],
    width: int | None = None,
) -> Plan:
    """Return the plan of all combinations.

    Args:
        axes: a name, the values, and what says a value in a word or two.
        ask: makes the ask of one value for each axis.
        width: as `Plan`.

    Raises:
        BadRequest: an axis has no value, or there are too many combinations.
    """
    for name, values, _ in axes:
        if not values:
            raise BadRequest(f"{name} is to be varied, but has no values.", hint="Give at least one.")
    count = 1
    for _, values, _ in axes:
        count *= len(values)
    if count > MOST_CELLS:
        raise BadRequest(
            f"That makes {count:,} edits; a sweep takes at most {MOST_CELLS:,}.", hint="Vary less at a time."
        )
    made = tuple(Axis(name, distinct(map(label, values))) for name, values, label in axes)
    asks = tuple(map(ask, itertools.product(*(values for _, values, _ in axes))))
    if any(isinstance(one.prompt, str) and not one.prompt.strip() for one in asks):
        raise BadRequest("One of the prompts is empty.", hint="Nothing was sent: write it, or leave it out.")
    return Plan(made, asks, width)


def plan_of(
    ask: Callable[..., Ask], arguments: Sequence[Any], options: Mapping[str, Any], width: int | None
) -> Plan:
    """Return the plan of arguments of `Session.ask`, in which a list or range is an axis.

    Raises:
        BadRequest: as `planned` and `Session.ask`.
    """
    known = inspect.signature(ask).parameters
    if unknown := [name for name, value in options.items() if name not in known and _is_axis(name, value)]:
        raise BadRequest(
            f"There is no {unknown[0]!r} to be varied.",
            hint="A list of prompts varies words; a further field of the endpoint is varied by "
            f"params=[{{{unknown[0]!r}: ...}}, ...].",
        )
    named = [*((_place(place), value) for place, value in enumerate(arguments)), *options.items()]
    varied = [name for name, value in named if _is_axis(name, value)]
    values = dict(named)

    def one(chosen: tuple[Any, ...]) -> Ask:
        given = values | dict(zip(varied, chosen, strict=True))
        return ask(
            *(given[_place(place)] for place in range(len(arguments))),
            **{name: given[name] for name in options},
        )

    return planned([(name, list(values[name]), label_of) for name in varied], one, width)


def label_of(value: object) -> str:
    """Say a value in a few words: a picture by its name."""
    if isinstance(value, Edit):
        return f"edit {value.id[-8:]}"
    if isinstance(value, Path):
        return value.name
    if isinstance(value, dict):  # of further fields
        return ", ".join(f"{name} {said}" for name, said in value.items())
    name = getattr(value, "name", None) or getattr(value, "filename", None)
    if isinstance(name, str) and name:
        return Path(name).name
    if isinstance(value, str | int | float | bool | tuple) or value is None:
        return str(value)
    # A picture in memory has no name of its own; several are numbered.
    return (
        "picture"
        if hasattr(value, "__array__") or hasattr(value, "__array_interface__")
        else type(value).__name__
    )


def distinct(labels: Iterable[str]) -> tuple[str, ...]:
    """Return labels of one line each, no two alike: what is said again is numbered."""
    made: list[str] = []
    for label in labels:
        line = " ".join(label.split())[:_LABEL] or "(empty)"
        number, told = 1, line
        while told in made:
            number += 1
            told = f"{line} ({number})"
        made.append(told)
    return tuple(made)


def _place(place: int) -> str:
    """Name an argument that was given without a name."""
    return ("prompt", "image")[place] if place < 2 else f"image {place}"  # noqa: PLR2004 - the first two


def _is_axis(name: str, value: object) -> bool:
    return isinstance(value, list | range) and name not in _NO_AXES
