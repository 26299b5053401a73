"""What things that are compared are called: by what tells them apart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from requesty_nb.display.facts import shortened
from requesty_nb.models import Edit, differences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.models import EditRequest

_LONGEST = 48  # characters of a label
_WORD = re.compile(r"\S+")
_ORDER = {"prompt": 0, "model": 1, "images": 3, "mask": 4}  # of the fields in a label; others 2
_UNTOLD = frozenset(("frame",))  # follows from size and source


def labels_of(things: Sequence[object], names: Sequence[str]) -> list[str]:
    """Return a short label for each thing, all different.

    Edits are called by that in which they differ: the words of their prompts, a parameter, the take. All
    else is called by its name, and what has none by a letter.

    Args:
        things: what is compared.
        names: what each is called by itself; empty if it has no name.
    """
    edits = [thing for thing in things if isinstance(thing, Edit)]
    if len(edits) == len(things):
        told = told_apart(edits)
    else:
        told = [
            thing.prompt if isinstance(thing, Edit) else name
            for thing, name in zip(things, names, strict=True)
        ]
    return _different([shortened(" ".join(text.split()), _LONGEST) for text in told])


def letter(at: int) -> str:
    """Return A for the first, B for the second, and so on."""
    return chr(ord("A") + at)


def told_apart(edits: Sequence[Edit]) -> list[str]:
    """Return for each edit in what it differs from the others; empty texts where they are all the same."""
    first, requests = edits[0].request, [edit.request for edit in edits]
    fields: dict[str, list[object]] = {}
    for at, request in enumerate(requests):
        for item in differences(first, request):
            fields.setdefault(item.field, [item.one] * len(edits))[at] = item.other
    names = sorted(fields.keys() - _UNTOLD, key=lambda name: (_ORDER.get(name, 2), list(fields).index(name)))
    columns = [_column(name, fields[name], requests) for name in names]
    rows = [", ".join(filter(None, (column[at] for column in columns))) for at in range(len(edits))]
    rows = [row or ", ".join(f"default {name}" for name in names) for row in rows]
    takes = [edit.take for edit in edits]
    if len(set(rows)) < len(rows) and len(set(takes)) > 1:
        rows = [", ".join(filter(None, (row, f"take {take}"))) for row, take in zip(rows, takes, strict=True)]
    return rows


def _column(field: str, values: list[object], requests: Sequence[EditRequest]) -> list[str]:
    """Say what each has in one field; nothing where it is left to the model."""
    if field == "prompt":
        return apart([request.prompt for request in requests])
    if field == "model":
        full = [request.model for request in requests]
        short = [model.rpartition("/")[2] for model in full]
        return short if len(set(short)) == len(set(full)) else full
    if field == "images":
        names = [", ".join(ref.name for ref in request.images) for request in requests]
        return names if len(set(names)) == len(set(values)) else _numbered("source", values)
    if field == "mask":
        return _numbered("mask", values)
    return [f"{field} {value}" if value is not None else "" for value in values]


def _numbered(what: str, values: list[object]) -> list[str]:
    """Tell values apart that have no names: the first that is met is number 1."""
    kinds = list(dict.fromkeys(value for value in values if value is not None))
    if len(kinds) == 1:
        return [what if value is not None else f"no {what}" for value in values]
    return [f"{what} {kinds.index(value) + 1}" if value is not None else f"no {what}" for value in values]


def apart(texts: Sequence[str]) -> list[str]:
    """Return the words in which texts differ: what is between their common beginning and their common end.

    If one of them has nothing there, with the word before it, or the one after it.
    """
    words = [_WORD.findall(text) for text in texts]
    least = min(map(len, words))
    start = next((at for at in range(least) if len({each[at] for each in words}) > 1), least)
    end = next(
        (at for at in range(least - start) if len({each[-1 - at] for each in words}) > 1), least - start
    )
    if any(len(each) == start + end for each in words):
        start, end = (start - 1, end) if start else (start, max(0, end - 1))
    return [" ".join(each[start : len(each) - end]).rstrip(".,;:") for each in words]


def stem(name: str) -> str:
    """Return a file's name; empty if it is only the one that is given to what has none."""
    return "" if Path(name).stem in {"", "image"} else name


def _different(labels: list[str]) -> list[str]:
    """Add letters where labels are empty or the same."""
    return [
        letter(at) if not label else label if labels.count(label) == 1 else f"{letter(at)}: {label}"
        for at, label in enumerate(labels)
    ]
