"""Disks that fail and processes that are killed: nothing acknowledged is lost, and nothing is torn."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults import Cut, System, behaving, quick_folder
from keeping import begun, digest, ended, kept
from photos import MADE, PNG, noise, session
from servers import message, pictures, scripted

from requesty_nb.display import edit_bundle, edit_text
from requesty_nb.errors import HistoryFault
from requesty_nb.records import History, files
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers import Line

    from requesty_nb.models import Edit

SMALL = {"output_format": "jpeg", "size": "816x816"}
FAILURES = {
    "once": {"error": errno.EIO},
    "full": {"error": errno.ENOSPC, "lasting": True},
    "read-only": {"error": errno.EROFS, "lasting": True},
}


# A system that fails at each of its calls in turn


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Path:
    """A history of two edits with one source, the first with its note, and an export of a third."""
    place = tmp_path_factory.mktemp("before")
    history = History(place / "h")
    note = begun(history, "one")
    written = (history.folder / "pending" / f"{note.id}.json").read_bytes()
    ended(history, note, data=MADE[0]), kept(history, "two", data=MADE[1])
    # As if the process had been killed right before it took the note away.
    (history.folder / "pending" / f"{note.id}.json").write_bytes(written)
    other = History(place / "other")
    kept(other, "three", data=MADE[2])
    other.export(place / "export.jsonl")
    return place


def keep(history: History, place: Path) -> list[str]:
    return [ended(history, begun(history, "three"), data=MADE[2]).id]


def take_in(history: History, place: Path) -> list[str]:
    return list(history.import_(place / "export.jsonl").added)


def forget(history: History, place: Path) -> list[str]:
    history.forget(next(one.id for one in history.summaries() if one.prompt == "one"))
    return []


def prune(history: History, place: Path) -> list[str]:
    for path in (place / "orphan", history.folder / "objects" / "00" / ".tmp-00"):
        sha = digest(path.name.encode())
        made = path if path.name.startswith(".") else history.objects.path(sha)
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(path.name.encode())
        os.utime(made, (1, 1))
    history.prune(before="2100-01-01", keep=["two"])
    return []


def fault_of(work: Callable[[], object]) -> HistoryFault | None:
    try:
        work()
    except HistoryFault as fault:
        return fault
    return None


def is_whole(edit: Edit) -> bool:
    return all(edit.read(sha256) for sha256 in edit.record.objects) and bool(edit.record.objects)


@pytest.fixture
def place() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


@pytest.mark.parametrize("how", ["once", "full"])
@pytest.mark.parametrize("work", [keep, take_in, forget, prune])
def test_whichever_call_fails_nothing_is_lost_and_nothing_torn(place, monkeypatch, before, work, how):
    told = 0
    for at in count():
        folder = place / str(at)
        shutil.copytree(before / "h", folder)
        with behaving(monkeypatch, System(at, **FAILURES[how])) as system:
            acknowledged: list[str] = []
            fault = fault_of(lambda: acknowledged.extend(work(History(folder), before)))  # noqa: B023 - at once
        if fault:
            told += str(folder) in fault.message and os.strerror(FAILURES[how]["error"]) in fault.message
        assert fault or "fsync" not in system.failed  # what is acknowledged is on the disk
        after = History(folder)
        assert after.verify(), after.verify()
        assert all(map(is_whole, after)) and {edit.id for edit in after} >= set(acknowledged)
        prompts = [edit.prompt for edit in after]
        if work in {keep, take_in}:
            assert prompts[:2] == ["one", "two"] and after[0].images[0].bytes == MADE[0]
            if len(after) == 2:  # it had been begun, and is listed, or had not
                left = len(list((folder / "pending").glob("*.json"))) - 1
                assert [(one.prompt, one.state) for one in after.failures] == [("three", "unknown")] * left
                assert all(one.cost is not None and one.cost.high > 0 for one in after.failures)
        else:
            assert prompts in ([], ["two"], ["one", "two"]) and after.failures == []
        work(after, before) if "one" in prompts else None  # it goes on
        assert (kept(after, "four") in list(History(folder))) and History(folder).verify()
        if system.count <= at:
            break
    assert told > 3 and at > 8


@pytest.mark.parametrize("work", [keep, take_in])
def test_all_that_an_edit_needs_is_on_the_disk_before_it_and_it_before_it_is_acknowledged(
    place, monkeypatch, before, work
):
    with behaving(monkeypatch, Cut()) as disk:
        assert len(work(History(place / "new" / "h"), before)) == 1
        assert (disk.early, disk.bytes, disk.names) == ([], set(), set()) and disk.count > 20
    files._lasting.clear()
    history = History(place / "there")  # its pictures are there already, and may have been named just now
    for data in (b"given", MADE[2]):
        history.objects.write([data], digest(data))
    with behaving(monkeypatch, Cut()) as disk:
        disk.names |= {path for path in history.folder.rglob("*") if path.is_file()}
        work(history, before)
        assert (disk.early, disk.names) == ([], set())


def test_short_writes_are_gone_on_with(tmp_path, monkeypatch, before):
    with behaving(monkeypatch, System(short=True)):
        history = History(tmp_path)
        edit = kept(history, data=MADE[1])
        history.import_(before / "export.jsonl")
    assert edit in list(History(tmp_path)) and len(History(tmp_path)) == 2 and History(tmp_path).verify()


def test_a_free_edit_is_kept_or_handed_over_with_a_warning_or_not_begun(place, monkeypatch):
    with Session(history=place / "h", model="offline/painter") as one:
        for at in count(step=4):  # drawing takes its time
            made: list[Edit] = []
            with behaving(monkeypatch, System(at, **FAILURES["full"])) as system:
                fault = fault_of(lambda: made.append(one.edit(f"{at}", PNG, **SMALL)))  # noqa: B023 - at once
            if fault:
                assert fault.paid == "no" and "history=False" in fault.hint
                continue
            assert made[0].images[0].pil.size == (816, 816)
            assert made[0].record.warning or made[0] in list(History(place / "h"))
            if system.count <= at:
                break
    assert History(place / "h").verify() and at > 10


class Paid:
    """An endpoint that answers each request with another picture, and has the disk fail once it has come.

    Attributes:
        made: the pictures.
        system: what fails, so many calls after that.
    """

    def __init__(self) -> None:
        self.made: list[bytes] = []
        self.system, self.after = System(), 0

    def __call__(self, line: Line) -> None:
        line.request()
        self.system.at = self.system.count + self.after
        self.made.append(noise(len(self.made)))
        line.send(message(pictures(self.made[-1])))


@pytest.mark.parametrize("how", ["once", "full"])
def test_a_paid_picture_is_handed_over_whatever_fails_after_the_answer(tmp_path, monkeypatch, caplog, how):
    """Kept, or with a warning that says how to save it, and an unknown outcome to all who come later."""
    paid, not_kept = Paid(), 0
    with scripted(paid) as server, session(server.url, tmp_path / "h") as one:
        for after in count():
            paid.after = after
            with behaving(monkeypatch, System(**FAILURES[how])) as paid.system:
                edit = one.edit(f"hat {after}", PNG)
            assert edit.images[0].bytes == paid.made[-1] and edit.prompt == f"hat {after}"
            there = edit.id in {found.id for found in History(tmp_path / "h")}
            assert there or edit.id in {found.id for found in History(tmp_path / "h").failures}
            if edit.record.notes:
                not_kept += 1
                first = edit_text(edit).splitlines()[2]
                assert first.startswith("  Warning: NOT KEPT: The history cannot") and ".save(" in first
                assert not_kept > 1 or 'font-weight:600">NOT KEPT: ' in edit_bundle(edit)["text/html"]
                assert edit.record.warning == caplog.messages[-1]  # also where no card is shown
                assert edit.images[0].save(tmp_path / "saved").read_bytes() == paid.made[-1]
            else:
                assert there
            if paid.system.count <= paid.system.at:
                break
        assert server.posts == after + 1
    assert History(tmp_path / "h").verify() and not_kept > 3


def test_nothing_is_sent_if_what_is_to_be_sent_cannot_be_written_down(tmp_path, monkeypatch):
    with scripted(Paid()) as server, session(server.url, tmp_path / "h") as one:
        told = set()
        for at in count():
            with behaving(monkeypatch, System(at, **FAILURES["read-only"])):
                fault = fault_of(lambda: one.edit(f"{at}", PNG))  # noqa: B023 - at once
            if fault is None:
                break
            assert fault.paid == "no" and "history=False" in fault.hint and server.connections == 0
            told.add("objects" if "/objects" in fault.message else "pending")
    assert at > 8 and told == {"objects", "pending"}


def test_what_could_not_be_begun_leaves_no_unknown_outcome(tmp_path, monkeypatch):
    told = 0
    for at in count():
        folder = tmp_path / str(at)
        with behaving(monkeypatch, System(at)) as system:
            fault = fault_of(lambda: begun(History(folder)))  # noqa: B023 - at once
            notes = list((folder / "pending").glob("*"))
            assert (notes == [] and History(folder).failures == []) if fault else len(notes) == 1
            told += bool(fault)
        if system.count <= at:
            break
    assert told > 8


def test_a_history_on_a_disk_that_takes_nothing_is_read_and_replayed(tmp_path, monkeypatch):
    with Session(history=tmp_path, model="offline/painter") as one:
        edit = one.edit("sepia", PNG, output_format="jpeg")
    for error in (errno.EROFS, errno.EACCES):
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        with (
            behaving(monkeypatch, System(0, error, lasting=True)),
            Session(history=tmp_path, model="offline/painter") as two,
        ):
            again = two.edit("sepia", PNG, output_format="jpeg")
            assert again.replayed and again == edit and two.history.verify()
            assert [one.prompt for one in two.history.summaries()] == ["sepia"]
            assert two.history.preview(edit.images[0].digest) and two.history.search("SEPIA") == [edit]
            with pytest.raises(HistoryFault, match=os.strerror(error)):
                two.history.forget(edit)
    assert not (tmp_path / "cache").exists() and list(History(tmp_path)) == [edit]


def test_a_history_that_is_deleted_under_a_session_is_begun_anew(tmp_path):
    with Session(history=tmp_path / "h", model="offline/painter") as one:
        one.edit("sepia", PNG, output_format="jpeg")
        shutil.rmtree(tmp_path / "h")
        edit = one.edit("warmer", PNG, output_format="jpeg")
        assert list(History(tmp_path / "h")) == [edit] and History(tmp_path / "h").verify()


def test_a_history_that_is_deleted_under_a_request_gets_all_of_it_all_the_same(tmp_path):
    def answer(line: Line) -> None:
        line.request()
        shutil.rmtree(tmp_path / "h")
        line.send(message(pictures(MADE[0])))

    with scripted(answer) as server, session(server.url, tmp_path / "h") as one:
        edit = one.edit("a hat", PNG)
        assert not edit.record.warning and one.history.failures == []
    after = History(tmp_path / "h")
    assert list(after) == [edit] and after.verify() and after[0].sources[0].digest == f"sha256:{digest(PNG)}"


# Killed


def test_writers_that_are_killed_lose_nothing_they_have_acknowledged(tmp_path):
    program = (
        "import sys; from pathlib import Path; from crashing import kill\n"
        "found = kill(Path(sys.argv[1]), 20, seed=7)\n"
        "print(found.kills, len(found.acknowledged), found.bad)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "h")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills, acknowledged, *bad = done.stdout.split(maxsplit=2)
    assert (kills, bad) == ("40", ["Counter()\n"]) and int(acknowledged) > 0
    history = History(tmp_path / "h")
    assert history.verify() and len(history) >= int(acknowledged)
