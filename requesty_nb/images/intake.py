"""Where bytes come from: text, paths, open files; and references, which stay text."""

from __future__ import annotations

import base64
import binascii
import difflib
import io
import os
import re
import stat
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from requesty_nb.errors import BadImage
from requesty_nb.images.blobs import Blob

if TYPE_CHECKING:
    from collections.abc import Iterator

URL_NOTE = "what the URL points to can change"
FILE_NOTE = "what the file id stands for cannot be checked"

_MAX_READ = 1_000_000_000  # bytes taken from a file object before giving up on its end
_SHOWN = 80  # characters of what was given, in a message
_FILE_ID = re.compile(r"file-[A-Za-z0-9_-]+")
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*)(;base64)?,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that is elsewhere: an https URL or a file id, a file name for it, and what to know."""

    text: str
    name: str
    note: str


Taken = tuple[Blob, str] | Reference


def take(thing: object) -> Taken | None:
    """Return the bytes of text, a path, bytes or a file object with their name; None for anything else.

    Raises:
        BadImage: they cannot be had.
    """
    match thing:
        case str():
            return _from_text(thing)
        case os.PathLike():
            return _from_path(Path(os.fsdecode(thing)))
        case bytes() | bytearray() | memoryview():
            return Blob.of(bytes(thing)), ""
        case Blob():
            return thing, ""
    if isinstance(thing, io.TextIOBase):
        raise BadImage("The file is open for text, not bytes.", hint='Open it with mode "rb".')
    if callable(getattr(thing, "read", None)):
        return _from_file(cast("BinaryIO", thing))
    return None


def short(text: str) -> str:
    """Quote what was given for a message, cut to a readable length."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _from_text(text: str) -> Taken:
    scheme = text[:8].lower()
    if scheme.startswith("data:"):
        return Blob.of(_data_url(text)), ""
    if scheme.startswith("https://"):
        return _reference_to(text)
    if scheme.startswith("http://"):
        raise BadImage(
            "A picture's URL has to start with https://, not http://.",
            hint="Use its https:// address, or download it and pass the file.",
        )
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        raise BadImage(
            f"{short(text)} cannot be fetched by the endpoint.", hint="Download it and pass the file."
        )
    if _FILE_ID.fullmatch(text) and not Path(text).exists():
        return Reference(text, "", FILE_NOTE)
    return _from_path(Path(text), text)


def _reference_to(url: str) -> Taken:
    if not url.isprintable() or " " in url or not _host(url):
        raise BadImage(f"{short(url)} is no URL.", hint="Check it for blanks and missing parts.")
    name = "".join(c for c in unquote(urlsplit(url).path).rpartition("/")[2] if c.isprintable())
    return Reference(url, name, URL_NOTE)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _data_url(text: str) -> bytes:
    head = _DATA_URL.match(text[:1024])
    if head is None or not head[3]:
        raise BadImage(
            "The data: URL is not in base64.", hint="It has to start like data:image/png;base64, and go on."
        )
    try:
        return base64.b64decode(text[head.end() :].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadImage("The data: URL is no clean base64.", hint="Copy it again, whole.") from error


def _from_path(path: Path, text: str = "") -> Taken:
    shown = short(text or str(path))
    try:
        path = path.expanduser()
        mode = path.stat().st_mode
        blob = Blob.at(path)
    except FileNotFoundError as error:
        raise BadImage(f"There is no file {shown}.", hint=_close_matches(path)) from error
    except (OSError, RuntimeError, ValueError) as error:  # no home for ~; a null byte in the name
        reason = getattr(error, "strerror", None) or error
        raise BadImage(f"{shown} cannot be read: {reason}.", hint="Check the path.") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise BadImage(f"{shown} is {what}.", hint="Name a picture file.")
    return blob, path.name


def _close_matches(path: Path) -> str:
    folder = path.parent
    try:
        names = {item.name.lower(): item.name for item in islice(folder.iterdir(), 10_000)}
    except OSError:
        return f"The folder {short(str(folder))} cannot be listed either; check the path."
    close = difflib.get_close_matches(path.name.lower(), names, n=3, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(str(folder / names[name]) for name in close) + "?"
    return f"Check the name; paths start from {Path.cwd()}."


def _from_file(file: BinaryIO) -> Taken:
    name = getattr(file, "name", "")
    try:
        at = file.tell() if file.seekable() else None
        data = b"".join(_parts(file))
        if at is not None:
            file.seek(at)
    except BadImage:
        raise
    except Exception as error:  # whatever the object raises
        raise BadImage(f"The file object cannot be read: {error}.") from error
    return Blob.of(data), Path(name).name if isinstance(name, str) else ""


def _parts(file: BinaryIO) -> Iterator[bytes]:
    total = 0
    while part := file.read(1 << 20):
        if not isinstance(part, bytes):
            raise BadImage("The file object gives no bytes.", hint='Open the file with mode "rb".')
        total += len(part)
        if total > _MAX_READ:
            raise BadImage("The file object gives more than a picture can hold.")
        yield part
