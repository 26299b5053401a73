"""Crashes, full and failing disks, damage and deletion: nothing acknowledged is lost, and nothing is torn."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from canary import SECRET
from keeping import asked, begun, digest, ended, kept, record_file
from photos import MADE, PNG, session
from servers import answering, pictures, scripted

from requesty_nb.errors import BadImage, HistoryFault
from requesty_nb.images import Blob
from requesty_nb.models import is_sealed, sealed
from requesty_nb.records import History, files, pending
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CALLS = ("close", "fsync", "link", "mkdir", "open", "replace", "rename", "unlink", "write")
GIVEN = digest(b"given")


class System:
    """The system's calls as a history makes them, of which one fails, or all writes are short.

    Attributes:
        count: calls so far.
    """

    def __init__(self, at: int = -1, error: int = errno.EIO, *, short: bool = False) -> None:
        self.count = 0
        self._at, self._error, self._short = at, error, short

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def call(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            if self.count - 1 == self._at:
                if name == "close":
                    real(*arguments, **options)
                raise OSError(self._error, os.strerror(self._error))
            if name == "write" and self._short:
                return real(arguments[0], arguments[1][: max(1, len(arguments[1]) // 3)])
            return real(*arguments, **options)

        return call


@pytest.fixture
def system(monkeypatch) -> Iterator[Callable[..., System]]:
    """Set how the system behaves from now on."""

    def behave(*arguments: Any, **options: Any) -> System:
        made = System(*arguments, **options)
        files._lasting.clear()  # as a new process has it
        monkeypatch.setattr(files, "os", made)
        return made

    yield behave
    monkeypatch.undo()
    pending._under_way.clear()


# A system that fails


def keep_one(history: History) -> Any:
    return ended(history, begun(history, "the second"), data=MADE[1])


def calls_of(system: Callable[..., System], work: Callable[[], object]) -> int:
    counted = system()
    work()
    return counted.count


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_whatever_call_fails_nothing_is_lost_and_nothing_torn(tmp_path, system, error):
    first = kept(History(tmp_path / "0"), "the first")
    shutil.copytree(tmp_path / "0", tmp_path / "count")
    total = calls_of(system, lambda: keep_one(History(tmp_path / "count")))
    assert total > 20
    told = 0
    for at in range(total):
        folder = tmp_path / str(at + 1)
        shutil.copytree(tmp_path / "0", folder)
        system(at, error)
        try:
            second = keep_one(History(folder))
        except HistoryFault as fault:
            second = None
            told += str(folder) in fault.message and os.strerror(error) in fault.message
        system()
        after = History(folder)
        assert after.verify(), after.verify()
        assert after[0] == first and after[0].images[0].bytes == MADE[0]
        if second is not None:
            assert list(after) == [first, second] and after[1].images[0].bytes == MADE[1]
        elif len(after) == 1:  # what had been begun is listed, or nothing had
            notes = list((folder / "pending").glob("*.json"))
            assert [(one.prompt, one.state) for one in after.failures] == [("the second", "unknown")] * len(
                notes
            )
        assert keep_one(after) in list(History(folder))  # it goes on
    assert told > total // 2


def test_short_writes_are_gone_on_with(tmp_path, system):
    system(short=True)
    edit = keep_one(History(tmp_path))
    system()
    assert History(tmp_path)[0] == edit and History(tmp_path).verify()


def test_a_paid_picture_is_handed_over_whatever_fails_after_the_answer(tmp_path, system):
    """From the first call after the request has left on, each fails in turn: the user has the picture."""
    warned = 0
    for at in range(60):
        with scripted(answering(pictures(MADE[0]))) as server, session(server.url, tmp_path / str(at)) as one:
            counted = System()
            ask = one.ask("a hat", PNG)

            def turn(call: Any, at: int = at, counted: System = counted) -> Any:
                counted._at = counted.count + at  # the request is there: from here on
                return call

            server._turns[0] = _after(turn, server._turns[0])
            files._lasting.clear()
            system()
            files.os = counted
            edit = one.run(ask)
            system()
            assert server.posts == 1 and edit.images[0].bytes == MADE[0]
            if edit.record.notes:
                warned += 1
                assert "NOT KEPT" in edit.record.notes[0] and ".save(" in edit.record.notes[0]
            if counted.count <= counted._at:
                assert len(one.history) == 1
                break
            assert one.history.verify() and len(one.history) + len(one.history.failures) >= 1
    else:
        pytest.fail("it never came to an end")
    assert warned > 3


def _after(then: Callable[[Any], Any], turn: Any) -> Any:
    """Return a turn that tells when the request is there."""

    def wrapped(line: Any) -> None:
        read = line.request

        def request() -> Any:
            return then(read())

        line.request = request
        turn(line)

    return wrapped


def test_nothing_is_sent_if_what_is_to_be_sent_cannot_be_written_down(tmp_path, system):
    with scripted(answering(pictures(MADE[0]))) as server, session(server.url, tmp_path) as one:
        system(0, errno.EROFS)
        with pytest.raises(HistoryFault) as caught:
            one.edit("a hat", PNG)
        system()
        assert caught.value.paid == "no" and "history=False" in caught.value.hint
        assert server.connections == 0


# Killed


def test_writers_that_are_killed_lose_nothing_they_have_acknowledged(tmp_path):
    program = (
        "import sys; from pathlib import Path; from crashing import kill\n"
        "found = kill(Path(sys.argv[1]), 20, seed=7)\n"
        "print(found.kills, len(found.acknowledged), found.lost, found.torn, found.unopened)"
    )
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(__file__)}  # noqa: PTH120 - for a process
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "h")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills, acknowledged, *rest = done.stdout.split()
    assert (kills, rest) == ("40", ["[]", "[]", "0"]) and int(acknowledged) > 0
    history = History(tmp_path / "h")
    assert history.verify() and len(history) >= int(acknowledged)


# Damage


def test_every_damaged_byte_is_found_and_hurts_only_itself(tmp_path):
    history = History(tmp_path)
    one = kept(history, "one", data=b"a picture")
    two = kept(history, "two", data=b"another")
    kept(history, "three", state="failed")
    note = begun(history, "under way")
    assert history.verify()
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            report = history.verify()
            assert [fault.path for fault in report.faults if path.name in fault.path], (path, at)
            if at % 40 == 0:
                _see_only_itself(tmp_path, path, [one, two])
        path.write_bytes(whole)
    assert history.verify() and note.alive


def _see_only_itself(folder: Path, path: Path, edits: list[Any]) -> None:
    fresh = History(folder)
    for edit in edits:
        hurt = edit.id in path.name or path.name in edit.record.objects
        if not hurt or (is_sealed(path.read_bytes()) is None and path.suffix):  # damaged is only its seal
            assert len([fresh[edit.id].read(sha256) for sha256 in edit.record.objects]) == 2
        else:
            with pytest.raises(HistoryFault):
                [fresh[edit.id].read(sha256) for sha256 in edit.record.objects]
    assert set(fresh) <= set(edits) and len(fresh.failures) <= 2


@pytest.mark.parametrize("damage", ["cut", "longer", "gone", "empty", "swapped"])
def test_files_that_are_cut_lengthened_swapped_or_gone_are_found(tmp_path, damage):
    history = History(tmp_path)
    edits = [kept(history, f"{number}", data=MADE[number]) for number in range(2)]
    paths = [record_file(history, edits[0]), history.objects.path(digest(MADE[0]))]
    others = [record_file(history, edits[1]), history.objects.path(digest(MADE[1]))]
    for path, other in zip(paths, others, strict=True):
        whole = path.read_bytes()
        match damage:
            case "cut":
                path.write_bytes(whole[: len(whole) // 2])
            case "longer":
                path.write_bytes(whole + b"\n")
            case "gone":
                path.unlink()
            case "empty":
                path.write_bytes(b"")
            case "swapped":
                path.write_bytes(other.read_bytes())
        report = history.verify()
        assert not report and path.name in str(report)
        if damage != "longer" or path != paths[0]:  # a record is read for what it says
            with pytest.raises((HistoryFault, BadImage, KeyError)):
                _ = History(tmp_path)[edits[0].id].images[0].bytes
        assert History(tmp_path)[edits[1].id].images[0].bytes == MADE[1]
        path.write_bytes(whole)
    assert history.verify()


def test_a_record_of_a_newer_version_says_so_and_hurts_nobody_else(tmp_path):
    history = History(tmp_path)
    one, two = kept(history, "one"), kept(history, "two")
    newer = msgspec.json.encode({**msgspec.json.decode(record_file(history, one).read_bytes()), "version": 2})
    record_file(history, one).write_bytes(sealed(newer))
    with pytest.raises(HistoryFault, match="newer version") as caught:
        history[one.id]
    assert "Upgrade" in caught.value.hint
    with pytest.raises(HistoryFault, match="newer version") as caught:
        list(history.find(one.key, 1))
    assert "Upgrade" in caught.value.hint and "--new" in caught.value.hint
    assert list(history) == [two]


# Deleted


def objects_of(history: History) -> set[str]:
    return {stored.sha256 for stored in history._shelf.objects.all()}


def test_what_is_forgotten_is_gone_with_all_that_nobody_else_needs(tmp_path):
    history = History(tmp_path)
    one = kept(history, "a secret wish", data=MADE[0])
    two = kept(history, "another", data=MADE[1])
    history.summaries()
    for edit in (one, two):
        history.preview(edit.images[0].digest)
        edit.cached(f"{edit.id}-source.webp", lambda: history.preview(one.images[0].digest))
    removed = history.forget(one)
    assert (removed.records, removed.objects, removed.length) == ((one.id,), 1, len(MADE[0]))
    assert list(history) == list(History(tmp_path)) == [two] and history.verify()
    assert objects_of(history) == {digest(MADE[1]), GIVEN}
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in left if one.id in path.name or digest(MADE[0]) in path.name]
    assert not [path for path in left if b"a secret wish" in path.read_bytes()]
    assert [summary.id for summary in history.summaries()] == [two.id]
    with pytest.raises(KeyError):
        history.forget(one)
    assert history.forget(two.id).objects == 2 and objects_of(history) == set()


def test_nothing_is_forgotten_if_one_is_not_there_or_another_may_need_the_pictures(tmp_path):
    history = History(tmp_path)
    one, two = kept(history, "one", data=MADE[0]), kept(history, "two", data=MADE[1])
    with pytest.raises(KeyError):
        history.forget(one, "01m00000000000000000000000")
    record_file(history, two).write_bytes(b"{")
    with pytest.raises(HistoryFault) as caught:
        history.forget(one)
    assert "Nothing was deleted" in caught.value.hint
    assert History(tmp_path)[0] == one and one.images[0].bytes == MADE[0]


def test_a_source_of_a_request_under_way_stays(tmp_path):
    history = History(tmp_path)
    one = kept(history, "one")
    note = begun(history, "two")
    history.forget(one)
    assert objects_of(history) == {GIVEN}
    two = ended(history, note, data=MADE[1])
    assert two.read(GIVEN) == b"given" and history.verify()


def test_a_picture_that_is_wanted_while_it_is_being_deleted_stays(tmp_path, monkeypatch):
    """Another process begins an edit of the same source right before it is moved aside."""
    history, other = History(tmp_path), History(tmp_path)
    one = kept(history, "one")
    for path in (record_file(history, one), *(history.objects.path(sha256) for sha256 in one.record.objects)):
        os.utime(path, (1, 1))  # long ago
    real, notes = files.rename, []

    def rename(path: Path, target: Path) -> None:
        if path.name == GIVEN and not notes:
            given = Blob.of(b"given")
            other.objects.write(given.pieces(), given.digest)  # it is there, and is marked as wanted
            notes.append(1)
        real(path, target)

    monkeypatch.setattr(files, "rename", rename)
    history.forget(one)
    assert notes and objects_of(history) == {GIVEN}
    assert history.objects.read(GIVEN) == b"given"


def test_pruning_takes_what_is_old_refused_or_needed_by_nobody(tmp_path):
    history = History(tmp_path)
    old = kept(history, "old", data=MADE[0], tags=("keep",))
    failed, unknown = kept(history, "no", state="failed"), kept(history, "perhaps", state="unknown")
    new = kept(history, "new", data=MADE[1])
    for name, age in (("orphan", 100_000), ("young", 0)):
        data = name.encode()
        history.objects.write([data], digest(data))
        stamp = record_file(history, new).stat().st_mtime - age
        os.utime(history.objects.path(digest(data)), (stamp, stamp))
    crashed = history.objects.path(GIVEN).with_name(".tmp-0011")
    crashed.write_bytes(b"half")
    os.utime(crashed, (1, 1))
    removed = history.prune()
    assert (removed.records, removed.objects) == ((), 1) and not crashed.exists()
    assert digest(b"young") in objects_of(history) and digest(b"orphan") not in objects_of(history)
    assert history.prune(failures=True).records == (failed.id,) and history.failures == [unknown]
    later = new.started.isoformat()
    assert history.prune(before=later, keep=["keep"]).records == (unknown.id,)
    assert history.prune(before=later).records == (old.id,) and list(history) == [new]
    assert history.verify()


def test_a_history_that_is_deleted_under_a_session_is_begun_anew(tmp_path):
    with Session(history=tmp_path / "h", model="offline/painter") as one:
        one.edit("sepia", PNG, output_format="jpeg")
        shutil.rmtree(tmp_path / "h")
        edit = one.edit("warmer", PNG, output_format="jpeg")
        assert History(tmp_path / "h")[0] == edit and History(tmp_path / "h").verify()
    assert SECRET not in repr(one)


def test_requests_that_differ_only_in_what_is_no_part_of_the_key_are_one(tmp_path):
    history = History(tmp_path)
    edit = kept(history)
    assert next(history.find(asked().key, 1)) == edit
