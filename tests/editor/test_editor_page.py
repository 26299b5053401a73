"""An editor on the page, off it, and in a kernel."""

from __future__ import annotations

import base64
import gc
import io
import os
import threading
import weakref

import comm
import numpy as np
from editing import COFFEE, SIZE, generate, pairs
from ipywidgets.widgets.widget import _instances
from kernels import kernel_in
from pages import User
from photos import photo
from PIL import Image, ImageChops

import requesty_nb as rq
from requesty_nb.masks import Mask
from requesty_nb.widgets import Editor
from requesty_nb.widgets.static import MAX_BYTES

# --- on the page


def test_where_there_are_no_widgets_a_picture_is_left(user):
    user.editor.mask = Mask(SIZE).rect(0, 0, 300, 200)
    data, _ = user.editor._repr_mimebundle_()
    assert data["text/plain"] == repr(user.editor) == "<Editor coffee.png 600x400, 25 % selected>"
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == user.model
    picture = base64.b64decode(data["image/jpeg"])
    assert len(picture) <= MAX_BYTES
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "JPEG" and image.size == (512, 341)
        before = Image.open(COFFEE).convert("RGB").resize(image.size)
        apart = np.asarray(ImageChops.difference(image, before)).mean(axis=2)
    assert apart[:150, :240].mean() > 40
    assert apart[200:, 300:].mean() < 10


def test_a_line_says_what_is_selected_and_made(user):
    assert repr(user.editor) == "<Editor coffee.png 600x400, nothing selected>"
    user.ok("op", pairs(5, 5), t="brush", w=2)
    assert repr(user.editor) == "<Editor coffee.png 600x400, under 1 % selected>"
    user.set(prompt="sepia")
    generate(user)
    assert repr(user.editor).endswith(", 1 edit>")


def test_the_picture_left_is_light_whatever_the_photo(page, session):
    grain = np.random.default_rng(3).integers(0, 256, (700, 700, 3), np.uint8)
    editor = Editor(grain, session=session)
    assert len(editor._repr_mimebundle_()[0]["image/jpeg"]) <= 54_000
    editor.close()


def test_editors_that_are_closed_leave_nothing(page, session):
    def once() -> weakref.ref[Editor]:
        editor = Editor(photo(40, 30), session=session)
        user = User(page, editor)
        user.arrive()
        user.ok("op", pairs(5, 5), t="brush", w=9)
        editor.close()
        editor.close()
        return weakref.ref(editor)

    once()
    widgets, comms = len(_instances), len(comm.get_comm_manager().comms)
    threads, models = threading.active_count(), len(page.models)
    closed = [once() for _ in range(50)]
    gc.collect()
    assert len(_instances) == widgets and len(comm.get_comm_manager().comms) == comms
    assert len(page.models) == models
    assert threading.active_count() == threads
    assert [one for one in closed if one() is not None] == []


def test_an_edit_that_ends_after_its_editor_was_closed_is_in_the_history(page, session):
    editor = Editor(COFFEE, session=session, prompt="sepia")
    user = User(page, editor)
    user.ok("ask", j="a")
    with editor._lock:  # no edit comes to the editor before it is closed
        user.ok("start", j="a")
        under_way = editor._jobs._jobs["a"].detached
        editor.close()
    assert under_way is not None
    made = under_way.wait(60)
    assert session.history[-1] == made and page.models.get(user.model) is None


def test_a_closed_editor_can_still_be_read(user):
    user.ok("op", pairs(100, 100), t="brush", w=30)
    user.editor.close()
    assert not user.editor.mask.is_empty
    user.editor.mask = None
    assert user.editor.mask.is_empty


# --- in a kernel


def test_a_cell_takes_photo_mask_and_extension_from_an_editor(tmp_path):
    environment = {**os.environ, "REQUESTY_NB_HISTORY": "history", "REQUESTY_NB_MODEL": "offline/painter"}
    with kernel_in(tmp_path, environment) as kernel:
        kernel.ok("%load_ext requesty_nb\nimport requesty_nb as rq")
        kernel.ok("import sys")
        assert (
            kernel.value(
                "sorted({'anywidget', 'ipycanvas', 'ipywidgets', 'PIL', 'numpy'} & set(sys.modules))"
            )
            == []
        )
        kernel.ok(f"ed = rq.Editor({str(COFFEE)!r})")
        still, view = (one["data"] for one in kernel.ok("ed").of("display_data"))
        assert "data:image/jpeg;base64," in still["text/html"]
        assert "application/vnd.jupyter.widget-view+json" in view
        kernel.ok("%%imgedit ed -o bare\nsepia")
        assert kernel.value("bare.request.mask is None and bare.extend is None")
        kernel.ok("ed.mask = rq.Mask((600, 400)).rect(0, 0, 300, 400)")
        kernel.ok("%%imgedit ed -o masked\nsepia")
        assert kernel.value("masked.request.mask.digest == ed.mask.digest")
        kernel.ok("ed.mask = None\ned.extend = (0, 0, 100, 0)")
        kernel.ok("%%imgedit ed -o wider\nsepia")
        assert kernel.value("wider.extend") == (0, 0, 100, 0)
        kernel.ok("%%imgedit ed -o other --extend 10,0,0,0\nsepia")
        assert kernel.value("other.extend") == (10, 0, 0, 0)


def test_a_cell_asks_for_what_a_click_would(tmp_path):
    environment = {**os.environ, "REQUESTY_NB_HISTORY": "history", "REQUESTY_NB_MODEL": "offline/painter"}
    with kernel_in(tmp_path, environment) as kernel:
        kernel.ok("%load_ext requesty_nb\nimport requesty_nb as rq\nfrom PIL import Image")
        kernel.ok("hat, cat = Image.new('RGB', (20, 20), 'red'), Image.new('RGB', (20, 20), 'teal')")
        kernel.ok("ed = rq.Editor(Image.new('RGB', (200, 100)), references=[hat], prompt='sepia')")
        kernel.ok("ed.mask = rq.Mask((200, 100)).rect(10, 10, 30, 30)")
        kernel.ok("ed._hear(None, {'k': 'try', 'grow': 20, 'feather': 0}, [])")
        kernel.ok("%%imgedit ed -o one\nsepia")
        kernel.ok("two = rq.session.run(ed.ask())")
        assert kernel.value("one.key == two.key and len(one.request.images) == 2")
        assert kernel.value("one.mask.digest == rq.Mask((200, 100)).rect(10, 10, 30, 30).grow(20).digest")
        kernel.ok("%%imgedit ed cat -o three\nsepia")
        digests = kernel.value("[ref.digest for ref in three.request.images]")
        assert digests == kernel.value(
            "[ref.digest for ref in one.request.images] + [rq.edit('x', cat).request.images[0].digest]"
        )


def test_the_editor_is_a_public_name():
    assert rq.Editor is Editor
