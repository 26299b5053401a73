"""A card read as a browser reads it: its elements, its words, its pictures, and what it weighs when saved."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING, Any

import nbformat.v4 as form
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 64 * 1024  # bytes of one edit's output in the saved notebook
_ELEMENTS = {"div", "figure", "img", "figcaption", "dl", "dt", "dd"}
_ATTRIBUTES = {"style", "src", "alt"}
_EMPTY = {"img"}


class Card(HTMLParser):
    """The elements of a card, which are known to be closed, and to be able to do nothing but show."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.rows: dict[str, str] = {}
        self.images: list[dict[str, str]] = []
        self._open: list[str] = []
        self._label = ""
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ELEMENTS, f"a card holds no <{tag}>"
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs)
        assert attributes.keys() <= _ATTRIBUTES, attributes.keys()
        if tag == "img":
            assert attributes["src"].startswith("data:image/webp;base64,")
            self.images.append(attributes)
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open[-1:] == ["dt"]:
            self._label = data
        elif self._open[-1:] == ["dd"]:
            self.rows[self._label] = self.rows.get(self._label, "") + data

    @property
    def text(self) -> str:
        return "\n".join(self.words)

    @property
    def alts(self) -> list[str]:
        return [image["alt"] for image in self.images]

    def pictures(self) -> list[Image.Image]:
        """The thumbnails, decoded."""
        found = []
        for image in self.images:
            with Image.open(BytesIO(base64.b64decode(image["src"].partition(",")[2]))) as opened:
                opened.load()
                found.append(opened.copy())
        return found


def weight(bundle: Mapping[str, Any]) -> int:
    """Return the bytes that a bundle adds to a saved notebook."""
    empty = form.new_code_cell(outputs=[])
    full = form.new_code_cell(outputs=[form.new_output("display_data", data=dict(bundle))], id=empty.id)
    saved, bare = (form.writes(form.new_notebook(cells=[cell])) for cell in (full, empty))
    return len(saved.encode()) - len(bare.encode())
