"""What a word of a cell's first line stands for: a variable, a path, a URL, a data URL or a file id."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from requesty_nb.errors import BadImage, BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_AS_IT_IS = ("https://", "http://", "data:")


def resolve(word: str, names: Mapping[str, object], evaluate: Callable[[str], object]) -> object:
    """Return what a word stands for.

    A variable's name means the variable; a path that exists means the file; an expression that begins with
    a variable (``e.images[0]``, ``shots[2]``) is evaluated.

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
    if _root(word) in names:
        try:
            return evaluate(word)
        except Exception as error:
            raise BadRequest(f"{word} cannot be evaluated: {type(error).__name__}: {error}") from error
    if word.isidentifier():
        raise BadImage(f"There is neither a variable nor a file named {word}.", hint="Check the name.")
    return Path(word).expanduser()  # loading it tells what is wrong, and what lies near


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
