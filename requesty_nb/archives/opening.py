"""What a path names: which kind of archive it is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from requesty_nb.archives.folders import folder_archive, open_regular
from requesty_nb.archives.paths import told
from requesty_nb.archives.streams import StreamArchive
from requesty_nb.archives.zips import zip_archive
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requesty_nb.archives.archive import Archive

_ZIP = (b"PK\3\4", b"PK\5\6")
_LINES = ".jsonl"
_SHOWN = (".html", ".csv", ".ipynb")


@contextmanager
def open_archive(path: Path, into: Path | None) -> Iterator[Archive]:
    """Open what an export wrote, or the folder of a history; raises as `requesty_nb.archives.opened`."""
    if path.is_dir():
        yield folder_archive(path, into)
        return
    suffix = path.suffix.casefold()
    if suffix in _SHOWN:
        raise BadRequest(
            f"What {told(path.name)} holds is for people to look at, and cannot be taken in.",
            hint="Import a folder, .zip or .jsonl that the same edits were exported to.",
        )
    try:
        file = open_regular(path)
    except OSError as error:
        raise BadRequest(
            f"{path} cannot be opened: {error.strerror or error}.", hint="Check the path."
        ) from None
    with file:
        start = file.read(4)
        if start in _ZIP or suffix == ".zip":
            yield zip_archive(file, path, into)
        elif start.lstrip()[:1] == b"{" or suffix == _LINES:
            yield StreamArchive(path, into)
        else:
            raise BadRequest(
                f"{told(path.name)} is no export that can be taken in.",
                hint="Import a folder, .zip or .jsonl that an export wrote, or the folder of a history.",
            )
