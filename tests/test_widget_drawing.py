"""What is drawn, with undo and redo; and what the browser sends, as operations."""

from __future__ import annotations

import json
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photos import photo
from PIL import Image

from requesty_nb import images
from requesty_nb.errors import BadImage, BadRequest, ImgEditError
from requesty_nb.masks import Change, Mask, Shape, Stroke
from requesty_nb.widgets import rasters
from requesty_nb.widgets.chess import on_chess
from requesty_nb.widgets.drawing import NOTHING, Drawing, Scene, carried
from requesty_nb.widgets.messages import MAX_POINTS, operation_of

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURE = json.loads((Path(__file__).parent / "data" / "strokes.json").read_text())
SIZE = (60, 40)
PHOTO = images.load(photo(*SIZE))
OTHER = images.load(photo(40, 60))


def dot(x: float, y: float, width: float = 9) -> Stroke:
    return Stroke(((x, y),), width)


def afresh(mask: Mask) -> str:
    """Return the digest of what a mask's operations draw from nothing."""
    return Mask(mask.size, mask.base, mask.operations).digest


def test_a_step_can_be_taken_back_and_done_again():
    drawing = Drawing(PHOTO)
    drawing.do(dot(10, 10))
    drawn = drawing.scene.mask
    drawing.do(Change("invert"))
    assert (drawing.can_undo, drawing.can_redo) == (True, False)
    drawing.undo()
    assert drawing.scene.mask.digest == drawn.digest and drawing.can_redo
    drawing.undo()
    assert drawing.scene.mask.is_empty and not drawing.can_undo
    drawing.undo()
    assert drawing.scene.mask.is_empty
    drawing.redo()
    drawing.redo()
    drawing.redo()
    assert drawing.scene.mask.digest == drawn.invert().digest and not drawing.can_redo


def test_a_new_step_forgets_what_could_be_done_again():
    drawing = Drawing(PHOTO)
    drawing.do(dot(10, 10))
    drawing.undo()
    drawing.do(dot(30, 30))
    assert not drawing.can_redo and drawing.scene.mask == Mask(SIZE).brush((30, 30), 9)


def test_what_is_tried_is_shown_but_costs_no_step_until_it_is_kept():
    drawing = Drawing(PHOTO, Mask(SIZE).brush((30, 20), 9))
    for grow in range(1, 8):
        drawing.try_(grow, 2)
    assert drawing.shown.mask == drawing.scene.mask.grow(7).feather(2)
    assert drawing.scene.mask.digest == Mask(SIZE).brush((30, 20), 9).digest
    drawing.settle(keep=False)
    assert not drawing.can_undo and drawing.shown == drawing.scene
    drawing.try_(-2, 0)
    drawing.settle(keep=True)
    assert drawing.scene.mask.digest == Mask(SIZE).brush((30, 20), 9).shrink(2).digest
    drawing.undo()
    assert not drawing.can_undo


def test_undo_drops_what_is_tried_and_drawing_keeps_it():
    drawing = Drawing(PHOTO)
    drawing.do(dot(30, 20))
    drawing.try_(3, 0)
    drawing.undo()
    assert drawing.tried == () and drawing.scene.mask == Mask(SIZE).brush((30, 20), 9)
    drawing.try_(3, 0)
    drawing.do(dot(5, 5))
    assert drawing.scene.mask == Mask(SIZE).brush((30, 20), 9).grow(3).brush((5, 5), 9)


def test_nothing_tried_is_nothing_kept():
    drawing = Drawing(PHOTO)
    drawing.try_(0, 0)
    drawing.settle(keep=True)
    assert not drawing.can_undo


def test_an_extension_is_a_step_only_if_it_changes_something():
    drawing = Drawing(PHOTO)
    drawing.set_extend((0, 8, 0, 8))
    drawing.set_extend((0, 8, 0, 8))
    assert drawing.scene.extend == (0, 8, 0, 8)
    drawing.undo()
    assert drawing.scene.extend == NOTHING and not drawing.can_undo


