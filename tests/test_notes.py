"""Stars and tags that are given later: what they come to, how they are kept, and how they go along."""

from __future__ import annotations

import errno
import os
import shutil
import time
from itertools import permutations
from typing import TYPE_CHECKING

import msgspec
import pytest
from archiving import entries_of, packed, snapshot
from faults import CHANGES, Cut, System, behaving, quick_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from keeping import begun, kept

from requesty_nb import display
from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models import (
    NO_MARKS,
    NOTE_BYTES,
    Edit,
    Note,
    decode_note,
    encode_note,
    folded,
    sealed,
    summary_of,
)
from requesty_nb.records import History, new_id
from requesty_nb.records import notes as notes_room
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMS = ("out", "run.zip", "run.jsonl", "h")


@pytest.fixture
def place() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


@pytest.fixture
def history(place) -> History:
    return History(place / "h")


@pytest.fixture
def edit(history) -> Edit:
    return kept(history, tags=("made",))


def note(at: int, kind: str = "star", *, on: bool = True, tag: str = "", nonce: str = "0" * 16) -> Note:
    return Note(id=new_id(), time=at, nonce=nonce, kind=kind, on=on, tag=tag)


def files_of(history: History, edit: Edit) -> list[Path]:
    return sorted((history.folder / "notes" / edit.id).iterdir())


# --- what notes come to


def test_the_last_note_on_each_thing_holds_in_whatever_order_they_are_read():
    notes = [
        note(1),
        note(2, "tag", tag="a"),
        note(3, on=False),
        note(4, "tag", tag="b"),
        note(4, "tag", tag="b", on=False, nonce="1" * 16),  # of one moment: the nonce decides
        note(5, "mood", nonce="2" * 16),
    ]
    for order in permutations(notes):
        assert folded(order) == (False, ("a",), ("b",))
    assert folded([*notes, note(6), note(7, "tag", tag="b")]) == (True, ("a", "b"), ())
    assert folded([]) == NO_MARKS


def test_tags_stand_as_it_was_made_with_them_and_then_in_the_order_of_time(edit):
    edit.tag("b", "a")
    edit.tag("made", "c")
    assert edit.tags == ("made", "b", "a", "c")
    edit.untag("made", "b")
    assert edit.tags == ("a", "c")
    edit.tag("made")
    assert edit.tags == ("made", "a", "c")


def test_what_is_so_already_is_not_noted_again(history, edit):
    for _ in range(2):
        edit.star()
        edit.tag("best", " best ", "made")
    edit.untag("nowhere")
    assert len(files_of(history, edit)) == 2
    edit.unstar(), edit.unstar()
    assert len(files_of(history, edit)) == 3 and not edit.starred


@pytest.mark.parametrize("word", ["", "  ", "two\nlines", "a\x00", "\u202eright", "x" * 101, 7, ["best"]])
def test_what_is_no_tag_is_refused_and_nothing_is_noted(history, edit, word):
    for attempt in (edit.tag, edit.untag):
        with pytest.raises(BadRequest, match="tag"):
            attempt("good", word)
    assert edit.tags == ("made",) and not (history.folder / "notes").exists()


def test_whatever_an_edit_was_made_with_can_be_taken_away(history):
    odd = ("two\nlines", "x" * 400, " spaced ")
    edit = kept(history, tags=odd)
    edit.untag(*odd)
    assert edit.tags == () and History(history.folder)[0].tags == () and history.verify()
    longer = kept(history, "other", tags=("x" * 501,))
    with pytest.raises(BadRequest, match="up to 500"):
        longer.untag("x" * 501)


def test_stars_and_tags_are_no_part_of_the_record_the_key_or_equality(history, edit):
    before, bytes_before = history[edit.id], next((history.folder / "edits").rglob("*.json")).read_bytes()
    edit.star(), edit.tag("best")
    after = History(history.folder)[0]
    assert (after, after.key, after.record) == (before, before.key, before.record)
    assert next((history.folder / "edits").rglob("*.json")).read_bytes() == bytes_before
    assert before.starred and before.tags == ("made", "best")  # it looks when it is asked


