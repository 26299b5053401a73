"""The newest few of many edits as static HTML: what is left of a gallery where no widget runs."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from requesty_nb import images
from requesty_nb.display.facts import shortened
from requesty_nb.errors import ImgEditError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from requesty_nb.models import Summary

NEWEST = 6
_BUDGET = 6_500  # bytes a thumbnail: with its words 9 KB in the notebook's file
_THUMBS = ((224, 75), (224, 50), (160, 60), (160, 40), (112, 50), (64, 40))  # edge and quality
_WIDE, _HIGH = 168, 126  # CSS pixels of a picture
_GROUND = "border-radius:4px;background:rgba(128,128,128,.12)"
_QUIET = "font-size:.85em;opacity:.7"


def album(newest: Sequence[Summary], total: int, preview: Callable[[str], bytes]) -> str:
    """Return the first `NEWEST` of some edits as HTML of at most 60 KB.

    Args:
        newest: the newest first.
        total: how many there are in all.
        preview: returns a thumbnail by a picture's sha256; raises `ImgEditError` if there is none.
    """
    figures = "".join(_figure(summary, preview) for summary in newest[:NEWEST])
    more = "No edits yet." if not total else f"{total:,} edit{'s' * (total != 1)}"
    if total > NEWEST:
        more += f", the newest {NEWEST} here. Run the cell to look through all of them"
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:14px">{figures}</div>'
        f'<div style="{_QUIET};margin-top:8px">{more.rstrip(".")}.</div>'
    )


def _figure(summary: Summary, preview: Callable[[str], bytes]) -> str:
    prompt = escape(shortened(summary.prompt, 90))
    star = "★ " * summary.starred
    about = escape(shortened(f"{star}{summary.started:%Y-%m-%d}, {summary.model.rpartition('/')[2]}", 80))
    return (
        f'<figure style="margin:0;width:{_WIDE}px">{_picture(summary, preview)}'
        f'<figcaption style="margin-top:4px;line-height:1.35;overflow-wrap:anywhere">{prompt}'
        f'<div style="{_QUIET};overflow:hidden;text-overflow:ellipsis;white-space:nowrap">{about}</div>'
        "</figcaption></figure>"
    )


def _picture(summary: Summary, preview: Callable[[str], bytes]) -> str:
    frame = f"display:block;width:{_WIDE}px;height:{_HIGH}px;{_GROUND}"
    try:
        if not summary.shown:
            return f'<div style="{frame}">{_words(summary.trouble or "no picture")}</div>'
        webp = _thumbnail(preview(summary.shown[0].sha256))
    except ImgEditError as error:
        return f'<div style="{frame}">{_words(error.message)}</div>'
    source = f"data:image/webp;base64,{base64.b64encode(webp).decode()}"
    alt = escape(shortened(summary.prompt, 90))
    return f'<img src="{source}" alt="{alt}" style="{frame};object-fit:contain">'


def _words(text: str) -> str:
    return f'<div style="padding:10px;overflow-wrap:anywhere;{_QUIET}">{escape(shortened(text, 100))}</div>'


def _thumbnail(preview: bytes) -> bytes:
    """Return the finest thumbnail that weighs no more than it may; the coarsest if none does."""
    if len(preview) <= _BUDGET:
        return preview
    image, data = images.decode(preview), b""
    for edge, quality in _THUMBS:
        data = images.preview(image, edge, quality)
        if len(data) <= _BUDGET:
            break
    return data
