"""Files that appear under their names only when all of them is written."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@contextmanager
def whole(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Open a file to be written beside its place; it takes it at the end, and is gone after an error.

    Args:
        path: its place.
        sync: have it on disk first, so that not even a crash leaves a part of it.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write(path: Path, pieces: Iterable[bytes], *, sync: bool = True) -> None:
    """Write a file, whole or not at all; arguments and errors as of `whole`."""
    with whole(path, sync=sync) as file:
        for piece in pieces:
            file.write(piece)
