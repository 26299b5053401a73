"""A prompt with expressions in it: filled from the notebook, and the reverse."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from requesty_nb.errors import BadRequest, ImgEditError

if TYPE_CHECKING:
    from collections.abc import Callable

_HINT = "Write {{ and }} for braces that are meant as text."
_CLOSES = {")": "(", "]": "[", "}": "{"}
_CONVERSIONS: dict[str, Callable[[object], str]] = {"r": repr, "s": str, "a": ascii}
# patterns stay text: `re` compiles them when first used, and importing this stays quick
_STRING = (
    r"'''(?:[^\\]|\\.)*?'''"
    r'|"""(?:[^\\]|\\.)*?"""'
    r"|'(?:[^'\\\n]|\\.)*'"
    r'|"(?:[^"\\\n]|\\.)*"'
)
_EXCERPT = 40
_PARTING = r"^[^\S\n]*---[^\S\n]*$"
# What notebooks and their front ends trim, change or take for something else on the way to the magic, and
# what a reader would not see: it turns the direction of text, or moves a terminal's cursor.
_CHANGED = (
    r"^[^\S\n]+$"  # lines of nothing but space
    rf"|{_PARTING}"  # what parts one prompt from the next
    r"|^[^\S\n]*(?:>>>|\.\.\.)|^(?:\[\w+\])? ?In \["  # a prompt of Python or IPython, which is taken off
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+"
)


def fill(template: str, evaluate: Callable[[str], object]) -> str:
    """Return a prompt with every ``{expression}`` replaced by its value, by the rules of f-strings.

    ``{{`` and ``}}`` are braces; ``!r``, ``!s``, ``!a`` and ``:format`` work, fields in a format too.
    As in f-strings, a ``lambda`` or ``:=`` needs parentheses, since a bare colon starts the format.

    Args:
        template: the prompt as written.
        evaluate: gives the value of one Python expression. A literal text is not asked for.

    Raises:
        BadRequest: a brace has no partner, an expression is no Python, or it has no value; the message says
            where.
    """
    if "{" not in template and "}" not in template:
        return template
    return _Filler(template, evaluate).filled()


def parted(body: str) -> list[str]:
    """Return the prompts of a cell's body, which lines of nothing but ``---`` part from each other."""
    return [part.strip() for part in re.split(_PARTING, body, flags=re.MULTILINE)]


def names_in(template: str) -> set[str]:
    """Return the names that a prompt's expressions read, wherever they come from.

    Raises:
        BadRequest: as `fill`.
    """
    names: set[str] = set()

    def note(expression: str) -> object:
        tree = ast.walk(ast.parse(expression, mode="eval"))
        names.update(node.id for node in tree if isinstance(node, ast.Name))
        return _Anything()

    fill(template, note)
    return names


class _Anything:
    """A value that is only asked for: it is written as nothing, in whatever format."""


def escape(prompt: str) -> str:
    """Return the template that fills to exactly this prompt.

    What would be changed on the way through a notebook, such as space at the ends, and what cannot be seen,
    becomes an expression: a literal text.
    """
    start, inner = len(prompt) - len(prompt.lstrip()), prompt.strip()
    before, after = prompt[:start], prompt[start + len(inner) :]
    doubled = inner.replace("{", "{{").replace("}", "}}")
    kept = re.sub(_CHANGED, lambda found: _literal(found[0]), doubled, flags=re.MULTILINE)
    return _literal(before) + kept + _literal(after)


def _literal(text: str) -> str:
    return "{" + repr(text) + "}" if text else ""


