"""Paths in an export: whether they stay in it."""

from __future__ import annotations

import re

from requesty_nb.archives.limits import MAX_NAME, MAX_PARTS

_DRIVE = re.compile(r"[A-Za-z]:")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN = 120


def wrong_with(path: str) -> str:
    """Return why a path is not one of a file in an export, to be read after "that"; empty if it is."""
    parts = path.removesuffix("/").split("/")
    reasons = {
        f"has a name of {len(path)} characters": not path or len(path) > MAX_NAME,
        "has control characters in its name": _HIDDEN.search(path),
        "lies elsewhere": path.startswith("/") or _DRIVE.match(path),
        "has a backslash in its name": "\\" in path,
        "may lie outside": {"", ".", ".."} & set(parts),
        "lies too deep": len(parts) > MAX_PARTS,
    }
    return next((f"{reason}: {told(path)}" for reason, holds in reasons.items() if holds), "")


def told(text: str) -> str:
    """Return a name in quotes as it can be shown: short, and with all spelled out that cannot be seen."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
