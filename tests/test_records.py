"""The records on disk: what is where and when, what damage does, and what two writers see of each other."""

from __future__ import annotations

import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from keeping import asked, begun, digest, ended, kept, record_file
from photos import MADE, PNG

from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.records import History, Pending, names, new_id, pending
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from pathlib import Path

# Where things are


def test_a_note_and_the_inputs_come_first_and_then_objects_record_and_no_note(tmp_path):
    history = History(tmp_path)
    note = begun(history)
    assert (tmp_path / "pending" / f"{note.id}.json").is_file()
    assert history.objects.path(digest(b"given")).read_bytes() == b"given"
    assert not (tmp_path / "edits").exists()
    edit = ended(history, note)
    assert not list((tmp_path / "pending").iterdir())
    name = f"{note.id}-{names.key_hash(note.key)}-1-ok.json"
    assert record_file(history, edit).name == name
    assert record_file(history, edit).parent.name == datetime.now(UTC).date().isoformat()
    sha = digest(MADE[0])
    assert (tmp_path / "objects" / sha[:2] / sha).read_bytes() == MADE[0]
    assert edit.images[0].bytes == MADE[0] and not edit.replayed
    assert not list(tmp_path.rglob(".tmp-*"))


def test_making_a_history_makes_no_folder(tmp_path):
    history = History(tmp_path / "new")
    assert len(history) == 0 and list(history) == [] and history.failures == [] and history.damaged == []
    assert not (tmp_path / "new").exists()
    with pytest.raises(IndexError):
        history[-1]
    with pytest.raises(KeyError):
        history["01"]


def test_equal_bytes_are_kept_once_and_others_are_refused_under_that_name(tmp_path):
    history = History(tmp_path)
    one, two = kept(history), kept(history, take=2)
    assert one.images[0].digest == two.images[0].digest
    assert sum(path.is_file() for path in (tmp_path / "objects").rglob("*")) == 2
    with pytest.raises(HistoryFault, match="changed"):
        history.objects.write([b"other"], digest(b"this"))
    assert not history.objects.path(digest(b"this")).exists()


# Listing


def test_listing_by_place_slice_and_id(tmp_path):
    history = History(tmp_path)
    made = [kept(history, f"prompt {number}") for number in range(5)]
    failed = kept(history, state="failed")
    unknown = kept(history, state="unknown")
    assert len(history) == 5 and list(history) == made
    assert (history[0], history[-1], history[4]) == (made[0], made[4], made[4])
    assert history[1:3] == made[1:3] and history[-2:] == made[-2:] and history[::-1] == made[::-1]
    assert history[made[2].id] == made[2] and history[failed.id] == failed
    assert history.failures == [failed, unknown]
    for place in (5, -6):
        with pytest.raises(IndexError):
            history[place]
    with pytest.raises(KeyError):
        history["nothing"]
    assert "5 edits" in repr(history)


def test_filter_by_text_model_and_tag(tmp_path):
    history = History(tmp_path)
    hat = kept(history, "A Red HAT", tags=("wear",))
    coat = kept(history, "a red coat")
    assert history.filter() == [hat, coat]
    assert history.filter(text="red hat") == [hat]
    assert history.filter(model="GPT-image") == [hat, coat] and history.filter(model="nobody") == []
    assert history.filter(tag="wear") == [hat] and history.filter(tag="we") == []
    assert history.filter(text="red", tag="wear", model="azure") == [hat]


def test_two_histories_of_one_folder_see_each_other_at_once(tmp_path):
    one, two = History(tmp_path), History(tmp_path)
    for number in range(3):
        edit = kept(one, f"one {number}")
        assert two[-1] == edit and next(two.find(edit.key, 1)) == edit
        other = kept(two, f"two {number}")
        assert one[-1] == other and one[other.id] == other
    assert len(one) == len(two) == 6


