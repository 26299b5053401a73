"""`recipe`: what a picture file tells of how it was made, wherever it stands in it or beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from requesty_nb.errors import BadImage
from requesty_nb.images import Blob, suffix_for
from requesty_nb.images.headers import sniff
from requesty_nb.provenance import a1111, comfyui, forms
from requesty_nb.provenance.copies import READABLE, RECIPE
from requesty_nb.provenance.foreign import recipe_from
from requesty_nb.provenance.texts import texts_in
from requesty_nb.provenance.words import plain, word_for_path

if TYPE_CHECKING:
    from requesty_nb.provenance.recipes import Recipe

_COMMENT, _GRAPH = "UserComment", "prompt"
_NAMES = frozenset((RECIPE, READABLE, _COMMENT, _GRAPH))
_SUFFIX = ".json"
_LONGEST_SIDECAR = 4 * forms.LONGEST  # bytes: the same recipe, with spaces
_NAMELESS = Path("found")
_WHERE = (
    "requesty_nb puts one into the pictures it exports, ComfyUI and AUTOMATIC1111's web UI into theirs; many "
    "sites and messengers take them out. A recipe that lies beside its picture is called like it, with .json "
    "behind."
)


def recipe(file: str | os.PathLike[str] | bytes) -> Recipe:
    """Return the recipe of a picture: what made it, and the cell that makes it again.

    It is looked for in the file, then beside it, then as ComfyUI and as AUTOMATIC1111's web UI write theirs.

    Args:
        file: the path of a PNG, JPEG or WebP, or of a recipe that was written beside one; or its bytes, in
            which case the cell of a foreign recipe calls the picture ``./found.png``.

    Raises:
        BadImage: there is none, it is damaged, or it is from a newer version of this package.
    """
    if isinstance(file, bytes | bytearray | memoryview):
        data = bytes(file)
        return _in(Blob.of(data), _NAMELESS.with_suffix(suffix_for(sniff(data[:16]))), None)
    path = Path(os.path.expanduser(os.fspath(file)))  # noqa: PTH111 - leaves a ~ without a home as it is
    return _in(_opened(path), path, sidecar_path(path) if path.name else None)


def sidecar(recipe: Recipe) -> bytes:
    """Return a recipe as a file of its own, which is called as `sidecar_path` says.

    Raises:
        BadRequest: it is the recipe of no edit.
    """
    return msgspec.json.format(forms.encode(recipe), indent=1) + b"\n"


def sidecar_path(picture: Path) -> Path:
    """Return where a picture's recipe lies if not in it: ``photo.jpg.json`` beside ``photo.jpg``."""
    return picture.with_name(picture.name + _SUFFIX)


def _in(blob: Blob, path: Path, beside: Path | None) -> Recipe:
    label = plain(path.name)
    try:
        found, fault = _texts(blob)
        mine = _mine(blob, found)
        if mine is not None:
            return forms.decode(mine)
        if beside is not None and beside.is_file() and (written := _written(_opened(beside))) is not None:
            return forms.decode(written)
    except forms.NewerForm:
        raise BadImage(
            f"The recipe of {label} was written by a newer version of requesty_nb.",
            hint="Upgrade requesty_nb.",
        ) from None
    except ValueError as error:
        raise BadImage(f"{label} is damaged: {error}.", hint="Get another copy of it.") from None
    word = word_for_path(path)
    if (graph := found.get(_GRAPH)) and (foreign := comfyui.parse(graph)):
        return recipe_from(foreign, "comfyui", word, path.name)
    for name in (READABLE, _COMMENT):
        if (text := found.get(name)) and (foreign := a1111.parse(text, settings=name == _COMMENT)):
            return recipe_from(foreign, "a1111", word, path.name)
    if fault:
        raise BadImage(
            f"{label} has no recipe as far as it can be read: {fault}.", hint="Get another copy of it."
        )
    raise BadImage(f"{label} has no recipe.", hint=_WHERE)


def _texts(blob: Blob) -> tuple[dict[str, str], str]:
    """Return the texts of a picture by name, the first of each, and why no more can be read, if so."""
    found: dict[str, str] = {}
    with blob.open() as file:
        try:
            for name, text in texts_in(file, blob.length, _NAMES):
                found.setdefault(name, text)
        except ValueError as error:
            return found, str(error)
    return found, ""


def _mine(blob: Blob, found: dict[str, str]) -> str | bytes | None:
    """Return what a picture, or a file beside one, holds as a recipe of this package's, if it does."""
    if RECIPE in found:
        return found[RECIPE]
    comment = found.get(_COMMENT, "")
    return comment if forms.is_recipe(comment) else _written(blob)


def _written(blob: Blob) -> bytes | None:
    """Return a file's bytes, if they are a recipe by themselves."""
    with blob.open() as file:
        if not forms.is_recipe(file.read(forms.HEAD).decode("utf-8", "replace")):
            return None
    if blob.length > _LONGEST_SIDECAR:
        raise ValueError(f"its recipe has {blob.length} bytes, more than {_LONGEST_SIDECAR}")
    return blob.read()


def _opened(path: Path) -> Blob:
    shown = plain(path)
    try:
        mode, blob = path.stat().st_mode, Blob.at(path)
    except (OSError, ValueError) as error:  # a null byte in the name
        reason = getattr(error, "strerror", None) or error
        raise BadImage(f"{shown} cannot be read: {reason}.", hint="Check the path.") from None
    if not stat.S_ISREG(mode):
        raise BadImage(f"{shown} is no regular file.", hint="Name a picture file.")
    return blob
