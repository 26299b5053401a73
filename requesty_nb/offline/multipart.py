"""Reading ``multipart/form-data`` as a stream.

Starlette's own reader is not used: it keeps every byte of a file of any length, and takes a body that
breaks off in the middle for a whole one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from requesty_nb.offline.refusals import malformed
from requesty_nb.offline.uploads import Upload, spool

if TYPE_CHECKING:
    from collections.abc import AsyncIterable
    from contextlib import ExitStack

_PARTS = 1000  # in one body
_TEXT_LIMIT = 1 << 20  # bytes of one field that is no file

Part = tuple[str, str | Upload]


class _Reader:
    """The parts of one body, collected while its bytes go by."""

    def __init__(self, boundary: bytes, closing: ExitStack) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._closing = closing
        self._header = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._sink: bytearray | Upload = bytearray()
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def _part_begin(self) -> None:
        self._headers.clear()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        if len(self.parts) >= _PARTS:
            raise malformed(f"The form has more than {_PARTS} parts.")
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise malformed("A part of the form has no name in its Content-Disposition.")
        self._name = _text(options[b"name"])
        if b"filename" in options:
            declared, _ = parse_options_header(self._headers.get(b"content-type"))
            self._sink = Upload(spool(self._closing), declared.decode("latin-1").lower())
        else:
            self._sink = bytearray()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if isinstance(self._sink, Upload):
            self._sink.write(memoryview(data)[start:end])
            return
        self._sink += data[start:end]
        if len(self._sink) > _TEXT_LIMIT:
            raise malformed(f"The field '{self._name}' is longer than {_TEXT_LIMIT} bytes.")

    def _part_end(self) -> None:
        sink = self._sink
        self.parts.append((self._name, sink if isinstance(sink, Upload) else _text(bytes(sink))))

    def _end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise malformed("A field of the form is not UTF-8.") from None


async def read_multipart(
    content_type: str, body: AsyncIterable[bytes], closing: ExitStack
) -> tuple[Part, ...]:
    """Return the parts of a form, in their order, as text or as `Upload`.

    Raises:
        Refusal: the form is malformed, broken off, or has too many or too long fields.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise malformed("The Content-Type of the form names no boundary.")
    try:
        reader = _Reader(boundary, closing)
        async for chunk in body:
            reader.parser.write(chunk)
    except FormParserError:
        raise malformed("The form is not well-formed multipart/form-data.") from None
    if not reader.ended:
        raise malformed("The form breaks off before its last boundary.")
    return tuple(reader.parts)
