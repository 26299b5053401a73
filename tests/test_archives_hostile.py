"""Archives from strangers: whatever they try, nothing is written outside, and little is held in memory."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import stat
import struct
import tracemalloc
import unicodedata
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from archiving import (
    GOOD,
    OBJECTS,
    SHA,
    entries_of,
    exported,
    guarded,
    line,
    objects,
    one,
    packed,
    refusals,
    same,
    stream,
    taken_in,
)
from PIL import Image

from requesty_nb import archives, errors
from requesty_nb.archives import archive as archive_module
from requesty_nb.archives import zips
from requesty_nb.display import sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with guarded(tmp_path) as folder:
        yield folder


def with_entry(place: Path, name: zipfile.ZipInfo | str, data: bytes = b"x", **options: Any) -> Path:
    """Return an honest export with one entry more."""
    entries: list[tuple[zipfile.ZipInfo | str, bytes]] = list(entries_of(exported(place)).items())
    return packed(place / "in" / "bad.zip", [*entries, (name, data)], **options)


def is_refused(place: Path, path: Path, match: str) -> None:
    with pytest.raises(errors.BadRequest, match=match) as caught:
        taken_in(path, place / "h")
    assert "Nothing of it was taken or written" in str(caught.value)
    assert not (place / "h").exists()


# Zips


@pytest.mark.parametrize(
    ("name", "match"),
    [("../x", "may lie outside"), ("a/../../x", "may lie outside"), ("./x", "may lie outside"),
     ("a//x", "may lie outside"), ("/etc/x", "lies elsewhere"), ("//host/x", "lies elsewhere"),
     ("C:/x", "lies elsewhere"), ("c:x", "lies elsewhere"), ("..\\x", "backslash"), ("a\\x", "backslash"),
     ("a\nb", "control characters"), ("a\x7fb", "control characters"), ("a/b/c/d/e/x", "too deep"),
     ("x" * 2000, "2000 characters")],
)  # fmt: skip
def test_an_entry_that_may_lie_outside_is_refused(place, name, match):
    is_refused(place, with_entry(place, name), match)


def test_a_name_with_a_nul_is_refused(place):
    path = with_entry(place, "records.jsonlX../x")
    path.write_bytes(path.read_bytes().replace(b"records.jsonlX", b"records.jsonl\0"))
    is_refused(place, path, "control characters")


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_a_link_or_device_is_refused(place, mode):
    entry = zipfile.ZipInfo("innocent")
    entry.create_system, entry.external_attr = 3, (mode | 0o777) << 16
    is_refused(place, with_entry(place, entry, b"/etc/passwd"), "is a link, or no file: 'innocent'")


@pytest.mark.parametrize(
    "name", ["records.jsonl", "RECORDS.jsonl", "Records.JSONL", "é.png", "ﬁ/x", "records.jsonl/"]
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_for_one_file_are_refused(place, name):
    others = {"é.png": unicodedata.normalize("NFD", "é.png"), "ﬁ/x": "FI/x"}
    entries = [(others.get(name, "records.jsonl"), b""), (name, b"x")]
    is_refused(place, packed(place / "in" / "bad.zip", entries), "two entries for one file")


def test_an_encrypted_entry_is_refused(place):
    data = bytearray(exported(place).read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    (place / "in" / "run.zip").write_bytes(data)
    is_refused(place, place / "in" / "run.zip", "is encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(place, method):
    is_refused(
        place, with_entry(place, "x", b"x" * 100, compression=method), "packed in a way that is not read"
    )


def test_a_bomb_is_refused_before_it_is_unpacked(place):
    bomb = with_entry(place, "originals/x.png", bytes(1 << 26), compression=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 400_000
    tracemalloc.start()
    is_refused(place, bomb, "has 67,108,864 bytes packed in")
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("declared", [10, len(OBJECTS[SHA]), len(OBJECTS[SHA]) + 10, 1 << 29, 1 << 31])
def test_what_an_entry_says_of_its_size_is_not_believed(place, declared):
    data = bytearray(exported(place).read_bytes())
    name = next(one for one in entries_of(exported(place)) if one.endswith(".png") and "sources" not in one)
    entry = data.rindex(b"PK\1\2", 0, data.rindex(name.encode()))
    for at in (entry + 24, data.index(b"PK\3\4") + 22):
        struct.pack_into("<I", data, at, declared)
    (place / "in" / "run.zip").write_bytes(data)
    with contextlib.suppress(errors.BadRequest):
        history, found = taken_in(place / "in" / "run.zip", place / "h")
        assert found.added or found.refused
        same(history, [GOOD] if found.added else [])
    assert declared != len(OBJECTS[SHA]) or len(history) == 1


def test_entries_that_lie_one_over_the_other_are_refused(place):
    """As bombs do whose entries all unpack the same bytes."""
    data = exported(place).read_bytes()
    listing = data.index(b"PK\1\2")
    end = data.rindex(b"PK\5\6")
    first = data[listing : data.index(b"PK\1\2", listing + 4)]
    name_length = struct.unpack_from("<H", first, 28)[0]
    copies = b"".join(first[:46] + b"%06d" % at + first[46 + 6 : 46 + name_length] for at in range(50))
    count, size = struct.unpack_from("<HI", data, end + 10)
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count + 50, count + 50, size + len(copies), listing, 0)
    (place / "in" / "bad.zip").write_bytes(data[:listing] + data[listing:end] + copies + tail)
    is_refused(place, place / "in" / "bad.zip", "lie one over the other")


def test_too_many_entries_and_too_long_a_list_are_refused(place, monkeypatch):
    path = packed(place / "in" / "bad.zip", [(f"{at:05}", b"") for at in range(2000)])
    monkeypatch.setattr(zips, "MAX_ENTRIES", 1999)
    is_refused(place, path, "it has 2,000 entries, more than 1,999")
    monkeypatch.setattr(zips, "MAX_LISTING", 100_000)
    is_refused(place, path, "list of entries has more than 100,000 bytes")


def test_a_zip_of_other_things_is_refused(place):
    is_refused(place, packed(place / "in" / "bad.zip", [("a.txt", b"x")]), "no records.jsonl in it")
    (place / "in" / "empty.zip").write_bytes(b"")
    is_refused(place, place / "in" / "empty.zip", "no zip that can be read")


def test_a_zip_cut_short_anywhere_is_refused_or_harmless(place):
    data = exported(place).read_bytes()
    for length in range(0, len(data), 37):
        (place / "in" / "cut.zip").write_bytes(data[:length])
        is_refused(place, place / "in" / "cut.zip", "no zip that can be read")


def test_a_zip_with_one_byte_changed_gives_what_was_there_or_a_refusal(place):
    data = exported(place).read_bytes()
    path = place / "in" / "bad.zip"
    given = 0
    for at in range(0, len(data), 41):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        with contextlib.suppress(errors.BadRequest), archives.opened(path) as archive:
            for record in archive.records:
                assert isinstance(record, errors.HistoryFault) or record == GOOD.record
                for sha256 in GOOD.record.objects:
                    with contextlib.suppress(errors.HistoryFault):
                        assert digest(archive.pieces(sha256)) == sha256
                        given += 1
    assert given


def digest(pieces: Iterator[bytes]) -> str:
    return hashlib.sha256(b"".join(pieces)).hexdigest()


# Folders


def folder(place: Path) -> Path:
    return exported(place, "run")


def original_in(run: Path) -> Path:
    files = json.loads((run / "records.jsonl").read_bytes())["files"]
    return run / files[SHA]


def nothing_is_taken(place: Path, path: Path, match: str) -> None:
    history, found = taken_in(path, place / "h")
    assert len(history.attempts) == 0 and found.added == ()
    assert any(match in why for why in found.refused), found


@pytest.mark.parametrize(
    "target", ["../../beside/secret.txt", "/etc/passwd", "../x", "a\\b", "C:\\x", "a\0b", "", "."]
)
@pytest.mark.parametrize("form", ["run", "run.zip"])
def test_a_line_that_names_a_file_elsewhere_is_refused(place, form, target):
    bad = line(GOOD.record, dict.fromkeys(GOOD.record.objects, target))
    if form == "run":
        (place / "in" / "run").mkdir()
        (place / "in" / "run" / "records.jsonl").write_bytes(bad)
    else:
        packed(place / "in" / form, [("records.jsonl", bad)])
    nothing_is_taken(place, place / "in" / form, "it names a file that")


@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_in_a_folder_is_not_followed(place, absolute):
    run = folder(place)
    picture = original_in(run)
    outside = place / "beside" / "secret.txt"
    picture.unlink()
    picture.symlink_to(outside if absolute else os.path.relpath(outside, picture.parent))
    nothing_is_taken(place, run, "is a link, or no file")


def test_a_linked_folder_is_not_followed(place):
    run = folder(place)
    (run / "sources").rename(place / "in" / "elsewhere")
    (run / "sources").symlink_to(place / "in" / "elsewhere")
    nothing_is_taken(place, run, "lies behind a link")


def test_a_pipe_holds_nobody_up(place):
    run = folder(place)
    picture = original_in(run)
    picture.unlink()
    os.mkfifo(picture)
    nothing_is_taken(place, run, "is a link, or no file")
    os.mkfifo(place / "in" / "pipe.jsonl")
    with pytest.raises(errors.BadRequest, match="no file"):
        taken_in(place / "in" / "pipe.jsonl", place / "h")
    with pytest.raises(errors.BadRequest, match="no file"):
        taken_in(type(place)("/dev/zero"), place / "h")


def test_a_linked_list_of_records_is_not_followed(place):
    run = folder(place)
    (run / "records.jsonl").rename(place / "in" / "elsewhere.jsonl")
    (run / "records.jsonl").symlink_to(place / "in" / "elsewhere.jsonl")
    nothing_is_taken(place, run, "is a link, or no file")


def test_a_history_of_links_and_damage_is_refused_bit_by_bit(place):
    history, _ = taken_in(exported(place), place / "in" / "history")
    (record,) = history.folder.glob("edits/*/*.json")
    for name, data in (("cut", record.read_bytes()[:-20]), ("not-json", b"{"), ("long", b" " * 4_000_001)):
        record.with_name(f"{name}.json").write_bytes(data)
    record.with_name("link.json").symlink_to(place / "beside" / "secret.txt")
    (place / "in" / "history" / "edits" / "linked").symlink_to(place / "beside")
    os.mkfifo(record.with_name("pipe.json"))
    (path,) = (path for path in history.folder.glob("objects/*/*") if path.name == SHA)
    path.unlink()
    path.symlink_to(place / "beside" / "secret.txt")
    other, found = taken_in(history.folder, place / "h")
    assert found.added == () and len(other.attempts) == 0
    assert len(found.refused) == 6 and "is a link, or no file" in str(found)


@pytest.mark.parametrize("form", ["run", "run.zip", "run.jsonl"])
def test_wrong_bytes_of_a_picture_are_refused(place, form):
    edit = one("bad")
    other = next(sha256 for sha256 in OBJECTS if sha256 not in edit.record.objects)
    edit.read = lambda sha256: OBJECTS[other if sha256 == SHA else sha256]
    path = archives.export([edit, GOOD], place / "in" / form)
    history, found = taken_in(path, place / "h")
    assert edit.id not in found.added and "damaged" in str(found)
    assert history.verify()


# Lines


BAD_LINES: dict[str, bytes] = {
    "no JSON": b"{",
    "not UTF-8": b'{"record": "\xff"}',
    "another thing": b'{"cells": []}',
    "a list": b"[]",
    "a surrogate": line(GOOD.record).replace(b'"good"', b'"\\ud800"'),
    "deep": b'{"record":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep in a record": line(GOOD.record).replace(
        b'"images"', b'"params":{"a":%b},"images"' % (b"[" * 500 + b"]" * 500), 1
    ),
    "a large number": line(GOOD.record).replace(b'"take":1', b'"take":1' + b"0" * 6000),
    "a newer version": line(msgspec.structs.replace(GOOD.record, version=99)),
    "a seal that does not fit": line(GOOD.record).replace(b'"elapsed":1.5', b'"elapsed":1.6'),
    "two records": line(GOOD.record).strip() * 2,
    "no key": line(GOOD.record).replace(b'"key"', b'"yek"'),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_loses_no_other(place, name):
    history, found = taken_in(stream(place, objects(), BAD_LINES[name], line(GOOD.record)), place / "h")
    assert found.added == (GOOD.id,) and len(found.refused) == 1
    assert found.refused[0].startswith("Line 3 of 'run.jsonl' is refused: ")
    same(history, [GOOD])


def text_of(data: bytes) -> bytes:
    return base64.b64encode(data)


BAD_DATA: dict[str, Callable[[bytes], bytes]] = {
    "another alphabet": lambda data: base64.urlsafe_b64encode(b"\xff\xfe\xfd" + data),
    "spaces": lambda data: text_of(data)[:8] + b" " + text_of(data)[8:],
    "an end in between": lambda data: text_of(data[:4]) + text_of(data[4:]),
    "no padding": lambda data: text_of(data + bytes(-len(data) % 3 + 1)).rstrip(b"="),
    "something behind": lambda data: text_of(data) + b'","more":"',
    "nothing": lambda _: b"",
    "other bytes": lambda data: text_of(data[::-1]),
    "escapes": lambda data: text_of(data).replace(b"A", b"\\u0041", 1),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_base64_is_read_strictly(place, name):
    sha256, other = GOOD.record.objects
    text = b'{"object":"%b","data":"%b"}'
    path = stream(
        place,
        text % (sha256.encode(), BAD_DATA[name](OBJECTS[sha256])),
        text % (other.encode(), text_of(OBJECTS[other])),
        line(GOOD.record),
    )
    nothing_is_taken(place, path, "damaged")


def test_lines_cut_short_anywhere_give_what_was_whole(place):
    whole = objects() + b"\n" + line(GOOD.record)
    for length in [*range(0, len(whole) - 1, 29), len(whole) - 2]:
        history, found = taken_in(stream(place, whole[:length]), place / "h")
        assert found.added == () and len(history.attempts) == 0
    assert taken_in(stream(place, whole[:-1]), place / "h")[1].added == (GOOD.id,)


def test_a_picture_that_comes_after_its_record_is_missing(place):
    nothing_is_taken(place, stream(place, line(GOOD.record), objects()), "is not in 'run.jsonl'")


def test_the_first_of_two_pictures_of_one_digest_is_looked_at(place):
    sha256 = GOOD.record.objects[0].encode()
    bad = b'{"object":"%b","data":"AAAA"}' % sha256
    path = stream(place, objects(), bad, line(GOOD.record))
    assert taken_in(path, place / "h")[1].added == (GOOD.id,)


@pytest.mark.parametrize("start", [b"", b'{"object":"%b","data":"' % SHA.encode(), b'{"record":"'])
def test_an_endless_line_is_not_held_in_memory(place, start):
    path = place / "in" / "run.jsonl"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(100_000_000)
        file.seek(0, io.SEEK_END)
        file.write(b"\n" + objects() + b"\n" + line(GOOD.record))
    tracemalloc.start()
    _, found = taken_in(path, place / "h")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    assert (found.added or found.refused) and len(found.added) <= 1


def test_faults_without_end_are_given_up(place):
    found = refusals(stream(place, b"{}\n" * 5000))
    assert len(found) == 1001 and "not looked at" in found[-1]


def test_records_without_end_are_given_up(place, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_RECORDS", 3)
    path = stream(place, *[line(GOOD.record).strip()] * 9)
    with archives.opened(path) as archive:
        assert len(list(archive.records)) == 4


# Room


def test_an_import_leaves_room_on_the_disk(place, monkeypatch):
    path = exported(place)
    disk = archive_module.shutil.disk_usage(place)
    monkeypatch.setattr(archive_module.shutil, "disk_usage", lambda _: disk._replace(free=10_000_000))
    opened = archives.opened(path, into=place / "h" / "not" / "there")
    with opened as archive, pytest.raises(errors.HistoryFault, match=r"only 10 MB are free in .* Make room"):
        next(iter(archive.records))
    monkeypatch.setattr(archive_module.shutil, "disk_usage", lambda _: disk._replace(free=1 << 40))
    with archives.opened(path, into=place / "h") as archive:
        (record,) = archive.records
        assert digest(archive.pieces(SHA)) == SHA
        monkeypatch.setattr(archive_module.shutil, "disk_usage", lambda _: disk._replace(free=10_000_000))
        with pytest.raises(errors.HistoryFault, match="what was taken stays"):
            digest(archive.pieces(SHA))
    assert record == GOOD.record


def test_a_picture_beyond_all_size_is_refused(place, monkeypatch):
    monkeypatch.setattr(archive_module, "MAX_OBJECT", 100)
    nothing_is_taken(place, exported(place), "has more than 100 bytes")


# Doors


@pytest.mark.parametrize("name", ["run.html", "run.csv", "run.ipynb"])
def test_what_is_to_be_looked_at_cannot_be_taken_in(place, name):
    path = archives.export([GOOD], place / "in" / name)
    with pytest.raises(errors.BadRequest, match="for people to look at"):
        taken_in(path, place / "h")


def test_what_is_no_export_is_told(place):
    (place / "in" / "notes.txt").write_text("notes")
    for path, match in (
        (place / "in" / "nothing.zip", "cannot be opened: No such file"),
        (place / "in", "holds neither records.jsonl nor edits"),
        (place / "in" / "notes.txt", "is no export"),
    ):
        with pytest.raises(errors.BadRequest, match=match):
            taken_in(path, place / "h")


def test_a_source_said_to_be_huge_is_drawn_no_larger_than_what_was_made_of_it(place, monkeypatch):
    ref = msgspec.structs.replace(one().request.images[0], size=(3000, 4000))
    request = msgspec.structs.replace(one().request, images=(ref,))
    edit = one(request=request, restored=(one().images[0].info,))
    history, _ = taken_in(archives.export([edit], place / "in" / "run.jsonl"), place / "h")
    drawn = []
    resize = Image.Image.resize
    monkeypatch.setattr(
        Image.Image,
        "resize",
        lambda image, size, *more, **by: drawn.append(size) or resize(image, size, *more, **by),
    )
    assert sides.framed_source(history[0], history[0].restored[0].size, 1024).size == (16, 16)
    assert all(max(size) <= 16 for size in drawn)
