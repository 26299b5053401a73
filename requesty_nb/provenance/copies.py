"""A copy of a picture file that carries a recipe: chunks or segments are put in, no pixel is touched."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.images import headers
from requesty_nb.provenance import exif, forms, xmp
from requesty_nb.provenance.forms import RecipeTooLong
from requesty_nb.provenance.parts import APP0, APP1, APP11, Part, parts_of
from requesty_nb.provenance.texts import PNG_TEXTS, keyword_of, png_text
from requesty_nb.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.images.headers import Facts
    from requesty_nb.provenance.recipes import Recipe

LIMIT = 60 * 1024  # bytes of a recipe in a JPEG or WebP, as it is encoded there
RECIPE, READABLE = "requesty_nb", "parameters"  # names of a PNG's texts
_PNG_XMP = "XML:com.adobe.xmp"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"  # stands before the packet in a segment
_SEGMENT = 65_533  # the most bytes a JPEG segment holds
_CODE = 8  # bytes that name a comment's encoding
_HAS_XMP, _HAS_EXIF, _HAS_ALPHA = 4, 8, 16  # flags in the header of an extended WebP
_MINE = exif.comments(forms.MARK, forms.MARK)


@dataclass(frozen=True, slots=True)
class _Original:
    """The file to copy, taken apart, and the recipe to put in."""

    data: bytes
    file: io.BytesIO
    parts: list[Part]
    facts: Facts
    recipe: Recipe
    text: bytes

    def body(self, part: Part) -> bytes:
        return self.data[part.at : part.at + part.size]

    def whole(self, part: Part) -> bytes:
        return self.data[part.start : part.end]

    def packet(self, old: bytes) -> bytes:
        return xmp.packet(
            old,
            tool=f"requesty_nb {VERSION}",
            model=self.recipe.model,
            prompt=self.recipe.prompt,
            drawn=self.recipe.offline,
        )

    def exif(self, old: bytes, room: int) -> bytes:
        """Return the EXIF block with the recipe as its comment, no longer than there is room for.

        Raises:
            RecipeTooLong: it would be, or the recipe is beyond the limit by itself.
        """
        for comment in exif.comments(self.text.decode(), forms.escaped(self.text)):
            if len(comment) - _CODE <= LIMIT:
                block = exif.with_comment(old, comment, _MINE)
                if len(block) <= room:
                    return block
        beside = f" beside the {len(old)} bytes of EXIF that the picture has" if old else ""
        raise RecipeTooLong(f"The recipe of {len(self.text)} bytes does not fit into a JPEG or WebP{beside}.")


def with_recipe(data: bytes, recipe: Recipe) -> bytes:
    """Return a copy of a PNG, JPEG or WebP file that carries a recipe; the pixels' own bytes stay the same.

    A PNG gets the texts ``requesty_nb`` and ``parameters``, a JPEG or WebP the EXIF ``UserComment``, and each
    an XMP packet with the IPTC digital source type. What was there of these is replaced; other EXIF, profiles
    and texts stay.

    Content credentials (C2PA) are left out of the copy: they are signed for the file as it was, and over a
    changed one a reader reports tampering. The picture in the history keeps them, byte for byte.

    Raises:
        BadImage: it is damaged, or none of the three.
        RecipeTooLong: the recipe has more than 60 KB, or does not fit beside the EXIF that a JPEG has:
            write `sidecar` beside the file as it is.
        BadRequest: it is the recipe of no edit.
    """
    text, file = forms.encode(recipe), io.BytesIO(data)
    writers: dict[str, Callable[[_Original], list[bytes]]] = {
        headers.PNG: _png,
        headers.JPEG: _jpeg,
        headers.WEBP: _webp,
    }
    mime, walk = parts_of(file, len(data))
    if not mime:
        raise BadImage("Only a PNG, JPEG or WebP carries a recipe.", hint="Write sidecar(recipe) beside it.")
    try:
        parts, facts = list(walk), headers.read_facts(file, len(data))
        return b"".join(writers[mime](_Original(data, file, parts, facts, recipe, text)))
    except BadRequest:
        raise
    except ValueError as error:
        raise BadImage(f"The picture is damaged: {error}.", hint="Save or copy it again.") from None


def _png(original: _Original) -> list[bytes]:
    start, *others = original.parts
    old = b""
    kept: list[bytes] = []
    for part in others:
        name = keyword_of(original.file, part) if part.kind in PNG_TEXTS else ""
        if name == _PNG_XMP:
            old = png_text(part.kind, original.body(part))[1].encode()
        elif part.kind != b"caBX" and name not in {RECIPE, READABLE}:
            kept.append(original.whole(part))
    readable = forms.readable(original.recipe).encode()
    return [
        original.data[: start.end],
        _png_text(RECIPE, original.text),
        _png_text(READABLE, readable.replace(b"\0", b"")),  # no text of a PNG holds one
        _png_text(_PNG_XMP, original.packet(old)),
        *kept,
        original.data[others[-1].end :],
    ]


def _png_text(name: str, text: bytes) -> bytes:
    # not packed, of no language, and with its name untranslated
    body = b"iTXt" + name.encode("latin-1") + b"\0\0\0\0\0" + text
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def _jpeg(original: _Original) -> list[bytes]:
    old_exif, old_xmp = b"", b""
    head: list[bytes] = []
    kept: list[bytes] = []
    signed = {_box(one) for part in original.parts if _is_credential(part, one := original.body(part))}
    for part in original.parts:
        body = original.body(part)
        if part.kind == APP1 and body.startswith(exif.PREFIX):
            old_exif += body.removeprefix(exif.PREFIX)  # a long block is continued in further segments
        elif part.kind == APP1 and body.startswith(_JPEG_XMP):
            old_xmp = old_xmp or body.removeprefix(_JPEG_XMP)
        elif part.kind == APP11 and _box(body) in signed:
            continue
        elif part.kind == APP0 and not kept:
            head.append(original.whole(part))  # JFIF wants to be first
        else:
            kept.append(original.whole(part))
    block = original.exif(old_exif, _SEGMENT - len(exif.PREFIX))
    packet = original.packet(old_xmp)
    if len(_JPEG_XMP) + len(packet) > _SEGMENT:
        raise RecipeTooLong("The picture's own XMP leaves no room for what the recipe adds to it.")
    scan = original.parts[-1].end
    return [
        original.data[:2],
        *head,
        _segment(exif.PREFIX + block),
        _segment(_JPEG_XMP + packet),
        *kept,
        original.data[scan:],
    ]


def _segment(body: bytes) -> bytes:
    return b"\xff" + APP1 + (len(body) + 2).to_bytes(2, "big") + body


def _is_credential(part: Part, body: bytes) -> bool:
    """Tell whether a JPEG's segment begins a box of content credentials."""
    return part.kind == APP11 and body.startswith(b"JP") and body[12:16] == b"jumb" and b"c2pa" in body[16:64]


