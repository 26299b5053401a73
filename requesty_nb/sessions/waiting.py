"""What a waiting caller is shown, and what it means when the wait is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from requesty_nb.errors import Interrupted

if TYPE_CHECKING:
    from requesty_nb.client import Partial, Watch


class Reporter(Protocol):
    """Shows what a call is doing while somebody waits for it."""

    def tick(self, state: str, elapsed: float, partial: Partial | None = None) -> None:
        """Show a state and the seconds so far; called about four times a second.

        Args:
            state: a few words.
            elapsed: seconds.
            partial: the last unfinished picture, unproven, if one came.
        """

    def close(self) -> None:
        """Take it off the screen."""


def interrupted(watch: Watch, *, free: bool) -> Interrupted:
    """Return the error of an interrupted wait; ``free`` if nothing could have been paid."""
    if free:
        return Interrupted("Interrupted.", paid="no", hint="The kernel is fine; run the cell again.")
    if watch.sent:
        told = Interrupted("Interrupted while waiting for the endpoint, which may go on working on it.")
        if watch.partial is not None:
            told.with_partial(watch.partial.data)
        return told
    return Interrupted("Interrupted before the request had left.", paid="no", hint="The kernel is fine.")
