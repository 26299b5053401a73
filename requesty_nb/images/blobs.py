"""`Blob`: bytes in memory, in a file, or made on first use, all read the same way."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from typing import TYPE_CHECKING, BinaryIO, Self

from requesty_nb.errors import BadImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PIECE = 262_144  # bytes: large enough for few system calls, small enough to stay flat in memory


class Blob:
    """Bytes that are never changed through here; a file's stay in the file.

    A file is pinned by its length and time of change when the blob is made: reading it after somebody
    wrote to it raises `BadImage`, so that what is sent is what was identified.
    """

    __slots__ = ("_data", "_digest", "_length", "_lock", "_make", "_path", "_stamp")

    def __init__(
        self,
        *,
        data: bytes | None = None,
        path: Path | None = None,
        make: Callable[[], bytes] | None = None,
        sha256: str = "",
    ) -> None:
        self._data = data
        self._path = path
        self._make = make
        self._digest = sha256
        self._length = 0 if data is None else len(data)
        self._stamp: int | None = 0
        self._lock = threading.Lock()
        if path is not None:
            stat = path.stat()
            self._length = stat.st_size
            # The times of a file that is named by its digest tell who has asked for it, not who has written.
            self._stamp = None if sha256 else stat.st_mtime_ns

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Hold ``data``."""
        return cls(data=bytes(data))

    @classmethod
    def at(cls, path: Path) -> Self:
        """Stand for a file, of which only the length is read now.

        Raises:
            OSError: there is no such file, or it may not be seen.
        """
        return cls(path=path.absolute())

    @classmethod
    def kept(cls, path: Path, sha256: str) -> Self:
        """Stand for a file that is named by its digest: it holds these bytes or is not there.

        Raises:
            OSError: as `at`.
        """
        return cls(path=path.absolute(), sha256=sha256)

    @classmethod
    def made(cls, make: Callable[[], bytes]) -> Self:
        """Stand for what ``make`` returns; it is called once, on first use, and may raise `BadImage`."""
        return cls(make=make)

    @property
    def path(self) -> Path | None:
        """The file, if this is one."""
        return self._path

    @property
    def length(self) -> int:
        """Bytes."""
        self._ready()
        return self._length

    @property
    def digest(self) -> str:
        """The sha256, in hex: computed on first use, or for free while `pieces` runs to its end."""
        if not self._digest:
            for _ in self.pieces():
                pass
        return self._digest

    def pieces(self, size: int = PIECE) -> Iterator[bytes]:
        """Yield the bytes in order, at most ``size`` at a time; each call starts anew.

        Raises:
            BadImage: the file was changed or removed since the blob was made.
        """
        digest = None if self._digest else hashlib.sha256()
        with self.open() as file:
            total = 0
            while piece := file.read(size):
                total += len(piece)
                if digest is not None:
                    digest.update(piece)
                yield piece
        if total != self._length:
            raise self._changed()
        if digest is not None:
            self._digest = digest.hexdigest()

    def read(self) -> bytes:
        """Return all the bytes.

        Raises:
            BadImage: as `pieces`.
        """
        self._ready()
        if self._data is not None:
            return self._data
        with self.open() as file:
            data = file.read()
        if len(data) != self._length:
            raise self._changed()
        return data

    def open(self, buffering: int = 65_536) -> BinaryIO:
        """Return a seekable file over the bytes; the caller closes it.

        Args:
            buffering: bytes read ahead of a file; few where only headers here and there are looked at.

        Raises:
            BadImage: as `pieces`.
        """
        self._ready()
        if self._data is not None:
            return io.BytesIO(self._data)
        if self._path is None:  # pragma: no cover - one of the two is always there once ready
            raise BadImage("There are no bytes.")
        try:
            file = self._path.open("rb", buffering=buffering)
        except OSError as error:
            raise BadImage(
                f"{self._path.name} cannot be read: {error.strerror}.",
                hint="Check the file, then run the cell again.",
            ) from error
        stat = os.fstat(file.fileno())
        if stat.st_size != self._length or self._stamp not in {None, stat.st_mtime_ns}:
            file.close()
            raise self._changed()
        return file

    def _ready(self) -> None:
        if self._make is None:
            return
        with self._lock:
            if self._make is not None:
                self._data = self._make()
                self._length = len(self._data)
                self._make = None

    def _changed(self) -> BadImage:
        name = self._path.name if self._path is not None else "The picture"
        return BadImage(f"{name} was changed while it was in use.", hint="Run the cell again.")

    def __repr__(self) -> str:
        if self._make is not None:
            return "Blob(not made yet)"
        where = f" at {self._path.name}" if self._path is not None else ""
        return f"Blob({self._length} bytes{where})"
