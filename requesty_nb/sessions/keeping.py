"""`Keeper`: one attempt, written down from before it is sent to what became of it."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from requesty_nb.errors import Explained, HistoryFault
from requesty_nb.images import Blob
from requesty_nb.models import NOT_KEPT, Edit, EditRecord, EditRequest, Failure
from requesty_nb.pricing import BUILT_IN
from requesty_nb.records import likely_cost, new_id
from requesty_nb.sessions import answering
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requesty_nb.client import Watch
    from requesty_nb.pricing import Prices
    from requesty_nb.records import History
    from requesty_nb.sessions.asking import Prepared

_log = logging.getLogger(__name__)


class Keeper:
    """Writes one attempt down, in a history or, without one, into the edit itself."""

    def __init__(self, prepared: Prepared, take: int, endpoint: str, history: History | None) -> None:
        self._prepared = prepared
        self._take = take
        self._endpoint = endpoint
        self._started = datetime.now(UTC)
        self._begun = False
        self._history = history
        self._id = new_id()
        self.clock = time.monotonic()  # set again when the sending begins

    def store(self) -> dict[str, Blob]:
        """Put the inputs on disk; return them as they are kept, to send from."""
        if self._history is None:
            return {}
        inputs = self._prepared.inputs
        self._history.store((blob, sha256) for sha256, blob in inputs.items())
        return {sha256: Blob.kept(self._history.objects.path(sha256), sha256) for sha256 in inputs}

    def begin(self) -> None:
        """Put the note on disk: from here on it may have been sent."""
        self.clock = time.monotonic()
        if self._history is None:
            return
        ask, inputs = self._prepared.ask, self._prepared.inputs
        note = self._history.begin(
            self._prepared.request,
            self._take,
            [(blob, sha256) for sha256, blob in inputs.items()],
            timeout=ask.timeout,
            endpoint=self._endpoint,
            tags=ask.tags,
            stored=True,
        )
        self._id = note.id
        self._begun = True

    def keep(self, outcome: answering.Outcome) -> Edit:
        """Record a good answer. Pictures that were paid for reach the user even if the disk fails."""
        record = EditRecord(
            state="ok",
            result=outcome.result,
            restored=outcome.restored,
            leaks=outcome.leaks,
            notes=outcome.notes,
            **self._common(),
        )
        if self._history is None:
            return Edit(record, self._memory(outcome.pictures))
        try:
            return self._history.finish(record, outcome.pictures, self._prepared.inputs)
        except HistoryFault as fault:
            warning = (
                f"{NOT_KEPT}: {fault.message} The pictures are in memory only; "
                "keep them with edit.images[0].save('a-file.png')."
            )
            _log.warning(warning)  # also where no card is shown
            loud = msgspec.structs.replace(record, notes=(warning, *outcome.notes))
            return Edit(loud, self._memory(outcome.pictures))

    def fail(self, error: BaseException, watch: Watch, prices: Prices = BUILT_IN) -> None:
        """Record an attempt that gave no picture, and what it may have cost."""
        if self._history is None or not self._begun:
            return
        offline = is_offline(self._prepared.ask.model)  # where nothing is paid, nothing is left to find out
        paid = error.paid != "no" if isinstance(error, Explained) else watch.sent
        unknown = paid and not offline
        failure = _failure(error, watch)
        if unknown:
            partial = self._prepared.ask.partial or 0
            likely = likely_cost(self._prepared.request, prices, partial)
            failure = msgspec.structs.replace(failure, cost=likely)
        record = EditRecord(state="unknown" if unknown else "failed", failure=failure, **self._common())
        try:
            self._history.finish(record, {})
        except HistoryFault:
            return  # the pending note stays, and says the same
        if isinstance(error, Explained):
            error.attempt = self._id

    def _common(self) -> dict[str, Any]:
        request: EditRequest = self._prepared.request
        return {
            "id": self._id,
            "key": request.key,
            "take": self._take,
            "request": request,
            "started": self._started,
            "elapsed": round(time.monotonic() - self.clock, 3),
            "endpoint": self._endpoint,
            "tags": self._prepared.ask.tags,
            "versions": answering.versions(),
        }

    def _memory(self, pictures: Mapping[str, bytes]) -> Callable[[str], bytes]:
        inputs = self._prepared.inputs

        def read(sha256: str) -> bytes:
            return pictures[sha256] if sha256 in pictures else inputs[sha256].read()

        return read


def _failure(error: BaseException, watch: Watch) -> Failure:
    if isinstance(error, Explained):
        return Failure(
            type=type(error).__name__,
            message=error.message,
            hint=error.hint,
            paid=error.paid,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            body=error.body,
        )
    paid = "perhaps" if watch.sent else "no"
    if isinstance(error, Exception):  # a fault of our own
        said = f"{type(error).__name__} while {watch.state}."
        return Failure(type=type(error).__name__, message=said, paid=paid)
    return Failure(type="Interrupted", message=f"Interrupted while {watch.state}.", paid=paid)
