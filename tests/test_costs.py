"""``%imgedit cost``: what attempts cost, by day and model and together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from histories import HOSTILE, hostile, write_history
from photos import MADE, PNG, session
from servers import answering, hanging, pictures, scripted

from requesty_nb import History, display, errors
from requesty_nb.models import Cost, ImageInfo, Summary, summary_of

if TYPE_CHECKING:
    from pathlib import Path

DAY = datetime(2031, 1, 1, tzinfo=UTC)
INFO = ImageInfo("0" * 64, "image/png", 1, 1)


def one(state: Any = "ok", model: str = "v/m", days: int = 0, **more: Any) -> Summary:
    more = {"images": (INFO,) * (state == "ok"), **more}
    started = DAY + timedelta(days=days)
    return Summary(id="x", take=1, prompt="p", state=state, model=model, started=started, **more)


class Table(HTMLParser):
    """A table's cells, row by row, and the words around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.words = ""
        self._in = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        assert tag in {"div", "table", "thead", "tbody", "tr", "th", "td"}
        if tag == "tr":
            self.rows.append([])
        elif tag in {"th", "td"}:
            self.rows[-1].append("")
            self._in = True

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag not in {"th", "td"}

    def handle_data(self, data: str) -> None:
        if self._in:
            self.rows[-1][-1] += data
        else:
            self.words += data + "\n"


def test_costs_stand_by_day_and_model_with_what_is_unknown_apart() -> None:
    attempts = [
        one(cost=Cost(0.1, 0.12, "usage"), tokens=(500, 1000), images=(INFO, INFO)),
        one(cost=Cost(0.2, 0.22, "usage"), tokens=(700, 4160)),
        one("unknown", cost=Cost(0.1, 0.2, "estimate")),
        one("failed"),
        one(model="a/strange\none"),
        one(model="offline/painter", days=-1, cost=Cost(0, 0, "free"), tokens=(194, 196)),
    ]
    shown = display.cost_bundle(attempts, Cost(0.3, 0.54, "sum"))
    dash, upper = "\N{EN DASH}", "1, up to $0.2000"
    assert shown["text/plain"].splitlines() == [
        "day (UTC)   model            edits  pictures  tokens in  tokens out          cost      perhaps paid",
        "2030-12-31  offline/painter      1         1        194         196          free",
        "2031-01-01  a/strange one        1         1  not known   not known     not known",
        f"2031-01-01  v/m                  2         3      1,200       5,160    $0.30{dash}0.34  {upper}",
        f"all                              4         5    ≥ 1,394     ≥ 5,356  ≥ $0.30{dash}0.34  {upper}",
        f"4 edits and 2 attempts without a picture, together $0.30{dash}0.54.",
        "  1 attempt may have been paid for: counted in the upper figure only.",
        "  The cost of 1 is not known, and not counted.",
    ]
    table = Table(shown["text/html"])
    words = [line.split("  ") for line in shown["text/plain"].splitlines()[:5]]
    assert [[cell for cell in row if cell] for row in table.rows] == [
        [part.strip() for part in line if part.strip()] for line in words
    ]
    assert "1 attempt may have been paid for" in table.words


def test_a_cost_that_is_not_known_is_not_counted() -> None:
    attempts = [one(cost=Cost(0.1, 0.1, "reported")), one(), one(model="offline/painter")]
    assert display.cost_lines(attempts, Cost(0.1, 0.1, "sum")).endswith(
        "\n3 edits, together $0.1000.\n  The cost of 1 is not known, and not counted."
    )


def test_of_nothing_there_is_no_table() -> None:
    shown = display.cost_bundle([], Cost(0, 0, "free"))
    assert shown["text/plain"] == "0 edits, together free."
    assert not Table(shown["text/html"]).rows


def test_what_models_are_called_does_nothing(tmp_path: Path) -> None:
    history = History(hostile(tmp_path))
    shown = display.cost_bundle(history.attempts.summaries(), history.cost)
    assert "<script" not in shown["text/html"] and HOSTILE[:20] not in shown["text/html"]
    assert len(Table(shown["text/html"]).rows) == 2


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"input_tokens": 12, "output_tokens": 272, "total_tokens": 284}, (12, 272)),
        ({"input_tokens": 12}, None),
        ({"input_tokens": "12", "output_tokens": 1}, None),
        ({"input_tokens": True, "output_tokens": 1}, None),
        ({"input_tokens": -1, "output_tokens": 1}, None),
        ({"input_tokens": 10**40, "output_tokens": 1}, None),
        ({}, None),
    ],
)
def test_tokens_are_those_that_the_endpoint_counted(
    tmp_path: Path, usage: dict[str, Any], tokens: tuple[int, int] | None
) -> None:
    with (
        scripted(answering(pictures(MADE[0], usage=usage))) as server,
        session(server.url, tmp_path / "h") as here,
    ):
        edit = here.edit("night", PNG)
        found = here.history.summaries()[0]
    assert found.tokens == tokens == summary_of(edit.record).tokens
    assert History(tmp_path / "h").summaries()[0] == found  # from its cache
    assert msgspec.json.decode(msgspec.json.encode(found), type=Summary) == found


def test_what_was_made_and_what_was_lost_are_counted(tmp_path: Path) -> None:
    usage = {"input_tokens": 200, "output_tokens": 272, "cost": 0.0123}
    with (
        scripted(answering(pictures(MADE[0], usage=usage)), hanging) as server,
        session(server.url, tmp_path / "h") as here,
    ):
        here.edit("night", PNG)
        with pytest.raises(errors.OutcomeUnknown):
            here.edit("day", PNG, size="1024x1024", quality="low", timeout=0.5)
        told = display.cost_lines(here.history.attempts.summaries(), here.history.cost)
    row = told.splitlines()[1].split()
    assert row[1:7] == ["azure/openai/gpt-image-1", "1", "1", "200", "272", "$0.0123"]
    assert row[7:10] == ["1,", "up", "to"] and row[10].startswith("$0.01")


def test_older_summaries_are_read_anew_and_forgotten_with_the_edit(tmp_path: Path) -> None:
    with (
        scripted(answering(pictures(MADE[0]))) as server,
        session(server.url, tmp_path) as here,
    ):
        edit = here.edit("a secret wish", PNG)
        here.history.summaries()
        (cache,) = (tmp_path / "cache").rglob("*.jsonl")
        older = tmp_path / "cache" / "summaries-1" / cache.name
        older.parent.mkdir()
        older.write_bytes(cache.read_bytes())
        here.history.forget(edit)
    assert not older.exists() and not cache.exists()


def test_ten_thousand_are_tabled_at_once(tmp_path: Path) -> None:
    few = History(write_history(tmp_path, 20)).attempts.summaries()
    shown = display.cost_bundle(few * 500, Cost(0, 1, "sum"))
    assert len(shown["text/html"]) < 64_000
