"""Damage of every kind: all of it is found, it hurts only itself, and it can be healed from a copy."""

from __future__ import annotations

import os
import random
import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from faults import quick_folder
from keeping import asked, begun, digest, ended, kept, record_file
from photos import MADE, encoded, photo

from requesty_nb.errors import BadImage, HistoryFault
from requesty_nb.models import is_sealed, sealed
from requesty_nb.records import History, new_id, pending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from requesty_nb.models import Edit

SMALL = [encoded(photo(2 + number, 2)) for number in range(2)]
GIVEN = digest(b"given")


@pytest.fixture
def place() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


def tried(work: Callable[[], object]) -> Any:
    """Return what reading gives, or that it is damaged; nothing else is raised."""
    try:
        return work()
    except (HistoryFault, BadImage) as fault:
        return fault


def read_all(folder: Path, edits: list[Edit]) -> dict[str, Any]:
    """Read a history in every way there is; return by id what came of each edit."""
    fresh = History(folder)
    assert {edit.id for edit in fresh} <= {edit.id for edit in edits} and len(fresh) == len(edits)
    assert len(fresh.failures.summaries()) <= 2 and fresh.cost.high >= 0 and fresh.tree() is not None
    assert len(fresh.search("o")) <= len(edits) and len(fresh.damaged) <= 1
    fresh.unknown(asked("under way").key, 1), fresh.next_take(asked("under way").key)
    found: dict[str, Any] = {}
    for edit in edits:
        tried(lambda: list(fresh.find(edit.key, 1)))  # noqa: B023 - at once
        tried(lambda: fresh[edit.id].images[0].pil)  # noqa: B023 - at once
        tried(lambda: fresh.preview(edit.images[0].digest))  # noqa: B023 - at once
        found[edit.id] = tried(lambda: [fresh[edit.id].read(sha) for sha in edit.record.objects])  # noqa: B023
    return found


def test_every_damaged_byte_is_found_and_hurts_only_itself(place):
    chance = random.Random(5)
    history = History(place)
    one, two = (kept(history, word, data=data) for word, data in zip(("one", "two"), SMALL, strict=True))
    begun(history, "under way")
    assert history.verify() and len(history.verify().faults) == 0
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        for at in range(len(whole)):
            harm(path, at, whole[at] ^ chance.randrange(1, 256))
            report = history.verify()
            assert [fault for fault in report.faults if path.name in fault.path], (path, at)
            assert path.name in str(report)
            if at % 61 == 0:
                for identifier, what in read_all(place, [one, two]).items():
                    edit = one if identifier == one.id else two
                    hurt = edit.id in path.name or path.name in edit.record.objects
                    only_seal = path.suffix and is_sealed(path.read_bytes()) is None  # what it says is whole
                    assert (
                        hurt
                        if isinstance(what, HistoryFault)
                        else (len(what) == 2 and (not hurt or only_seal))
                    )
                shutil.rmtree(place / "cache")
            harm(path, at, whole[at])
        assert path.read_bytes() == whole
    assert history.verify()


def harm(path: Path, at: int, value: int) -> None:
    """Change one byte in place."""
    handle = os.open(path, os.O_WRONLY)
    os.pwrite(handle, bytes([value]), at)
    os.close(handle)


def test_no_damage_of_what_is_derived_is_ever_more_than_another_look(tmp_path):
    history = History(tmp_path)
    edits = [kept(history, "one", data=SMALL[0]), kept(history, "two", data=SMALL[1])]
    history.summaries(), history.preview(digest(SMALL[0]))
    for path in [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]:
        whole = path.read_bytes()
        for at in range(0, len(whole), 5):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x11]) + whole[at + 1 :])
            fresh = History(tmp_path)
            assert len(fresh.summaries()) == 2 and list(fresh) == edits and fresh.verify()
            assert len(fresh.search("e") or "x") >= 1 and fresh.cost.high >= 0
            tried(lambda: fresh.preview(digest(SMALL[0])))  # noqa: B023 - at once
            path.write_bytes(whole)


