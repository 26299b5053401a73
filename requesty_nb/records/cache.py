"""What is derived from a history, to be quick: deletable at any time, never trusted, never exported.

::

    cache/summaries-2/<4 digits of ids>.jsonl    summaries of records, one a line, in no order
    cache/previews/ab/<name>                     thumbnails
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import msgspec

from requesty_nb import images
from requesty_nb.errors import HistoryFault
from requesty_nb.models import Summary, summary_of
from requesty_nb.records.files import append_derived, delete, exists, remove, write_derived
from requesty_nb.records.names import id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from requesty_nb.models import EditRecord

_FORM = 2  # of the lines; another form has another folder
_DIGITS = 4  # of an id that ids of about twelve days share
_NAME = re.compile(r"[0-9a-z][0-9a-zA-Z._-]{2,150}", re.ASCII)

_decode = msgspec.json.Decoder(Summary).decode


class Summaries:
    """The summaries of records, each read from its record once.

    Args:
        folder: where the lines lie.
        record: opens a record by its file name; raises `HistoryFault`.
        path: tells where a record lies.
    """

    def __init__(
        self, folder: Path, record: Callable[[str], EditRecord], path: Callable[[str], Path]
    ) -> None:
        self._folder = folder / f"summaries-{_FORM}"
        self._record = record
        self._path_of = path
        self._held: dict[str, Summary] = {}
        self._loaded: set[str] = set()
        self._lock = threading.Lock()

    def of(self, names: Sequence[str], *, lasting: Callable[[str], bool]) -> list[Summary]:
        """Return the summaries of records by their file names; what is damaged is left out.

        Args:
            names: in any order, which is kept.
            lasting: tells whether what a name stands for can never change.
        """
        with self._lock:
            self._load({name[:_DIGITS] for name in names} - self._loaded)
            missing = [name for name in names if id_of(name) not in self._held]
            fleeting = self._read(missing, lasting)
            found = (self._held.get(id_of(name)) or fleeting.get(name) for name in names)
            return [summary for summary in found if summary is not None]

    def forget(self, ids: Iterable[str]) -> None:
        """Leave nothing of records behind that were taken away."""
        forms = [*self._folder.parent.glob("summaries-*")]  # an older version has left some too
        with self._lock:
            for identifier in ids:
                self._held.pop(identifier, None)
                self._loaded.discard(identifier[:_DIGITS])
                for form in forms:
                    delete(form / self._path(identifier[:_DIGITS]).name, sync=False)

    def _load(self, shelves: Iterable[str]) -> None:
        for shelf in shelves:
            self._loaded.add(shelf)
            try:
                lines = self._path(shelf).read_bytes().split(b"\n")
            except OSError:
                continue
            for line in lines:
                try:
                    summary = _decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # torn, or no line at all
                    continue
                self._held.setdefault(summary.id, summary)

    def _read(self, names: Iterable[str], lasting: Callable[[str], bool]) -> dict[str, Summary]:
        """Read what the lines lack, and write it down; return what will not last."""
        fresh: dict[str, dict[str, bytes]] = {}
        fleeting: dict[str, Summary] = {}
        for name in names:
            try:
                summary = summary_of(self._record(name))
            except HistoryFault:
                continue
            if lasting(name):
                self._held[summary.id] = summary
                fresh.setdefault(name[:_DIGITS], {})[name] = msgspec.json.encode(summary)
            else:
                fleeting[name] = summary
        for shelf, lines in fresh.items():
            append_derived(self._path(shelf), b"\n".join([b"", *lines.values(), b""]))
            if not all(exists(self._path_of(name)) for name in lines):  # forgotten meanwhile by another
                remove(self._path(shelf))
        return fleeting

    def _path(self, shelf: str) -> Path:
        return self._folder / f"{shelf}.jsonl"


class Previews:
    """Thumbnails as WebP files.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "previews"

    def get(self, name: str, make: Callable[[], bytes], *, lasting: Callable[[], bool]) -> bytes:
        """Return the thumbnail of a name, made if it is not there whole.

        Args:
            name: of a file.
            make: makes it.
            lasting: tells whether what it is made of is still there.
        """
        if not _NAME.fullmatch(name):
            return make()
        path = self._folder / name[:2] / name
        try:
            data = path.read_bytes()
        except OSError:
            data = b""
        if not _is_webp(data):
            data = make()
            write_derived(path, data)
            if not lasting():  # forgotten meanwhile by another
                remove(path)
        return data

    def forget(self, starts: Iterable[str]) -> None:
        """Take away the thumbnails whose names up to the first hyphen are among these."""
        gone: dict[str, set[str]] = {}
        for start in starts:
            gone.setdefault(start[:2], set()).add(start)
        for shelf, names in gone.items():
            for path in (self._folder / shelf).glob("*"):
                if path.name.partition("-")[0] in names:
                    delete(path, sync=False)


def _is_webp(data: bytes) -> bool:
    try:
        return images.examine(data)[0] == "image/webp"
    except ValueError:
        return False
