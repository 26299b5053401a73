"""Round trips: whatever a history holds, an export of it that can come back brings all of it."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest
from archiving import histories, one, same, snapshot, taken_in
from hypothesis import HealthCheck, given, settings

from requesty_nb import archives
from requesty_nb.archives import zips
from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models import EditRecord
from requesty_nb.records import History

FORMS = ("folder", "run.zip", "run.jsonl")
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("form", FORMS)
@given(edits=histories())
@few
def test_what_goes_out_comes_back(form, edits):
    with tempfile.TemporaryDirectory() as place:
        out = archives.export(edits, Path(place, form))
        history, found = taken_in(out, Path(place, "h"))
        assert (found.added, found.known, found.refused) == (tuple(edit.id for edit in edits), (), ())
        same(history, edits)


def test_what_repeats_itself_comes_back_however_small_it_is_packed(tmp_path):
    blank = " " * 300_000
    edits = [one(f"a{blank}{at}", id=f"{one().id[:-2]}{at}") for at in range(10, 20)]
    out = archives.export(edits, tmp_path / "run.zip")
    ratios = [entry.file_size / entry.compress_size for entry in zipfile.ZipFile(out).infolist()]
    assert max(ratios) > zips.MAX_RATIO
    history, _ = taken_in(out, tmp_path / "h")
    same(history, edits)


@pytest.mark.parametrize("limit", ["MAX_ENTRIES", "MAX_LISTING"])
def test_a_zip_that_could_not_be_taken_in_again_is_not_written(tmp_path, monkeypatch, limit):
    out = archives.export([one()], tmp_path / "run.zip")
    entries = zipfile.ZipFile(out).infolist()
    monkeypatch.setattr(
        zips, limit, {"MAX_ENTRIES": len(entries) - 1, "MAX_LISTING": 46 * len(entries)}[limit]
    )
    with pytest.raises(BadRequest):
        taken_in(out, tmp_path / "h")
    with pytest.raises(HistoryFault, match="could not be imported again"):
        archives.export([one()], tmp_path / "new.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["run.zip"]


@pytest.mark.parametrize("form", FORMS)
@given(edits=histories())
@few
def test_twice_changes_nothing(form, edits):
    with tempfile.TemporaryDirectory() as place:
        out = archives.export(edits, Path(place, form))
        history, _ = taken_in(out, Path(place, "h"))
        before = {name: data for name, (data, _) in snapshot(history.folder).items()}
        found = history.import_(out)
        assert (found.added, found.known, found.refused) == ((), tuple(edit.id for edit in edits), ())
        assert {name: data for name, (data, _) in snapshot(history.folder).items()} == before


@given(edits=histories())
@few
def test_the_same_edits_make_the_same_bytes_wherever_they_are_kept(edits):
    with tempfile.TemporaryDirectory() as place:
        lines = archives.export(edits, Path(place, "a.jsonl"))
        here, there = (taken_in(lines, Path(place, name))[0] for name in ("here", "there"))
        for name in ("run.zip", "run.jsonl", "run.csv", "run.ipynb"):
            one_file, other = here.export(Path(place, "one", name)), there.export(Path(place, "other", name))
            assert one_file.read_bytes() == other.read_bytes()


@given(edits=histories().filter(bool))
@few
def test_another_histories_folder_can_be_taken_in(edits):
    with tempfile.TemporaryDirectory() as place:
        first, _ = taken_in(archives.export(edits, Path(place, "a.zip")), Path(place, "h"))
        second, found = taken_in(first.folder, Path(place, "other"))
        assert found.refused == ()
        same(second, edits)


def test_a_zip_that_was_unpacked_and_packed_again_by_others_comes_back(tmp_path):
    edit = one()
    with zipfile.ZipFile(archives.export([edit], tmp_path / "a.zip")) as made:
        made.extractall(tmp_path / "plain" / "run")
    (tmp_path / "plain" / "__MACOSX" / "run" / "sources").mkdir(parents=True)
    (tmp_path / "plain" / "__MACOSX" / "run" / "sources" / "._photo.png").write_bytes(b"of a desktop")
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "plain"))
    for path in (packed, tmp_path / "plain" / "run"):
        history, found = taken_in(path, tmp_path / path.stem)
        assert found.refused == ()
        same(history, [edit])


def test_two_histories_are_merged(tmp_path):
    mine, theirs, both = one("mine"), one("theirs"), one("both")
    theirs.record = EditRecord(**{**_fields(theirs.record), "id": mine.id[:-1] + "1"})
    both.record = EditRecord(**{**_fields(both.record), "id": mine.id[:-1] + "2"})
    history, _ = taken_in(archives.export([mine, both], tmp_path / "a.zip"), tmp_path / "h")
    found = history.import_(archives.export([theirs, both], tmp_path / "b.jsonl"))
    assert (found.added, found.known) == ((theirs.id,), (both.id,))
    same(history, [mine, theirs, both])


def test_lines_that_others_have_written_anew_come_back(tmp_path):
    import json

    out = archives.export([one()], tmp_path / "a.jsonl")
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    records = [dict(reversed(line.items())) if "record" in line else line for line in lines]
    spaced = "\n\n".join(json.dumps(line, indent=None, separators=(", ", " : ")) for line in records)
    (tmp_path / "b.jsonl").write_text(spaced)
    history, found = taken_in(tmp_path / "b.jsonl", tmp_path / "h")
    assert found.refused == ()
    same(history, [one()])


def test_an_export_of_nothing_comes_back_as_nothing(tmp_path):
    for form in FORMS:
        history, found = taken_in(archives.export([], tmp_path / form), tmp_path / "h")
        assert (found.added, found.refused, len(history)) == ((), (), 0)


def test_an_object_that_was_lost_here_is_healed(tmp_path):
    out = archives.export([one()], tmp_path / "a.zip")
    history, _ = taken_in(out, tmp_path / "h")
    history.objects.path(one().images[0].digest).unlink()
    assert not history.verify()
    history.import_(out)
    same(history, [one()])


def _fields(record: EditRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def test_a_history_of_before_this_form_comes_back(tmp_path):
    """The first version's folder had neither seals nor originals: its lines are read as they are."""
    import json

    out = archives.export([one()], tmp_path / "out")
    lines = [json.loads(line) for line in (out / "records.jsonl").read_text().splitlines()]
    for line in lines:
        del line["seal"]
    (out / "records.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    history, found = taken_in(out, tmp_path / "h")
    assert found.refused == ()
    same(history, [one()])
    assert isinstance(history, History)
