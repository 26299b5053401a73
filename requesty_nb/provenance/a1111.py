"""What the web UI of AUTOMATIC1111 writes into its pictures, as several other programs do.

::

    a fox in the snow
    Negative prompt: blurry
    Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, Model: some-checkpoint
"""

from __future__ import annotations

import re

from requesty_nb.provenance.foreign import Foreign

_NEGATIVE, _STEPS = "Negative prompt:", "Steps:"
_SETTINGS = 3  # so many on a last line make it one of settings
_LONGEST_LINE = 20_000  # characters of settings that are looked at
_SIZE = re.compile(r"([0-9]{1,6})x([0-9]{1,6})")
_NAME = re.compile(r"\w[\w /-]*")


def parse(text: str, *, settings: bool = False) -> Foreign | None:
    """Return what a text says; None if it holds no prompt, or no settings where they are wanted.

    Args:
        text: the whole text.
        settings: whether any text will not do: a camera's comment is no prompt.
    """
    lines = text.replace("\r\n", "\n").strip().split("\n")
    pairs = _pairs(lines[-1][:_LONGEST_LINE])
    known = len(pairs) >= _SETTINGS or lines[-1].startswith(_STEPS)
    if known:
        lines.pop()
    elif settings:
        return None
    values = pairs if known else []
    at = next((place for place, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    prompt = "\n".join(lines[:at]).strip()
    if not prompt:
        return None
    negative = "\n".join(lines[at:]).removeprefix(_NEGATIVE).strip()
    size = _SIZE.fullmatch(dict(values).get("Size", ""))
    others = [f"{name}: {value}" for name, value in values if name not in {"Size", "Model"}]
    return Foreign(
        prompt,
        (int(size[1]), int(size[2])) if size else None,
        dict(values).get("Model", ""),
        tuple(([f"negative prompt: {negative}"] if negative else []) + others),
    )


def _pairs(line: str) -> list[tuple[str, str]]:
    """Return names and values of a line of settings: ``name: value, name: "value, with a comma"``."""
    found = []
    for piece in _split(line):
        name, colon, value = piece.partition(":")
        if colon and _NAME.fullmatch(name.strip()):
            found.append((name.strip(), _unquoted(value.strip())))
    return found


def _split(line: str) -> list[str]:
    """Split at the commas outside quotes, in one pass."""
    pieces, quoted, passed = [""], False, False
    for mark in line:
        if mark == "," and not quoted:
            pieces.append("")
            continue
        if mark == '"' and not passed:
            quoted = not quoted
        passed = mark == "\\" and not passed
        pieces[-1] += mark
    return pieces


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':  # noqa: PLR2004 - two quotes
        return value
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value[1:-1], flags=re.DOTALL)
