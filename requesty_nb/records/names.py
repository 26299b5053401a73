"""Names of records: they alone tell order, key, take and state, so that listing needs to open nothing."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from requesty_nb.models import State

MOST_TAKES = 999_999_999
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_TIME_LENGTH = 10
_RANDOM_BITS = 80
_STEP_BITS = 64  # at random, where time has not gone on since the last id, or has been set back
_ID_LENGTH = 26
_HASH = slice(_ID_LENGTH + 1, _ID_LENGTH + 17)
_ID = rf"[0-7][{_DIGITS}]{{25}}"
_FILE = re.compile(rf"({_ID})-([0-9a-f]{{16}})-([1-9]\d{{0,8}})-(ok|failed|unknown)\.json", re.ASCII)
_ID_ALONE = re.compile(_ID, re.ASCII)

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return an id that sorts by time: 10 digits of milliseconds, 16 at random; rising within a process."""
    global _last  # noqa: PLW0603 - the order of ids is a matter of the whole process
    with _lock:
        number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        # Not the next number: a fork of this process counts from the same one.
        _last = max(number, _last + 1 + secrets.randbits(_STEP_BITS))
        number = _last
    digits = []
    for _ in range(_TIME_LENGTH + _RANDOM_BITS // 5):
        number, digit = divmod(number, 32)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an id, and names a time that a date can be made of."""
    if not _ID_ALONE.fullmatch(text):
        return False
    try:
        id_date(text)
    except (ValueError, OverflowError, OSError):  # some thousand years from now
        return False
    return True


def id_date(identifier: str) -> str:
    """Return the UTC date of an id, as ``2026-11-22``."""
    milliseconds = 0
    for digit in identifier[:_TIME_LENGTH]:
        milliseconds = milliseconds * 32 + _DIGITS.index(digit)
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()


def key_hash(key: str) -> str:
    """Return the 16 hex digits that stand for a key in a file name."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


# Of a file name whose form is known, by where they stand: an index holds a hundred thousand.


def is_name(file: str) -> bool:
    """Tell whether a file name is a record's."""
    return _FILE.fullmatch(file) is not None


def id_of(file: str) -> str:
    """Return the id in a record's file name."""
    return file[:_ID_LENGTH]


def hash_of(file: str) -> str:
    """Return the key's hash in a record's file name."""
    return file[_HASH]


def is_ok(file: str) -> bool:
    """Tell whether a record's file name says that there are pictures."""
    return file.endswith("-ok.json")


@dataclass(frozen=True, slots=True, order=True)
class RecordName:
    """``<id>-<16 hex of the key's hash>-<take>-<ok|failed|unknown>.json``, in a folder of its date."""

    id: str
    key_hash: str
    take: int
    state: State

    @classmethod
    def parse(cls, name: str) -> RecordName | None:
        """Read a file name; None if it is not of this form."""
        found = _FILE.fullmatch(name)
        return cls(found[1], found[2], int(found[3]), cast("State", found[4])) if found else None

    @classmethod
    def read(cls, name: str) -> RecordName:
        """Read the file name of a record."""
        identifier, digits, take, state = name.removesuffix(".json").split("-")
        return cls(identifier, digits, int(take), cast("State", state))

    @property
    def file(self) -> str:
        """The file name."""
        return f"{self.id}-{self.key_hash}-{self.take}-{self.state}.json"

    @property
    def path(self) -> str:
        """The path of the record below ``edits``."""
        return f"{id_date(self.id)}/{self.file}"
