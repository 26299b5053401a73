import base64
import functools
import io
import json
import math
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import distance_transform_edt
from skimage import data

from requesty_nb import images
from requesty_nb.errors import BadImage
from requesty_nb.masks import Mask, Shape, Stroke, mask_from, raster

SIZE = (48, 36)


def pixels(mask: Mask) -> np.ndarray:
    return np.asarray(mask.rasterize())


def same(one: Mask, two: Mask) -> bool:
    return bool((pixels(one) == pixels(two)).all())


def png(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


coordinate = st.integers(-20, 70) | st.floats(-20, 70, width=32)
points = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=6)
boxes = st.tuples(st.integers(-9, 40), st.integers(-9, 30), st.integers(1, 30), st.integers(1, 30)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
steps = st.one_of(
    st.tuples(st.just("brush"), points, st.floats(0.5, 20)),
    st.tuples(st.just("erase"), points, st.floats(0.5, 20)),
    st.tuples(st.just("rect"), boxes, st.booleans()),
    st.tuples(st.just("ellipse"), boxes, st.booleans()),
    st.tuples(st.just("polygon"), st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=6)),
    st.sampled_from([("invert",), ("clear",), ("fill",)]),
)
soft_steps = st.tuples(st.sampled_from(["grow", "shrink", "feather"]), st.floats(0, 6))


def built(size: tuple[int, int], plan: list[tuple]) -> Mask:
    mask = Mask(size)
    for name, *arguments in plan:
        if name in {"rect", "ellipse"}:
            box, subtract = arguments
            mask = getattr(mask, name)(*box, subtract=subtract)
        else:
            mask = getattr(mask, name)(*arguments)
    return mask


hard_masks = st.lists(steps, max_size=5).map(functools.partial(built, SIZE))
masks = st.lists(steps | soft_steps, max_size=5).map(functools.partial(built, SIZE))
quick = settings(max_examples=60, deadline=None)

# --- operations


def test_a_box_is_read_as_pillow_crops() -> None:
    sky = Mask((1536, 1024)).rect(0, 0, 1536, 400)
    assert sky.share == pytest.approx(400 / 1024)
    assert sky.bbox == (0, 0, 1536, 400)
    assert Mask(SIZE).rect(0, 0, *SIZE).is_full
    assert Mask(SIZE).rect(3, 4, 5, 6).bbox == (3, 4, 5, 6)
    assert Mask(SIZE).rect(2.6, 4.4, 5.6, 6.4).bbox == (3, 4, 6, 6)


def test_a_dot_is_a_disc_around_its_point() -> None:
    dot = Mask((101, 101)).brush((50.5, 50.5), 41)
    y, x = np.mgrid[:101, :101]
    disc = np.hypot(x - 50, y - 50)
    assert (pixels(dot)[disc <= 19.5] == 255).all()
    assert (pixels(dot)[disc >= 21.5] == 0).all()
    assert Mask(SIZE).brush([(5, 5)], 0.2).bbox == (5, 5, 6, 6)
    assert (
        Mask(SIZE).brush((3, 4), 1)
        == Mask(SIZE).brush([(3, 4)], 1)
        == Mask(SIZE).brush(np.array([[3, 4]]), 1)
    )


def test_a_stroke_covers_what_is_near_its_path_and_nothing_far() -> None:
    path = [(20, 20), (80, 30), (90, 85), (30, 70)]
    width = 14
    stroke = pixels(Mask((110, 110)).brush(path, width))
    near = np.full((110, 110), np.inf)
    y, x = np.mgrid[:110, :110]
    for (x0, y0), (x1, y1) in pairwise(path):
        along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
        t = along.clip(0, 1)
        near = np.minimum(near, np.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)))
    assert (stroke[near < width / 2 - 1.5] == 255).all()
    assert (stroke[near > width / 2 + 1.5] == 0).all()


@pytest.mark.parametrize("width", [1, 2, 3, 8, 9, 20])
def test_a_stroke_is_of_the_odd_width_told_and_the_same_in_both_directions(width: int) -> None:
    one = Mask((60, 60)).brush([(10, 12), (10, 30), (50, 30)], width)
    assert same(one, Mask((60, 60)).brush([(50, 30), (10, 30), (10, 12)], width))
    assert (pixels(one) > 0)[:, 50].sum() == width - 1 + width % 2


