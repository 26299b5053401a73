"""Notes of what has been sent and not been answered yet: on disk before anything leaves."""

from __future__ import annotations

import os
import socket
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from requesty_nb import pricing
from requesty_nb.errors import HistoryFault
from requesty_nb.models import EditRecord, EditRequest, Failure, is_sealed, sealed
from requesty_nb.records.files import delete, remove, write_whole
from requesty_nb.records.names import MOST_TAKES, is_id
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models import Cost

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
        here = self.host == _host()
        if here and self.pid == os.getpid() and self.boot == boot_id():
            return self.id in _under_way
        if time.time() > self.deadline + _GRACE:  # its process id may be another's by now
            return False
        return not here or (self.boot == boot_id() and _runs(self.pid))

    def as_record(self) -> EditRecord:
        """Return what is known of an attempt whose process ended before it could write down what came."""
        free = is_offline(self.request.model)
        said = "It was being sent when its process ended, and what became of it was not written down."
        failure = Failure(
            type="OutcomeUnknown",
            message=said,
            hint="" if free else "`--new` pays for another attempt.",
            paid="no" if free else "perhaps",
            cost=None if free else likely_cost(self.request),
        )
        return EditRecord(
            id=self.id,
            key=self.key,
            take=self.take,
            state="failed" if free else "unknown",
            request=self.request,
            started=self.started,
            elapsed=0.0,
            endpoint=self.endpoint,
            failure=failure,
            tags=self.tags,
        )


class Notes:
    """The ``pending`` folder of a history.

    Args:
        folder: where the notes lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[tuple[str, int, int], Pending] = {}  # as they were read, while they lie there

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
            host=_host(),
            pid=os.getpid(),
            boot=boot_id(),
            endpoint=endpoint,
            tags=tags,
        )
        _under_way.add(note.id)  # first: other threads may read it as soon as it is there
        try:
            write_whole(self._path(note.id), [sealed(msgspec.json.encode(note))])
        except BaseException:  # it may have its name all the same, and nothing will be sent
            self.undo(note.id)
            raise
        return note

    def undo(self, identifier: str) -> None:
        """Take a note back: nothing was sent."""
        self.release(identifier)
        self.drop(identifier)

    def release(self, identifier: str) -> None:
        """Take an attempt for over: if its note stays without a record, its outcome is unknown."""
        _under_way.discard(identifier)

    def drop(self, identifier: str) -> None:
        """Take a note away; its record is there. One that stays is ignored, as its record exists."""
        remove(self._path(identifier))

    def forget(self, identifier: str) -> None:
        """Take a note away for good.

        Raises:
            HistoryFault: it cannot be taken away.
        """
        delete(self._path(identifier))

    def read(self) -> Iterator[Pending]:
        """Read all notes that are whole; `verify` tells of others.

        Raises:
            HistoryFault: the folder is there but cannot be read; taken for empty, it would be paid for again.
        """
        try:
            with os.scandir(self._folder) as entries:
                files = {_stamp(entry): entry.name for entry in entries if entry.name.endswith(".json")}
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise HistoryFault(
                f"The history in {self._folder.parent} cannot be read: {error.strerror or error}."
            ) from None
        # A sweep looks here for each of its edits, while as many as it sends at a time lie here.
        seen = {stamp: note for stamp, note in self._seen.items() if stamp in files}
        for stamp, name in files.items():
            if stamp not in seen:
                note = read_note(self._folder / name)
                if note is not None:  # what could not be read just now is looked at again
                    seen[stamp] = note
        self._seen = seen
        yield from sorted(seen.values(), key=lambda note: note.id)

    def find(self, identifier: str) -> Pending | None:
        """Read the note of an id, if there is one."""
        return read_note(self._path(identifier))

    def lost(self) -> list[Pending]:
        """Return those whose process is gone; what has a record all the same is the caller's to leave out."""
        return [note for note in self.read() if not note.alive]

    def _path(self, identifier: str) -> Path:
        return self._folder / f"{identifier}.json"


def _stamp(entry: os.DirEntry[str]) -> tuple[str, int, int]:
    """Return what tells a file that was read from another under its name; gone ones are like empty ones."""
    try:
        stat = entry.stat()
    except FileNotFoundError:
        return entry.name, 0, 0
    return entry.name, stat.st_mtime_ns, stat.st_size


def read_note(path: Path, *, sealed: bool = False) -> Pending | None:
    """Read a note; None if it is not whole, or if it has no seal and ``sealed`` asks for one."""
    try:
        data = path.read_bytes()
        if not (is_sealed(data) or (is_sealed(data) is None and not sealed)):
            return None
        note = msgspec.json.decode(data, type=Pending)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    can_be = is_id(note.id) and note.id == path.stem and 1 <= note.take <= MOST_TAKES
    return note if can_be else None


def likely_bill(
    request: EditRequest, prices: pricing.Prices = pricing.BUILT_IN, partial_images: int = 0
) -> pricing.Bill | None:
    """Return the tokens an attempt at a request may be billed, or None if that cannot be told."""
    params = request.params
    sizes = [ref.size for ref in request.images]
    if request.frame is not None:
        sizes[0] = request.frame.canvas  # it is sent padded
    return pricing.bill(
        request.model,
        prompt=request.prompt,
        image_sizes=sizes,
        size=str(params.get("size") or "auto"),
        quality=str(params.get("quality") or "auto"),
        n=request.n,
        fidelity=params.get("input_fidelity"),
        partial_images=partial_images,
        prices=prices,
    )


def likely_cost(
    request: EditRequest, prices: pricing.Prices = pricing.BUILT_IN, partial_images: int = 0
) -> Cost | None:
    """Return what an attempt at a request may cost, or None if that cannot be told."""
    return pricing.estimate(request.model, likely_bill(request, prices, partial_images))


@cache
def _host() -> str:
    return socket.gethostname()


@cache
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
    except (ProcessLookupError, OverflowError):  # or no process can have it
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
