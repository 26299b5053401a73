"""Which states of a drawing keep their pixels, so that memory is bounded and undo stays quick.

Pixels of any state can be drawn anew from those of an earlier one. A few states near the present keep
theirs, and ever fewer farther off; drawing anew over a long way leaves pixels half-way, for the next undo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from requesty_nb.masks import Mask

BUDGET = 96 * 1024 * 1024  # bytes of pixels, one a pixel, besides those of the present state
FEWEST, MOST = 3, 64  # states that keep theirs, however large or small
_FAR = 12  # operations drawn anew at once before pixels are left half-way
_SLOW = frozenset(("grow", "shrink", "feather"))
_SLOWNESS = 40  # such an operation takes as long as so many strokes, roughly


def see_drawn(masks: Sequence[Mask], now: int) -> None:
    """Draw the pixels of ``masks[now]`` from those of the nearest state before it that has some."""
    mask = masks[now]
    if mask.is_drawn:
        return
    start = next((i for i in range(now - 1, -1, -1) if mask.draw_on_from(masks[i])), None)
    done = 0 if start is None else len(masks[start].operations)
    if len(mask.operations) - done > _FAR:
        half = (done + len(mask.operations)) // 2
        middle = next((i for i in range(now - 1, -1, -1) if len(masks[i].operations) == half), None)
        if middle is not None and middle != start:
            if start is not None:
                masks[middle].draw_on_from(masks[start])
            masks[middle].draw()
            mask.draw_on_from(masks[middle])
    mask.draw()


def thin(masks: Sequence[Mask], now: int) -> None:
    """Let states forget their pixels until what is left fits the budget."""
    width, height = masks[now].size
    limit = max(FEWEST, min(MOST, BUDGET // (width * height)))
    present = masks[now]
    kept = [i for i, mask in enumerate(masks) if mask.is_drawn and (mask is not present or i == now)]
    distinct = sorted({id(masks[i]): i for i in kept}.values())
    if len(distinct) <= limit + 1:
        return
    costs = {i: _cost(masks[i]) for i in distinct}  # of hundreds of operations each
    while len(distinct) > limit + 1:
        places = [at for at, i in enumerate(distinct) if i != now]
        least = min(places, key=lambda at: _worth(masks, distinct, costs, at, now))
        masks[distinct.pop(least)].forget_pixels()


def _worth(masks: Sequence[Mask], kept: Sequence[int], costs: Mapping[int, int], at: int, now: int) -> float:
    """Tell how much work a state's pixels save: for how many states, and how likely these are wanted."""
    here = kept[at]
    below = kept[at - 1] if at else None
    above = kept[at + 1] if at + 1 < len(kept) else len(masks)
    cost = costs[here]
    if below is not None and masks[below].size == masks[here].size:
        cost = max(1, cost - costs[below])
    return cost * (above - here) / abs(here - now)


def _cost(mask: Mask) -> int:
    changes = sum(getattr(operation, "kind", "") in _SLOW for operation in mask.operations)
    return 1 + len(mask.operations) + changes * _SLOWNESS
