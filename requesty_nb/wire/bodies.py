"""A request's body, as pieces that are read while they are sent: 16 files of 50 MB need no memory."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pybase64

from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requesty_nb.images import Blob

_PIECE = 196_608  # divisible by 3, so that pieces of base64 join without padding


@dataclass(frozen=True, slots=True)
class Upload:
    """One picture as it goes over the wire: bytes with a name and a media type, or a reference."""

    name: str
    mime: str
    blob: Blob | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class _Base64:
    blob: Blob

    @property
    def length(self) -> int:
        return (self.blob.length + 2) // 3 * 4

    def pieces(self) -> Iterator[bytes]:
        carry = b""
        for piece in self.blob.pieces(_PIECE):
            data = carry + piece if carry else piece
            whole = len(data) - len(data) % 3
            carry = data[whole:]
            yield pybase64.b64encode(memoryview(data)[:whole])
        if carry:
            yield pybase64.b64encode(carry)


@dataclass(frozen=True, slots=True)
class Body:
    """A request body: its media type, its exact length, and its pieces."""

    content_type: str
    parts: tuple[bytes | Blob | _Base64, ...]

    @property
    def length(self) -> int:
        """Bytes in all, known before anything is read."""
        return sum(len(part) if isinstance(part, bytes) else part.length for part in self.parts)

    def pieces(self) -> Iterator[bytes]:
        """Read the body, a few hundred kilobytes at a time."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
            else:
                yield from part.pieces()


def multipart(fields: Mapping[str, Any], images: Sequence[Upload], mask: Upload | None) -> Body:
    """Return a ``multipart/form-data`` body; every picture is a file part named ``image[]``.

    Raises:
        BadRequest: a picture is a reference, which only the JSON form can carry.
    """
    boundary = f"requesty-nb-{secrets.token_hex(16)}"
    parts: list[bytes | Blob | _Base64] = []
    text: list[str] = []
    for name, value in flat(fields):
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'
        text.append(f"{head}{value}\r\n")
    parts.append("".join(text).encode())
    for name, upload in [("image[]", image) for image in images] + ([("mask", mask)] if mask else []):
        if upload.blob is None:
            raise BadRequest(
                "A URL or file id cannot be sent as multipart/form-data.", hint="Leave out --transport."
            )
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
            f'filename="{_quoted(upload.name)}"\r\nContent-Type: {upload.mime}\r\n\r\n'
        )
        parts += [head.encode(), upload.blob, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return Body(f"multipart/form-data; boundary={boundary}", tuple(parts))


def json_body(fields: Mapping[str, Any], images: Sequence[Upload], mask: Upload | None) -> Body:
    """Return an ``application/json`` body; pictures are data URLs, or references as they are."""
    head = msgspec.json.encode(dict(fields))[:-1]
    parts: list[bytes | Blob | _Base64] = [head + (b"," if fields else b"") + b'"images":[']
    for index, image in enumerate(images):
        parts += [b"," if index else b"", *_json_reference(image)]
    parts.append(b"]")
    if mask:
        parts += [b',"mask":', *_json_reference(mask)]
    parts.append(b"}")
    return Body("application/json", tuple(parts))


def _json_reference(upload: Upload) -> list[bytes | Blob | _Base64]:
    if upload.blob is not None:
        return [f'{{"image_url":"data:{upload.mime};base64,'.encode(), _Base64(upload.blob), b'"}']
    field = "file_id" if upload.reference.startswith("file-") else "image_url"
    return [msgspec.json.encode({field: upload.reference})]


def flat(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield fields as a form has them: names and texts, as often as a name has values."""
    for name, value in fields.items():
        yield from _flat_value(name, value)


def _flat_value(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Spell a value as form fields the way the OpenAI SDK does."""
    match value:
        case None:
            return
        case bool():
            yield name, "true" if value else "false"
        case dict():
            for key, item in value.items():
                yield from _flat_value(f"{name}[{key}]", item)
        case list() | tuple():
            for item in value:
                yield from _flat_value(f"{name}[]", item)
        case _:
            yield name, str(value)


def _quoted(text: str) -> str:
    """Escape a name for a Content-Disposition header as the HTML standard says."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
