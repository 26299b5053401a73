"""Taking edits away: records first, then the objects that nobody else needs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.records.files import delete, exists
from requesty_nb.records.names import id_of
from requesty_nb.records.objects import sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from requesty_nb.models import Edit, EditRequest
    from requesty_nb.records.objects import Stored
    from requesty_nb.records.shelf import Shelf

_DAY = 24 * 3600  # seconds; what is younger may belong to an edit that is just being kept


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
    """Delete edits for good: records, stars and tags, pictures that no other edit needs, and all derived.

    Of one whose record is damaged it is not known what it needs; `prune` finds that.

    Raises:
        HistoryFault: one cannot be taken away, or another one cannot be read: it may need the pictures.
    """
    wanted = dict.fromkeys(sha256 for name in names for sha256 in _objects_of(shelf, name))
    found = [stored for sha256 in wanted if (stored := shelf.objects.found(sha256))]  # before it is read ...
    gone = {id_of(name) for name in names}
    needed = _needed(shelf, but=gone) if found else ()  # ... who needs them: who comes later marks them
    try:
        for name in names:
            shelf.notes.forget(id_of(name))  # first: without its record it would be an unknown outcome
            delete(shelf.path(name))
            shelf.drop([name])
            shelf.noted.forget(id_of(name))
    finally:
        shelf.summaries.forget(gone)
        shelf.previews.forget(gone)
    return _taken_away(shelf, sorted(gone), [stored for stored in found if stored.sha256 not in needed])


def prune(shelf: Shelf, *, before: datetime | None, failures: bool, keep: Iterable[str]) -> Removed:
    """Delete edits as `forget` does, and besides all pictures that no edit needs, and what crashes left.

    Pictures younger than a day stay: they may belong to an edit that is just being kept.

    Args:
        before: edits made before then go.
        failures: attempts that were refused go too.
        keep: tags; edits that have one of them stay, and those with a star.
    """
    spared = set(keep)

    def goes(edit: Edit) -> bool:
        old = before is not None and edit.started < before
        if not old and not (failures and edit.state == "failed"):
            return False
        # Of one with a damaged note it is not known whether it has a star or which tags.
        return not (edit.starred or spared & set(edit.tags) or shelf.noted.has_damage(edit.id))

    # From the records themselves: what is derived is not trusted with this.
    tried = ((name, shelf.tried(name)) for name in shelf.attempts())
    names = [name for name, edit in tried if not isinstance(edit, HistoryFault) and goes(edit)]
    made = forget(shelf, names)
    old = time.time_ns() - _DAY * 1_000_000_000
    found = [stored for stored in shelf.objects.all() if stored.wanted < old]
    needed = _needed(shelf, but=())
    more = _taken_away(shelf, made.records, [stored for stored in found if stored.sha256 not in needed])
    for note in shelf.notes.lost():
        if shelf.recorded_as(note.id):  # its process ended before it could take it away
            shelf.notes.drop(note.id)
    _sweep_notes(shelf)
    sweep(shelf.folder, _DAY)
    return Removed(made.records, made.objects + more.objects, made.length + more.length)


def _sweep_notes(shelf: Shelf) -> None:
    """Take away the stars and tags of edits that are gone; those of today may have been copied first."""
    for identifier in shelf.noted.ids():
        if shelf.noted.age(identifier) > _DAY and shelf.with_id(identifier) is None:
            shelf.noted.forget(identifier)


def _taken_away(shelf: Shelf, ids: Iterable[str], objects: Iterable[Stored]) -> Removed:
    gone = [stored for stored in objects if shelf.objects.remove(stored)]
    shelf.previews.forget(stored.sha256 for stored in gone)
    return Removed(tuple(ids), len(gone), sum(stored.length for stored in gone))


def _objects_of(shelf: Shelf, name: str) -> tuple[str, ...]:
    try:
        return shelf.record(name).objects
    except HistoryFault:
        return ()


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
                if not exists(shelf.path(name)):  # another process has taken it away
                    continue
                fault.hint = f"Nothing was deleted, as this one may need the pictures. {fault.hint}"
                raise
    return needed


def _inputs(request: EditRequest) -> list[str]:
    refs = [*request.images, *([request.mask] if request.mask else [])]
    return [ref.stored for ref in refs if ref.stored]
