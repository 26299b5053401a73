import functools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from photos import encoded, session
from PIL import Image, ImageDraw
from servers import answering, pictures, scripted
from skimage import data

from requesty_nb import frames
from requesty_nb.errors import BadRequest
from requesty_nb.frames import Frame, Leak
from requesty_nb.masks import Mask
from requesty_nb.sessions import Session

ENDPOINT = [(1024, 1024), (1536, 1024), (1024, 1536)]
PHOTOS = ["astronaut", "chelsea", "coffee", "rocket"]


@functools.cache
def photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)())


@functools.cache
def grid() -> Image.Image:
    """Draw a 3000 x 1000 grid: lines of 10 pixels every 100, on a gradient, so that no shift looks alike."""
    y, x = np.mgrid[:1000, :3000]
    pixels = np.stack([x * 255 // 3000, y * 255 // 1000, np.full_like(x, 128)], axis=2).astype(np.uint8)
    pixels[(x % 100 < 10) | (y % 100 < 10)] = (250, 250, 250)
    return Image.fromarray(pixels)


def painted(sent: Image.Image, mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Answer as an exact painter would: what was sent, scaled to the size asked, red in the mask."""
    answer = sent.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    answer.paste((220, 20, 20), mask=mask.resize(size))
    return answer


def array(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(np.int16)  # large enough for differences, and quick


# --- geometry

sides = st.integers(16, 4000)
sizes = st.tuples(sides, sides)


@given(sizes, st.sampled_from(ENDPOINT) | st.tuples(st.integers(1, 240), st.integers(1, 240)))
@settings(max_examples=300, deadline=None)
def test_the_canvas_is_the_smallest_of_the_targets_aspect_with_the_source_in_its_middle(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    (width, height), (across, down) = source, target
    if not 1 / 4 < across / down < 4:
        return
    frame = frames.fit(source, target)
    if frame is None:
        assert abs(width * down - height * across) <= max(across, down)
        return
    canvas_width, canvas_height = frame.canvas
    assert abs(canvas_width * down - canvas_height * across) <= max(across, down)  # to a pixel
    assert canvas_width == width or canvas_height == height
    assert canvas_width >= width
    assert canvas_height >= height
    left, top = frame.place
    right, bottom = canvas_width - left - width, canvas_height - top - height
    assert abs(left - right) <= 1
    assert abs(top - bottom) <= 1
    assert frame.view == (left, top, left + width, top + height)
    assert not frame.extends


def test_no_frame_is_made_where_none_is_needed() -> None:
    assert frames.fit((1536, 1024), (1536, 1024)) is None
    assert frames.fit((600, 400), (1536, 1024)) is None
    assert frames.fit((600, 401), (1536, 1024)) is None
    assert frames.fit((600, 404), (1536, 1024)) is not None
    assert frames.fit((600, 300), None) is None


def test_an_extended_picture_comes_back_whole_and_its_bars_do_not() -> None:
    frame = frames.fit((400, 300), (1024, 1024), (100, 0, 20, 40))
    assert frame == Frame((400, 300), (520, 520), (100, 90), (0, 90, 520, 430))
    assert (frame.size, frame.within, frame.extends) == ((520, 340), (100, 0), True)
    free = frames.fit((400, 300), None, (8, 8, 8, 8))
    assert free == Frame((400, 300), (416, 316), (8, 8), (0, 0, 416, 316))


def test_a_frame_is_plain_json() -> None:
    frame = frames.fit((400, 300), (1024, 1024), (100, 0, 20, 40))
    text = msgspec.json.encode(frame)
    assert msgspec.json.decode(text, type=Frame) == frame
    assert json.loads(text)["place"] == [100, 90]
    assert msgspec.json.decode(msgspec.json.encode(Leak(0.5, 3.0, (1, -2))), type=Leak).shift == (1, -2)


def test_the_nearest_shape_is_found_by_ratio() -> None:
    assert frames.nearest((3000, 1000), ENDPOINT) == (1536, 1024)
    assert frames.nearest((1000, 3000), ENDPOINT) == (1024, 1536)
    assert frames.nearest((1200, 1000), ENDPOINT) == (1024, 1024)
    assert frames.nearest((1300, 1000), ENDPOINT) == (1536, 1024)


@pytest.mark.parametrize(
    ("text", "margins"),
    [
        ("10,20,30,40", (10, 20, 30, 40)),
        (" 0, 0 ,512,0 ", (0, 0, 512, 0)),
        ("500x300", (50, 0, 50, 0)),
        ("403X305", (1, 2, 2, 3)),
    ],
)
def test_an_extension_is_read(text: str, margins: tuple[int, ...]) -> None:
    assert frames.parse_extend(text, (400, 300)) == margins


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "-1,0,0,0", "399x300", "400x300", "0,0,0,0", "ax b", "1.5,0,0,0", "٣,0,0,0"]
)
def test_an_extension_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match=r"extend|smaller"):
        frames.parse_extend(text, (400, 300))


def test_an_extension_beyond_all_pictures_is_refused() -> None:
    with pytest.raises(BadRequest, match="pixels"):
        frames.fit((400, 300), (1024, 1024), (999_999, 0, 0, 0))
    with pytest.raises(BadRequest, match="0 or more"):
        frames.fit((400, 300), None, (-1, 0, 0, 0))


# --- padding


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("size", ENDPOINT)
def test_the_source_is_on_its_canvas_as_it_is_and_its_bars_go_on_from_its_edges(
    name: str, size: tuple[int, int]
) -> None:
    source = photo(name)
    frame = frames.fit(source.size, size)
    if frame is None:
        return
    sent = frame.pad(source)
    assert (sent.mode, sent.size) == ("RGB", frame.canvas)
    assert (array(sent.crop(frame.view)) == array(source)).all()
    pixels = array(sent)
    left, top, right, bottom = frame.view
    for inner, bar in (
        (pixels[top], pixels[top - 1] if top else pixels[top]),
        (pixels[bottom - 1], pixels[bottom] if bottom < sent.height else pixels[bottom - 1]),
        (pixels[:, left], pixels[:, left - 1] if left else pixels[:, left]),
        (pixels[:, right - 1], pixels[:, right] if right < sent.width else pixels[:, right - 1]),
    ):
        assert np.abs(inner - bar).mean() < 12
    edges = [array(source)[0], array(source)[-1], array(source)[:, 0], array(source)[:, -1]]
    darkest = min(edge.min() for edge in edges)
    assert pixels.min() >= min(darkest, array(source).min())


def test_bars_are_kept_and_the_extended_area_is_transparent_and_edited() -> None:
    source = photo("chelsea")
    frame = frames.fit(source.size, (1024, 1024), (100, 0, 40, 20))
    assert frame is not None
    sent, mask = frame.pad(source), frame.pad_mask(Image.new("L", source.size, 7))
    assert (sent.mode, mask.mode, mask.size) == ("RGBA", "L", frame.canvas)
    alpha, selected = array(sent.getchannel("A")), array(mask)
    left, top, right, bottom = frame.view
    x, y = frame.place
    assert (alpha[:top] == 255).all()
    assert (selected[:top] == 0).all()
    assert (selected[bottom:] == 0).all()
    assert (alpha[top:bottom, left:x] == 0).all()
    assert (selected[top:bottom, left:x] == 255).all()
    assert (selected[y + source.height : bottom, left:right] == 255).all()
    assert (selected[y : y + source.height, x : x + source.width] == 7).all()
    assert (
        array(sent.convert("RGB").crop((x, y, x + source.width, y + source.height))) == array(source)
    ).all()


def test_grey_and_transparent_sources_are_padded_in_their_kind() -> None:
    frame = frames.fit((451, 300), (1024, 1024))
    assert frame is not None
    assert frame.pad(photo("chelsea").convert("L")).mode == "RGB"
    clear = photo("chelsea").convert("RGBA")
    clear.putalpha(0)
    assert frame.pad(clear).getchannel("A").getextrema() == (0, 0)
    with pytest.raises(BadRequest, match="451 x 300"):
        frame.pad(photo("coffee"))


# --- results put back


@pytest.mark.parametrize("size", ENDPOINT)
def test_a_grid_maps_back_with_nothing_stretched_or_shifted_by_over_a_pixel(size: tuple[int, int]) -> None:
    source = grid()
    frame = frames.fit(source.size, size)
    assert frame is not None
    mask = Image.new("L", source.size, 255)
    answer = frame.pad(source).resize(size, Image.Resampling.BICUBIC)
    back = array(frames.restore(source, mask, answer, frame).image)
    white = (np.abs(back - 250).max(axis=2) < 90).astype(float)
    expected = (np.abs(array(source) - 250).max(axis=2) == 0).astype(float)
    assert back.shape == (1000, 3000, 3)
    for axis, length in ((0, 3000), (1, 1000)):
        found = np.clip(white, 0, 1).mean(axis=axis) > 0.6
        wanted = expected.mean(axis=axis) > 0.6
        lines = np.flatnonzero(np.diff(wanted.astype(int)) == 1)
        assert len(lines) == length // 100 - 1
        for line in lines:  # the middle of each line is where it was
            near = np.arange(max(0, line - 20), line + 31)
            weight = found[near].astype(float)
            assert weight.sum() > 0
            assert abs((near * weight).sum() / weight.sum() - (line + 5.5)) <= 1


SHAPES = [(width // 4, height // 4) for width, height in ENDPOINT]


@given(st.tuples(st.integers(1, 60), st.integers(1, 60)), st.sampled_from(SHAPES))
@example((1, 1), (1024, 1024))
@example((1, 60), (1536, 1024))
@example((59, 2), (1024, 1536))
@settings(max_examples=30, deadline=None)
def test_pictures_of_a_few_pixels_go_out_and_back_too(source: tuple[int, int], size: tuple[int, int]) -> None:
    image, mask = Image.new("RGB", source, (9, 9, 9)), Image.new("L", source, 255)
    frame = frames.fit(source, size)
    answer = painted(frame.pad(image), frame.pad_mask(mask), size) if frame else painted(image, mask, size)
    made = frames.restore(image, mask, answer, frame)
    assert made.image.size == source
    assert frames.restore(image, Image.new("L", source), answer, frame).image.tobytes() == image.tobytes()


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("size", ENDPOINT)
def test_outside_the_mask_every_pixel_is_the_sources_and_an_exact_painter_leaks_nothing(
    name: str, size: tuple[int, int]
) -> None:
    source = photo(name)
    mask = Mask(source.size).ellipse(60, 50, 220, 200).brush([(20, 260), (280, 240)], 9).rasterize()
    frame = frames.fit(source.size, size)
    sent, sent_mask = (frame.pad(source), frame.pad_mask(mask)) if frame else (source, mask)
    made = frames.restore(source, mask, painted(sent, sent_mask, size), frame)
    assert made.image.size == source.size
    before, after, kept = array(source), array(made.image), array(mask) == 0
    assert (before[kept] == after[kept]).all()
    assert (np.abs(after[100:150, 110:170] - (220, 20, 20)) <= 1).all()  # the middle is the result's
    assert made.leak is not None
    assert made.leak.share < 0.001
    assert made.leak.mean < 1
    assert made.leak.shift == (0, 0)


def test_a_result_of_the_same_size_is_taken_pixel_by_pixel() -> None:
    source = photo("coffee")
    other = Image.fromarray(255 - np.asarray(source))
    full = frames.restore(source, Image.new("L", source.size, 255), other)
    assert (array(full.image) == array(other)).all()
    assert full.leak is None
    nothing = frames.restore(source, Image.new("L", source.size, 0), other)
    assert (array(nothing.image) == array(source)).all()


def test_the_seam_lies_inside_a_hard_mask_and_spares_what_is_thin() -> None:
    source = Image.new("RGB", (1024, 1024), (0, 0, 0))
    mask = Mask(source.size).rect(200, 200, 700, 700).brush([(100, 900), (900, 900)], 3).rasterize()
    made = array(frames.restore(source, mask, Image.new("RGB", (1024, 1024), (255, 255, 255))).image)[..., 0]
    assert (made[array(mask) == 0] == 0).all()
    across = made[450, 198:212]
    assert across[0] == across[1] == 0
    assert (np.diff(across) >= 0).all()
    assert ((across > 30) & (across < 225)).any()
    assert (made[210:690, 210:690] == 255).all()
    assert (made[900, 110:890] == 255).all()
    assert (np.diff(made[np.arange(200, 212), np.arange(200, 212)]) >= 0).all()  # no specks in the corners


def test_a_mask_that_touches_the_border_has_no_seam_there() -> None:
    source = Image.new("RGB", (600, 400))
    mask = Mask(source.size).rect(0, 0, 600, 100).rasterize()
    made = array(frames.restore(source, mask, Image.new("RGB", (600, 400), (255,) * 3)).image)[..., 0]
    assert (made[0] == 255).all()
    assert (made[:90, 0] == 255).all()


def test_a_soft_masks_own_values_are_the_blend() -> None:
    source, other = Image.new("RGB", (256, 256)), Image.new("RGB", (256, 256), (255,) * 3)
    soft = Image.linear_gradient("L")
    made = array(frames.restore(source, soft, other).image)[..., 0]
    assert (np.abs(made - array(soft)) <= 1).all()


def test_a_transparent_result_stays_so_inside_the_mask_only() -> None:
    source = photo("chelsea")
    mask = Mask(source.size).rect(100, 100, 200, 200).rasterize()
    cut = source.convert("RGBA")
    cut.putalpha(Image.new("L", source.size, 0))
    made = frames.restore(source, mask, cut).image
    assert made.mode == "RGBA"
    alpha, kept = array(made.getchannel("A")), array(mask) == 0
    assert (alpha[kept] == 255).all()
    assert (array(made.convert("RGB"))[kept] == array(source)[kept]).all()
    assert (alpha[120:180, 120:180] == 0).all()
    opaque = frames.restore(source, mask, source.convert("RGBA")).image
    assert opaque.mode == "RGB"


def test_a_transparent_source_keeps_its_alpha_outside_the_mask() -> None:
    source = photo("chelsea").convert("RGBA")
    source.putalpha(Image.linear_gradient("L").resize(source.size))
    mask = Mask(source.size).rect(100, 100, 200, 200).rasterize()
    made = frames.restore(source, mask, Image.new("RGB", source.size, (9, 9, 9))).image
    kept = array(mask) == 0
    assert (array(made)[kept] == array(source)[kept]).all()
    assert made.getpixel((150, 150)) == (9, 9, 9, 255)


@pytest.mark.parametrize("size", ENDPOINT)
def test_an_extended_picture_has_the_source_exactly_and_the_rest_from_the_result(
    size: tuple[int, int],
) -> None:
    source = photo("coffee")
    frame = frames.fit(source.size, size, (120, 30, 0, 50))
    assert frame is not None
    answer = painted(frame.pad(source), frame.pad_mask(Image.new("L", source.size)), size)
    made = frames.restore(source, Image.new("L", source.size), answer, frame)
    assert made.image.size == (720, 480)
    pixels = array(made.image)
    assert (pixels[30:430, 120:] == array(source)).all()
    assert (np.abs(pixels[5:470, 5:100] - (220, 20, 20)) <= 1).all()
    assert made.leak is not None
    assert made.leak.share < 0.002


@pytest.mark.parametrize("size", [(1024, 1024), (1024, 1536), (1600, 1024)])
def test_a_result_of_another_shape_cannot_be_put_back(size: tuple[int, int]) -> None:
    source = photo("coffee")
    with pytest.raises(ValueError, match="is not that of what was sent, 600 x 400"):
        frames.restore(source, Image.new("L", source.size, 255), Image.new("RGB", size))


def test_a_mask_made_for_another_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="not made for a source of 600 x 400"):
        frames.restore(photo("coffee"), Image.new("L", (5, 5)), photo("coffee"))


# --- leaks


def test_a_leak_is_counted_where_it_is() -> None:
    source = photo("coffee")
    mask = Mask(source.size).rect(0, 0, 100, 400).rasterize()
    leaky = source.copy()
    ImageDraw.Draw(leaky).rectangle((300, 100, 399, 299), fill=(0, 255, 0))
    leak = frames.restore(source, mask, leaky).leak
    assert leak is not None
    assert leak.share == pytest.approx(100 * 200 / (497 * 400), rel=0.05)
    heat = array(frames.leak_map(source, mask, leaky))
    assert heat[100:300, 300:400].mean() > 100
    assert heat[:, :290].max() == heat[:90].max() == 0


def test_a_redrawn_picture_leaks_much_more_than_a_jpeg_of_it() -> None:
    source = photo("astronaut")
    mask = Mask(source.size).ellipse(100, 100, 200, 200).rasterize()
    noise = np.random.default_rng(0).normal(0, 30, (512, 512, 3))
    redrawn = Image.fromarray(np.clip(array(source) + noise, 0, 255).astype(np.uint8))
    strong, none = (frames.restore(source, mask, image).leak for image in (redrawn, source))
    assert strong is not None
    assert none == Leak(0.0, 0.0)
    assert strong.share > 0.5
    assert strong.mean > 15


@pytest.mark.parametrize("shift", [(3, -2), (-4, 0), (1, 1)])
def test_a_shifted_result_is_recognised_and_measured_with_the_shift_undone(shift: tuple[int, int]) -> None:
    source = photo("astronaut")
    mask = Mask(source.size).ellipse(100, 100, 200, 200).rasterize()
    moved = Image.fromarray(np.roll(np.asarray(source), (shift[1], shift[0]), (0, 1)))
    leak = frames.restore(source, mask, moved).leak
    assert leak is not None
    assert leak.shift == shift
    assert leak.share < 0.001


def test_what_is_beside_the_mask_by_a_hair_is_no_leak() -> None:
    source = photo("coffee")
    mask = Mask(source.size).rect(100, 100, 200, 200)
    bleeding = source.copy()
    bleeding.paste((0, 255, 0), mask=mask.grow(2).rasterize())
    leak = frames.restore(source, mask.rasterize(), bleeding).leak
    assert leak is not None
    assert leak.share == 0


def test_putting_back_and_measuring_is_quick() -> None:
    source = photo("astronaut").resize((1536, 1024))
    mask = Mask(source.size).ellipse(300, 300, 900, 800).rasterize()
    answer = Image.fromarray(np.roll(np.asarray(source), (2, 1), (0, 1)))

    def took(act: Callable[[], object]) -> float:
        start = time.perf_counter()
        act()
        return time.perf_counter() - start

    whole = min(took(lambda: frames.restore(source, mask, answer)) for _ in range(2))
    once = min(took(lambda: source.resize((1535, 1023), Image.Resampling.LANCZOS)) for _ in range(3))
    assert whole < 30 * once  # some 12 on any machine


# --- a whole edit


@pytest.fixture(scope="module")
def offline() -> Iterator[Session]:
    with Session(history=False, model="offline/painter") as one:
        yield one


def lines_along(picture: np.ndarray, axis: int) -> np.ndarray:
    """Return how white each column (axis 0) or row (axis 1) is."""
    return (np.abs(picture - 250).max(axis=2) < 90).mean(axis=axis)


@pytest.mark.parametrize("size", ENDPOINT)
def test_an_edited_grid_comes_back_undistorted_and_the_same_outside_the_mask(
    offline: Session, size: tuple[int, int]
) -> None:
    source = grid()
    mask = Mask(source.size).rect(1010, 210, 2190, 790)
    text = f"{size[0]}x{size[1]}"
    edit = offline.edit("warmer", source, mask=mask, size=text, quality="low")
    frame = edit.request.frame
    assert frame is not None
    assert edit.images[0].size == size
    assert edit.restored[0].size == source.size
    assert edit.leak is not None
    assert edit.leak.shift == (0, 0)
    before, after = array(source), array(edit.restored[0].pil)
    kept = array(mask.rasterize()) == 0
    assert (before[kept] == after[kept]).all()
    assert not (before[~kept] == after[~kept]).all()
    # the raw result, by plain arithmetic: the whole canvas at the source's scale, cut where the source was
    whole = edit.images[0].pil.convert("RGB").resize(frame.canvas, Image.Resampling.BICUBIC)
    x, y = frame.place
    raw = array(whole.crop((x, y, x + 3000, y + 1000)))
    inside = (slice(240, 760), slice(1040, 2160))
    for picture in (raw, after[inside], raw[inside]):
        left, top = (0, 0) if picture.shape[1] == 3000 else (1040, 240)
        for axis, start in ((0, left), (1, top)):
            white = lines_along(picture, axis)
            middles = [at for at in range(-start % 100 + 5, len(white) - 30, 100) if at >= 30]
            assert len(middles) >= 4
            for middle in middles:  # a line covers 10 pixels; its weight is where it was
                near = np.arange(middle - 20, middle + 21)
                weight = np.clip(white[near] - white[near].min(), 0, None)
                assert weight.max() > 0.3
                assert abs((near * weight).sum() / weight.sum() - (middle - 0.5)) <= 1.5


def test_each_of_several_results_is_measured_with_its_own_shift(tmp_path: Path) -> None:
    source = photo("astronaut")
    moved = Image.fromarray(np.roll(np.asarray(source), (2, 3), (0, 1)))
    files = [encoded(image) for image in (source, moved, Image.new("RGB", source.size, "red"))]
    mask = Mask(source.size).rect(10, 10, 100, 100)
    with scripted(answering(pictures(*files))) as server, session(server.url, tmp_path) as one:
        edit = one.edit("x", source, mask=mask, n=3)
        assert one.history[-1].leaks == edit.leaks
    exact, shifted, other = edit.leaks
    assert exact == Leak(0.0, 0.0)
    assert shifted is not None
    assert (shifted.share, shifted.shift) == (pytest.approx(0, abs=0.001), (3, 2))
    assert other is not None
    assert other.share > 0.9
    assert edit.leak == other


def test_a_result_that_cannot_be_put_back_has_no_leak_and_the_others_keep_theirs(tmp_path: Path) -> None:
    source = photo("astronaut")
    files = [encoded(image) for image in (source.resize((100, 300)), Image.new("RGB", source.size, "red"))]
    mask = Mask(source.size).rect(10, 10, 100, 100)
    with scripted(answering(pictures(*files))) as server, session(server.url, tmp_path) as one:
        edit = one.edit("x", source, mask=mask, n=2)
    assert edit.record.restored == ()
    assert edit.leaks[0] is None
    assert edit.leaks[1] is not None
    assert edit.leak == edit.leaks[1]
