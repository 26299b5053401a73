"""`Imported`: edits of elsewhere, taken into a history; twice is as good as once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault, ImgEditError
from requesty_nb.records.names import RecordName, is_id, key_hash
from requesty_nb.records.objects import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requesty_nb.archives import Archive
    from requesty_nb.models import EditRecord
    from requesty_nb.records.shelf import Shelf

_TOLD = 20  # refusals that a text names


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        added: ids of the edits that are new here.
        known: ids of those that were here already.
        refused: of each that was not taken, why.
        notes: how many stars and tags, given or taken away, are new here.
    """

    added: tuple[str, ...]
    known: tuple[str, ...]
    refused: tuple[str, ...]
    notes: int = 0

    def __str__(self) -> str:
        told = [f"{len(self.added)} edits added, {len(self.known)} known already."]
        if self.notes:
            told.append(f"{self.notes} notes of stars and tags added.")
        if self.refused:
            told.append(f"{len(self.refused)} refused; the others are not touched by this:")
            told += [f"  {why}" for why in self.refused[:_TOLD]]
            if len(self.refused) > _TOLD:
                told.append(f"  and {len(self.refused) - _TOLD} more")
        return "\n".join(told)

    __repr__ = __str__


def merge(shelf: Shelf, archive: Archive) -> Imported:
    """Take an archive's edits in: the pictures of each first, then its record, then its stars and tags.

    Raises:
        HistoryFault: the archive is none, or the history cannot be written.
    """
    added: list[str] = []
    known: list[str] = []
    refused: list[str] = []
    notes = 0
    for record in archive.records:
        if isinstance(record, HistoryFault):
            refused.append(record.message)
            continue
        try:
            (added if _take(shelf, archive, record) else known).append(record.id)
        except _Refused as why:
            refused.append(f"{record.id[:26]!r}: {why}")
            continue
        for found in archive.notes(record.id):
            if isinstance(found, HistoryFault):
                refused.append(found.message)
            else:
                notes += shelf.noted.put(*found)
    return Imported(tuple(added), tuple(known), tuple(refused), notes)


class _Refused(Exception):
    """One record that is not taken."""


def _take(shelf: Shelf, archive: Archive, record: EditRecord) -> bool:
    """Take one record in; False if it is here already.

    Raises:
        _Refused: it cannot be right, or a picture of it is not there.
        HistoryFault: the history cannot be written.
    """
    if not is_id(record.id) or record.take < 1 or record.request.key != record.key:
        raise _Refused("its id, take or key cannot be right")
    known = _is_here(shelf, record)
    wanted = [sha256 for sha256 in record.objects if not (known and shelf.objects.has(sha256))]
    for sha256 in wanted:
        _bring(archive, sha256, shelf.objects.write)
    if not known:
        shelf.keep(record)
    for sha256 in wanted:
        _bring(archive, sha256, shelf.objects.hold)
    return not known


def _is_here(shelf: Shelf, record: EditRecord) -> bool:
    """Tell whether a record is here already, and whole; one that is damaged is written anew.

    Raises:
        _Refused: another one is, under its id.
    """
    there = shelf.recorded_as(record.id)
    if there is None:
        return False
    name = RecordName(record.id, key_hash(record.key), record.take, record.state)
    try:
        same = there == name.file and shelf.record(there) == record
    except HistoryFault as fault:
        if not shelf.is_damaged(there):  # of a newer version, or not to be read
            raise _Refused(fault.message) from None
        return False
    if not same:
        raise _Refused("another edit is here under this id")
    return True


def _bring(archive: Archive, sha256: str, keep: Callable[[Iterator[bytes], str], None]) -> None:
    """Keep a picture of an archive as a method of `Objects` does."""

    def pieces() -> Iterator[bytes]:
        try:
            yield from archive.pieces(sha256)
        except ImgEditError as error:
            raise _Refused(error.message) from None

    try:
        keep(pieces(), sha256)
    except Mismatch:
        raise _Refused(f"its picture {sha256[:12]} is damaged") from None
