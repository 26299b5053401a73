"""What `Session.ask` takes, for its sisters and against slips of the pen."""

from __future__ import annotations

import difflib
import inspect
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
T = TypeVar("T")


def arguments_of(ask: Callable[P, object]) -> Callable[[Callable[..., T]], Callable[P, T]]:
    """Give a method the arguments of `Session.ask`, for readers, type checkers and notebooks' help alike."""

    def decorate(method: Callable[..., T]) -> Callable[P, T]:
        method.__signature__ = inspect.signature(ask).replace(return_annotation="Edit")  # type: ignore[attr-defined]  # a documented hook
        return method

    return decorate


def see_no_slip(ask: Callable[..., object], extras: Iterable[str]) -> None:
    """See that no further field is called nearly as an argument is: it would be paid for and change nothing.

    Raises:
        BadRequest: one is.
    """
    known = [name for name in inspect.signature(ask).parameters if name not in {"self", "extras"}]
    for name in extras:
        if near := difflib.get_close_matches(name, known, 1, 0.8):
            raise BadRequest(
                f"There is no {name!r}: did you mean {near[0]!r}?",
                hint=f"A field that is really called so goes in params={{{name!r}: ...}}.",
            )
