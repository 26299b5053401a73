"""What to say where only the record may answer, and has none: what was asked, and what comes nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb.errors import NotRecorded

if TYPE_CHECKING:
    from requesty_nb.models import EditRequest
    from requesty_nb.records import History
    from requesty_nb.sessions.asking import Prepared

_PROMPT = 120  # characters of a prompt that tell which cell it is


def not_recorded(prepared: Prepared, take: int, history: History, *, locked: bool) -> NotRecorded:
    """Return the error for an ask that is not recorded.

    Args:
        prepared: what was asked.
        take: which of the equal requests.
        history: where it is not.
        locked: whether the session allows nothing but recorded answers.
    """
    request = prepared.request
    cure = (
        "To pay for it once, allow it: %config ImgEdit.replay = 'auto', or no REQUESTY_NB_REPLAY."
        if locked
        else NotRecorded.default_hint
    )
    return NotRecorded(
        f"Take {take} of this request is not recorded, and nothing else may answer: {_told(request)}.",
        details=_nearest(request, history),
        hint=cure,
    )


def _nearest(request: EditRequest, history: History) -> tuple[str, ...]:
    found = history.nearest(request)
    if found is None:
        return (f"The history in {history.folder} is empty; `%imgedit import PATH` brings in an export.",)
    edit, differences = found
    if not differences:
        takes = sorted({other.take for other in history if other.key == edit.key})
        return (f"Recorded of this very request: take {', '.join(map(str, takes))}.",)
    return (
        f"The nearest recorded is {edit.id}, take {edit.take}. It differs (there -> here):",
        *(f"  {difference}" for difference in differences),
    )


def _told(request: EditRequest) -> str:
    prompt = request.prompt if len(request.prompt) <= _PROMPT else request.prompt[: _PROMPT - 1] + "…"
    names = ", ".join(ref.name for ref in request.images)
    fields = [f"{name} {value}" for name, value in request.params.items()]
    if request.n != 1:
        fields.append(f"n {request.n}")
    masked = [" with a mask"] if request.mask else []
    return ", ".join([f"{prompt!r} for {names}{''.join(masked)}", f"by {request.model}", *fields])
