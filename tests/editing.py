"""What tests of the editor share: a photo, strokes as bytes, and looking at what the page shows."""

from __future__ import annotations

import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import skimage.data
from pages import User
from PIL import Image, ImageChops

from requesty_nb.widgets import Editor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pages import Page

    from requesty_nb.models import Edit
    from requesty_nb.sessions import Session

PHOTOS = Path(skimage.data.__file__).parent
COFFEE = PHOTOS / "coffee.png"  # 600 x 400
SIZE = (600, 400)


@contextmanager
def opened(page: Page, session: Session, image: object = COFFEE, **options: Any) -> Iterator[User]:
    """Show an editor on a page."""
    editor = Editor(image, session=session, **options)
    user = User(page, editor)
    user.arrive()
    yield user
    editor.close()


def pairs(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def agrees(user: User) -> None:
    """See that canvas, traits, mask and what would be asked for are the same."""
    editor = user.editor
    mask = editor._drawing.shown.mask
    assert editor.mask is mask and editor.image is editor._drawing.scene.source
    assert editor.strokes == tuple(operation.to_json() for operation in mask.operations)
    assert editor.extend == editor._drawing.scene.extend
    asked = editor.ask(prompt="x").mask
    assert mask.is_empty if asked is None else asked.digest == mask.digest
    expected = mask.rasterize()
    shown = user.canvas("_overlay").getchannel("A")
    if expected.size != shown.size:
        expected = expected.resize(shown.size, Image.Resampling.BOX, reducing_gap=1.0)
    assert ImageChops.difference(expected, shown).getbbox() is None
    assert ImageChops.difference(expected, user.grey()).getbbox() is None
    assert user.state["mask_share"] == pytest.approx(mask.share)


def generate(user: User, job: str = "job-1") -> Edit:
    """Click Generate, and wait for the result."""
    made = len(user.editor.edits)
    user.ok("ask", j=job)
    assert user.page.said(user.model, "accepted")[-1].content["j"] == job
    user.ok("start", j=job)
    user.page.until(lambda: len(user.editor.results) > made and not user.state["jobs"])
    edit: Edit = user.editor.edits[-1]
    return edit
