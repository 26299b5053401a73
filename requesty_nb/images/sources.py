"""`Source`: one input picture, ready to be identified and sent; `load` makes one of anything image-like."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from requesty_nb.errors import BadImage
from requesty_nb.images import headers, pixels
from requesty_nb.images.arrays import from_array
from requesty_nb.images.blobs import Blob
from requesty_nb.images.headers import JPEG, MAX_PIXELS, PNG, SUFFIXES, WEBP, Facts, suffix_for
from requesty_nb.images.intake import Reference, short, take

ACCEPTED = frozenset((PNG, JPEG, WEBP))
MAX_SENT = 50_000_000  # bytes; the endpoint's documents say "less than 50 MB" a picture
_NESTING = 4  # offers by __imgedit_source__ that lead to further offers
_HEADERS = 512  # bytes read ahead: a large PNG is hundreds of chunks, and of each only the head counts

UPRIGHT_NOTE = "rotated as its EXIF orientation says"


@dataclass(frozen=True)
class Source:
    """One input picture, ready to be identified and sent.

    Attributes:
        given: what the user gave, byte for byte, if it came as a file or bytes.
        sent: what goes over the wire: the very same object as ``given`` when the endpoint accepts it as it
            is, else a PNG (or a JPEG, where a PNG could be too large) that is encoded on first use;
            None for a reference.
        reference: an https URL or file id, passed on untouched; else empty.
        name: the file name for the multipart part; its suffix fits the bytes sent.
        mime: the type of what is sent, from the bytes; empty for a reference.
        size: width and height in pixels, upright; None for a reference.
        notes: what was converted and what to know.
    """

    given: Blob | None
    sent: Blob | None
    reference: str
    name: str
    mime: str
    size: tuple[int, int] | None
    notes: tuple[str, ...] = ()
    _held: Image.Image | None = field(default=None, repr=False, compare=False)
    _pixel_digest: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """The identity: ``sha256:`` of the bytes given, else ``pixels:``, ``url:`` or ``file:``."""
        if self.given is not None:
            return f"sha256:{self.given.digest}"
        if self.reference:
            return f"{'url' if '://' in self.reference else 'file'}:{self.reference}"
        return self._pixel_digest

    def pixels(self) -> Image.Image:
        """Decode: 8-bit L, RGB or RGBA, upright, in sRGB; a new image at each call.

        Raises:
            BadImage: it is a reference, or damaged.
        """
        return self.reduced(0)

    def reduced(self, edge: int) -> Image.Image:
        """Decode as `pixels`, but with at most ``edge`` pixels a side (0: all); quick on large JPEGs.

        Raises:
            BadImage: as `pixels`.
        """
        if self._held is not None:
            small = pixels.shrunk(self._held, edge) if edge else self._held
            return self._held.copy() if small is self._held else small
        if self.given is None:
            raise BadImage(
                f"The pixels of {short(self.reference)} are not here.",
                hint="Download the picture and pass the file.",
            )
        with self.given.open() as file:
            try:
                image = pixels.decode_file(file, edge=edge)
            except BadImage as error:
                raise _about(self.name, error) from error
        return pixels.shrunk(image, edge) if edge else image

    def preview(self, edge: int, quality: int = 80) -> bytes:
        """Return a WebP thumbnail of at most ``edge`` pixels a side.

        Raises:
            BadImage: as `pixels`.
        """
        return pixels.preview(self.reduced(edge), edge, quality)


def load(thing: object, *, accepts: frozenset[str] = ACCEPTED) -> Source:
    """Make a `Source` of anything image-like, reading no more than its header where that will do.

    Args:
        thing: a path; bytes; a binary file object (read from its position, which is restored if it can be);
            a Pillow image; an array (see `arrays.from_array`); a ``data:`` URL; an ``https://`` URL or a file
            id (references, not fetched); a `Source` or `Blob`; or an object whose ``__imgedit_source__()``
            returns one of these. A Pillow image that was opened from a file is turned upright as the file
            would be; one made in memory is taken as it is.
        accepts: the mime types that go out as they are, PNG among them; others are converted.

    Raises:
        BadImage: it cannot be read, or the endpoint could not take it. What has to be converted is decoded
            on first use of ``sent``, which raises then if the picture is damaged.
    """
    for _ in range(_NESTING):
        if isinstance(thing, type) or not hasattr(thing, "__imgedit_source__"):
            break
        thing = thing.__imgedit_source__()
    if isinstance(thing, Source):
        if thing.given is None or thing.mime in accepts:
            return thing
        return _from_blob(thing.given, thing.name, accepts)
    if isinstance(thing, Image.Image):
        return _from_image(thing)
    taken = take(thing)
    if isinstance(taken, Reference):
        return Source(None, None, taken.text, taken.name, "", None, (taken.note,))
    if taken is not None:
        return _from_blob(*taken, accepts)
    if hasattr(thing, "__array__") or hasattr(thing, "__array_interface__"):
        image, note = from_array(thing)
        held, digest, _, _ = pixels.settle(image)
        return _from_pixels(held, digest, (note,) if note else ())
    raise BadImage(
        f"A {type(thing).__name__} is no picture.",
        hint="Pass a path, bytes, a file, a Pillow image, an array, a data: or https:// URL, or a file id.",
    )


def _from_blob(given: Blob, name: str, accepts: frozenset[str]) -> Source:
    label = name or "The picture"
    if not given.length:
        raise BadImage(f"{label} is empty.")
    try:
        with given.open(buffering=_HEADERS) as file:
            if headers.sniff(file.read(16)):
                facts, kind = headers.read_facts(file, given.length), ""
            else:
                facts, kind = pixels.survey(file)
            _see_one_picture(facts)
            mime, notes = _sent_as(facts, kind, accepts)
            if notes and (note := pixels.profile_note(file)):
                notes = (*notes, note)
    except BadImage as error:
        raise _about(label, error) from error
    except ValueError as error:
        raise BadImage(f"{label} is damaged: {error}.", hint="Save or copy it again.") from error
    if not notes and given.length >= MAX_SENT:
        raise _about(label, _too_large(given.length))
    sent = Blob.made(lambda: _converted(given, facts, mime, label)) if notes else given
    return Source(given, sent, "", _fitting(name, mime), mime, facts.upright, notes)


def _see_one_picture(facts: Facts) -> None:
    width, height = facts.size
    if width * height > MAX_PIXELS:
        raise BadImage(f"It has {width} x {height} pixels, too many.", hint="Scale it down first.")
    if facts.frames != 1:
        raise BadImage(
            f"It holds {facts.frames} frames or pages, and one picture is wanted.",
            hint="Open it with Pillow, seek() to the one you want, and pass that image, or save it as PNG.",
        )


def _sent_as(facts: Facts, kind: str, accepts: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """Decide what a picture is sent as, and say what has to be done to it; no notes: nothing."""
    notes = [facts.conversion, UPRIGHT_NOTE if facts.orientation != 1 else ""]
    if facts.mime not in accepts:
        notes.insert(
            0, f"{kind or suffix_for(facts.mime)[1:].upper()} is not taken by the endpoint: converted"
        )
    told = tuple(note for note in notes if note)
    width, height = facts.size
    if told and width * height * 3 >= MAX_SENT and not facts.alpha and JPEG in accepts:
        return JPEG, (*told, "sent as JPEG of quality 95, since a PNG could be too large")
    return (PNG if told else facts.mime), told


def _converted(given: Blob, facts: Facts, mime: str, label: str) -> bytes:
    try:
        with given.open() as file:
            image = pixels.decode_file(file, facts.orientation)
    except BadImage as error:
        raise _about(label, error) from error
    return _encoded(image, mime, label)


def _encoded(image: Image.Image, mime: str, label: str) -> bytes:
    data = pixels.encode_jpeg(image) if mime == JPEG else pixels.encode_png(image)
    if len(data) >= MAX_SENT:
        raise _about(label, _too_large(len(data)))
    return data


def _from_image(image: Image.Image) -> Source:
    filename = getattr(image, "filename", "")
    name = Path(os.fsdecode(filename)).name if filename else ""
    try:
        held, digest, notes, turned = pixels.settle(image)
    except BadImage as error:
        raise _about(name or "The image", error) from error
    return _from_pixels(held, digest, (*notes, UPRIGHT_NOTE) if turned else notes, name)


def _from_pixels(held: Image.Image, digest: str, notes: tuple[str, ...], name: str = "") -> Source:
    sent = Blob.made(lambda: _encoded(held, PNG, name or "The image"))
    return Source(None, sent, "", _fitting(name, PNG), PNG, held.size, notes, held, digest)


def _too_large(length: int) -> BadImage:
    return BadImage(
        f"It would be sent as {length / 1e6:.1f} MB; the endpoint takes less than {MAX_SENT / 1e6:.0f} MB.",
        hint="Scale it down: image.thumbnail((2048, 2048)) in Pillow is as much as the model sees.",
    )


def _fitting(name: str, mime: str) -> str:
    """Return a file name whose suffix is right for the bytes sent."""
    path = Path("".join(c for c in name if c.isprintable()) or "image")
    return path.name if path.suffix.lower() in SUFFIXES[mime] else f"{path.stem}{suffix_for(mime)}"


def _about(label: str, error: BadImage) -> BadImage:
    """Say which picture an error is about."""
    text = error.message
    return BadImage(f"{label}: {text[:1].lower()}{text[1:]}", hint=error.hint)
