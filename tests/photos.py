"""Small pictures for tests whose subject is what happens around them, and a session at a server."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import skimage.data
from PIL import Image

from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "azure/openai/gpt-image-1"


def key() -> str:
    """Return the key that the whole run watches for."""
    return os.environ["REQUESTY_API_KEY"]


def photo(width: int = 48, height: int = 48) -> Image.Image:
    return Image.fromarray(skimage.data.astronaut()).resize((width, height))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def noise(seed: int, size: tuple[int, int] = (32, 32), kind: str = "PNG") -> bytes:
    """Return a picture like no other."""
    grain = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return encoded(Image.fromarray(grain), kind)


PNG = encoded(photo())
MADE = tuple(noise(seed) for seed in range(6))  # what servers answer with


def session(url: str, folder: Path | None = None, **options: Any) -> Session:
    """Return a session at a server, with the watched key and a short deadline."""
    options = {"base_url": url, "api_key": key(), "model": MODEL, "timeout": 10, **options}
    return Session(history=folder or False, **options)
