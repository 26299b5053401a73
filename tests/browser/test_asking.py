"""Asking for edits by hand: the main job, a busy kernel, further pictures, and what can go wrong."""

import json
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser.conftest import jupyter
from browser.editors import IMPORTS, EditorView, editing
from browser.hosts import plain_kernel, until
from browser.notebooks import in_lab, opened, write
from photos import noise
from servers import serving

from requesty_nb.offline import create_app

MODEL = "azure/openai/gpt-image-1"
DELAY = 1.5  # seconds that an edit takes where one has to be caught under way
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}

ARRAYS = """\
def pixels(picture): return np.asarray(picture.convert('RGB')).astype(int)
def kept(edit):  # inside and outside the mask: the largest difference of the restored picture from the source
    off = np.abs(pixels(edit.restored[0].pil) - pixels(photo)).max(axis=2)
    outside = np.asarray(edit.mask.rasterize()) == 0
    return int(off[outside].max()), int(off[~outside].max())
"""

# Runs a new last cell, and resolves when it is done.
NEW_CELL = """async code => {
    const { content } = jupyterapp.shell.currentWidget;
    content.activeCellIndex = content.widgets.length - 1;
    await jupyterapp.commands.execute('notebook:insert-cell-below');
    content.activeCell.model.sharedModel.setSource(code);
    await jupyterapp.commands.execute('notebook:run-cell');
}"""

# The brightest pixel of a picture on the page, colours apart from alpha, inside and outside a box of shares.
BRIGHTEST = """async (picture, box) => {
    if (picture.decode) await picture.decode();
    const [width, height] = [picture.naturalWidth || picture.width, picture.naturalHeight || picture.height];
    const pen = new OffscreenCanvas(width, height).getContext('2d');
    pen.drawImage(picture, 0, 0);
    const { data } = pen.getImageData(0, 0, width, height);
    const most = { inside: 0, outside: 0, alpha: 0 };
    const [left, top, right, bottom] = [box[0] * width, box[1] * height, box[2] * width, box[3] * height];
    for (let at = 0; at < data.length; at += 4) {
        const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
        const where = x >= left && x < right && y >= top && y < bottom ? 'inside' : 'outside';
        most[where] = Math.max(most[where], data[at], data[at + 1], data[at + 2]);
        most.alpha = Math.max(most.alpha, data[at + 3]);
    }
    return most;
}"""


class Asking:
    """The panel and the results of one editor's view."""

    def __init__(self, view: EditorView) -> None:
        self.view, self.root, self.page, self.notebook = view, view.root, view.page, view.notebook
        self.prompt = self.root.get_by_label("Prompt", exact=True)
        self.cards = self.root.get_by_role("list", name="Edits under way").locator("li")
        self.strip = self.root.get_by_role("list", name="Results, newest first").locator("li")
        self.viewer = self.root.locator(".rqe-viewer")

    def generate(self, prompt: str) -> None:
        """Type a prompt and ask, by keys alone."""
        self.prompt.focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(prompt)
        self.page.keyboard.press("Control+Enter")

    def card(self, prompt: str):
        """Return the card of an edit under way."""
        return self.cards.filter(has_text=prompt)

    def press(self, button: str) -> None:
        """Press a button of the viewer, and wait until the kernel has answered."""
        self.viewer.get_by_role("button", name=button, exact=True).click()
        self.view.settled()

    def compare(self, mode: str) -> None:
        """Look at the result in one of four ways."""
        self.viewer.get_by_role("radio", name=mode, exact=True).check()

    def picture(self, name: str):
        """Return a picture of the viewer by what it is called."""
        return self.viewer.get_by_role("img", name=name)


def brightest(picture, box=(0, 0, 0, 0)) -> dict[str, int]:
    return picture.evaluate(BRIGHTEST, list(box))


@pytest.fixture(scope="module")
def plain_lab(tmp_path_factory):
    """The folder and address of a JupyterLab whose kernel named plain has no subshells."""
    folder = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in plain_kernel(folder).items():
            patch.setenv(name, value)
        with jupyter("jupyterlab", folder) as address:
            yield folder, address


# --- the main job

LEAKY = f"""\
%load_ext requesty_nb
{ARRAYS}
photo = Image.fromarray(data.coffee())
ed = rq.Editor(photo, model='offline/leaky', brush=120)
ed"""
DRAWN = [(180, 150), (420, 150), (420, 250), (180, 250)]
BOX = (90 / 600, 60 / 400, 510 / 600, 340 / 400)  # around what is drawn, as shares of the photo


