"""The door of text in a notebook: ``%%imgedit``, ``%imgedit``, their defaults, completion and cards.

Loading registers names only; what does the work is imported at the first use, so that ``%load_ext`` takes a
few milliseconds.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

NAME = "imgedit"

# Type by type, who shows it: as strings, so that registering imports neither.
_HOME = "requesty_nb.models.edits"
_CARDS = {"Edit": "edit_bundle", "Picture": "picture_bundle"}


def load(shell: InteractiveShell) -> None:
    """Register the magics with a shell; a second time changes nothing."""
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
    register_cards(shell)


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
    _take_hook_away(shell)


def register_cards(shell: InteractiveShell) -> None:
    """Show edits and pictures as cards in this shell, and let its interrupts reach the background."""
    _take_hook_away(shell)
    shell.events.register("post_run_cell", _after_cell)
    if shell.display_formatter is None:
        return
    formatter = shell.display_formatter.mimebundle_formatter
    for name, function in _CARDS.items():
        formatter.for_type_by_name(_HOME, name, _lazily(function))


def _lazily(function: str) -> Any:  # noqa: ANN401 - IPython calls it with whatever it likes
    def show(value: object, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG001 - IPython's protocol
        bundle: dict[str, str] = getattr(import_module("requesty_nb.display"), function)(value)
        return bundle

    return show


def _after_cell(result: Any = None) -> None:  # noqa: ANN401 - IPython's, or None where a cell broke off
    """Cancel the edits in the background if the cell that just ended was interrupted."""
    # A kernel interrupts a cell that awaits by cancelling it.
    if not isinstance(getattr(result, "error_in_exec", None), (KeyboardInterrupt, asyncio.CancelledError)):
        return
    if detached := sys.modules.get("requesty_nb.sessions.detached"):  # else none was begun
        detached.cancel_all("Interrupted")


def _take_hook_away(shell: InteractiveShell) -> None:
    mine = __name__, _after_cell.__name__  # by name: a module that was loaded anew has a function of its own
    for hook in list(shell.events.callbacks["post_run_cell"]):
        if (getattr(hook, "__module__", ""), getattr(hook, "__name__", "")) == mine:
            shell.events.unregister("post_run_cell", hook)
