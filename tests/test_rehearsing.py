"""``--dry-run``: what is told is what would be sent, and what is run from it arrives so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from photos import MADE, MODEL, PNG, key, noise, photo, session
from servers import answering, pictures, scripted

from requesty_nb import display, errors
from requesty_nb.masks import Mask
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Got, Scripted

GOOD = answering(pictures(MADE[0]))
AWKWARD = 'a "red" hat; it\'s @home <now> for $5 `x` \\ {and}\nmore & more;type=x'


def asked(here: Session, folder: Path, **options: Any) -> Any:
    odd = folder / 'it\'s "odd" \\ photo;1.png'
    odd.write_bytes(noise(7, (48, 48)))
    mask = Mask((48, 48)).rect(0, 0, 20, 20)
    options = {"size": "1024x1024", "quality": "low", "n": 2, "params": {"tone": "warm"}, **options}
    return here.ask(AWKWARD, odd, photo(), mask=mask, **options)


def compared(got: Got) -> Any:
    """What a server makes of a request."""
    # Backslashes in file names are doubled by some clients and not by others.
    parts = [(name, file.replace("\\\\", "\\"), kind, content) for name, file, kind, content in got.parts()]
    return sorted(parts)


def run_curl(command: str, folder: Path) -> None:
    environment = {**os.environ, "REQUESTY_API_KEY": key()}
    subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment, check=True, capture_output=True)


def sent(server: Scripted) -> list[Got]:
    return [got for got in server.got if got.method == "POST"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_command_sends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with scripted(GOOD) as server, session(server.url, tmp_path / "h") as here:
        ask = asked(here, tmp_path)
        told = here.rehearse(ask)
        assert server.connections == 0 and not (tmp_path / "h").exists()
        assert told.save() == ["image.png", "mask.png"]
        run_curl(told.curl, tmp_path)
        here.run(ask)
    by_curl, by_us = sent(server)
    assert compared(by_curl) == compared(by_us)
    assert by_curl.headers["authorization"] == by_us.headers["authorization"]
    assert key() not in told.curl + told.python + told.json


def test_the_code_for_the_sdk_sends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with scripted(GOOD) as server, session(server.url, tmp_path / "h") as here:
        ask = asked(here, tmp_path)
        told = here.rehearse(ask)
        told.save()
        namespace: dict[str, Any] = {}
        exec(told.python, namespace)  # noqa: S102 - it is what is to be tested
        namespace["client"].close()
        here.run(ask)
    by_sdk, by_us = sent(server)
    assert compared(by_sdk) == compared(by_us)


def test_references_go_as_json(tmp_path: Path) -> None:
    with scripted(GOOD) as server, session(server.url, tmp_path / "h") as here:
        ask = here.ask("it's night", "https://example.com/a.png", "file-abc")
        told = here.rehearse(ask)
        if shutil.which("curl"):
            run_curl(told.curl, tmp_path)
        namespace: dict[str, Any] = {}
        exec(told.python, namespace)  # noqa: S102 - it is what is to be tested
        namespace["client"].close()
        here.run(ask)
    wanted = sent(server)[-1].json
    assert all(got.json == wanted for got in sent(server)) and len(sent(server)) >= 2
    assert wanted["images"] == [{"image_url": "https://example.com/a.png"}, {"file_id": "file-abc"}]


def test_json_names_the_pictures(tmp_path: Path) -> None:
    with session("http://127.0.0.1:9/v1", tmp_path / "h") as here:
        told = json.loads(here.rehearse(asked(here, tmp_path)).json)
    assert told["url"] == "http://127.0.0.1:9/v1/images/edits"
    assert told["headers"] == {"Authorization": "Bearer $REQUESTY_API_KEY"}
    assert told["fields"]["prompt"] == AWKWARD and told["fields"]["tone"] == "warm"
    assert [one["type"] for one in [*told["images"], told["mask"]]] == ["image/png"] * 3


def test_what_is_recorded_costs_nothing_and_what_is_not_has_an_estimate(tmp_path: Path) -> None:
    with scripted(GOOD) as server, session(server.url, tmp_path / "h") as here:
        edit = here.edit("night", PNG, size="1024x1024", quality="low")
        again = here.rehearse(here.ask("night", PNG, size="1024x1024", quality="low"))
        other = here.rehearse(here.ask("night", PNG, size="1024x1024", quality="high", n=2))
        new = here.rehearse(here.ask("night", PNG, size="1024x1024", quality="low", new=True))
    assert again.recorded == edit and again.estimate is not None and again.estimate.high == 0
    assert other.recorded is None and other.take == 1 and new.take == 2
    assert other.estimate is not None and 0.33 < other.estimate.low < other.estimate.high < 0.36
    assert server.posts == 1
    shown = display.rehearsals_bundle([again, other, new])
    assert "2 would be sent, 1 recorded already and free" in shown["text/plain"]
    assert "$0.35" in shown["text/plain"] and "curl" in shown["text/html"]


def test_what_would_be_refused_is_told(tmp_path: Path) -> None:
    with Session(history=tmp_path / "h", model=MODEL, base_url="https://example.com/v1", api_key="") as here:
        told = here.rehearse(here.ask("<b>night</b>", PNG))
    assert isinstance(told.refusal, errors.KeyMissing)
    shown = display.rehearsal_bundle(told)
    assert "it would not be sent: There is no API key" in shown["text/plain"]
    assert "<b>" not in shown["text/html"] and "&lt;b&gt;" in shown["text/html"]


def test_offline_it_is_free(tmp_path: Path) -> None:
    with Session(history=tmp_path / "h", model="offline/painter") as here:
        told = here.rehearse(here.ask("night", PNG))
    assert "free" in display.rehearsal_bundle(told)["text/plain"]


# ---------------------------------------------------------------- the user's own prices


def test_a_file_of_prices_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'as_of = "2027-01"\nmarkup = 0\n[models."gpt-image-9"]\nlike = "gpt-image-1"\nimage_out = 100\n'
        '[models."house-painter"]\ntext_in = 1\nimage_in = 1\nimage_out = 10\n'
    )
    usage = {
        "input_tokens": 100,
        "output_tokens": 1000,
        "input_tokens_details": {"text_tokens": 50, "image_tokens": 50},
    }
    turn = answering(pictures(MADE[0], usage=usage))
    with scripted(turn) as server, session(server.url, tmp_path / "h", prices=file) as here:
        ask = here.ask("night", PNG, model="vendor/gpt-image-9", size="1024x1024", quality="low")
        told = here.rehearse(ask)
        made = here.edit("night", PNG, model="vendor/house-painter")
        with pytest.raises(errors.OverBudget, match="not known"):
            here.edit("day", PNG, model="vendor/house-painter", max_cost=5)
    assert told.prices_as_of == "2027-01" and told.estimate is not None
    assert 0.0272 < told.estimate.low < 0.03 and told.estimate.high < 0.032
    assert made.cost is not None and made.cost.low == made.cost.high == pytest.approx(0.0101)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models = ", "are no TOML"),
        ("x = 1", "name no model"),
        ("[models.a]\ntext_in = 1", "give a no image_in"),
        ("[models.a]\nlike = 'nothing'", "not listed"),
        ("[models.gpt-image-1]\nimage_out = -1", "no price"),
        ("[models.gpt-image-1]\nimage_out = 'x'", "no price"),
        ("[models.gpt-image-1]\npicture = 1", "a 'picture'"),
        ("[models]\na = 1", "say nothing of a"),
    ],
)
def test_a_wrong_file_is_told_before_anything_is_sent(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with scripted(GOOD) as server, session(server.url, tmp_path / "h", prices=file) as here:
        with pytest.raises(errors.BadRequest, match=told):
            here.edit("night", PNG)
        assert server.posts == 0
        file.write_text("[models.gpt-image-1]\nimage_out = 41.5\n")
        here.edit("night", PNG)  # it is read again
    missing = Session(history=False, model=MODEL, base_url=server.url, api_key="k", prices=tmp_path / "none")
    with pytest.raises(errors.BadRequest, match="cannot be read"):
        missing.edit("night", PNG)