DAMAGES = ["cut", "longer", "gone", "empty", "swapped", "a folder", "renamed"]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["record", "object", "note"])
def test_files_that_are_not_as_they_were_are_found_and_hurt_only_themselves(tmp_path, kind, damage):
    history = History(tmp_path)
    one, two = (kept(history, f"{number}", data=MADE[number]) for number in range(2))
    notes = [begun(history, str(number), take=2) for number in range(2)]
    path, other = {
        "record": lambda: [record_file(history, edit) for edit in (one, two)],
        "object": lambda: [history.objects.path(digest(data)) for data in MADE[:2]],
        "note": lambda: [tmp_path / "pending" / f"{note.id}.json" for note in notes],
    }[kind]()
    found = changed(path, other, damage)
    # Of a record or a note that is gone, nothing else knows.
    assert (damage == "gone" and kind != "object") == bool(history.verify())
    assert history.verify() or found.name in str(history.verify())
    after = History(tmp_path)
    assert two in list(after) and after[two.id].images[0].bytes == MADE[1]
    assert after.failures == [] and after.next_take(two.key) == 3
    if kind == "note" or (kind, damage) == ("record", "longer"):  # a record is read for what it says
        assert after[one.id].images[0].bytes == MADE[0]
    else:
        with pytest.raises(KeyError if kind == "record" and damage in {"gone", "renamed"} else HistoryFault):
            _ = after[one.id].images[0].bytes


