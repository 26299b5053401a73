"""`Detached`: an edit under way that nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from requesty_nb.client import Watch
from requesty_nb.errors import Explained, NotSent, OutcomeUnknown
from requesty_nb.models import Edit
from requesty_nb.sessions.background import Background, threads
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from requesty_nb.errors import ImgEditError, Paid
    from requesty_nb.sessions.asking import Ask, Prepared


class Detached(Background[Edit]):
    """One edit under way in the background, made by `Session.begin`; what comes of it is recorded as any.

    ``await`` it or `wait` for it; as the source of another edit it is waited for there, and what it failed
    of is raised there.

    Args:
        ask: what is asked.
        changed: as `Background`.

    Attributes:
        edit: what was made, once it is done.
    """

    def __init__(self, ask: Ask, changed: Callable[[Detached], None] | None = None) -> None:
        super().__init__(changed)
        self.prompt = ask.prompt
        self.watch = Watch()
        self._free = is_offline(ask.model)
        self._ready: Callable[[], tuple[Prepared, Edit | int]]
        self._pay: Callable[[Prepared, int, Watch], Awaitable[Edit]]

    @property
    def edit(self) -> Edit | None:
        """What was made, once it is done."""
        return self._made

    @property
    def paid(self) -> Paid:
        """Whether it was paid for, as far as is known by now; a key of `errors.PAID_TEXT`."""
        if isinstance(self.error, Explained):
            return self.error.paid
        return "perhaps" if self.watch.sent and not self._free else "no"

    def start(
        self,
        ready: Callable[[], tuple[Prepared, Edit | int]],
        pay: Callable[[Prepared, int, Watch], Awaitable[Edit]],
    ) -> None:
        """Begin; called once, by the session.

        Args:
            ready: prepares, and gives the recorded answer or the take to pay for.
            pay: pays for that take, in the loop.
        """
        self._ready, self._pay = ready, pay
        self._begin()

    def __imgedit_source__(self) -> object:
        """Offer what is made as the source of another edit, as soon as it is there."""
        return self.wait()

    async def _make(self) -> Edit:
        # Nothing is written or sent by it, so it may be left alone when this is cancelled.
        prepared, answer = await anyio.to_thread.run_sync(
            self._ready, abandon_on_cancel=True, limiter=threads()
        )
        if not isinstance(answer, int):
            return answer
        self.state = "working"
        return await self._pay(prepared, answer, self.watch)

    def _doing(self) -> str:
        return self.watch.state

    def _seen(self) -> object:
        return self.state, self.text, self.watch.partial

    def _stopped(self) -> ImgEditError:
        if self._free:
            return NotSent(f"{self._why}.", hint="")
        if self.watch.sent:
            return OutcomeUnknown(
                f"{self._why} while waiting for the endpoint, which may go on working on it."
            )
        return NotSent(f"{self._why} before the request had left.", hint="")

    def __repr__(self) -> str:
        return f"<Detached {self.state}{f', {self.text}' if self.text else ''}: {self.prompt[:60]!r}>"
