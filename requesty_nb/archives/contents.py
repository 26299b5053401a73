"""What a folder or a zip of edits holds: files under readable names, one after the other.

::

    0001-make-the-sky-a-sunset-1.png            a copy that carries its recipe, to be passed on
    0001-make-the-sky-a-sunset-restored-1.png   likewise, put back into the source outside the mask
    originals/0001-make-the-sky-a-sunset-1.png  byte for byte as it came, where the copy is not
    sources/my-photo-1a2b3c4d.png               what was given, and masks
    notes/<id>/<time>-<nonce>.json              stars and tags of the edit of that id, as the history has them
    index.html                                  all of it to look through
    records.jsonl                               a line an attempt, with the files of its pictures by sha256
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from requesty_nb.archives import index
from requesty_nb.archives.archive import RECORDS
from requesty_nb.archives.copies import copy_of
from requesty_nb.archives.limits import PIECE
from requesty_nb.archives.lines import record_line
from requesty_nb.archives.names import SourceNames, picture_name, slug
from requesty_nb.archives.notes import note_files
from requesty_nb.archives.paths import told
from requesty_nb.errors import HistoryFault, ImgEditError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from requesty_nb.models import Edit

    File = tuple[str, Iterable[bytes]]

INDEX = "index.html"
_ORIGINALS = "originals"
_SPOOLED = 8 << 20  # bytes of records, and of the page, that wait in memory


def files_of(edits: Iterable[Edit]) -> Generator[File]:
    """Yield the files that hold edits, as name and bytes; the records last, which make an export of them.

    Raises:
        HistoryFault: a picture cannot be read.
    """
    sources, originals = SourceNames(), dict[str, str]()
    with SpooledTemporaryFile(_SPOOLED) as records, SpooledTemporaryFile(_SPOOLED) as page:
        page.write(index.head())
        for number, edit in enumerate(edits, 1):
            files: dict[str, str] = {}
            shown: list[str] = []
            yield from _pictures(edit, number, files, shown, originals)
            yield from _given(edit, files, sources)
            yield from note_files(edit)
            records.write(record_line(edit.record, files))
            page.write(index.entry(edit, shown, files))
        page.write(index.end())
        yield INDEX, _read(page)
        yield RECORDS, _read(records)


def _pictures(
    edit: Edit, number: int, files: dict[str, str], shown: list[str], originals: dict[str, str]
) -> Iterator[File]:
    """Yield an edit's pictures, and note their names: of all copies, and of each original once."""
    stem = f"{number:04}-{slug(edit.prompt)}"
    for kind, pictures in (("", edit.images), ("-restored", edit.restored)):
        for place, picture in enumerate(pictures):
            if picture.digest in files:
                continue
            name = picture_name(f"{stem}{kind}-{place + 1}", picture)
            shown.append(name)
            data = picture.bytes
            copy, beside = copy_of(data, edit, place, restored=bool(kind))
            yield name, [copy]
            if beside:
                yield f"{name}.json", [beside]
            if copy == data:
                files[picture.digest] = name
                continue
            if picture.digest not in originals:
                originals[picture.digest] = f"{_ORIGINALS}/{name}"
                yield originals[picture.digest], [data]
            files[picture.digest] = originals[picture.digest]


def _given(edit: Edit, files: dict[str, str], sources: SourceNames) -> Iterator[File]:
    """Yield an edit's sources and mask, where no edit before had them, and note their names."""
    mask = edit.request.mask
    for ref in (*edit.request.images, *([mask] if mask else [])):
        if not ref.stored:
            continue
        files[ref.stored], new = sources.give(ref)
        if not new:
            continue
        try:
            data = edit.stored(ref)
        except ImgEditError as error:
            raise HistoryFault(
                f"The source {told(ref.name)} of edit {edit.id} cannot be exported: {error.message}",
                hint=error.hint,
            ) from None
        yield files[ref.stored], [data]


def _read(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece
