"""The card of an edit: what a notebook and its saved file show of it.

At most 64 KB in the saved notebook however many pictures there are; the originals stay where they are kept.
Colours are inherited and borders half transparent, so that one form is right on light and dark.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from requesty_nb.display.facts import TEXT_LIMIT, WARNING, edit_text, facts, headline, shortened
from requesty_nb.display.figures import BORDER, QUIET, Figure, heat_figure, picture_figure, source_figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from requesty_nb.models import Edit, Picture

_WEIGHT = 62_000  # bytes of one output in the saved notebook: 64 KB, less its frame
_BOLD = ";font-weight:600"
_LINE = 16  # more for each line: it is saved as an indented one


def edit_bundle(edit: Edit, *, raw: bool = False) -> dict[str, str]:
    """Return the card of an edit as ``text/html`` and ``text/plain``; ``raw`` shows what was received."""
    figures = list(_figures(edit, raw=raw))
    # New or replayed, it has the same thumbnails: there is room for either headline.
    forms = [edit.answered(replayed=replayed, remark=edit.remark) for replayed in (True, False)]
    room = min(_room(_card(form, _bare(figures)), edit_text(form)) for form in forms)
    return {"text/html": _card(edit, _drawn(figures, room)), "text/plain": edit_text(edit)}


def picture_bundle(picture: Picture) -> dict[str, str]:
    """Return one picture, as a thumbnail in ``text/html`` and a line of ``text/plain``."""
    width, height = picture.size
    alt = f"picture of {width} by {height} pixels"
    figure = picture_figure(picture, f"{width} x {height}, {picture.mime}", alt)
    plain, around = repr(picture), "<div>{}</div>"
    room = _room(around.format(_bare([figure])), plain)
    return {"text/html": around.format(_drawn([figure], room)), "text/plain": plain}


def _card(edit: Edit, figures: str) -> str:
    prompt = escape(shortened(edit.prompt, TEXT_LIMIT))
    rows = "".join(
        f'<dt style="{QUIET};float:none;width:auto;white-space:nowrap;font-weight:400">{escape(label)}</dt>'
        f'<dd style="margin:0;float:none;width:auto;overflow-wrap:anywhere{_BOLD * (label == WARNING)}">'
        f"{escape(value)}</dd>"
        for label, value in facts(edit)
    )
    return (
        f'<div style="border:{BORDER};border-radius:6px;padding:10px 12px;margin:2px 0;max-width:1100px;'
        'line-height:1.4">'
        f'<div style="font-weight:600;white-space:pre-wrap;overflow-wrap:anywhere">{prompt}</div>'
        f'<div style="{QUIET};margin:2px 0 8px">{escape(headline(edit))}</div>'
        '<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">'
        f"{figures}"
        '<dl style="display:grid;grid-template-columns:max-content minmax(8em,1fr);gap:2px 10px;margin:0;'
        f'align-items:start;flex:1 1 20em;font-size:.88em">{rows}</dl>'
        "</div></div>"
    )


def _room(html: str, plain: str) -> int:
    """Return how many bytes are left for thumbnails beside a card without any, and its plain text."""
    text = json.dumps([html, plain], ensure_ascii=False)
    return _WEIGHT - len(text.encode()) - _LINE * text.count(r"\n")


def _bare(figures: Sequence[Figure]) -> str:
    return "".join(figure.html(0) for figure in figures)


def _drawn(figures: Sequence[Figure], room: int) -> str:
    """Draw figures so large that together they take no more room than there is."""
    pictures = sum(figure.preview is not None for figure in figures)
    budget = room * 3 // 4 // max(1, pictures)  # base64 makes four of three
    return "".join(figure.html(budget) for figure in figures)


def _figures(edit: Edit, *, raw: bool) -> Iterator[Figure]:
    """Yield the source with the mask laid over it, the results, and what they changed outside the mask."""
    yield source_figure(edit)
    shown = edit.images if raw else edit.restored
    kind = "restored" if edit.record.restored and not raw else "result"
    for number, picture in enumerate(shown, 1):
        width, height = picture.size
        what = kind if len(shown) == 1 else f"{kind} {number}"
        about = shortened(edit.prompt, 120 if len(shown) == 1 else 40)
        yield picture_figure(picture, f"{what}, {width} x {height}", f"{what} of the edit: {about}", edit)
    if heat := heat_figure(edit):
        yield heat