def test_an_edit_without_a_home_says_so_in_plain_words(edit):
    alone = Edit(edit.record, edit.read)
    assert not alone.starred and alone.tags == ("made",) and alone.note_files() == ()
    for attempt in (alone.star, alone.unstar, lambda: alone.tag("a"), lambda: alone.untag("a")):
        with pytest.raises(BadRequest, match=r"not kept, so it has no place for stars") as caught:
            attempt()
        assert "Session(history=" in caught.value.hint


def test_an_edit_of_a_session_without_history_has_no_place_for_them():
    from photos import photo

    with (
        Session(model="offline/painter", history=False) as session,
        pytest.raises(BadRequest, match="not kept"),
    ):
        session.edit("sepia", photo()).star()


def test_an_edit_that_was_forgotten_takes_no_notes(history, edit):
    edit.star()
    other = History(history.folder)
    other.forget(edit.id)
    with pytest.raises(BadRequest, match="any more"):
        edit.tag("late")
    assert list((history.folder / "notes").iterdir()) == [] and not edit.starred


def test_an_attempt_that_failed_or_was_lost_can_be_noted(history):
    failed = kept(history, state="failed")
    pending = begun(history, "lost")
    history._shelf.notes.release(pending.id)
    for one in (failed.id, pending.id):
        history[one].star()
    assert [one.starred for one in history.attempts] == [True, True]
    assert [one.starred for one in history.failures.summaries()] == [True, True]


# --- where they are looked for


def test_they_are_found_listed_and_tabled(history, edit):
    other = kept(history, "a blue hat")
    edit.star(), other.tag("late")
    assert list(history.starred) == list(history.filter(starred=True)) == [edit]
    assert list(history.filter(starred=False)) == list(history.filter(tag="late")) == [other]
    assert list(history.search("LATE")) == [other] and list(history.filter(tag="made")) == [edit]
    assert list(history.filter(tag="late", starred=True)) == []
    edit.untag("made")
    assert list(history.filter(tag="made")) == [] and history.marks().keys() == {edit.id, other.id}
    first, second = display.history_lines(history.summaries()).splitlines()
    assert first.endswith("a red hat  ★") and second.endswith("a blue hat  [late]")
    assert display.history_lines([edit]) == first
    facts = dict(display.facts(edit))
    assert facts["Starred"] == "★" and "Tags" not in facts and dict(display.facts(other))["Tags"] == "late"
    table = history.to_dataframe()
    assert list(table["starred"]) == [True, False] and list(table["tags"]) == ["", "late"]
    text = history.export(history.folder.parent / "run.csv").read_text("utf-8-sig")
    assert "starred,tags" in text.splitlines()[0]


def test_a_note_of_another_process_is_seen_at_the_next_look(history, edit):
    other = History(history.folder)
    for number in range(3):
        edit.tag(f"tag {number}")
        assert (
            other.summaries()[0].tags == other[0].tags == ("made", *(f"tag {i}" for i in range(number + 1)))
        )
    other[0].star()
    assert edit.starred and history.summaries()[0].starred


def test_the_folder_of_an_edit_is_read_again_only_when_it_has_changed(history, edit, monkeypatch):
    edit.star()
    old = time.time() - 60
    os.utime(history.folder / "notes" / edit.id, (old, old))
    assert edit.starred
    monkeypatch.setattr(notes_room, "_names_of_all", lambda _: pytest.fail("read again"))
    assert edit.starred and history.summaries()[0].starred and list(history.starred) == [edit]


def test_opening_a_history_and_counting_it_reads_no_notes(history, edit, monkeypatch):
    edit.star()
    monkeypatch.setattr(notes_room, "_read", lambda _: pytest.fail("read"))
    fresh = History(history.folder)
    assert len(fresh) == 1 and fresh[0].id == edit.id and list(fresh.find(edit.key, 1)) == [edit]


def test_what_is_derived_holds_none_of_them(history, edit):
    edit.star(), edit.tag("secret word")
    assert History(history.folder).summaries()[0].starred
    assert not any(b"secret" in path.read_bytes() for path in (history.folder / "cache").rglob("*.jsonl"))
    assert summary_of(edit.record).tags == ("made",)
    assert summary_of(edit.record, edit.marks).tags == edit.tags


