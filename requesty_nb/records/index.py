"""What records there are, from their names: scanned once, then only where a folder has changed."""

from __future__ import annotations

import os
import time
from bisect import bisect_left, insort
from typing import TYPE_CHECKING

from requesty_nb.errors import HistoryFault
from requesty_nb.records.names import hash_of, is_name, is_ok, key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A folder that changed this recently may change again within one tick of its time stamp.
_SETTLED = 2.0
_MANY = 64  # new names that are sorted in rather than put in one by one


class Index:
    """The file names of all records, in order. Not safe in threads: its owner holds a lock.

    Args:
        folder: the ``edits`` folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: list[str] = []
        self._ok: list[str] = []
        self._days: dict[str, str] = {}  # file name -> the folder it lies in
        self._by_key: dict[str, list[str]] | None = None  # made when first asked for
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
        fresh: list[str] = []
        for day, stamp in _folders(self._folder):
            if self._scanned.get(day) == stamp:
                continue
            found = list(self._unknown_in(day))
            self._days.update(dict.fromkeys(found, day))
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
            self._days[name] = day
            self._insert(name)

    def drop(self, name: str) -> None:
        """Forget a record that was taken away."""
        if self._days.pop(name, None) is not None:
            self._names.remove(name)
            self._by_key = None
            if is_ok(name):
                self._ok.remove(name)

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

    def _unknown_in(self, day: str) -> Iterator[str]:
        with os.scandir(self._folder / day) as entries:
            for entry in entries:
                name = entry.name
                if name not in self._days and is_name(name):
                    yield name


def _folders(root: Path) -> list[tuple[str, float]]:
    try:
        with os.scandir(root) as entries:
            return [(entry.name, entry.stat().st_mtime) for entry in entries if entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):  # nothing was kept yet, or nothing can be
        return []
