"""What records there are, from their names: scanned once, then only where a folder has changed."""

from __future__ import annotations

import os
import time
from bisect import bisect_left, insort
from collections import Counter
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.records.names import hash_of, is_name, is_ok, key_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

# A folder that changed this recently may change again within one tick of its time stamp.
_SETTLED = 2.0
_MANY = 64  # new names that are sorted in rather than put in one by one


class Index:
    """The file names of all records, in order. Not safe in threads: its owner holds a lock.

    Args:
        folder: the ``edits`` folder.

    Attributes:
        version: another whenever there may be other records than before.
    """

    def __init__(self, folder: Path) -> None:
        self.version = 0
        self._folder = folder
        self._names: list[str] = []
        self._ok: list[str] = []
        self._days: dict[str, str] = {}  # file name -> the folder it lies in
        self._counts: Counter[str] = Counter()  # folder name -> how many lie in it
        self._by_key: dict[str, list[str]] | None = None  # made when first asked for
        self._scanned: dict[str, float] = {}  # folder name -> its time stamp when it had settled

    def refresh(self) -> None:
        """Take in what any process has written or taken away since the last look.

        What has gone with its whole folder is still there for this process: the disk that it lies on may be
        away, and what was paid for should not be paid for again because of that.

        Raises:
            HistoryFault: the folder is there but cannot be read; taken for empty, it would be paid for again.
        """
        try:
            self._refresh()
        except OSError as error:
            raise HistoryFault(f"The history in {self._folder.parent} cannot be read: {error}.") from None

    def _refresh(self) -> None:
        fresh: list[str] = []
        for day, stamp in _folders(self._folder):
            if self._scanned.get(day) == stamp:
                continue
            self.version += 1
            found = self._changed_in(day)
            self._days.update(dict.fromkeys(found, day))
            self._counts[day] += len(found)
            fresh += found
            if time.time() - stamp > _SETTLED:
                self._scanned[day] = stamp
        if len(fresh) > _MANY:
            self._names = sorted([*self._names, *fresh])
            self._ok = list(filter(is_ok, self._names))
            self._by_key = None
        else:
            for name in fresh:
                self._insert(name)

    def add(self, day: str, name: str) -> None:
        """Take in a record this process has just written."""
        if name not in self._days:
            self.version += 1
            self._days[name] = day
            self._counts[day] += 1
            self._insert(name)

    def drop(self, names: Collection[str]) -> None:
        """Forget records that were taken away."""
        gone = {name for name in names if name in self._days}
        if not gone:
            return
        self.version += 1
        for name in gone:
            self._counts[self._days.pop(name)] -= 1
            if self._by_key is not None:
                self._by_key[hash_of(name)].remove(name)
        self._names = [name for name in self._names if name not in gone]
        self._ok = [name for name in self._ok if name not in gone]

    def all(self) -> list[str]:
        """Return every name, oldest first."""
        return list(self._names)

    def ok(self) -> list[str]:
        """Return the names of those with pictures, oldest first."""
        return list(self._ok)

    def count(self) -> int:
        """Return how many have pictures."""
        return len(self._ok)

    def with_id(self, identifier: str) -> str | None:
        """Return the name that has an id."""
        at = bisect_left(self._names, identifier)
        found = self._names[at] if at < len(self._names) else ""
        return found if found.startswith(f"{identifier}-") else None

    def of_key(self, key: str) -> list[str]:
        """Return the names that may belong to a key, oldest first; the record itself decides."""
        if self._by_key is None:
            self._by_key = {}
            for name in self._names:
                self._by_key.setdefault(hash_of(name), []).append(name)
        return list(self._by_key.get(key_hash(key), ()))

    def path(self, name: str) -> Path:
        """Return where a record lies."""
        return self._folder / self._days[name] / name

    def _insert(self, name: str) -> None:
        insort(self._names, name)
        if is_ok(name):
            insort(self._ok, name)
        if self._by_key is not None:
            insort(self._by_key.setdefault(hash_of(name), []), name)

    def _changed_in(self, day: str) -> list[str]:
        """Return the names that are new in a folder, and drop those that are no longer there."""
        with os.scandir(self._folder / day) as entries:
            here = [entry.name for entry in entries]
        others = [name for name in here if self._days.get(name) != day]
        if len(here) - len(others) < self._counts[day]:
            self._see_gone(day, here)
        return [name for name in others if name not in self._days and is_name(name)]

    def _see_gone(self, day: str, here: Sequence[str]) -> None:
        known = {name for name, folder in self._days.items() if folder == day}
        # What a listing lacks is looked for by name as well: some network homes list what was a while ago.
        self.drop([name for name in known.difference(here) if not (self._folder / day / name).exists()])


def _folders(root: Path) -> list[tuple[str, float]]:
    try:
        with os.scandir(root) as entries:
            return [(entry.name, entry.stat().st_mtime) for entry in entries if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):  # nothing was kept yet, or nothing can be
        return []
