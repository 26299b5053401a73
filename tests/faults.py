"""A system that fails where it is told to, and two writers whose steps are taken in any order."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requesty_nb.records import files, objects, pending, removing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pytest

CHANGES = ("link", "makedirs", "mkdir", "open", "rename", "replace", "unlink", "utime", "write")
CALLS = (*CHANGES, "close", "fsync")
_MEMORY = Path("/dev/shm")  # noqa: S108 - below it names are made up as elsewhere
_PATIENCE = 20.0  # seconds; never waited for unless something hangs


class System:
    """The system's calls as a history makes them.

    Nothing is really synced: what is kept in memory only is as good for a process that lives.

    Args:
        at: the call that fails, from 0.
        error: how.
        lasting: all calls from there on fail, but for closing, as on a disk that has gone.
        short: no write takes more than a third of what it is given.
        before: called before each call.

    Attributes:
        count: calls so far.
        failed: the names of those that have failed.
    """

    def __init__(
        self,
        at: float = float("inf"),
        error: int = errno.EIO,
        *,
        lasting: bool = False,
        short: bool = False,
        before: Callable[[], object] | None = None,
    ) -> None:
        self.count = 0
        self.failed: list[str] = []
        self.at = at
        self._error, self._lasting, self._short, self._before = error, lasting, short, before

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def call(*arguments: Any, **options: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if self._before:
                self._before()
            if name == "close":
                real(*arguments)
            if number == self.at or (self._lasting and number > self.at and name != "close"):
                self.failed.append(name)
                raise OSError(self._error, os.strerror(self._error))
            if name == "write" and self._short:
                arguments = (arguments[0], arguments[1][: max(1, len(arguments[1]) // 3)])
            return None if name in {"close", "fsync"} else real(*arguments, **options)

        return call


class Cut(System):
    """What would be gone after a power cut: bytes and names that were not synced yet.

    Attributes:
        bytes: files, some of whose bytes are not on the disk.
        names: files and folders whose names are not.
        early: what was named before its bytes were there, and records named before all other names were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bytes: set[Path] = set()
        self.names: set[Path] = set()
        self.early: list[Path] = []
        self._opened: dict[int, Path] = {}

    def __getattr__(self, name: str) -> Any:
        call = super().__getattr__(name)
        if name not in CALLS:
            return call

        def seen(*arguments: Any, **options: Any) -> Any:
            result = call(*arguments, **options)
            self._see(name, result, *arguments[:2])
            return result

        return seen

    def _see(self, name: str, result: Any, one: Any, other: Any = None) -> None:
        match name:
            case "open":
                self._opened[result] = Path(one)
            case "write":
                self.bytes.add(self._opened[one])
            case "fsync":
                self.bytes.discard(self._opened[one])
                self.names = {path for path in self.names if path.parent != self._opened[one]}
            case "mkdir":
                self.names.add(Path(one))
            case "link" | "replace" | "rename":
                if one in self.bytes or ("edits" in other.parts and self.names):
                    self.early.append(other)
                self.names.add(other)


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Give a folder in memory, where the system has any: a disk takes its time to forget hundreds."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        yield Path(name)


@contextmanager
def behaving(monkeypatch: pytest.MonkeyPatch, system: System) -> Iterator[System]:
    """Have a history make its calls to this system, as a process that has just begun."""
    files._lasting.clear()
    with monkeypatch.context() as patch:
        patch.setattr(files, "os", system)
        yield system
    files._lasting.clear()
    pending._under_way.clear()


class Turns:
    """Two threads of which only one works at a time, and changes only where the other can see it.

    Args:
        order: which of the two takes each next step; when it is at an end, the first goes first.

    Attributes:
        steps: how many each has taken.
    """

    def __init__(self, order: Iterable[int]) -> None:
        self.steps = [0, 0]
        self._order = iter(order)
        self._turns = [threading.Semaphore(0), threading.Semaphore(0)]
        self._stopped = threading.Semaphore(0)
        self._numbers: dict[int, int] = {}
        self._failed: list[BaseException] = []

    def step(self) -> None:
        """Stop here, if this is one of the two, until it is its turn."""
        mine = self._numbers.get(threading.get_ident())
        if mine is not None:
            self._stopped.release()
            self._turns[mine].acquire()

    def take(self, *works: Callable[[], object]) -> None:
        """Do both, in the order that was given."""
        threads = [threading.Thread(target=self._do, args=pair, daemon=True) for pair in enumerate(works)]
        for thread in threads:
            thread.start()
            assert self._stopped.acquire(timeout=_PATIENCE)
        while any(thread.is_alive() for thread in threads):
            chosen = next(self._order, 0)
            if not threads[chosen].is_alive():
                chosen = 1 - chosen
            self.steps[chosen] += 1
            self._turns[chosen].release()
            assert self._stopped.acquire(timeout=_PATIENCE), "a step does not come to its end"
            if self._numbers.get(threads[chosen].ident or 0) is None:
                threads[chosen].join(_PATIENCE)
        for error in self._failed:
            raise error

    def _do(self, number: int, work: Callable[[], object]) -> None:
        self._numbers[threading.get_ident()] = number
        try:
            self.step()
            work()
        except BaseException as error:  # noqa: BLE001 - raised by who waits for both
            self._failed.append(error)
        del self._numbers[threading.get_ident()]
        self._stopped.release()


@contextmanager
def in_turns(monkeypatch: pytest.MonkeyPatch, order: Iterable[int]) -> Iterator[Turns]:
    """Have two writers take turns at each change to the disk, and at each look at what others changed."""
    turns = Turns(order)

    def looked(real: Callable[..., Any]) -> Callable[..., Any]:
        def look(*arguments: Any, **options: Any) -> Any:
            turns.step()
            found = real(*arguments, **options)
            turns.step()
            return found

        return look

    with behaving(monkeypatch, System(before=turns.step)), monkeypatch.context() as patch:
        patch.setattr(objects, "digest_of", looked(objects.digest_of))
        patch.setattr(objects.Objects, "found", looked(objects.Objects.found))
        patch.setattr(removing, "_needed", looked(removing._needed))
        patch.setattr(pending, "read_note", looked(pending.read_note))
        yield turns