def test_another_photo_brings_an_empty_mask_and_undo_brings_all_back():
    drawing = Drawing(PHOTO, extend=(1, 2, 3, 4))
    drawing.do(dot(30, 20))
    before = drawing.scene
    assert not drawing.set_source(OTHER)
    assert drawing.scene == Scene(OTHER, Mask((40, 60)))
    drawing.undo()
    assert drawing.scene == before


def test_a_mask_is_kept_over_to_a_photo_of_the_same_shape():
    drawing = Drawing(PHOTO)
    drawing.do(dot(30, 20))
    assert drawing.set_source(images.load(photo(120, 80)), keep_mask=True)
    assert drawing.scene.mask == Mask((120, 80)).brush((60, 40), 18)
    assert not drawing.set_source(OTHER, keep_mask=True)
    assert drawing.scene.mask.is_empty


def test_a_mask_goes_to_its_place_in_an_extended_photo():
    mask = carried(Mask(SIZE).rect(0, 0, 10, 10), (75, 45), (10, 5, 5, 0))
    assert mask is not None and mask.digest == Mask((75, 45)).rect(10, 5, 20, 15).digest


def test_a_mask_of_another_size_and_a_photo_that_is_elsewhere_are_refused():
    drawing = Drawing(PHOTO)
    with pytest.raises(BadImage, match="10 x 10"):
        drawing.set_mask(Mask((10, 10)))
    with pytest.raises(BadRequest, match="reference"):
        drawing.set_source(images.load("https://example.com/a.png"))
    with pytest.raises(BadRequest, match="reference"):
        Drawing(images.load("file-abc123"))
    assert not drawing.can_undo


# --- against a plain list of states

spots = st.tuples(st.integers(-5, 65), st.integers(-5, 45))
operations = st.one_of(
    st.builds(
        Stroke,
        st.lists(spots, min_size=1, max_size=4),
        st.integers(1, 20),
    ),
    st.builds(lambda at: Stroke((at,), 12, "erase"), spots),
    st.builds(lambda at: Shape("ellipse", (at, (at[0] + 15, at[1] + 10))), spots),
    st.sampled_from(
        [Change("invert"), Change("clear"), Change("fill"), Change("grow", 3), Change("feather", 4)]
    ),
)
acts = st.one_of(
    st.tuples(st.just("do"), operations),
    st.tuples(st.sampled_from(["undo", "undo", "redo"]), st.none()),
    st.tuples(st.just("mask"), operations),
    st.tuples(st.just("extend"), st.tuples(*[st.integers(0, 3)] * 4)),
    st.tuples(st.just("source"), st.sampled_from([PHOTO, OTHER])),
    st.tuples(st.just("try_"), st.tuples(st.integers(-3, 3), st.integers(0, 3))),
    st.tuples(st.just("settle"), st.booleans()),
)


class Plain:
    """The same as `Drawing`, as a list of states that share nothing."""

    def __init__(self) -> None:
        self.states, self.at = [Scene(PHOTO, Mask(SIZE))], 0
        self.tried: list[Change] = []

    def act(self, name: str, value: Any) -> None:
        getattr(self, name)(value)

    def do(self, operation: Any) -> None:
        self.settle(keep=True)
        now = self.states[self.at]
        self.step(Scene(now.source, now.mask.then(operation), now.extend))

    def undo(self, _: None) -> None:
        if self.tried:
            self.tried = []
        else:
            self.at = max(0, self.at - 1)

    def redo(self, _: None) -> None:
        if self.at + 1 < len(self.states):
            self.at, self.tried = self.at + 1, []

    def mask(self, operation: Any) -> None:
        self.tried, now = [], self.states[self.at]
        self.step(Scene(now.source, Mask(now.mask.size).then(operation), now.extend))

    def extend(self, margins: Any) -> None:
        if margins != self.states[self.at].extend:
            self.settle(keep=True)
            now = self.states[self.at]
            self.step(Scene(now.source, now.mask, margins))

    def source(self, source: images.Source) -> None:
        self.tried = []
        assert source.size is not None
        self.step(Scene(source, Mask(source.size)))

    def try_(self, radii: tuple[int, int]) -> None:
        grow, feather = radii
        grown = [Change("grow" if grow > 0 else "shrink", abs(grow))] if grow else []
        self.tried = grown + ([Change("feather", feather)] if feather else [])

    def settle(self, keep: bool) -> None:  # noqa: FBT001 - as it is called by `act`
        now, tried, self.tried = self.states[self.at], self.tried, []
        if keep and tried:
            mask = Mask(now.mask.size, None, (*now.mask.operations, *tried))
            self.step(Scene(now.source, mask, now.extend))

    def step(self, scene: Scene) -> None:
        self.states[self.at + 1 :] = [scene]
        self.at += 1


