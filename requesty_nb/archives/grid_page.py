"""A grid as one HTML file, that holds all it shows and needs no script, no kernel and no network."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from requesty_nb import images
from requesty_nb.display.grids import body, style
from requesty_nb.display.tiles import thumbnail

if TYPE_CHECKING:
    from requesty_nb.models import Edit, Grid

_BUDGET = 40_000_000  # bytes of all pictures
_MOST = 120_000  # of one
_LARGE = 24_000  # of one that is larger than a thumbnail
_FORMS = ((768, 80), (640, 75), (512, 75), (448, 65))  # edge and quality, the finest first
_FIRST = 600  # characters of an error
# Larger than in a notebook, and in the colours that the reader prefers.
_OWN = """
:root{color-scheme:light dark}
body{margin:0 auto;padding:12px 24px 32px;max-width:1800px;background:Canvas;color:CanvasText;
font:15px/1.4 system-ui,sans-serif}
h1{margin:0 0 4px;font-size:20px}
.rqg img,.rqg .rqg-flow>li{width:384px}
.rqg .rqg-trouble{max-width:384px}
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main><h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def grid_page(grid: Grid) -> bytes:
    """Return the page of a grid: its pictures at most 768 pixels a side, 40 MB in all."""
    room = min(_MOST, _BUDGET * 3 // 4 // max(1, len(grid)))
    sheet = style() + _OWN
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    by = " by ".join(axis.name for axis in grid.axes if len(axis) > 1)
    title = f"{len(grid):,} image edit{'s' * (len(grid) != 1)}{f' by {by}' * bool(by)}"
    title += f", {datetime.now().astimezone():%Y-%m-%d}"
    shown = body(grid, "page", lambda edit: _picture(edit, room), _FIRST)
    return _PAGE.format(policy=policy, title=escape(title), style=sheet, body=shown).encode()


def _picture(edit: Edit, room: int) -> bytes:
    if room < _LARGE:
        return thumbnail(edit, room)
    picture = edit.restored[0].pil
    for form in _FORMS:
        data = images.preview(picture, *form)
        if len(data) <= room:
            return data
    return thumbnail(edit, room)
