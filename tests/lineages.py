"""Trees made by hand: for tests of how they are drawn, also in a browser's kernel."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from requesty_nb.models import ImageInfo, Summary, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

NASTY = (
    'click n0 "javascript:alert(1)"',
    '"]:::ok; n9["x',
    '%%{init: {"theme": "forest"}}%%',
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "1. a list",
    "- an item",
    "`code` **bold** _it_",
    "ﬂ°lt¶ß",
    "&lt;b&gt; &foo;",
    "end",
    "one\nsubgraph two",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER QOF}",
    "\N{GRINNING FACE} 日本",
    "]]> --> <!-- </svg>",
    "\x00\x1b[31m\ud800\ufffe",
    "",
)


def edit(number: int, sources: Sequence[tuple[str, str]], prompt: str = "", **known: object) -> Summary:
    """Return the summary of an edit; its picture is made from its number alone."""
    picture = ImageInfo(hashlib.sha256(bytes(str(number), "ascii")).hexdigest(), "image/png", 8, 8)
    whole = {
        "id": f"20261122T{number:06}-0001",
        "take": 1,
        "state": "ok",
        "started": datetime(2026, 11, 22, tzinfo=UTC) + timedelta(minutes=number),
        "prompt": prompt or f"prompt {number}",
        "model": "azure/openai/gpt-image-1.5",
        "given": tuple(digest for digest, _ in sources),
        "names": tuple(name for _, name in sources),
        "images": (picture,),
        **known,
    }
    return Summary(**whole)  # type: ignore[arg-type]


def tree(*nodes: Summary) -> Tree:
    makers = {identity: node.id for node in reversed(nodes) for identity in node.made}
    above = {
        node.id: tuple(dict.fromkeys(makers[one] for one in node.given if one in makers)) for node in nodes
    }
    return Tree(nodes, {one: found for one, found in above.items() if found})


def from_(node: Summary) -> tuple[str, str]:
    return node.made[0], "image.png"


PHOTO, LOGO = ("sha256:photo", "photo.jpg"), ("sha256:logo", "logo.png")


def family() -> Tree:
    """A photograph with two edits; one goes on, to an edit that takes a logo and the other one as well."""
    first = edit(1, [PHOTO], "a red hat")
    second = edit(2, [PHOTO], "a blue hat", take=2)
    third = edit(3, [from_(first)], "as a watercolour", model="offline/painter")
    fourth = edit(4, [from_(third), LOGO, from_(second)], "with the logo")
    lone = edit(5, [("https://example.org/cat.png", "cat.png")], "grey")
    return tree(first, second, third, fourth, lone)


def fan(count: int) -> Tree:
    return tree(*(edit(number, [PHOTO]) for number in range(count)))


def chain(count: int) -> Tree:
    nodes = [edit(0, [PHOTO])]
    for number in range(1, count):
        nodes.append(edit(number, [from_(nodes[-1])]))
    return tree(*nodes)