def perform(drawing: Drawing, name: str, value: Any) -> None:
    acts: dict[str, Callable[[], object]] = {
        "do": lambda: drawing.do(value),
        "undo": drawing.undo,
        "redo": drawing.redo,
        "mask": lambda: drawing.set_mask(Mask(drawing.scene.mask.size).then(value)),
        "extend": lambda: drawing.set_extend(value),
        "source": lambda: drawing.set_source(value),
        "try_": lambda: drawing.try_(*value),
        "settle": lambda: drawing.settle(keep=value),
    }
    acts[name]()


@settings(max_examples=150, deadline=None)
@given(st.lists(acts, max_size=40))
def test_whatever_is_done_undone_and_redone_the_pixels_are_those_drawn_from_nothing(done):
    budget = rasters.BUDGET
    rasters.BUDGET = 0  # as few states as can be keep their pixels
    try:
        drawing, plain = Drawing(PHOTO), Plain()
        for name, value in done:
            perform(drawing, name, value)
            plain.act(name, value)
            assert drawing.scene == plain.states[plain.at]
            assert drawing.scene.mask.digest == afresh(plain.states[plain.at].mask)
            assert list(drawing.tried) == plain.tried
            assert drawing.can_undo == (plain.at > 0 or bool(plain.tried))
            assert drawing.can_redo == (plain.at < len(plain.states) - 1)
    finally:
        rasters.BUDGET = budget


# --- memory and work


class Counted(Stroke):
    """A stroke that tells how often strokes were drawn."""

    drawn = 0

    def apply(self, image: Any) -> Any:
        Counted.drawn += 1
        return super().apply(image)


def states(drawing: Drawing) -> list[Mask]:
    return [scene.mask for scene in (*drawing._past, drawing._now, *reversed(drawing._future))]


def test_pixels_of_few_states_are_kept_and_yet_undo_draws_little():
    side, steps = 2048, 400  # 4 MB a state
    limit = rasters.BUDGET // side**2
    assert rasters.FEWEST < limit < rasters.MOST
    drawing = Drawing(images.load(photo(side, side)))
    Counted.drawn = 0
    for step in range(steps):
        drawing.do(Counted(((step * 5, step * 5), (step * 5, 9)), 9))
        assert sum(mask.is_drawn for mask in states(drawing)) <= limit + 1
    assert Counted.drawn == steps
    Counted.drawn = 0
    while drawing.can_undo:
        drawing.undo()
        assert drawing.scene.mask.is_drawn
        assert sum(mask.is_drawn for mask in states(drawing)) <= limit + 1
    assert Counted.drawn < 6 * steps  # from nothing each time it would be 80 000
    assert drawing.scene.mask.is_empty
    Counted.drawn = 0
    while drawing.can_redo:
        drawing.redo()
    assert Counted.drawn <= steps
    assert drawing.scene.mask.digest == afresh(drawing.scene.mask)


def test_a_slow_change_keeps_its_pixels_longer_than_strokes():
    drawing = Drawing(images.load(photo(2048, 2048)))
    drawing.do(dot(900, 900, 99))
    drawing.do(Change("grow", 30))
    grown = drawing.scene.mask
    for step in range(60):
        drawing.do(dot(step, step))
    assert grown.is_drawn


def test_a_mask_that_forgets_its_pixels_draws_the_same_again():
    mask = Mask(SIZE).brush((30, 20), 9).grow(3)
    digest, pixels = mask.digest, mask.rasterize().tobytes()
    mask.forget_pixels()
    assert not mask.is_drawn and mask.rasterize().tobytes() == pixels and mask.digest == digest


