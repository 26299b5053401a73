"""The forms an export can have: what is in each, that it is there whole or not at all, and harmless."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tracemalloc
import zipfile
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import msgspec
import pandas as pd
import pytest
from archiving import OBJECTS, histories, one, taken_in
from canary import files_with_secret, holds_secret
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from photos import key, noise, session
from servers import answering, pictures, scripted

from requesty_nb import archives, errors
from requesty_nb.models import Edit, EditResult, Failure, ImageInfo, ImageRef

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".zip", ".jsonl", ".html", ".ipynb", ".csv")
SCRIPT = (
    "</script></style></title>--><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\"'><a href='javascript:x'>"
)
WIDE = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as spreadsheets of some languages know them
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def listing(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# Whole or not at all


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_cannot_be_finished_leaves_what_was_there(tmp_path, suffix):
    path = archives.export([one("before")], tmp_path / f"run{suffix}")
    before = path.read_bytes()

    def gone(_: str) -> bytes:
        raise errors.HistoryFault("A picture of the history is missing.")

    def endless():
        yield one("after")
        raise errors.HistoryFault("A record in the history is damaged.")

    if suffix in {".zip", ".jsonl"}:
        with pytest.raises(errors.HistoryFault, match="is missing"):
            archives.export([Edit(one("bad").record, gone), one("good")], path)
    if suffix != ".html":  # which goes through its edits twice
        with pytest.raises(errors.HistoryFault, match="is damaged"):
            archives.export(endless(), path)
    assert path.read_bytes() == before and listing(tmp_path) == [path.name]
    archives.export([one("after")], path)
    assert path.read_bytes() != before


@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_what_cannot_be_written_is_told(tmp_path, suffix):
    (tmp_path / "file").write_bytes(b"mine")
    path = tmp_path / "file" / f"run{suffix}"
    with pytest.raises(errors.HistoryFault, match=r"The export cannot be written to .*run") as caught:
        archives.export([one()], path)
    assert "Nothing was paid. Name another place" in str(caught.value)
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_an_unknown_ending_names_those_there_are(tmp_path):
    with pytest.raises(errors.BadRequest, match=r"no export as \.xlsx") as caught:
        archives.export([one()], tmp_path / "run.xlsx")
    assert ".zip, .jsonl, .html, .ipynb, .csv; without an ending it is a folder" in caught.value.hint
    assert listing(tmp_path) == []
    (tmp_path / "run.2").mkdir()
    archives.export([one()], tmp_path / "run.2")
    assert "records.jsonl" in listing(tmp_path / "run.2")
    assert zipfile.is_zipfile(archives.export([one()], tmp_path / "RUN.ZIP"))


def test_memory_stays_flat_for_many_large_pictures(tmp_path):
    large = {f"{number:064x}": number for number in range(12)}

    def read(sha256: str) -> bytes:
        return bytes([large[sha256]]) * 4_000_000

    edits = []
    for number, sha256 in enumerate(large):
        ref = ImageRef(digest=f"sha256:{sha256}", name="a.png", stored=sha256)
        request = msgspec.structs.replace(one().request, images=(ref,), prompt=str(number))
        info = ImageInfo(sha256, "image/png", 9, 9)
        record = one(request=request, key=request.key, result=EditResult(images=(info,))).record
        edits.append(Edit(record, read))
    for name in ("run.zip", "run.jsonl", "run"):
        tracemalloc.start()
        archives.export(edits, tmp_path / name)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 24_000_000, name
    assert (tmp_path / "run.zip").stat().st_size > 48_000_000


# What is in them


def test_a_zip_holds_what_a_folder_holds(tmp_path):
    edits = [one(), one("another", id=one().id[:-1] + "1")]
    run = archives.export(edits, tmp_path / "run")
    with zipfile.ZipFile(archives.export(edits, tmp_path / "run.zip")) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == {
            name: (run / name).read_bytes() for name in listing(run)
        }
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(
            (info.compress_type == zipfile.ZIP_STORED) == info.filename.endswith(".png")
            for info in archive.infolist()
        )
        assert archive.namelist()[-1] == "records.jsonl"


def test_lines_hold_each_picture_once_before_what_needs_it(tmp_path):
    edits = [one(), one("another", id=one().id[:-1] + "1")]
    lines = [
        json.loads(text) for text in archives.export(edits, tmp_path / "run.jsonl").read_bytes().splitlines()
    ]
    assert [line.get("object") for line in lines] == [*one().record.objects, None, None]
    assert [line["record"]["id"] for line in lines[2:]] == [edit.id for edit in edits]


def test_sources_of_one_name_are_told_apart_whatever_their_digests(tmp_path):
    first, second = (f"12345678{digit * 56}" for digit in "ab")
    refs = tuple(ImageRef(digest=f"sha256:{one}", name="My Photo.PNG", stored=one) for one in (first, second))
    request = msgspec.structs.replace(one().request, images=refs)
    edit = Edit(
        one(request=request, key=request.key).record, lambda sha256: OBJECTS.get(sha256, sha256.encode())
    )
    run = archives.export([edit], tmp_path / "run")
    assert [name for name in listing(run) if name.startswith("sources/")] == [
        "sources/my-photo-12345678.png", f"sources/my-photo-{second}.png",
    ]  # fmt: skip
    files = json.loads((run / "records.jsonl").read_bytes())["files"]
    assert {sha256: (run / files[sha256]).read_bytes() for sha256 in (first, second)} == {
        sha256: sha256.encode() for sha256 in (first, second)
    }


def test_the_page_of_a_folder_shows_all_of_it_from_its_files(tmp_path):
    run = archives.export([one("a <b>red</b> hat")], tmp_path / "run")
    page = Elements((run / "index.html").read_text())
    for name in page.addresses:
        assert (run / name).is_file()
    assert len(page.addresses) == 5 and "a <b>red</b> hat" in page.words


# Tables


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


@given(edits=histories())
@few
def test_a_table_has_a_row_an_attempt(tmp_path, edits):
    rows = table(archives.export(edits, tmp_path / "run.csv"))
    assert [row["id"] for row in rows] == [edit.id for edit in edits]
    for row, edit, told in zip(rows, edits, archives.rows(edits), strict=True):
        assert list(row) == list(told)
        assert int(row["take"]) == edit.take and row["state"] == edit.state
        assert told["started"] == edit.started and row["started"] == edit.started.isoformat()
        assert json.loads(told["params"]) == json.loads(msgspec.json.encode(edit.request.params))
        assert float(row["cost_high"] or -1) == (edit.cost.high if edit.cost else -1)
        assert row["picture_digests"].split(" | ") == [one.digest for one in edit.images] or not edit.images


def test_rows_make_a_data_frame_of_numbers_and_times():
    result = EditResult(
        images=one().result.images, usage={"input_tokens": 12, "output_tokens": 34}, request_id="r",
        effective={"size": "1024x1024"},
    )  # fmt: skip
    failed = one(state="failed", result=None, failure=Failure(type="Moderated", message="no", paid="perhaps"))
    frame = pd.DataFrame(list(archives.rows([one(result=result, tags=("a", "b")), failed])))
    assert (frame["tokens_in"][0], frame["tokens_out"][0], frame["size_used"][0]) == (12, 34, "1024x1024")
    assert frame["started"].dtype.kind == "M" and frame["elapsed"].sum() == 3.0
    assert (frame["tags"][0], frame["failure"][1], frame["paid"][1]) == ("a | b", "Moderated", "perhaps")
    assert frame["pictures"].tolist() == [1, 0]


@example("=cmd|' /C calc'!A0")
@example("@SUM(1)")
@example("\t=1")
@example("\r=1")
@example("a;=1+1")
@example(f"{WIDE[0]}1+1")
@example("  -1")
@example("; \t =1")
@given(st.text(f"=+-@\t\r\n; ab1'\"|{WIDE}", max_size=6))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_spreadsheet_takes_a_cell_for_a_formula(tmp_path, prompt):
    (row,) = table(archives.export([one(prompt, tags=(prompt,))], tmp_path / "run.csv"))
    for text in (row["prompt"], row["tags"]):
        assert text.replace("'", "") == prompt.replace("'", "")
        for cell in (text, *text.replace("\t", ";").split(";")):
            assert cell.lstrip()[:1] not in set(f"=+-@{WIDE}") and cell[:1] not in set("\t\r\n")


def test_a_table_takes_no_longer_for_a_prompt_of_nothing_but_space(tmp_path):
    prompt = "\t " * 20_000 + "; \n" * 20_000  # many seconds, if each tab looks at all that follows
    (row,) = table(archives.export([one(prompt)], tmp_path / "run.csv"))
    assert row["prompt"] == f"'{prompt}"


def test_a_prompt_that_is_a_list_stays_as_it_is(tmp_path):
    (row,) = table(archives.export([one("make:\n- it red\n- a hat; and so on")], tmp_path / "run.csv"))
    assert row["prompt"] == "make:\n- it red\n- a hat; and so on"


# Harmless


class Elements(HTMLParser):
    """A page as a browser takes it apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in {"src", "href"} and value and not value.startswith("data:image/"):
                assert ":" not in value, value
                self.addresses.append(value)

    def handle_data(self, data: str) -> None:
        self.words += data


