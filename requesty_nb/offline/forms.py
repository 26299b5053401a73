"""A request's body, multipart or JSON, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from requesty_nb.offline.jsonbody import parse_json, read_json
from requesty_nb.offline.multipart import Part, read_multipart
from requesty_nb.offline.refusals import IMAGE_LIMIT, duplicate, malformed, too_large, wrong_type

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from contextlib import ExitStack

    from requesty_nb.offline.uploads import Upload

IMAGES_LIMIT = 16
_BODY_LIMIT = (IMAGES_LIMIT + 1) * IMAGE_LIMIT + (8 << 20)  # images, a mask, and room for the rest
_IMAGE_FIELDS = ("image[]", "image")  # the documented one, and what SDKs send for a single file


@dataclass(frozen=True, slots=True)
class Form:
    """What a body says, unchecked.

    Attributes:
        values: every field that is no picture: text from multipart, any JSON value from JSON.
        images: the pictures, in their order.
        mask: the mask, or None.
        is_json: whether numbers and booleans have types of their own, or are written as text.
    """

    values: dict[str, Any]
    images: tuple[Upload, ...]
    mask: Upload | None
    is_json: bool


async def drain(body: AsyncIterable[bytes]) -> None:
    """Read what is left of a body and drop it, so that the sender gets to read the answer.

    A client that is still writing when the connection closes sees a reset and not the refusal.
    """
    async for _ in body:
        pass


async def read_form(content_type: str, body: AsyncIterable[bytes], closing: ExitStack) -> Form:
    """Read a body. What it keeps open is closed by ``closing``.

    Raises:
        Refusal: neither form, malformed, or too large. The body may not have been read to its end.
    """
    match content_type.partition(";")[0].strip().lower():
        case "multipart/form-data":
            form = _sorted(await read_multipart(content_type, _capped(body), closing))
        case "application/json":
            file, size = await read_json(_capped(body), closing)
            values, images, mask = await run_in_threadpool(parse_json, file, size, closing, IMAGES_LIMIT)
            form = Form(values, images, mask, is_json=True)
        case other:
            raise malformed(
                f"Unsupported Content-Type {other or '(none)'!r}: "
                "send multipart/form-data or application/json.",
                "unsupported_content_type",
            )
    for upload in (*form.images, form.mask):
        if upload is not None and upload.too_large:
            raise too_large("The mask" if upload is form.mask else "An image")
    return form


async def _capped(body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Pass a body on up to the limit, whatever its Content-Length says."""
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > _BODY_LIMIT:
            raise too_large("The body")
        yield chunk


def _sorted(parts: tuple[Part, ...]) -> Form:
    """Tell pictures from other fields.

    Raises:
        Refusal: a field twice, a picture as text, or text as a file.
    """
    values: dict[str, Any] = {}
    images: list[Upload] = []
    mask: Upload | None = None
    names = [name for name, _ in parts]
    for name, value in parts:
        if name != "image[]" and names.count(name) > 1:
            raise duplicate(name)
        if name in _IMAGE_FIELDS:
            if isinstance(value, str):
                raise wrong_type(f"image[{len(images)}]", "a file", "a string")
            images.append(value)
        elif name == "mask":
            if isinstance(value, str):
                raise wrong_type("mask", "a file", "a string")
            mask = value
        else:
            values[name] = value
    return Form(values, tuple(images), mask, is_json=False)
