"""Looking through a history: what is found, what it cost, what went on from what, and what is derived."""

from __future__ import annotations

import io
import shutil
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from keeping import begun, digest, kept, record_file
from photos import MADE, MODEL, PNG
from PIL import Image

from requesty_nb import errors, images
from requesty_nb.models import Cost, EditRecord, EditResult, ImageInfo, encode_record
from requesty_nb.records import History, Selection

if TYPE_CHECKING:
    from pathlib import Path

    from requesty_nb.models import Edit


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "h")


def made(history: History, prompt: str, *, data: bytes = MADE[0], **more: Any) -> Edit:
    """Keep an edit whose answer said more."""
    note = begun(history, prompt)
    info = ImageInfo(digest(data), "image/png", 32, 32)
    fields = {name: more.pop(name) for name in ("effective", "cost") if name in more}
    record = EditRecord(
        id=note.id, key=note.key, take=1, state="ok", request=note.request,
        started=more.pop("started", datetime.now(UTC)), elapsed=0.1,
        result=EditResult(images=(info,), **fields), **more,
    )  # fmt: skip
    return history.finish(record, {info.sha256: data})


# Finding


def test_filtering_by_everything_there_is(history):
    low = made(history, "A Red HAT", effective={"size": "1024x1024", "quality": "low"}, tags=("a", "b"))
    high = made(history, "a red coat", effective={"size": "1536x1024", "quality": "high"}, tags=("b",))
    bare = made(history, "nothing said")
    assert history.filter() == [low, high, bare]
    assert history.filter(size="1024x1024") == [low] and history.filter(size="1024") == []
    assert history.filter(quality="high") == [high] and history.filter(quality="auto") == [bare]
    assert history.filter(tag="b", text="coat") == [high] and history.filter(tag="b", text="x") == []
    assert history.filter(text="red").filter(tag="a") == [low]


def test_filtering_by_time(history):
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    days = [made(history, str(day), started=noon + timedelta(days=day)) for day in range(3)]
    middle = noon + timedelta(days=1)
    assert history.filter(since=middle) == days[1:] and history.filter(until=middle) == days[:2]
    assert history.filter(since=middle + timedelta(seconds=1)) == days[2:]
    assert history.filter(since="2026-03-05T12:00:00+00:00", until=middle.isoformat()) == [days[1]]
    local = middle.astimezone().date()
    assert history.filter(since=local, until=local) == history.filter(since=str(local), until=str(local))
    assert days[1] in history.filter(since=local, until=local)
    assert history.filter(until=date(2026, 3, 1)) == []
    with pytest.raises(errors.BadRequest, match="no time"):
        history.filter(since="yesterday")


