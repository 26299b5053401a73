"""An edit asked for again, with changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requesty_nb.cells import needs_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requesty_nb.models import Edit
    from requesty_nb.sessions.asking import Ask

# What changes nothing of the picture that is asked for: without any other change, it is the same take.
_ASIDE = frozenset({"tags", "timeout", "transport", "replay", "user"})


def repeated(ask: Callable[..., Ask], edit: Edit, changes: Mapping[str, Any]) -> Ask:
    """Return the ask of an edit, with changes.

    Args:
        ask: of a session.
        edit: what was asked before.
        changes: arguments of `Session.ask`, with ``images`` for the sources; ``params`` are added to its own.

    Raises:
        HistoryFault: a source or the mask was not kept.
        BadRequest: there is no such argument.
    """
    wanted = dict(changes)
    prompt = wanted.pop("prompt", edit.prompt)
    sources = wanted.pop("images") if "images" in wanted else edit.sources
    own = {name: value for name, value in edit.request.params.items() if name not in wanted}
    if not wanted.keys() - _ASIDE and "prompt" not in changes and "images" not in changes:
        wanted["take"] = edit.take
    wanted["params"] = own | dict(wanted.get("params") or {})
    for name in ("model", "extend"):
        wanted.setdefault(name, getattr(edit, name))
    if "mask" not in wanted:
        wanted["mask"] = edit.mask if needs_mask(edit.request) else None
    wanted.setdefault("n", edit.request.n)
    return ask(prompt, *(sources if isinstance(sources, (list, tuple)) else [sources]), **wanted)
