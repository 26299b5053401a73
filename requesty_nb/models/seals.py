"""Seals: a JSON object's last member, the sha256 of all bytes before it, so that no damaged byte goes unseen.

::

    {
     "id": "…",
     …,
     "seal": "<sha256 of everything up to here>"
    }

Whoever reads the JSON sees one member more; it is told apart by where it stands.
"""

from __future__ import annotations

import hashlib
import re

_SEAL = b',\n "seal": "%b"\n}\n'
_HEX = 64
_LENGTH = len(_SEAL) - len(b"%b") + _HEX
_FORM = re.compile(rb',\n "seal": "([0-9a-f]{64})"\n}\n')


def sealed(text: bytes) -> bytes:
    """Return the text of a JSON object, which is not empty, with its seal."""
    body = text.rstrip().removesuffix(b"}").rstrip()
    return body + _SEAL % hashlib.sha256(body).hexdigest().encode()


def is_sealed(data: bytes) -> bool | None:
    """Tell whether a text has the seal that fits it; None if it has none at its end."""
    found = _FORM.fullmatch(data[-_LENGTH:])
    if found is None:
        return None
    return hashlib.sha256(data[:-_LENGTH]).hexdigest().encode() == found[1]