@pytest.mark.parametrize("width", [8, 9, 24])
def test_points_along_a_straight_line_leave_no_beads_on_its_edge(width: int) -> None:
    points = [(10 + 8 * step, 30 + 2 * step) for step in range(10)]
    drawn = (pixels(Mask((100, 80)).brush(points, width)) > 0)[:, 20:72]
    for edge in (drawn.argmax(axis=0), drawn[::-1].argmax(axis=0)):
        assert set(np.diff(edge)) <= {0, 1} or set(np.diff(edge)) <= {0, -1}


def test_pressure_narrows_a_stroke() -> None:
    even = Mask((100, 40)).brush([(10, 20), (90, 20)], 20)
    pressed = Mask((100, 40)).brush([(10, 20), (50, 20), (90, 20)], 20, pressures=[1, 0.5, 0.1])
    columns = (pixels(pressed) > 0).sum(axis=0)
    assert columns[10] == (pixels(even) > 0)[:, 10].sum()
    assert columns[10] > columns[50] > columns[88] > 0


def test_erasing_takes_away_and_later_steps_win() -> None:
    mask = Mask(SIZE).fill().erase([(10, 10)], 7)
    assert pixels(mask)[10, 10] == 0
    assert same(mask.invert(), Mask(SIZE).brush([(10, 10)], 7))
    assert pixels(mask.brush([(10, 10)], 3))[10, 10] == 255
    assert mask.clear().is_empty
    assert Mask(SIZE).fill().rect(0, 0, 9, 9, subtract=True).share < 1


def test_every_method_leaves_the_mask_it_was_called_on_alone() -> None:
    mask = Mask(SIZE).rect(5, 5, 20, 20)
    before = mask.digest
    for change in (mask.invert, mask.clear, mask.fill):
        change().rasterize()
    mask.grow(3).rasterize()
    mask.erase((8, 8), 9).rasterize()
    mask.rasterize().paste(0, (0, 0, 48, 36))
    assert (mask.digest, pixels(mask).sum()) == (before, 255 * 225)


def test_going_on_from_a_drawn_mask_gives_the_same_pixels_as_drawing_it_anew() -> None:
    drawn = Mask(SIZE).rect(5, 5, 20, 20).feather(4)
    drawn.rasterize()
    steps = (lambda m: m.brush((30, 20), 9), lambda m: m.invert(), lambda m: m.grow(2), lambda m: m | drawn)
    for step in steps:
        grown = step(drawn)
        assert same(grown, Mask(SIZE, operations=grown.operations))


def test_a_polygon_is_filled() -> None:
    triangle = Mask((40, 40)).polygon([(5, 5), (35, 5), (5, 35)])
    assert 450 <= round(triangle.share * 1600) <= 496  # with the pixels its outline passes through
    assert pixels(triangle)[6, 6] == 255
    assert pixels(triangle)[34, 34] == 0


@pytest.mark.parametrize("radius", [0.5, 1, 1.5, 2.3, 5, 7.07, 30, 300])
def test_growing_is_exact_to_the_pixel(radius: float) -> None:
    seeds = np.random.default_rng(3).random((60, 90)) < 0.004
    grown = np.asarray(raster.grown(Image.fromarray(seeds.astype(np.uint8)), radius)) > 0
    assert (grown == (distance_transform_edt(~seeds) <= radius)).all()
    shrunk = np.asarray(raster.shrunk(Image.fromarray((~seeds).astype(np.uint8)), radius)) > 0
    assert (shrunk == (distance_transform_edt(~seeds) > radius)).all()


def test_the_border_of_the_picture_takes_nothing_from_a_shrinking_mask() -> None:
    assert Mask(SIZE).rect(0, 0, 48, 20).shrink(5).bbox == (0, 0, 48, 15)
    assert Mask(SIZE).fill().shrink(9).is_full
    assert Mask(SIZE).grow(9).is_empty


