"""Tab completion of ``%%imgedit``: options, their values, and variables that can be pictures or masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import options
from requesty_nb.magics.commands import COMMANDS
from requesty_nb.magics.config import ImgEdit
from requesty_nb.settings import OFFLINE_MODELS

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def complete(shell: InteractiveShell, line: str, symbol: str) -> list[str]:
    """Return what the word at the line's end can become; files are left to IPython.

    Args:
        line: the line as far as the cursor.
        symbol: the end of it that IPython puts the found words in place of; to IPython ``=`` ends a word.
    """
    magic, _, rest = line.lstrip().partition(" ")
    if magic == "%imgedit" and " " not in rest:
        return [name for name in (entry.split()[0] for entry in COMMANDS) if name.startswith(rest)]
    hidden = shell.user_ns_hidden
    names = [name for name in shell.user_ns if not name.startswith("_") and name not in hidden]
    found = options.complete(rest, names, [*OFFLINE_MODELS, *_used_models(shell)])
    before = rest[: len(rest) - len(symbol)].split(" ")[-1]
    return [word.removeprefix(before) for word in found]


def _used_models(shell: InteractiveShell) -> list[str]:
    used = [one.model for one in shell.configurables if isinstance(one, ImgEdit)]
    return [model for model in used if model not in OFFLINE_MODELS]
