"""What an editor is when it opens, and what Python reads and sets of it."""

from __future__ import annotations

import gc
import io
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from editing import COFFEE, PHOTOS, SIZE, agrees, opened, pairs
from ipywidgets.widgets.widget import _instances
from pages import User
from photos import encoded, photo
from PIL import Image, ImageChops
from traitlets import TraitError

from requesty_nb import images
from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.masks import Mask
from requesty_nb.widgets import Editor, colours
from requesty_nb.widgets.canvases import EDGE

CONTRACT = Path(__file__).parent.parent.parent / "js" / "src" / "model.ts"


# --- the contract


def test_the_synced_traits_are_those_of_the_contract(user):
    listed = re.search(r"interface Traits \{(.*?)\n\}", CONTRACT.read_text(), re.DOTALL)
    assert listed
    names = set(re.findall(r"^  (\w+):", listed[1], re.MULTILINE))
    own = {
        name
        for name, trait in user.editor.traits(sync=True).items()
        if trait.this_class.__module__.startswith("requesty_nb")
    }
    assert own - {"_esm", "_css", "_anywidget_id"} == names
    assert names <= set(user.state)
    browser = set(re.findall(r"^  (\w+): [^;]*; // B", listed[1], re.MULTILINE))
    assert browser == user.editor._browser_sets - {"layout", "tabbable", "tooltip"}


def test_every_message_of_the_contract_is_heard(user):
    listed = re.search(r"type Outgoing =(.*?)/\*\*", CONTRACT.read_text(), re.DOTALL)
    assert listed
    kinds = set(re.findall(r'k: "(\w+)"', listed[1]))
    heard = {name.removeprefix("_hear_") for name in dir(user.editor) if name.startswith("_hear_")}
    assert kinds == heard


def test_the_choices_are_those_the_panel_offers(user):
    assert user.state["choices"] == {
        "model": ["offline/painter", "offline/leaky"],
        "size": ["auto", "1024x1024", "1536x1024", "1024x1536"],
        "quality": ["auto", "low", "medium", "high"],
        "background": ["auto", "transparent", "opaque"],
        "output_format": ["auto", "png", "jpeg", "webp"],
    }


# --- opening


def test_an_editor_opens_with_the_photo_and_nothing_drawn(user):
    assert user.state["source_name"] == "coffee.png" and list(user.state["source_size"]) == [*SIZE]
    with Image.open(io.BytesIO(user.state["preview"])) as preview:
        assert (preview.format, preview.size) == ("WEBP", SIZE)
    assert user.grey().getbbox() is None
    assert (user.state["mask_share"], user.state["can_undo"], user.state["can_redo"]) == (0, False, False)
    apart = ImageChops.difference(user.canvas("_photo").convert("RGB"), Image.open(COFFEE).convert("RGB"))
    assert np.asarray(apart).mean() < 5, "JPEG is not exact, but near"


def test_nothing_is_painted_before_a_page_is_there(page, session):
    editor = Editor(COFFEE, session=session)
    user = User(page, editor)
    user.ok("op", t="fill")
    assert page.canvases == {}
    user.arrive()
    agrees(user)
    editor.close()


def test_a_large_photo_is_sent_as_a_preview(page, session, tmp_path):
    grain = np.random.default_rng(5).integers(0, 256, (512, 512, 3), np.uint8)
    soft = Image.fromarray(grain).resize((4096, 4096), Image.Resampling.BICUBIC)
    large = Image.blend(photo(4096, 4096), soft, 0.1)
    (tmp_path / "large.jpg").write_bytes(encoded(large, "JPEG", quality=90))
    editor = Editor(tmp_path / "large.jpg", session=session)
    user = User(page, editor)
    user.arrive()
    assert page.weight <= 500_000
    assert user.canvas("_photo").size == user.canvas("_overlay").size == (EDGE, EDGE)
    opened = len(page.sent)
    user.ok("op", pairs(*np.linspace(900, 1500, 40)), t="brush", w=120)
    assert sum(one.weight for one in page.sent[opened:]) <= 20_000
    assert [one.content.get("k") or one.data["method"] for one in page.sent[opened:]] == [
        "custom",
        "update",
        "ack",
    ]
    agrees(user)
    editor.close()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (33, 17)])