@pytest.mark.parametrize("radius", [1, 2, 4, 10, 25])
def test_a_feather_keeps_the_inside_and_reaches_its_radius_outward_and_no_farther(radius: int) -> None:
    box = Mask((200, 160)).rect(60, 50, 140, 110)
    soft, inside = pixels(box.feather(radius)), pixels(box) > 0
    outside = distance_transform_edt(~inside)
    assert (soft[inside] == 255).all()
    assert (soft[outside > radius + 1] == 0).all()
    row = soft[80, 140 : 140 + radius + 2].astype(int)
    assert (np.diff(row) <= 0).all()
    if radius >= 4:
        assert ((soft > 40) & (soft < 215)).any()
        assert row[radius // 2 - 1] > 127 > row[radius // 2]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Mask((0, 5)), r"size is \(0, 5\)"),
        (lambda: Mask((5.5, 5)), "size"),
        (lambda: Mask((10**6, 10**6)), "size"),
        (lambda: Mask(7), "size is 7"),
        (lambda: Mask(SIZE).brush([], 5), "at least one point"),
        (lambda: Mask(SIZE).brush([(1, 2, 3)], 5), "pair"),
        (lambda: Mask(SIZE).brush([(math.nan, 2)], 5), "no position"),
        (lambda: Mask(SIZE).brush([(1e12, 2)], 5), "no position"),
        (lambda: Mask(SIZE).brush([("1", 2)], 5), "no position"),
        (lambda: Mask(SIZE).brush("ab", 5), "pairs"),
        (lambda: Mask(SIZE).brush([(1, 2)], 0), "above 0"),
        (lambda: Mask(SIZE).brush([(1, 2)], 3, [1, 1]), "2 pressures"),
        (lambda: Mask(SIZE).rect(10, 0, 5, 5), "left, top, right, bottom"),
        (lambda: Mask(SIZE).polygon([(0, 0), (1, 1)]), "three corners"),
        (lambda: Mask(SIZE).grow(-1), "out of range"),
        (lambda: Mask(SIZE).grow(math.inf), "no position or size"),
        (lambda: Mask(SIZE) | Mask((5, 5)), "48 x 36 pixels, the other 5 x 5"),
        (lambda: Stroke(((1, 2),), 3, "paint"), "brush or erase"),  # type: ignore[arg-type]
        (lambda: Shape("star", ((1, 2), (3, 4))), "no shape"),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make: object, words: str) -> None:
    with pytest.raises(BadImage) as error:
        make()  # type: ignore[operator]
    assert words.replace("\\", "") in f"{error.value.message} {error.value.hint}"


# --- algebra


@given(masks, masks)
@quick
def test_union_and_intersection_are_those_of_sets(one: Mask, two: Mask) -> None:
    assert same(one | two, two | one)
    assert same(one & two, two & one)
    assert same(one | one, one)
    assert same(one & one, one)
    assert same(~(one | two), ~one & ~two)
    assert same(one | (one & two), one)
    assert same(~~one, one)


@given(hard_masks, hard_masks)
@quick
def test_difference_is_that_of_sets(one: Mask, two: Mask) -> None:
    assert same(one - two, one & ~two)
    assert same((one - two) | (one & two), one)


@given(masks)
@quick
def test_nothing_and_everything_are_neutral(mask: Mask) -> None:
    nothing, everything = Mask(SIZE), Mask(SIZE).fill()
    assert same(mask | nothing, mask)
    assert same(mask & everything, mask)
    assert (mask - mask).is_empty
    assert same(mask - nothing, mask)


@given(hard_masks, st.floats(0.5, 8), st.floats(0, 8))
@quick
def test_growing_and_shrinking_are_ordered_and_dual(mask: Mask, radius: float, more: float) -> None:
    grown, shrunk = pixels(mask.grow(radius)), pixels(mask.shrink(radius))
    assert (grown >= pixels(mask)).all()
    assert (shrunk <= pixels(mask)).all()
    assert (pixels(mask.grow(radius + more)) >= grown).all()
    assert same(mask.shrink(radius), mask.invert().grow(radius).invert())
    assert (pixels(mask.shrink(radius).grow(radius)) <= pixels(mask)).all()
    assert (pixels(mask.feather(radius)) >= pixels(mask)).all()


@given(masks)
@quick
def test_the_facts_of_a_mask_agree_with_its_pixels(mask: Mask) -> None:
    edited = pixels(mask) > 0
    assert mask.share == pytest.approx(edited.mean())
    assert mask.is_empty == (not edited.any())
    assert mask.is_full == bool(edited.all())
    alpha = np.asarray(Image.open(io.BytesIO(mask.png())).getchannel("A"))
    assert ((alpha == 0) == edited).all()
    assert set(np.unique(alpha)) <= {0, 255}
    assert (np.asarray(mask) == pixels(mask)).all()


# --- identity and JSON


@given(masks, masks)
@quick
def test_a_mask_survives_json_whole(mask: Mask, other: Mask) -> None:
    whole = (mask | other).feather(2)
    again = Mask.from_json(json.loads(json.dumps(whole.to_json())))
    assert again == whole
    assert hash(again) == hash(whole)
    assert again.digest == whole.digest


