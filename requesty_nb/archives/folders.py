"""A folder of pictures under readable names; and reading one, or the folder of a history."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from requesty_nb.archives import contents, writing
from requesty_nb.archives.archive import RECORDS, Archive, Filed, missing, read_note
from requesty_nb.archives.checks import is_sha256, trouble_with
from requesty_nb.archives.limits import MAX_LINE, PIECE
from requesty_nb.archives.lines import ELSEWHERE
from requesty_nb.archives.notes import names_in
from requesty_nb.archives.paths import told
from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models import decode_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from requesty_nb.models import Edit, EditRecord

_EDITS, _OBJECTS = "edits", "objects"
# A pipe must not hold up whoever opens it, and a link not lead elsewhere, where the system can be told so.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def write_folder(edits: Iterable[Edit], folder: Path) -> None:
    """Write edits into a folder, next to what is there already; each file is there whole or not at all.

    Raises:
        OSError: something cannot be written.
        HistoryFault: a picture cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(contents.files_of(edits)) as files:
        for name, pieces in files:
            writing.write(folder / name, pieces, sync=False)  # of thousands, each would take its time


class FolderArchive(Filed):
    """A folder that `write_folder` wrote."""

    def __init__(self, path: Path, into: Path | None) -> None:
        super().__init__(path, into)
        self._folder = path.resolve()

    def _open(self, name: str) -> BinaryIO:
        return open_inside(self._folder, name)

    def _note_paths(self, identifier: str) -> list[str]:
        return names_in(self._folder, identifier)


class HistoryArchive(Archive):
    """The folder of another history. What was being sent there, or lost on its way, is not looked at."""

    def __init__(self, path: Path, into: Path | None) -> None:
        super().__init__(path, into)
        self._folder = path.resolve()

    def _records(self) -> Iterator[EditRecord | HistoryFault]:
        for name in _record_files(self._folder):
            try:
                with open_inside(self._folder, name) as file:
                    data = file.read(MAX_LINE + 1)
                record = decode_record(data)
            except (OSError, HistoryFault) as error:
                said = error.message if isinstance(error, HistoryFault) else error
                yield HistoryFault(f"{told(name)} in {self.name} is refused: {said}", hint=ELSEWHERE)
                continue
            wrong = trouble_with(record)
            if wrong:
                yield HistoryFault(f"{told(name)} in {self.name} is refused: {wrong}.", hint=ELSEWHERE)
            else:
                yield record

    def _bytes(self, sha256: str) -> Iterator[bytes]:
        if not is_sha256(sha256):
            raise missing(self.name, sha256)
        with open_inside(self._folder, f"{_OBJECTS}/{sha256[:2]}/{sha256}") as file:
            while piece := file.read(PIECE):
                yield piece

    def _notes(self, identifier: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
        for path in names_in(self._folder, identifier):
            yield path, partial(read_note, partial(open_inside, self._folder), path)


def folder_archive(path: Path, into: Path | None) -> Archive:
    """Return what a folder holds.

    Raises:
        BadRequest: it is neither an export nor a history.
    """
    if (path / _EDITS).is_dir():
        return HistoryArchive(path, into)
    if (path / RECORDS).is_file():
        return FolderArchive(path, into)
    raise BadRequest(
        f"{path} is no export: it holds neither {RECORDS} nor {_EDITS}.",
        hint="Name the folder that an export wrote, or that of a history.",
    )


def open_regular(path: Path, flags: int = 0) -> BinaryIO:
    """Open a file to read, which is no pipe and no device.

    Raises:
        OSError: it cannot be opened, or is something else.
    """
    handle = os.open(path, _FLAGS | flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{told(path.name)} is no file")
    return os.fdopen(handle, "rb")


def open_inside(folder: Path, name: str) -> BinaryIO:
    """Open a file below a folder; a link is not followed, wherever on the way it stands.

    Args:
        folder: resolved.
        name: its path below that, of names alone.

    Raises:
        OSError: it cannot be opened, is no file, or a link leads to it.
    """
    path = folder / name
    if not stat.S_ISREG(os.lstat(path).st_mode):  # a device could act on being opened
        raise OSError(f"{told(name)} is a link, or no file")
    file = open_regular(path, _NO_LINK)
    if Path(os.path.realpath(path)) != path:
        file.close()
        raise OSError(f"{told(name)} lies behind a link")
    return file


def _record_files(folder: Path) -> Iterator[str]:
    """Yield the paths of a history's records, by name: oldest first."""
    for date in _names(folder / _EDITS, folders=True):
        for name in _names(folder / _EDITS / date, folders=False):
            if name.endswith(".json"):
                yield f"{_EDITS}/{date}/{name}"


def _names(folder: Path, *, folders: bool) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(one.name for one in entries if one.is_dir(follow_symlinks=False) == folders)
