"""One file of a request, kept on disk once it is large, and the tally of how much was read."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from requesty_nb.offline.refusals import IMAGE_LIMIT

if TYPE_CHECKING:
    from contextlib import ExitStack

_IN_MEMORY = 1 << 20  # bytes of one file that stay in memory


def spool(closing: ExitStack) -> SpooledTemporaryFile[bytes]:
    """Return an empty file that ``closing`` closes and that moves to disk beyond 1 MiB."""
    return closing.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))


def view(file: SpooledTemporaryFile[bytes], size: int) -> mmap.mmap | bytes:
    """Return what a file holds, without reading it into memory if it is on disk."""
    file.seek(0)
    if size <= _IN_MEMORY:
        return file.read()
    file.flush()
    return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)


@dataclass(slots=True)
class Upload:
    """A file while it is being read, and after.

    Attributes:
        file: its bytes, up to the limit and a little beyond.
        media_type: what the sender declared, lower case, without parameters; empty if nothing.
        size: bytes sent, also those that were not kept.
    """

    file: SpooledTemporaryFile[bytes]
    media_type: str = ""
    size: int = field(default=0)

    @property
    def too_large(self) -> bool:
        """Whether it has more bytes than an image may have."""
        return self.size > IMAGE_LIMIT

    def write(self, data: bytes | memoryview) -> None:
        """Take some more bytes; beyond the limit they are only counted.

        The write goes to memory or to the page cache, so it is not worth a thread of its own.
        """
        self.size += len(data)
        if not self.too_large:
            self.file.write(data)