def test_two_ways_to_the_same_pixels_are_one_mask_though_not_equal() -> None:
    by_shape = Mask(SIZE).rect(5, 5, 20, 20)
    by_pixels = mask_from(by_shape.rasterize(), polarity="white")
    assert by_shape != by_pixels
    assert by_shape.digest == by_pixels.digest
    assert by_shape.digest.startswith("pixels:")
    assert by_shape.digest != Mask(SIZE).rect(5, 5, 20, 21).digest


def test_a_bitmap_survives_json_and_a_repr_stays_short() -> None:
    photo = Mask.from_image(Image.fromarray(data.camera()).resize(SIZE), "white").grow(2)
    again = Mask.from_json(json.loads(json.dumps(photo.to_json())))
    assert again == photo
    assert repr(again) == "Mask((48, 36), a bitmap, 1 operation)"
    assert repr(Mask(SIZE)) == "Mask((48, 36))"


def large_base() -> str:
    return base64.b64encode(png(Image.new("L", (9, 9)))).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"size": [4]},
        {"size": ["a", "b"]},
        {"base": "%%%"},
        {"base": "aGVsbG8="},
        {"base": large_base()},
        {"operations": [{"op": "explode"}]},
        {"operations": [{"op": "brush"}]},
        {"operations": [{"op": "rect", "points": [[1, 2]]}]},
        {"operations": [{"op": "grow", "radius": "x"}]},
        {
            "operations": [
                {"op": "union", "mask": {"version": 1, "size": [5, 5], "base": None, "operations": []}}
            ]
        },
        {"operations": 7},
        {"operations": [7]},
    ],
)
def test_a_damaged_record_is_refused(change: dict) -> None:
    with pytest.raises(BadImage):
        Mask.from_json(Mask(SIZE).to_json() | change)


def test_masks_nested_without_end_are_refused() -> None:
    record = Mask(SIZE).to_json()
    for _ in range(2000):
        record = Mask(SIZE).to_json() | {"operations": [{"op": "union", "mask": record}]}
    with pytest.raises(BadImage):
        Mask.from_json(record)


# --- scaling


@given(hard_masks, st.integers(2, 3))
@quick
def test_scaling_up_and_down_again_is_the_same_mask(mask: Mask, factor: int) -> None:
    large = mask.resized((SIZE[0] * factor, SIZE[1] * factor))
    assert large.resized(SIZE).share == pytest.approx(mask.share, abs=1e-9)
    assert large.size == (SIZE[0] * factor, SIZE[1] * factor)


def test_a_scaled_mask_covers_the_same_part_of_the_picture() -> None:
    mask = (
        Mask((300, 200))
        .ellipse(30, 30, 150, 150)
        .brush([(200, 20), (280, 180)], 30)
        .polygon([(10, 180), (90, 120), (120, 190)])
        .grow(4)
    ) | Mask((300, 200)).rect(0, 0, 50, 20)
    large = mask.resized((900, 600))
    down = np.asarray(large.rasterize().resize((300, 200), Image.Resampling.BOX))
    assert large.share == pytest.approx(mask.share, rel=0.05)
    assert (np.abs(down.astype(int) - pixels(mask)) > 128).mean() < 0.01


def test_a_hard_bitmap_stays_hard_when_scaled_and_a_soft_one_soft() -> None:
    hard = mask_from(Mask((60, 60)).ellipse(5, 5, 50, 50).rasterize(), polarity="white")
    assert set(np.unique(pixels(hard.resized((91, 77))))) == {0, 255}
    soft = mask_from(Image.linear_gradient("L"), polarity="white")
    assert len(np.unique(pixels(soft.resized((100, 100))))) > 50


# --- masks from elsewhere


def test_a_transparent_part_is_edited_and_softness_is_kept() -> None:
    picture = Image.fromarray(data.chelsea()).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    mask = mask_from(png(picture), size=picture.size)
    assert (pixels(mask) == 255 - np.asarray(picture.getchannel("A"))).all()
    assert mask.notes == ()


def test_what_we_send_reads_back_as_the_same_selection() -> None:
    mask = Mask(SIZE).ellipse(5, 5, 30, 30).feather(3)
    assert (pixels(mask_from(mask.png())) > 0).tolist() == (pixels(mask) > 0).tolist()