@pytest.fixture
def clock_of(monkeypatch):
    """Set where this machine stands."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system's time zone cannot be set")

    def stand(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield stand
    monkeypatch.undo()
    time.tzset()


def test_a_day_lasts_as_long_as_it_does_here_also_when_the_clocks_are_set_back(history, clock_of):
    clock_of("CET-1CEST,M3.5.0,M10.5.0/3")
    begins, ends = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)  # 25 hours
    tick = timedelta(microseconds=1)
    moments = (begins - tick, begins, ends - tick, ends)
    edits = [made(history, str(moment), started=moment) for moment in moments]
    assert history.filter(since="2026-10-25", until=date(2026, 10, 25)) == edits[1:3]


@pytest.mark.parametrize("zone", ["UTC0", "JST-9", "AKST9"])
def test_the_ends_of_time_are_times_too(history, clock_of, zone):
    clock_of(zone)
    edit = made(history, "x")
    assert history.filter(since="0001-01-01", until="9999-12-31") == [edit]
    assert history.filter(until=date.min) == history.filter(since=datetime.max) == []  # noqa: DTZ901 - local


def test_searching_takes_all_words_in_any_place_without_case_and_accents(history):
    cafe = made(history, "A Café by\nthe sea", tags=("Été",))
    plain = made(history, "a cafe")
    assert history.search("CAFE") == [cafe, plain] and history.search("sea café") == [cafe]
    assert history.search("ete") == [cafe] and history.search("a.png gpt-image cafe") == [cafe, plain]
    assert history.search("cafe mountain") == [] and history.search("  ") == [cafe, plain]


def test_a_selection_is_looked_through_like_a_history_and_stays_as_it_was_picked(history):
    edits = [kept(history, f"prompt {number}") for number in range(4)]
    some = history[1:3]
    assert isinstance(some, Selection) and some == edits[1:3] and some == tuple(edits[1:3])
    assert some != edits[1:2] and (some == 3) is False
    assert (some[0], some[-1], some[edits[2].id]) == (edits[1], edits[2], edits[2])
    assert list(reversed(some)) == edits[2:0:-1] and edits[1] in some and edits[0] not in some
    assert history[::-1] == edits[::-1]
    kept(history, "later")
    assert len(some) == 2 and len(history) == 5
    for wrong, error in ((2, IndexError), (-3, IndexError), (edits[0].id, KeyError)):
        with pytest.raises(error):
            some[wrong]
    assert repr(some) == f"<2 edits of {history.folder}>"


def test_a_damaged_record_is_left_out_of_all_that_gives_several(history):
    one, two = kept(history, "one"), kept(history, "two")
    record_file(history, one).write_bytes(b"{")
    for view in (history, history[:], history.filter(), history.search("")):
        assert list(view) == [two] and list(reversed(view)) == [two]
    assert [summary.id for summary in history.summaries()] == [two.id]


# Telling


def test_what_it_cost_is_a_sum_of_what_is_known(history):
    assert history.cost == Cost(0, 0, "free")
    made(history, "a", cost=Cost(0.25, 0.25, "reported"))
    made(history, "b", cost=Cost(0.5, 1.0, "usage"))
    made(history, "c")
    assert history.cost == history.attempts.cost == Cost(0.75, 1.25, "sum")
    assert history.filter(text="a").cost == Cost(0.25, 0.25, "sum")


def test_two_requests_are_compared_field_by_field(history):
    one, two = kept(history, "a hat"), kept(history, "a coat")
    found = history.diff(one, two.id)
    assert [(item.field, item.one, item.other) for item in found] == [("prompt", "a hat", "a coat")]
    assert repr(found) == "prompt: 'a hat' -> 'a coat'" and len(history.diff(one, one)) == 0
    assert repr(history.diff(one, one)) == "The requests are the same."


def test_a_table_has_a_row_an_edit(history):
    pytest.importorskip("pandas")
    edits = [made(history, "a", tags=("x",)), made(history, "b")]
    table = history.to_dataframe()
    assert list(table["id"]) == [edit.id for edit in edits] and list(table["prompt"]) == ["a", "b"]
    assert list(history[:1].to_dataframe()["model"]) == [MODEL]


# Derived, and never trusted


def test_summaries_are_read_once_and_the_cache_is_deletable_at_any_time(history):
    edits = [made(history, f"prompt {number}") for number in range(3)]
    first = history.summaries()
    assert [summary.prompt for summary in first] == ["prompt 0", "prompt 1", "prompt 2"]
    for edit in edits:
        record_file(history, edit).touch()
    (cache,) = (history.folder / "cache").rglob("*.jsonl")
    fresh = History(history.folder)
    before = cache.read_bytes()
    assert fresh.summaries() == first and cache.read_bytes() == before
    cache.write_bytes(before[: len(before) // 2])  # torn, as a crash leaves it
    assert History(history.folder).summaries() == first
    cache.write_bytes(b"\xff\x00{}\n[1]\n" + before)
    assert History(history.folder).summaries() == first
    shutil.rmtree(history.folder / "cache")
    assert history.summaries() == first == History(history.folder).summaries()
    shutil.rmtree(history.folder / "cache")
    (history.folder / "cache").write_bytes(b"in the way")
    assert History(history.folder).summaries() == first


def test_previews_are_made_once_small_and_again_if_damaged(history):
    edit = made(history, "x", data=PNG)
    preview = history.preview(edit.images[0].digest)
    with Image.open(io.BytesIO(preview)) as image:
        assert (image.format, image.size) == ("WEBP", (48, 48))
    (file,) = (history.folder / "cache" / "previews").rglob("*.webp")
    history.objects.path(edit.images[0].digest).unlink()
    assert history.preview(edit.images[0].digest) == preview
    file.write_bytes(preview[:-9])
    with pytest.raises(errors.HistoryFault, match="missing"):
        history.preview(edit.images[0].digest)
    with pytest.raises(errors.HistoryFault, match="missing"):
        history.preview("../../../etc/passwd")


def test_a_preview_of_what_is_no_picture_is_an_error(history):
    edit = made(history, "x", data=b"no picture")
    with pytest.raises(errors.BadImage):
        history.preview(edit.images[0].digest)


def test_bytes_in_the_cache_are_asked_for_by_a_plain_name(history):
    edit = made(history, "x", data=PNG)
    thumbnail = images.preview(edit.images[0].pil, 9)
    calls = []

    def make() -> bytes:
        calls.append(1)
        return thumbnail

    assert [edit.cached("some-name.webp", make) for _ in range(3)] == [thumbnail] * 3 and len(calls) == 1
    for name in ("../x.webp", "/etc/x", "", "a/b", "x" * 300):
        assert edit.cached(name, make) == thumbnail
    assert len(calls) == 6
    assert [path.name for path in (history.folder / "cache").rglob("*.webp")] == ["some-name.webp"]


# Seals


def test_a_record_is_sealed_and_one_from_before_there_were_seals_is_read(history):
    edit = made(history, "x")
    file = record_file(history, edit)
    whole = file.read_bytes()
    assert whole == encode_record(edit.record) and msgspec.json.decode(whole)["seal"]
    old = whole[: whole.rindex(b",")] + b"\n}\n"
    file.write_bytes(old)
    assert History(history.folder)[0] == edit
    report = history.verify()
    assert not report and "no seal" in str(report) and len(report.faults) == 1
    file.write_bytes(whole.replace(b'"elapsed": 0.1', b'"elapsed": 0.2'))
    with pytest.raises(errors.HistoryFault, match="seal"):
        history[0]
    file.write_bytes(whole)
    assert history.verify() and "every byte" in repr(history.verify())
