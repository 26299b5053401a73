"""``%imgedit COMMAND``: what can be asked and done besides editing."""

from __future__ import annotations

import difflib
import sys
import traceback
from functools import partial
from typing import TYPE_CHECKING

from IPython.display import display as show

from requesty_nb import cells, display, options
from requesty_nb.errors import BadRequest
from requesty_nb.magics import canary, doctor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requesty_nb.models import Edit
    from requesty_nb.provenance import Recipe
    from requesty_nb.sessions import Session

    Bundle = dict[str, str]  # what is shown, by media type

_CANARY = "--canary"
COMMANDS = {
    "history [TEXT]": "list what was asked, if the prompt holds TEXT: edits and failures, newest last",
    "tree [TEXT]": "draw which edit went on from which, around those whose prompt holds TEXT",
    "cost [TEXT]": "table what they cost, by day and model and together",
    "export PATH": "write them out: a folder, or by its suffix .zip, .html, .ipynb, .csv, .jsonl",
    "import PATH": "take in an exported folder, .zip or .jsonl, or another history's folder",
    "recipe FILE": "tell how a picture was made, and put the cell that makes it again below",
    "verify": "read every byte of the history, and compare it with names and seals",
    "doctor [--canary]": "check key, endpoint, history, installation; --canary: masks, by one edit",
    "models": "list the models of the endpoint, and the offline ones",
    "traceback": "print the whole of the last error",
    "--help": "this text",
}


def run(session: Session, line: str, put: Callable[[str], None]) -> None:
    """Do what the line says.

    Args:
        session: where to do it.
        line: the command and what follows it.
        put: puts a cell with this text below the running one.

    Raises:
        BadRequest: there is no such command.
    """
    command, _, rest = line.strip().partition(" ")
    known: dict[str, Callable[[Session, str], str | Iterator[str] | Bundle]] = {
        "": _help,
        "--help": _help,
        "-h": _help,
        "history": _history,
        "tree": _tree,
        "cost": _cost,
        "export": _export,
        "import": _import,
        "recipe": partial(_recipe, put),
        "verify": _verify,
        "doctor": _doctor,
        "models": lambda session, _: doctor.models(session),
        "traceback": _traceback,
    }
    if command not in known:
        near = difflib.get_close_matches(command, [*filter(None, known)], n=1)
        meant = f"Did you mean %imgedit {near[0]}? " if near else ""
        raise BadRequest(
            f"%imgedit has no command {command!r}.",
            hint=f"{meant}An edit needs a cell: %%imgedit with two percent signs, and the prompt below it. "
            "`%imgedit --help` lists the commands.",
        )
    told = known[command](session, rest.strip())
    if isinstance(told, dict):
        show(told, raw=True)
        return
    for text in [told] if isinstance(told, str) else told:
        print(text, flush=True)  # noqa: T201 - output of a cell


def _help(_: Session, __: str) -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  %imgedit {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    return f"{options.help_text()}\n\nCommands:\n" + "\n".join(lines)


def _history(session: Session, text: str) -> str:
    return display.history_lines(session.history.attempts.filter(text=text).summaries())


def _tree(session: Session, text: str) -> Bundle:
    tree = session.history.tree()
    if text:
        tree = tree.around(one.id for one in session.history.filter(text=text).summaries())
    return display.tree_bundle(tree)


def _cost(session: Session, text: str) -> Bundle:
    attempts = session.history.attempts.filter(text=text)
    return display.cost_bundle(attempts.summaries(), attempts.cost)


def _export(session: Session, path: str) -> str:
    attempts = session.history.attempts
    target = attempts.export(_path(path, "No folder is named.", "%imgedit export my-edits"))
    return f"{display.counted(attempts.summaries())} written to {target}"


def _import(session: Session, path: str) -> str:
    named = _path(path, "Nothing to import is named.", "%imgedit import my-edits")
    return str(session.history.import_(named))


def _recipe(put: Callable[[str], None], session: Session, path: str) -> str:
    from requesty_nb import provenance  # noqa: PLC0415 - no other command needs it

    found = provenance.recipe(_path(path, "No picture file is named.", "%imgedit recipe found.png"))
    kept = _kept(session, found)
    put(found.cell if kept is None else cells.cell_of(kept))
    told = [*found.notes]
    if kept is not None:
        told.append(f"This history has it, as {kept.id}: the cell replays it from there.")
    return "\n".join([*told, "The cell is below: it runs when you run it."])


def _kept(session: Session, found: Recipe) -> Edit | None:
    """Return the edit of a recipe, if this session's own history has it."""
    if found.key is None or session.settings.history is None:
        return None
    return next(iter(session.history.find(found.key, found.take)), None)


def _verify(session: Session, rest: str) -> str:
    if rest:
        raise BadRequest(f"%imgedit verify does not know {rest!r}.", hint="It takes nothing, and checks all.")
    return str(session.history.verify())


def _path(words: str, missing: str, example: str) -> str:
    path = words.strip("\"'")
    if not path:
        raise BadRequest(missing, hint=f"For example: {example}")
    return path


def _doctor(session: Session, rest: str) -> str | Iterator[str]:
    words = rest.split()
    if _CANARY in words:
        words.remove(_CANARY)
        return canary.report(session, " ".join(words))
    if words:
        raise BadRequest(
            f"%imgedit doctor does not know {words[0]!r}.", hint=f"It takes nothing, or {_CANARY}."
        )
    return doctor.report(session)


def _traceback(session: Session, _: str) -> str:
    error = getattr(sys, "last_value", None)
    if error is None:
        return "There was no error."
    lines = traceback.format_exception(error)
    return session.settings.api_key.redact("".join(lines))
