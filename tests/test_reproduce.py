"""An experiment in a notebook, run, restarted, changed in one word, and run elsewhere from its export."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import skimage.data
from kernels import kernel_in
from PIL import Image
from servers import serving

from requesty_nb.offline import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kernels import Kernel, Ran

MODEL = "azure/openai/gpt-image-1"
EDITS = 50
HEADLINE = re.compile(r"take 1 · (new|replayed from the history, nothing paid).*? · --new makes another")
SETUP = """\
%load_ext requesty_nb
import requesty_nb as rq
from PIL import Image
sky = rq.Mask((96, 64)).rect(0, 0, 96, 30).feather(3)"""
AS_JPEG = "-f jpeg --compression 60 -s 1024x1024 -q low"


class Counter:
    """The endpoint behind ``serve --as``, and how many edits it was asked for."""

    def __init__(self) -> None:
        self.posts = 0
        self._app: Any = create_app(serve_as=(MODEL,))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.posts += scope["method"] == "POST"
        await self._app(scope, receive, send)


def experiment(word: str = "sepia") -> list[str]:
    """Return the cells of fifty edits: of files, arrays, masked, by Python, and nine in chains."""
    cells = [
        f"%%imgedit photo{number % 3}.png {AS_JPEG} -o e{number}\nsepia, number {number}"
        for number in range(36)
    ]
    cells += [
        f"%%imgedit photo0.png --mask sky {AS_JPEG} -o m{number}\nsunset {number}" for number in range(3)
    ]
    cells += [
        f"f{number} = rq.edit('noise {number}', Image.open('photo1.png').copy(), size='1024x1024', "
        "output_format='jpeg'); f0"
        for number in range(2)
    ]
    cells += [f"%%imgedit e0 {AS_JPEG} -o c0\n{word}, chained"]
    cells += [f"%%imgedit c{number} m0 {AS_JPEG} -o c{number + 1}\nchain {number}" for number in range(4)]
    cells += [f"%%imgedit m{number % 3} {AS_JPEG} -o d{number}\nother chain {number}" for number in range(4)]
    assert len(cells) == EDITS
    return cells


@contextmanager
def notebook(folder: Path, **environment: str) -> Iterator[Kernel]:
    settings = {"REQUESTY_NB_HISTORY": "edits-kept", "REQUESTY_NB_MODEL": MODEL, **environment}
    with kernel_in(folder, {**os.environ, **settings}) as kernel:
        kernel.ok(SETUP)
        yield kernel


def run_all(kernel: Kernel, cells: list[str]) -> list[str]:
    """Run cells; return their cards."""

    def card(ran: Ran) -> str:
        return ran.card["text/html"]

    return [card(kernel.ok(cell)) for cell in cells]


def digests(kernel: Kernel) -> dict[str, list[str]]:
    """Return the digests of all pictures that variables hold, as received and restored."""
    held = "{name: one for name, one in globals().items() if isinstance(one, rq.Edit)}"
    pictures = "[picture.digest for picture in (*one.images, *one.restored)]"
    found: dict[str, list[str]] = kernel.value(f"{{name: {pictures} for name, one in {held}.items()}}")
    return {name: shas for name, shas in found.items() if not name.startswith("_")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("experiment")
    for number, name in enumerate(("astronaut", "coffee", "rocket")):
        Image.fromarray(getattr(skimage.data, name)()).resize((96, 64)).save(place / f"photo{number}.png")
    return place


def test_an_experiment_is_paid_for_once_and_runs_again_anywhere(folder, tmp_path):
    counter = Counter()
    with serving(counter) as address:
        online = {"REQUESTY_BASE_URL": f"{address}/v1"}
        with notebook(folder, **online) as kernel:
            new = run_all(kernel, experiment())
            made = digests(kernel)
            assert counter.posts == EDITS and len(made) == EDITS
            kernel.ok("rq.history.export('run.zip')")
        with notebook(folder, **online) as kernel:
            again = run_all(kernel, experiment())
            assert digests(kernel) == made and counter.posts == EDITS
        assert all(HEADLINE.search(card) for card in new + again)
        assert [HEADLINE.sub("", card) for card in again] == [HEADLINE.sub("", card) for card in new]
        assert not any("replayed" in card for card in new) and all("replayed" in card for card in again)

        with notebook(folder, **online) as kernel:  # in another order, under other names, with tags
            cells = [re.sub(r"-o (\w+)\n", r"-o other_\1 --tag moved\n", cell) for cell in experiment()[:39]]
            run_all(kernel, cells[::-1])
            assert counter.posts == EDITS

        with notebook(folder, **online) as kernel:  # one word of an edit that four others are chained to
            run_all(kernel, experiment("watercolour"))
            assert counter.posts == EDITS + 5
            changed = digests(kernel)
        assert {name for name in made if changed[name] != made[name]} == {"c0", "c1", "c2", "c3", "c4"}

    elsewhere = tmp_path / "another-machine"
    elsewhere.mkdir()
    for name in ("photo0.png", "photo1.png", "photo2.png", "run.zip"):
        shutil.copy(folder / name, elsewhere / name)
    away = {
        "REQUESTY_BASE_URL": "http://127.0.0.1:9/v1",
        "REQUESTY_API_KEY": "",
        "REQUESTY_NB_REPLAY": "only",
    }
    with notebook(elsewhere, **away) as kernel:
        kernel.ok("%imgedit import run.zip")
        cards = run_all(kernel, experiment())
        assert digests(kernel) == made
        assert [HEADLINE.sub("", card) for card in cards] == [HEADLINE.sub("", card) for card in new]
        error = kernel.run(experiment("watercolour")[41]).error
        assert error["ename"] == "NotRecorded" and "'watercolour, chained'" in "".join(error["lines"])
