"""Who observes an editor's traits, and what he sets: all agrees in the end, and nobody waits for him."""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import pytest
from editing import COFFEE, SIZE, agrees, generate, opened, pairs
from pages import PATIENCE, User
from photos import photo
from PIL import Image
from traitlets import TraitError

from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.masks import Mask
from requesty_nb.widgets import Editor

if TYPE_CHECKING:
    from collections.abc import Callable


SMALL = (80, 60)
BOX = Mask(SMALL).rect(0, 0, 9, 9)


# --- what an observer sets


def test_an_observer_may_draw(user):
    def also(change: Any) -> None:
        if len(change["new"].operations) == 1:
            user.editor.mask = change["new"].invert()

    user.editor.observe(also, "mask")
    user.ok("op", pairs(100, 100), t="brush", w=30)
    assert user.editor.mask == Mask(SIZE).brush((100, 100), 30).invert()
    agrees(user)
    user.ok("undo")
    user.ok("undo")
    user.editor.mask = Mask(SIZE).rect(0, 0, 50, 50)
    assert user.editor.mask == Mask(SIZE).rect(0, 0, 50, 50).invert()
    agrees(user)


def test_an_observer_of_the_strokes_may_replace_them(user):
    def only_the_last(change: Any) -> None:
        user.editor.strokes = change["new"][-1:]

    user.editor.observe(only_the_last, "strokes")
    for x in (100, 200, 300):
        user.ok("op", pairs(x, 100), t="brush", w=30)
    assert user.editor.mask == Mask(SIZE).brush((300, 100), 30)
    agrees(user)


def test_an_observer_of_the_photo_may_set_its_mask_however_the_photo_comes(user):
    user.set(prompt="sepia", size="1024x1024")
    edit = generate(user)

    def top(change: Any) -> None:
        user.editor.mask = Mask(change["new"].size).rect(0, 0, 20, 20)

    user.editor.observe(top, "image")
    user.editor.image = photo(*SMALL)
    assert user.editor.mask.bbox == (0, 0, 20, 20)
    agrees(user)
    user.ok("use", id=edit.id, i=0, raw=True, keep=False)
    assert user.editor.mask.size == (1024, 1024) and user.editor.mask.bbox == (0, 0, 20, 20)
    agrees(user)


def test_an_observer_sees_all_traits_agree(user):
    seen: list[bool] = []

    def look(_: object) -> None:
        editor = user.editor
        mask = editor.ask(prompt="x").mask
        same = len(editor.strokes) == len(editor.mask.operations) and editor.image.size == editor.mask.size
        seen.append(same and (editor.mask.is_empty if mask is None else mask == editor.mask))

    user.editor.observe(look, ["mask", "strokes", "image", "extend", "can_undo"])
    user.ok("op", pairs(100, 100), t="brush", w=30)
    user.editor.extend = (1, 2, 3, 4)
    user.editor.image = photo(*SMALL)
    user.ok("undo")
    assert len(seen) >= 8 and all(seen)


def test_two_editors_that_are_linked_show_the_same(page, session, user):
    with opened(page, session) as other:
        link = ipywidgets.link((user.editor, "mask"), (other.editor, "mask"))
        user.ok("op", pairs(100, 100), t="brush", w=30)
        other.ok("op", pairs(300, 100), t="brush", w=30)
        assert user.editor.mask == other.editor.mask == Mask(SIZE).brush((100, 100), 30).brush((300, 100), 30)
        agrees(user)
        agrees(other)
        link.unlink()


def test_what_is_tried_is_part_of_the_mask_and_setting_one_drops_it(user):
    user.ok("op", pairs(300, 200), t="brush", w=60)
    user.ok("try", grow=10, feather=0)
    assert user.editor.mask == Mask(SIZE).brush((300, 200), 60).grow(10)
    agrees(user)
    user.editor.mask = user.editor.mask.invert()
    agrees(user)
    user.ok("undo")
    assert user.editor.mask == Mask(SIZE).brush((300, 200), 60)
    agrees(user)


def test_a_value_that_is_there_already_is_no_step(user):
    user.editor.mask = Mask(SIZE).rect(0, 0, 50, 50)
    user.ok("undo")
    user.editor.mask = Mask(SIZE)
    user.editor.strokes = []
    user.editor.extend = [0, 0, 0, 0]
    user.editor.image = user.editor
    assert user.editor.can_redo and not user.editor.can_undo


def test_the_strokes_cannot_be_changed_without_being_drawn(user):
    with pytest.raises(AttributeError):
        user.editor.strokes.append({"op": "invert"})
    user.editor.strokes += ({"op": "invert"},)
    assert user.editor.mask.is_full
    agrees(user)


# --- nobody waits for an observer


@pytest.mark.parametrize("name", ["edits", "results", "jobs", "mask", "can_undo"])
def test_while_an_observer_is_at_work_others_draw(user, name):
    drawn, late = threading.Event(), []

    def draw() -> None:
        User(user.page, user.editor).ok("op", pairs(300, 200), t="brush", w=60)
        drawn.set()

    def wait_for_a_stroke(_: object) -> None:
        user.editor.unobserve(wait_for_a_stroke, name)
        thread = threading.Thread(target=draw)
        thread.start()
        if not drawn.wait(PATIENCE):
            late.append(name)
        thread.join()

    user.editor.observe(wait_for_a_stroke, name)
    user.set(prompt="sepia")
    user.ok("op", pairs(100, 100), t="brush", w=30)
    generate(user)
    assert drawn.is_set() and late == []
    assert user.editor.mask == Mask(SIZE).brush((100, 100), 30).brush((300, 200), 60)
    agrees(user)


