"""A form becomes a request, or a refusal in the contract's words.

Limits are those of OpenAI's reference for models that edit images; sizes beyond the three documented
ones follow its image guide. Fields that nobody documents are accepted and ignored, as the schema is open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from requesty_nb.offline.forms import IMAGES_LIMIT
from requesty_nb.offline.refusals import Refusal, missing, wrong_type, wrong_value
from requesty_nb.offline.uploads import Upload

if TYPE_CHECKING:
    from collections.abc import Collection

    from requesty_nb.offline.forms import Form

OutputFormat = Literal["png", "jpeg", "webp"]

PAINTER = "offline/painter"
LEAKY = "offline/leaky"
SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))
PROMPT_LIMIT = 32_000  # characters
_SIDE_STEP, _SIDE_LIMIT, _RATIO_LIMIT = 16, 3840, 3
_FEWEST_PIXELS, _MOST_PIXELS = 655_360, 8_294_400
_SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_ABSENT: Any = object()
_KINDS: dict[type, str] = {str: "a string", bool: "a boolean", int: "an integer", float: "a number"} | {
    dict: "an object",
    list: "an array",
    type(None): "null",
    Upload: "a file",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked request.

    Attributes:
        model: as asked for.
        leaky: whether the mask is loose guidance.
        prompt: the text.
        images: 1 to 16 pictures, not yet looked into.
        mask: a mask, not yet looked into, or None.
        size: width and height in pixels, or None for auto.
        quality: low, medium or high; auto has become medium.
        background: transparent, opaque or auto.
        output_format: png, jpeg or webp.
        compression: 0 to 100, 100 keeps most.
        fidelity: low or high; only the bill differs.
        n: pictures wanted, 1 to 10.
        take: which of the possible answers, from 1.
        partials: previews in a stream, 0 to 3.
        stream: whether to answer as events.
    """

    model: str
    leaky: bool
    prompt: str
    images: tuple[Upload, ...]
    mask: Upload | None
    size: tuple[int, int] | None
    quality: str
    background: str
    output_format: OutputFormat
    compression: int
    fidelity: str
    n: int
    take: int
    partials: int
    stream: bool


def checked(form: Form, *, served: Collection[str], take: str | None) -> Asked:
    """Check a form against the contract.

    Raises:
        Refusal: 404 for a model that is not served, 400 for anything else.
    """
    read = _Fields(form)
    model = read.text("model")
    if model not in served:
        raise Refusal(
            f"Provider and/or model not supported: {model[:100]}. Served here: {', '.join(sorted(served))}.",
            status=404,
            code="model_not_found",
            param="model",
            origin="router",
        )
    prompt = _checked_prompt(read.text("prompt"))
    _check_pictures(form)
    if "response_format" in form.values:
        raise Refusal(
            "Unknown parameter: 'response_format'.", code="unknown_parameter", param="response_format"
        )
    read.choice("moderation", "auto", "low")
    read.optional_text("user")
    quality = read.choice("quality", "auto", "low", "medium", "high", nullable=False)
    asked = Asked(
        model=model,
        leaky=model == LEAKY,
        prompt=prompt,
        images=form.images,
        mask=form.mask,
        size=_checked_size(read.optional_text("size", nullable=False)),
        quality="medium" if quality == "auto" else quality,
        background=read.choice("background", "auto", "transparent", "opaque"),
        output_format=_FORMATS[read.choice("output_format", *_FORMATS)],
        compression=read.integer("output_compression", 0, 100, default=100),
        fidelity=read.choice("input_fidelity", "low", "high"),
        n=read.integer("n", 1, 10, default=1),
        take=_checked_take(take),
        partials=read.integer("partial_images", 0, 3, default=0),
        stream=read.boolean("stream"),
    )
    _check_together(asked)
    return asked


_FORMATS: dict[str, OutputFormat] = {"png": "png", "jpeg": "jpeg", "webp": "webp"}


