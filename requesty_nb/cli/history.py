"""``requesty-nb history``: look through the kept edits, bring them from place to place, and check them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    import argparse

    from requesty_nb.records import History

_WHOLE = ("import_", "verify")  # what is done with a history as it is, whatever its prompts say


def options_of(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command: one job a call, to list if none is named."""
    parser.add_argument(
        "text", nargs="?", default="", metavar="TEXT", help="only those whose prompt holds it"
    )
    parser.add_argument("--folder", metavar="FOLDER", help="the history (default: REQUESTY_NB_HISTORY)")
    jobs = parser.add_mutually_exclusive_group()
    jobs.add_argument(
        "--export",
        metavar="PATH",
        help="write them out: a folder, or by its suffix a .zip, .html, .ipynb, .csv or .jsonl",
    )
    jobs.add_argument(
        "--import",
        dest="import_",
        metavar="PATH",
        help="take in what was exported as a folder, .zip or .jsonl, or another history's folder",
    )
    jobs.add_argument(
        "--verify", action="store_true", help="read every byte and compare; exit status 1 if one is wrong"
    )
    jobs.add_argument("--tree", action="store_true", help="draw which edit went on from which")
    jobs.add_argument(
        "--failures", action="store_true", help="list the attempts that gave no picture, and why"
    )
    jobs.add_argument("--cost", action="store_true", help="say what they cost together")


def run(options: argparse.Namespace) -> int:
    """Do the one job that the options name; return the exit status."""
    from requesty_nb.records import History  # noqa: PLC0415 - each command loads what it needs
    from requesty_nb.settings import Settings  # noqa: PLC0415 - likewise

    if options.text and any(getattr(options, job) for job in _WHOLE):
        raise BadRequest(
            f"{options.text!r} picks edits out, but --import and --verify take all.", hint="Leave it out."
        )
    folder = options.folder or Settings.from_environment().history
    if folder is None or not (options.import_ or Path(folder).is_dir()):
        raise BadRequest(f"There is no history in {folder}.", hint="Name its folder with --folder.")
    history = History(folder)
    if options.verify:
        report = history.verify()
        print(report)
        return 1 if report.faults else 0
    print(_told(history, options))
    return 0


def _told(history: History, options: argparse.Namespace) -> str:
    from requesty_nb import display  # noqa: PLC0415 - each command loads what it needs

    if options.import_:
        return str(history.import_(options.import_))
    if options.tree:
        tree = history.tree()
        found = history.filter(text=options.text).summaries()
        return display.tree_text(tree.around(one.id for one in found) if options.text else tree)
    attempts = history.attempts.filter(text=options.text)
    if options.export:
        return f"{display.counted(attempts.summaries())} written to {attempts.export(options.export)}"
    if options.cost:
        return display.cost_lines(attempts.summaries(), attempts.cost)
    if options.failures:
        return display.failure_lines(history.failures.filter(text=options.text).summaries())
    return display.history_lines(attempts.summaries())