def test_histories_are_merged_by_copying_one_into_the_other(tmp_path):
    one, two = History(tmp_path / "one"), History(tmp_path / "two")
    made = [kept(one, "a"), kept(two, "b", data=MADE[1]), kept(one, "c")]
    assert len(one) == 2
    shutil.copytree(two.folder, one.folder, dirs_exist_ok=True)
    assert list(one) == made and one[1].images[0].bytes == MADE[1]
    assert next(one.find(made[1].key, 1)).replayed


def test_a_thousand_records_are_listed_in_order_by_their_names_alone(tmp_path):
    history = History(tmp_path)
    first = kept(history)
    folder = record_file(history, first).parent
    more = sorted(new_id() for _ in range(1000))
    for identifier in more:
        (folder / f"{identifier}-{'0' * 16}-1-ok.json").write_bytes(b"")
    fresh = History(tmp_path)
    assert len(fresh) == len(history) == 1001
    assert [name[:26] for name in fresh._names()] == [first.id, *more]
    assert fresh[0] == first


@pytest.mark.parametrize(
    "name",
    ["README.md", ".DS_Store", "a-b-1-ok.json", "{id}-{hash}-1-ok.json.bak", "{id}-{hash}-1-ok",
     "{id}-{hash}-0-ok.json",
     "{id}-{hash}-x-ok.json", "{id}-{hash}-²-ok.json", "{id}-{hash}-1-good.json", "{id}-xyz-1-ok.json",
     "readme-{hash}-1-ok.json", ".tmp-0011", "{id}-{hash}-1-ok-2.json"],
)  # fmt: skip
def test_files_of_others_are_passed_over(tmp_path, name):
    history = History(tmp_path)
    edit = kept(history)
    stray = record_file(history, edit).with_name(name.format(id=new_id(), hash="0" * 16))
    stray.write_bytes(b"not ours")
    (tmp_path / "edits" / "notes.txt").write_bytes(b"")
    fresh = History(tmp_path)
    assert list(fresh) == [edit] and fresh.damaged == []


# Damage


def test_a_damaged_record_hurts_only_itself(tmp_path):
    history = History(tmp_path)
    made = [kept(history, f"prompt {number}") for number in range(4)]
    failed = kept(history, state="failed")
    for edit, data in (
        (made[1], b'{"id": '),
        (made[2], record_file(history, made[0]).read_bytes()),
        (failed, b""),
    ):
        record_file(history, edit).write_bytes(data)
    for one in (history, History(tmp_path)):
        assert list(one) == [made[0], made[3]] and one[:] == [made[0], made[3]]
        assert one.filter(text="prompt") == [made[0], made[3]]
        assert one.failures == [] and len(one) == 4
        assert one[0] == made[0] and one[-1] == made[3]
        for bad in (1, made[1].id, made[2].id):
            with pytest.raises(HistoryFault) as caught:
                one[bad]
            assert str(tmp_path) in caught.value.message
        assert [fault.paid for fault in one.damaged] == ["no"] * 3
        assert made[1].id in one.damaged[0].message


def test_a_record_that_was_taken_away_is_gone_for_those_who_have_seen_it_too(tmp_path):
    history = History(tmp_path)
    made = [kept(history, str(number)) for number in range(3)]
    assert list(history.find(made[1].key, 1)) == [made[1]]
    record_file(history, made[1]).unlink()
    for one in (history, History(tmp_path)):
        assert list(one) == [made[0], made[2]] and len(one) == 2 and one.damaged == [] and one.verify()
        assert list(one.find(made[1].key, 1)) == [] and one.next_take(made[1].key) == 1
        with pytest.raises(KeyError):
            one[made[1].id]
    assert history.forget(made[0]).records == (made[0].id,)


def test_what_is_gone_with_its_folder_is_a_fault_and_not_free_to_be_paid_again(tmp_path):
    """The disk may be away for a while."""
    history = History(tmp_path / "h")
    edit = kept(history)
    (tmp_path / "h").rename(tmp_path / "away")
    with pytest.raises(HistoryFault, match=edit.id):
        list(history.find(edit.key, 1))
    assert len(history) == 1 and list(history) == []
    (tmp_path / "away").rename(tmp_path / "h")
    assert list(history) == list(history.find(edit.key, 1)) == [edit]


