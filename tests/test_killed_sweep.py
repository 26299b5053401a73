"""A sweep whose process is killed outright, at a random instant, and run again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from photos import MODEL, PNG, key
from servers import serving

from requesty_nb.offline import create_app
from requesty_nb.records import History

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = """
import json, sys
from requesty_nb.sessions import Session
url, folder, fox, retry = sys.argv[1:]
with Session(base_url=url, model="{model}", history=folder, width=4) as session:
    print("ready", flush=True)
    sweep = session.sweep(
        ["night", "a red hat", "sepia", "a blue hat"], fox, take=range(1, 5), size="1024x1024",
        quality="low", retry=bool(retry),
    )
replayed = [getattr(cell, "replayed", False) for cell in sweep]
print(json.dumps([type(c).__name__ + " replayed" * again for c, again in zip(sweep, replayed)]))
""".replace("{model}", MODEL)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with serving(create_app(serve_as=(MODEL,), delay=0.05)) as url:
        yield f"{url}/v1"


def begun(endpoint: str, folder: Path, *, retry: bool = False) -> subprocess.Popen[str]:
    (folder / "fox.png").write_bytes(PNG)
    command = [sys.executable, "-c", RUN, endpoint, str(folder / "h"), str(folder / "fox.png"), "yes" * retry]
    environment = {**os.environ, "REQUESTY_API_KEY": key()}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def ended(process: subprocess.Popen[str]) -> list[str]:
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    cells: list[str] = json.loads(told)
    return cells


def paid(endpoint: str) -> int:
    count: dict[str, Any] = httpx.get(f"{endpoint}/offline/count").json()
    edits: int = count["edits"]
    return edits


@pytest.mark.parametrize("seed", range(3))
def test_run_again_it_pays_for_exactly_what_is_missing(endpoint: str, tmp_path: Path, seed: int) -> None:
    """What was under way then may have been paid: that is told, and paid again only when asked to."""
    instant = random.Random(seed).uniform(0.0, 1.2)
    before = paid(endpoint)
    process = begun(endpoint, tmp_path)
    try:
        process.wait(instant)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    history = History(tmp_path / "h")
    recorded = len(history)
    unknown = len([edit for edit in history.attempts if edit.state == "unknown"])
    assert (
        unknown <= 10
    )  # sent, or answered and not written down yet; what waited for its turn is just missing
    assert recorded <= paid(endpoint) - before <= recorded + unknown

    so_far = paid(endpoint)
    again = ended(begun(endpoint, tmp_path))
    assert paid(endpoint) - so_far == 16 - recorded - unknown
    assert again.count("Edit replayed") == recorded and again.count("OutcomeUnknown") == unknown

    so_far = paid(endpoint)
    full = ended(begun(endpoint, tmp_path, retry=True))
    assert paid(endpoint) - so_far == unknown
    assert full.count("Edit replayed") == 16 - unknown and full.count("Edit") == unknown

    assert ended(begun(endpoint, tmp_path)) == ["Edit replayed"] * 16
    assert paid(endpoint) - so_far == unknown


def test_a_note_that_could_not_be_read_just_now_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keeping import begun as kept

    from requesty_nb.records import pending

    history = History(tmp_path / "h")
    note = kept(history)
    read = pending.read_note
    monkeypatch.setattr(pending, "read_note", lambda *_, **__: None)
    assert not history.under_way(note.key, note.take)
    monkeypatch.setattr(pending, "read_note", read)
    assert history.under_way(note.key, note.take)