class _Fields:
    """The plain values of a form, read by type: multipart writes them all as text."""

    def __init__(self, form: Form) -> None:
        self._values = form.values
        self._typed = form.is_json

    def _get(self, name: str, *, nullable: bool = True) -> Any:  # noqa: ANN401 - JSON can be anything
        value = self._values.get(name, _ABSENT)
        if isinstance(value, Upload):
            raise wrong_type(name, "a value", "a file")
        return _ABSENT if value is None and nullable else value

    def text(self, name: str) -> str:
        value = self._get(name, nullable=False)
        if value is _ABSENT:
            raise missing(name)
        return self._as_text(name, value)

    def optional_text(self, name: str, *, nullable: bool = True) -> str | None:
        value = self._get(name, nullable=nullable)
        return None if value is _ABSENT else self._as_text(name, value)

    def choice(self, name: str, *allowed: str, nullable: bool = True) -> str:
        """Return one of ``allowed``; the first is the default."""
        value = self.optional_text(name, nullable=nullable)
        if value is None:
            return allowed[0]
        if value not in allowed:
            raise wrong_value(name, value, "one of " + ", ".join(allowed))
        return value

    def integer(self, name: str, least: int, most: int, *, default: int) -> int:
        value = self._get(name)
        if value is _ABSENT:
            return default
        if not self._typed:
            value = int(value) if _INTEGER.fullmatch(value) else value
        if type(value) is not int:
            raise wrong_type(name, "an integer", _KINDS[type(value)])
        if not least <= value <= most:
            raise wrong_value(name, value, f"between {least} and {most}")
        return value

    def boolean(self, name: str) -> bool:
        value = self._get(name)
        if value is _ABSENT:
            return False
        if not self._typed:
            value = {"true": True, "false": False}.get(value, value)
        if not isinstance(value, bool):
            raise wrong_type(name, "a boolean", _KINDS[type(value)])
        return value

    @staticmethod
    def _as_text(name: str, value: object) -> str:
        if not isinstance(value, str):
            raise wrong_type(name, "a string", _KINDS[type(value)])
        return value


def _checked_prompt(prompt: str) -> str:
    if not prompt.strip():
        raise Refusal("Invalid 'prompt': it is empty.", code="empty_string", param="prompt")
    if len(prompt) > PROMPT_LIMIT:
        raise Refusal(
            f"Invalid 'prompt': string too long. Expected at most {PROMPT_LIMIT} characters, "
            f"got {len(prompt)}.",
            code="string_above_max_length",
            param="prompt",
        )
    return prompt


def _check_pictures(form: Form) -> None:
    if not form.images:
        raise missing("images" if form.is_json else "image[]")
    if len(form.images) > IMAGES_LIMIT:
        raise Refusal(
            f"Invalid 'image': array too long. Expected at most {IMAGES_LIMIT} images, "
            f"got {len(form.images)}.",
            code="array_above_max_length",
            param="image",
        )
    for upload in (*form.images, form.mask):
        if upload is not None and upload.media_type and not upload.media_type.startswith("image/"):
            name = "mask" if upload is form.mask else "image"
            raise Refusal(
                f"Invalid file '{name}': unsupported mimetype ('{upload.media_type[:100]}'). "
                "Supported file formats are 'image/jpeg', 'image/png' and 'image/webp'.",
                code="unsupported_file_mimetype",
                param=name,
            )


def _checked_size(text: str | None) -> tuple[int, int] | None:
    if text is None or text == "auto":
        return None
    if found := _SIZE.fullmatch(text):
        width, height = int(found[1]), int(found[2])
        if (
            width % _SIDE_STEP == height % _SIDE_STEP == 0
            and max(width, height) <= min(_SIDE_LIMIT, _RATIO_LIMIT * min(width, height))
            and _FEWEST_PIXELS <= width * height <= _MOST_PIXELS
        ):
            return width, height
    raise wrong_value(
        "size",
        text,
        "auto, 1024x1024, 1536x1024, 1024x1536, or WIDTHxHEIGHT with both divisible by 16, "
        f"a ratio of at most {_RATIO_LIMIT}:1, no edge above {_SIDE_LIMIT} "
        f"and {_FEWEST_PIXELS} to {_MOST_PIXELS} pixels",
    )


def _checked_take(text: str | None) -> int:
    if text is None:
        return 1
    if not _INTEGER.fullmatch(text) or int(text) < 1:
        raise wrong_value("X-Requesty-Take", text, "a positive integer")
    return int(text)


def _check_together(asked: Asked) -> None:
    """Refuse values that are right alone and not together."""
    if asked.background == "transparent" and asked.output_format == "jpeg":
        raise Refusal(
            "Transparent background is not supported for JPEG output format: use png or webp.",
            code="invalid_value",
            param="background",
        )
    if asked.compression < 100 and asked.output_format == "png":  # noqa: PLR2004 - a percentage
        raise Refusal(
            "Compression less than 100 is not supported for PNG output format.",
            code="invalid_value",
            param="output_compression",
        )
