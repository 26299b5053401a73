"""Unfinished pictures, shown while an edit goes on: small, and only those that are pictures at all."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict

from requesty_nb import images

_MAX_PIXELS = 40_000_000
_BUDGET = 24_000  # bytes
_FORMS = ((384, 75), (320, 60), (256, 50), (192, 40), (128, 30))  # edge and quality
_KEPT = 32  # of the small ones: while seconds are counted below it, a picture is made small once

_small: OrderedDict[bytes, bytes] = OrderedDict()


def partial_html(data: bytes, number: int, of: int, picture: int) -> str:
    """Return an unfinished picture with a line below it; nothing if it is no picture.

    Args:
        data: what came, unproven.
        number: which it is, from 1.
        of: how many may come.
        picture: of which picture of the edit, from 1.
    """
    webp = _shrunk(data)
    if not webp:
        return ""
    line = f"unfinished picture {number} of {of}"
    line += f", of result {picture}" if picture > 1 else ""
    return (
        f'<figure style="margin:6px 0"><img src="data:image/webp;base64,{base64.b64encode(webp).decode()}" '
        f'alt="{line}" style="display:block;max-width:264px;border-radius:4px">'
        f'<figcaption style="font-size:.85em;opacity:.7;margin-top:3px">{line}</figcaption></figure>'
    )


def _shrunk(data: bytes) -> bytes:
    """Return it as a small WebP; nothing if it is no picture. The large one is not held on to."""
    name = hashlib.blake2b(data, digest_size=16).digest()
    known = _small.get(name)
    if known is None:
        known = _small[name] = _made_small(data)
        while len(_small) > _KEPT:
            _small.popitem(last=False)
    return known


def _made_small(data: bytes) -> bytes:
    try:
        images.examine(data, max_pixels=_MAX_PIXELS)
        image = images.decode(data)
        for edge, quality in _FORMS:
            webp = images.preview(image, edge, quality)
            if len(webp) <= _BUDGET:
                return webp
    except Exception:  # noqa: BLE001 - it is only shown if it can be, and must not end what is paid for
        return b""
    return b""
