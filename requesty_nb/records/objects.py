"""`Objects`: the bytes of a history, each under the sha256 of what it holds."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.records import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CURE = "Restore it from a copy of the history; the other edits are not touched by this."


class Mismatch(HistoryFault):
    """Bytes that were to be kept are not those of their digest."""

    default_hint = "Run the cell again."


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it lies on disk: its name, bytes, and nanoseconds since 1970 when it was last wanted."""

    sha256: str
    path: Path
    length: int
    wanted: int


class Objects:
    """The ``objects`` folder: ``ab/<sha256>``.

    Args:
        folder: where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Return where an object lies, whether or not it does."""
        return self._folder / sha256[:2] / sha256

    def write(self, pieces: Iterable[bytes], sha256: str) -> None:
        """Store bytes whose digest is known; equal bytes are stored once, and damaged ones anew.

        Raises:
            HistoryFault: the folder cannot be written.
            Mismatch: the bytes are not those of the digest.
        """
        target = self.path(sha256)
        digest = hashlib.sha256()

        def hashed() -> Iterable[bytes]:
            for piece in pieces:
                digest.update(piece)
                yield piece

        try:
            if _want(target) and digest_of(target) == sha256:
                files.make_last(target)
                return
            files.make_folder(target.parent)
            temporary = files.spool(target.parent, hashed())
            if digest.hexdigest() != sha256:
                files.remove(temporary)
                raise Mismatch("A picture changed while it was being kept.")
            _put_first(temporary, target, sha256)
            files.sync_folder(target.parent)
        except OSError as error:
            raise files.unwritable(target, error) from error

    def hold(self, pieces: Iterable[bytes], sha256: str) -> None:
        """See that an object is still there, once what needs it can be seen by all.

        Who forgets edits may have looked for what needs it right before that, and then have taken it away.

        Raises:
            HistoryFault: it is not, and cannot be written anew.
        """
        if not _want(self.path(sha256)):
            self.write(pieces, sha256)

    def read(self, sha256: str) -> bytes:
        """Return an object's bytes, proven against its name.

        Raises:
            HistoryFault: it is missing or damaged.
        """
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise HistoryFault(
                f"A picture of the history is missing: {path} ({error.strerror or error}).", hint=_CURE
            ) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise HistoryFault(
                f"A picture of the history is damaged: {path} does not hold what its name says.", hint=_CURE
            )
        return data

    def all(self) -> Iterator[Stored]:
        """Return every object there is, and what only looks like one, in no order."""
        for path in _files_in(self._folder):
            with suppress(OSError):
                stat = path.stat()
                yield Stored(path.name, path, stat.st_size, stat.st_mtime_ns)

    def has(self, sha256: str) -> bool:
        """Tell whether an object is there, and whole."""
        return digest_of(self.path(sha256)) == sha256

    def is_whole(self, stored: Stored) -> bool:
        """Tell whether an object has the place and the bytes that its name says."""
        named = is_sha256(stored.sha256) and stored.path == self.path(stored.sha256)
        return named and digest_of(stored.path) == stored.sha256

    def found(self, sha256: str) -> Stored | None:
        """Return an object as it lies on disk now; None if it does not."""
        path = self.path(sha256)
        try:
            stat = path.stat()
        except OSError:
            return None
        return Stored(sha256, path, stat.st_size, stat.st_mtime_ns)

    def remove(self, stored: Stored) -> bool:
        """Take an object away, unless somebody has wanted it since it was found; tell whether it is gone.

        Who keeps an edit marks each of its objects as wanted, before and after it can be seen that the edit
        needs them. So the object is moved aside first: who comes from here on finds none and writes it anew,
        and who came before has left his mark on it.

        Raises:
            HistoryFault: it cannot be taken away, or put back.
        """
        path = stored.path
        if not is_sha256(stored.sha256) or self.found(stored.sha256) != stored:
            return False
        aside = path.with_name(f"{files.TEMPORARY}{stored.sha256}-{secrets.token_hex(8)}")
        try:
            files.rename(path, aside)
        except OSError:  # it is gone already, or open where that keeps it
            return False
        try:
            if aside.stat().st_mtime_ns == stored.wanted:
                files.delete(aside)
                return True
            files.rename(aside, path)
        except FileExistsError:  # it was written anew, on a system that renames over nothing
            files.remove(aside)
        except OSError as error:
            raise files.unwritable(path, error) from error
        return False


def _want(path: Path) -> bool:
    """Mark an object as wanted now; False if it is not there."""
    try:
        files.touch(path)
    except OSError:  # or it is another's, and may not be marked: then it is looked for, as ever
        return files.exists(path)
    return True


def _put_first(temporary: Path, target: Path, sha256: str) -> None:
    """Put an object in place, unless another writer of it was quicker: its file may be being sent."""
    try:
        files.link(temporary, target)
    except OSError:  # there is one, or the file system has no links
        if digest_of(target) != sha256:
            files.put(temporary, target)
            return
    files.remove(temporary)


def is_sha256(text: str) -> bool:
    """Tell whether a text is the name of an object."""
    return _SHA256.fullmatch(text) is not None


def digest_of(path: Path) -> str:
    """Return the sha256 of a file; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def sweep(folder: Path, age: float) -> int:
    """Take away the temporary files below a folder that a crash has left behind; return how many.

    Args:
        folder: looked through as a whole.
        age: seconds since they were written to; younger ones may be under way.
    """
    count, now = 0, time.time()
    for path in folder.rglob(f"{files.TEMPORARY}*"):
        with suppress(OSError):
            if path.is_file() and now - path.stat().st_mtime > age:
                files.remove(path)
                count += 1
    return count


def _files_in(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for path in folder.rglob("*"):
            if not path.name.startswith(files.TEMPORARY) and path.is_file():
                yield path
