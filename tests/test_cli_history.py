"""``requesty-nb history``: one job a call, on a history with edits, a failure and an unknown outcome."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import skimage.data
from histories import identifier, keep
from PIL import Image

from requesty_nb import History, Session
from requesty_nb.cli import main
from requesty_nb.models import Cost, EditRecord, EditRequest, Failure, ImageRef

if TYPE_CHECKING:
    from pathlib import Path

PHOTO = Image.fromarray(skimage.data.coffee()).resize((48, 32))
LATER = datetime(2031, 1, 1, tzinfo=UTC)  # after whatever the session makes now


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("cli") / "history"
    with Session(history=folder, model="offline/painter") as session:
        first = session.edit("sepia", PHOTO, tags=["lesson 1", "best"])
        session.edit("brighter", first)
        session.edit("a red hat", PHOTO)
    keep(
        folder, attempt(1, "failed", "no such thing", Failure(type="BadRequest", message="No\x1b[31m size."))
    )
    cost = Cost(0.0, 0.17, "estimate")
    lost = Failure(type="OutcomeUnknown", message="No answer came.", paid="perhaps", cost=cost)
    keep(folder, attempt(2, "unknown", "a lost hat", lost))
    return folder


def attempt(number: int, state, prompt: str, failure: Failure) -> EditRecord:
    photo = ImageRef(digest="https://example.org/a.png", name="a.png", mime="", size=None, stored="")
    request = EditRequest(prompt=prompt, model="azure/openai/gpt-image-1.5", images=(photo,))
    started = LATER + timedelta(minutes=number)
    return EditRecord(
        id=identifier(started, number),
        key=request.key,
        take=1,
        state=state,
        request=request,
        started=started,
        elapsed=1.0,
        failure=failure,
    )


@pytest.fixture
def told(folder, capsys):
    def run(*arguments: str, code: int = 0, where: Path = folder) -> str:
        assert main(["history", *arguments, "--folder", str(where)]) == code
        said = capsys.readouterr()
        text: str = said.err if code and not said.out else said.out
        assert "Traceback" not in text and "\x1b" not in text
        return text

    return run


def test_the_list_shows_tags_costs_and_what_gave_no_picture(told):
    lines = told().splitlines()
    assert [line.split()[3] for line in lines] == ["ok", "ok", "ok", "failed", "unknown"]
    assert lines[0].endswith("take 1   offline/painter  sepia  [lesson 1, best]")
    assert lines[1].endswith("free  take 1   offline/painter  brighter")
    assert "  -  take 1" in lines[3] and lines[3].endswith("no such thing")
    assert "$0.00\N{EN DASH}0.17 (estimate)  take 1" in lines[4]
    assert told("HAT").splitlines() == [line for line in lines if "hat" in line]


def test_failures_say_what_happened(told):
    lines = told("--failures").splitlines()
    assert lines[0].endswith("no such thing") and lines[1] == "    No[31m size."
    assert lines[2].endswith("a lost hat") and lines[3] == "    No answer came."
    assert len(told("lost", "--failures").splitlines()) == 2
    assert told("sepia", "--failures") == "No attempt failed.\n"


def test_the_tree_is_drawn_whole_or_around_what_a_text_finds(told):
    assert told("--tree") == (
        "image.png\n"
        "├── sepia  (take 1 · painter)\n"
        "│   └── brighter  (take 1 · painter)\n"
        "└── a red hat  (take 1 · painter)\n"
    )
    whole = told("BRIGHT", "--tree").splitlines()
    assert [line.strip("└─ ").split("  ")[0] for line in whole] == ["image.png", "sepia", "brighter"]
    assert told("no such prompt", "--tree") == "No edits.\n"


def test_the_cost_tells_what_is_sure_from_what_may_be(told):
    assert told("--cost").endswith(
        "\n3 edits and 2 attempts without a picture, together $0.00\N{EN DASH}0.17.\n"
        "  1 attempt may have been paid for: counted in the upper figure only.\n"
    )
    assert told("sepia", "--cost").endswith("\n1 edit, together free.\n")
    assert told("no such prompt", "--cost") == "0 edits, together free.\n"


def test_what_is_exported_is_taken_in_elsewhere_once(told, folder, tmp_path):
    out, new = tmp_path / "out", tmp_path / "new"
    said = told("--export", str(out))
    assert said == f"3 edits and 2 attempts without a picture written to {out}\n"
    assert told("--import", str(out), where=new).startswith("5 edits added")
    assert told("--import", str(out), where=new).startswith("0 edits added, 5 known")
    assert [edit.id for edit in History(new)] == [edit.id for edit in History(folder)]
    assert told("--verify", where=new).count("\n") == 1


def test_only_what_a_text_finds_is_exported(told, tmp_path):
    assert told("red hat", "--export", str(tmp_path / "hats")) == f"1 edit written to {tmp_path / 'hats'}\n"
    assert len(list((tmp_path / "hats").glob("*.png"))) == 1


def test_a_fault_is_found_and_the_exit_status_says_so(told, folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert "every byte is as it was written" in told("--verify", where=copy)
    damaged = max((copy / "objects").rglob("*"), key=lambda path: path.is_file())
    damaged.write_bytes(damaged.read_bytes()[:-1])
    said = told("--verify", code=1, where=copy)
    assert "Faults: 1." in said and damaged.name in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sepia", "--verify"], "'sepia' picks edits out, but --import and --verify take all."),
        (["sepia", "--import", "x"], "Leave it out."),
        (["--import", "nowhere"], "nowhere"),
    ],
)
def test_a_slip_is_told(told, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert words in " ".join(told(*arguments, code=1).split())


def test_one_call_does_one_job(folder, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["history", "--tree", "--cost", "--folder", str(folder)])
    assert "not allowed with argument" in capsys.readouterr().err


def test_looking_makes_no_folder(told, tmp_path):
    for job in ("--tree", "--cost", "--verify", "--failures"):
        assert "There is no history in" in told(job, code=1, where=tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
