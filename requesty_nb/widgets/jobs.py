"""`Jobs`: the edits that were begun by clicks, as cards that say how each goes."""

from __future__ import annotations

import contextvars
import logging
import re
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from requesty_nb import errors
from requesty_nb.errors import PAID_TEXT, Explained

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.models import Edit
    from requesty_nb.sessions import Ask, Detached, Session

T = TypeVar("T")

MOST_OFFERS = 16  # not started; the oldest gives way
MOST_ENDED = 16  # failed or cancelled, and not yet dismissed; likewise

# Hints are written for cells. Where one names an option or a cell, a click is what can be done instead.
_OF_CELLS = re.compile(r"--[a-z]|%|\bcell\b|\b[Rr]un\b")
_ANOTHER = "Generate again pays for another attempt."
_OF_CLICKS: dict[type[Explained], str] = {
    errors.OutcomeUnknown: f"Nothing is sent again by itself. {_ANOTHER}",
    errors.EndpointBroken: f"Try again later. {_ANOTHER}",
    errors.AnswerUnusable: f"What came is kept with the attempt in the history. {_ANOTHER}",
    errors.KeyMissing: "Set REQUESTY_API_KEY and restart the kernel, or choose the model offline/painter.",
    errors.OutOfFunds: "Top up the balance or raise the key's limit, then generate again.",
    errors.ModelUnknown: "Choose another model: `%imgedit models` in a cell lists what the endpoint serves.",
    errors.RateLimited: "Wait a little, then generate again.",
    errors.NotSent: "Check the network and the address, then generate again.",
    errors.NotRecorded: "configure(replay='auto') of the editor's session lets Generate pay.",
    errors.BadRequest: "Change it, then generate again.",
}

_log = logging.getLogger(__name__)


@dataclass
class _Job:
    """One job; ``state`` and ``text`` are for when it is no longer under way.

    Attributes:
        kept: whether a history keeps what comes of it.
        over: whether what came of it has been dealt with.
    """

    id: str
    prompt: str
    started: float
    state: str = "preparing"
    text: str = ""
    detached: Detached | None = None
    kept: bool = False
    over: bool = False

    def card(self) -> dict[str, Any]:
        state, text = self.state, self.text
        if self.detached is not None:  # it may be over by now; that is told of in a moment
            state = "preparing" if self.detached.state == "preparing" else "working"
            text = self.detached.text
        return {"id": self.id, "prompt": self.prompt, "state": state, "text": text, "started": self.started}