def test_the_main_job_by_hand(chromium, lab, workspace):
    with editing(chromium, lab, workspace, [LEAKY], name="main-job.ipynb", **CLIPBOARD) as view:
        asking = Asking(view)
        recorded = view.notebook.ask("len(rq.history)")
        view.drag(*DRAWN)
        view.settled()
        asking.generate("A bowl of soup")
        asking.viewer.wait_for()
        assert asking.strip.count() == 1
        see_all_four_ways(asking)
        outside, inside = view.notebook.ask("kept(ed.edits[0])")
        assert outside == 0 and inside > 20
        assert view.notebook.ask("ed.edits[0].leak.share") > 0.01, "the leaky painter did not leak"
        see_actions(asking)
        assert view.notebook.ask("len(rq.history)") == recorded + 1
        replay_by_cell(asking)
        assert view.notebook.ask("len(rq.history)") == recorded + 1


def see_all_four_ways(asking: Asking) -> None:
    """Close the result, open it again, and compare it with its source in every way."""
    thumb = asking.strip.get_by_role("button")
    thumb.click()
    asking.viewer.wait_for(state="hidden")
    thumb.click()
    asking.compare("Beside")
    for name in ("Source", "Result: A bowl of soup"):
        assert brightest(asking.picture(name))["outside"] > 100
    captions = asking.viewer.locator("figcaption").all_inner_texts()
    assert captions == [f"{name}, 600 \N{MULTIPLICATION SIGN} 400" for name in ("Source", "Restored")]

    asking.compare("Slider")
    slider = asking.viewer.get_by_role("slider")
    box = asking.viewer.locator(".rqe-slider").bounding_box()
    middle = box["y"] + box["height"] / 2
    asking.page.mouse.move(box["x"] + box["width"] / 2, middle)
    asking.page.mouse.down()
    asking.page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    asking.page.mouse.up()
    assert slider.get_attribute("aria-valuenow") == "25"
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "Shift+ArrowRight", "PageDown", "ArrowRight"):
        asking.page.keyboard.press(key)
    assert slider.get_attribute("aria-valuenow") == "29"
    lies = slider.evaluate("one => one.offsetLeft / one.parentElement.clientWidth")
    assert lies == pytest.approx(0.29, abs=0.01)

    def differs(where: str) -> dict[str, int]:
        return until(
            lambda: brightest(canvas, BOX), lambda most: most[where] > 100, "a difference", asking.page
        )

    asking.compare("Difference")
    canvas = asking.picture("Difference of source and result")
    assert differs("inside")["outside"] == 0
    asking.press("As received")
    differs("outside")
    asking.press("As received")
    asking.compare("Heat map")
    assert brightest(asking.picture("What changed outside the mask"))["alpha"] > 100
    leak = asking.notebook.ask("dict(rq.display.facts(ed.edits[0]))['Outside the mask']")
    assert asking.viewer.get_by_text(leak).count() == 2, "in the caption and in the facts"


def see_actions(asking: Asking) -> None:
    """Go on from the result, draw its mask again, and save it."""
    asking.press("Use as source")
    view = asking.view
    view.until("mask.is_empty")
    assert view.ask("image.name").startswith("edit-")
    assert view.notebook.ask("bool((pixels(ed.image.pixels()) == pixels(ed.edits[0].restored[0].pil)).all())")
    asking.press("Draw its mask again")
    assert view.notebook.ask("ed.mask.digest == ed.edits[0].mask.digest")
    asking.press("Save")
    notice = asking.root.locator(".rqe-notice", has_text="Saved as")
    saved = Path(notice.locator("span").inner_text().removeprefix("Saved as "))
    assert saved.is_file()
    assert view.notebook.ask(f"open({str(saved)!r}, 'rb').read() == ed.edits[0].restored[0].bytes")


def replay_by_cell(asking: Asking) -> None:
    """Copy the result as a cell, run that, and see that it was not made again."""
    asking.press("Copy as cell")
    asking.viewer.get_by_text("Copied.").wait_for()
    text = asking.page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("%%imgedit ") and text.rstrip().endswith("A bowl of soup")
    asking.page.evaluate(NEW_CELL, text)
    asking.page.get_by_text("replayed from the history, nothing paid").wait_for()
    assert asking.notebook.ask("_ == ed.edits[0]") or asking.notebook.ask("rq.history[-1] == ed.edits[0]")


# --- a busy kernel