def test_photos_of_every_kind_and_shape_can_be_drawn_on(page, session, mode, size):
    editor = Editor(photo(*size).convert(mode), session=session)
    user = User(page, editor)
    user.arrive()
    user.ok("op", pairs(0, 0, *size), t="brush", w=3)
    user.ok("view", v="a", box=[0, 0, *size], edge=64)
    assert editor.mask.size == size and not editor.mask.is_empty
    agrees(user)
    assert editor._repr_mimebundle_()[0]["image/jpeg"]
    editor.close()


def test_a_transparent_photo_stands_on_a_chess_board(page, session):
    editor = Editor(Image.new("RGBA", (64, 64)), session=session)
    user = User(page, editor)
    user.arrive()
    colours_seen = {colour for _, colour in user.canvas("_photo").convert("L").getcolors() or ()}
    assert max(colours_seen) - min(colours_seen) >= 20
    editor.close()


def test_all_layers_of_a_transparent_photo_are_opaque_and_show_the_same(page, session):
    clear = photo(3000, 1500)
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    with opened(page, session, clear) as user:
        with Image.open(io.BytesIO(user.state["preview"])) as one:
            preview = one.copy()
        assert preview.mode == "RGB"
        painted = user.canvas("_photo")
        assert painted.getchannel("A").getextrema() == (255, 255)
        assert np.asarray(ImageChops.difference(preview, painted.convert("RGB"))).mean() < 5
        user.ok("view", v="a", box=[300, 150, 900, 450], edge=2048)
        (answer,) = user.page.said(user.model, "detail")
        with Image.open(io.BytesIO(answer.buffers[0])) as near:
            assert near.mode == "RGB" and near.size == (600, 300)
            small = near.resize((205, 102), Image.Resampling.BOX)
        there = preview.resize(
            small.size, Image.Resampling.BOX, box=[at * 1024 / 3000 for at in (300, 150, 900, 450)]
        )
        assert np.asarray(ImageChops.difference(small, there)).mean() < 4, "the fields lie on each other"
        user.editor.prompt = "x"
        assert images.decode(user.editor.ask().images[0].sent.read()).mode == "RGBA"


def test_a_photo_that_is_elsewhere_cannot_be_drawn_on(session):
    with pytest.raises(BadRequest, match="pixels are not here"):
        Editor("https://example.com/a.png", session=session)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"mask": Mask((3, 3))}, BadImage),
        ({"brush": -1}, TraitError),
        ({"tool": "knife"}, TraitError),
        ({"mask_color": "pink"}, TraitError),
        ({"references": ["nosuch.png"]}, BadImage),
        ({"references": [COFFEE] * 16}, BadRequest),
        ({"extend": (1, 2, 3)}, BadRequest),
        ({"extend": (-1, 0, 0, 0)}, BadRequest),
        ({"qualty": "high"}, BadRequest),
        ({"n": 11}, TraitError),
    ],
)
def test_an_editor_that_cannot_be_made_says_why_and_leaves_nothing(page, session, options, error):
    before = set(_instances)
    with pytest.raises(error):
        Editor(COFFEE, session=session, **options)
    gc.collect()
    assert set(_instances) - before == set()


def test_a_misspelt_option_is_named(session):
    with pytest.raises(BadRequest) as caught:
        Editor(COFFEE, session=session, qualty="high")
    assert "'quality'" in caught.value.hint


def test_the_masks_colour_is_one_that_shows_on_the_photo(page, session):
    pink = Editor(Image.new("RGB", (30, 30), colours.rgb(colours.PALETTE[0])), session=session)
    assert pink.mask_color not in {colours.PALETTE[0], colours.PALETTE[6]}
    own = Editor(
        Image.new("RGB", (30, 30), colours.rgb(colours.PALETTE[0])), session=session, mask_color="#e6007e"
    )
    assert own.mask_color == "#e6007e"
    own.image = Image.new("RGB", (30, 30))
    assert own.mask_color == "#e6007e", "it was chosen"
    picked = pink.mask_color
    pink.image = Image.new("RGB", (30, 30), colours.rgb(picked))
    assert pink.mask_color != picked, "another photo, another colour"
    pink.close()
    own.close()


# --- from Python


