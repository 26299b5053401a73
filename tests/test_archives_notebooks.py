"""An exported notebook makes its edits again, for nothing, wherever the zip is that lies beside it."""

from __future__ import annotations

import os
import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import msgspec
import nbformat
import pytest
from archiving import histories, one
from cards import LIMIT, Card, weight
from hypothesis import HealthCheck, given, settings
from kernels import kernel_in
from nbconvert import HTMLExporter
from photos import encoded, photo

from requesty_nb import archives
from requesty_nb.masks import Mask
from requesty_nb.models import EditRecord
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from pathlib import Path

    from requesty_nb.records import History

NASTY = "a {hat} </script><script>alert(1)</script> \\n `code`\n\n%%imgedit --new"

SCRIPT = "<script>pwned()</script><img src=x onerror=pwned()>"


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    return notebook


@given(edits=histories())
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_a_valid_notebook_that_looks_executed(tmp_path, edits):
    notebook = read(archives.export(edits, tmp_path / "run.ipynb"))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    made = [edit for edit in edits if edit.state == "ok"]
    assert [cell.id.partition("-")[2] for cell in notebook.cells[2:]] == [edit.id for edit in made]
    for cell in code[1:]:
        (output,) = cell.outputs
        assert Card(output["data"]["text/html"]).text
        assert weight(output["data"]) <= LIMIT


def test_an_edit_that_no_cell_can_make_is_told(tmp_path):
    edit = one()
    edit.record = EditRecord(
        **{name: getattr(edit.record, name) for name in edit.record.__struct_fields__ if name != "request"},
        request=type(edit.request)(prompt="x", model="m", images=edit.request.images, params={"a b": 1}),
    )
    cell = read(archives.export([edit, edit], tmp_path / "run.ipynb")).cells[2]
    assert cell.cell_type == "markdown" and "No %%imgedit line can carry" in cell.source


@pytest.mark.parametrize(
    "model", [f"{SCRIPT}\n{SCRIPT}", f"\n\n```\n{SCRIPT}\n$$\\href{{javascript:pwned()}}$$"]
)
@pytest.mark.parametrize("field", ["model", "params"])
def test_what_is_told_of_such_an_edit_is_never_run(tmp_path, model, field):
    edit = one()
    changes = {"model": model} if field == "model" else {"params": {f"={model}": 1}}
    edit.record = msgspec.structs.replace(
        edit.record, request=msgspec.structs.replace(edit.request, **changes)
    )
    path = archives.export([edit], tmp_path / "run.ipynb")
    cell = read(path).cells[2]
    assert cell.cell_type == "markdown" and "pwned" in cell.source
    page, _ = HTMLExporter().from_filename(str(path))
    assert "pwned" in page and not Tags(page).with_it


class Tags(HTMLParser):
    """What of a page holds the stranger's program in a tag, or as a program."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.with_it: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "pwned" in str(attrs):
            self.with_it.append(tag)

    def handle_data(self, data: str) -> None:
        if "pwned" in data and self.cdata_elem:
            self.with_it.append(data)


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> History:
    folder = tmp_path_factory.mktemp("here")
    (folder / "My Photo.png").write_bytes(encoded(photo()))
    with Session(history=folder / "history", model="offline/painter") as session:
        first = session.edit("sepia", folder / "My Photo.png", mask=Mask((48, 48)).rect(0, 0, 20, 20))
        session.edit(NASTY, first, photo(9, 9), n=2, quality="low", tags=["t"])
        session.edit("more", photo(), extend="80x60")
        session.edit("sepia", folder / "My Photo.png", mask=Mask((48, 48)).rect(0, 0, 20, 20), new=True)
        return session.history


def test_a_fresh_kernel_with_nothing_but_the_zip_replays_all_of_it(history, tmp_path):
    notebook = history.export(tmp_path / 'it\'s "my" run.ipynb')
    history.export(tmp_path / 'it\'s "my" run.zip')
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("REQUESTY")},
        "REQUESTY_NB_REPLAY": "only",
    }
    (tmp_path / "away").mkdir()
    for path in tmp_path.glob("*run*"):
        shutil.move(path, tmp_path / "away")
    with kernel_in(tmp_path / "away", environment) as kernel:
        cells = [cell for cell in read(tmp_path / "away" / notebook.name).cells if cell.cell_type == "code"]
        assert "4 edits added" in kernel.ok(cells[0].source).text
        cards = [kernel.ok(cell.source).card for cell in cells[1:]]
        assert all("replayed from the history, nothing paid" in card["text/plain"] for card in cards)
        assert kernel.value("[edit.id for edit in rq.history]") == [edit.id for edit in history]
        for cell, card in zip(cells[1:], cards, strict=True):
            embedded = cell.outputs[0]["data"]
            shown = Card(embedded["text/html"]).images
            assert [image["src"] for image in shown] == [
                image["src"] for image in Card(card["text/html"]).images
            ]
        assert "0 edits added, 4 known already" in kernel.ok(cells[0].source).text
        assert kernel.run(cells[1].source.replace("sepia", "cubist")).error["ename"] == "NotRecorded"
