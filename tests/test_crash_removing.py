"""Edits that are deleted, also while others are being kept: what goes is gone, and what is needed stays."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from itertools import chain, count, repeat
from typing import TYPE_CHECKING, Any

import pytest
from faults import in_turns, quick_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from keeping import begun, digest, ended, kept, record_file
from photos import MADE

from requesty_nb.errors import HistoryFault
from requesty_nb.records import History

if TYPE_CHECKING:
    from pathlib import Path

    from requesty_nb.models import Edit

GIVEN = digest(b"given")
SECRET_WISH = "a secret wish"


def objects_of(history: History) -> set[str]:
    return {stored.sha256 for stored in history.objects.all()}


def age(history: History, *paths: Path) -> None:
    """Have files look as if they had been written long ago."""
    for path in paths or history.folder.rglob("*"):
        os.utime(path, (1, 1))


# One after the other


def test_what_is_forgotten_is_gone_with_all_that_nobody_else_needs(tmp_path):
    history = History(tmp_path)
    one, two = kept(history, SECRET_WISH, data=MADE[0]), kept(history, "another", data=MADE[1])
    lost = begun(history, SECRET_WISH, take=2)
    history._shelf.notes.release(lost.id)
    assert [summary.prompt for summary in history.attempts.summaries()].count(SECRET_WISH) == 2
    for edit in (one, two):
        history.preview(edit.images[0].digest)
        edit.cached(f"{edit.id}-source.webp", lambda: history.preview(one.images[0].digest))
    removed = history.forget(one, lost.id)
    assert (removed.records, removed.objects, removed.length) == ((one.id, lost.id), 1, len(MADE[0]))
    assert list(history) == list(History(tmp_path)) == [two] and history.verify() and history.failures == []
    assert objects_of(history) == {digest(MADE[1]), GIVEN}
    see_nothing_of(history, SECRET_WISH, one.id, lost.id, digest(MADE[0]))
    assert [summary.id for summary in history.summaries()] == [two.id]
    with pytest.raises(KeyError):
        history.forget(one)


def see_nothing_of(history: History, text: str, *names: str) -> None:
    left = [path for path in history.folder.rglob("*") if path.is_file()]
    assert not [path for path in left for name in names if name in path.name]
    assert not [path for path in left if text.encode() in path.read_bytes()]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_source_that_several_share_goes_with_the_last_of_them_whichever_that_is(tmp_path, order):
    history = History(tmp_path)
    made = [kept(history, str(number), data=MADE[number]) for number in range(2)]
    assert history.forget(made[order[0]]).objects == 1 and GIVEN in objects_of(history)
    assert history.forget(made[order[1]]).objects == 2 and objects_of(history) == set()
    assert history.forget() == History(tmp_path).prune()


def test_what_others_have_forgotten_is_in_nobodys_way(tmp_path):
    mine, others = History(tmp_path), History(tmp_path)
    made = [kept(mine, str(number), data=MADE[number]) for number in range(3)]
    assert len(others) == 3
    mine.forget(made[0])
    assert len(others) == 2 and list(others) == made[1:] and others.verify()
    assert others.forget(made[1]).records == (made[1].id,) and list(mine) == [made[2]]


def test_nothing_is_forgotten_if_one_is_not_there_or_another_may_need_the_pictures(tmp_path):
    history = History(tmp_path)
    one, two = kept(history, "one", data=MADE[0]), kept(history, "two", data=MADE[1])
    with pytest.raises(KeyError):
        history.forget(one, "01m00000000000000000000000")
    whole = record_file(history, two).read_bytes()
    record_file(history, two).write_bytes(b"{")
    for work in (lambda: history.forget(one), lambda: history.prune(before="2100-01-01")):
        with pytest.raises(HistoryFault) as caught:
            work()
        assert "Nothing was deleted" in caught.value.hint and "Restore" in caught.value.hint
    assert History(tmp_path)[0] == one and one.images[0].bytes == MADE[0]
    assert history.forget(two.id).records == (two.id,)  # it is damaged, so it is not known what it needs
    assert objects_of(history) >= {digest(MADE[1])} and whole
    assert history.forget(one).objects == 2
    age(history)
    assert history.prune().objects == 1 and objects_of(history) == set()


def test_a_source_of_a_request_under_way_stays(tmp_path):
    history = History(tmp_path)
    one = kept(history, "one")
    note = begun(history, "two")
    age(history)
    history.forget(one), history.prune(before="2100-01-01", failures=True)
    assert objects_of(history) == {GIVEN}
    two = ended(history, note, data=MADE[1])
    assert two.read(GIVEN) == b"given" and history.verify()


def test_pruning_takes_what_is_old_refused_or_needed_by_nobody(tmp_path):
    history = History(tmp_path)
    old = kept(history, "old", data=MADE[0], tags=("keep",))
    failed, unknown = kept(history, "no", state="failed"), kept(history, "perhaps", state="unknown")
    new = kept(history, "new", data=MADE[1])
    for name in ("orphan", "young"):
        history.objects.write([name.encode()], digest(name.encode()))
    crashed = [history.objects.path(GIVEN).with_name(name) for name in (".tmp-0011", ".tmp-0022")]
    for path in crashed:
        path.write_bytes(b"half")
    age(history, history.objects.path(digest(b"orphan")), crashed[0])
    stale = history.folder / "pending" / f"{begun(history, 'x').id}.json"
    note = stale.read_bytes()
    other = ended(history, next(history._shelf.notes.read()), data=MADE[2])
    stale.write_bytes(note)  # as if the process had been killed before it took it away
    removed = history.prune()
    assert (removed.records, removed.objects) == ((), 1) and not stale.exists()
    assert [path.exists() for path in crashed] == [False, True]
    assert digest(b"young") in objects_of(history) and digest(b"orphan") not in objects_of(history)
    assert history.prune(failures=True).records == (failed.id,) and history.failures == [unknown]
    later = new.started.isoformat()
    assert history.prune(before=later, keep=["keep"]).records == (unknown.id,)
    assert history.prune(before=later).records == (old.id,) and list(history) == [new, other]
    assert history.verify()


def test_what_is_derived_is_not_trusted_with_what_is_pruned(tmp_path):
    history = History(tmp_path)
    edit = kept(history, "new")
    history.summaries()
    (lines,) = (tmp_path / "cache").rglob("*.jsonl")
    lines.write_bytes(
        lines.read_bytes().replace(b'"state":"ok"', b'"state":"failed"').replace(b'"2026-', b'"1926-')
    )
    fresh = History(tmp_path)
    assert fresh.summaries()[0].started.year < 2000
    assert fresh.prune(before="2001-01-01", failures=True).records == () and list(fresh) == [edit]


# At the same time: each change to the disk, and each look at it, of the one between any two of the other


class Scene:
    """A history with one edit, which two processes are at."""

    def __init__(self, template: Path, place: Path) -> None:
        shutil.copytree(template / "h", place / "h")
        self.export = template / "export.jsonl"
        self.mine, self.others = History(place / "h"), History(place / "h")
        self.old = self.mine[0]
        self.acknowledged: list[Edit] = []

    def forget(self, history: History | None = None) -> None:
        try:
            (history or self.mine).forget(self.old)
        except KeyError:  # the other was first
            assert self.old.id not in {edit.id for edit in History(self.mine.folder)}

    def prune(self) -> None:
        self.mine.prune(before=self.old.started + timedelta(microseconds=1))

    def keep(self) -> None:
        """Keep an edit of the same source, whose answer is the very same picture."""
        note = begun(self.others, "new")
        assert note.alive
        self.acknowledged.append(ended(self.others, note, data=MADE[0]))

    def take_in(self) -> None:
        """Take an edit in that needs the same pictures."""
        found = self.others.import_(self.export)
        assert not found.refused
        self.acknowledged += [self.others[identifier] for identifier in found.added]

    def look(self) -> None:
        self.others.summaries()
        try:
            self.old.cached(f"{self.old.id}-source.webp", lambda: self.others.preview(digest(MADE[0])))
        except HistoryFault:
            assert not self.others.objects.path(digest(MADE[0])).exists()

    def keep_again(self) -> None:
        self.acknowledged.append(kept(self.mine, "new", data=MADE[0]))

    def take_in_again(self) -> None:
        assert not self.mine.import_(self.export).refused

    def forget_too(self) -> None:
        self.forget(self.others)


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("template")
    history, other = History(place / "h"), History(place / "other")
    kept(history, SECRET_WISH, data=MADE[0])
    kept(other, "elsewhere", data=MADE[0])
    other.export(place / "export.jsonl")
    age(history)
    return place


def play(template: Path, one: str, two: str, order: Any) -> list[int]:
    """Have two do something at the same time; return in how many steps each did."""
    with quick_folder() as place, pytest.MonkeyPatch.context() as patch:
        scene = Scene(template, place)
        with in_turns(patch, order) as turns:
            turns.take(getattr(scene, one), getattr(scene, two))
        after = History(scene.mine.folder)
        assert after.verify(), after.verify()
        assert set(after) >= set(scene.acknowledged)
        for edit in after:
            assert all(edit.read(sha256) for sha256 in edit.record.objects)
        assert after.failures == [] and not list((after.folder / "pending").glob("*"))
        assert not list(after.folder.rglob(".tmp-*"))
        if "forget" in one or one == "prune":
            assert scene.old.id not in {edit.id for edit in after}
            see_nothing_of(after, SECRET_WISH, scene.old.id)
    return turns.steps


PAIRS = [
    ("forget", "keep"),
    ("prune", "keep"),
    ("forget", "take_in"),
    ("prune", "take_in"),
    ("forget", "look"),
    ("forget", "forget_too"),
    ("keep_again", "keep"),
    ("take_in_again", "take_in"),
]


@pytest.mark.parametrize(("one", "two"), PAIRS[:6])
def test_two_at_the_same_time_do_each_other_no_harm(template, one, two):
    for first in (0, 1):  # all that the other does, between two steps of the first
        for at in count():
            if at > play(template, one, two, chain(repeat(first, at), repeat(1 - first, 1000)))[first]:
                break


@pytest.mark.parametrize(("one", "two"), PAIRS)
@settings(max_examples=10, deadline=None)
@given(order=st.lists(st.integers(0, 1), min_size=20, max_size=120))
def test_nor_in_any_other_order(template, one, two, order):
    play(template, one, two, order)