def test_mask_strokes_and_extension_can_be_set(user):
    editor = user.editor
    editor.mask = Mask(SIZE).rect(0, 0, 50, 50)
    agrees(user)
    strokes = [*editor.strokes, {"op": "brush", "points": [[200, 200]], "width": 40}]
    editor.strokes = strokes
    assert editor.mask.digest == Mask(SIZE).rect(0, 0, 50, 50).brush((200, 200), 40).digest
    agrees(user)
    editor.extend = [1, 2, 3, 4]
    assert editor.extend == (1, 2, 3, 4)
    for _ in range(3):
        editor.undo()
    assert editor.mask.is_empty and editor.strokes == () and not editor.can_undo
    editor.redo()
    assert editor.mask.bbox == (0, 0, 50, 50)
    editor.mask = None
    assert editor.mask.is_empty and editor.can_undo


def test_a_mask_can_be_anything_that_says_where(user):
    chosen = np.zeros((400, 600), bool)
    chosen[:100] = True
    user.editor.mask = chosen
    assert user.editor.mask.bbox == (0, 0, 600, 100)
    other = Editor(COFFEE, user.editor, session=user.editor._session)
    assert other.mask == user.editor.mask
    other.close()
    with pytest.raises(BadImage, match="10 x 10"):
        user.editor.mask = Mask((10, 10))
    assert user.editor.mask.bbox == (0, 0, 600, 100)


def test_strokes_that_make_no_sense_are_refused(user):
    with pytest.raises(BadImage):
        user.editor.strokes = [{"op": "spray"}]
    assert user.editor.strokes == () and not user.editor.can_undo


def test_strokes_over_a_bitmap_keep_it(user):
    user.editor.mask = Mask.from_image(Image.new("L", SIZE, 255))
    user.ok("op", pairs(100, 100), t="erase", w=30)
    before = user.editor.mask.digest
    user.editor.strokes = list(user.editor.strokes)
    assert user.editor.mask.digest == before


def test_another_photo_can_be_set_and_undone(user):
    user.ok("op", pairs(100, 100), t="brush", w=30)
    user.editor.image = PHOTOS / "chelsea.png"
    assert user.state["source_name"] == "chelsea.png" and user.editor.mask == Mask((451, 300))
    assert user.canvas("_photo").size == (451, 300)
    user.ok("op", t="fill")
    agrees(user)
    user.ok("undo")
    user.ok("undo")
    assert user.editor.image.name == "coffee.png" and user.editor.mask == Mask(SIZE).brush((100, 100), 30)
    agrees(user)
    assert user.canvas("_photo").size == SIZE


def test_changes_can_be_observed(user):
    seen: list[tuple[str, Any]] = []
    user.editor.observe(
        lambda change: seen.append((change["name"], change["new"])), ["mask", "strokes", "image", "extend"]
    )
    user.ok("op", pairs(100, 100), t="brush", w=30)
    assert [name for name, _ in seen] == ["mask", "strokes"] and seen[0][1] == user.editor.mask
    user.editor.image = photo()
    assert {name for name, _ in seen} == {"mask", "strokes", "image"}


def test_what_only_python_knows_cannot_be_set(user):
    for name in ("can_undo", "preview", "results", "edits", "source_name"):
        with pytest.raises(TraitError):
            setattr(user.editor, name, getattr(user.editor, name))


def test_an_editor_is_a_source_with_a_mask(user, session):
    user.editor.mask = Mask(SIZE).rect(0, 0, 300, 400)
    edit = session.edit("sepia", user.editor, mask=user.editor)
    assert edit.request.images[0].name == "coffee.png"
    assert edit.request.mask and edit.request.mask.digest == user.editor.mask.digest
    assert images.load(user.editor) is user.editor.image


def test_threads_may_draw_set_and_look_at_the_same_time(user):
    failures: list[str] = []

    def draw(number: int) -> None:
        mine = User(user.page, user.editor)
        for step in range(12):
            problem = mine.tell("op", pairs(number * 70 + 30, step * 30), t="brush", w=20)
            problem += mine.tell("view", v="a", box=[0, 0, 99, 99], edge=99)
            if problem:
                failures.append(problem)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for step in range(30):
        user.editor.brush = 10 + step
        user.editor.extend = (step, 0, 0, 0)
        user.set(prompt=f"{step}")
        user.arrive()
    for thread in threads:
        thread.join()
    assert failures == []
    everything = Mask(SIZE)
    for number in range(8):
        for step in range(12):
            everything = everything.brush((number * 70 + 30, step * 30), 20)
    assert user.editor.mask.digest == everything.digest
    assert len(user.editor.strokes) == 96 and user.editor.extend == (29, 0, 0, 0)
    assert user.state["brush"] == 39 and user.state["prompt"] == "29"
    agrees(user)