def test_a_mask_draws_on_only_from_one_that_it_continues():
    first = Mask(SIZE).brush((30, 20), 9)
    longer = Mask(SIZE, None, (*first.operations, Change("invert"), Change("feather", 3)))
    assert not longer.draw_on_from(first), "nothing is drawn yet"
    first.draw()
    assert longer.draw_on_from(first)
    assert longer.digest == first.invert().feather(3).digest
    assert not Mask(SIZE).fill().draw_on_from(first)
    assert not Mask((40, 60), None, longer.operations).draw_on_from(first)
    assert not Mask(SIZE, bytes(2400), longer.operations).draw_on_from(first)


def test_threads_may_draw_at_the_same_time():
    drawing = Drawing(PHOTO)
    failures: list[BaseException] = []

    def draw(number: int) -> None:
        try:
            for step in range(25):
                drawing.do(dot(number * 7, step))
                if step % 5 == 4:
                    drawing.undo()
                    drawing.redo()
                _ = drawing.shown.mask.share
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert drawing.scene.mask.digest == afresh(drawing.scene.mask)
    while drawing.can_undo:
        drawing.undo()
    assert drawing.scene.mask.is_empty


# --- messages


def pairs(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


@pytest.mark.parametrize("case", FIXTURE, ids=[case["name"] for case in FIXTURE])
def test_the_browsers_messages_mean_the_same_here(case):
    buffers = [bytes.fromhex(text) for text in case["buffers"]]
    for kind in (bytes, bytearray, memoryview):
        operation = operation_of(case["message"], [kind(buffer) for buffer in buffers], (10_000, 10_000))
        assert operation.to_json() == case["operation"]
    assert Mask(tuple(case["source_size"])).then(operation).rasterize().size == tuple(case["source_size"])


def test_the_fixture_has_every_kind():
    assert {case["message"]["t"] for case in FIXTURE} >= {"brush", "erase", "rect", "ellipse", "polygon"}
    assert any(case.get("pressures") for case in FIXTURE)


def test_full_pressure_is_the_whole_width():
    stroke = operation_of({"t": "brush", "w": 10}, [pairs(1, 2, 3, 4), b"\xff\x00"], SIZE)
    assert isinstance(stroke, Stroke) and stroke.pressures == (1.0, 0.0)


def test_the_corners_of_a_box_may_come_in_any_order():
    shape = operation_of({"t": "rect", "sub": 1}, [pairs(30, 5, 10, 25)], SIZE)
    assert shape == Shape("rect", ((10, 5), (30, 25)), subtract=True)


@pytest.mark.parametrize("kind", ["invert", "clear", "fill"])
def test_changes_of_the_whole_come_without_points(kind):
    assert operation_of({"t": kind}, [], SIZE) == Change(kind)
    with pytest.raises(BadRequest):
        operation_of({"t": kind}, [pairs(1, 1)], SIZE)


POINT = pairs(1, 2)


@pytest.mark.parametrize(
    ("message", "buffers"),
    [
        ({}, [POINT]),
        ({"t": "spray", "w": 3}, [POINT]),
        ({"t": ["brush"], "w": 3}, [POINT]),
        ({"t": "grow", "w": 3}, []),
        ({"t": "brush", "w": 3}, []),
        ({"t": "brush", "w": 3}, [b""]),
        ({"t": "brush", "w": 3}, [POINT[:7]]),
        ({"t": "brush", "w": 3}, [POINT, b"\x01\x02"]),
        ({"t": "brush", "w": 3}, [POINT, b"\x01", b""]),
        ({"t": "brush", "w": 3}, [pairs(1, float("nan"))]),
        ({"t": "brush", "w": 3}, [pairs(float("inf"), 1)]),
        ({"t": "brush", "w": 3}, [pairs(3e8, 1)]),
        ({"t": "brush", "w": 3}, [bytes(8 * (MAX_POINTS + 1))]),
        ({"t": "brush"}, [POINT]),
        ({"t": "brush", "w": 0}, [POINT]),
        ({"t": "brush", "w": -3}, [POINT]),
        ({"t": "brush", "w": float("nan")}, [POINT]),
        ({"t": "brush", "w": 1e9}, [POINT]),
        ({"t": "brush", "w": "3"}, [POINT]),
        ({"t": "brush", "w": True}, [POINT]),
        ({"t": "rect"}, [POINT]),
        ({"t": "rect"}, [pairs(1, 1, 1, 9)]),
        ({"t": "ellipse"}, [pairs(1, 1, 2, 9, 3, 3)]),
        ({"t": "polygon"}, [pairs(1, 1, 2, 2)]),
        ({"t": "polygon"}, [pairs(1, 1, 2, 2, 3, 0), b"\x01\x02\x03"]),
    ],
)
def test_a_message_that_makes_no_sense_is_refused_in_words(message, buffers):
    with pytest.raises(ImgEditError) as caught:
        operation_of(message, buffers, SIZE)
    assert isinstance(caught.value, (BadRequest, BadImage)) and caught.value.message.endswith(".")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
kinds = st.sampled_from(["brush", "erase", "rect", "ellipse", "polygon", "invert"]) | json_values


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries({"t": kinds}, optional={"w": json_values | st.floats(0, 50), "sub": json_values}),
    st.lists(
        st.binary(max_size=40) | st.lists(st.floats(-99, 99, width=32), max_size=8).map(lambda v: pairs(*v)),
        max_size=3,
    ),
)
def test_no_message_does_more_than_draw_or_be_refused(message, buffers):
    try:
        operation = operation_of(message, buffers, SIZE)
    except (BadRequest, BadImage):
        return
    assert np.asarray(Mask(SIZE).then(operation)).shape == (40, 60)