def scripted_everywhere() -> list[Edit]:
    """Return edits whose every text is a script."""
    ref = msgspec.structs.replace(one().request.images[0], name=SCRIPT, mime=SCRIPT, notes=(SCRIPT,))
    request = msgspec.structs.replace(
        one().request,
        prompt=SCRIPT,
        model=SCRIPT,
        images=(ref,),
        mask=ref,
        params={SCRIPT: SCRIPT, "size": SCRIPT},
    )
    said = {SCRIPT: SCRIPT, "size": SCRIPT, "quality": [SCRIPT]}
    info = msgspec.structs.replace(one().images[0].info, mime=SCRIPT)
    result = EditResult(
        images=(info,), usage=said, effective=said, request_id=SCRIPT, provider=SCRIPT, extras=said
    )
    failure = Failure(type=SCRIPT, message=SCRIPT, hint=SCRIPT, code=SCRIPT, body=SCRIPT)
    rest = {
        "request": request, "key": request.key, "endpoint": SCRIPT, "notes": (SCRIPT,), "tags": (SCRIPT,),
        "versions": {SCRIPT: SCRIPT},
    }  # fmt: skip
    last = one().id[:-1]
    return [
        one(result=result, **rest),
        one(id=last + "1", state="failed", result=None, failure=failure, **rest),
    ]


