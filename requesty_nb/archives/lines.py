"""Lines of JSON: one a record, with a seal and the files of its pictures; and reading what may be endless."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from requesty_nb.archives.checks import trouble_with
from requesty_nb.archives.limits import MAX_LINE, PIECE
from requesty_nb.archives.paths import wrong_with
from requesty_nb.errors import HistoryFault
from requesty_nb.models import EditRecord, decode_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ELSEWHERE = "Export it again where it came from; what else it holds is not touched by this."


class _Written(msgspec.Struct, omit_defaults=True):
    """What a line says.

    Attributes:
        record: as the history has it.
        files: the paths of its pictures, by sha256.
        seal: the sha256 of the record, so that no damage goes unseen; lines of before have none.
    """

    record: msgspec.Raw
    files: dict[str, str] = {}
    seal: str = ""


_decode = msgspec.json.Decoder(_Written)


class Line(NamedTuple):
    """A line of a file: its number from 1, where it begins, and its bytes, or the first of too many."""

    number: int
    at: int
    text: bytes
    whole: bool


def record_line(record: EditRecord, files: Mapping[str, str]) -> bytes:
    """Return the line of a record."""
    text = msgspec.json.encode(record)
    return msgspec.json.encode(_Written(msgspec.Raw(text), dict(files), _seal(text))) + b"\n"


def read_line(line: Line, name: str) -> tuple[EditRecord, dict[str, str]]:
    """Return the record of a line, which is one that an edit can have, and the files of its pictures.

    Args:
        line: of a file.
        name: how to call the file.

    Raises:
        HistoryFault: it is no such line.
    """
    where = f"Line {line.number} of {name} is refused"
    try:
        return _read(line)
    except HistoryFault as error:
        raise HistoryFault(f"{where}: {error.message}", hint=error.hint) from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise HistoryFault(f"{where}: {error}.", hint=ELSEWHERE) from None


def _read(line: Line) -> tuple[EditRecord, dict[str, str]]:
    if not line.whole:
        raise ValueError(f"it has more than {MAX_LINE:,} bytes")
    written = _decode.decode(line.text)
    if written.seal and written.seal != _seal(written.record):
        raise ValueError("it is damaged, as its seal does not fit what it says")
    record = decode_record(bytes(written.record))
    if wrong := trouble_with(record) or _trouble_with_files(record, written.files):
        raise ValueError(wrong)
    return record, written.files


def lines_of(file: IO[bytes]) -> Iterator[Line]:
    """Yield the lines of a file that are not empty; of a long one only the beginning is held in memory."""
    at = 0
    for number in count(1):
        text = end = file.readline(MAX_LINE + 1)
        length = len(text)
        while end and not end.endswith(b"\n"):
            end = file.readline(PIECE)
            length += len(end)
        if not text:
            return
        if not text.isspace():
            yield Line(number, at, text, whole=length <= MAX_LINE)
        at += length


def _seal(record: bytes) -> str:
    """Return the sha256 of what JSON says, however it is spaced and in whatever order."""
    text = msgspec.json.encode(msgspec.json.decode(record), order="sorted")
    return hashlib.sha256(text).hexdigest()


def _trouble_with_files(record: EditRecord, files: Mapping[str, str]) -> str:
    for sha256 in record.objects:
        if sha256 in files and (wrong := wrong_with(files[sha256])):
            return f"it names a file that {wrong}"
    return ""
