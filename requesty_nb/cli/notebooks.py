"""Where the notebooks lie: in the installed package, or beside it in a source tree."""

from __future__ import annotations

from pathlib import Path

from requesty_nb.errors import BadRequest

_PACKAGE = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """Return the folder that holds the shipped notebooks.

    Raises:
        BadRequest: they are not there.
    """
    for place in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        if any(place.glob("*.ipynb")):
            return place
    raise BadRequest("The notebooks are missing from this installation.", hint="Install requesty_nb again.")