class Jobs:
    """The edits a view has offered, begun, and not yet taken off its list.

    Its methods may be called from any thread, also one that holds a lock which the callbacks take: they do
    not wait for a callback in another thread. The callbacks run in the context of the latest click, from
    which a kernel with subshells knows where the next one is to be answered; of either there is never more
    than one at a time.

    Args:
        changed: called with the cards, oldest first, whenever they have changed. What it raises is logged.
        made: called once with each edit that was made, before its card goes; also after `close`, for somebody
            has to hold what was paid for. If it raises, the card stays and says so.
    """

    def __init__(self, changed: Callable[[list[dict[str, Any]]], None], made: Callable[[Edit], None]) -> None:
        self._changed = changed
        self._made = made
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._offers: dict[str, tuple[Session, Ask]] = {}
        self._jobs: dict[str, _Job] = {}
        self._context = contextvars.copy_context()
        self._closed = False
        self._telling = False
        self._stale = False

    def offer(self, job_id: str, session: Session, ask: Ask) -> None:
        """Keep what would be asked; nothing is sent, and at most `MOST_OFFERS` are kept."""
        if ask.new and ask.replay == "only":
            ask = replace(ask, new=False)  # nothing may be paid, so it asks for the recorded one
        with self._lock:
            if job_id in self._jobs:
                return  # begun already, and once is enough
            self._offers.pop(job_id, None)
            self._offers[job_id] = session, ask
            while len(self._offers) > MOST_OFFERS:
                del self._offers[next(iter(self._offers))]

    def start(self, job_id: str) -> None:
        """Begin what was offered. A second time does nothing; an id that is not known gives a failed card."""
        with self._lock:
            self._context = contextvars.copy_context()
            if job_id in self._jobs:
                return
            offer = self._offers.pop(job_id, None)
            self._jobs[job_id] = self._begun(job_id, *offer) if offer else _unknown(job_id)
            self._drop_ended()
        self._tell()

    def _begun(self, job_id: str, session: Session, ask: Ask) -> _Job:
        job = _Job(job_id, ask.prompt, time.time(), kept=session.settings.history is not None)
        job.detached = session.begin(ask, lambda detached: self._follow(job, detached))
        return job

    def cancel(self, job_id: str) -> None:
        """Withdraw an offer, cancel a job under way, or take an ended one off the list."""
        with self._lock:
            self._context = contextvars.copy_context()
            self._offers.pop(job_id, None)
            job = self._jobs.get(job_id)
            if job is None:
                return
            if job.detached is not None:
                job.detached.cancel()
            else:
                del self._jobs[job_id]
        self._tell()

    def close(self) -> None:
        """End the telling of cards; what is under way goes on, is recorded, and is handed over when made."""
        with self._lock:
            self._closed = True
            self._offers.clear()

    def _follow(self, job: _Job, detached: Detached) -> None:
        """Take note of a change; called in a worker thread, never twice at a time for one job."""
        if not detached.done():
            self._tell()
            return
        if job.over:
            return
        job.over = True
        shown, text = self._hand_over(job, detached.edit)
        with self._lock:
            job.detached = None
            if detached.edit is None:
                job.state, job.text = detached.state, _what_happened(detached)
            elif shown:
                self._jobs.pop(job.id, None)
            else:
                job.state, job.text = "failed", text
            self._drop_ended()
        self._tell()

    def _hand_over(self, job: _Job, edit: Edit | None) -> tuple[bool, str]:
        """Hand an edit over; return whether that went well, and what its card says if not."""
        if edit is None:
            return True, ""
        try:
            with self._making:
                self._within(self._made, edit)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the card has to say what was made
            _log.exception("An edit was made, but could not be shown.")
            return False, _not_shown(job, edit, error)
        return True, ""

    def _drop_ended(self) -> None:
        ended = [job.id for job in self._jobs.values() if job.state in {"failed", "cancelled"}]
        for job_id in ended[:-MOST_ENDED]:
            del self._jobs[job_id]

    def _tell(self) -> None:
        """Tell of the cards as they are now, or have whoever is at it tell again."""
        with self._lock:
            self._stale = True
            if self._telling:
                return
            self._telling = True
        try:
            while True:
                with self._lock:
                    if not self._stale or self._closed:
                        self._telling = False
                        return
                    self._stale = False
                    cards = [job.card() for job in self._jobs.values()]
                self._show(cards)
        except BaseException:
            self._telling = False
            raise

    def _show(self, cards: list[dict[str, Any]]) -> None:
        try:
            self._within(self._changed, cards)
        except Exception:  # noqa: BLE001 - whoever looks on does not decide whether a job has begun
            _log.exception("The cards of the edits under way could not be shown.")

    def _within(self, function: Callable[[T], None], value: T) -> None:
        self._context.copy().run(function, value)  # a copy: a context cannot be entered twice at a time


def _unknown(job_id: str) -> _Job:
    text = f"This is not known here any more, so nothing was sent. {PAID_TEXT['no']} Ask again."
    return _Job(job_id, "", time.time(), "failed", text)


def _what_happened(detached: Detached) -> str:
    """Say why there is no edit, whether it was paid for, and what to do next."""
    error = detached.error
    hint = _hint(error) if isinstance(error, Explained) else ""
    return " ".join(part for part in (detached.text, PAID_TEXT[detached.paid], hint) if part)


def _hint(error: Explained) -> str:
    """Say what to do next, for who clicks."""
    if not _OF_CELLS.search(error.hint):
        return error.hint
    return next((hint for kind, hint in _OF_CLICKS.items() if isinstance(error, kind)), "Generate again.")


def _not_shown(job: _Job, edit: Edit, error: BaseException) -> str:
    why = error.message if isinstance(error, Explained) else f"{type(error).__name__}: {error}"
    kept = f" and kept as {edit.id}" if job.kept else ""
    return f"It was made{kept}, but cannot be shown: {why.rstrip('.')}. Nothing more is to be paid for it."
