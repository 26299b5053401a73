"""A zip of what a folder holds; and reading one that may be made to harm."""

from __future__ import annotations

import os
import stat
import unicodedata
import zipfile
import zlib
from contextlib import closing
from typing import IO, TYPE_CHECKING, BinaryIO, ClassVar, cast

from requesty_nb.archives import contents
from requesty_nb.archives.archive import RECORDS, Archive, Filed
from requesty_nb.archives.limits import MAX_ENTRIES, MAX_LISTING, MAX_OBJECT, MAX_RATIO, RATIO_FROM
from requesty_nb.archives.notes import FOLDER
from requesty_nb.archives.paths import told, wrong_with
from requesty_nb.archives.writing import whole
from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models import note_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from requesty_nb.models import Edit

_THEN = (1980, 1, 1, 0, 0, 0)  # the first moment a zip knows: the same edits make the same file
_PACKED = (".jsonl", ".json", ".html")  # pictures are packed as they are
_FILE = stat.S_IFREG | 0o644
_UNIX = 3
_HEAD = 30  # bytes before an entry's data, at least
_LISTED = 46 + 28  # bytes of an entry in the list besides its name, at most
_ENCRYPTED = 0x2041  # flags: encrypted, strongly, and the list of entries as well
_ELSE = "Export them to a folder or as .jsonl, or fewer of them."
_NOTE_PARTS = 3  # notes/<id>/<time>-<nonce>.json
_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)


def write_zip(edits: Iterable[Edit], path: Path) -> None:
    """Write edits into a zip, one file after the other; the same edits give the same bytes.

    Raises:
        OSError: it cannot be written.
        HistoryFault: a picture cannot be read, or there is more than `zip_archive` would read.
    """
    count = listing = 0
    with whole(path) as file, zipfile.ZipFile(file, "w") as made, closing(contents.files_of(edits)) as files:
        for name, pieces in files:
            count, listing = count + 1, listing + _LISTED + len(name.encode())
            if count > MAX_ENTRIES or listing > MAX_LISTING:
                raise HistoryFault("A zip of so many edits could not be imported again.", hint=_ELSE)
            entry = zipfile.ZipInfo(name, _THEN)
            entry.create_system, entry.external_attr = _UNIX, _FILE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_PACKED) else zipfile.ZIP_STORED
            with made.open(entry, "w") as into:
                for piece in pieces:
                    into.write(piece)


class ZipArchive(Filed):
    """A zip that `write_zip` wrote, or somebody packed from its folder."""

    damage: ClassVar[tuple[type[Exception], ...]] = _DAMAGE

    def __init__(self, path: Path, into: Path | None, archive: zipfile.ZipFile, prefix: str) -> None:
        super().__init__(path, into)
        self._archive = archive
        self._prefix = prefix
        self._of_edits: dict[str, list[str]] | None = None  # paths of notes by id, once they are asked for

    def _open(self, name: str) -> IO[bytes]:
        try:
            return self._archive.open(self._prefix + name)
        except KeyError:
            raise OSError(f"{told(name)} is not in it") from None

    def _note_paths(self, identifier: str) -> list[str]:
        if self._of_edits is None:
            self._of_edits = {}
            for name in self._archive.namelist():
                parts = name.removeprefix(self._prefix).split("/")
                if parts[0] == FOLDER and len(parts) == _NOTE_PARTS and note_time(parts[2]) is not None:
                    self._of_edits.setdefault(parts[1], []).append("/".join(parts))
        return sorted(self._of_edits.get(identifier, ()))


class _Bounded:
    """A file of which no more is read at once than a list of entries may have: `zipfile` reads it whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            size = os.fstat(self._file.fileno()).st_size - self._file.tell()
        if size > MAX_LISTING:
            raise zipfile.BadZipFile(f"its list of entries has more than {MAX_LISTING:,} bytes")
        return self._file.read(size)


def zip_archive(file: BinaryIO, path: Path, into: Path | None) -> Archive:
    """Return what a zip holds.

    Args:
        file: the zip, open as long as it is used.
        path: where it lies.
        into: as of `Archive`.

    Raises:
        BadRequest: it is no zip that can be read, no export, or one that is made to harm.
    """
    try:
        archive = zipfile.ZipFile(cast("BinaryIO", _Bounded(file)))
    except _DAMAGE as error:
        raise _refused(path, f"it is no zip that can be read ({error})") from None
    entries = archive.infolist()
    found = [entry.filename for entry in entries if entry.filename.split("/", 1)[-1] == RECORDS]
    prefix = min(found, key=len, default=RECORDS).removesuffix(RECORDS)
    if wrong := _wrong_with(entries, prefix):
        raise _refused(path, wrong)
    if not found:
        raise _refused(path, f"it is no export, as there is no {RECORDS} in it")
    return ZipArchive(path, into, archive, prefix)


def _wrong_with(entries: Sequence[zipfile.ZipInfo], prefix: str) -> str:
    """Return why entries are not read, as a clause that begins with "it"; empty if they are.

    The records and the page may be packed as small as they can be: prompts can repeat themselves, the records
    are read a line at a time, and the page is not read.
    """
    texts = {prefix + RECORDS, prefix + contents.INDEX}
    if len(entries) > MAX_ENTRIES:
        return f"it has {len(entries):,} entries, more than {MAX_ENTRIES:,}"
    seen: set[str] = set()
    for entry in entries:
        name = unicodedata.normalize("NFC", entry.filename).casefold().rstrip("/")
        if wrong := wrong_with(entry.orig_filename) or _wrong_with_entry(entry, texts):
            return f"it has an entry that {wrong}"
        if name in seen:
            return f"it has two entries for one file, {told(entry.filename)}"
        seen.add(name)
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            return f"it has entries that lie one over the other, such as {told(entry.filename)}"
        end = entry.header_offset + _HEAD + entry.compress_size
    return ""


def _wrong_with_entry(entry: zipfile.ZipInfo, texts: set[str]) -> str:
    name, kind = told(entry.filename), stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return f"is a link, or no file: {name}"
    if entry.flag_bits & _ENCRYPTED:
        return f"is encrypted: {name}"
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return f"is packed in a way that is not read: {name}"
    if entry.file_size > MAX_OBJECT:
        return f"has {entry.file_size:,} bytes, more than {MAX_OBJECT:,}: {name}"
    most = max(RATIO_FROM, MAX_RATIO * entry.compress_size)
    if entry.file_size > most and entry.filename not in texts:
        return f"has {entry.file_size:,} bytes packed in {entry.compress_size:,}: {name}"
    return ""


def _refused(path: Path, why: str) -> BadRequest:
    return BadRequest(
        f"{told(path.name)} is refused: {why}. Nothing of it was taken or written.",
        hint="Export it again where it came from.",
    )