# --- writers


def test_a_clock_that_is_set_back_loses_no_pick(history, edit, monkeypatch):
    edit.star(), edit.tag("best")
    monkeypatch.setattr(notes_room.time, "time_ns", lambda: 10**18)  # in 2001
    edit.unstar()
    assert not edit.starred and not History(history.folder)[0].starred
    History(history.folder)[0].star()
    edit.untag("best")
    assert edit.starred and edit.tags == ("made",)
    times = [int(path.name[:18]) for path in files_of(history, edit)]
    assert times == sorted(set(times))


_acts = st.tuples(
    st.integers(0, 1),  # who
    st.sampled_from(("star", "unstar", "tag", "untag")),
    st.sampled_from(("a", "b", "made")),
    st.integers(0, 40),  # what the clock says, in microseconds
)


@given(st.lists(_acts, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_two_writers_in_any_interleaving_come_to_the_same(acts, chance):
    """Each writes to a copy of its own, and now and then they are merged by copying."""
    with quick_folder() as place, pytest.MonkeyPatch.context() as patch:
        kept(History(place / "0"), tags=("made",))
        shutil.copytree(place / "0", place / "1")
        writers = [History(place / str(who))[0] for who in range(2)]
        for who, act, word, now in acts:
            patch.setattr(notes_room.time, "time_ns", lambda now=now: now * 1000)
            getattr(writers[who], act)(*([word] if "tag" in act else []))
            expected = {"star": True, "unstar": False, "tag": True, "untag": False}[act]
            seen = word in writers[who].tags if "tag" in act else writers[who].starred
            assert seen is expected  # at once, whatever the clock says
            if chance.random() < 0.3:
                _copied(place / str(who), place / str(1 - who))
        _copied(place / "0", place / "1"), _copied(place / "1", place / "0")
        one, other = (writer.marks for writer in writers)
        assert one == other == History(place / "0")[0].marks == History(place / "1")[0].marks
        assert History(place / "0").verify() and writers[0].note_files() == writers[1].note_files()


def _copied(source: Path, target: Path) -> None:
    if (source / "notes").is_dir():
        shutil.copytree(source / "notes", target / "notes", dirs_exist_ok=True)


def test_two_histories_of_one_folder_write_at_once_and_both_are_heard(history, edit):
    from concurrent.futures import ThreadPoolExecutor

    writers = [History(history.folder)[0] for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for number, writer in enumerate(writers):
            pool.submit(writer.tag, f"tag {number}")
    assert set(edit.tags) == {"made", *(f"tag {number}" for number in range(8))}


# --- crashes and damage


def test_whatever_call_fails_a_note_is_there_whole_or_not_at_all(place, monkeypatch):
    history = History(place / "h")
    edit = kept(history)
    failed = set()
    for at in range(40):
        shutil.rmtree(history.folder / "notes", ignore_errors=True)
        with behaving(monkeypatch, System(at, errno.ENOSPC)) as system:
            try:
                edit.star()
            except HistoryFault:
                assert system.failed
        failed |= set(system.failed)
        assert history.verify(), at
        assert edit.starred or system.failed
        if not system.failed:
            break
    assert {"mkdir", "open", "write", "fsync", "replace"} <= failed and "replace" in CHANGES


def test_a_power_cut_leaves_no_name_without_its_bytes(place, monkeypatch):
    history = History(place / "h")
    edit = kept(history)
    with behaving(monkeypatch, Cut()) as cut:
        edit.star()
    assert not cut.early and not cut.bytes and not cut.names


def test_a_writer_that_is_killed_leaves_no_half_note(place):
    history = History(place / "h")
    kept(history)
    told = 0
    for number in range(6):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            mine = History(history.folder)[0]
            for count in range(10_000):
                mine.tag(f"{number} {count}")
                os.write(writing, b".")
        os.close(writing)
        time.sleep(0.02 * number / 5)  # a random instant, from none to some notes
        os.kill(child, 9)
        os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as pipe:
            told += len(pipe.read())
        report = History(history.folder).verify()
        assert report, str(report)
        tags = History(history.folder)[0].tags
        assert (
            told <= len(tags) <= told + number + 1
        )  # each that was acknowledged, and at most one more a kill
    assert told


def test_every_damaged_byte_is_passed_over_and_told(history, edit):
    edit.star(), edit.tag("best")
    assert History(history.folder).verify().notes == 2
    starry, _ = files_of(history, edit)
    whole = starry.read_bytes()
    for at in range(len(whole)):
        starry.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        fresh = History(history.folder)
        assert not fresh[0].starred and fresh[0].tags == ("made", "best")
        (fault,) = fresh.verify().faults
        assert fault.path == f"notes/{edit.id}/{starry.name}"
    for text in (b"", whole[:40], whole + b" ", b"{" * 5000, sealed(b'{"id": 3}')):
        starry.write_bytes(text)
        fresh = History(history.folder)
        assert not fresh[0].starred and len(fresh.verify().faults) == 1 and fresh.verify().notes == 1
    starry.write_bytes(whole)
    assert edit.starred and history.verify()


def test_one_that_was_half_copied_is_read_when_it_is_whole(history, edit):
    edit.star()
    (path,) = files_of(history, edit)
    whole, old = path.read_bytes(), time.time() - 60
    path.write_bytes(whole[:30])
    os.utime(path.parent, (old, old))
    fresh = History(history.folder)
    assert not fresh[0].starred
    path.write_bytes(whole)  # its folder's time stamp stays
    os.utime(path.parent, (old, old))
    assert fresh[0].starred


def test_a_note_under_the_name_of_another_is_passed_over_and_told(history, edit):
    edit.star()
    other = kept(history, "other")
    (path,) = files_of(history, edit)
    target = history.folder / "notes" / other.id / path.name
    target.parent.mkdir()
    shutil.copy(path, target)
    renamed = path.with_name(f"{int(path.name[:18]) + 9:018}{path.name[18:]}")
    path.rename(renamed)
    (path.parent / "star.json").write_bytes(b"{}")
    assert not edit.starred and not other.starred
    said = {fault.path.rpartition("/")[2]: fault.what for fault in history.verify().faults}
    assert said[target.name] == said[renamed.name] == "is not the star or tag that its name says"
    assert said["star.json"] == "has not the name of a star or tag"


def test_kinds_of_newer_versions_are_passed_over_and_go_along(history, edit, place):
    edit.star()
    data = sealed(msgspec.json.encode({
        "id": edit.id, "time": 2 * 10**17, "nonce": "ab" * 8, "kind": "mood", "on": "half", "tag": ["x"],
    }))  # fmt: skip
    path = history.folder / "notes" / edit.id / f"{2 * 10**17:018}-{'ab' * 8}.json"
    path.write_bytes(data)
    assert edit.marks == (True, (), ()) and history.verify() and history.verify().notes == 2
    edit.unstar()
    assert not edit.starred and int(files_of(history, edit)[-1].name[:18]) == 2 * 10**17 + 1
    for form in FORMS:
        target = _taken(history, place, form)
        assert (target.folder / "notes" / edit.id / path.name).read_bytes() == data


@pytest.mark.parametrize(
    "wrong",
    [{"tag": "x" * 101}, {"tag": " x"}, {"tag": ""}, {"tag": "a\nb"}, {"time": -1}, {"time": 10**18},
     {"on": 3}, {"nonce": "short"}, {"kind": "star"}, {"tag": 4}],
)  # fmt: skip
def test_what_nobody_can_have_noted_is_no_note(wrong):
    value = {"id": new_id(), "time": 1, "nonce": "0" * 16, "kind": "tag", "on": True, "tag": "x"}
    assert decode_note(sealed(msgspec.json.encode(value))).tag == "x"
    with pytest.raises(HistoryFault):
        decode_note(sealed(msgspec.json.encode({**value, **wrong})))


def test_the_longest_note_fits_its_file():
    tag = "\U0001f984" * 100
    assert len(encode_note(note(1, "tag", tag=tag))) < NOTE_BYTES
    assert len(encode_note(note(1, "tag", on=False, tag="\x01" * 500))) < NOTE_BYTES


# --- taking away


def test_what_is_forgotten_leaves_no_notes(history, edit):
    other = kept(history, "other")
    edit.star(), other.star()
    history.forget(edit)
    assert [path.name for path in (history.folder / "notes").iterdir()] == [other.id] and other.starred


def test_pruning_spares_what_is_starred_or_tagged_later_and_notes_of_edits_that_are_there(history):
    starry, tagged, untagged, plain, torn = (kept(history, word, tags=("made",)) for word in "abcde")
    starry.star(), tagged.tag("best"), untagged.tag("best"), untagged.untag("best")
    torn.tag("perhaps best")
    (path,) = files_of(history, torn)
    path.write_bytes(b"torn")  # who knows what it said
    removed = history.prune(before="2999-01-01", keep=["best"])
    assert removed.records == (untagged.id, plain.id)
    assert {edit.id for edit in history} == {starry.id, tagged.id, torn.id}
    assert starry.starred and tagged.tags == ("made", "best")


def test_pruning_takes_notes_away_whose_edit_has_long_been_gone(history, edit):
    edit.star()
    for identifier, age in ((new_id(), 3 * 86_400), (new_id(), 60)):
        folder = history.folder / "notes" / identifier
        shutil.copytree(history.folder / "notes" / edit.id, folder)
        os.utime(folder, (time.time() - age,) * 2)
        gone = folder if age > 86_400 else None
        assert gone is None or gone.exists()
    history.prune()
    left = {path.name for path in (history.folder / "notes").iterdir()}
    assert left == {edit.id, identifier} and edit.starred


# --- to and from elsewhere


def _exported(history: History, place: Path, form: str) -> Path:
    return history.folder if form == "h" else history.export(place / "exports" / form)


def _taken(history: History, place: Path, form: str) -> History:
    target = History(place / "taken" / form)
    imported = target.import_(_exported(history, place, form))
    assert imported.refused == ()
    return target


@pytest.mark.parametrize("form", FORMS)
def test_they_go_along_with_edits_and_come_back_byte_for_byte(history, edit, place, form):
    other = kept(history, "other")
    plain = kept(history, "plain")
    edit.star(), edit.tag("best"), edit.untag("made"), other.tag("x"), other.untag("x")
    target = _taken(history, place, form)
    assert [one.marks for one in target] == [one.marks for one in history]
    assert [one.note_files() for one in target] == [one.note_files() for one in history]
    assert target.verify().notes == 5 and plain.note_files() == []
    before = snapshot(target.folder)
    assert target.import_(_exported(history, place, form)).notes == 0
    assert snapshot(target.folder) == before
    edit.unstar()  # later: what is known gets the notes that are new
    again = target.import_(_exported(history, place, form))
    assert (again.added, again.notes) == ((), 1) and not target[edit.id].starred
    assert "1 notes of stars and tags added" in str(again)


def test_a_selection_goes_with_its_own_notes_alone(history, edit, place):
    other = kept(history, "other")
    edit.star(), other.star()
    history[:1].export(place / "one.zip")
    assert [name for name in entries_of(place / "one.zip") if name.startswith("notes/")] == [
        f"notes/{edit.id}/{files_of(history, edit)[0].name}"
    ]


def test_merging_is_copying(history, edit, place):
    shutil.copytree(history.folder, place / "copy")
    theirs = History(place / "copy")
    theirs[0].star(), edit.tag("best")
    shutil.copytree(theirs.folder, history.folder, dirs_exist_ok=True)
    assert edit.starred and edit.tags == ("made", "best") and history.verify()


def test_an_import_heals_a_damaged_note(history, edit, place):
    edit.star()
    target = _taken(history, place, "run.zip")
    (path,) = files_of(target, edit)
    path.write_bytes(b"torn")
    assert not target[0].starred
    assert target.import_(place / "exports" / "run.zip").notes == 1 and target[0].starred


@pytest.mark.parametrize("form", FORMS)
def test_notes_of_strangers_are_checked(history, edit, place, form):
    """What cannot be right is refused and told; the edit is taken all the same."""
    edit.star()
    (good,) = edit.note_files()
    fine = decode_note(good[1])
    bad = [
        encode_note(msgspec.structs.replace(fine, id=new_id(), nonce="1" * 16)),  # of another edit
        encode_note(
            msgspec.structs.replace(fine, time=253_402_300_800_000_000, nonce="2" * 16)
        ),  # of no time
        encode_note(msgspec.structs.replace(fine, kind="tag", tag="a\nb", nonce="3" * 16)),
        encode_note(msgspec.structs.replace(fine, kind="x" * NOTE_BYTES, nonce="4" * 16)),  # too large
        encode_note(msgspec.structs.replace(fine, nonce="5" * 16)).replace(b"star", b"Star"),  # damaged
    ]
    path = _hostile(history, edit, place, form, bad)
    target = History(place / "taken")
    imported = target.import_(path)
    assert imported.added == (edit.id,) and len(imported.refused) == len(bad) and imported.notes == 1
    assert target[0].marks == (True, (), ()) and target.verify().notes == 1


def _hostile(history: History, edit: Edit, place: Path, form: str, bad: list[bytes]) -> Path:
    """Add what is bad to what was exported, under names that look right."""
    path = _exported(history, place, form)
    named = {f"notes/{edit.id}/{253_402_300_800_000_000 if i == 1 else 5:018}-{i + 1:016x}.json": data
             for i, data in enumerate(bad)}  # fmt: skip
    if form == "run.zip":
        return packed(place / "bad.zip", [*entries_of(path).items(), *named.items()])
    if form == "run.jsonl":
        *lines, record = path.read_bytes().splitlines()
        more = [msgspec.json.encode({"note": data.decode()}) for data in bad]
        (place / "bad.jsonl").write_bytes(b"\n".join([*lines, *more, record]))
        return place / "bad.jsonl"
    for name, data in named.items():
        (path / name).write_bytes(data)
    return path


def test_notes_of_strangers_lead_nowhere_and_are_bounded(history, edit, place, monkeypatch):
    edit.star()
    folder = _exported(history, place, "out") / "notes" / edit.id
    (real,) = folder.iterdir()
    (place / "secret").write_bytes(real.read_bytes())
    (folder / f"{7:018}-{'7' * 16}.json").symlink_to(place / "secret")
    os.mkfifo(folder / f"{8:018}-{'8' * 16}.json")
    (folder / "._star.json").write_bytes(b"\x00")  # of a Mac, and no note's name: not looked at
    imported = History(place / "taken").import_(folder.parent.parent)
    assert imported.notes == 1 and len(imported.refused) == 2
    assert all("link, or no file" in why for why in imported.refused)
    for number in range(30):
        changed = msgspec.structs.replace(decode_note(real.read_bytes()), nonce=f"{number:016x}")
        (folder / changed.file).write_bytes(encode_note(changed))
    monkeypatch.setattr("requesty_nb.archives.archive.MAX_NOTES", 20)
    imported = History(place / "few").import_(folder.parent.parent)
    assert imported.notes <= 20 and any("too many" in why for why in imported.refused)


def test_notes_before_another_record_are_not_taken_for_its_own(history, edit, place):
    edit.star()
    kept(history, "other")
    lines = history.export(place / "run.jsonl").read_bytes().splitlines()
    starry = next(line for line in lines if line.startswith(b'{"note"'))
    lines.remove(starry)
    (place / "moved.jsonl").write_bytes(b"\n".join([*lines[:-1], starry, lines[-1]]))
    target = History(place / "taken")
    imported = target.import_(place / "moved.jsonl")
    assert len(imported.added) == 2 and imported.notes == 0 and len(imported.refused) == 1
    assert not any(one.starred for one in target)


def test_the_page_of_a_folder_and_the_html_page_tell_them(history, edit, place):
    edit.star(), edit.tag("best <b>")
    folder = history.export(place / "out")
    page = (folder / "index.html").read_text()
    assert "<dt>Starred</dt><dd>★</dd>" in page and "best &lt;b&gt;" in page
    text = history.export(place / "run.html").read_text()
    assert '"starred":true' in text and '"tags":["made","best \\u003cb>"]' in text
