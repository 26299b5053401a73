"""The page that lies in a folder of edits: all of them to look through, with no script and from the files."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from requesty_nb import display
from requesty_nb.display import rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from requesty_nb.models import Edit

_LONGEST = 32_000  # characters of a prompt
# Nothing is fetched but pictures beside the page; were a script in it by mistake, it would not run.
_POLICY = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;max-width:1200px;margin:0 auto;padding:16px}
article{border:1px solid rgba(128,128,128,.35);border-radius:8px;padding:12px 14px;margin:14px 0;
content-visibility:auto;contain-intrinsic-size:auto 340px}
h2{font-size:1em;margin:0 0 2px;white-space:pre-wrap;overflow-wrap:anywhere}
.told{opacity:.75;margin:0 0 10px}
.row{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start}
figure{margin:0;max-width:264px}
img{display:block;max-width:100%;max-height:264px;border-radius:4px;
background:repeating-conic-gradient(rgba(128,128,128,.25) 0 25%,transparent 0 50%) 0 0/16px 16px}
figcaption{font-size:.85em;opacity:.75;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content minmax(8em,1fr);gap:2px 10px;margin:0;flex:1 1 20em;
font-size:.88em}
dt{opacity:.75}
dd{margin:0;overflow-wrap:anywhere}
"""


def head() -> bytes:
    """Return the beginning of the page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Image edits</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Image edits</h1>\n"
        '<p>What each file is stands in <a href="records.jsonl">records.jsonl</a>; '
        "<code>rq.history.import_(...)</code> takes all of it into a history.</p>\n"
    ).encode()


def entry(edit: Edit, shown: Sequence[str], files: Mapping[str, str]) -> bytes:
    """Return the part of one edit.

    Args:
        edit: what to tell of.
        shown: the files of its pictures.
        files: those of all it needs, by sha256.
    """
    given = [(files[ref.stored], ref.name) for ref in edit.request.images if ref.stored in files]
    made = [(name, name) for name in shown]
    figures = "".join(_figure(name, caption) for name, caption in [*given, *made])
    told = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in display.facts(edit)
    )
    return (
        f'<article id="{escape(edit.id)}">\n<h2>{escape(display.shortened(edit.prompt, _LONGEST))}</h2>\n'
        f'<p class="told">{escape(rows.told(edit))}</p>\n'
        f'<div class="row">{figures}<dl>{told}</dl></div>\n</article>\n'
    ).encode()


def end() -> bytes:
    """Return the end of the page."""
    return b"</body>\n</html>\n"


def _figure(name: str, caption: str) -> str:
    address, told = escape(quote(name)), escape(display.shortened(caption, 120))
    return (
        f'<figure><a href="{address}"><img src="{address}" alt="{told}" loading="lazy" decoding="async"></a>'
        f"<figcaption>{told}</figcaption></figure>"
    )
