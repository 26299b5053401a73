"""Grids and the background by ``%%imgedit``, in a real kernel."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import skimage.data
from kernels import Endpoint, Kernel, answer, kernel_in, picture
from PIL import Image
from servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PHOTOS = Path(skimage.data.__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notebook")
    for name in ("chelsea.png", "coffee.png"):
        Image.open(PHOTOS / name).resize((96, 64)).save(path / name)
    shutil.copy(path / "coffee.png", path / "cup.png")
    return path


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Kernel]:
    with kernel_in(folder, {**os.environ, "REQUESTY_NB_HISTORY": "history-0"}) as kernel:
        kernel.ok("%load_ext requesty_nb\nimport requesty_nb as rq")
        yield kernel


@pytest.fixture
def kernel(shared: Kernel, request: pytest.FixtureRequest) -> Kernel:
    shared.ok(
        "%config ImgEdit.model = 'offline/painter'\n"
        f"%config ImgEdit.history = 'history-{abs(hash(request.node.nodeid))}'\n"
        "%config ImgEdit.max_cost = float('inf')"
    )
    return shared


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[Endpoint, str]]:
    app = Endpoint()
    with serving(app) as address:
        yield app, f"{address}/v1"


@pytest.fixture
def online(kernel: Kernel, endpoint: tuple[Endpoint, str]) -> tuple[Kernel, Endpoint]:
    app, address = endpoint
    app.requests.clear()
    app.answer = answer(picture())
    kernel.ok(f"%config ImgEdit.base_url = '{address}'\n%config ImgEdit.model = 'vendor/gpt-image-1'")
    return kernel, app


def updated(kernel: Kernel) -> str:
    """Return the next HTML that an output is brought up to date with, whichever cell's it is."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["msg_type"] == "update_display_data":
            html: str = message["content"]["data"]["text/html"]
            return html


def value(kernel: Kernel, expression: str) -> str:
    return kernel.ok(f"print(repr(({expression})))").text.strip()


def test_options_prompts_and_names_are_axes(kernel: Kernel) -> None:
    kernel.ok(
        "%%imgedit coffee.png -s 1024x1024 --vary quality=low,high --vary place=Paris,Rome -o grid\n"
        "make it night in {place}\n---\nsepia, {place} {'{'}"
    )
    assert value(kernel, "grid.shape") == "(2, 2, 2)"
    assert value(kernel, "[axis.name for axis in grid.axes]") == "['prompt', 'quality', 'place']"
    assert (
        value(kernel, "[e.prompt for e in grid][:2]") == "['make it night in Paris', 'make it night in Rome']"
    )
    assert value(kernel, "grid[7].prompt, grid[7].request.params['quality']") == "('sepia, Rome {', 'high')"


def test_pictures_masks_takes_and_further_fields(kernel: Kernel) -> None:
    kernel.ok("sky = rq.Mask((96, 64)).rect(0, 0, 96, 20)\nground = sky.invert()")
    kernel.ok(
        "%%imgedit --vary image=coffee.png,chelsea.png --vary mask=sky,ground --vary take=1..2 -o g\nnight"
    )
    assert value(kernel, "g.shape, len(g.edits)") == "((2, 2, 2), 8)"
    assert value(kernel, "[e.request.images[0].name for e in g][::4]") == "['coffee.png', 'chelsea.png']"
    assert (
        value(
            kernel,
            "g[0].mask.digest == sky.digest, g[2].mask.digest == ground.digest, [e.take for e in g][:2]",
        )
        == "(True, True, [1, 2])"
    )
    kernel.ok("%%imgedit coffee.png --vary param.safety_identifier=a,b -o p\nnight")
    assert value(kernel, "[e.request.params['safety_identifier'] for e in p]") == "['a', 'b']"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--vary qualty=low,high", "Did you mean quality?"),
        ("--vary prompt=a,b", "line ---"),
        ("-q low --vary quality=low,high", "given twice, by --quality"),
        ("--vary take=1,two", "has to be a whole number"),
        ("--new --vary take=1,2", "exclude each other"),
        ("--vary quality=low,,high", "none may be empty"),
        ("--vary quality=low,low", "twice"),
        ("--vary quality=low --vary quality=high", "Put all its values together"),
        ("--vary take=4..1", "counts upwards: take=1..4"),
        ("--width 0 --vary take=1,2", "from 1 to 256"),
        ("--detach --save a.png", "exclude each other"),
        ("--vary take=1,2 --save a.bmp", "cannot be saved as .bmp"),
        ("--vary compression=10,20 --vary output_compression=30,40", "are the same"),
    ],
)
def test_what_cannot_be_varied_is_told(kernel: Kernel, line: str, told: str) -> None:
    error = kernel.run(f"%%imgedit coffee.png {line}\nnight").error
    assert error["ename"] == "BadRequest" and told in " ".join(error["lines"])