def _box(body: bytes) -> bytes:
    """Return the number that the segments of one box share."""
    return body[:4]


def _webp(original: _Original) -> list[bytes]:
    old_exif, old_xmp, header = b"", b"", b""
    kept: list[bytes] = []
    for part in original.parts:
        body = original.body(part)
        if part.kind == b"EXIF":
            old_exif = old_exif or body
        elif part.kind == b"XMP ":
            old_xmp = old_xmp or body
        elif part.kind == b"VP8X":
            header = header or body
        elif part.kind != b"C2PA":
            kept.append(_chunk(part.kind, body))
    width, height = original.facts.size
    if not header:
        header = bytes([_HAS_ALPHA * original.facts.alpha, 0, 0, 0])
        header += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    header = bytes([header[0] | _HAS_XMP | _HAS_EXIF]) + header[1:]
    chunks = [
        b"WEBP",
        _chunk(b"VP8X", header),
        *kept,
        _chunk(b"EXIF", original.exif(old_exif, LIMIT + len(old_exif) + _SEGMENT)),
        _chunk(b"XMP ", original.packet(old_xmp)),
    ]
    end = 8 + int.from_bytes(original.data[4:8], "little")
    return [b"RIFF", sum(map(len, chunks)).to_bytes(4, "little"), *chunks, original.data[end:]]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2)
