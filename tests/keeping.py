"""Edits put into a history by hand, for tests whose subject is what a history does with them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from photos import MADE, MODEL

from requesty_nb.images import Blob
from requesty_nb.models import EditRecord, EditRequest, EditResult, Failure, ImageInfo, ImageRef

if TYPE_CHECKING:
    from pathlib import Path

    from requesty_nb.models import Edit
    from requesty_nb.records import History, Pending

FAILURE = Failure(type="BadRequest", message="no")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def asked(prompt: str = "a red hat", model: str = MODEL) -> EditRequest:
    ref = ImageRef(digest=f"sha256:{digest(b'given')}", name="a.png", stored=digest(b"given"))
    return EditRequest(prompt=prompt, model=model, images=(ref,))


def begun(history: History, prompt: str = "a red hat", take: int = 1, model: str = MODEL) -> Pending:
    given = Blob.of(b"given")
    return history.begin(asked(prompt, model), take, [(given, given.digest)], timeout=60, endpoint="e")


def ended(history: History, note: Pending, state: Any = "ok", data: bytes = MADE[0], **more: Any) -> Edit:
    info = ImageInfo(digest(data), "image/png", 32, 32)
    made = {"result": EditResult(images=(info,))} if state == "ok" else {"failure": FAILURE}
    record = EditRecord(
        id=note.id, key=note.key, take=note.take, state=state, request=note.request,
        started=datetime.now(UTC), elapsed=0.1, **made, **more,
    )  # fmt: skip
    return history.finish(record, {info.sha256: data} if state == "ok" else {})


def kept(history: History, prompt: str = "a red hat", take: int = 1, **more: Any) -> Edit:
    return ended(history, begun(history, prompt, take), **more)


def record_file(history: History, edit: Edit) -> Path:
    return next((history.folder / "edits").glob(f"*/{edit.id}-*.json"))
