"""`EditRequest`: what was asked for, and the key that is the same for the same request everywhere."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from requesty_nb.frames import Frame  # noqa: TC001 - msgspec reads the annotations of its structs at run time

KEY_VERSION = "v1"

# What changes how an answer travels or who is told, but not what is asked for.
UNKEYED = frozenset({"user", "stream", "partial_images"})


class ImageRef(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One picture that was given, as a request knows it.

    Attributes:
        digest: its identity: ``sha256:`` of a file's bytes, ``pixels:`` of a mask or of a picture made in
            memory, ``url:`` or ``file:`` with the text of a reference.
        name: the file name it was given or sent by.
        mime: the media type of what is sent.
        size: width and height in pixels, upright; None for a reference.
        stored: the sha256 of the object that holds it in a history; empty if none does.
        notes: what was converted, and what to know.
    """

    digest: str
    name: str
    mime: str = ""
    size: tuple[int, int] | None = None
    stored: str = ""
    notes: tuple[str, ...] = ()


class EditRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was asked for: nothing of how, when or by whom.

    Attributes:
        prompt: the filled-in prompt.
        model: the model's full name.
        images: 1 to 16 sources, in order; the mask applies to the first.
        mask: the mask, or None.
        params: the other fields, as sent.
        n: how many pictures one call makes.
        frame: where the first source sits in what is sent, if it was padded.
    """

    prompt: str
    model: str
    images: tuple[ImageRef, ...]
    mask: ImageRef | None = None
    params: dict[str, Any] = {}
    n: int = 1
    frame: Frame | None = None

    @property
    def extend(self) -> tuple[int, int, int, int] | None:
        """Pixels that are added at left, top, right and bottom, or None."""
        if self.frame is None or not self.frame.extends:
            return None
        (left, top), (width, height) = self.frame.within, self.frame.size
        return left, top, width - self.frame.source[0] - left, height - self.frame.source[1] - top

    def keyed(self) -> dict[str, Any]:
        """Return what tells this request from others: sources and mask stand as their digests."""
        return {
            "prompt": self.prompt,
            "model": self.model,
            "images": [image.digest for image in self.images],
            "mask": self.mask.digest if self.mask else None,
            "params": {name: value for name, value in self.params.items() if name not in UNKEYED},
            "n": self.n,
            "frame": self.frame,
        }

    def canonical(self) -> bytes:
        """Return the JSON that the key is made of: sorted, and with digests in the pictures' place."""
        return msgspec.json.encode(self.keyed(), order="sorted")

    @property
    def key(self) -> str:
        """``v1:`` and the sha256 of the canonical form: the same for the same request, everywhere."""
        return f"{KEY_VERSION}:{hashlib.sha256(self.canonical()).hexdigest()}"
