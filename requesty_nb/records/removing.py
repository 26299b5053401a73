"""Taking edits away: records first, then the objects that nobody else needs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.records.files import remove, sync_folder, unwritable
from requesty_nb.records.names import id_of
from requesty_nb.records.objects import sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from requesty_nb.models import EditRequest
    from requesty_nb.records.shelf import Shelf

_DAY = 24 * 3600.0  # seconds; what is younger may belong to an edit that is just being kept


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken away.

    Attributes:
        records: ids of the edits.
        objects: how many pictures went with them.
        length: bytes of those.
    """

    records: tuple[str, ...]
    objects: int
    length: int

    def __str__(self) -> str:
        return (
            f"{len(self.records)} edits and {self.objects} pictures that no other edit needs "
            f"were taken away, {self.length / 1e6:.1f} MB."
        )

    __repr__ = __str__


def forget(shelf: Shelf, names: Sequence[str]) -> Removed:
    """Delete edits for good: records, notes, pictures that no other edit needs, and all derived from them.

    Raises:
        HistoryFault: a record cannot be taken away, or another one cannot be read: it may need the pictures.
    """
    candidates: dict[str, float] = {}
    for name in names:
        kept = _finished(shelf.path(name))
        for sha256 in shelf.record(name).objects:
            candidates[sha256] = max(candidates.get(sha256, 0.0), kept)
    gone = {id_of(name) for name in names}
    needed = _needed(shelf, but=gone)
    for name in names:
        _forget_record(shelf, name)
    counted = [
        _remove_object(shelf, sha256, unless_wanted_after=kept)
        for sha256, kept in candidates.items()
        if sha256 not in needed
    ]
    return _removed(sorted(gone), counted)


def prune(shelf: Shelf, names: Sequence[str]) -> Removed:
    """Delete edits as `forget` does, and besides all pictures that no edit needs, and what crashes left.

    Pictures younger than a day stay: they may belong to an edit that is just being kept.
    """
    made = forget(shelf, names)
    needed = _needed(shelf, but=())
    old = time.time() - _DAY
    orphans = [one for one in shelf.objects.all() if one.sha256 not in needed and one.wanted < old]
    counted = [_remove_object(shelf, one.sha256, unless_wanted_after=old) for one in orphans]
    sweep(shelf.folder, _DAY)
    more = _removed(made.records, counted)
    return Removed(made.records, made.objects + more.objects, made.length + more.length)


def _removed(ids: Iterable[str], counted: Iterable[int | None]) -> Removed:
    lengths = [length for length in counted if length is not None]
    return Removed(tuple(ids), len(lengths), sum(lengths))


def _needed(shelf: Shelf, *, but: Iterable[str]) -> set[str]:
    """Return the sha256 of all that other records and requests under way need.

    From the records themselves: what is derived is not trusted with this.

    Raises:
        HistoryFault: one cannot be read, so what it needs is not known.
    """
    needed: set[str] = set()
    for note in shelf.notes.read():  # first: an attempt that ends meanwhile has a record by then
        if note.id not in but:
            needed.update(_inputs(note.request))
    for name in shelf.recorded():
        if id_of(name) not in but:
            try:
                needed.update(shelf.record(name).objects)
            except HistoryFault as fault:
                fault.hint = "Nothing was deleted, as this one may need the pictures. Restore it first."
                raise
    return needed


def _inputs(request: EditRequest) -> list[str]:
    refs = [*request.images, *([request.mask] if request.mask else [])]
    return [ref.stored for ref in refs if ref.stored]


def _forget_record(shelf: Shelf, name: str) -> None:
    identifier, path = id_of(name), shelf.path(name)
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent) if path.parent.is_dir() else None
    except OSError as error:
        raise unwritable(path, error) from error
    shelf.notes.drop(identifier)
    shelf.drop(name)
    shelf.summaries.forget(identifier)
    shelf.previews.forget(identifier)
    day = shelf.folder / "notes" / identifier
    for note in day.glob("*") if day.is_dir() else ():
        remove(note)


def _remove_object(shelf: Shelf, sha256: str, *, unless_wanted_after: float) -> int | None:
    length = shelf.objects.remove(sha256, unless_wanted_after=unless_wanted_after)
    if length is not None:
        shelf.previews.forget(sha256)
    return length


def _finished(path: Path) -> float:
    """Return when a record was written; now, of what has none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
