"""Usage, by the formulas that OpenAI documents; the price is always nothing.

Output before v2 follows the image guide's table. Other sizes follow the formula that users worked out
for v2 (community.openai.com/t/1382699), which meets the published figures. Inputs are counted as for
gpt-image-1.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from requesty_nb.offline.checks import Asked

_TABLE = {
    "low": {(1024, 1024): 272, (1024, 1536): 408, (1536, 1024): 400},
    "medium": {(1024, 1024): 1056, (1024, 1536): 1584, (1536, 1024): 1568},
    "high": {(1024, 1024): 4160, (1024, 1536): 6240, (1536, 1024): 6208},
}
_FACTOR = {"low": 16, "medium": 48, "high": 96}
_PER_PARTIAL = 100
_CHARACTERS_PER_TOKEN = 4  # a rule of thumb: there is no tokenizer here


def output_tokens(size: tuple[int, int], quality: str) -> int:
    """Return the tokens of one picture of a size in pixels."""
    if size in _TABLE[quality]:
        return _TABLE[quality][size]
    factor = _FACTOR[quality]
    short = round(factor * min(size) / max(size))
    return ceil(factor * short * (2_000_000 + size[0] * size[1]) / 4_000_000)


def input_image_tokens(size: tuple[int, int], fidelity: str) -> int:
    """Return the tokens of one source: 65 and 129 for each tile of 512 pixels, more at high fidelity."""
    width, height = size
    shrink = min(1.0, 2048 / max(size))
    scale = 512 / (min(size) * shrink) * shrink
    tiles = ceil(round(width * scale, 6) / 512) * ceil(round(height * scale, 6) / 512)
    extra = 0 if fidelity == "low" else 4160 if width == height else 6240
    return 65 + 129 * tiles + extra


def usage(
    asked: Asked, sources: list[tuple[int, int]], size: tuple[int, int], *, pictures: int
) -> dict[str, Any]:
    """Return ``usage`` for some pictures of one request; each counts like a call of its own."""
    text = ceil(len(asked.prompt) / _CHARACTERS_PER_TOKEN) * pictures
    images = sum(input_image_tokens(source, asked.fidelity) for source in sources) * pictures
    made = output_tokens(size, asked.quality) + (_PER_PARTIAL * asked.partials if asked.stream else 0)
    return {
        "input_tokens": text + images,
        "input_tokens_details": {"text_tokens": text, "image_tokens": images},
        "output_tokens": made * pictures,
        "total_tokens": text + images + made * pictures,
        "cost": 0.0,
    }
