"""How a recipe is written down: as JSON that is read back, and as a text for people and other programs.

::

    {"requesty_nb": 1, "request": {…}, "take": 2, "index": 0, …}

The number is the version of this form. What an edit has no say in, such as its key, is not in it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from requesty_nb.errors import BadRequest
from requesty_nb.images import MAX_PIXELS
from requesty_nb.models import EditRequest  # noqa: TC001 - msgspec reads the annotations of its structs at run time
from requesty_nb.provenance.recipes import Recipe
from requesty_nb.provenance.words import reference_of
from requesty_nb.version import VERSION

if TYPE_CHECKING:
    from requesty_nb.frames import Frame

FORM_VERSION = 1
MARK = '{"requesty_nb":'  # how the JSON of a recipe begins
HEAD = 200  # bytes in which that is seen, with whatever spaces
LONGEST = 4_000_000  # bytes of a recipe that is written or read
_DEEPEST = 64  # lists within lists of a parameter
_MOST_IMAGES = 16
_FARTHEST = 1_000_000_000  # of whatever is counted: pixels in a frame, pictures

_Place = Annotated[int, msgspec.Meta(ge=0, lt=1_000_000_000)]
_Count = Annotated[int, msgspec.Meta(ge=1, lt=1_000_000_000)]


class NewerForm(ValueError):
    """A recipe was written by a newer version of this package."""


class RecipeTooLong(BadRequest):
    """The recipe does not fit into the file: write it beside it, as `sidecar` gives it."""

    default_hint = "Write it beside the picture: sidecar(recipe) into <picture>.json, where it is looked for."


class _Head(msgspec.Struct, frozen=True):
    requesty_nb: _Count


class _Written(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    requesty_nb: _Count
    request: EditRequest
    take: _Count = 1
    index: _Place = 0
    restored: bool = False
    id: str = ""
    digest: str = ""
    provider: str = ""
    effective: dict[str, Any] = {}


_decode_head = msgspec.json.Decoder(_Head)
_decode = msgspec.json.Decoder(_Written)


def encode(recipe: Recipe) -> bytes:
    """Return a recipe as compact JSON, in UTF-8.

    Raises:
        BadRequest: it is a foreign one, or holds what would not be read back.
        RecipeTooLong: it is longer than any that is read.
    """
    if recipe.key is None:
        raise BadRequest(
            "Only the recipe of an edit can be written.", hint="Make an edit of the picture first."
        )
    written = _Written(
        requesty_nb=FORM_VERSION,
        request=recipe.request,
        take=recipe.take,
        index=recipe.index,
        restored=recipe.restored,
        id=recipe.id,
        digest=recipe.digest,
        provider=recipe.provider,
        effective=recipe.effective,
    )
    try:
        _check(written)
    except ValueError as error:
        raise BadRequest(
            f"This edit's recipe cannot be written: {error}.", hint="Keep its history."
        ) from None
    data = msgspec.json.encode(written)
    if len(data) > LONGEST:
        raise RecipeTooLong(
            f"The recipe has {len(data)} bytes, more than {LONGEST}.", hint="Keep it in the history."
        )
    return data


def decode(data: bytes | str) -> Recipe:
    """Read a recipe back, which may come from a stranger.

    Raises:
        NewerForm: it is from a newer version.
        ValueError: it is damaged, with a reason that reads on after "is damaged: ".
    """
    try:
        version = _decode_head.decode(data).requesty_nb
        written = _decode.decode(data) if version <= FORM_VERSION else None
        if written is not None:
            _check(written)
            recipe = Recipe(**{name: getattr(written, name) for name in _Written.__struct_fields__[1:]})
            _ = recipe.key  # so that a number that no JSON can hold shows now
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise ValueError(f"its recipe cannot be read ({error})") from None
    if written is None:
        raise NewerForm(f"its recipe has form {version}")
    return recipe


def is_recipe(text: str) -> bool:
    """Tell whether a text begins as a recipe does, which may yet be damaged or newer."""
    return "".join(text[:HEAD].removeprefix("\ufeff").split()).startswith(MARK)


def escaped(data: bytes) -> str:
    """Return the same JSON in ASCII."""
    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], data.decode())


def readable(recipe: Recipe) -> str:
    """Return a recipe as a text that programs read which know the web UI's ``parameters``.

    ::

        a red hat
        Size: 1024x1024, Model: azure/openai/gpt-image-1.5, Quality: low, Take: 1, Version: requesty_nb 0.1.0
    """
    used = {**recipe.request.params, **recipe.effective}
    pairs = {
        "Size": used.get("size", "auto"),
        "Model": recipe.model,
        "Quality": used.get("quality", "auto"),
        "Take": recipe.take,
        "Version": f"requesty_nb {VERSION}",
    }
    return recipe.prompt + "\n" + ", ".join(f"{name}: {_quoted(str(value))}" for name, value in pairs.items())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ',:"\n') else text


def _check(written: _Written) -> None:
    """Raise ValueError if it says what no edit says, and what would take much time or memory to look into."""
    request = written.request
    refs = [*request.images, *([request.mask] if request.mask else [])]
    if not 1 <= len(request.images) <= _MOST_IMAGES:
        raise ValueError(f"it names {len(request.images)} pictures")
    if not 1 <= request.n <= _FARTHEST:
        raise ValueError("it makes no possible number of pictures")
    for ref in refs:
        reference_of(ref)
        if ref.size and not all(1 <= edge <= _FARTHEST for edge in ref.size):
            raise ValueError("no picture is of such a size")
    if not _is_shallow([request.params, written.effective]):
        raise ValueError("its lists are nested too deeply")
    if request.frame and not _is_possible(request.frame):
        raise ValueError("no picture can be framed so")


def _is_possible(frame: Frame) -> bool:
    width, height = frame.source
    numbers = (*frame.source, *frame.canvas, *frame.place, *frame.view)
    return min(width, height) > 0 and width * height <= MAX_PIXELS and max(map(abs, numbers)) <= _FARTHEST


def _is_shallow(value: object) -> bool:
    level: list[object] = [value]
    for _ in range(_DEEPEST):
        inner: list[object] = []
        for one in level:
            inner += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        if not inner:
            return True
        level = inner
    return False
