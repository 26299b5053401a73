"""The painter: what its words do to real photographs, and what it promises about masks and chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageDraw, ImageOps

from requesty_nb.offline import painter, vocabulary
from requesty_nb.offline.painter.regions import sky, subject
from requesty_nb.offline.painter.vocabulary import read

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASTRONAUT = Image.fromarray(skimage.data.astronaut())
CAT = Image.fromarray(skimage.data.chelsea())
COFFEE = Image.fromarray(skimage.data.coffee())
ROCKET = Image.fromarray(skimage.data.rocket())
SIZE = (384, 256)
WORDS = [word for word in vocabulary() if word not in {"sky", "background"}]
KEEPS_PIXELS = {"cut out"}


def canvas(source: Image.Image, mask: Image.Image | None = None, *references: Image.Image) -> painter.Canvas:
    return painter.prepare(source, mask, references, SIZE)


def oval(size: tuple[int, int], box: tuple[float, float, float, float] = (0.3, 0.2, 0.7, 0.8)) -> Image.Image:
    mask = Image.new("L", size)
    width, height = size
    ImageDraw.Draw(mask).ellipse((box[0] * width, box[1] * height, box[2] * width, box[3] * height), fill=255)
    return mask


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGB"), np.float64)


def means(image: Image.Image, where: Any = slice(None)) -> NDArray[np.float64]:
    shown: NDArray[np.float64] = pixels(image)[where].reshape(-1, 3).mean(axis=0)
    return shown


def lightness(image: Image.Image) -> float:
    return float(pixels(image).mean())


def roughness(image: Image.Image) -> float:
    return float(np.abs(np.diff(pixels(image), axis=1)).mean())


def painted(prompt: str, source: Image.Image, **options: Any) -> Image.Image:
    return painter.paint(canvas(source), prompt, **options)


def base(source: Image.Image) -> Image.Image:
    return canvas(source).base


@pytest.mark.parametrize("word", WORDS)
def test_every_word_works_within_the_mask_and_nowhere_else(word: str) -> None:
    work = canvas(ASTRONAUT, oval(ASTRONAUT.size))
    result = painter.paint(work, word)
    assert work.mask is not None
    outside = np.asarray(work.mask) == 0
    assert np.array_equal(pixels(result)[outside], pixels(work.base)[outside])
    inside = np.asarray(work.mask) == 255
    if word in KEEPS_PIXELS:
        assert np.asarray(result.getchannel("A"))[inside].max() == 0
        assert np.asarray(result.getchannel("A"))[outside].min() == 255
    else:
        assert result.mode == "RGB"
        assert np.abs(pixels(result)[inside] - pixels(work.base)[inside]).mean() > 3


@pytest.mark.parametrize("word", WORDS)
def test_the_same_order_gives_the_same_picture_and_any_other_another(word: str) -> None:
    work, again = (painter.prepare(ROCKET, None, (), (192, 128)) for _ in range(2))
    first = painter.paint(work, word)
    assert painter.paint(again, word).tobytes() == first.tobytes()
    others = [
        painter.paint(work, word, take=2),
        painter.paint(work, word, index=1),
        painter.paint(work, word, quality="high"),
    ]
    assert len({image.tobytes() for image in (first, *others)}) == 4


def test_prompts_without_a_known_word_differ_from_each_other() -> None:
    pictures = {painted(prompt, CAT).tobytes() for prompt in ("a banana", "a bananas", "ein Fest", "猫")}
    assert len(pictures) == 4


def test_a_mask_that_is_opaque_everywhere_changes_nothing() -> None:
    mask = Image.new("L", COFFEE.size, 0)
    for options in ({}, {"background": "transparent"}):
        work = canvas(COFFEE, mask)
        assert painter.paint(work, "a forest", **options).tobytes() == work.base.tobytes()


def test_a_mask_that_is_clear_everywhere_edits_everything() -> None:
    work = canvas(COFFEE, Image.new("L", COFFEE.size, 255))
    changed = np.abs(pixels(painter.paint(work, "bricks")) - pixels(work.base)).max(axis=-1) > 0
    assert changed.mean() > 0.98


def test_soft_alpha_mixes_in_proportion() -> None:
    hard = canvas(ASTRONAUT, Image.new("L", ASTRONAUT.size, 255))
    soft = replace(hard, mask=Image.new("L", hard.base.size, 64))
    whole, part = pixels(painter.paint(hard, "water")), pixels(painter.paint(soft, "water"))
    expected = pixels(hard.base) + (whole - pixels(hard.base)) * 64 / 255
    assert np.abs(part - expected).max() <= 1


def test_at_its_own_size_the_source_stays_as_it_is() -> None:
    work = painter.prepare(CAT, oval(CAT.size), (), CAT.size)
    result = pixels(painter.paint(work, "sunset"))
    outside = np.asarray(oval(CAT.size)) == 0
    assert np.array_equal(result[outside], pixels(CAT)[outside])


@pytest.mark.parametrize("size", [(1024, 1024), (1536, 1024), (1024, 1536), (1536, 864), (16, 16)])
def test_another_aspect_is_cropped_and_not_stretched(size: tuple[int, int]) -> None:
    for source in (ASTRONAUT, CAT, ROCKET):
        fitted = painter.prepare(source, None, (), size).base
        assert fitted.size == size
        assert (
            np.abs(pixels(fitted) - pixels(ImageOps.fit(source, size, Image.Resampling.LANCZOS))).mean() < 1
        )


def test_low_quality_is_softer_and_keeps_the_mask() -> None:
    work = canvas(CAT, oval(CAT.size))
    low, high = (painter.paint(work, "warmer", quality=quality) for quality in ("low", "high"))
    outside = np.asarray(work.mask) == 0
    assert np.array_equal(pixels(low)[outside], pixels(work.base)[outside])
    assert roughness(low) < roughness(high)


def test_black_and_white_has_no_colour() -> None:
    result = pixels(painted("Black and white, please", ASTRONAUT))
    assert np.ptp(result, axis=-1).max() == 0


def test_sepia_warmer_and_colder_shift_colours_as_they_say() -> None:
    red, green, blue = means(painted("sepia", COFFEE))
    assert red > green > blue

    def warmth(image: Image.Image) -> float:
        return float(means(image)[0] - means(image)[2])

    before = warmth(base(ASTRONAUT))
    assert warmth(painted("warmer", ASTRONAUT)) > before + 15
    assert warmth(painted("colder", ASTRONAUT)) < before - 15


def test_brighter_and_darker_shift_lightness_as_they_say() -> None:
    before = lightness(base(CAT))
    assert lightness(painted("make it brighter", CAT)) > before + 15
    assert lightness(painted("Darker", CAT)) < before - 15


def test_styles_look_as_they_say() -> None:
    before = base(CAT)
    assert roughness(painted("blur", CAT)) < 0.4 * roughness(before)
    art = np.asarray(painted("pixel art", CAT))
    assert len(np.unique(art.reshape(-1, 3), axis=0)) <= 28
    assert (np.diff(art.astype(int), axis=1) == 0).all(axis=-1).mean() > 0.6
    assert np.ptp(pixels(painted("a sketch", CAT)), axis=-1).max() <= 12
    assert lightness(painted("a sketch", CAT)) > lightness(before)
    paper = pixels(painted("a watercolour", CAT))
    assert paper[:2].mean() > 235
    assert paper[60:-60, 60:-60].mean() < 200
    ink = painted("poster", COFFEE).quantize(12).convert("RGB")
    assert np.abs(pixels(ink) - pixels(painted("poster", COFFEE))).mean() < 8


def test_the_sky_is_found_where_there_is_one() -> None:
    found = sky(base(ROCKET))
    assert found is not None
    assert found[:120].mean() > 0.9
    assert found[:, 180:204][100:230].mean() < 0.6  # the rocket itself
    assert sky(base(COFFEE)) is None
    assert sky(base(CAT)) is None


def test_sky_words_repaint_the_sky() -> None:
    before = base(ROCKET)
    dusk, dark, fog, snow, stars = (
        painted(prompt, ROCKET)
        for prompt in ("Make the sky a dramatic sunset", "at night", "fog", "let it snow", "stars")
    )
    upper = slice(100, 200)
    assert (
        means(dusk, upper)[0] - means(dusk, upper)[2] > 40 > means(before, upper)[0] - means(before, upper)[2]
    )
    assert lightness(painted("night", ASTRONAUT)) < 0.5 * lightness(base(ASTRONAUT))
    assert means(dark, slice(0, 80))[2] > means(dark, slice(0, 80))[0]
    assert means(fog, slice(0, 120)).min() > means(before, slice(0, 120)).max()
    assert roughness(snow) > roughness(before)
    assert means(snow, slice(235, 256)).min() > 120
    assert means(stars, slice(0, 100)).max() < 80
    assert pixels(stars)[:100].max() > 150


def test_matter_fills_the_mask_with_its_own_colours() -> None:
    work = canvas(ASTRONAUT, oval(ASTRONAUT.size))
    inside = np.asarray(work.mask) == 255

    def filled(word: str) -> NDArray[np.float64]:
        return means(painter.paint(work, word), inside)

    red, green, blue = filled("a forest")
    assert green > red
    red, green, blue = filled("water")
    assert blue > red
    red, green, blue = filled("sand")
    assert red > green > blue
    red, green, blue = filled("bricks")
    assert red > green + 25
    assert filled("stars").max() < 90


def test_matter_without_a_mask_goes_behind_what_stands_in_front() -> None:
    before, result = base(ASTRONAUT), painted("put her in front of bricks", ASTRONAUT)
    changed = np.abs(pixels(result) - pixels(before)).mean(axis=-1)
    front = subject(before)
    assert changed[front < 0.02].mean() > 40
    assert changed[front > 0.98].mean() < 3


def test_colours_dye_and_keep_the_shading() -> None:
    work = canvas(ASTRONAUT, oval(ASTRONAUT.size, (0.2, 0.5, 0.7, 0.95)))
    inside = np.asarray(work.mask) == 255
    before = pixels(work.base.convert("L"))[..., 0][inside]
    for word, channel in (("a red suit", 0), ("green", 1), ("blue cloth", 2)):
        result = painter.paint(work, word)
        dyed = means(result, inside)
        assert dyed.argmax() == channel
        assert dyed[channel] > 1.3 * np.delete(dyed, channel).max()
        assert np.corrcoef(pixels(result.convert("L"))[..., 0][inside], before)[0, 1] > 0.9


def test_removing_fills_from_the_surroundings() -> None:
    scene = Image.new("RGB", (384, 256))
    grain = np.random.default_rng(3).normal(0, 6, (256, 384, 1))
    scene = Image.fromarray(np.clip(np.array([90, 130, 170]) + grain, 0, 255).astype(np.uint8))
    clean = pixels(scene)
    ImageDraw.Draw(scene).ellipse((150, 90, 220, 160), fill=(230, 30, 30))
    mask = Image.new("L", scene.size)
    ImageDraw.Draw(mask).ellipse((140, 80, 230, 170), fill=255)
    result = pixels(painter.paint(painter.prepare(scene, mask, (), scene.size), "remove the ball"))
    inside = np.asarray(mask) == 255
    assert np.abs(result[inside].mean(axis=0) - clean[inside].mean(axis=0)).max() < 6
    assert 2 < result[inside].std(axis=0).mean() < 12  # it has grain of its own
    rocket = canvas(ROCKET, oval(ROCKET.size, (0.45, 0.2, 0.56, 0.8)))
    inside = np.asarray(rocket.mask) == 255
    assert means(painter.paint(rocket, "erase it"), inside)[0] < 0.75 * means(rocket.base, inside)[0]


def test_removing_everything_still_gives_a_picture() -> None:
    work = canvas(CAT, Image.new("L", CAT.size, 255))
    assert painter.paint(work, "remove").size == SIZE


def test_cutting_out_keeps_the_subject() -> None:
    alpha = np.asarray(painted("cut out", ASTRONAUT).getchannel("A"))
    assert alpha[100:200, 150:220].mean() > 240
    assert alpha[:40, :20].mean() < 10


@pytest.mark.parametrize("kind", ["astronaut", "rocket", "flat", "noise"])
@pytest.mark.parametrize("mask", [None, "oval", "square"])
def test_a_transparent_background_always_clears_something(kind: str, mask: str | None) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (256, 384, 3), np.uint8)
    source = {
        "astronaut": ASTRONAUT,
        "rocket": ROCKET,
        "flat": Image.new("RGB", SIZE, (120, 130, 140)),
        "noise": Image.fromarray(noise),
    }[kind]
    drawn = {None: None, "oval": oval(source.size), "square": Image.new("L", source.size)}[mask]
    if mask == "square" and drawn is not None:
        drawn.paste(255, (40, 40, 160, 160))
    work = canvas(source, drawn)
    result = painter.paint(work, "a banana", background="transparent")
    alpha = np.asarray(result.getchannel("A"))
    assert alpha.min() == 0
    assert pixels(result)[alpha == 0].max() == 0
    if work.mask is not None:
        outside = np.asarray(work.mask) == 0
        assert alpha[outside].min() == 255


def test_a_transparent_source_stays_transparent_unless_asked_otherwise() -> None:
    source = ASTRONAUT.convert("RGBA")
    source.putalpha(oval(source.size))
    work = canvas(source)
    assert painter.paint(work, "warmer").getchannel("A").tobytes() == work.base.getchannel("A").tobytes()
    assert painter.paint(work, "warmer", background="opaque").mode == "RGB"
    filled = painter.paint(canvas(source, Image.new("L", source.size, 255)), "forest")
    assert filled.mode == "RGB"


def test_further_pictures_are_set_into_the_mask() -> None:
    red, blue = Image.new("RGB", (50, 80), (220, 30, 30)), Image.new("RGB", (90, 40), (30, 30, 220))
    mask = Image.new("L", SIZE)
    mask.paste(255, (92, 50, 292, 200))
    result = painter.paint(canvas(base(CAT), mask, red, blue), "put these in")
    left, right = (means(result, (slice(60, 190), columns)) for columns in (slice(100, 180), slice(205, 280)))
    assert left.argmax() == 0
    assert right.argmax() == 2


def test_further_pictures_lend_their_colours_without_a_mask() -> None:
    result = painter.paint(canvas(ROCKET, None, COFFEE), "like the other one")
    plain = painted("like the other one", ROCKET)
    goal = means(COFFEE)
    assert np.abs(means(result) - goal).mean() < np.abs(means(plain) - goal).mean()


def test_words_are_read_by_stem_and_the_longer_one_wins() -> None:
    def names(prompt: str) -> list[str]:
        return [word.name for word in read(prompt).words]

    assert names("A BLACK and WHITE photo") == ["black and white"]
    assert names("watercolor") == ["watercolour"]
    assert names("snowy, then Bluish blurred stars") == ["snow", "blur", "stars"]
    assert names("remove the background") == ["cut out"]
    assert names("the golden hour") == ["sunset"]
    assert names("a sunset over the sea") == ["sunset"]
    assert names("in front of the sea") == ["water"]
    assert names("a red hat and a blue one") == ["red", "blue"]
    assert names("scared starlings restored") == ["(anything else)"]
    assert read("make the sky pink").place == "sky"


def test_every_word_of_the_table_answers_to_its_name() -> None:
    for word, says in vocabulary().items():
        assert says
        if word in {"sky", "background"}:
            assert read(word).place == word
        else:
            assert [found.name for found in read(word).words] == [word]


def test_a_place_confines_tone_and_style() -> None:
    before = base(ASTRONAUT)
    changed = np.abs(pixels(painted("black and white background", ASTRONAUT)) - pixels(before)).mean(axis=-1)
    front = subject(before)
    assert changed[front > 0.98].mean() < 1 < changed[front < 0.02].mean()


def test_a_leaky_picture_drifts_outside_the_mask() -> None:
    work = canvas(ASTRONAUT, oval(ASTRONAUT.size))
    outside = np.asarray(work.mask) == 0
    drift = np.abs(pixels(painter.paint(work, "red", leaky=True)) - pixels(work.base))[outside]
    assert 3 < drift.mean() < 40
    assert (drift.max(axis=-1) > 0).mean() > 0.9


def test_previews_get_sharper() -> None:
    image = base(CAT)
    rough = [roughness(painter.preview(image, i, 3)) for i in range(3)]
    assert rough == sorted(rough)
    assert rough[2] < roughness(image)


def test_long_prompts_are_read_in_no_time() -> None:
    assert [word.name for word in read("in water " * 3555).words] == ["water"]
