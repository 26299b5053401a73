"""Errors of a trait's value: this package's own, and traitlets' at the same time.

Only after an error of its own does traitlets put the old values back where several are set at once; and
whoever sets a value wants to catch the same `BadImage` as anywhere else.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from traitlets import TraitError

from requesty_nb.errors import ImgEditError

if TYPE_CHECKING:
    from collections.abc import Iterator

_both: dict[type[ImgEditError], type[ImgEditError]] = {}


@contextmanager
def refusing() -> Iterator[None]:
    """Make each `ImgEditError` that passes a `TraitError` as well; its type, text and hint stay."""
    try:
        yield
    except TraitError:
        raise
    except ImgEditError as error:
        raise _copied(error, _also_of_traitlets(type(error))) from error.__cause__


def _also_of_traitlets(kind: type[ImgEditError]) -> type[ImgEditError]:
    if kind not in _both:

        def __reduce__(self: ImgEditError) -> tuple[Any, ...]:  # noqa: N807 - it is that method
            return _copied(self, kind).__reduce__()

        own = {"__reduce__": __reduce__, "__module__": kind.__module__}
        _both[kind] = type(kind.__name__, (kind, TraitError), own)
    return _both[kind]


def _copied(error: ImgEditError, kind: type[ImgEditError]) -> ImgEditError:
    copy = kind(error.message)
    copy.__dict__.update(error.__dict__)
    return copy
