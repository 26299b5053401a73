"""The ``requesty-nb`` command, run as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest
import skimage.data
from cards import Card
from photos import PNG

from requesty_nb import Session
from requesty_nb.cli import main, notebooks

COMMAND = [sys.executable, "-W", "error", "-m", "requesty_nb"]
PHOTO = Path(skimage.data.__file__).parent / "chelsea.png"


def run(*arguments: object, folder, code=0, **environment: str):
    """Run the command to its end; its exit status has to be this one."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Run the command in this process, where what notebooks need is imported; else as `run`."""

    def run(*arguments: object, folder, code=0, **environment: str):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        status = main([*map(str, arguments)])
        told = capsys.readouterr()
        assert status == code, told.out + told.err
        return told

    return run


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    """The demonstration as a newcomer runs it: no key, and nobody to be reached."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, run("demo", folder=folder, REQUESTY_API_KEY="").stdout


def cards_in(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    htmls = [output.get("data", {}).get("text/html", "") for output in outputs]
    return [Card(html) for html in htmls if "History id" in html]  # a history is shown as something else


def test_the_demonstration_leaves_photo_notebook_pictures_and_history(demonstration):
    folder, told = demonstration
    into = folder / "requesty-demo"
    assert {path.name for path in into.iterdir()} == {"photo.jpg", "demo.ipynb", "edits", "imgedit-history"}
    assert {path.name for path in folder.iterdir()} == {"requesty-demo"}
    cards = cards_in(nbformat.read(into / "demo.ipynb", as_version=4))
    assert len(cards) == 4
    assert [sum("replayed" in words for words in card.words) for card in cards] == [0, 0, 0, 1]
    assert all("no AI model" in card.rows["Made by"] for card in cards)
    records = [json.loads(line) for line in (into / "edits" / "records.jsonl").read_bytes().splitlines()]
    assert [one["record"]["state"] for one in records] == ["ok"] * 3
    assert all(
        (into / "edits" / name).stat().st_size > 1000 for one in records for name in one["files"].values()
    )
    assert "6 pictures, such as 0001-" in told
    assert (into / "edits" / "0001-turn-it-into-a-dramatic-sunset-1.png").exists()


def test_a_second_run_is_answered_from_the_history(demonstration, run_here):
    folder, _ = demonstration
    history = folder / "requesty-demo" / "imgedit-history" / "edits"
    before = sorted(history.rglob("*.json"))
    run_here("demo", folder=folder)
    assert sorted(history.rglob("*.json")) == before
    cards = cards_in(nbformat.read(folder / "requesty-demo" / "demo.ipynb", as_version=4))
    assert all("replayed from the history" in card.text for card in cards)


def test_the_demonstration_takes_a_photograph_of_ones_own_and_no_settings(tmp_path, run_here):
    (mine := tmp_path / "mine.png").write_bytes(PNG)  # a square: the smallest results
    told = run_here(
        "demo", mine, "--into", "my demo", folder=tmp_path, REQUESTY_NB_MAX_COST="x", REQUESTY_NB_REPLAY="x"
    )
    assert "Done. In my demo/:" in told.out
    assert (tmp_path / "my demo" / "photo.png").read_bytes() == PNG


def test_a_photograph_that_is_none_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    assert "BadImage: notes.txt" in run("demo", "notes.txt", folder=tmp_path, code=1).stderr
    assert "BadImage: " in run("demo", "nosuch.jpg", folder=tmp_path, code=1).stderr
    (tmp_path / "file").write_text("in the way")
    assert "file" in run("demo", PHOTO, "--into", "file", folder=tmp_path, code=1).stderr


def test_a_notebook_that_fails_is_told(tmp_path, run_here):
    (tmp_path / "requesty-demo").mkdir()
    (tmp_path / "requesty-demo" / "imgedit-history").write_text("in the way")
    told = run_here("demo", folder=tmp_path, code=1).err
    assert "The notebook did not run to its end: " in told and "demo.ipynb" in told
    assert len(told.splitlines()) <= 8


def without(modules, *arguments: str, folder):
    """Run the command in an interpreter that lacks some modules."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({modules!r}))\n"
        f"from requesty_nb.cli import main; sys.exit(main({list(arguments)!r}))"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("modules", "arguments", "needed"),
    [
        (["nbclient"], ["demo"], "Running notebooks needs nbclient."),
        (["nbformat", "nbclient"], ["demo"], "Running notebooks needs nbclient and nbformat."),
        (["ipykernel"], ["demo"], "Running notebooks needs ipykernel."),
        (["skimage"], ["demo"], "scikit-image, which is missing"),
        (["uvicorn"], ["serve"], "Serving needs uvicorn."),
        (["jupyterlab"], ["lab"], "JupyterLab is not installed."),
    ],
)
def test_an_extra_that_is_missing_is_named_with_what_installs_it(tmp_path, modules, arguments, needed):
    done = without(modules, *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert needed in done.stderr and "pip install" in done.stderr and "Traceback" not in done.stderr


# serve


@pytest.fixture
def server(tmp_path):
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--as", "vendor/model-1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def test_serve_says_where_answers_and_ends_on_ctrl_c(server, tmp_path):
    assert server.stdout is not None and server.stderr is not None
    line = server.stdout.readline()
    assert line.startswith("The offline endpoint listens at http://127.0.0.1:")
    address = line.split()[-1]
    assert server.stdout.readline().strip() == f"export REQUESTY_BASE_URL={address} REQUESTY_API_KEY=anything"
    assert "vendor/model-1" in server.stdout.readline()
    with urllib.request.urlopen(f"{address}/models", timeout=20) as answer:  # noqa: S310 - our own server
        listed = {one["id"] for one in json.load(answer)["data"]}
    assert {"vendor/model-1", "offline/painter"} <= listed
    with Session(
        base_url=address, api_key="anything", history=tmp_path / "h", model="vendor/model-1"
    ) as session:
        assert session.edit("sepia", PHOTO).result.provider == "offline/painter"
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0
    assert server.stderr.read() == ""


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run("serve", "--port", port, folder=tmp_path, code=1).stderr
    assert f"Port {port} of 127.0.0.1 cannot be had: Address already in use." in " ".join(told.split())
    assert "Pick another with --port." in told
    assert "Port 99999" in run("serve", "--port", 99999, folder=tmp_path, code=1).stderr


# history


def test_history_lists_filters_and_exports(demonstration, tmp_path):
    folder, _ = demonstration
    history = folder / "requesty-demo" / "imgedit-history"
    lines = run("history", folder=tmp_path, REQUESTY_NB_HISTORY=str(history)).stdout.splitlines()
    assert len(lines) == 3 and lines[0].endswith("offline/painter  Turn it into a dramatic sunset")
    found = run("history", "WATERCOLOUR", "--folder", history, folder=tmp_path).stdout
    assert found.strip().endswith("As a watercolour") and len(found.splitlines()) == 1
    told = run("history", "--folder", history, "--export", "out", folder=tmp_path).stdout
    assert told.startswith("3 edits written to ")
    assert len(list((tmp_path / "out").glob("*.png"))) == 6


def test_a_history_that_is_not_there_is_told(tmp_path):
    assert (
        "There is no history in nowhere."
        in run("history", "--folder", "nowhere", folder=tmp_path, code=1).stderr
    )
    assert list(tmp_path.iterdir()) == []


def test_prompts_are_listed_on_terminals_of_any_encoding(tmp_path):
    with Session(history=tmp_path / "h", model="offline/painter") as session:
        session.edit("sepia \N{GRINNING FACE} 日本", PHOTO)
    told = run("history", "--folder", "h", folder=tmp_path, PYTHONIOENCODING="ascii").stdout
    assert told.strip().endswith(r"sepia \U0001f600 \u65e5\u672c")


# lab


@pytest.fixture
def fake_lab(tmp_path):
    """A stand-in for JupyterLab: it tells how it was called, and at Ctrl+C asks back as the real one does."""
    place = tmp_path / "site"
    place.mkdir()
    (place / "jupyterlab.py").write_text(
        "import os, signal, sys\n"
        "def asked(*_):\n"
        "    print('Shut down (y/n)?', flush=True)\n"
        "    sys.exit(7 if os.read(0, 9) == b'y\\n' else 8)\n"
        "signal.signal(signal.SIGINT, asked)\n"
        "print('lab', *sys.argv[1:], flush=True)\n"
        "sys.exit(3 if os.read(0, 9) else 0)\n"
    )
    return {"PYTHONPATH": str(place)}


def shipped():
    return sorted(path.name for path in notebooks.folder().glob("*.ipynb"))


def test_lab_opens_copies_and_writes_over_none(tmp_path, fake_lab):
    told = run("lab", folder=tmp_path, **fake_lab).stdout
    assert told == "lab requesty-notebooks\n"
    mine = tmp_path / "requesty-notebooks"
    assert sorted(path.name for path in mine.iterdir()) == shipped()
    assert shipped()
    (mine / shipped()[0]).write_text("changed")
    run("lab", folder=tmp_path, **fake_lab)
    assert (mine / shipped()[0]).read_text() == "changed"


def test_further_options_go_to_lab_and_to_nothing_else(tmp_path, fake_lab):
    told = run("lab", "--no-browser", "--port=9999", folder=tmp_path, **fake_lab).stdout
    assert told == "lab requesty-notebooks --no-browser --port=9999\n"
    refused = run("history", "--no-browser", folder=tmp_path, code=2)
    assert "unrecognized arguments: --no-browser" in refused.stderr


def test_ctrl_c_is_left_to_lab(tmp_path, fake_lab):
    process = subprocess.Popen(
        [*COMMAND, "lab"],
        cwd=tmp_path,
        env={**os.environ, **fake_lab},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout.readline() == "Shut down (y/n)?\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.6)  # longer than Python itself would leave it
        process.stdin.write("y\n")
        process.stdin.flush()
        assert process.wait(20) == 7
        assert process.stderr.read() == ""


# the command itself


def test_the_entry_point_is_the_same(tmp_path):
    script = Path(sys.executable).with_name("requesty-nb")
    done = subprocess.run([script, "--version"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == run("--version", folder=tmp_path).stdout
    assert done.stdout.startswith("requesty-nb 0")


@pytest.mark.parametrize("arguments", [[], ["nosuch"], ["serve", "--port", "x"], ["demo", "--nosuch"]])
def test_a_wrong_command_line_exits_with_two(tmp_path, arguments):
    assert "usage: requesty-nb" in run(*arguments, folder=tmp_path, code=2).stderr


def test_help_names_the_commands(tmp_path):
    told = run("--help", folder=tmp_path).stdout
    assert all(name in told for name in ("demo", "lab", "serve", "history"))
