"""Notes of what has been sent and not been answered yet: on disk before anything leaves."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from requesty_nb.models import EditRequest  # noqa: TC001 - msgspec reads annotations at run time
from requesty_nb.records.files import sync_folders, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

_under_way: set[str] = set()  # ids of this process's own attempts: its pid alone says nothing of them
_GRACE = 60.0  # seconds past its deadline after which a note of another machine counts as unknown


class Pending(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One request under way.

    Attributes:
        id: the id its record will have.
        started: when it was begun, in UTC.
        deadline: seconds since 1970 by which it must be over.
        host, pid, boot: whose it is; a note whose process is gone has an unknown outcome.
    """

    id: str
    key: str
    take: int
    request: EditRequest
    started: datetime
    deadline: float
    host: str
    pid: int
    boot: str = ""
    endpoint: str = ""
    tags: tuple[str, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether an answer may still come."""
        here = self.host == socket.gethostname()
        if here and self.pid == os.getpid() and self.boot == boot_id():
            return self.id in _under_way
        if time.time() > self.deadline + _GRACE:  # its process id may be another's by now
            return False
        return not here or (self.boot == boot_id() and _runs(self.pid))


class Notes:
    """The ``pending`` folder of a history.

    Args:
        folder: where the notes lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(
        self, *, identifier: str, request: EditRequest, key: str, take: int, timeout: float, endpoint: str,
        tags: tuple[str, ...],
    ) -> Pending:  # fmt: skip
        """Put a note down.

        Raises:
            HistoryFault: it cannot be written, so nothing may be sent.
        """
        note = Pending(
            id=identifier,
            key=key,
            take=take,
            request=request,
            started=datetime.now(UTC),
            deadline=time.time() + timeout,
            host=socket.gethostname(),
            pid=os.getpid(),
            boot=boot_id(),
            endpoint=endpoint,
            tags=tags,
        )
        write_whole(self._path(note.id), [msgspec.json.encode(note)])
        sync_folders([self._folder])
        _under_way.add(note.id)
        return note

    def release(self, identifier: str) -> None:
        """Take an attempt for over: if its note stays without a record, its outcome is unknown."""
        _under_way.discard(identifier)

    def drop(self, identifier: str) -> None:
        """Take a note away; its record is there. One that stays is ignored, as its record exists."""
        with contextlib.suppress(OSError):
            self._path(identifier).unlink(missing_ok=True)

    def read(self) -> Iterator[Pending]:
        """Read all notes; one that cannot be read was never whole, so nothing was sent: it is passed over."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Pending)
            except (OSError, msgspec.MsgspecError):
                continue

    def _path(self, identifier: str) -> Path:
        return self._folder / f"{identifier}.json"


def boot_id() -> str:
    """Name this run of this machine: a process id says nothing after a restart."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # other systems: a process id may be another's, and then the note lives too long
        return ""


def _runs(pid: int) -> bool:
    if os.name == "nt":  # os.kill would end the process there
        return _runs_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _runs_on_windows(pid: int) -> bool:
    import ctypes  # noqa: PLC0415 - needed on one system only

    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]  # only there
    handle = kernel32.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    kernel32.CloseHandle(handle)
    return True
