"""Words for pictures, made from names that may come from a stranger, and text that is safe to print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from requesty_nb.models import ImageRef

_FILE_ID = re.compile(r"file-[A-Za-z0-9_-]+")
_LONGEST_NAME = 120
_LONGEST_TOLD = 200
_HERE = "./"


def reference_of(ref: ImageRef) -> str:
    """Return the URL or file id a picture was given as; empty if its pixels were.

    Raises:
        ValueError: it says that it is one, but is none.
    """
    kind, _, text = ref.digest.partition(":")
    if kind == "url":
        if text[:8].lower() != "https://" or not text.isprintable() or " " in text:
            raise ValueError("what it calls a URL is none")
    elif kind == "file":
        if not _FILE_ID.fullmatch(text):
            raise ValueError("what it calls a file id is none")
    else:
        return ""
    return text


def words_for(refs: Iterable[ImageRef]) -> tuple[str, ...]:
    """Return the word by which a cell names each picture: the same picture by the same word, no two by one.

    A file is named ``./name``, without any folder. That is no Python, so nothing evaluates it, whatever the
    name says; only one that the user's own folder holds is found by it.

    Raises:
        ValueError: as `reference_of`.
    """
    taken: dict[str, str] = {}  # word: digest
    found = []
    for ref in refs:
        word = reference_of(ref)
        if not word:
            path = Path(_bare(ref.name))
            word, number = f"{_HERE}{path}", 1
            while taken.setdefault(word, ref.digest) != ref.digest:
                number += 1
                word = f"{_HERE}{path.stem}-{number}{path.suffix}"
        found.append(word)
    return tuple(found)


def word_for_path(path: Path) -> str:
    """Return the word that names a file of the user's own, which nothing takes for an expression."""
    if path.parts and path.parts[0].startswith("~"):
        path = path.absolute()  # even after ./ it would be taken for somebody's home
    return str(path) if path.is_absolute() or path.parts[:1] == ("..",) else f"{_HERE}{path}"


def plain(text: object) -> str:
    """Return text that moves no cursor and turns no direction: cut, with what cannot be seen spelled out."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text)[: _LONGEST_TOLD + 1])
    return shown if len(shown) <= _LONGEST_TOLD else f"{shown[:_LONGEST_TOLD]}…"


def _bare(name: str) -> str:
    """Return a file name without folders, homes and what cannot be seen; ``image`` if nothing is left."""
    last = re.split(r"[/\\]", name[-4 * _LONGEST_NAME :])[-1]
    seen = "".join(c for c in last if c.isprintable()).lstrip("~")
    if not seen.strip(" ."):
        return "image"
    path = Path(seen)
    return path.stem[:_LONGEST_NAME] + path.suffix[:_LONGEST_NAME]