def test_without_alpha_the_white_part_is_edited_with_a_note(tmp_path: Path) -> None:
    drawn = Mask(SIZE).rect(5, 5, 20, 20)
    path = tmp_path / "mask.png"
    drawn.rasterize().save(path)
    for thing in (
        path,
        str(path),
        path.read_bytes(),
        Image.open(io.BytesIO(path.read_bytes())),
        pixels(drawn),
    ):
        mask = mask_from(thing, SIZE)
        assert same(mask, drawn)
        assert len(mask.notes) == 1
        assert "white" in mask.notes[0]
    assert mask_from(path, SIZE, polarity="white").notes == ()
    assert same(mask_from(path, SIZE, polarity="black"), drawn.invert())


def test_true_is_edited_in_a_bool_array_and_one_in_a_label_map() -> None:
    chosen = pixels(Mask(SIZE).rect(5, 5, 20, 20)) > 0
    mask = mask_from(chosen)
    assert ((pixels(mask) == 255) == chosen).all()
    assert mask.notes == ()
    labels = mask_from(chosen.astype(np.uint8))
    assert same(labels, mask)
    assert any("0 and 1" in note for note in labels.notes)


def test_the_blur_of_a_jpeg_does_not_make_everything_editable() -> None:
    drawn = Mask((200, 150)).ellipse(20, 20, 120, 120)
    file = io.BytesIO()
    drawn.rasterize().save(file, "JPEG", quality=60)
    assert (np.asarray(Image.open(file)) > 0).mean() > drawn.share * 1.05
    mask = mask_from(file.getvalue())
    assert mask.share == pytest.approx(drawn.share, rel=0.02)
    assert any("middle" in note for note in mask.notes)
    assert same(mask_from(Image.open(file)), mask)


def test_polarities_that_do_not_fit_are_refused() -> None:
    opaque = Image.new("RGBA", SIZE, "white")
    with pytest.raises(BadImage, match="opaque throughout"):
        mask_from(opaque)
    assert mask_from(opaque, polarity="white").is_full
    with pytest.raises(BadImage, match="no alpha channel"):
        mask_from(Image.new("L", SIZE), polarity="transparent")
    with pytest.raises(BadImage, match="polarity is 'blue'"):
        mask_from(opaque, polarity="blue")  # type: ignore[arg-type]
    with pytest.raises(BadImage, match="not here"):
        mask_from("https://example.org/mask.png")


def test_the_size_has_to_be_the_pictures() -> None:
    with pytest.raises(BadImage) as error:
        mask_from(Mask(SIZE), (96, 72))
    assert "48 x 36 pixels, the picture 96 x 72" in error.value.message
    assert "mask.resized((96, 72))" in error.value.hint
    assert mask_from(Mask(SIZE).resized((96, 72)), (96, 72)).size == (96, 72)


def test_what_has_a_mask_gives_it() -> None:
    class Editor:
        mask = Mask(SIZE).fill()

    class Blank:
        mask = None

    assert mask_from(Editor()) is Editor.mask
    with pytest.raises(BadImage, match="no mask yet"):
        mask_from(Blank())


# --- figures


def test_two_hundred_strokes_are_drawn_quickly() -> None:
    random = np.random.default_rng(1)
    mask = Mask((1024, 1024))
    for _ in range(200):
        path = random.uniform(100, 900, 2) + np.cumsum(random.normal(0, 3, (200, 2)), axis=0)
        mask = mask.brush(path, random.uniform(6, 24))
    start = time.perf_counter()
    mask.rasterize()
    assert time.perf_counter() - start < 0.5  # some 60 ms on a quiet machine
    start = time.perf_counter()
    mask.brush((5, 5), 9).rasterize()
    assert time.perf_counter() - start < 0.05


def test_growing_a_large_mask_is_quick() -> None:
    mask = Mask((4096, 4096)).ellipse(100, 100, 4000, 3000).rect(3000, 3000, 4096, 4096)
    mask.rasterize()
    start = time.perf_counter()
    mask.grow(50).rasterize()
    assert time.perf_counter() - start < 2


def test_a_sent_mask_is_white_and_small() -> None:
    body = Mask((1024, 1024)).ellipse(100, 100, 600, 700).png()
    assert images.inspect(body) == ("image/png", (1024, 1024))
    assert len(body) < 60_000
    image = Image.open(io.BytesIO(body))
    assert image.mode == "RGBA"
    assert all(image.getchannel(band).getextrema() == (255, 255) for band in "RGB")