@contextmanager
def plain(chromium, address: str, folder: Path, cells: list[str], *, name: str):
    """Open a notebook as `editing` does, in the kernel without subshells."""
    write(folder, name, [IMPORTS, *cells])
    (folder / name).write_text((folder / name).read_text().replace('"python3"', '"plain"'))
    with opened(chromium, in_lab(address, name)) as notebook:
        notebook.run_all()
        yield EditorView(notebook)
        assert not notebook.errors


BUSY = "import time, pathlib\nwhile not pathlib.Path('free').exists(): time.sleep(0.01)"


def at_server(url: str, name: str) -> str:
    return f"""\
session = rq.Session(base_url={url + "/v1"!r}, api_key='any', history={name!r}, model={MODEL!r})
photo = Image.fromarray(data.coffee())
ed = rq.Editor(photo, rq.Mask(photo.size).rect(150, 100, 450, 300), session=session, quality='low')
ed"""


def sent(url: str) -> int:
    with urllib.request.urlopen(f"{url}/v1/offline/count") as answer:  # noqa: S310 - our own server
        return json.load(answer)["edits"]


def healthy(asking: Asking, url: str) -> None:
    """See that the kernel computes, and that the editor still asks."""
    before, cards = sent(url), asking.strip.count()
    assert asking.notebook.ask("6 * 7") == 42
    asking.generate("Once more")
    asking.strip.nth(cards).wait_for()
    assert sent(url) == before + 1
    assert asking.cards.count() == 0


def test_a_busy_kernel_with_subshells_works_on_two_edits_and_one_is_cancelled(chromium, lab, workspace):
    with (
        serving(create_app(serve_as=(MODEL,), delay=DELAY)) as url,
        editing(chromium, lab, workspace, [at_server(url, "with")], name="with.ipynb") as view,
    ):
        asking = Asking(view)
        view.settled()
        view.notebook.execute(BUSY)
        asking.generate("A red cup")
        asking.generate("A blue cup")
        until(lambda: sent(url), lambda count: count == 2, 2, view.page)
        assert asking.root.get_by_text("Queued").count() == 0
        asking.card("A blue cup").get_by_role("button").click()
        card = asking.cards.filter(has_text="Cancelled while waiting for the endpoint")
        card.filter(has_text="It is not known whether this was paid.").wait_for()
        asking.strip.filter(has_text="A red cup").wait_for()
        (workspace / "free").touch()
        view.notebook.finish()
        (workspace / "free").unlink()
        assert asking.strip.count() == 1
        card.get_by_role("button", name="Dismiss: A blue cup").click()
        card.wait_for(state="detached")
        assert view.notebook.ask("[(e.prompt, e.state) for e in session.history]") == [("A red cup", "ok")]
        assert view.notebook.ask("[(e.prompt, e.state) for e in session.history.failures]") == [
            ("A blue cup", "unknown")
        ]
        healthy(asking, url)

        view.notebook.execute("import time; time.sleep(60)")
        before = sent(url)
        asking.generate("A green cup")
        until(lambda: sent(url), lambda count: count == before + 1, before + 1, view.page)
        view.page.evaluate("jupyterapp.commands.execute('notebook:interrupt-kernel')")
        asking.cards.filter(has_text="Interrupted while waiting for the endpoint").wait_for()
        assert view.page.evaluate("window.ranInKernel") == "!KeyboardInterrupt: "
        assert view.notebook.ask("session.history.failures[-1].prompt") == "A green cup"
        asking.cards.get_by_role("button", name="Dismiss").click()
        healthy(asking, url)


def test_a_busy_kernel_without_subshells_queues_and_never_sends_what_was_cancelled(chromium, plain_lab):
    folder, lab = plain_lab
    with (
        serving(create_app(serve_as=(MODEL,))) as url,
        plain(chromium, lab, folder, [at_server(url, "without")], name="without.ipynb") as view,
    ):
        asking = Asking(view)
        cups = ["A red cup", "A blue cup", "A green cup"]
        view.settled()
        view.notebook.execute(BUSY)
        for prompt in cups:
            asking.generate(prompt)
        for prompt in cups:
            asking.card(prompt).filter(has_text="Queued: the kernel is busy. Nothing is sent yet.").wait_for()
        asking.card("A blue cup").get_by_role("button").click()
        asking.card("A blue cup").wait_for(state="detached")
        assert sent(url) == 0
        (folder / "free").touch()
        view.notebook.finish()
        for prompt in ("A red cup", "A green cup"):
            asking.strip.filter(has_text=prompt).wait_for()
        view.settled()
        made = view.notebook.ask("sorted(e.prompt for e in [*session.history, *session.history.failures])")
        assert made == ["A green cup", "A red cup"]
        assert sent(url) == 2
        healthy(asking, url)


