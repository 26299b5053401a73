"""Files that are there whole or not at all.

All that a history writes goes through the system calls of this module, in the order that a crash at any
instant asks for: tests make each of them fail in turn.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TEMPORARY = ".tmp-"  # what a file is called before it is whole; left behind by a crash
_lasting: set[Path] = set()  # folders, and files of others, whose names this process has synced
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# What systems say that sync no folders: some network homes, and Windows, which opens none.
_UNSYNCED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM, errno.EISDIR, errno.EBADF})


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file so that a crash leaves either all of it or none: to a temporary name, synced, renamed.

    Raises:
        HistoryFault: the folder cannot be written.
    """
    try:
        make_folder(path.parent)
        put(spool(path.parent, pieces), path)
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def write_derived(path: Path, data: bytes) -> None:
    """Write what can be made again, without syncing it; it does not matter if it cannot be written."""
    with suppress(OSError):
        os.makedirs(path.parent, exist_ok=True)
        put(spool(path.parent, [data], sync=False), path)


def append_derived(path: Path, data: bytes) -> None:
    """Write to the end of a file of what can be made again; likewise."""
    with suppress(OSError):
        os.makedirs(path.parent, exist_ok=True)
        handle = os.open(path, (_NEW & ~os.O_EXCL) | os.O_APPEND, 0o666)
        try:
            _write(handle, data)
        finally:
            os.close(handle)


def spool(folder: Path, pieces: Iterable[bytes], *, sync: bool = True) -> Path:
    """Write pieces to a temporary file in a folder, which is not left behind by an error."""
    temporary = folder / f"{TEMPORARY}{secrets.token_hex(8)}"
    handle = os.open(temporary, _NEW, 0o666)
    try:
        try:
            for piece in pieces:
                _write(handle, piece)
            if sync:
                os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException:
        remove(temporary)
        raise
    return temporary


def put(temporary: Path, target: Path) -> None:
    """Give a temporary file its name, in place of what has it."""
    try:
        os.replace(temporary, target)
    except OSError:
        remove(temporary)
        raise


def make_folder(folder: Path) -> None:
    """Make a folder that lasts, and those above it, where they are missing.

    One that is there already may have been made by another process just now, which has not come to sync it;
    so each process does so once.

    Raises:
        OSError: it cannot be made, or not made to last.
    """
    if folder in _lasting and os.path.isdir(folder):
        return
    if not os.path.isdir(folder):
        make_folder(folder.parent)
        with suppress(FileExistsError):
            os.mkdir(folder)
    sync_folder(folder.parent)
    _lasting.add(folder)


def make_last(path: Path) -> None:
    """Have the name of a file last that another process may have given just now.

    Raises:
        OSError: it cannot be made to.
    """
    if path not in _lasting:
        make_folder(path.parent)
        sync_folder(path.parent)
        _lasting.add(path)


def touch(path: Path) -> None:
    """Set the time of a file to now, so that it is another than before.

    Raises:
        OSError: it is not there, or is another's.
    """
    now = time.time_ns()
    try:
        os.utime(path, ns=(now, now))
    except PermissionError:  # who may write a file of another may have the system set it, if to less than ns
        os.utime(path)


def exists(path: Path) -> bool:
    """Tell whether there is anything at a path; False if that cannot be seen."""
    return os.path.exists(path)


def rename(path: Path, target: Path) -> None:
    """Give a file another name."""
    os.rename(path, target)


def link(temporary: Path, target: Path) -> None:
    """Give a temporary file a second name.

    Raises:
        FileExistsError: another file has it.
        OSError: the file system has no links.
    """
    os.link(temporary, target)


def remove(path: Path) -> None:
    """Take a file away if it is there and can be taken away."""
    with suppress(OSError):
        os.unlink(path)


def delete(path: Path, *, sync: bool = True) -> None:
    """Take a file away for good, if it is there.

    Args:
        path: of the file.
        sync: have it gone after a crash too.

    Raises:
        HistoryFault: it cannot be taken away.
    """
    try:
        with suppress(FileNotFoundError):
            os.unlink(path)
            if sync:
                sync_folder(path.parent)
    except OSError as error:
        raise HistoryFault(
            f"The history cannot take {path.name} in {path.parent} away: {error.strerror or error}."
        ) from error


def remove_folder(folder: Path) -> None:
    """Take an empty folder away; it does not matter if it cannot be taken away."""
    with suppress(OSError):
        os.rmdir(folder)


def sync_folder(folder: Path) -> None:
    """Make what was named in a folder durable, where the system can sync a folder at all.

    Raises:
        OSError: it can, and failed.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _UNSYNCED:
            raise


def unwritable(path: Path, error: OSError) -> HistoryFault:
    """Return the error that says what could not be written, and why."""
    return HistoryFault(f"The history cannot write {path.name} in {path.parent}: {error.strerror or error}.")


def _write(handle: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(handle, left) :]
