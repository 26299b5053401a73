"""Pictures to be compared, and their static form: figures that a script makes a comparison of.

Where no script runs, as on a page of strangers' notebooks, they are pictures with captions beside each other.
The script and the live widget are built from the same ``js/src/comparison``.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from requesty_nb import images
from requesty_nb.assets import asset
from requesty_nb.display import sides
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.display.outlines import Outline
    from requesty_nb.models import Edit

    Size = tuple[int, int]

MODES = ("slider", "beside", "all", "difference", "blink")
_WEIGHT = 62_000  # bytes of two pictures in the saved notebook: 64 KB, less its frame
_MORE = 23_500  # for each further one: 24 KB, likewise
_LINE = 16  # more for each line: it is saved as an indented one
_FORMS = (
    *((720, 75), (640, 70), (640, 60), (560, 60), (512, 60), (512, 50), (448, 50), (448, 40)),
    *(
        (416, 45),
        (416, 38),
        (384, 45),
        (384, 38),
        (320, 45),
        (320, 38),
        (256, 45),
        (192, 45),
        (128, 45),
        (64, 40),
    ),
)  # edge and quality, the finest first
_WIDE = 360  # CSS pixels of a picture where no script runs
_ABOUT = 200  # characters
_MEDIA = {b"\xff\xd8": "image/jpeg", b"RI": "image/webp"}  # by a file's first two bytes


@dataclass(frozen=True)
class Side:
    """One of the pictures that are compared.

    Attributes:
        label: what it is called.
        about: what it is, for those who do not see it.
        size: its own width and height.
        data: a JPEG, or if any of those compared is transparent somewhere, a WebP.
        outline: of the mask it was made with.
        edit: whose picture it is, if it is one that can be picked.
    """

    label: str
    about: str
    size: Size
    data: bytes
    outline: Outline | None = None
    edit: Edit | None = None

    @property
    def told(self) -> dict[str, Any]:
        """What the browser is told of it, but for the picture."""
        told: dict[str, Any] = {"label": self.label, "about": self.about, "size": list(self.size)}
        if self.outline is not None:
            told["outline"] = {"path": self.outline.path, "box": list(self.outline.size)}
        if self.edit is not None:
            told["edit"] = True
        return told


def see_mode(mode: str) -> str:
    """Return a way to look, if there is one of this name.

    Raises:
        BadRequest: there is none.
    """
    if mode not in MODES:
        raise BadRequest(f"mode is {str(mode)[:40]!r}, but has to be one of {', '.join(MODES)}.")
    return mode


def comparison(shown: Sequence[Side], mode: str, room: int = 0) -> str:
    """Return pictures as HTML that compares them where scripts run.

    Saved in a notebook it weighs at most 64 KB, and 24 KB more for each further picture.

    Args:
        shown: what is compared.
        mode: how it is looked at first.
        room: bytes that are to be left for what is saved beside it.
    """
    before = (
        f'<div data-rqe-comparison="{escape(mode)}"><style>{asset("comparison.css").strip()}</style>'
        '<div style="display:flex;flex-wrap:wrap;gap:14px">'
    )
    after = f"</div><script>{asset('comparison_page.js').strip()}</script></div>"
    bare = "".join((before, *(_figure(side, b"") for side in shown), after))
    left = _WEIGHT + _MORE * max(0, len(shown) - 2) - room - _saved(bare)
    pictures = _thumbnails([side.data for side in shown], left)
    figures = (_figure(side, picture) for side, picture in zip(shown, pictures, strict=True))
    return "".join((before, *figures, after))


def _figure(side: Side, data: bytes) -> str:
    width, height = side.size
    told = escape(json.dumps(side.told, ensure_ascii=False, separators=(",", ":")))
    source = f"data:{_MEDIA.get(data[:2], '')};base64,{base64.b64encode(data).decode()}"
    return (
        f'<figure style="margin:0;flex:1 1 200px;max-width:{_WIDE}px" data-rqe-side="{told}">'
        f'<img src="{source}" alt="{escape(side.about[:_ABOUT])}" '
        'style="display:block;max-width:100%;border-radius:4px">'
        '<figcaption style="margin-top:4px;font-size:.9em;line-height:1.35;overflow-wrap:anywhere">'
        f'{escape(side.label)} <span style="opacity:.7">{width} &times; {height}</span></figcaption></figure>'
    )


def _saved(html: str) -> int:
    """Return the bytes that HTML takes in the saved notebook."""
    text = json.dumps(html, ensure_ascii=False)
    return len(text.encode()) + _LINE * text.count(r"\n")


def _thumbnails(files: Sequence[bytes], room: int) -> list[bytes]:
    """Make all pictures so small that they fit, in one way: what is equal in two of them stays so."""
    opened = [images.decode(data) for data in files]
    opaque = all(data[:2] == b"\xff\xd8" for data in files)
    made: list[bytes] = []
    for edge, quality in _FORMS:
        made = [sides.encoded(image, edge, opaque=opaque, quality=quality, tight=True) for image in opened]
        if sum((len(data) + 2) // 3 * 4 for data in made) <= room:
            break
    return made
