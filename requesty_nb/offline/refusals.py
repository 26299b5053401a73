"""What the endpoint says when it says no: a status and a body both client families can read.

The body is Requesty's form (``origin``, ``message``) and OpenAI's (``type``, ``code``, ``param``) in one.
"""

from __future__ import annotations

from typing import Any, Literal

Origin = Literal["router", "provider"]

IMAGE_LIMIT = 50 * 1000 * 1000  # bytes; "less than 50MB" in OpenAI's reference, taken as decimal


class Refusal(Exception):
    """An answer other than 200.

    Attributes:
        status: the HTTP status.
        message: what is wrong, for people.
        code: OpenAI's error code, or None.
        param: the field at fault, or None.
        origin: ``router`` for what Requesty checks itself, ``provider`` for what the model's host checks.
        kind: OpenAI's ``type``.
        headers: further response headers.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        origin: Origin = "provider",
        kind: str = "invalid_request_error",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.origin = origin
        self.kind = kind
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {
            "error": {
                "origin": self.origin,
                "message": self.message,
                "type": self.kind,
                "code": self.code,
                "param": self.param,
            }
        }


def malformed(message: str, code: str = "invalid_body") -> Refusal:
    """Return the refusal of a body that cannot be read at all."""
    return Refusal(message, code=code, origin="router")


def wrong_type(param: str, wanted: str, got: str) -> Refusal:
    """Return the refusal of a field that is something else than it should be."""
    return Refusal(
        f"Invalid type for '{param}': expected {wanted}, but got {got} instead.",
        code="invalid_type",
        param=param,
    )


def wrong_value(param: str, value: object, wanted: str) -> Refusal:
    """Return the refusal of a field whose value is none of those supported."""
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:80] + "..."  # noqa: PLR2004 - a value is shown, not quoted whole
    return Refusal(
        f"Invalid value: {shown}. '{param}' has to be {wanted}.", code="invalid_value", param=param
    )


def missing(param: str) -> Refusal:
    """Return the refusal of a request that lacks a required field."""
    return Refusal(f"Missing required parameter: '{param}'.", code="missing_required_parameter", param=param)


def duplicate(param: str) -> Refusal:
    """Return the refusal of a field that may stand once and stands twice."""
    return Refusal(f"Duplicate parameter: '{param}'.", code="duplicate_parameter", param=param)


def too_large(what: str) -> Refusal:
    """Return the answer to more bytes than are taken; the contract gives it no body, this one has one."""
    return Refusal(
        f"{what} is too large: an image may have up to {IMAGE_LIMIT // 1_000_000} MB.",
        status=413,
        code="payload_too_large",
        origin="router",
    )


def bad_image(param: str, why: str) -> Refusal:
    """Return the refusal of bytes that are no picture the endpoint takes."""
    return Refusal(
        f"Invalid image file or mode for '{param}': {why}",
        code="invalid_image_file",
        param=param,
        kind="image_generation_user_error",
    )


def bad_mask(why: str) -> Refusal:
    """Return the refusal of a mask."""
    return Refusal(
        f"Invalid mask image format - {why}",
        code="invalid_mask_image_format",
        param="mask",
        kind="image_generation_user_error",
    )