def test_a_damaged_record_of_a_take_is_not_paid_for_again_silently(tmp_path):
    history = History(tmp_path)
    edit = kept(history)
    record_file(history, edit).write_bytes(b"{")
    with pytest.raises(HistoryFault) as caught:
        list(history.find(edit.key, 1))
    assert "--new" in caught.value.hint
    assert list(history.find(edit.key, 2)) == [] and history.next_take(edit.key) == 2
    second = kept(history)  # another kernel's record of the same take answers
    assert next(history.find(edit.key, 1)) == second


def test_a_damaged_or_missing_object_hurts_only_the_opening_of_that_picture(tmp_path):
    history = History(tmp_path)
    one, two = kept(history, "a", data=MADE[0]), kept(history, "b", data=MADE[1])
    path = history.objects.path(one.images[0].digest)
    whole = path.read_bytes()
    path.write_bytes(whole[:50] + b"x" + whole[51:])
    assert list(history) == [one, two]
    with pytest.raises(HistoryFault, match="damaged"):
        _ = history[0].images[0].bytes
    path.unlink()
    with pytest.raises(HistoryFault, match="missing") as caught:
        _ = history[0].images[0].pil
    assert "Restore" in caught.value.hint
    assert history[1].images[0].bytes == MADE[1]


def test_keeping_a_picture_again_heals_a_damaged_object(tmp_path):
    history = History(tmp_path)
    edit = kept(history)
    for bad in (b"", MADE[1]):
        history.objects.path(digest(b"given")).write_bytes(bad)
        begun(history, take=2)
        assert history.objects.read(digest(b"given")) == b"given"
    history.objects.path(edit.images[0].digest).write_bytes(b"?")
    kept(history, take=3)
    assert edit.images[0].bytes == MADE[0]


def test_what_lies_in_the_folders_place_is_a_fault_of_the_history(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    history = History(tmp_path / "file")
    assert len(history) == 0
    with pytest.raises(HistoryFault) as caught:
        begun(history)
    assert "history=False" in caught.value.hint


# Takes and what is under way


def test_the_lowest_id_of_two_records_of_one_take_answers(tmp_path):
    one, two = History(tmp_path), History(tmp_path)
    notes = [begun(one), begun(two)]
    later, first = ended(two, notes[1], data=MADE[1]), ended(one, notes[0])
    assert list(one.find(first.key, 1)) == [first, later]
    assert one[later.id] == later


def test_takes_are_counted_from_what_is_recorded_or_under_way(tmp_path):
    history = History(tmp_path)
    key = asked().key
    assert history.next_take(key) == 1
    kept(history, state="failed")
    kept(history, state="unknown", take=7)
    assert history.next_take(key) == 1
    kept(history, take=4)
    assert history.next_take(key) == 5 and history.next_take(asked("b").key) == 1
    note = begun(history, take=5)
    assert history.next_take(key) == 6
    ended(history, note, state="failed")
    assert history.next_take(key) == 5


def changed(history: History, note: Pending, **changes: Any) -> None:
    path = history.folder / "pending" / f"{note.id}.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(note, **changes)))


def test_a_note_of_a_process_that_is_gone_has_an_unknown_outcome(tmp_path):
    history = History(tmp_path)
    note = begun(history)
    assert history.unknown(note.key, 1) == [] and note.alive
    gone = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(gone, 0)
    changed(history, note, pid=gone)
    assert history.unknown(note.key, 1) == History(tmp_path).unknown(note.key, 1) == [note.id]
    assert history.unknown(note.key, 2) == [] and history.next_take(note.key) == 1
    changed(history, note, pid=os.getppid())
    assert history.unknown(note.key, 1) == [] and history.next_take(note.key) == 2
    changed(history, note, pid=os.getppid(), boot="another run of this machine")
    assert history.unknown(note.key, 1) == [note.id]


def test_a_note_of_another_machine_lives_until_its_deadline_and_a_minute(tmp_path):
    history = History(tmp_path)
    note = begun(history)
    now = datetime.now(UTC).timestamp()
    for deadline, unknown in ((now + 60, []), (now - 50, []), (now - 70, [note.id])):
        changed(history, note, host="elsewhere", pid=1, deadline=deadline)
        assert history.unknown(note.key, 1) == unknown


def test_a_note_that_is_damaged_or_whose_record_is_there_is_passed_over(tmp_path):
    history = History(tmp_path)
    note = begun(history)
    ended(history, note)
    changed(history, note)  # as if taking it away had failed
    (tmp_path / "pending" / "x.json").write_bytes(b"{")
    assert history.unknown(note.key, 1) == [] and history.next_take(note.key) == 2


def test_what_was_free_is_never_left_to_find_out(tmp_path):
    history = History(tmp_path)
    note = begun(history, model="offline/painter")
    pending._under_way.discard(note.id)
    assert not note.alive and history.unknown(note.key, 1) == []


def test_an_attempt_whose_record_could_not_be_written_is_unknown_also_to_its_own_process(tmp_path):
    history = History(tmp_path)
    note = begun(history)
    (tmp_path / "edits").write_bytes(b"in the way")
    with pytest.raises(HistoryFault):
        ended(history, note, state="unknown")
    assert history.unknown(note.key, 1) == [note.id]


# Ids


def test_ids_are_unique_sorted_and_dated_also_across_threads():
    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(lambda _: [new_id() for _ in range(500)], range(8)))
    assert all(batch == sorted(batch) for batch in batches)
    assert len({identifier for batch in batches for identifier in batch}) == 4000
    assert all(len(identifier) == 26 for batch in batches for identifier in batch)
    assert names.id_date(new_id()) == datetime.now(UTC).date().isoformat()
    before = new_id()
    assert before < new_id()


