"""``%imgedit COMMAND``: what can be asked and done besides editing."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from requesty_nb import display, options
from requesty_nb.errors import BadRequest
from requesty_nb.magics import canary, doctor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requesty_nb.sessions import Session

_CANARY = "--canary"
COMMANDS = {
    "history [TEXT]": "list the kept edits whose prompt holds TEXT, newest last",
    "export FOLDER": "write all kept edits into a folder, as pictures and records.jsonl",
    "doctor [--canary]": "check key, endpoint, history, installation; --canary: masks, by one edit",
    "models": "list the models of the endpoint, and the offline ones",
    "traceback": "print the whole of the last error",
    "--help": "this text",
}


def run(session: Session, line: str) -> None:
    """Do what the line says.

    Raises:
        BadRequest: there is no such command.
    """
    command, _, rest = line.strip().partition(" ")
    known: dict[str, Callable[[Session, str], str | Iterator[str]]] = {
        "": _help,
        "--help": _help,
        "-h": _help,
        "history": _history,
        "export": _export,
        "doctor": _doctor,
        "models": lambda session, _: doctor.models(session),
        "traceback": _traceback,
    }
    if command not in known:
        raise BadRequest(
            f"%imgedit has no command {command!r}.",
            hint="An edit needs a cell: %%imgedit with two percent signs, and the prompt below it. "
            "`%imgedit --help` lists the commands.",
        )
    told = known[command](session, rest.strip())
    for text in [told] if isinstance(told, str) else told:
        print(text, flush=True)  # noqa: T201 - output of a cell


def _help(_: Session, __: str) -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  %imgedit {name:<{width}}  {what}" for name, what in COMMANDS.items()]
    return f"{options.help_text()}\n\nCommands:\n" + "\n".join(lines)


def _history(session: Session, text: str) -> str:
    return display.history_lines(session.history.filter(text=text))


def _export(session: Session, path: str) -> str:
    if not path:
        raise BadRequest("No folder is named.", hint="For example: %imgedit export my-edits")
    folder = session.history.export(path.strip("\"'"))
    return f"{len(session.history)} edits written to {folder}"


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
