"""From a canvas and a prompt to a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageFilter, ImageOps

from requesty_nb.offline.painter import cut, references
from requesty_nb.offline.painter.brief import Brief
from requesty_nb.offline.painter.fields import line, to_image
from requesty_nb.offline.painter.plain import leak
from requesty_nb.offline.painter.regions import sky_or_upper, subject
from requesty_nb.offline.painter.vocabulary import Word, read

if TYPE_CHECKING:
    import numpy as np

    from requesty_nb.offline.painter.canvas import Canvas
    from requesty_nb.offline.painter.vocabulary import Reading

_MARGIN = 48  # pixels around a mask that recipes see at least
_PAPER = (255, 255, 255)
_INSIDE = [0] + [255] * 255
_LIGHT = {"sunset", "night", "snow", "fog", "stars"}  # they look for the sky themselves


def paint(
    canvas: Canvas,
    prompt: str,
    *,
    quality: str = "medium",
    take: int = 1,
    index: int = 0,
    background: str = "auto",
    leaky: bool = False,
) -> Image.Image:
    """Paint one picture.

    Outside the mask it equals the canvas pixel for pixel (unless ``leaky``); a mask of middling alpha
    mixes in proportion. ``quality="low"`` paints at half the size and enlarges.

    Args:
        canvas: what to paint on.
        prompt: its known words say what; the rest only changes chance.
        quality: low, medium or high.
        take: another take is another picture.
        index: which of the n pictures of a take, from 0.
        background: ``transparent`` clears the background, ``opaque`` clears nothing.
        leaky: whether the mask is loose guidance.

    Returns:
        RGB, or RGBA if any pixel is not opaque.
    """
    rng = canvas.seed(prompt, quality, take, index)
    reading = read(prompt)
    mask = canvas.mask
    if mask is not None and mask.getbbox() is None:
        painted, clear = canvas.base.convert("RGB"), None
    else:
        painted, clear = _worked(
            canvas, reading, rng, quality=quality, transparent=background == "transparent"
        )
    alpha = _alpha(canvas, clear if background != "opaque" else None)
    if leaky:
        painted = _leaked(painted, canvas, rng)
    if alpha is None:
        return painted
    if background == "opaque":
        return Image.composite(painted, Image.new("RGB", painted.size, _PAPER), alpha)
    out = painted.convert("RGBA")
    out.putalpha(alpha)
    if clear is not None:
        # what lay beneath cleared pixels is not handed out
        out.paste((0, 0, 0, 0), mask=ImageOps.invert(alpha).point([0] * 255 + [255]))
    return out


def _worked(
    canvas: Canvas, reading: Reading, rng: np.random.Generator, *, quality: str, transparent: bool
) -> tuple[Image.Image, Image.Image | None]:
    """Run the recipes where they belong; return the whole picture, and what to clear, if anything."""
    base = canvas.base.convert("RGB")
    whole = Image.new("L", base.size, 255)
    mask = whole if canvas.mask is None else canvas.mask
    frame = _frame(mask, base.size)
    part = base.crop(frame)
    scale = 2 if quality == "low" and min(part.size) > _MARGIN else 1
    size = (part.width // scale, part.height // scale)
    region = mask.crop(frame).resize(size, Image.Resampling.BOX).point(_INSIDE)
    brief = Brief(
        image=part.resize(size, Image.Resampling.BOX),
        region=region,
        box=region.getbbox() or (0, 0, *size),
        masked=canvas.mask is not None,
        unit=min(base.size) / 1024 / scale,
        rng=rng,
        references=canvas.references,
        place=reading.place,
    )
    start = brief.image
    brief = _referred(brief, reading)
    for word in reading.words:
        brief = _applied(brief, word)
    clear = _cleared(replace(brief, image=start), reading, transparent=transparent)
    painted = base.copy()
    painted.paste(brief.image.resize(part.size, Image.Resampling.BICUBIC), frame[:2])
    if clear is not None:
        cleared = Image.new("L", base.size)
        cleared.paste(clear.resize(part.size, Image.Resampling.BILINEAR), frame[:2])
        clear = ImageChops.multiply(cleared, mask)
    return Image.composite(painted, base, mask), clear


def _frame(mask: Image.Image, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the part that recipes see: the mask and what surrounds it."""
    left, top, right, bottom = mask.getbbox() or (0, 0, *size)
    margin = max(_MARGIN, (right - left) // 2, (bottom - top) // 2)
    return (
        max(0, left - margin),
        max(0, top - margin),
        min(size[0], right + margin),
        min(size[1], bottom + margin),
    )


def _referred(brief: Brief, reading: Reading) -> Brief:
    """Let further pictures in."""
    if not brief.references:
        return brief
    image = references.set_in(brief) if brief.masked else references.lend_colours(brief)
    if not _is_plain(reading):
        return _laid(brief, image)
    faint = leak(brief).point(line(0.4) * 3)
    return _laid(brief, ImageChops.screen(image, faint))


def _is_plain(reading: Reading) -> bool:
    return reading.words[0].stems == ""


def _applied(brief: Brief, word: Word) -> Brief:
    """Run one recipe and lay its result where it belongs."""
    if word.recipe is None or (word.stems == "" and brief.references):
        return brief
    if brief.masked:
        return _laid(brief, word.recipe(replace(brief, colour=word.colour)))
    where = "" if word.name in _LIGHT else brief.place
    if word.where != "picture":
        where = where or word.where
    if not where:
        return _laid(brief, word.recipe(replace(brief, colour=word.colour)))
    found = sky_or_upper(brief.image)[0] if where == "sky" else 1 - subject(brief.image)
    region = to_image(found)
    box = region.point([0] * 128 + [255] * 128).getbbox() or brief.box
    asked = replace(brief, region=region, box=box, place=where, colour=word.colour)
    return _laid(asked, word.recipe(asked), whole=brief)


def _laid(brief: Brief, image: Image.Image, whole: Brief | None = None) -> Brief:
    """Return the order for the next recipe, with this one's result laid into its region."""
    return replace(whole or brief, image=Image.composite(image, brief.image, brief.region))


def _cleared(brief: Brief, reading: Reading, *, transparent: bool) -> Image.Image | None:
    if any(word.recipe is None for word in reading.words):
        return cut.cut_out(brief)
    return cut.background(brief) if transparent else None


def _alpha(canvas: Canvas, clear: Image.Image | None) -> Image.Image | None:
    """Return the picture's alpha, or None if it is opaque."""
    alpha = canvas.base.getchannel("A") if canvas.base.mode == "RGBA" else None
    if alpha is not None and canvas.mask is not None:
        alpha = ImageChops.lighter(alpha, canvas.mask)
    if clear is not None:
        kept = ImageOps.invert(clear)
        alpha = kept if alpha is None else ImageChops.multiply(alpha, kept)
    return None if alpha is None or alpha.getextrema()[0] == 255 else alpha  # noqa: PLR2004 - opaque


def _leaked(painted: Image.Image, canvas: Canvas, rng: np.random.Generator) -> Image.Image:
    """Blur the mask's edge and redraw the rest a little differently, as generative models do."""
    width, height = painted.size
    shift = rng.uniform(-0.004, 0.004, 2)
    zoom = 1 - float(rng.uniform(0.004, 0.01))
    matrix = (zoom, 0.0, width * ((1 - zoom) / 2 + shift[0]), 0.0, zoom, height * ((1 - zoom) / 2 + shift[1]))
    moved = painted.transform(painted.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    gains, lift = rng.uniform(0.9, 1.06, 3), float(rng.uniform(4, 12))
    table = [level for gain in gains for level in line(float(gain), lift)]
    moved = moved.point(table)
    if canvas.mask is None:
        return moved
    small = canvas.mask.resize((max(1, width // 8), max(1, height // 8)), Image.Resampling.BOX)
    spill = small.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(2))
    edge = ImageChops.subtract(spill.resize(painted.size, Image.Resampling.BICUBIC), canvas.mask)
    soft = moved.resize((max(1, width // 16), max(1, height // 16)), Image.Resampling.BOX)
    return Image.composite(soft.resize(painted.size, Image.Resampling.BICUBIC), moved, edge)
