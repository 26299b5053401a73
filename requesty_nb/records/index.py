"""What records there are, from their names: scanned once, then only where a folder has changed."""

from __future__ import annotations

import os
import time
from bisect import insort
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.records.names import RecordName, key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A folder that changed this recently may change again within one tick of its time stamp.
_SETTLED = 2.0


class Index:
    """The names of all records, in order.

    Args:
        folder: the ``edits`` folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[RecordName] = []
        self._known: set[RecordName] = set()
        self._by_key: dict[str, list[RecordName]] = {}
        self._scanned: dict[str, float] = {}  # folder name -> its time stamp when it had settled

    def refresh(self) -> None:
        """Take in what any process has written since the last look.

        Raises:
            HistoryFault: the folder is there but cannot be read; taken for empty, it would be paid for again.
        """
        try:
            self._refresh()
        except OSError as error:
            raise HistoryFault(f"The history in {self._folder.parent} cannot be read: {error}.") from None

    def _refresh(self) -> None:
        fresh: list[RecordName] = []
        for day, stamp in _folders(self._folder):
            if self._scanned.get(day) == stamp:
                continue
            fresh += self._unknown_in(day)
            if time.time() - stamp > _SETTLED:
                self._scanned[day] = stamp
        if fresh:
            self._names = sorted([*self._names, *fresh])
            for name in sorted(fresh):
                insort(self._by_key.setdefault(name.key_hash, []), name)
            self._known.update(fresh)

    def add(self, name: RecordName) -> None:
        """Take in a record this process has just written."""
        if name not in self._known:
            self._known.add(name)
            insort(self._names, name)
            insort(self._by_key.setdefault(name.key_hash, []), name)

    def all(self) -> list[RecordName]:
        """Return every name, oldest first."""
        return list(self._names)

    def of_key(self, key: str) -> list[RecordName]:
        """Return the names that may belong to a key, oldest first; the record itself decides."""
        return list(self._by_key.get(key_hash(key), ()))

    def _unknown_in(self, day: str) -> Iterator[RecordName]:
        with os.scandir(self._folder / day) as entries:
            for entry in entries:
                name = RecordName.parse(entry.name)
                if name is not None and name not in self._known:
                    yield name


def _folders(root: Path) -> list[tuple[str, float]]:
    try:
        with os.scandir(root) as entries:
            return [(entry.name, entry.stat().st_mtime) for entry in entries if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):  # nothing was kept yet, or nothing can be
        return []