def test_an_observer_that_fails_does_not_keep_the_others_from_being_told(user):
    seen: list[str] = []

    def fail(_: object) -> None:
        raise RuntimeError("its own affair")

    user.editor.observe(fail, "mask")
    user.editor.observe(lambda change: seen.append(change["name"]), ["strokes", "can_undo"])
    with pytest.raises(RuntimeError, match="its own affair"):
        user.editor.mask = Mask(SIZE).rect(0, 0, 9, 9)
    assert "its own affair" in user.tell("op", pairs(300, 200), t="brush", w=60)
    assert seen == ["strokes", "can_undo", "strokes"]
    user.editor.unobserve(fail, "mask")
    user.editor.observe(fail, "edits")
    user.set(prompt="sepia")
    generate(user)
    assert len(user.state["results"]) == 1
    agrees(user)


def test_an_edit_is_on_the_strip_before_its_observers_are_told(user):
    seen: list[int] = []
    user.editor.observe(lambda _: seen.append(len(user.state["results"])), "edits")
    user.set(prompt="sepia")
    generate(user)
    assert seen == [1]


# --- several at once


def together(editor: Editor, *steps: dict[str, Any] | Callable[[], object]) -> None:
    """Set values, or call, step by step."""
    with editor.hold_trait_notifications():
        for step in steps:
            for name, value in step.items() if isinstance(step, dict) else ():
                setattr(editor, name, value)
            if callable(step):
                step()


def test_a_photo_and_a_mask_of_its_size_are_set_together_as_one_step(user):
    user.ok("op", pairs(100, 100), t="brush", w=30)
    for first, second in (("image", "mask"), ("mask", "image")):
        values = {"image": photo(*SMALL), "mask": BOX}
        with user.editor.hold_trait_notifications():
            setattr(user.editor, first, values[first])
            setattr(user.editor, second, values[second])
            user.editor.extend = (1, 2, 3, 4)
        assert user.editor.mask == BOX and user.editor.extend == (1, 2, 3, 4)
        agrees(user)
        user.ok("undo")
        assert user.editor.mask == Mask(SIZE).brush((100, 100), 30) and user.editor.image.name == "coffee.png"
        assert user.editor.extend == (0, 0, 0, 0)
        agrees(user)


def test_a_photo_and_strokes_are_set_together(user):
    user.editor.mask = np.ones((400, 600), bool)
    with user.editor.hold_trait_notifications():
        user.editor.strokes = BOX.to_json()["operations"]
        user.editor.image = photo(*SMALL)
    assert user.editor.mask == BOX
    agrees(user)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"mask": Mask((3, 3))}, BadImage),
        ({"image": "https://example.com/a.png"}, BadRequest),
        ({"image": "nosuch.png", "mask": BOX}, BadImage),
        ({"strokes": [{"op": "spray"}]}, BadImage),
        ({"extend": (1, 2)}, BadRequest),
        ({"references": 5}, BadRequest),
        ({"mask_color": "pink"}, TraitError),
        ({"n": 99}, TraitError),
    ],
)
def test_one_that_cannot_be_leaves_all_as_they_were(user, values, error):
    user.ok("op", pairs(100, 100), t="brush", w=30)
    names = ["image", "mask", "strokes", "extend", "references", "mask_color", "n", "prompt"]
    before = {name: getattr(user.editor, name) for name in names}
    with pytest.raises(error) as caught:
        together(user.editor, {"prompt": "a hat"}, user.editor.undo, values)
    assert isinstance(caught.value, TraitError)
    user.ok("redo")
    assert {name: getattr(user.editor, name) for name in names} == before
    agrees(user)
    with pytest.raises(error):
        together(user.editor, values, user.editor.undo)
    agrees(user)


def test_a_refused_value_is_an_error_of_ours_and_of_traitlets(user):
    with pytest.raises(BadImage, match="3 x 3") as caught:
        user.editor.mask = Mask((3, 3))
    error = caught.value
    assert isinstance(error, TraitError) and error.hint.startswith("Scale it")
    assert error._render_traceback_()[0].startswith("BadImage: The mask is 3 x 3 pixels")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made in the same line
    assert type(again) is BadImage and str(again) == str(error)


def test_an_error_between_leaves_what_can_be_drawn_drawn_and_the_rest_as_it_was(user):
    for value, drawn in ((Image.new("L", SIZE, 255), True), (Mask((3, 3)), False)):
        user.editor.mask = None
        with pytest.raises((ZeroDivisionError, BadImage)):
            together(user.editor, {"mask": value}, lambda: 1 // 0)
        assert isinstance(user.editor.mask, Mask) and user.editor.mask.is_full is drawn
        agrees(user)


def test_while_several_are_set_what_was_set_is_asked_for_and_undone(user):
    with user.editor.hold_trait_notifications():
        user.editor.mask = Mask(SIZE).rect(0, 0, 50, 50)
        assert user.editor.ask(prompt="x").mask == Mask(SIZE).rect(0, 0, 50, 50)
        user.editor.mask = Mask(SIZE).rect(0, 0, 90, 90)
        user.editor.undo()
    assert user.editor.mask == Mask(SIZE).rect(0, 0, 50, 50)
    agrees(user)


def test_a_new_editor_tells_nobody_of_another(session):
    one, other = Editor(COFFEE, session=session), Editor(COFFEE, session=session)
    seen: list[object] = []
    one.observe(seen.append, ["mask"])
    other.mask = Mask(SIZE).rect(0, 0, 9, 9)
    assert seen == []
    one.close()
    other.close()
