"""`contact_sheet`: a grid as one picture, with all cells in their places and what they are called."""

from __future__ import annotations

import textwrap
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from requesty_nb import images
from requesty_nb.display.facts import shortened
from requesty_nb.errors import ImgEditError
from requesty_nb.models import Edit, summary_of

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

    from requesty_nb.models import Cell, Grid, Page

    _Paper = tuple[Image.Image, ImageDraw.ImageDraw]

_SHEET = 100_000_000  # pixels, at most
_EDGES = (512, 384, 256, 192, 128, 96, 64, 48)  # of a cell's picture, the largest first
_GAP, _MARGIN = 12, 24
_PAPER, _INK, _FAINT, _EMPTY = (255, 255, 255), (33, 33, 33), (110, 110, 110), (240, 240, 240)
_LINES = 3  # of a label


class _Look(NamedTuple):
    """Sizes in pixels: of a cell, of the text, of the labels at the left and above."""

    cell: tuple[int, int]
    text: int
    left: int
    above: int


def contact_sheet(grid: Grid) -> Image.Image:
    """Draw a grid on white: pages one below the other, rows and columns labelled, errors in words.

    Cells are at most 512 pixels a side; less where the whole would exceed 100 megapixels.

    Raises:
        ValueError: there are too many cells for one picture.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - only who exports needs it

    shape = _shape(grid)
    for edge in _EDGES:
        look = _look(grid, shape, edge)
        width, heights = _width(grid, look), [_height(page, look) for page in grid.pages]
        height = sum(heights) + 2 * _MARGIN
        if width * height <= _SHEET and max(width, height) < 65_000:  # noqa: PLR2004 - the most a JPEG can have
            break
    else:
        raise ValueError("There are too many cells for one picture.")
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen, top = ImageDraw.Draw(sheet), _MARGIN
    for page, high in zip(grid.pages, heights, strict=True):
        _draw_page((sheet, pen), grid, page, look, top)
        top += high
    return sheet


def _shape(grid: Grid) -> float:
    """Return width by height of the first picture, within reason."""
    for edit in grid.edits:
        if edit.restored:
            width, height = edit.restored[0].size
            return min(3.0, max(1 / 3, width / height))
    return 1.0


def _look(grid: Grid, shape: float, edge: int) -> _Look:
    cell = (edge, max(1, round(edge / shape))) if shape >= 1 else (max(1, round(edge * shape)), edge)
    text = max(11, edge // 22)
    rows = any(label for page in grid.pages for label in page.rows)
    columns = any(label for page in grid.pages for label in page.columns)
    left = max(120, edge // 2) if rows else 0
    lines = max(
        (len(_wrapped(label, text, cell[0])) for page in grid.pages for label in page.columns), default=0
    )
    return _Look(cell, text, left, (lines * _line(text) + _GAP // 2 if columns else 0))


def _line(text: int) -> int:
    return text * 13 // 10


def _width(grid: Grid, look: _Look) -> int:
    columns = max(len(page.columns) for page in grid.pages)
    return 2 * _MARGIN + look.left + columns * (look.cell[0] + _GAP) - _GAP


def _height(page: Page, look: _Look) -> int:
    title = 2 * _line(look.text) if page.label else 0
    return title + look.above + len(page.rows) * (look.cell[1] + _GAP) + _MARGIN


def _draw_page(paper: _Paper, grid: Grid, page: Page, look: _Look, top: int) -> None:
    _, pen = paper
    if page.label:
        pen.text((_MARGIN, top), shortened(page.label, 200), fill=_INK, font=_font(look.text * 5 // 4))
        top += 2 * _line(look.text)
    wide, high = look.cell
    for column, label in enumerate(page.columns):
        left = _MARGIN + look.left + column * (wide + _GAP)
        _write(pen, (left, top), label, look, wide)
    top += look.above
    for row, label in enumerate(page.rows):
        _write(pen, (_MARGIN, top + row * (high + _GAP)), label, look, look.left - _GAP)
        for column, place in enumerate(page.places[row]):
            box = (_MARGIN + look.left + column * (wide + _GAP), top + row * (high + _GAP))
            _draw_cell(paper, grid[place], look, box)


def _draw_cell(paper: _Paper, cell: Cell, look: _Look, box: tuple[int, int]) -> None:
    sheet, pen = paper
    (left, top), (wide, high) = box, look.cell
    said = ""
    if isinstance(cell, Edit):
        try:
            picture = _small(cell, max(wide, high))
        except (ImgEditError, OSError, ValueError) as error:
            said = error.message if isinstance(error, ImgEditError) else str(error)
        else:
            picture.thumbnail((wide, high))
            place = (left + (wide - picture.width) // 2, top + (high - picture.height) // 2)
            sheet.paste(picture, place, picture if picture.mode == "RGBA" else None)
            return
    else:
        said = f"{type(cell).__name__}: {cell.message}"
    pen.rectangle((left, top, left + wide - 1, top + high - 1), fill=_EMPTY)
    _write(pen, (left + _GAP, top + _GAP), said, look, wide - 2 * _GAP, faint=True)


def _small(edit: Edit, edge: int) -> Image.Image:
    """Return an edit's first picture, from the thumbnails that are kept where they are large enough."""
    info = summary_of(edit.record).shown[0]

    def make() -> bytes:
        return images.preview(edit.restored[0].pil, edge, 90)

    return images.decode(edit.cached(f"{info.sha256}-sheet-{edge}.webp", make))


def _write(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, look: _Look, wide: int, *, faint: bool = False
) -> None:
    for number, line in enumerate(_wrapped(text, look.text, wide)):
        place = (at[0], at[1] + number * _line(look.text))
        pen.text(place, line, fill=_FAINT if faint else _INK, font=_font(look.text))


def _wrapped(text: str, size: int, wide: int) -> list[str]:
    """Return a text in the few lines that it is given."""
    each = max(1.0, _font(size).getlength("abcdefghijklmnopqrstuvwxyz") / 26)
    whole = " ".join(shortened(text, 400).split())
    return textwrap.wrap(whole, max(4, int(wide / each)), max_lines=_LINES, placeholder=" …")


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont  # noqa: PLC0415 - only who exports needs it

    return ImageFont.load_default(size)