class _Filler:
    """One pass over one template; positions are offsets in it."""

    def __init__(self, template: str, evaluate: Callable[[str], object]) -> None:
        self.template = template
        self.evaluate = evaluate

    def filled(self) -> str:
        parts: list[str] = []
        at = 0
        braces = re.compile("[{}]")
        while brace := braces.search(self.template, at):
            start = brace.start()
            parts.append(self.template[at:start])
            if self.template.startswith(brace[0] * 2, start):
                piece, at = brace[0], start + 2
            elif brace[0] == "}":
                raise self.wrong(start, "this } has no { before it.")
            else:
                piece, at = self.field(start)
            parts.append(piece)
        return "".join(parts) + self.template[at:]

    def field(self, start: int, *, nested: bool = False) -> tuple[str, int]:
        """Return what the field that opens at ``start`` comes to, and where the text goes on."""
        stop = self.end_of_expression(start)
        value = self.value(self.template[start + 1 : stop].strip(), start)
        if self.template[stop] == "!":
            convert = _CONVERSIONS.get(self.template[stop + 1 : stop + 2])
            if convert is None or self.template[stop + 2 : stop + 3] not in {"}", ":"}:
                raise self.wrong(start, "after a ! there has to be r, s or a, and nothing more.")
            value, stop = value if isinstance(value, _Anything) else convert(value), stop + 2
        spec = ""
        if self.template[stop] == ":":
            spec, stop = self.format_spec(stop + 1, start, nested=nested)
        if isinstance(value, _Anything):
            return "", stop + 1
        try:
            return format(value, spec), stop + 1
        except Exception as error:  # a user's object may fail in any way
            raise self.wrong(start, f"it cannot be written as text: {error}") from error

    def end_of_expression(self, start: int) -> int:
        """Return the offset of the }, ! or : that ends the expression after the { at ``start``."""
        text, at, opened = self.template, start + 1, [""]
        strings = re.compile(_STRING, re.DOTALL)
        while at < len(text):
            mark = text[at]
            if mark in "'\"":
                if not (string := strings.match(text, at)):
                    raise self.wrong(start, "a quote in this expression is not closed.")
                at = string.end()
                continue
            if mark in "([{":
                opened.append(mark)
            elif opened == [""] and (mark in "}:" or (mark == "!" and text[at + 1 : at + 2] != "=")):
                return at
            elif mark in _CLOSES and opened.pop() != _CLOSES[mark]:
                raise self.wrong(start, f"the {mark} in this expression closes nothing.")
            at += 1
        raise self.wrong(start, "this { is not closed.")

    def value(self, source: str, start: int) -> object:
        """Return the value of the expression ``source``."""
        if not source:
            raise self.wrong(start, "there is nothing between the braces.")
        # what breaks over lines is Python only within parentheses
        code = source if "\n" not in source else f"({source}\n)"
        try:
            tree = ast.parse(code, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self.wrong(start, f"{source!r} is not a Python expression.") from error
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            return tree.value
        try:
            return self.evaluate(code)
        except ImgEditError:
            raise
        except NameError as error:
            wrong = self.wrong(start, f"{error.name or source} is not defined in the notebook.")
            wrong.hint = f"Define it in a cell above. {_HINT}"
            raise wrong from error
        except Exception as error:  # a user's expression may fail in any way
            raise self.wrong(start, f"it raised {type(error).__name__}: {error}") from error

    def format_spec(self, at: int, start: int, *, nested: bool) -> tuple[str, int]:
        """Return the format that begins at ``at``, its own fields filled, and the offset of its }."""
        parts: list[str] = []
        while at < len(self.template) and (mark := self.template[at]) != "}":
            if mark == "{" and nested:
                raise self.wrong(start, "a format within a format can hold no expression.")
            piece, at = self.field(at, nested=True) if mark == "{" else (mark, at + 1)
            parts.append(piece)
        if at == len(self.template):
            raise self.wrong(start, "this { is not closed.")
        return "".join(parts), at

    def wrong(self, at: int, what: str) -> BadRequest:
        """Return an error that points at offset ``at``."""
        line = self.template.count("\n", 0, at) + 1
        column = at - self.template.rfind("\n", 0, at)
        shown = self.template[at : at + _EXCERPT].splitlines()[0]
        return BadRequest(f"In the prompt, line {line}, column {column}, at `{shown}`: {what}", hint=_HINT)