def test_the_same_cell_again_pays_nothing(online: tuple[Kernel, Endpoint]) -> None:
    kernel, app = online
    cell = "%%imgedit coffee.png --vary quality=low,high --vary take=1..3 -o grid --width 2\nnight"
    kernel.ok(cell)
    assert len(app.requests) == 6
    kernel.ok(cell)
    assert len(app.requests) == 6 and value(kernel, "all(e.replayed for e in grid)") == "True"


def test_a_contact_sheet_is_saved(kernel: Kernel, folder: Path) -> None:
    ran = kernel.ok("%%imgedit coffee.png --vary quality=low,high --save sheet.png\nnight")
    assert "Saved sheet.png" in ran.text
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.width > 1000


def test_the_limit_of_a_cell_is_kept_before_anything_is_sent(online: tuple[Kernel, Endpoint]) -> None:
    kernel, app = online
    error = kernel.run(
        "%%imgedit coffee.png -s 1024x1024 -q high --vary take=1..4 --max-cost 0.5\nnight"
    ).error
    assert error["ename"] == "OverBudget" and not app.requests
    told = " ".join(error["lines"])
    assert "$0.50" in told and "$0.67" in told and "Nothing was paid." in told
    kernel.ok("%%imgedit coffee.png -s 1024x1024 -q low --vary take=1..4 --max-cost 0.5\nnight")
    assert len(app.requests) == 4


def test_the_limit_of_a_session_counts_what_was_spent(online: tuple[Kernel, Endpoint]) -> None:
    kernel, app = online
    app.answer = answer(picture(), usage={"cost": 0.04})
    spent = float(value(kernel, "rq.session.spent.high"))
    kernel.ok(f"%config ImgEdit.max_cost = {spent + 0.09}")
    for take in (1, 2):
        kernel.ok(f"%%imgedit coffee.png -s 1024x1024 -q low --take {take}\nnight")
    error = kernel.run("%%imgedit coffee.png -s 1024x1024 -q low --take 3\nnight").error
    assert error["ename"] == "OverBudget" and len(app.requests) == 2
    assert "ImgEdit.max_cost" in " ".join(error["lines"])
    kernel.ok("%%imgedit coffee.png -s 1024x1024 -q low --take 2\nnight")  # recorded, so it costs nothing
    assert f"{float(value(kernel, 'rq.session.spent.high')) - spent:.4f}" == "0.0800"


def test_in_the_background_the_cell_returns_and_the_card_fills_itself_in(
    online: tuple[Kernel, Endpoint],
) -> None:
    kernel, app = online
    app.hold()
    ran = kernel.ok("%%imgedit coffee.png --detach -o night\nnight")
    assert "begun at" in ran.card["text/plain"]
    assert value(kernel, "night.done(), type(night).__name__") == "(False, 'Detached')"
    app.arrived.wait(30)
    app.release()
    while "<img" not in (card := updated(kernel)):
        assert "night" in card  # it says what it does meanwhile
    waited = kernel.ok("edit = await night\nday = rq.edit('day', night)\nprint(edit.state, len(day.parents))")
    assert waited.text.split() == ["ok", "1"]
    again = kernel.ok("%%imgedit coffee.png --detach -o night\nnight\n")
    kernel.ok("night.wait()")
    assert len(app.requests) == 2 and "replayed" in str(again.outputs) + str(
        kernel.ok("night.wait().replayed")
    )


