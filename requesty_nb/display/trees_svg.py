"""A tree as a static picture: an SVG that needs nothing else and can do nothing.

A row for each box, indented under what it came from, so that prompts can be read however deep and wide the
tree grows. What an edit took besides its first source leads in from the right.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from requesty_nb.display.trees_boxes import FILLS, LINES, Boxes, boxes, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models import Tree

_TITLE = 90  # characters
# Pixels:
_ROW, _CARD = 36, 29  # from row to row; height of a card
_STEP, _DEEPEST = 26, 360  # indentation of a level; of all together
_NARROWEST, _WIDEST = 240, 760  # the latter fits a notebook's column on a small screen
_MARGIN, _PADDING, _GAP = 3, 11, 18
_SIZE, _SMALL = 13, 12  # of letters
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[] "), frozenset("mwMW@%—…&")
_ASIDE = f'fill="#fff" opacity=".85" text-anchor="end" font-size="{_SMALL}"'
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"


def tree_svg(tree: Tree) -> str:
    """Return a tree as an SVG."""
    return drawn_svg(boxes(tree))


def drawn_svg(drawn: Boxes, title: int = _TITLE) -> str:
    """Return boxes as an SVG, with at most so many characters of each title."""
    return _Layout(drawn, title).svg()


class _Layout:
    """Where everything is. All that a reader's text could break is escaped where it is written."""

    def __init__(self, drawn: Boxes, title: int) -> None:
        self.drawn, self.title = drawn, title
        walk = [(place, len(way)) for place, way in drawn.walk()]
        self.step = min(_STEP, _DEEPEST / max((1, *(depth for _, depth in walk))))
        self.left = {place: _MARGIN + round(depth * self.step) for place, depth in walk}
        self.middle = {place: _MARGIN + row * _ROW + _CARD / 2 for row, (place, _) in enumerate(walk)}
        self.places = [place for place, _ in walk]
        self.right = {place: math.ceil(min(_WIDEST, self._reach(place))) for place in self.places}
        self.widest = max((_NARROWEST, *self.right.values()))

    def svg(self) -> str:
        """Return the picture."""
        across, about = self._across(), escape(f"Which edit went on from which. {self.drawn.about}")
        noted = bool(self.drawn.left_out or not self.places)
        width = self.widest + (_bulge(len(self.places)) if across else 0) + _MARGIN
        height = _MARGIN + (len(self.places) + noted) * _ROW
        note = f'<text x="{_MARGIN}" y="{height - 14}" fill="{LINES}">{escape(self.drawn.about)}</text>'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-label="{about}" font-family="{_FONT}" '
            f'font-size="{_SIZE}"><title>{about}</title>'
        )
        parts = [
            head,
            _line(self._down()),
            across,
            *self._cards(),
            f'<g fill="#fff">{"".join(map(self._words, self.places))}</g>',
            f"<g {_ASIDE}>{''.join(map(self._aside, self.places))}</g>",
            note if noted else "",
        ]
        return "\n".join((*filter(None, parts), "</svg>"))

    def _reach(self, place: int) -> float:
        box = self.drawn.boxes[place]
        aside = _GAP + _pixels(box.detail, _SMALL) if box.detail else 0
        return self.left[place] + 2 * _PADDING + _pixels(cut(box.title, self.title), _SIZE) + aside

    def _cards(self) -> Iterator[str]:
        for kind, fill in FILLS.items():
            cards = [
                f'<rect x="{self.left[place]}" y="{self.middle[place] - _CARD / 2:g}" '
                f'width="{self.right[place] - self.left[place]}" height="{_CARD}" rx="6"/>'
                for place in self.places
                if self.drawn.boxes[place].kind == kind
            ]
            if cards:
                yield f'<g fill="{fill}">{"".join(cards)}</g>'

    def _words(self, place: int) -> str:
        box = self.drawn.boxes[place]
        room: float = self.right[place] - self.left[place] - 2 * _PADDING
        if box.detail:
            room -= _GAP + _pixels(box.detail, _SMALL)
        fitted = _fitted(cut(box.title, self.title), room)
        at = f'x="{self.left[place] + _PADDING}" y="{self.middle[place] + 4.5:g}"'
        return f"<text {at}>{escape(fitted, quote=False)}</text>"

    def _aside(self, place: int) -> str:
        detail = self.drawn.boxes[place].detail
        if not detail:
            return ""
        at = f'x="{self.right[place] - _PADDING}" y="{self.middle[place] + 4.5:g}"'
        return f"<text {at}>{escape(detail, quote=False)}</text>"

    def _down(self) -> str:
        """Draw the lines from each box to those below it."""
        lines = []
        for place, children in enumerate(self.drawn.children):
            if not children:
                continue
            trunk = self.left[place] + round(min(_STEP, self.step) / 2)
            lines.append(f"M{trunk} {self.middle[place]:g}V{self.middle[children[-1]]:g}")
            lines += [f"M{trunk} {self.middle[child]:g}H{self.left[child]}" for child in children]
        return "".join(lines)

    def _across(self) -> str:
        """Draw what leads in from the right: dashed, with an arrow's head."""
        lines, heads = [], []
        for place, box in enumerate(self.drawn.boxes):
            for parent in box.parents[1:]:
                start, end = self.middle[parent], self.middle[place]
                out = self.widest + _bulge(round(abs(end - start) / _ROW)) * 4 / 3
                lines.append(
                    f"M{self.right[parent]} {start:g}H{self.widest}"
                    f"C{out:.0f} {start:g} {out:.0f} {end:g} {self.widest} {end:g}H{self.right[place] + 7}"
                )
                heads.append(f"M{self.right[place] + 2} {end:g}l7-4v8z")
        if not lines:
            return ""
        dashed = _line("".join(lines), ' stroke-dasharray="5 3"')
        return f'{dashed}<path fill="{LINES}" d="{"".join(heads)}"/>'


def _line(path: str, look: str = "") -> str:
    return f'<path fill="none" stroke="{LINES}" stroke-width="1.5"{look} d="{path}"/>'


def _bulge(rows: int) -> int:
    """Return how far to the right a line goes that leads over so many rows."""
    return 20 + min(60, 6 * rows)


def _pixels(text: str, size: int) -> float:
    """Return about how wide a text is, rather too wide than too narrow: there is no font to measure here."""
    return size * sum(map(_share, text))


def _share(character: str) -> float:
    if east_asian_width(character) in "WF":
        return 1.1
    if character in _NARROW:
        return 0.36
    return 0.9 if character in _WIDE else 0.72 if character.isupper() else 0.6


def _fitted(text: str, room: float) -> str:
    """Return as much of a text as fits."""
    if _pixels(text, _SIZE) <= room:
        return text
    room -= _pixels("…", _SIZE)
    for at, character in enumerate(text):
        room -= _SIZE * _share(character)
        if room < 0:
            return f"{text[:at].rstrip()}…"
    return text
