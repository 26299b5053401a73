"""`EditRecord`: one attempt as it stands on disk, and what it is made of."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations of its structs at run time
from typing import Any, Literal

import msgspec

from requesty_nb.errors import HistoryFault
from requesty_nb.frames import Leak  # noqa: TC001 - likewise
from requesty_nb.models.requests import EditRequest  # noqa: TC001 - likewise
from requesty_nb.models.seals import is_sealed, sealed

RECORD_VERSION = 1
NOT_KEPT = "NOT KEPT"  # how the note begins of an edit whose pictures are in memory only
State = Literal["ok", "failed", "unknown"]


class ImageInfo(msgspec.Struct, frozen=True):
    """One picture that was received or restored: sha256 of its bytes, media type, width and height."""

    sha256: str
    mime: str
    width: int
    height: int


class Cost(msgspec.Struct, frozen=True):
    """US dollars, from ``low`` to ``high``.

    Attributes:
        low: at least this.
        high: at most this, as far as is known; the router's markup included.
        basis: ``reported`` by the endpoint, from its ``usage`` and a price table, an ``estimate`` from the
            request alone, ``free``, or a ``sum`` of several edits.
    """

    low: float
    high: float
    basis: Literal["reported", "usage", "estimate", "free", "sum"]


class EditResult(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What came back.

    Attributes:
        images: the pictures, exactly as received.
        usage: the endpoint's own token counts, raw.
        cost: what it cost, as far as is known.
        effective: the parameters the endpoint says it used.
        request_id: the endpoint's id of the call.
        provider: who made it, if the endpoint said so.
        extras: everything else the answer held.
    """

    images: tuple[ImageInfo, ...]
    usage: dict[str, Any] = {}
    cost: Cost | None = None
    effective: dict[str, Any] = {}
    request_id: str = ""
    provider: str = ""
    extras: dict[str, Any] = {}


class Failure(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Why an attempt gave no picture: the error's type and what it said.

    ``cost`` is what it may have cost, where it is not known that it cost nothing.
    """

    type: str
    message: str
    hint: str = ""
    paid: str = "no"
    status: int | None = None
    code: str = ""
    request_id: str = ""
    body: str = ""
    cost: Cost | None = None


class EditRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One attempt, as it stands on disk.

    Attributes:
        id: sorts by time.
        key: the request's key.
        take: which of the equal requests this answers, from 1.
        state: ``ok``, ``failed`` or ``unknown``.
        started: when, in UTC.
        elapsed: seconds until the whole answer was there.
        endpoint: the address that answered, or ``offline``.
        restored: the results put back into the source outside the mask; empty without a mask.
        leaks: how much of what was to be kept had changed, one for each of ``result.images``; None where that
            could not be compared, or all was edited. Empty without a mask.
        leak: what records from before ``leaks`` have in its place: that of one picture, mostly the first.
        versions: of this package and of what makes pixels.
    """

    id: str
    key: str
    take: int
    state: State
    request: EditRequest
    started: datetime
    elapsed: float
    endpoint: str = ""
    result: EditResult | None = None
    restored: tuple[ImageInfo, ...] = ()
    leaks: tuple[Leak | None, ...] = ()
    leak: Leak | None = None
    failure: Failure | None = None
    notes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    versions: dict[str, str] = {}
    version: int = RECORD_VERSION

    @property
    def warning(self) -> str:
        """The note that says that it was not kept, why, and how to save it; empty if it was."""
        return next((note for note in self.notes if note.startswith(NOT_KEPT)), "")

    @property
    def cost(self) -> Cost | None:
        """What it cost, or may have cost, or None if that cannot be told."""
        if self.result:
            return self.result.cost
        return self.failure.cost if self.failure else None

    @property
    def objects(self) -> tuple[str, ...]:
        """The sha256 of all that a history keeps of it: sources, mask, and pictures."""
        request = self.request
        refs = (*request.images, *([request.mask] if request.mask else ()))
        infos = (*(self.result.images if self.result else ()), *self.restored)
        found = [*(ref.stored for ref in refs if ref.stored), *(info.sha256 for info in infos)]
        return tuple(dict.fromkeys(found))


_RESTORE = "Restore it from a copy of the history."
_decode_record = msgspec.json.Decoder(EditRecord)


def encode_record(record: EditRecord) -> bytes:
    """Return a record as the JSON that is stored, sealed."""
    return sealed(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")


def decode_record(data: bytes) -> EditRecord:
    """Read a record back; one without a seal, from before there were any, is read too.

    Raises:
        HistoryFault: it is damaged, or from a newer version of this package.
    """
    if is_sealed(data) is False:
        raise HistoryFault(
            "A record in the history is damaged: its seal does not fit what it says.", hint=_RESTORE
        )
    try:
        record = _decode_record.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HistoryFault(f"A record in the history cannot be read: {error}", hint=_RESTORE) from None
    if record.version > RECORD_VERSION:
        raise HistoryFault(
            "A record in the history was written by a newer version of requesty_nb.",
            hint="Upgrade requesty_nb to read it.",
        )
    return record
