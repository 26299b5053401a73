"""The records on disk, and the order in which they are written."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, overload

from requesty_nb import archives
from requesty_nb.errors import HistoryFault
from requesty_nb.models import Edit, EditRecord, EditRequest, decode_record, encode_record
from requesty_nb.records.files import Objects, sync_folders, write_whole
from requesty_nb.records.index import Index
from requesty_nb.records.names import RecordName, id_date, key_hash, new_id
from requesty_nb.records.pending import Notes, Pending
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from requesty_nb.images import Blob


class History:
    """Edits kept in a folder of plain files.

    Indexing, slicing and iterating give the edits that have pictures, oldest first; ``failures`` the other
    attempts. A record that is damaged is passed over by all that give several, and told by ``damaged``. Any
    number of processes may write to one folder.

    Args:
        folder: created when the first edit is kept.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.objects = Objects(self.folder / "objects")
        self._notes = Notes(self.folder / "pending")
        self._index = Index(self.folder / "edits")
        self._lock = threading.Lock()

    # Writing

    def begin(
        self,
        request: EditRequest,
        take: int,
        inputs: Iterable[tuple[Blob, str]],
        *,
        timeout: float,
        endpoint: str,
        tags: tuple[str, ...] = (),
    ) -> Pending:
        """Put the inputs and a note on disk; only then may anything be sent.

        Args:
            request: what is about to be asked.
            take: the take it is to fill.
            inputs: sources and mask, each with its sha256.
            timeout: seconds it may last.
            endpoint: the address it goes to.
            tags: the tags it will have.

        Raises:
            HistoryFault: something cannot be written.
        """
        for blob, sha256 in inputs:
            self.objects.write(blob.pieces(), sha256)
        return self._notes.write(
            identifier=new_id(),
            request=request,
            key=request.key,
            take=take,
            timeout=timeout,
            endpoint=endpoint,
            tags=tags,
        )

    def finish(self, record: EditRecord, pictures: Mapping[str, bytes]) -> Edit:
        """Write the pictures, then the record, then take the note away.

        Args:
            record: the attempt's record.
            pictures: bytes by sha256.

        Raises:
            HistoryFault: something cannot be written; the note stays, and says that the outcome is unknown.
        """
        name = RecordName(record.id, key_hash(record.key), record.take, record.state)
        path = self.folder / "edits" / name.file
        try:
            for sha256, data in pictures.items():
                self.objects.write([data], sha256)
            write_whole(path, [encode_record(record)])
        finally:
            self._notes.release(record.id)
        sync_folders([path.parent, path.parent.parent])
        with self._lock:
            self._index.add(name)
        self._notes.drop(record.id)
        return Edit(record, self.objects.read)

    # Finding

    def find(self, key: str, take: int) -> Iterator[Edit]:
        """Return the edits recorded under a key and take, the lowest id first, as replayed.

        Raises:
            HistoryFault: at the end, if a record that may have been one is damaged: it was paid for.
        """
        fault: HistoryFault | None = None
        for name in self._of_key(key):
            if name.take != take or name.state != "ok":
                continue
            try:
                edit = self._open(name, replayed=True)
            except HistoryFault as error:
                fault = fault or error
                continue
            if edit.key == key:
                yield edit
        if fault:
            fault.hint = "Restore it from a copy of the history, or pay for another take with `--new`."
            raise fault

    def unknown(self, key: str, take: int) -> list[str]:
        """Return the ids of attempts at this take whose outcome is not known; offline none matters."""
        left = [  # before the records are looked at: a record is written before its note is let go
            note.id
            for note in self._notes.read()
            if note.key == key and note.take == take and not note.alive and not is_offline(note.request.model)
        ]
        names = self._of_key(key)
        recorded = {name.id for name in names}
        return [
            *(name.id for name in names if name.take == take and name.state == "unknown"),
            *(identifier for identifier in left if identifier not in recorded),
        ]

    def under_way(self, key: str, take: int) -> bool:
        """Tell whether an attempt at this take is under way, in this process or another."""
        left = [
            note.id for note in self._notes.read() if note.key == key and note.take == take and note.alive
        ]
        return bool(left and set(left) - {name.id for name in self._of_key(key)})

    def next_take(self, key: str) -> int:
        """Return 1 + the highest take that is recorded or under way."""
        under_way = [note for note in self._notes.read() if note.key == key and note.alive]  # first, as above
        names = self._of_key(key)
        recorded = {name.id for name in names}
        takes = [name.take for name in names if name.state == "ok"]
        takes += [note.take for note in under_way if note.id not in recorded]
        return 1 + max(takes, default=0)

    # Looking

    def __len__(self) -> int:
        return len(self._named())

    def __iter__(self) -> Iterator[Edit]:
        return (edit for edit in map(self._tried, self._named()) if isinstance(edit, Edit))

    @overload
    def __getitem__(self, which: int | str) -> Edit: ...
    @overload
    def __getitem__(self, which: slice) -> list[Edit]: ...
    def __getitem__(self, which: int | str | slice) -> Edit | list[Edit]:
        """Return an edit by its place or id, or several by a slice.

        Raises:
            IndexError: there is none at that place.
            KeyError: there is none with that id.
            HistoryFault: the one asked for is damaged.
        """
        if isinstance(which, str):
            return self._by_id(which)
        names = self._named()
        if isinstance(which, slice):
            return [edit for edit in map(self._tried, names[which]) if isinstance(edit, Edit)]
        if not -len(names) <= which < len(names):
            raise IndexError(f"The history holds {len(names)} edits.")
        return self._open(names[which])

    @property
    def failures(self) -> list[Edit]:
        """The attempts that gave no picture: refused, or with an unknown outcome; oldest first."""
        tried = (self._tried(name) for name in self._listed() if name.state != "ok")
        return [edit for edit in tried if isinstance(edit, Edit)]

    @property
    def damaged(self) -> list[HistoryFault]:
        """What is wrong with each record that cannot be read; opens them all."""
        return [fault for fault in map(self._tried, self._listed()) if isinstance(fault, HistoryFault)]

    def filter(self, *, text: str = "", model: str = "", tag: str = "") -> list[Edit]:
        """Return the edits whose prompt and model contain these words, and that have this tag.

        Case does not matter; what is left out matches everything.
        """
        return [
            edit
            for edit in self
            if text.casefold() in edit.prompt.casefold()
            and model.casefold() in edit.model.casefold()
            and (not tag or tag in edit.tags)
        ]

    def export(self, path: str | Path) -> Path:
        """Write all edits into a folder: pictures under readable names, and ``records.jsonl``.

        Returns:
            The folder.

        Raises:
            HistoryFault: the folder cannot be written, or a picture cannot be read.
        """
        return archives.export_folder([*self, *self.failures], Path(path).expanduser())

    def __repr__(self) -> str:
        return f"<History {self.folder} with {len(self)} edits>"

    def _by_id(self, identifier: str) -> Edit:
        for name in self._listed():
            if name.id == identifier:
                return self._open(name)
        raise KeyError(f"The history holds no edit {identifier}.")

    def _named(self) -> list[RecordName]:
        return [name for name in self._listed() if name.state == "ok"]

    def _listed(self) -> list[RecordName]:
        with self._lock:
            self._index.refresh()
            return self._index.all()

    def _of_key(self, key: str) -> list[RecordName]:
        with self._lock:
            self._index.refresh()
            return self._index.of_key(key)

    def _open(self, name: RecordName, *, replayed: bool = False) -> Edit:
        path = self.folder / "edits" / name.file
        try:
            data = path.read_bytes()
        except OSError as error:
            raise HistoryFault(
                f"The record of {name.id} ({id_date(name.id)}) cannot be read: {error}."
            ) from None
        try:
            record = decode_record(data)
        except HistoryFault as error:
            raise HistoryFault(f"{path}: {error.message}", hint=error.hint) from None
        if record.id != name.id:
            raise HistoryFault(f"{path}: A record in the history is not the one that its name says.")
        return Edit(record, self.objects.read, replayed=replayed)

    def _tried(self, name: RecordName) -> Edit | HistoryFault:
        try:
            return self._open(name)
        except HistoryFault as fault:
            return fault
