from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photos import MADE, MODEL, PNG, noise, photo, session
from PIL import Image
from servers import answering, held, pictures, refusing, scripted, serving

from requesty_nb import errors
from requesty_nb.models import Axis, Edit, Grid, pages
from requesty_nb.offline import create_app
from requesty_nb.sessions import Session, Sweep

if TYPE_CHECKING:
    from pathlib import Path

GOOD = answering(pictures(MADE[0]))
SIZE = "1024x1024"


@pytest.fixture
def fox(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(PNG)
    return path


def offline(folder: Path) -> Session:
    return Session(history=folder, model="offline/painter", api_key="")


# ---------------------------------------------------------------- the grid


@settings(max_examples=100)
@given(st.lists(st.integers(1, 4), max_size=5))
def test_every_cell_has_one_place_on_one_page(sizes: list[int]) -> None:
    axes = [Axis(f"a{n}", tuple(f"v{v}" for v in range(size))) for n, size in enumerate(sizes)]
    laid = pages(axes)
    count = 1
    for size in sizes:
        count *= size
    assert sorted(place for page in laid for row in page.places for place in row) == list(range(count))
    grid = Grid(axes, [errors.NotSent("x") for _ in range(count)])
    for page in laid:
        for row, places in zip(page.rows, page.places, strict=True):
            for column, place in zip(page.columns, places, strict=True):
                told = grid.choice(place)
                assert {row, column} - {""} <= set(told.values())
                assert all(f"{name} {told[name]}" in page.label for name in told if name in page.label)


def test_two_axes_are_rows_and_columns_and_a_third_makes_pages() -> None:
    laid = pages([Axis("prompt", ("hat", "cap")), Axis("quality", ("low", "high")), Axis("take", ("1", "2"))])
    assert [page.label for page in laid] == ["take 1", "take 2"]
    assert laid[0].rows == ("hat", "cap") and laid[0].columns == ("low", "high")
    assert laid[1].places == ((1, 3), (5, 7))


def test_one_axis_goes_across_and_single_values_take_no_room() -> None:
    (page,) = pages([Axis("prompt", ("hat",)), Axis("take", ("1", "2", "3"))])
    assert page.rows == ("",) and page.columns == ("1", "2", "3") and page.places == ((0, 1, 2),)


# ---------------------------------------------------------------- the sweep


def test_lists_are_axes_and_tuples_are_values(tmp_path: Path, fox: Path) -> None:
    with offline(tmp_path / "h") as here:
        sweep = here.sweep(
            ["a red hat", "a blue hat"], fox, quality=["low", "high"], take=range(1, 3), size=SIZE,
            tags=["a", "b"], extend=(0, 0, 16, 0),
        )  # fmt: skip
    assert isinstance(sweep, Sweep) and sweep.shape == (2, 2, 2) and len(sweep) == 8
    assert [axis.name for axis in sweep.axes] == ["prompt", "quality", "take"]
    told = [(edit.prompt, edit.request.params["quality"], edit.take) for edit in sweep.edits]
    assert told == [(p, q, t) for p in ("a red hat", "a blue hat") for q in ("low", "high") for t in (1, 2)]
    assert all(edit.tags == ("a", "b") and edit.extend == (0, 0, 16, 0) for edit in sweep.edits)
    assert sweep.at(prompt="a blue hat", quality="low", take=2) == sweep[5]
    with pytest.raises(errors.BadRequest, match="4 cells of this grid have quality low") as caught:
        sweep.at(quality="low")
    assert "take: 1, 2" in str(caught.value)
    with pytest.raises(errors.BadRequest, match="No cells of this grid have quality lo"):
        sweep.at(quality="lo")
    with pytest.raises(errors.BadImage, match="A grid of 8 cells"), offline(tmp_path / "h") as here:
        here.edit("night", sweep)


def test_pictures_are_an_axis_and_labelled_by_their_names(tmp_path: Path, fox: Path) -> None:
    cat = tmp_path / "cat.png"
    cat.write_bytes(noise(9))
    with offline(tmp_path / "h") as here:
        sweep = here.sweep("night", [fox, cat, photo()], size=SIZE)
    assert sweep.axes[0] == Axis("image", ("fox.png", "cat.png", "picture"))
    assert isinstance(sweep[1], Edit)
    assert sweep[1].request.images[0].name == "cat.png"


def test_run_again_nothing_is_paid(tmp_path: Path, fox: Path) -> None:
    with serving(create_app(serve_as=(MODEL,))) as url, session(f"{url}/v1", tmp_path / "h") as here:
        first = here.sweep("night", fox, take=range(1, 6), size=SIZE)
        again = here.sweep("night", fox, take=range(1, 8), size=SIZE)
        count = httpx.get(f"{url}/v1/offline/count").json()
    assert [cell.replayed for cell in first] == [False] * 5
    assert [cell.replayed for cell in again] == [True] * 5 + [False] * 2
    assert count["edits"] == 7 and list(first) == list(again)[:5]


def test_the_same_request_twice_is_sent_once(tmp_path: Path, fox: Path) -> None:
    with (
        serving(create_app(serve_as=(MODEL,), delay=0.2)) as url,
        session(f"{url}/v1", tmp_path / "h") as here,
    ):
        sweep = here.sweep(["night", "night", "night"], fox, size=SIZE)
        assert httpx.get(f"{url}/v1/offline/count").json()["edits"] == 1
    assert sweep[0] == sweep[1] == sweep[2] and sum(not cell.replayed for cell in sweep) == 1
    assert sweep.axes[0].labels == ("night", "night (2)", "night (3)")


def test_a_failure_stands_in_its_place_and_the_rest_goes_on(tmp_path: Path, fox: Path) -> None:
    turns = [GOOD, refusing(400, "no such colour"), GOOD]
    with scripted(*turns) as server, session(server.url, tmp_path / "h") as here:
        sweep = here.sweep("night", fox, take=[1, 2, 3], width=1)
    assert sorted(type(cell).__name__ for cell in sweep) == ["BadRequest", "Edit", "Edit"]
    assert "no such colour" in sweep.errors[0].message and server.posts == 3
    assert "1 failed" in repr(sweep)


@pytest.mark.parametrize(("status", "kind"), [(402, errors.OutOfFunds), (403, errors.KeyRefused)])
def test_what_concerns_all_is_not_tried_for_each(tmp_path: Path, fox: Path, status: int, kind: type) -> None:
    with scripted(GOOD, refusing(status)) as server, session(server.url, tmp_path / "h") as here:
        sweep = here.sweep("night", fox, take=range(1, 21), width=1)
    assert server.posts == 2 and len(sweep.edits) == 1
    assert [type(cell) for cell in sweep.errors] == [kind] * 19


def test_one_fault_of_all_is_raised(tmp_path: Path) -> None:
    with offline(tmp_path / "h") as here, pytest.raises(errors.BadImage, match="no-such"):
        here.sweep("night", tmp_path / "no-such.png", take=[1, 2])
    with offline(tmp_path / "h") as here, pytest.raises(errors.BadRequest, match="no values"):
        here.sweep([], PNG)
    with offline(tmp_path / "h") as here, pytest.raises(errors.BadRequest, match="no 'w' to be varied"):
        here.sweep("a {w} sky", PNG, w=["red", "blue"])
    with offline(tmp_path / "h") as here, pytest.raises(errors.BadRequest, match="is empty"):
        here.sweep(["night", " "], PNG)
    with offline(tmp_path / "h") as here, pytest.raises(errors.BadRequest, match="2,001 edits"):
        here.sweep("night", PNG, take=range(1, 2002))


def test_width_is_how_many_are_under_way(tmp_path: Path, fox: Path) -> None:
    lock, seen = threading.Lock(), [0, 0]
    release = threading.Event()

    def turn(line: Any) -> None:
        line.request()
        with lock:
            seen[0] += 1
            seen[1] = max(seen)
        release.wait(0.1)
        with lock:
            seen[0] -= 1
        body = pictures(MADE[0])
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

    with scripted(turn) as server, session(server.url, tmp_path / "h") as here:
        sweep = here.sweep("night", fox, take=range(1, 13), width=3)
    assert len(sweep.edits) == 12 and seen[1] == 3


def test_cancelled_it_ends_with_what_there_is(tmp_path: Path, fox: Path) -> None:
    with scripted(GOOD, GOOD, held(pictures(MADE[1]))) as server, session(server.url, tmp_path / "h") as here:
        ended = threading.Event()
        under_way = here.begin_sweep(
            here.plan("night", fox, take=range(1, 11), width=1), lambda now: now.done() and ended.set()
        )
        server.wait_for(3)
        under_way.cancel()
        sweep = under_way.wait(20)
    assert under_way.state == "cancelled" and ended.wait(20)
    assert sorted(type(cell).__name__ for cell in sweep) == ["Edit"] * 2 + ["NotSent"] * 7 + [
        "OutcomeUnknown"
    ]
    assert server.posts == 3
    assert [edit.state for edit in here.history.attempts] == ["ok", "ok", "unknown"]


def test_what_waits_for_its_turn_is_no_unknown_outcome(tmp_path: Path, fox: Path) -> None:
    with scripted(held(pictures(MADE[1]))) as server, session(server.url, tmp_path / "h") as here:
        under_way = here.begin_sweep(here.plan("night", fox, take=range(1, 11), width=2))
        server.wait_for(2)
        assert len(list((tmp_path / "h" / "pending").iterdir())) == 2
        under_way.cancel()
        under_way.wait(20)


def test_retry_pays_again_for_what_was_never_answered(tmp_path: Path, fox: Path) -> None:
    def lost(line: Any) -> None:
        line.request()
        line.reset()

    with scripted(lost, GOOD) as server, session(server.url, tmp_path / "h") as here:
        first = here.sweep("night", fox, take=[1, 2], width=1)
        assert [type(cell).__name__ for cell in first.errors] == ["OutcomeUnknown"]
        again = here.sweep("night", fox, take=[1, 2], width=1)
        assert server.posts == 2 and "--retry" in str(again.errors[0])
        full = here.sweep("night", fox, take=[1, 2], width=1, retry=True)
        assert server.posts == 3 and len(full.edits) == 2
        assert [edit.take for edit in full.edits] == [1, 2]


def test_it_can_be_awaited(tmp_path: Path, fox: Path) -> None:
    async def both() -> tuple[Sweep, Edit, Sweep]:
        sweep = here.begin_sweep(here.plan("night", fox, take=[1, 2], size=SIZE))
        edit = here.begin(here.ask("night", fox, take=3, size=SIZE))
        return await sweep, await edit, await here.asweep("night", fox, take=[1, 2, 3], size=SIZE)

    with offline(tmp_path / "h") as here:
        sweep, edit, again = asyncio.run(both())
    assert sweep.edits == again.edits[:2] and edit == again[2] and again[2].replayed


def test_a_detached_edit_is_a_source_and_its_failure_is_raised_where_it_is_used(
    tmp_path: Path, fox: Path
) -> None:
    with offline(tmp_path / "h") as here:
        night = here.begin(here.ask("night", fox, size=SIZE))
        hat = here.edit("a red hat", night, size=SIZE)
        assert hat.parents == [night.wait()]
        broken = here.begin(here.ask("night", tmp_path / "gone.png"))
        with pytest.raises(errors.BadImage, match="gone"):
            here.edit("a red hat", broken)


# ---------------------------------------------------------------- export


def test_export_as_picture_table_and_edits(tmp_path: Path, fox: Path) -> None:
    with offline(tmp_path / "h") as here:
        sweep = here.sweep(["a red hat", "=SUM(A1)"], [fox, tmp_path / "gone.png"], take=[1, 2], size=SIZE)
        with Image.open(sweep.export(tmp_path / "grid.png")) as opened:
            sheet = opened.copy()
        table = sweep.export(tmp_path / "grid.csv").read_text("utf-8-sig")
        sweep.export(tmp_path / "edits.zip")
    assert sheet.width > 2 * 512 and sheet.height > 4 * 512
    assert sheet.getpixel((2, 2)) == (255, 255, 255)
    lines = table.splitlines()
    assert len(lines) == 9 and lines[0].startswith("axis_prompt,axis_image,axis_take,replayed")
    assert lines[3].count("BadImage") == 1 and lines[5].startswith("'=SUM(A1),fox.png,1,")
    frame = sweep.to_dataframe()
    assert list(frame["axis_take"]) == ["1", "2"] * 4 and frame["message"].notna().sum() == 4
    with pytest.raises(errors.BadRequest, match=r"no export of a grid as \.gif"):
        sweep.export(tmp_path / "grid.gif")
    assert json.loads(json.dumps(list(sweep.shape))) == [2, 2, 2]
