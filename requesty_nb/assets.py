"""The programs and styles of the browser's side, as ``js/`` builds them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_STATIC = Path(__file__).parent / "static"


@cache
def asset(name: str) -> str:
    """Return a built file as text, such as ``gallery.js``: to be sent, or put into a page."""
    return (_STATIC / name).read_text(encoding="utf-8")