def test_ids_go_on_rising_when_the_clock_is_set_back_and_forks_do_not_give_the_same(monkeypatch):
    first, counted = new_id(), names._last
    monkeypatch.setattr(names.time, "time_ns", lambda: 1_000_000_000)  # 1970
    ids = [new_id() for _ in range(1000)]
    assert sorted(ids) == ids and ids[0] > first and ids[-1][:10] <= first[:9] + "z"
    names._last = counted  # as each fork of this process has it
    assert not {new_id() for _ in range(1000)} & set(ids)


def test_a_take_that_no_file_name_can_carry_is_refused_before_it_is_paid(tmp_path):
    with Session(history=tmp_path, model="offline/painter") as session:
        with pytest.raises(BadRequest, match="from 1 to 999,999,999"):
            session.edit("sepia", PNG, take=1_000_000_000)
        edit = session.edit("sepia", PNG, take=999_999_999, output_format="jpeg", size="816x816")
    assert list(History(tmp_path)) == [edit]


def test_a_note_is_alive_from_the_moment_another_thread_can_read_it(tmp_path, monkeypatch):
    history, seen = History(tmp_path), []
    real = pending.write_whole

    def written(path: Path, pieces: Any) -> None:
        real(path, pieces)
        seen.extend(
            (note.alive, History(tmp_path).next_take(note.key)) for note in history._shelf.notes.read()
        )

    monkeypatch.setattr(pending, "write_whole", written)
    begun(history)
    assert seen == [(True, 2)]


def test_threads_may_write_and_read_one_history(tmp_path):
    history = History(tmp_path)
    start = threading.Barrier(4)

    def work(number: int) -> list[str]:
        start.wait(10)
        made = [kept(history, f"{number} {count}").id for count in range(5)]
        assert len(list(history)) >= 5
        return made

    with ThreadPoolExecutor(4) as pool:
        ids = sorted(identifier for made in pool.map(work, range(4)) for identifier in made)
    assert [edit.id for edit in history] == [edit.id for edit in History(tmp_path)] == ids
    assert history.damaged == [] and not list((tmp_path / "pending").iterdir())
