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

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_TIME_LENGTH = 10
_RANDOM_BITS = 80
_FILE = re.compile(
    rf"([0-7][{_DIGITS}]{{25}})-([0-9a-f]{{16}})-([1-9]\d{{0,8}})-(ok|failed|unknown)\.json", re.ASCII
)

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return an id that sorts by time: 10 digits of milliseconds, 16 at random; rising within a process."""
    global _last  # noqa: PLW0603 - the order of ids is a matter of the whole process
    with _lock:
        number = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        _last = max(number, _last + 1)
        number = _last
    digits = []
    for _ in range(_TIME_LENGTH + _RANDOM_BITS // 5):
        number, digit = divmod(number, 32)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def id_date(identifier: str) -> str:
    """Return the UTC date of an id, as ``2026-11-22``."""
    milliseconds = 0
    for digit in identifier[:_TIME_LENGTH]:
        milliseconds = milliseconds * 32 + _DIGITS.index(digit)
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()


def key_hash(key: str) -> str:
    """Return the 16 hex digits that stand for a key in a file name."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


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

    @property
    def file(self) -> str:
        """The path of the record below ``edits``."""
        return f"{id_date(self.id)}/{self.id}-{self.key_hash}-{self.take}-{self.state}.json"
