"""`Picture`: one that was received or made, opened when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from requesty_nb.models.records import ImageInfo


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that was received or made, opened when asked for.

    ``read`` returns its bytes, proven against the digest.
    """

    info: ImageInfo
    read: Callable[[], bytes]

    @property
    def bytes(self) -> bytes:
        """The file, byte for byte as it was received or stored."""
        return self.read()

    @property
    def pil(self) -> Image.Image:
        """The decoded picture: 8 bits a channel, L, RGB or RGBA."""
        from requesty_nb.images import decode  # noqa: PLC0415 - decoding is needed only when shown

        return decode(self.read())

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.info.width, self.info.height

    @property
    def mime(self) -> str:
        """The media type, from the bytes."""
        return self.info.mime

    @property
    def digest(self) -> str:
        """The sha256 of the bytes, in hex."""
        return self.info.sha256

    def save(self, path: str | Path) -> Path:
        """Write the bytes to ``path`` as they are; its suffix is not looked at."""
        target = Path(path)
        target.write_bytes(self.read())
        return target

    def __imgedit_source__(self) -> object:
        """Offer this picture as the source of an edit."""
        return self.read()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.info == other.info

    def __hash__(self) -> int:
        return hash(self.info)

    def __repr__(self) -> str:
        return f"<Picture {self.info.width}x{self.info.height} {self.info.mime} {self.info.sha256[:12]}>"
