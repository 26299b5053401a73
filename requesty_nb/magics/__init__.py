"""The door of text in a notebook: ``%%imgedit``, ``%imgedit``, their defaults, completion and cards.

Loading registers names only; what does the work is imported at the first use, so that ``%load_ext`` takes a
few milliseconds.
"""

from __future__ import annotations

import sys
import threading
import weakref
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.core.interactiveshell import InteractiveShell

    # A type's module and name, and the module and function that shows it: as text, which imports neither.
    Shown = Mapping[tuple[str, str], tuple[str, str]]

NAME = "imgedit"

_running = threading.local()  # ``task``: of the cell that runs in this thread; each subshell has its own


def load(shell: InteractiveShell, cards: Shown, widgets: Shown) -> None:
    """Register the magics with a shell; a second time changes nothing.

    Args:
        shell: the one that loads them.
        cards, widgets: as `register_cards`.
    """
    from IPython.core.magic import no_var_expand  # noqa: PLC0415 - loaded in any shell

    _add_defaults(shell)

    def imgedit(line: str, cell: str | None = None) -> None:
        """Edit images by prompt and mask; `%imgedit --help` tells all."""
        import_module("requesty_nb.magics.run").imgedit(shell, line, cell)

    def complete(_: object, event: Any) -> list[str]:  # noqa: ANN401 - IPython's event has no public type
        completion = import_module("requesty_nb.magics.completion")
        found: list[str] = completion.complete(shell, event.text_until_cursor, event.symbol)
        return found

    # Braces and dollar signs in options are the user's own, not IPython's to expand.
    shell.register_magic_function(no_var_expand(imgedit), "line_cell", NAME)  # type: ignore[arg-type]  # annotated for methods
    for key in (f"%%{NAME}", f"%{NAME}"):
        shell.set_hook("complete_command", complete, str_key=key)
    register_cards(shell, cards, widgets)


def _add_defaults(shell: InteractiveShell) -> None:
    from traitlets import TraitError  # noqa: PLC0415 - a shell's own

    from requesty_nb.magics.config import ImgEdit  # noqa: PLC0415 - likewise

    if any(isinstance(one, ImgEdit) for one in shell.configurables):
        return
    try:
        shell.configurables.append(ImgEdit(parent=shell))  # type: ignore[arg-type]  # any Configurable is
    except TraitError as error:
        raise BadRequest(str(error), hint="Correct c.ImgEdit in IPython's configuration file.") from None


def unload(shell: InteractiveShell) -> None:
    """Take the magics away; edits keep their cards."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(NAME, None)
    shell.configurables[:] = [one for one in shell.configurables if type(one).__name__ != "ImgEdit"]
    _take_hooks_away(shell)


def register_cards(shell: InteractiveShell, cards: Shown, widgets: Shown) -> None:
    """Show this package's values in this shell; a cell that is interrupted cancels background edits.

    While no cell runs there is nothing to interrupt: then `Detached.cancel` does it, as the editor's Cancel.

    Args:
        shell: where they are shown.
        cards: types that a function makes a mime bundle of.
        widgets: types that a function shows by itself, where a kernel's front end can show them.
    """
    _take_hooks_away(shell)
    _before_cell()  # it may be a cell that this is loaded by
    shell.events.register("pre_run_cell", _before_cell)
    shell.events.register("post_run_cell", _after_cell)
    if shell.display_formatter is None:
        return
    bundles = shell.display_formatter.mimebundle_formatter
    for (module, name), home in cards.items():
        bundles.for_type_by_name(module, name, _lazily(*home))
    if hasattr(shell, "kernel"):
        shows = shell.display_formatter.ipython_display_formatter
        for (module, name), home in widgets.items():
            shows.for_type_by_name(module, name, _lazily(*home))


def _lazily(module: str, function: str) -> Any:  # noqa: ANN401 - IPython calls it with whatever it likes
    def show(value: object, include: object = None, exclude: object = None) -> Any:  # noqa: ANN401, ARG001 - IPython's protocol
        return getattr(import_module(module), function)(value)

    return show


def _before_cell(_: Any = None) -> None:  # noqa: ANN401 - IPython's
    """Note the task that a cell which awaits runs in."""
    task = None
    if "asyncio" in sys.modules:  # it takes long to load, and without it no loop runs
        with suppress(RuntimeError):  # nor does one in this thread
            task = import_module("asyncio").current_task()
    _running.task = None if task is None else weakref.ref(task)


def _after_cell(result: Any = None) -> None:  # noqa: ANN401 - IPython's, or None where a cell broke off
    """Cancel the edits in the background if the cell that just ended was interrupted."""
    error = getattr(result, "error_in_exec", None)
    if not isinstance(error, KeyboardInterrupt) and not (error and _was_cancelled()):
        return
    if background := sys.modules.get("requesty_nb.sessions.background"):  # else none was begun
        background.cancel_all("Interrupted")


def _was_cancelled() -> bool:
    """Tell whether the cell's own task was cancelled, which is how a kernel interrupts a cell that awaits.

    The cell also ends with a `CancelledError` if it awaited a task that it had cancelled itself.
    """
    reference = getattr(_running, "task", None)
    task = reference and reference()
    return bool(task and task.cancelling())


def _take_hooks_away(shell: InteractiveShell) -> None:
    # By name: a module that was loaded anew has functions of its own.
    mine = {(__name__, hook.__name__) for hook in (_before_cell, _after_cell)}
    for event in ("pre_run_cell", "post_run_cell"):
        for hook in list(shell.events.callbacks[event]):
            if (getattr(hook, "__module__", ""), getattr(hook, "__name__", "")) in mine:
                shell.events.unregister(event, hook)