def changed(path: Path, other: Path, damage: str) -> Path:
    """Harm a file, and return the one to be found."""
    whole = path.read_bytes()
    if damage == "renamed":
        digit = "3" if path.name[20] != "3" else "4"
        return path.rename(path.with_name(f"{path.name[:20]}{digit}{path.name[21:]}"))
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage != "gone":
        bytes_of = {"cut": whole[: len(whole) // 2], "longer": whole + b"\n", "swapped": other.read_bytes()}
        path.write_bytes(bytes_of.get(damage, b""))
    return path


def test_a_record_of_a_newer_version_says_so_and_hurts_nobody_else(tmp_path):
    history = History(tmp_path)
    one, two = kept(history, "one"), kept(history, "two")
    export = history.export(tmp_path / "export.jsonl")
    newer = msgspec.json.encode({**msgspec.json.decode(record_file(history, one).read_bytes()), "version": 2})
    record_file(history, one).write_bytes(sealed(newer))
    for work in (lambda: history[one.id], lambda: list(history.find(one.key, 1))):
        with pytest.raises(HistoryFault, match="newer version") as caught:
            work()
        assert "Upgrade" in caught.value.hint
    assert "--new" in caught.value.hint and caught.value.paid == "no"
    assert list(history) == [two] and "newer version" in str(history.verify())
    (why,) = history.import_(export).refused  # it is not taken for damage, and not written over
    assert "newer version" in why and record_file(history, one).read_bytes() == sealed(newer)


def test_missing_and_damaged_pictures_say_which_and_what_to_do(tmp_path):
    history = History(tmp_path)
    one, two = kept(history, "one", data=MADE[0]), kept(history, "two", data=MADE[1])
    path = history.objects.path(digest(MADE[0]))
    for harmed, word in ((lambda: path.write_bytes(b"?"), "damaged"), (path.unlink, "missing")):
        harmed()
        with pytest.raises(HistoryFault, match=word) as caught:
            _ = history[0].images[0].pil
        assert str(path) in caught.value.message and "Restore" in caught.value.hint
        assert list(history) == [one, two] and two.images[0].pil.size == (32, 32)
    assert f"is missing; edit {one.id} needs it" in str(history.verify())


@pytest.mark.parametrize("form", ["copy.zip", "copy.jsonl", "copy", "history"])
def test_what_is_damaged_is_healed_by_taking_in_a_copy(tmp_path, form):
    history = History(tmp_path / "h")
    edits = [kept(history, str(number), data=MADE[number]) for number in range(3)]
    copy = tmp_path / form
    shutil.copytree(history.folder, copy) if form == "history" else history.export(copy)
    record_file(history, edits[0]).write_bytes(b"{")
    history.objects.path(digest(MADE[1])).write_bytes(b"")
    history.objects.path(digest(MADE[2])).unlink()
    assert len(history.verify().faults) == 3
    found = history.import_(copy)
    assert found.added == (edits[0].id,) and found.known == (edits[1].id, edits[2].id)
    assert history.verify() and list(history) == edits == list(History(history.folder))
    assert not found.refused and history.import_(copy).added == ()


# What others may have put there


def note_with(folder: Path, note: Any, name: str = "", **changes: Any) -> None:
    fields = {**msgspec.to_builtins(note), **changes}
    path = folder / "pending" / f"{name or fields['id']}.json"
    path.write_bytes(sealed(msgspec.json.encode(fields)))


@pytest.mark.parametrize(
    "changes",
    [{"id": "x"}, {"id": "../../x", "name": "y"}, {"name": "01m00000000000000000000000"}, {"take": 0},
     {"take": 10**9}, {"take": -1}, {"id": "z" * 26}],
)  # fmt: skip
def test_a_note_that_cannot_be_right_is_passed_over_and_told(tmp_path, changes):
    history = History(tmp_path)
    edit, note = kept(history), begun(history, take=2)
    (tmp_path / "pending" / f"{note.id}.json").unlink()
    note_with(tmp_path, note, **changes)
    fresh = History(tmp_path)
    assert list(fresh) == [edit] == list(fresh.attempts) and fresh.unknown(edit.key, 2) == []
    assert len(fresh.verify().faults) == 1 and "may have been sent" in str(fresh.verify())
    assert fresh.forget(edit).records == (edit.id,)


@pytest.mark.parametrize("pid", [-1, 0, 1 << 40, 10**30])
def test_a_note_of_no_process_there_can_be_is_no_trouble(tmp_path, pid):
    history = History(tmp_path)
    note = begun(history)
    note_with(tmp_path, note, pid=pid, boot=pending.boot_id())
    assert [one.id for one in History(tmp_path).failures] in ([note.id], [])
    assert History(tmp_path).next_take(note.key) in {1, 2}


def test_a_note_nested_beyond_reason_is_passed_over(tmp_path):
    history = History(tmp_path)
    kept(history)
    (tmp_path / "pending" / f"{new_id()}.json").write_bytes(b'{"a":' * 100_000)
    assert history.failures == [] and len(history.verify().faults) == 1


@pytest.mark.parametrize("name", ["edits", "pending"])
def test_what_cannot_be_looked_into_is_not_taken_for_empty(tmp_path, name):
    """It would be paid for again."""
    history = History(tmp_path)
    note = begun(history)
    ended(history, note)
    shutil.rmtree(tmp_path / name)
    (tmp_path / name).symlink_to(name)  # a loop: a file system's error that also root gets
    fresh = History(tmp_path)
    with pytest.raises(HistoryFault, match="cannot be read"):
        fresh.next_take(note.key)
    with pytest.raises(HistoryFault, match="cannot be read"):
        fresh.unknown(note.key, 1)


def test_a_history_behind_a_link_is_the_same(tmp_path):
    history, linked = History(tmp_path / "h"), History(tmp_path / "link")
    (tmp_path / "link").symlink_to(tmp_path / "h")
    with pytest.raises(HistoryFault, match="No such file"):  # its disk may be away
        begun(linked)
    (tmp_path / "h").mkdir()
    one, two = kept(linked, "one"), kept(history, "two", data=MADE[1])
    assert list(linked) == list(history) == [one, two] and linked.verify() and history.verify()
    assert linked.forget(two).objects == 1 and list(history) == [one]