def test_a_dry_run_sends_nothing_and_can_be_kept(online: tuple[Kernel, Endpoint], folder: Path) -> None:
    kernel, app = online
    ran = kernel.ok("%%imgedit coffee.png -s 1024x1024 -q low --dry-run -o told\nnight")
    assert "nothing was sent" in ran.card["text/plain"] and "curl" in ran.card["text/html"]
    assert value(kernel, "told.curl.startswith('curl ')") == "True"
    ran = kernel.ok("%%imgedit coffee.png -s 1024x1024 --vary quality=low,high --dry-run\nnight")
    assert "2 edits" in ran.card["text/plain"]
    assert not app.requests


def test_what_fails_in_the_background_is_told_in_its_card_and_where_it_is_used(kernel: Kernel) -> None:
    ran = kernel.ok("%%imgedit gone.png --detach -o gone\nnight")
    error = kernel.run("rq.edit('day', gone)").error
    assert error["ename"] == "BadImage" and "gone.png" in " ".join(error["lines"])
    assert "gone.png" in str(ran.outputs) or "gone.png" in value(kernel, "gone.text")


def test_a_sweep_in_the_background_can_be_cancelled(online: tuple[Kernel, Endpoint]) -> None:
    kernel, app = online
    app.hold()
    kernel.ok("%%imgedit coffee.png --detach -o many --vary take=1..9 --width 1\nnight")
    app.arrived.wait(30)
    kernel.ok("many.cancel()\nsweep = many.wait(30)")
    app.release()
    assert value(kernel, "many.state, len(sweep.errors), sweep.errors[-1].paid") == "('cancelled', 9, 'no')"
    assert len(app.requests) == 1


def test_an_interrupt_ends_a_sweep_and_what_was_made_is_kept(online: tuple[Kernel, Endpoint]) -> None:
    kernel, app = online
    kernel.ok("%%imgedit coffee.png --vary take=1..2\nnight")
    app.hold()
    begun = kernel.start("%%imgedit coffee.png --vary take=1..9 --width 1\nnight")
    assert app.arrived.wait(30)
    kernel.manager.interrupt_kernel()
    error = kernel.finish(begun).error
    assert error["ename"] == "Interrupted" and "with 2 of 9 made. It is not known" in error["evalue"]
    assert "only the rest is paid for" in " ".join(error["lines"])
    app.release()
    before = len(app.requests)
    kernel.ok("%%imgedit coffee.png --vary take=1..9 -o rest\nnight")
    assert (
        value(kernel, "[type(c).__name__ for c in rest].count('OutcomeUnknown'), len(rest.edits)") == "(1, 8)"
    )
    assert len(app.requests) - before == 6
    kernel.ok("%%imgedit coffee.png --vary take=1..9 -o rest --retry\nnight")
    assert value(kernel, "len(rest.edits)") == "9" and len(app.requests) - before == 7


def test_unfinished_pictures_are_shown_and_gone_when_the_card_comes(kernel: Kernel) -> None:
    ran = kernel.ok(
        "from requesty_nb.offline import create_app\n"
        "from requesty_nb.sessions import apps\n"
        "apps._app = create_app(require_key=False, delay=1.5)"
    )
    ran = kernel.ok("%%imgedit coffee.png --partial 2\nnight, streamed")
    kernel.ok("apps._app = None")
    shown = [one["data"]["text/html"] for one in ran.of("display_data", "update_display_data")]
    assert any("unfinished picture 1" in html for html in shown)
    assert any("unfinished picture 2" in html for html in shown)
    assert "unfinished" not in ran.card["text/html"] and "streamed" in ran.card["text/html"]
