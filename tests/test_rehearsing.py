"""``--dry-run``: what is told is what would be sent, and what is run from it arrives so."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from photos import MADE, MODEL, PNG, key, noise, photo, session
from servers import answering, pictures, scripted

from requesty_nb import display, errors, pricing
from requesty_nb.masks import Mask
from requesty_nb.records.shelf import _used
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import Got, Scripted

    from requesty_nb.sessions import Ask

GOOD = answering(pictures(MADE[0]))
AWKWARD = 'a "red" hat; it\'s @home <now> for $5 `x` \\ {and}\nmore & more;type=x'


FIELDS = {"tone": "warm", "flag": True, "ratio": 0.5, "nest": {"deep": [1, 2]}, "moderation": "low"}


def odd_photo(folder: Path) -> Path:
    odd = folder / 'it\'s "odd" \\ photo;1.png'
    odd.write_bytes(noise(7, (48, 48)))
    return odd


def asked(here: Session, folder: Path, **options: Any) -> Ask:
    """Ask with a file, two pictures of one name in memory, a mask, and fields that the SDK knows or not."""
    mask = Mask((48, 48)).rect(0, 0, 20, 20)
    options = {"size": "1024x1024", "quality": "low", "n": 2, "params": FIELDS, **options}
    return here.ask(AWKWARD, odd_photo(folder), photo(), photo(40, 40), mask=mask, **options)


def received(got: Got) -> Any:
    """What a server makes of a request."""
    if got.headers["content-type"] == "application/json":
        return got.json
    # Backslashes in file names are doubled by some clients and not by others.
    parts = [(name, file.replace("\\\\", "\\"), kind, content) for name, file, kind, content in got.parts()]
    texts = [part for part in parts if not part[1]]
    return sorted(texts), [part for part in parts if part[1]]  # pictures in order: the mask is of the first


def run_curl(command: str, folder: Path) -> None:
    environment = {**os.environ, "REQUESTY_API_KEY": key()}
    subprocess.run(["/bin/sh", "-c", command], cwd=folder, env=environment, check=True, capture_output=True)


def run_code(code: str) -> None:
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102 - it is what is to be tested
    namespace["client"].close()


def sent(server: Scripted) -> list[Got]:
    return [got for got in server.got if got.method == "POST"]


ASKS: dict[str, Callable[[Session, Path], Ask]] = {
    "files and fields": asked,
    "one file alone": lambda here, folder: here.ask("@night", odd_photo(folder)),
    "padded for its mask": lambda here, folder: here.ask(
        "<night", odd_photo(folder), mask=Mask((48, 48)).rect(0, 0, 9, 9), size="1536x1024"
    ),
    "as JSON": lambda here, folder: asked(here, folder, transport="json"),
    "references": lambda here, _: here.ask("it's night", "https://example.com/a.png?b=c&d='e'", "file-abc"),
    "a reference beside a file": lambda here, folder: here.ask(
        AWKWARD, odd_photo(folder), "file-abc", mask="https://example.com/mask.png", params=FIELDS
    ),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("way", ["curl", "python"])
def test_what_is_told_sends_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    ask: Callable[[Session, Path], Ask],
) -> None:
    if way == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    monkeypatch.chdir(tmp_path)
    with scripted(GOOD) as server, session(server.url, tmp_path / "h") as here:
        wanted = ask(here, tmp_path)
        told = here.rehearse(wanted)
        assert server.connections == 0 and not (tmp_path / "h").exists()
        assert [path.name for path in told.save()] == told.unsaved
        assert key() not in told.curl + told.python + told.json
        assert str(tmp_path) not in told.curl + told.python + told.json  # what is told may be handed on
        if way == "curl":
            run_curl(told.curl, tmp_path)
        else:
            run_code(told.python)
        here.run(wanted)
    as_told, by_us = sent(server)
    assert received(as_told) == received(by_us)
    assert as_told.headers["authorization"] == by_us.headers["authorization"]
    assert as_told.path == by_us.path


def test_pictures_to_be_saved_first_take_no_others_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with session("http://127.0.0.1:9/v1") as here:
        told = here.rehearse(asked(here, tmp_path))
        assert told.unsaved == ["sent-image.png", "sent-2-image.png", "sent-mask.png"]
        (tmp_path / "sent-2-image.png").write_bytes(b"mine")
        with pytest.raises(FileExistsError):
            told.save()
        assert (tmp_path / "sent-2-image.png").read_bytes() == b"mine"
        (tmp_path / "out").mkdir()
        assert len(told.save(tmp_path / "out")) == 3
        assert (tmp_path / "out" / "sent-mask.png").read_bytes().startswith(b"\x89PNG")
    assert "# Save first: sent-image.png, sent-2-image.png, sent-mask.png" in told.python
    assert "are looked for as sent-image.png" in display.rehearsal_bundle(told)["text/plain"]


def test_a_stream_is_told_as_one(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(noise(3))
    done = {"type": "image_edit.completed", "b64_json": base64.b64encode(MADE[0]).decode()}
    body = f"event: image_edit.completed\ndata: {json.dumps(done)}\n\n".encode()
    with (
        scripted(answering(body, headers=["Content-Type: text/event-stream"])) as server,
        session(server.url) as here,
    ):
        wanted = here.ask("night", source, partial=2)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            run_code(here.rehearse(wanted).python)
        here.run(wanted)
    as_told, by_us = sent(server)
    assert received(as_told) == received(by_us) and as_told.fields()["stream"] == "true"
    assert out.getvalue() == "image_edit.completed\n"


def test_json_names_the_pictures(tmp_path: Path) -> None:
    with session("http://127.0.0.1:9/v1", tmp_path / "h") as here:
        told = json.loads(here.rehearse(asked(here, tmp_path)).json)
    assert told["url"] == "http://127.0.0.1:9/v1/images/edits"
    assert told["headers"]["Authorization"] == "Bearer $REQUESTY_API_KEY"
    assert told["fields"]["prompt"] == AWKWARD and told["fields"]["tone"] == "warm"
    first, *_, last = told["images"]
    assert first["name"].startswith("it's ") and first["bytes"] == len(noise(7, (48, 48)))
    assert (last["type"], last["width"], last["height"]) == ("image/png", 40, 40)
    assert (told["mask"]["width"], told["mask"]["height"]) == (48, 48)
    assert "base64" not in json.dumps(told)


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
    assert "It would not be sent. There is no API key" in shown["text/plain"]
    assert "<b>" not in shown["text/html"] and "&lt;b&gt;" in shown["text/html"]


def test_a_limit_that_does_not_reach_is_told(tmp_path: Path) -> None:
    with session("http://127.0.0.1:9/v1", tmp_path / "h") as here:
        asks = [here.ask("night", PNG, size="1024x1024", quality="low", take=one) for one in range(1, 6)]
        one = here.rehearse(here.ask("night", PNG, size="1024x1024", quality="high", max_cost=0.1))
        here.configure(max_cost=0.05)
        many = [here.rehearse(ask) for ask in asks]
    assert isinstance(one.refusal, errors.OverBudget) and one.left == 0.1
    assert "It would not be sent. This may cost $0.17" in display.rehearsal_bundle(one)["text/plain"]
    assert [told.refusal for told in many] == [None] * 5
    shown = display.rehearsals_bundle(many)["text/plain"]
    assert "5 would be sent" in shown and "more than the $0.05 that the limit leaves" in shown


def test_each_reason_of_many_is_told_once_and_the_cost_all_the_same(tmp_path: Path) -> None:
    with session("https://example.com/v1", tmp_path / "h", api_key="") as here:
        asks = [here.ask(word, PNG, size="1024x1024", quality="low") for word in ("night", "day")]
        many = [here.rehearse(ask) for ask in asks]
    shown = display.rehearsals_bundle(many)["text/plain"]
    assert "0 would be sent, 0 recorded" in shown and "may cost $0.02" in shown
    assert shown.count("2 would not be sent. There is no API key") == 1


def test_what_is_unknown_is_not_counted_as_nothing() -> None:
    with session("http://127.0.0.1:9/v1") as here:
        known = here.rehearse(here.ask("night", PNG, size="1024x1024", quality="low"))
        other = here.rehearse(here.ask("night", PNG, model="vendor/unknown"))
    assert other.estimate is None and "is not known" in display.rehearsal_bundle(other)["text/plain"]
    shown = display.rehearsals_bundle([known, other])["text/plain"]
    assert "What 1 of them cost is not known, and not counted." in shown
    assert "What is not recorded may cost $0.01" in shown and "is not known, and not counted" in shown


def test_rehearsing_is_no_use(tmp_path: Path) -> None:
    with Session(history=tmp_path / "h", model="offline/painter") as here:
        edit = here.edit("night", PNG)
        _used.clear()
        assert here.rehearse(here.ask("night", PNG)).recorded == edit
        assert list(here.history.this_session) == []
        here.edit("night", PNG)
        assert list(here.history.this_session) == [edit]


def test_offline_it_is_free(tmp_path: Path) -> None:
    with Session(history=tmp_path / "h", model="offline/painter") as here:
        told = here.rehearse(here.ask("night", PNG))
    shown = display.rehearsal_bundle(told)
    assert told.estimate is not None and told.estimate.basis == "free"
    assert "in this process, free" in shown["text/plain"] and "requesty-nb serve" in shown["text/html"]


def test_how_an_estimate_comes_about_is_told(tmp_path: Path) -> None:
    with session("http://127.0.0.1:9/v1") as here:
        told = here.rehearse(
            here.ask(
                "a hat", PNG, PNG, size="1024x1024", quality="low", n=3, partial=2, input_fidelity="high"
            )
        )
    assert told.bill is not None and told.bill.lines == (
        "prompt: 2\N{EN DASH}34 tokens at $5 a million",
        "sources: 4,548\N{EN DASH}8,708 tokens at $10",
        "picture: 272 tokens at $40",
        "unfinished pictures: up to 200 tokens at $40",
        "all that 3 times, once for each picture",
        "up to 5% more for the router",
    )
    assert told.estimate is not None
    assert told.estimate.low == pytest.approx(3 * (2 * 5 + 4548 * 10 + 272 * 40) / 1e6)
    assert told.estimate.high == pytest.approx(3 * (34 * 5 + 8708 * 10 + 472 * 40) / 1e6 * 1.05)
    assert "4,548" in display.rehearsal_bundle(told)["text/html"]


def test_a_padded_source_is_reckoned_as_it_is_sent() -> None:
    with session("http://127.0.0.1:9/v1") as here:
        mask = Mask((600, 600)).rect(0, 0, 9, 9)
        told = here.rehearse(here.ask("a hat", photo(600, 600), mask=mask, size="1536x1024", quality="low"))
    sent_size = json.loads(told.json)["images"][0]
    assert (sent_size["width"], sent_size["height"]) == (900, 600)
    assert told.bill is not None and told.bill.sources == (323, 323)  # alone it would be 194


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


def test_own_prices_are_found_with_dates_and_regions(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        '[models."vendor/GPT-image-9"]\nlike = "gpt-image-2"\n[models."gpt-image-1-mini"]\nimage_out = 9\n',
        encoding="utf-8-sig",
    )
    prices = pricing.prices_from(file)
    found = prices.find("other/gpt-image-9-2027-01-02@eu")
    assert found is not None and (found.like, found.as_of) == ("gpt-image-2", "")
    assert found.price == pricing.price_of("gpt-image-2")
    mini = pricing.bill("gpt-image-1-mini", prompt="", image_sizes=[], quality="low", prices=prices)
    assert mini is not None and mini.by_the_picture is None and mini.entry.price.text_in == 2
    built_in = prices.find("gpt-image-1")
    assert built_in is not None and built_in.as_of == pricing.PRICES_AS_OF
    assert pricing.price_of("gpt-image-9", prices) and not pricing.price_of("gpt-image-9")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models = ", "are no TOML"),
        ("as_of = 1", "name no model"),
        ("[models.a]\ntext_in = 1", "give a no image_in"),
        ("[models.a]\nlike = 'nothing'", "not listed"),
        ("[models.gpt-image-1]\nimage_out = -1", "no price"),
        ("[models.gpt-image-1]\nimage_out = 'x'", "no price"),
        ("[models.gpt-image-1]\npicture = 1", "a 'picture'"),
        ("[models]\na = 1", "say nothing of a"),
        ("x = [", r"at (line 1, column \d+|end of document)"),
        ("mark_up = 0\n[models.gpt-image-1]", "'mark_up', which means nothing"),
        ("markup = 5\n[models.gpt-image-1]", "0.05 stands for 5%"),
        ("[models.gpt-image-1.5]\nimage_out = 1", r'\[models."gpt-image-1.5"\]'),
        ("[models.gpt-image-1]\n[models.'azure/GPT-image-1']", "name gpt-image-1 twice"),
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
