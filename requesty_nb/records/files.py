"""Files that are there whole or not at all, and objects that are named by what they hold."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TEMPORARY = ".tmp-"


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file so that a crash leaves either all of it or none: to a temporary name, synced, renamed.

    Raises:
        HistoryFault: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _spool(path.parent, pieces)
        _put(temporary, path)
    except OSError as error:
        raise _unwritable(path, error) from error


def sync_folders(folders: Iterable[Path]) -> None:
    """Make renames in these folders durable, where the system can sync a folder at all."""
    for folder in folders:
        try:
            handle = os.open(folder, os.O_RDONLY)
        except OSError:  # Windows opens no folders
            continue
        try:
            os.fsync(handle)
        except OSError:  # some network homes sync no folders
            pass
        finally:
            os.close(handle)


def _spool(folder: Path, pieces: Iterable[bytes]) -> Path:
    temporary = folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _put(temporary: Path, target: Path) -> None:
    try:
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _put_first(temporary: Path, target: Path, sha256: str) -> None:
    """Put an object in place, unless another writer of it was quicker: its file may be being sent."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        if _digest_of(target) != sha256:
            _put(temporary, target)
            return
    except OSError:  # a file system without links
        _put(temporary, target)
        return
    temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> HistoryFault:
    return HistoryFault(f"The history cannot write {path.name} in {path.parent}: {error.strerror or error}.")


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


class Objects:
    """The bytes of a history, each under its sha256: ``ab/<sha256>``.

    Args:
        folder: the ``objects`` folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str) -> Path:
        """Return where an object lies, whether or not it does."""
        return self._folder / sha256[:2] / sha256

    def write(self, pieces: Iterable[bytes], sha256: str) -> None:
        """Store bytes whose digest is known; equal bytes are stored once, and damaged ones anew.

        Raises:
            HistoryFault: the folder cannot be written, or the bytes are not those of the digest.
        """
        target = self.path(sha256)
        if _digest_of(target) == sha256:
            return
        digest = hashlib.sha256()

        def hashed() -> Iterable[bytes]:
            for piece in pieces:
                digest.update(piece)
                yield piece

        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = _spool(target.parent, hashed())
            if digest.hexdigest() != sha256:
                temporary.unlink()
                raise HistoryFault("A picture changed while it was being kept.", hint="Run the cell again.")
            _put_first(temporary, target, sha256)
        except OSError as error:
            if _digest_of(target) == sha256:  # another thread was quicker, and has it open
                return
            raise _unwritable(target, error) from error
        sync_folders([target.parent, self._folder])

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
                f"A picture of the history is missing: {path} ({error.strerror or error}).",
                hint="Restore it from a copy of the history; the other edits are not touched by this.",
            ) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise HistoryFault(
                f"A picture of the history is damaged: {path} does not hold what its name says.",
                hint="Restore it from a copy of the history; the other edits are not touched by this.",
            )
        return data