def test_scripts_in_every_text_are_only_ever_shown(tmp_path):
    edits = scripted_everywhere()
    run = archives.export(edits, tmp_path / "run")
    page = Elements((run / "index.html").read_text())
    assert not {"script", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert SCRIPT in page.words and page.words.count("alert(1)") > 10
    assert all("<" not in name and "script>" not in name for name in listing(run))
    whole = Elements(archives.export(edits, tmp_path / "run.html").read_text())
    programs = [
        tag for tag in whole.tags if tag not in {"html", "head", "body", "div", "meta", "title", "style"}
    ]
    assert set(programs) <= {"script", "noscript"}
    notebook = json.loads(archives.export(edits, tmp_path / "run.ipynb").read_text())
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            assert not {"script", "a"} & set(Elements(output["data"]["text/html"]).tags)
    for form in ("run", "run.zip", "run.jsonl"):
        out = archives.export(edits, tmp_path / form)
        history, found = taken_in(out, tmp_path / f"h-{form}")
        assert found.refused == () and [edit.record for edit in history.attempts] == [e.record for e in edits]


def test_no_form_holds_the_key_or_a_header(tmp_path):
    with (
        scripted(answering(pictures(noise(3)))) as server,
        session(server.url, tmp_path / "h") as asking,
    ):
        asking.edit("x", noise(1))
        assert any(key() in value for value in server.got[0].headers.values())
        for name in ("run", *(f"run{suffix}" for suffix in SUFFIXES)):
            asking.history.export(tmp_path / "out" / name)
    with zipfile.ZipFile(tmp_path / "out" / "run.zip") as archive:
        parts = [archive.read(info) for info in archive.infolist()]
    parts += [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(holds_secret(part) for part in parts)
    for part in parts:
        assert b"authorization" not in part.lower() and b"user-agent" not in part.lower()
    assert list(files_with_secret(tmp_path / "out")) == []
    assert hashlib.sha256(noise(3)).hexdigest() in (tmp_path / "out" / "run.csv").read_text()