def test_what_can_be_drawn_at_once_is_bounded_by_the_picture():
    long = bytes(8 * MAX_POINTS)
    assert len(operation_of({"t": "brush", "w": 64}, [long], SIZE).points) == MAX_POINTS
    assert operation_of({"t": "brush", "w": 240}, [POINT], SIZE).width == 240
    with pytest.raises(BadRequest, match="too wide") as caught:
        operation_of({"t": "brush", "w": 241}, [POINT], SIZE)
    assert "at most 240" in caught.value.hint
    large = (4096, 4096)
    with pytest.raises(BadRequest, match="too long") as caught:
        operation_of({"t": "brush", "w": 4096}, [bytes(8 * 5001)], large)
    assert "at most 5000 points" in caught.value.hint
    assert operation_of({"t": "brush", "w": 4096}, [bytes(8 * 5000)], large)


def test_what_is_put_in_place_together_is_one_step():
    drawing = Drawing(PHOTO)
    drawing.do(dot(10, 10))
    before = drawing.scene
    drawing.put(OTHER, Mask((40, 60)).rect(0, 0, 9, 9), (1, 2, 3, 4))
    assert drawing.scene.mask.bbox == (0, 0, 9, 9) and drawing.scene.extend == (1, 2, 3, 4)
    drawing.undo()
    assert drawing.scene == before
    drawing.try_(3, 0)
    assert drawing.shown.mask is drawing.shown.mask
    drawing.put(extend=(5, 0, 0, 0))
    assert drawing.scene.extend == (5, 0, 0, 0) and drawing.scene.mask.digest == before.mask.grow(3).digest


def test_a_chess_board_is_the_same_for_a_part_as_for_the_whole():
    clear = Image.new("RGBA", (200, 100))
    whole = on_chess(clear)
    assert whole.mode == "RGB" and len(whole.getcolors()) == 2
    part = on_chess(clear.crop((30, 20, 110, 70)), (30, 20, 110, 70), (200, 100))
    assert part.tobytes() == whole.crop((30, 20, 110, 70)).tobytes()
    large = on_chess(clear, (30, 20, 80, 45), (200, 100))
    there = whole.crop((30, 20, 80, 45))
    assert large.tobytes() == there.resize((200, 100), Image.Resampling.NEAREST).tobytes()
    opaque = photo(20, 20)
    assert on_chess(opaque).tobytes() == opaque.tobytes()
