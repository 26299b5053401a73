"""How many tokens a picture or a prompt is billed as."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from requesty_nb.pricing.prices import MINI, is_second, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

Size = tuple[int, int]
_MILLION = 1_000_000

SQUARE, _PORTRAIT, _LANDSCAPE = SIZES = ((1024, 1024), (1024, 1536), (1536, 1024))
_OUTPUT: Mapping[tuple[str, Size], int] = {
    ("low", SQUARE): 272,
    ("low", _PORTRAIT): 408,
    ("low", _LANDSCAPE): 400,
    ("medium", SQUARE): 1056,
    ("medium", _PORTRAIT): 1584,
    ("medium", _LANDSCAPE): 1568,
    ("high", SQUARE): 4160,
    ("high", _PORTRAIT): 6240,
    ("high", _LANDSCAPE): 6208,
}

_TILE_BASE, _TILE = 65, 129
_FIDELITY_SQUARE, _FIDELITY_OBLONG = 4160, 6240
_NEARLY_SQUARE = 1.25  # up to here the guide's "closer to portrait or landscape" leaves it open
_MANY_TILES = 4  # within 2048 pixels, with the shorter side at 512 or less
_PATCH, _PATCHES, _CANVAS, _ELONGATED = 32, 1536, 1024, 3
_UNLISTED_TEXT = 32  # text tokens that edits were seen to be billed beyond the prompt's: 16 to 32


class Span(NamedTuple):
    """A number that is known to lie between two others."""

    low: float
    high: float


def output_tokens(model: str, size: Size, quality: str) -> int | None:
    """Return the image tokens of one picture, or None where no source gives them.

    Source: OpenAI's image guide for the models before gpt-image-2; for that and later ones the formula in
    community.openai.com/t/1382699, which meets every figure published.

    Args:
        model: the model's name, routed or bare.
        size: the result's width and height in pixels.
        quality: ``low``, ``medium`` or ``high``.
    """
    if not is_second(model):
        return _OUTPUT.get((quality, size)) if listed(model) else None
    factor = {"low": 16, "medium": 48, "high": 96}.get(quality)
    short, long = sorted(size)
    if factor is None or short < 1:
        return None
    across = (2 * factor * short + long) // (2 * long)
    return -(-factor * across * (2 * _MILLION + short * long) // (4 * _MILLION))


def input_image_tokens(model: str, size: Size, fidelity: str | None) -> int:
    """Return the tokens of one source picture.

    Before gpt-image-2: the picture is fitted into 2048 x 2048, its shorter side brought down to 512, and paid
    by 512-pixel tiles; high fidelity adds 4160 for a square and 6240 for any other (OpenAI's guides). From
    gpt-image-2: 32-pixel patches, at most 1536, after small pictures are doubled towards 1024 pixels and
    elongated ones count as 3:1; fidelity plays no part (measured by users: community.openai.com/t/1382940).

    Args:
        model: the model's name, routed or bare.
        size: the picture's width and height in pixels.
        fidelity: ``input_fidelity`` as sent; None means low.
    """
    short, long = sorted(max(1, side) for side in size)
    if is_second(model):
        return _patches(short, long)
    extra = 0
    if fidelity == "high" and listed(model) != MINI:
        extra = _FIDELITY_SQUARE if short == long else _FIDELITY_OBLONG
    if long > 2048:  # noqa: PLR2004 - the box of the guide's rule
        short, long = max(1, short * 2048 // long), 2048
    if short > 512:  # noqa: PLR2004 - the tile of the guide's rule
        short, long = 512, long * 512 // short
    return _TILE_BASE + _TILE * -(-short // 512) * -(-long // 512) + extra


def text_tokens(prompt: str) -> tuple[int, int]:
    """Return the least and the most text tokens a prompt is likely to be billed as.

    A token is about four characters of English; of other scripts, down to one. Edits were seen to be billed
    16 to 32 text tokens more than their prompt has.
    """
    foreign = sum(not character.isascii() for character in prompt)
    return -(-len(prompt) // 4), -(-(len(prompt) - foreign) // 4) + foreign + _UNLISTED_TEXT


def source_tokens(model: str, size: Size | None, fidelity: str | None, *, first: bool) -> Span:
    """Return the tokens of one source. Whether later ones pay for high fidelity is said nowhere."""
    if is_second(model):
        return Span(1, _PATCHES) if size is None else Span(*[input_image_tokens(model, size, None)] * 2)
    if size is None:
        low, high = _TILE_BASE + _TILE, _TILE_BASE + _TILE * _MANY_TILES
        extra = Span(_FIDELITY_SQUARE, _FIDELITY_OBLONG)
    else:
        low = high = input_image_tokens(model, size, None)
        short, long = sorted(size)
        extra = Span(
            _FIDELITY_SQUARE if long <= short * _NEARLY_SQUARE else _FIDELITY_OBLONG,
            _FIDELITY_SQUARE if long == short else _FIDELITY_OBLONG,
        )
    if fidelity != "high" or listed(model) == MINI:
        return Span(low, high)
    return Span(low + extra.low * first, high + extra.high)


def _patches(short: int, long: int) -> int:
    if long < _CANVAS:
        target = min(2 * long, _CANVAS)
        short, long = max(1, round(short * target / long)), target
    short = max(short, -(-long // _ELONGATED))
    count = -(-short // _PATCH) * -(-long // _PATCH)
    if count <= _PATCHES:
        return count
    # the guide to patches: shrink to the budget, then until one side is whole patches
    shrink = (_PATCHES / (short * long)) ** 0.5
    down, across = short * shrink, long * shrink
    if int(down) / down < int(across) / across:
        return int(down) * -(-int(down) * long // short)
    return int(across) * -(-int(across) * short // long)
