"""Edits to a folder that people can look through: pictures under readable names, and one line a record."""

from __future__ import annotations

import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from requesty_nb.errors import BadRequest, HistoryFault, ImgEditError
from requesty_nb.models import EditRecord  # noqa: TC001 - msgspec reads annotations at run time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from requesty_nb.models import Edit, ImageRef, Picture

_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
_SLUG = 48


def export(edits: Sequence[Edit], path: Path) -> Path:
    """Write edits out, into a folder.

    Raises:
        BadRequest: the path has a suffix: there is no other form.
        HistoryFault: something cannot be written, or a picture cannot be read.
    """
    if path.suffix:
        raise BadRequest(f"There is no export as {path.suffix}.", hint="Name a folder.")
    return export_folder(list(edits), path)


def rows(edits: Sequence[Edit]) -> Iterator[dict[str, Any]]:
    """Yield the columns of a table, a row an edit."""
    for edit in edits:
        columns = {"id": edit.id, "started": edit.started, "state": edit.state, "take": edit.take}
        yield {**columns, "model": edit.model, "prompt": edit.prompt}


@dataclass(frozen=True)
class Archive:
    """Edits that were exported: records, and the bytes of pictures by their sha256."""

    records: tuple[EditRecord | HistoryFault, ...]
    files: dict[str, Path]

    def pieces(self, sha256: str) -> Iterator[bytes]:
        """Yield the bytes of a picture.

        Raises:
            HistoryFault: it is missing.
        """
        if sha256 not in self.files:
            raise HistoryFault(f"The picture {sha256[:12]} is missing from the export.")
        yield self.files[sha256].read_bytes()


@contextmanager
def opened(folder: Path) -> Iterator[Archive]:
    """Open a folder that was exported.

    Raises:
        BadRequest: it is none.
    """
    try:
        lines = (folder / "records.jsonl").read_bytes().splitlines()
    except OSError as error:
        raise BadRequest(f"{folder} is no exported folder: {error}.", hint="Name one.") from None
    read = [msgspec.json.decode(line, type=_Line) for line in lines]
    files = {sha256: folder / name for line in read for sha256, name in line.files.items()}
    yield Archive(tuple(line.record for line in read), files)


class _Line(msgspec.Struct):
    files: dict[str, str]
    record: EditRecord


def export_folder(edits: Sequence[Edit], folder: Path) -> Path:
    """Write edits into ``folder``, next to what is there already.

    Pictures are ``0001-make-the-sky-a-sunset-1.png``, with ``-restored`` where they were put back into the
    source; sources and masks lie in ``sources/``, named by what they were called and their digest.
    ``records.jsonl`` holds a line for every attempt: its ``record`` as the history has it, and ``files``,
    the paths of its pictures by their sha256.

    Raises:
        HistoryFault: something cannot be written, or a picture cannot be read.
    """
    try:
        (folder / "sources").mkdir(parents=True, exist_ok=True)
        lines = [_export_one(edit, number, folder) for number, edit in enumerate(edits, 1)]
        (folder / "records.jsonl").write_bytes(b"".join(lines))
    except OSError as error:
        raise HistoryFault(f"The export cannot be written to {folder}: {error.strerror or error}.") from error
    return folder


def _export_one(edit: Edit, number: int, folder: Path) -> bytes:
    stem = f"{number:04}-{slug(edit.prompt)}"
    files: dict[str, str] = {}
    for kind, pictures in (("", edit.images), ("-restored", edit.restored)):
        for index, picture in enumerate(pictures, 1):
            if picture.digest not in files:
                files[picture.digest] = _export_picture(picture, f"{stem}{kind}-{index}", folder)
    for ref in (*edit.request.images, *([edit.request.mask] if edit.request.mask else [])):
        if ref.stored:
            files[ref.stored] = _export_source(edit, ref, folder)
    line: dict[str, Any] = {"files": files, "record": edit.record}
    return msgspec.json.encode(line) + b"\n"


def _export_picture(picture: Picture, stem: str, folder: Path) -> str:
    name = f"{stem}{_SUFFIXES.get(picture.mime, '.bin')}"
    picture.save(folder / name)
    return name


def _export_source(edit: Edit, ref: ImageRef, folder: Path) -> str:
    stem, dot, suffix = ref.name.rpartition(".")
    stem = slug(stem if dot else ref.name)
    kept = f".{suffix.casefold()}" if dot and suffix.isalnum() and suffix.isascii() else ""
    name = f"sources/{stem}-{ref.stored[:8]}{kept}"
    target = folder / name
    if not target.exists():
        try:
            target.write_bytes(edit.stored(ref))
        except ImgEditError as error:
            raise HistoryFault(
                f"The source {ref.name} of edit {edit.id} cannot be exported: {error.message}"
            ) from None
    return name


def slug(text: str) -> str:
    """Return a short file name part that every file system takes: letters, digits and dashes."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(character if character.isalnum() else " " for character in plain).split()
    return "-".join(words)[:_SLUG].strip("-") or "edit"
