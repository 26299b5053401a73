"""`Shelf`: a history's folder as it is read: names to records, records to edits, edits to their kin."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from requesty_nb import images
from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models import Edit, decode_record, encode_record, is_sealed, summary_of
from requesty_nb.records.cache import Previews, Summaries
from requesty_nb.records.files import exists, write_whole
from requesty_nb.records.index import Index
from requesty_nb.records.lineage import Lineage
from requesty_nb.records.names import RecordName, id_date, id_of, is_id, key_hash
from requesty_nb.records.notes import NoteFiles
from requesty_nb.records.objects import Objects, is_sha256
from requesty_nb.records.pending import Notes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from requesty_nb.models import EditRecord, Mark, Marks, Summary

PREVIEW_EDGE = 384  # pixels a side, at most
_used: dict[Path, dict[str, None]] = {}  # folder -> ids that this process has made or replayed, in order


class Shelf:
    """What all views of one history share; where its edits are at home.

    Args:
        folder: of the history.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = Objects(folder / "objects")
        self.notes = Notes(folder / "pending")
        self.noted = NoteFiles(folder / "notes")
        self.cache = folder / "cache"
        self.summaries = Summaries(self.cache, self.record, self.path)
        self.previews = Previews(self.cache)
        self.asker: Callable[[Edit, dict[str, Any]], Edit] | None = None
        self._index = Index(folder / "edits")
        self._lock = threading.Lock()
        self._lineage: tuple[int, Lineage] | None = None  # of which version of the index

    # Names

    def ok(self) -> list[str]:
        """Return the names of the records with pictures, oldest first."""
        with self._lock:
            self._index.refresh()
            return self._index.ok()

    def count(self) -> int:
        """Return how many have pictures."""
        with self._lock:
            self._index.refresh()
            return self._index.count()

    def recorded(self) -> list[str]:
        """Return the names of all records, oldest first."""
        with self._lock:
            self._index.refresh()
            return self._index.all()

    def attempts(self) -> list[str]:
        """Return the names of all records, and of what was lost on its way as if it had one; oldest first."""
        lost = self.notes.lost()  # before the records: one is written before its note is let go
        names = self.recorded()
        known = {id_of(name) for name in names} if lost else set()
        lost_names = (
            RecordName(note.id, key_hash(note.key), note.take, note.as_record().state).file for note in lost
        )
        return sorted([*names, *(name for name in lost_names if id_of(name) not in known)])

    def of_key(self, key: str) -> list[str]:
        """Return the names that may belong to a key, oldest first."""
        with self._lock:
            self._index.refresh()
            return self._index.of_key(key)

    def with_id(self, identifier: str) -> str | None:
        """Return the name that has an id, also of what was lost on its way."""
        found = self.recorded_as(identifier)
        return found or next((name for name in self.attempts() if id_of(name) == identifier), None)

    def named(self, identifier: str) -> str:
        """Return what `with_id` does; KeyError if there is none."""
        name = self.with_id(identifier)
        if name is None:
            raise KeyError(f"The history holds no edit {identifier}.")
        return name

    def recorded_as(self, identifier: str) -> str | None:
        """Return the name of the record that has an id."""
        with self._lock:
            self._index.refresh()
            return self._index.with_id(identifier)

    def keep(self, record: EditRecord) -> None:
        """Write a record; everything it needs is there already.

        Raises:
            HistoryFault: it cannot be written.
        """
        name = RecordName(record.id, key_hash(record.key), record.take, record.state)
        path = self.folder / "edits" / name.path
        write_whole(path, [encode_record(record)])
        with self._lock:
            self._index.add(path.parent.name, name.file)

    def drop(self, names: Sequence[str]) -> None:
        """Forget records that were just taken away."""
        with self._lock:
            self._index.drop(names)

    def path(self, name: str) -> Path:
        """Return where a record lies, or would."""
        with self._lock, suppress(KeyError):
            return self._index.path(name)
        return self.folder / "edits" / id_date(id_of(name)) / name

    def is_recorded(self, name: str) -> bool:
        """Tell whether a name is a record's, and not that of something lost."""
        with self._lock:
            return self._index.with_id(id_of(name)) is not None

    # Records

    def record(self, name: str) -> EditRecord:
        """Open a record, or what is known of an attempt that was lost.

        Raises:
            HistoryFault: it is damaged or gone.
        """
        identifier = id_of(name)
        path = self.path(name)
        try:
            data = path.read_bytes()
        except OSError as error:
            if not self.is_recorded(name) and (note := self.notes.find(identifier)):
                return note.as_record()
            raise HistoryFault(
                f"The record of {identifier} cannot be read: {path} ({error.strerror or error})."
            ) from None
        try:
            record = decode_record(data)
        except HistoryFault as error:
            raise HistoryFault(f"{path}: {error.message}", hint=error.hint) from None
        if record.id != identifier:
            raise HistoryFault(f"{path}: A record in the history is not the one that its name says.")
        return record

    def is_damaged(self, name: str) -> bool:
        """Tell whether a record does not hold what was written; False if it cannot be read at all."""
        try:
            return not is_sealed(self.path(name).read_bytes())
        except OSError:
            return False

    def open(self, name: str) -> Edit:
        """Open an edit, as replayed: nobody pays for what the record answers. Raises as `record`."""
        return self.edit(self.record(name), replayed=True)

    def edit(self, record: EditRecord, *, replayed: bool = False) -> Edit:
        """Return a record of this history as an edit."""
        return Edit(record, self.objects.read, replayed=replayed, home=self)

    def tried(self, name: str) -> Edit | HistoryFault:
        """Open an edit, or return what is wrong with it."""
        try:
            return self.open(name)
        except HistoryFault as fault:
            return fault

    def by_id(self, identifier: str) -> Edit:
        """Open an edit by its id.

        Raises:
            KeyError: there is none.
            HistoryFault: it is damaged.
        """
        return self.open(self.named(identifier))

    def summaries_of(self, names: Sequence[str]) -> list[Summary]:
        """Return what looking through records needs, with stars and tags; what is damaged is left out."""
        found = self.summaries.of(names, lasting=self.is_recorded)
        if not (noted := self.noted.all()):
            return found
        return [one.with_marks(noted[one.id]) if one.id in noted else one for one in found]

    def preview(self, sha256: str) -> bytes:
        """Return a WebP thumbnail of a stored picture, at most `PREVIEW_EDGE` pixels a side.

        Raises:
            HistoryFault: it is missing or damaged.
            BadImage: it cannot be decoded.
        """

        def make() -> bytes:
            return images.load(self.objects.read(sha256)).preview(PREVIEW_EDGE)

        return self.cached(f"{sha256}-{PREVIEW_EDGE}-80.webp", make)

    # Where an edit is at home

    def parents(self, edit: Edit) -> list[Edit]:
        """Return the edits whose pictures were an edit's sources; what is damaged is left out."""
        return self._kin(edit, Lineage.parents)

    def children(self, edit: Edit) -> list[Edit]:
        """Return the edits that went on from an edit's pictures, oldest first."""
        return self._kin(edit, Lineage.children)

    def again(self, edit: Edit, changes: dict[str, Any]) -> Edit:
        """Ask for an edit again, with changes, if a session keeps this history.

        Raises:
            BadRequest: none does.
        """
        if self.asker is None:
            raise BadRequest(
                f"No session keeps its edits in {self.folder}, so it is not known how to ask for one again.",
                hint="rq.session.again(edit, prompt=...) does, and keeps it in the session's history.",
            )
        return self.asker(edit, changes)

    def marks(self, identifier: str) -> Marks:
        """Return what the notes of an edit come to."""
        return self.noted.of(identifier)

    def note(self, identifier: str, marks: Sequence[Mark]) -> None:
        """Note stars and tags of an edit.

        Raises:
            BadRequest: it is not here any more.
            HistoryFault: one cannot be written.
        """
        name = self.with_id(identifier)
        if name is not None:
            self.noted.write(identifier, marks)
        if name is None or (self.is_recorded(name) and not exists(self.path(name))):
            self.noted.forget(identifier)  # by another, meanwhile: nothing of it stays
            raise BadRequest(f"The edit {identifier} is not in {self.folder} any more: nothing was noted.")

    def note_files(self, identifier: str) -> Sequence[tuple[str, bytes]]:
        """Return the notes of an edit that are whole, by the names of their files."""
        return self.noted.files(identifier)

    def cached(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return a WebP thumbnail that is made only once."""
        return self.previews.get(name, make, lasting=lambda: self._lasts(name.partition("-")[0]))

    def _lasts(self, of: str) -> bool:
        """Tell whether the edit or object that a thumbnail is named by is still there."""
        if is_id(of):
            name = self.with_id(of)
            return name is not None and (exists(self.path(name)) or not self.is_recorded(name))
        return not is_sha256(of) or exists(self.objects.path(of))

    def _kin(self, edit: Edit, find: Callable[[Lineage, Summary], list[str]]) -> list[Edit]:
        with self._lock:
            self._index.refresh()
            version, names = self._index.version, self._index.ok()
        held = self._lineage
        if held is None or held[0] != version:
            held = self._lineage = version, Lineage(self.summaries_of(names))
        found = (self.with_id(identifier) for identifier in find(held[1], summary_of(edit.record)))
        tried = [self.tried(name) for name in found if name is not None]
        return [one for one in tried if isinstance(one, Edit)]

    # This session

    def use(self, identifier: str) -> None:
        """Note that this process has made or replayed an edit."""
        _used.setdefault(self.folder, {})[identifier] = None

    def used(self) -> list[str]:
        """Return the names of what this process has made or replayed, oldest first."""
        mine = _used.get(self.folder, {})
        return [name for name in self.ok() if id_of(name) in mine]
