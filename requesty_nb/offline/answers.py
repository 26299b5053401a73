"""What a painted request is answered with: one JSON body, or a stream of events."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pybase64
from starlette.concurrency import run_in_threadpool

from requesty_nb.offline import painter
from requesty_nb.offline.checks import SIZES
from requesty_nb.offline.pictures import decode, encode
from requesty_nb.offline.tokens import usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from PIL import Image

    from requesty_nb.offline.checks import Asked
    from requesty_nb.offline.pictures import Pictures


@dataclass(frozen=True, slots=True)
class Commission:
    """A request whose pictures are decoded, ready to be painted.

    Attributes:
        asked: the request.
        pictures: its pictures.
        size: width and height of the answer in pixels.
        canvas: the source at that size, with its mask.
    """

    asked: Asked
    pictures: Pictures
    size: tuple[int, int]
    canvas: painter.Canvas

    def paint(self, index: int) -> Image.Image:
        """Paint one of the n pictures; ``index`` counts from 0."""
        asked = self.asked
        return painter.paint(
            self.canvas,
            asked.prompt,
            quality=asked.quality,
            take=asked.take,
            index=index,
            background=asked.background if asked.output_format != "jpeg" else "opaque",
            leaky=asked.leaky,
        )

    def file(self, image: Image.Image) -> str:
        """Return a picture as base64 of the format asked for."""
        profile = self.pictures.profile
        data = encode(image, self.asked.output_format, self.asked.compression, profile)
        return pybase64.b64encode(data).decode("ascii")

    def told(self, image: Image.Image) -> dict[str, str]:
        """Return the effective parameters."""
        return {
            "background": "transparent" if image.mode == "RGBA" else "opaque",
            "output_format": self.asked.output_format,
            "quality": self.asked.quality,
            "size": f"{self.size[0]}x{self.size[1]}",
        }

    def usage(self, pictures: int) -> dict[str, Any]:
        """Return the usage of some of its pictures."""
        return usage(self.asked, list(self.pictures.sizes), self.size, pictures=pictures)


def commission(asked: Asked) -> Commission:
    """Decode a request's pictures and settle the size: ``auto`` is the nearest of the three by aspect.

    Raises:
        Refusal: 400, a picture or the mask is not usable.
    """
    pictures = decode(asked)
    size = asked.size or painter.nearest_size(pictures.source.size, SIZES)
    canvas = painter.prepare(pictures.source, pictures.mask, pictures.references, size)
    return Commission(asked, pictures, size, canvas)


def painted(work: Commission) -> bytes:
    """Paint all n pictures and return the JSON body."""
    images = [work.paint(index) for index in range(work.asked.n)]
    body = {
        "created": int(time.time()),
        "data": [{"b64_json": work.file(image)} for image in images],
        **work.told(images[0]),
        "usage": work.usage(work.asked.n),
    }
    return msgspec.json.encode(body)


async def events(work: Commission, delay: float) -> AsyncIterator[bytes]:
    """Paint and send as server-sent events.

    Each of the n pictures has its previews, each sharper than the one before, and one completed event
    with the usage of that picture alone.
    """
    pause = delay / (work.asked.n * (work.asked.partials + 1))
    for index in range(work.asked.n):
        image = await run_in_threadpool(work.paint, index)
        for partial in range(work.asked.partials):
            await asyncio.sleep(pause)
            preview = painter.preview(image, partial, work.asked.partials)
            file = await run_in_threadpool(work.file, preview)
            yield _event("partial_image", work.told(image), file, partial_image_index=partial)
        await asyncio.sleep(pause)
        file = await run_in_threadpool(work.file, image)
        yield _event("completed", work.told(image), file, usage=work.usage(1))


def _event(kind: str, told: dict[str, str], file: str, **more: object) -> bytes:
    name = f"image_edit.{kind}"
    data = msgspec.json.encode(
        {"type": name, "b64_json": file, "created_at": int(time.time()), **told, **more}
    )
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