# --- further pictures


def test_fifteen_references_and_no_more(chromium, lab, workspace, tmp_path):
    files = []
    for number in range(16):
        path = tmp_path / f"picture-{number}.png"
        path.write_bytes(noise(number))
        files.append(path)
    cell = "photo = Image.fromarray(data.coffee())\ned = rq.Editor(photo, model='offline/painter')\ned"
    with editing(chromium, lab, workspace, [cell], name="references.ipynb", **CLIPBOARD) as view:
        asking = Asking(view)
        pick = asking.root.locator("input[type=file]")
        listed = asking.root.get_by_role("list", name="Reference pictures").get_by_role("img")
        pick.set_input_files(files[:15])
        view.until("references.__len__()", 15)
        assert view.ask("references[14].name") == "picture-14.png"
        asking.root.get_by_text("15 of 15").wait_for()
        pick.set_input_files(files[15])
        asking.root.get_by_text("At most 15 pictures can be added: picture-15.png left out.").wait_for()
        view.settled()
        assert view.ask("references.__len__()") == listed.count() == 15
        asking.root.get_by_role("button", name="Remove picture-3.png").click()
        view.until("references.__len__()", 14)
        assert "picture-3.png" not in view.notebook.ask("[one.name for one in ed.references]")
        paste(asking, noise(99))
        view.until("references.__len__()", 15)
        assert view.notebook.ask("ed.references[14].source.size") == (32, 32)
        asking.generate("A bowl of soup")
        asking.strip.wait_for()
        assert view.notebook.ask("len(ed.edits[0].request.images)") == 16


def paste(asking: Asking, picture: bytes) -> None:
    """Put a picture into the clipboard and paste it into the panel, as a person does."""
    asking.page.evaluate(
        """async bytes => {
            const file = new Blob([new Uint8Array(bytes)], { type: 'image/png' });
            await navigator.clipboard.write([new ClipboardItem({ 'image/png': file })]);
        }""",
        list(picture),
    )
    asking.prompt.focus()
    asking.page.keyboard.press("Control+v")


# --- what can go wrong

HOSTILE = '<img src=x onerror="window.harmed = true"><b>bold</b> & {braces}'


def test_errors_say_what_happened_whether_it_was_paid_and_what_to_do(chromium, lab, workspace):
    cell = """\
import os
os.environ.pop('REQUESTY_API_KEY', None)
photo = Image.fromarray(data.coffee())
session = rq.Session(base_url='https://requesty.invalid/v1', history='errors')
ed = rq.Editor(photo, model='offline/painter', session=session)
ed"""
    with editing(chromium, lab, workspace, [cell], name="errors.ipynb") as view:
        asking = Asking(view)
        asking.root.get_by_role("button", name="Generate").click()
        asking.root.get_by_role("alert").get_by_text("Write what to make of the picture first.").wait_for()
        assert asking.prompt.evaluate("area => area === document.activeElement")
        assert asking.prompt.get_attribute("aria-invalid") == "true"

        view.press("a")
        view.settled()
        asking.generate("Everything anew")
        refused(asking, "Everything anew", "whole", "Nothing was paid.")
        view.press("Delete")
        view.settled()

        asking.root.get_by_label("Model").fill("vendor/unheard-of")
        asking.generate("A bowl of soup")
        refused(asking, "A bowl of soup", "key", "Nothing was paid.", "REQUESTY_API_KEY", "offline/painter")

        asking.root.get_by_label("Model").fill("offline/painter")
        asking.generate(HOSTILE)
        asking.viewer.wait_for()
        for place in (asking.strip, asking.viewer):
            place.get_by_text(HOSTILE, exact=True).wait_for()
        asking.compare("Beside")
        assert view.root.locator("img[src=x], .rqe b").count() == 0
        assert view.page.evaluate("window.harmed") is None
        assert view.notebook.ask("[e.prompt for e in ed.edits]") == [HOSTILE]


def refused(asking: Asking, prompt: str, *words: str) -> None:
    """Wait until a card tells of the failure in these words, and take it off the list."""
    card = asking.cards.filter(has_text=prompt)
    for word in words:
        card.filter(has_text=word).wait_for()
    card.get_by_role("button", name=f"Dismiss: {prompt}").click()
    card.wait_for(state="detached")
