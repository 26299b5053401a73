"""Reading the JSON form: the same fields, with pictures as data URLs.

The body lies on disk once it is large; values are read out of it one at a time, so that sixteen
pictures never stand in memory together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pybase64

from requesty_nb.offline.refusals import Refusal, malformed, missing, wrong_type
from requesty_nb.offline.uploads import Upload, spool, view

if TYPE_CHECKING:
    from collections.abc import AsyncIterable
    from contextlib import ExitStack
    from tempfile import SpooledTemporaryFile

URL_LIMIT = 20_971_520  # characters of one image_url
_HEAD = 200  # characters within which a data URL has to come to its data

_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_KINDS = {ord('"'): "a string", ord("{"): "an object", ord("["): "an array", ord("n"): "null"} | {
    ord(sign): "a boolean" for sign in "tf"
}


def _kind(raw: msgspec.Raw) -> str:
    return _KINDS.get(bytes(memoryview(raw)[:1])[0], "a number")


def _text(raw: msgspec.Raw, param: str) -> memoryview:
    """Return the characters of a JSON string without a copy, unless escapes force one."""
    inside = memoryview(raw)
    if inside[0] != ord('"'):
        raise wrong_type(param, "a string", _kind(raw))
    found = bytes(inside[1:-1]).find(b"\\") if len(inside) <= _HEAD else _find_escape(inside)
    return inside[1:-1] if found < 0 else memoryview(msgspec.json.decode(raw, type=str).encode())


def _find_escape(inside: memoryview) -> int:
    step = 1 << 20
    for start in range(0, len(inside), step):
        if b"\\" in bytes(inside[start : start + step]):
            return start
    return -1


def _data_url(url: memoryview, param: str, closing: ExitStack) -> Upload:
    """Decode a data URL, strictly."""
    if len(url) > URL_LIMIT:
        raise Refusal(
            f"Invalid '{param}': string too long. Expected at most {URL_LIMIT} characters, got {len(url)}.",
            code="string_above_max_length",
            param=param,
        )
    head, comma, _ = bytes(url[:_HEAD]).partition(b",")
    if not head.lower().startswith(b"data:"):
        raise Refusal(
            f"Cannot use '{param}': the offline endpoint fetches nothing. Send the picture as a data URL.",
            code="invalid_image_url",
            param=param,
        )
    media_type, *options = head[len(b"data:") :].decode("latin-1").lower().split(";")
    if not comma or "base64" not in options:
        raise Refusal(f"'{param}' is no base64 data URL.", code="invalid_base64", param=param)
    try:
        data = pybase64.b64decode(url[len(head) + 1 :], validate=True)
    except ValueError:
        raise Refusal(f"'{param}' holds broken base64.", code="invalid_base64", param=param) from None
    upload = Upload(spool(closing), media_type.strip())
    upload.write(data)
    return upload


def _reference(raw: msgspec.Raw, param: str, closing: ExitStack) -> Upload:
    """Read an ``ImageReference``: exactly one of image_url and file_id."""
    if _kind(raw) != "an object":
        raise wrong_type(param, "an object", _kind(raw))
    fields = _RAW.decode(raw)
    for name in fields.keys() & {"image_url", "file_id"}:
        _text(fields[name], f"{param}.{name}")
    if ("image_url" in fields) == ("file_id" in fields):
        raise Refusal(
            f"'{param}' has to have exactly one of 'image_url' and 'file_id'.",
            code="invalid_value",
            param=param,
        )
    if "file_id" in fields:
        raise Refusal(
            f"Cannot use '{param}.file_id': the offline endpoint keeps no files. "
            "Send the picture as a data URL.",
            code="invalid_image_url",
            param=f"{param}.file_id",
        )
    return _data_url(_text(fields["image_url"], f"{param}.image_url"), f"{param}.image_url", closing)


async def read_json(
    body: AsyncIterable[bytes], closing: ExitStack
) -> tuple[SpooledTemporaryFile[bytes], int]:
    """Take the body in, on disk if it is large; return the file and its size."""
    file = spool(closing)
    size = 0
    async for chunk in body:
        file.write(chunk)
        size += len(chunk)
    return file, size


def parse_json(
    file: SpooledTemporaryFile[bytes], size: int, closing: ExitStack, most: int
) -> tuple[dict[str, Any], tuple[Upload, ...], Upload | None]:
    """Return the plain values, the images and the mask of a JSON body.

    Raises:
        Refusal: it is no JSON object, or its pictures are not what they should be.
    """
    try:
        fields = _RAW.decode(view(file, size))
        images = fields.pop("images", None)
        mask = fields.pop("mask", None)
        values = {name: msgspec.json.decode(raw) for name, raw in fields.items()}
        if images is None:
            raise missing("images")
        if _kind(images) != "an array":
            raise wrong_type("images", "an array of objects", _kind(images))
        references = _RAW_LIST.decode(images)
        if len(references) > most:
            raise Refusal(
                f"Invalid 'images': array too long. Expected at most {most} images, got {len(references)}.",
                code="array_above_max_length",
                param="images",
            )
        uploads = tuple(_reference(raw, f"images[{i}]", closing) for i, raw in enumerate(references))
        return values, uploads, None if mask is None else _reference(mask, "mask", closing)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"The body is no valid JSON object: {error}.", "invalid_json") from None
