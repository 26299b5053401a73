"""Further input pictures of an editor: given in Python, or sent by the browser in parts."""

from __future__ import annotations

import io
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from requesty_nb import images
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from requesty_nb.images import Source

MOST = 15  # with the photo itself the 16 pictures that an edit may have
MAX_BYTES = 50 * 1024 * 1024  # of one that is sent in parts
MAX_PARTS = 10_000
_THUMB = 128  # pixels a side


@dataclass(frozen=True)
class Reference:
    """One further picture.

    Attributes:
        source: the picture; anywhere a picture is taken, this stands for it.
        id: what the browser calls it.
        name: what it is called on the screen.
        thumb: a small WebP; empty for a picture that is elsewhere.
    """

    source: Source
    id: str = field(default_factory=lambda: uuid.uuid4().hex, compare=False)
    name: str = ""
    thumb: bytes = field(default=b"", repr=False, compare=False)

    @classmethod
    def of(cls, thing: object, **given: str) -> Reference:
        """Make one of anything image-like, or return the one it is.

        Raises:
            BadImage: it cannot be read.
        """
        if isinstance(thing, Reference):
            return thing
        source = images.load(thing)
        thumb = b"" if source.reference else source.preview(_THUMB)
        return cls(source, thumb=thumb, **{"name": source.reference[:200] or source.name, **given})

    def card(self) -> dict[str, Any]:
        """Return what the browser shows."""
        return {"id": self.id, "name": self.name, "thumb": self.thumb}

    def __imgedit_source__(self) -> Source:
        """Offer the picture as a source of an edit."""
        return self.source


def references_of(things: object) -> tuple[Reference, ...]:
    """Make references of image-like things.

    Raises:
        BadImage: one of them cannot be read.
        BadRequest: they are too many, or no list.
    """
    if not isinstance(things, (list, tuple)):
        raise BadRequest("References are given as a list of pictures.")
    if len(things) > MOST:
        raise BadRequest(f"{len(things)} references were given; an edit takes {MOST} besides the photo.")
    return tuple(Reference.of(thing) for thing in things)


class Uploads:
    """Pictures that come in parts, from any thread: at most `MOST` at a time, the oldest gives way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[str, dict[int, bytes]] = {}

    def add(self, upload: str, name: str, part: int, parts: int, data: bytes) -> Reference | None:
        """Take a part; return the picture when it was the last one missing.

        Raises:
            BadRequest: it is too large.
            BadImage: it is no picture that can be used.
        """
        with self._lock:
            held = self._parts.setdefault(upload, {})
            held[part] = data
            if sum(map(len, held.values())) > MAX_BYTES:
                del self._parts[upload]
                raise BadRequest(f"{name} has more than 50 MB.", hint="Make it smaller, and add it again.")
            while len(self._parts) > MOST:
                del self._parts[next(iter(self._parts))]
            if len(held) < parts:
                return None
            del self._parts[upload]
        return Reference.of(_file(b"".join(held[at] for at in sorted(held)), name), id=upload, name=name)

    def drop(self, upload: str) -> None:
        """Forget what came of a picture."""
        with self._lock:
            self._parts.pop(upload, None)


def _file(data: bytes, name: str) -> BinaryIO:
    file = io.BytesIO(data)
    file.name = name
    return file
