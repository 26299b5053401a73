"""A refusal: a status and a body of any form, turned into the error a user can act on."""

from __future__ import annotations

import json
import math
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from requesty_nb.errors import (
    BadRequest,
    EndpointBroken,
    ImgEditError,
    KeyMissing,
    KeyRefused,
    ModelUnknown,
    Moderated,
    OutOfFunds,
    RateLimited,
    TooLarge,
)
from requesty_nb.wire.texts import MESSAGE_LIMIT, plain, request_id, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MODERATION_CODES = frozenset(
    {"moderation_blocked", "contentfilter", "content_filter", "content_policy_violation"}
)
_FUNDS_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_UNAUTHORIZED = 401
_SERVER_ERRORS = 500
_REDIRECTS = range(300, 400)
_UNAVAILABLE = 503

# What each documented status means to a user; 412, 424 and 529 are documented in prose only.
_BY_STATUS: dict[int, tuple[type[ImgEditError], str]] = {
    401: (KeyRefused, "The endpoint does not accept the API key."),
    402: (OutOfFunds, "The balance is spent."),
    403: (KeyRefused, "The endpoint refuses this API key, or this model for it."),
    404: (ModelUnknown, "The endpoint does not know this model, or this address."),
    412: (OutOfFunds, "The API key's spending limit is reached."),
    413: (TooLarge, "The request is larger than the endpoint takes."),
    424: (EndpointBroken, "The provider behind the endpoint gave no usable answer."),
    429: (RateLimited, "The endpoint asks to slow down."),
    529: (EndpointBroken, "The provider behind the endpoint is overloaded."),
}


def refusal(
    status: int, headers: Mapping[str, str], content: bytes, redact: Callable[[str], str], *, had_key: bool
) -> ImgEditError:
    """Turn a status and a body of any form into the error a user can act on."""
    told = _told(content)
    code = plain(redact(told.get("code", "") or told.get("type", "")), 100)
    said = plain(redact(told.get("message", "")), MESSAGE_LIMIT)
    kind, sentence = _kind(status, code, said, had_key=had_key)
    error = kind(
        f"{sentence} {said}".strip() if said else sentence,
        status=status,
        code=code,
        origin=plain(redact(told.get("origin", "")), 40),
        request_id=request_id(headers, redact),
        body=start_of(content, redact),
    )
    if status == _UNAVAILABLE and "retry-after" in headers:
        error.paid = "no"  # refused before any work, or it could not say when to come back
    return error


def _kind(status: int, code: str, said: str, *, had_key: bool) -> tuple[type[ImgEditError], str]:
    if code.casefold() in _MODERATION_CODES or "safety system" in said.casefold():
        return Moderated, "A content filter refused this."
    if code.casefold() in _FUNDS_CODES:
        return OutOfFunds, "The endpoint says that the funds are spent."
    if status == _UNAUTHORIZED and not had_key:
        return KeyMissing, "The endpoint wants an API key, and none is set."
    return _BY_STATUS.get(status) or _by_class(status)


def _by_class(status: int) -> tuple[type[ImgEditError], str]:
    if status in _REDIRECTS:
        return EndpointBroken, "The endpoint points to another address, which is not followed."
    if status < _SERVER_ERRORS:
        return BadRequest, "The endpoint refused the request."
    return EndpointBroken, f"The endpoint failed (HTTP {status})."


def _told(content: bytes) -> dict[str, str]:
    """Read the Requesty form, the OpenAI form, and no form at all, alike."""
    try:
        value: Any = json.loads(content)
    except (ValueError, RecursionError):
        return {"message": _from_page(content)}
    if isinstance(value, dict):
        inner = value.get("error", value)
        if isinstance(inner, str):
            return {"message": inner}
        if isinstance(inner, dict):
            message = inner.get("message") or inner.get("detail") or value.get("message") or ""
            named = {
                name: str(inner[name]) for name in ("type", "code", "origin") if inner.get(name) is not None
            }
            return {**named, "message": message if isinstance(message, str) else json.dumps(message)}
    return {"message": value if isinstance(value, str) else ""}


def _from_page(content: bytes) -> str:
    text = content.decode("utf-8", "replace")  # whole: it is cut once the key is out of it
    if "<" not in text:
        return text
    title = text.partition("<title>")[2].partition("</title>")[0]
    return f"(a web page: {title.strip()})" if title else "(a web page)"


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds a server asks to wait: a number, an HTTP date, or milliseconds; None if not said."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if not text:
            continue
        try:
            seconds = float(text) * scale
        except ValueError:
            try:
                seconds = parsedate_to_datetime(text).timestamp() - (time.time() if now is None else now)
            except (ValueError, OverflowError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
