"""Further pictures beside the first: how they enter.

Under a mask they are set into it side by side, each cropped to its share, lit like what was there.
Without a mask they lend the picture their colours: mean and spread of each channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from requesty_nb.offline.painter.canvas import cover
from requesty_nb.offline.painter.fields import curve, grey_as_rgb, line

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Brief

_SAMPLE = (64, 64)


def set_in(brief: Brief) -> Image.Image:
    """Fill the region with the references, in columns."""
    left, top, right, bottom = brief.box
    many = len(brief.references)
    out = brief.image.copy()
    edges = [left + round((right - left) * i / many) for i in range(many + 1)]
    for reference, start, end in zip(brief.references, edges, edges[1:], strict=False):
        if end > start:
            out.paste(cover(reference, (end - start, bottom - top), Image.Resampling.LANCZOS), (start, top))
    light = brief.image.convert("L").resize((16, 16), Image.Resampling.BOX).filter(ImageFilter.BoxBlur(2))
    level = max(float(np.asarray(light, np.float32).mean()), 24.0)
    light = light.point(curve(lambda v: 255 * min(max(0.7 + 0.3 * v / level, 0.75), 1.0)))
    shade = grey_as_rgb(light.resize(brief.size, Image.Resampling.BICUBIC))
    return Image.blend(out, ImageChops.multiply(out, shade), brief.between(0.7, 1.0))


def lend_colours(brief: Brief) -> Image.Image:
    """Give each channel the mean and the spread it has in the references."""
    own = np.asarray(brief.image.resize(_SAMPLE, Image.Resampling.BOX), np.float32).reshape(-1, 3)
    theirs = np.concatenate(
        [
            np.asarray(reference.resize(_SAMPLE, Image.Resampling.BOX), np.float32).reshape(-1, 3)
            for reference in brief.references
        ]
    )
    much = brief.between(0.7, 0.95)
    table: list[int] = []
    for i in range(3):
        gain = min(max(float(theirs[:, i].std() / max(own[:, i].std(), 8.0)), 0.5), 1.8)
        mean, goal = float(own[:, i].mean()), float(theirs[:, i].mean())
        table += line(1 + much * (gain - 1), much * (goal - mean * gain))
    return brief.image.point(table)
