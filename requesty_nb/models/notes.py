"""`Note`: a star or a tag that was given to an edit later, or taken away; `Marks`: what its notes come to.

A note is an event that never changes: who changes his mind writes another one. So any number of people can
write, and whoever reads all notes of an edit comes to the same: of those on one thing, the last one holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models.seals import is_sealed, sealed

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTE_BYTES = 4096  # of a note's file, at most
MAX_TAG = 100  # characters of a tag
LAST = 10**18 - 1  # microseconds since 1970: what 18 digits can say
_MADE_TAG = 500  # characters of a tag to be taken away: edits can have been made with longer ones
_FILE = re.compile(r"([0-9]{18})-([0-9a-f]{16})\.json", re.ASCII)
_STAR, _TAG = "star", "tag"


class Mark(NamedTuple):
    """What a note says: that an edit has a star or a tag, or has not."""

    kind: str
    on: bool
    tag: str = ""


class _Head(msgspec.Struct):
    """What every note says, of whatever kind."""

    id: str
    time: int
    nonce: str
    kind: str


class Note(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One event.

    Attributes:
        id: of the edit.
        time: when, in microseconds since 1970; later than that of each note its writer knew.
        nonce: 16 hex digits that tell notes of one moment apart.
        kind: ``star`` or ``tag``; anything else is of a newer version, and passed over.
        on: whether it was given, or taken away.
        tag: which one.
    """

    id: str
    time: int
    nonce: str
    kind: str
    on: bool = True
    tag: str = ""

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.time:018}-{self.nonce}.json"


class Marks(NamedTuple):
    """What notes come to.

    Attributes:
        starred: whether the edit has a star.
        added: tags it was given, in the order of time.
        removed: tags that were taken away.
    """

    starred: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def tags(self, made_with: tuple[str, ...]) -> tuple[str, ...]:
        """Return all tags of an edit that was made with some: those first."""
        left = (tag for tag in made_with if tag not in self.removed)
        return tuple(dict.fromkeys((*left, *self.added)))


NO_MARKS = Marks()
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_note = msgspec.json.Decoder(Note).decode


def star(*, on: bool) -> Mark:
    """Return what a note of a star says."""
    return Mark(_STAR, on)


def tagged(word: object, *, on: bool) -> Mark:
    """Return what a note of a tag says.

    Raises:
        BadRequest: it is no tag.
    """
    if not isinstance(word, str):
        raise BadRequest(f"A tag is a text, and this is of type {type(word).__name__}.")
    tag = word.strip()
    if not tag:
        raise BadRequest("A tag has to say something.", hint='For example: edit.tag("best")')
    if len(tag) > MAX_TAG:
        raise BadRequest(f"A tag has at most {MAX_TAG} characters, and this one {len(tag)}.")
    if not tag.isprintable():
        raise BadRequest("A tag is one line of text, without characters that cannot be seen.")
    return Mark(_TAG, on, tag)


def untagged(word: str) -> Mark:
    """Return what a note says that takes a tag away which an edit has, whatever it was made with.

    Raises:
        BadRequest: it is too long to be noted.
    """
    if len(word) > _MADE_TAG:
        raise BadRequest(f"A tag of {len(word)} characters cannot be taken away, only up to {_MADE_TAG}.")
    return Mark(_TAG, on=False, tag=word)


def folded(notes: Iterable[Note]) -> Marks:
    """Return what notes come to, in whatever order they are given: the last one on each thing holds."""
    last: dict[str, Note] = {}  # by tag; the star's is empty, which no tag is
    for note in sorted(notes, key=lambda note: (note.time, note.nonce)):
        if note.kind in {_STAR, _TAG}:
            about = note.tag if note.kind == _TAG else ""
            last.pop(about, None)  # to the end: tags stand in the order of time
            last[about] = note
    starry = last.pop("", None)
    return Marks(
        starred=starry is not None and starry.on,
        added=tuple(tag for tag, note in last.items() if note.on),
        removed=tuple(tag for tag, note in last.items() if not note.on),
    )


def encode_note(note: Note) -> bytes:
    """Return a note as the JSON that is stored, sealed."""
    return sealed(msgspec.json.encode(note))


def decode_note(data: bytes) -> Note:
    """Read a note back; of one of a newer kind only what all have.

    Raises:
        HistoryFault: it is damaged, or nothing that can have been noted.
    """
    if len(data) > NOTE_BYTES or not is_sealed(data):
        raise HistoryFault("A star or tag is damaged: its seal does not fit what it says.")
    try:
        head = _decode_head(data)
        known = head.kind in {_STAR, _TAG}
        note = (
            _decode_note(data)
            if known
            else Note(id=head.id, time=head.time, nonce=head.nonce, kind=head.kind)
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HistoryFault(f"A star or tag cannot be read: {error}") from None
    if not _is_right(note):
        raise HistoryFault("A star or tag says what nobody can have noted.")
    return note


def note_time(file: str) -> int | None:
    """Return the time in a note's file name; None if it is the name of something else."""
    found = _FILE.fullmatch(file)
    return int(found[1]) if found else None


def _is_right(note: Note) -> bool:
    if not 0 <= note.time <= LAST or note_time(note.file) is None:
        return False
    if note.kind != _TAG:
        return not note.tag
    if not note.on:
        return 0 < len(note.tag) <= _MADE_TAG
    try:
        return tagged(note.tag, on=True).tag == note.tag
    except BadRequest:
        return False
