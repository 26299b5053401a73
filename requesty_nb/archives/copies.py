"""Copies of pictures that carry their recipe; the original stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import provenance
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from requesty_nb.models import Edit


def copy_of(data: bytes, edit: Edit, place: int, *, restored: bool) -> tuple[bytes, bytes]:
    """Return a picture with its recipe in it, and what is to lie beside it if that does not fit, else empty.

    A picture that no recipe can be put into, as it is damaged or of another format, stays as it is.

    Args:
        data: the picture.
        edit: that made it.
        place: which of its pictures it is, from 0.
        restored: whether it was put back into the source.
    """
    try:
        recipe = provenance.recipe_of(edit, place, restored=restored)
        try:
            return provenance.with_recipe(data, recipe), b""
        except provenance.RecipeTooLong:
            return data, provenance.sidecar(recipe)
    except BadRequest:
        return data, b""
