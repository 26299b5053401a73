"""Readable names of the files in an export: one for each content, whatever prompts and sources are called."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from requesty_nb.images import suffix_for

if TYPE_CHECKING:
    from requesty_nb.models import ImageRef, Picture

_SLUG = 48  # characters; of four bytes each they leave room in the 255 that a name may have
_SUFFIX = 8
_SHORT = 8  # digits of a digest that tell sources of one name apart


def slug(text: str) -> str:
    """Return a short file name part that every file system takes: letters, digits and dashes."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(character if character.isalnum() else " " for character in plain).split()
    return "-".join(words)[:_SLUG].strip("-") or "edit"


def picture_name(stem: str, picture: Picture) -> str:
    """Return the name of a picture that was received or restored."""
    return f"{stem}{suffix_for(picture.mime) or '.bin'}"


class SourceNames:
    """Names of sources and masks: what each was called, and the start of its digest."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}  # by name: the sha256 of what has it

    def give(self, ref: ImageRef) -> tuple[str, bool]:
        """Return the name of what is stored for a reference, and whether it is given for the first time."""
        stem, dot, suffix = ref.name.rpartition(".")
        kept = suffix.casefold() if dot and suffix.isalnum() and suffix.isascii() else ""
        stem, kept = slug(stem if dot else ref.name), f".{kept[:_SUFFIX]}" if kept else ""
        short, long = (f"sources/{stem}-{digits}{kept}" for digits in (ref.stored[:_SHORT], ref.stored))
        name = short if self._taken.get(short, ref.stored) == ref.stored else long
        first = name not in self._taken
        self._taken[name] = ref.stored
        return name, first
