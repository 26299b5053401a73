"""A secret that the whole test run uses as its API key, and the search for it in what the run leaves."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Its characters make the percent-encoded form another than the plain one.
SECRET = "rqsty-sk-canary/4Vq+81mZ=sd0W7Kc2hXn9"
_PIECE = 1 << 24


def _forms(secret: str) -> frozenset[bytes]:
    """Return the secret as it is, percent-encoded, and what base64 makes of it wherever it begins."""
    plain = secret.encode()
    forms = {plain, quote(secret, safe="").encode(), quote(secret).encode()}
    for shift in range(3):
        whole = plain[(3 - shift) % 3 :]
        encoded = base64.b64encode(whole[: len(whole) // 3 * 3])
        forms |= {encoded, encoded.translate(bytes.maketrans(b"+/", b"-_"))}
    return frozenset(forms)


_FORMS = _forms(SECRET)
_OVERLAP = max(map(len, _FORMS))


def holds_secret(data: bytes) -> bool:
    return any(form in data for form in _FORMS)


def files_with_secret(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            end = b""
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    if holds_secret(end + piece):
                        yield path
                        break
                    end = piece[-_OVERLAP:]
