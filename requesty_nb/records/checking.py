"""`Report`: whether every byte of a history is as it was written, and everything an edit needs is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.models import is_sealed
from requesty_nb.records.files import exists
from requesty_nb.records.names import RecordName, is_name, key_hash
from requesty_nb.records.pending import read_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requesty_nb.models import EditRecord
    from requesty_nb.records.shelf import Shelf

_TOLD = 50  # faults that a text names


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the file below the history's folder, and what."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a check has found.

    Attributes:
        folder: that was checked.
        records: how many were read.
        objects: likewise.
        length: bytes of the objects together.
        faults: all that is wrong; empty if nothing is.
        notes: how many stars and tags that were given or taken away later were read.
    """

    folder: Path
    records: int
    objects: int
    length: int
    faults: tuple[Fault, ...]
    notes: int = 0

    def __bool__(self) -> bool:
        """Whether all is well."""
        return not self.faults

    def __str__(self) -> str:
        size = f"{self.length / 1e6:.1f} MB"
        notes = f", {self.notes} notes of stars and tags" if self.notes else ""
        checked = (
            f"{self.records} records and {self.objects} pictures ({size}){notes} in {self.folder} "
            "were read whole"
        )
        if not self.faults:
            return f"{checked}: every byte is as it was written."
        told = [f"  {fault}" for fault in self.faults[:_TOLD]]
        if len(self.faults) > _TOLD:
            told.append(f"  and {len(self.faults) - _TOLD} more")
        cure = "Restore these files from a copy of the history; the other edits are not touched by this."
        return "\n".join([f"{checked}. Faults: {len(self.faults)}.", *told, cure])

    __repr__ = __str__


def verify(shelf: Shelf) -> Report:
    """Read everything a history holds, and compare it with its names and seals."""
    faults: list[Fault] = []
    records, needed = 0, dict[str, str]()  # sha256 of an object -> the first edit that needs it
    for name in shelf.recorded():
        if record := _checked(shelf, name, faults):
            records += 1
            for sha256 in record.objects:
                needed.setdefault(sha256, record.id)
    whole, length = set(), 0
    objects = 0
    for stored in shelf.objects.all():
        objects += 1
        length += stored.length
        if shelf.objects.is_whole(stored):
            whole.add(stored.sha256)
        else:
            faults.append(Fault(_below(shelf, stored.path), "does not hold what its name says"))
    bad = {fault.path for fault in faults}
    for sha256, identifier in needed.items():
        path = _below(shelf, shelf.objects.path(sha256))
        if sha256 not in whole and path not in bad:
            faults.append(Fault(path, f"is missing; edit {identifier} needs it"))
    faults += _strays(shelf)
    noted = list(shelf.noted.check())
    faults += [Fault(_below(shelf, path), wrong) for path, wrong in noted if wrong]
    notes = sum(not wrong for _, wrong in noted)
    return Report(shelf.folder, records, objects, length, tuple(faults), notes)


def _checked(shelf: Shelf, name: str, faults: list[Fault]) -> EditRecord | None:
    path = shelf.path(name)
    where = _below(shelf, path)
    try:
        record = shelf.record(name)
        data = path.read_bytes()
    except (HistoryFault, OSError) as error:
        if not exists(path):  # another process has taken it away
            return None
        faults.append(Fault(where, error.message if isinstance(error, HistoryFault) else str(error)))
        return None
    if is_sealed(data) is None:
        faults.append(Fault(where, "has no seal: it is from before there were seals, or damaged at its end"))
    named = RecordName.read(name)
    said = RecordName(record.id, key_hash(record.key), record.take, record.state)
    if said != named or record.request.key != record.key:
        faults.append(Fault(where, "is not the record that its name says"))
    return record


def _strays(shelf: Shelf) -> Iterator[Fault]:
    """Yield what stands among the records and notes and is none: damage can change a name as well."""
    edits, pending = shelf.folder / "edits", shelf.folder / "pending"
    for path in sorted(edits.rglob("*.json")) if edits.is_dir() else ():
        if not is_name(path.name):
            yield Fault(_below(shelf, path), "has not the name of a record")
    for path in sorted(pending.glob("*.json")) if pending.is_dir() else ():
        if read_note(path, sealed=True) is None:
            yield Fault(_below(shelf, path), "is damaged: a request may have been sent under this id")


def _below(shelf: Shelf, path: Path) -> str:
    return path.relative_to(shelf.folder).as_posix()
