"""Edit images by prompt and mask in a notebook, and keep every edit as a record that can be run again.

``%load_ext requesty_nb`` gives the ``%%imgedit`` cell magic; ``import requesty_nb as rq`` the same in Python.
Names are loaded when they are first used, so that both are quick.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from IPython.core.interactiveshell import InteractiveShell

    from requesty_nb import errors
    from requesty_nb.masks import Mask
    from requesty_nb.models import Edit
    from requesty_nb.provenance import recipe
    from requesty_nb.records import History
    from requesty_nb.sessions import Session, Sweep
    from requesty_nb.widgets import Editor
    from requesty_nb.widgets.comparison import compare

    history: History
    session: Session
    edit: Callable[..., Edit]
    sweep: Callable[..., Sweep]
    asweep: Callable[..., Awaitable[Sweep]]
    aedit: Callable[..., Awaitable[Edit]]

__all__ = [
    "Edit",
    "Editor",
    "History",
    "Mask",
    "Session",
    "Sweep",
    "aedit",
    "asweep",
    "compare",
    "edit",
    "errors",
    "history",
    "recipe",
    "session",
    "sweep",
]

_HOMES = {
    "Edit": "requesty_nb.models",
    "Editor": "requesty_nb.widgets",
    "History": "requesty_nb.records",
    "Mask": "requesty_nb.masks",
    "Session": "requesty_nb.sessions",
    "Sweep": "requesty_nb.sessions",
    "compare": "requesty_nb.widgets.comparison",
    "recipe": "requesty_nb.provenance",
}
# A type's module and name, and who shows it: as text, so that neither is imported before it is needed.
_CARDS = {
    ("requesty_nb.models.edits", "Edit"): ("requesty_nb.display", "edit_bundle"),
    ("requesty_nb.models.pictures", "Picture"): ("requesty_nb.display", "picture_bundle"),
    ("requesty_nb.models.trees", "Tree"): ("requesty_nb.display", "tree_bundle"),
}
_WIDGETS = {
    ("requesty_nb.records.history", "History"): ("requesty_nb.widgets.gallery", "show"),
    ("requesty_nb.records.looking", "Selection"): ("requesty_nb.widgets.gallery", "show"),
    ("requesty_nb.sessions.sweeps", "Sweep"): ("requesty_nb.widgets.grid", "show"),
    ("requesty_nb.sessions.sweeping", "Sweeping"): ("requesty_nb.widgets.grid", "show"),
}
# What belongs to the default session, looked up anew each time: it can be configured meanwhile.
_OF_SESSION = frozenset({"aedit", "asweep", "edit", "history", "sweep"})


def __getattr__(name: str) -> Any:  # noqa: ANN401 - each name has its own type, above
    if name == "errors":
        return import_module("requesty_nb.errors")
    if name == "session" or name in _OF_SESSION:
        session = import_module("requesty_nb.sessions").default()
        if session.reporter is None and (shell := _shell()) is not None:
            progress = import_module("requesty_nb.magics.progress")
            session.reporter, session.watcher = progress.reporter_of(shell), progress.watcher_of(shell)
        return session if name == "session" else getattr(session, name)
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics, their completion and the cards; what ``%load_ext requesty_nb`` calls."""
    import_module("requesty_nb.magics").load(shell, _CARDS, _WIDGETS)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    import_module("requesty_nb.magics").unload(shell)


def _shell() -> InteractiveShell | None:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None


def _register_cards() -> None:
    """Show edits as cards wherever a shell is there already, with or without the magics."""
    if (shell := _shell()) is not None:
        import_module("requesty_nb.magics").register_cards(shell, _CARDS, _WIDGETS)


_register_cards()
