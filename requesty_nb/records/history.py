"""`History`: the records on disk, and the order in which they are written."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requesty_nb import archives
from requesty_nb.errors import BadImage, HistoryFault
from requesty_nb.models import Cost, Differences, Edit, EditRecord, EditRequest, differences
from requesty_nb.records import checking, merging, removing
from requesty_nb.records.looking import Looking, Selection, moment
from requesty_nb.records.names import RecordName, id_of, is_ok, new_id
from requesty_nb.records.nearest import nearest
from requesty_nb.records.shelf import Shelf
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from requesty_nb.images import Blob
    from requesty_nb.records.checking import Report
    from requesty_nb.records.looking import When
    from requesty_nb.records.merging import Imported
    from requesty_nb.records.objects import Objects
    from requesty_nb.records.pending import Pending
    from requesty_nb.records.removing import Removed


class History(Looking):
    """Edits kept in a folder of plain files, looked through as `Looking` says: those that have pictures.

    ``failures`` are the other attempts, ``attempts`` all. Any number of processes may write to one folder.

    Args:
        folder: created when the first edit is kept.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__(Shelf(Path(folder).expanduser().absolute()))

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._shelf.folder

    @property
    def objects(self) -> Objects:
        """The bytes of all pictures, by sha256."""
        return self._shelf.objects

    def asks(self, asker: Callable[[Edit, dict[str, Any]], Edit]) -> None:
        """Have a session ask for its edits again: what `Edit.again` does."""
        self._shelf.asker = asker

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
        stored: bool = False,
    ) -> Pending:
        """Put the inputs and a note on disk; only then may anything be sent.

        Args:
            request: what is about to be asked.
            take: the take it is to fill.
            inputs: sources and mask, each with its sha256.
            timeout: seconds it may last.
            endpoint: the address it goes to.
            tags: the tags it will have.
            stored: whether `store` has put the inputs on disk a moment ago.

        Raises:
            HistoryFault: something cannot be written.
        """
        inputs = list(inputs)
        if not stored:
            self.store(inputs)
        note = self._shelf.notes.write(
            identifier=new_id(),
            request=request,
            key=request.key,
            take=take,
            timeout=timeout,
            endpoint=endpoint,
            tags=tags,
        )
        try:
            for blob, sha256 in inputs:
                self.objects.hold(blob.pieces(), sha256)
        except BaseException:
            self._shelf.notes.undo(note.id)
            raise
        return note

    def store(self, inputs: Iterable[tuple[Blob, str]]) -> None:
        """Put sources and masks on disk, each under its sha256; `begin` then need not.

        Raises:
            HistoryFault: one cannot be written.
        """
        for blob, sha256 in inputs:
            self.objects.write(blob.pieces(), sha256)

    def finish(
        self, record: EditRecord, pictures: Mapping[str, bytes], inputs: Mapping[str, Blob] | None = None
    ) -> Edit:
        """Write the pictures, then the record, then take the note away.

        Args:
            record: the attempt's record.
            pictures: bytes by sha256.
            inputs: likewise what was put on disk at the beginning: somebody may have deleted it since.

        Raises:
            HistoryFault: something cannot be written; the note stays, and says that the outcome is unknown.
        """
        try:
            for sha256, blob in (inputs or {}).items():
                with suppress(BadImage):  # nor is it any longer where it came from
                    self.objects.hold(blob.pieces(), sha256)
            for sha256, data in pictures.items():
                self.objects.write([data], sha256)
            self._shelf.keep(record)
            for sha256, data in pictures.items():
                self.objects.hold([data], sha256)
        finally:
            self._shelf.notes.release(record.id)
        self._shelf.notes.drop(record.id)
        self._shelf.use(record.id)
        return self._shelf.edit(record)

    # Finding

    def find(self, key: str, take: int) -> Iterator[Edit]:
        """Return the edits recorded under a key and take, the lowest id first, as replayed.

        Raises:
            HistoryFault: at the end, if a record that may have been one is damaged: it was paid for.
        """
        fault: HistoryFault | None = None
        for name in map(RecordName.read, self._shelf.of_key(key)):
            if name.take != take or name.state != "ok":
                continue
            try:
                edit = self._shelf.open(name.file)
            except HistoryFault as error:
                fault = fault or error
                continue
            if edit.key == key:
                yield edit
        if fault:
            fault.hint = f"{fault.hint} `--new` pays for another take."
            raise fault

    def unknown(self, key: str, take: int) -> list[str]:
        """Return the ids of attempts at this take whose outcome is not known; offline none matters."""
        left = [  # before the records are looked at: a record is written before its note is let go
            note.id
            for note in self._shelf.notes.lost()
            if note.key == key and note.take == take and not is_offline(note.request.model)
        ]
        names = [RecordName.read(name) for name in self._shelf.of_key(key)]
        recorded = {name.id for name in names}
        return [
            *(name.id for name in names if name.take == take and name.state == "unknown"),
            *(identifier for identifier in left if identifier not in recorded),
        ]

    def under_way(self, key: str, take: int) -> bool:
        """Tell whether an attempt at this take is under way, in this process or another."""
        notes = [note for note in self._shelf.notes.read() if note.key == key and note.take == take]
        left = {note.id for note in notes if note.alive}
        return bool(left and left - set(map(id_of, self._shelf.of_key(key))))

    def next_take(self, key: str) -> int:
        """Return 1 + the highest take that is recorded or under way."""
        under_way = [note for note in self._shelf.notes.read() if note.key == key and note.alive]  # as above
        names = [RecordName.read(name) for name in self._shelf.of_key(key)]
        recorded = {name.id for name in names}
        takes = [name.take for name in names if name.state == "ok"]
        takes += [note.take for note in under_way if note.id not in recorded]
        return 1 + max(takes, default=0)

    def use(self, edit: Edit) -> None:
        """Note that an edit was replayed in this session."""
        self._shelf.use(edit.id)

    # Looking

    def _names(self) -> list[str]:
        return self._shelf.ok()

    def __len__(self) -> int:
        return self._shelf.count()

    def _by_id(self, identifier: str) -> Edit:
        return self._shelf.by_id(identifier)

    @property
    def attempts(self) -> Selection:
        """All that was ever asked, with what gave no picture and what was lost on its way."""
        return Selection(self._shelf, self._shelf.attempts())

    @property
    def failures(self) -> Selection:
        """The attempts that gave no picture: refused, or with an unknown outcome; oldest first.

        Among them is what was being sent when its process ended: it may have been paid for.
        """
        return Selection(self._shelf, [name for name in self._shelf.attempts() if not is_ok(name)])

    @property
    def this_session(self) -> Selection:
        """The edits that this process has made or replayed."""
        return Selection(self._shelf, self._shelf.used())

    @property
    def cost(self) -> Cost:
        """What all attempts cost together, as `Looking.cost` tells it."""
        return self.attempts.cost

    @property
    def damaged(self) -> list[HistoryFault]:
        """What is wrong with each record that cannot be read; opens them all."""
        tried = map(self._shelf.tried, self._shelf.recorded())
        return [fault for fault in tried if isinstance(fault, HistoryFault)]

    def diff(self, one: Edit | str, other: Edit | str) -> Differences:
        """Return in what two edits' requests differ, and so have different keys.

        Args:
            one: an edit or its id.
            other: likewise.
        """
        first, second = (self[edit] if isinstance(edit, str) else edit for edit in (one, other))
        return differences(first.request, second.request)

    def nearest(self, request: EditRequest) -> tuple[Edit, Differences] | None:
        """Return the recorded edit whose request is most like one, the newest of several, and how it differs.

        None if nothing is recorded. Opens the few whose summaries are most like it.
        """
        names = map(self._shelf.recorded_as, nearest(self.summaries(), request))
        tried = [self._shelf.tried(name) for name in names if name is not None]
        told = [(edit, differences(edit.request, request)) for edit in tried if isinstance(edit, Edit)]
        return min(told, key=lambda pair: pair[1].weight, default=None)

    # Keeping

    def export(self, path: str | Path) -> Path:
        """Write all attempts out, as `Looking.export` does."""
        return self.attempts.export(path)

    def import_(self, path: str | Path) -> Imported:
        """Take in the edits of a folder, zip or jsonl that `export` wrote, or of another history's folder.

        What is here already stays as it is; so importing twice changes nothing. What is damaged or cannot be
        right is refused, and the rest is taken.

        Raises:
            BadRequest: there is no such file, or it is no export.
            HistoryFault: the history cannot be written, or what is imported would not fit.
        """
        with archives.opened(Path(path).expanduser(), into=self.folder) as archive:
            return merging.merge(self._shelf, archive)

    def verify(self) -> Report:
        """Read every byte of the history, and compare it with names, digests and seals."""
        return checking.verify(self._shelf)

    def forget(self, *edits: Edit | str) -> Removed:
        """Delete edits for good, with their stars and tags, and the pictures that no other edit needs.

        Args:
            edits: edits of this history, or their ids.

        Raises:
            KeyError: one is not here; nothing was deleted.
            HistoryFault: one cannot be deleted, or a record cannot be read, which may need the pictures.
        """
        ids = dict.fromkeys(edit if isinstance(edit, str) else edit.id for edit in edits)
        return removing.forget(self._shelf, list(map(self._shelf.named, ids)))

    def prune(
        self, *, before: When | None = None, failures: bool = False, keep: Iterable[str] = ()
    ) -> Removed:
        """Delete what is old, and what nobody needs.

        With nothing given, only pictures that no edit needs, and files that crashes have left; those younger
        than a day stay.

        Args:
            before: edits made before then go: a datetime, a date, or either as ISO text.
            failures: attempts that were refused go too; those with an unknown outcome stay.
            keep: tags; edits that have one of them stay, and those with a star.

        Raises:
            HistoryFault: something cannot be deleted, or a record cannot be read.
        """
        return removing.prune(self._shelf, before=moment(before, end=False), failures=failures, keep=keep)

    def __repr__(self) -> str:
        return f"<History {self.folder} with {len(self)} edits>"
