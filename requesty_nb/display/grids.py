"""A grid as static HTML: a table with its labels, and tabs that need no script.

Tabs are radio buttons. Where styles and buttons are taken away, as on some pages of strangers' notebooks, all
that they part stands below each other under its headings. No element has a style of its own, so that a page
may forbid all but the one style sheet.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from requesty_nb.assets import asset
from requesty_nb.display.facts import one_line, shortened
from requesty_nb.display.tiles import TILE, UNSHOWN, summed, thumbnail, trouble_of, words_of
from requesty_nb.errors import ImgEditError
from requesty_nb.images import inspect
from requesty_nb.models import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from requesty_nb.models import Axis, Cell, Grid, Page

_FEW, _MANY = 16, 400  # cells: from here on all are smaller
_ROOMS = 17_000, TILE  # bytes of a thumbnail: in base64, and with its words, 24 and 12 KB in the notebook
_ALL = 4_600_000  # bytes of a whole grid of very many in the notebook's file
_TOLD = 700, 100  # bytes of a cell's words there, characters of an error that are shown
_WHOLE = 400  # characters of an error that can be read by pointing at it
_ALT = 160  # characters


@dataclass(frozen=True)
class _Look:
    """How cells are drawn."""

    picture: Callable[[Edit], bytes]
    first: int  # characters of an error


def grid_html(grid: Grid, name: str) -> str:
    """Return a grid as HTML for a notebook's output.

    Saved, it takes at most 24 KB an edit, 12 KB in a grid of more than 16, and 5 MB in all.

    Args:
        grid: what is shown.
        name: a word of its own on the page.
    """
    room = _room(len(grid))
    return f"<style>{style()}</style>{body(grid, name, lambda edit: thumbnail(edit, room), _TOLD[1])}"


def style() -> str:
    """Return the style sheet that `body` needs."""
    return asset("grid_still.css").strip()


def body(grid: Grid, name: str, picture: Callable[[Edit], bytes], first: int) -> str:
    """Return a grid without its style sheet.

    Args:
        grid: what is shown.
        name: a word of its own on the page.
        picture: returns an edit's picture as WebP, or raises one of `tiles.UNSHOWN`.
        first: characters of an error that are shown.
    """
    look = _Look(picture, first)
    names, parts = axis_names(grid.axes), []
    for number, page in enumerate(grid.pages):
        inner = _page(grid, page, names, look)
        if page.label:
            tab = f'<input type="radio" name="rqg-{escape(name)}"{" checked" * (number == 0)}>'
            label = escape(shortened(page.label, 200))
            parts.append(f'<label class="rqg-tab">{tab}{label}</label><section class="rqg-page">')
            parts.append(f"{inner}</section>")
        else:
            parts.append(f'<section class="rqg-page">{inner}</section>')
    told = escape(summed(grid.cells, grid.cost))
    return f'<div class="rqg"><p class="rqg-sum">{told}</p>{"".join(parts)}</div>'


def axis_names(axes: Sequence[Axis]) -> tuple[str, str]:
    """Return what is varied down the side and across the top; empty where nothing is."""
    wide = [axis.name for axis in axes if len(axis) > 1]
    return (wide[0], wide[1]) if len(wide) > 1 else ("", wide[0] if wide else "")


def _room(count: int) -> int:
    """Return how many bytes a thumbnail may take among so many."""
    if count > _MANY:
        return max(500, min(_ROOMS[1], (_ALL // count - _TOLD[0]) * 3 // 4))
    return _ROOMS[count > _FEW]


def _page(grid: Grid, page: Page, names: tuple[str, str], look: _Look) -> str:
    if names[0]:
        return _table(grid, page, names, look)
    (places,) = page.places
    figures = (
        f"<li>{_label(column, _before(names[1]))}{_cell(grid, place, look)}</li>"
        for column, place in zip(page.columns, places, strict=True)
    )
    return f'<ul class="rqg-flow">{"".join(figures)}</ul>'


def _before(name: str) -> str:
    """Return what stands before a value that says too little by itself: prompts are plain."""
    return "" if name in {"", "prompt"} else f"{name} "


def _label(text: str, before: str = "") -> str:
    if not text:
        return ""
    quiet = f"<span>{escape(before)}</span>" if before else ""
    return f'<div class="rqg-label" title="{escape(text)}">{quiet}{escape(text)}</div>'


def _table(grid: Grid, page: Page, names: tuple[str, str], look: _Look) -> str:
    corner = f"<td>{escape(names[0])} &darr;<br>{escape(names[1])} &rarr;</td>"
    head = "".join(f'<th scope="col">{_label(column)}</th>' for column in page.columns)
    rows = "".join(
        f'<tr><th scope="row">{_label(row)}</th>'
        f"{''.join(f'<td>{_cell(grid, place, look)}</td>' for place in places)}</tr>"
        for row, places in zip(page.rows, page.places, strict=True)
    )
    return (
        f'<div class="rqg-wide"><table class="rqg-table"><thead><tr>{corner}{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(grid: Grid, place: int, look: _Look) -> str:
    cell = grid[place]
    if (trouble := trouble_of(cell, look.first)) is not None:
        return _trouble(*trouble, _whole(cell))
    assert isinstance(cell, Edit)  # noqa: S101 - the type checker cannot see that all others are trouble
    try:
        data = look.picture(cell)
        _, (width, height) = inspect(data)
    except UNSHOWN as error:
        said = error.message if isinstance(error, ImgEditError) else str(error)
        return _trouble("It cannot be shown", one_line(said, look.first), said)
    alt = escape(shortened(", ".join(grid.choice(place).values()) or cell.prompt, _ALT))
    words = " · ".join(words_of(cell))
    told = f"<figcaption>{escape(words)}</figcaption>" if words else ""
    source = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
    return f'<figure><img src="{source}" alt="{alt}" width="{width}" height="{height}">{told}</figure>'


def _trouble(kind: str, first: str, whole: str) -> str:
    told = f"<br>{escape(first)}" if first else ""
    title = escape(shortened(whole, _WHOLE))
    return f'<div class="rqg-trouble" title="{title}"><b>{escape(kind)}</b>{told}</div>'


def _whole(cell: Cell) -> str:
    if not isinstance(cell, Edit):
        return "\n".join(cell._render_traceback_())
    return cell.record.failure.message if cell.record.failure else ""
