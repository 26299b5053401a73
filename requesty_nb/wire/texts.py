"""What a server says, made fit for a screen and a record: redacted, on one line, without controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BODY_LIMIT = 2_000
_REDACTED = 65_536  # bytes of a body that are redacted before its start is taken
_DEPTH = 32  # levels of lists and objects that are kept of what a server says
MESSAGE_LIMIT = 600


def request_id(headers: Mapping[str, str], redact: Callable[[str], str]) -> str:
    """Return the endpoint's own name of a call, to quote to its support."""
    for name in ("x-requesty-request-id", "x-request-id", "apim-request-id"):
        if value := headers.get(name):
            return plain(redact(value), 200)
    return ""


def plain(text: str, limit: int) -> str:
    """Return text fit for any screen: one line of at most ``limit``, no control or direction characters."""
    line = " ".join(text[: limit * 4].split())
    clean = "".join(character for character in line if character.isprintable())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def redacted(value: Any, redact: Callable[[str], str], depth: int = _DEPTH) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value with the key struck out of every text in it, and None for what lies too deep."""
    if not depth:
        return None
    match value:
        case str():
            return redact(value)
        case dict():
            return {redact(name): redacted(item, redact, depth - 1) for name, item in value.items()}
        case list():
            return [redacted(item, redact, depth - 1) for item in value]
        case _:
            return value


def start_of(content: bytes, redact: Callable[[str], str]) -> str:
    """Return the start of a body, to keep with a failed attempt."""
    # Redacted before it is cut: a key that straddles the cut would no longer be found.
    return plain(redact(content[:_REDACTED].decode("utf-8", "replace")), BODY_LIMIT)
