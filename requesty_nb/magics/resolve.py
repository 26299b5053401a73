"""What a word of a cell's first line stands for: a variable, a path, a URL, a data URL or a file id."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from requesty_nb import images
from requesty_nb.errors import BadImage, BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PACKAGE = "rq"  # what cells that were written for an edit call this package
_AS_IT_IS = ("https://", "http://", "data:")


def resolve(word: str, names: Mapping[str, object], evaluate: Callable[[str], object]) -> object:
    """Return what a word stands for.

    A variable's name means the variable; a path that exists means the file; an expression that begins with
    a variable (``e.images[0]``, ``shots[2]``) is evaluated. ``rq`` is this package, unless a variable is
    called so.

    Raises:
        BadImage: it is none of these.
    """
    if word.startswith(_AS_IT_IS):
        return word
    if word.isidentifier() and word in names:
        return names[word]
    if _exists(word):
        return Path(word).expanduser()
    if word.startswith("file-") and "." not in word:
        return word
    root = _root(word)
    if root in names or root == _PACKAGE != word:
        try:
            return evaluate(word) if root in names else _of_package(word, names)
        except Exception as error:
            raise BadRequest(f"{word} cannot be evaluated: {type(error).__name__}: {error}") from error
    if word.isidentifier():
        raise BadImage(f"There is neither a variable nor a file named {word}.", hint="Check the name.")
    return Path(word).expanduser()  # loading it tells what is wrong, and what lies near


def named(word: str, value: object) -> object:
    """Return what a variable holds, named after it if it is a picture without a name; its identity stays.

    Raises:
        BadImage: it is an array or bytes, but no picture.
    """
    nameless = isinstance(value, bytes | bytearray | Image.Image) or hasattr(value, "__array__")
    offers = hasattr(value, "__imgedit_source__") or bool(getattr(value, "filename", ""))
    if not nameless or offers or not word.isidentifier():
        return value
    source = images.load(value)
    return replace(source, name=f"{word}{Path(source.name).suffix}")


def _of_package(word: str, names: Mapping[str, object]) -> object:
    package = sys.modules[__name__.partition(".")[0]]
    return eval(word, {_PACKAGE: package}, names)  # noqa: S307 - the notebook's own code


def _exists(word: str) -> bool:
    try:
        return Path(word).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # a name too long, a home that is not there, a NUL
        return False


def _root(word: str) -> str:
    """Return the variable an expression begins with; empty if the word is no such expression."""
    try:
        node: ast.AST = ast.parse(word, mode="eval").body
    except (SyntaxError, ValueError):
        return ""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
