"""`Rehearsal`: what an ask would send and may cost, with nothing sent and nothing written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from requesty_nb import pricing, wire
from requesty_nb.errors import ImgEditError
from requesty_nb.models import Edit
from requesty_nb.records import likely_bill
from requesty_nb.sessions.asking import prepare
from requesty_nb.sessions.replaying import looked_up
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from requesty_nb.models import Cost, EditRequest
    from requesty_nb.pricing import Bill
    from requesty_nb.sessions.asker import Terms
    from requesty_nb.sessions.asking import Ask, Prepared
    from requesty_nb.sessions.budget import Purse

SERVED = "http://127.0.0.1:8000/v1"  # where `requesty-nb serve` answers for the offline models


@dataclass(frozen=True)
class Rehearsal:
    """What would become of an ask now.

    Attributes:
        request: what is asked.
        take: which of the equal requests.
        recorded: the edit that would answer, for nothing.
        refusal: why nothing would be sent, if so.
        bill: the tokens it may be billed, and what they come to; None if that is not known, or it is free.
        left: US dollars that the limits leave; None without any.
        base_url: the endpoint; of an offline model, where `requesty-nb serve` would answer.
    """

    request: EditRequest
    take: int
    recorded: Edit | None
    refusal: ImgEditError | None
    bill: Bill | None
    left: float | None
    base_url: str
    _prepared: Prepared = field(repr=False, compare=False)

    @property
    def estimate(self) -> Cost | None:
        """What it may cost; nothing if it is recorded or offline, None if that is not known."""
        return pricing.FREE if self.recorded is not None else pricing.estimate(self.request.model, self.bill)

    @property
    def prices_as_of(self) -> str:
        """Of when the prices are; empty if that is not said."""
        return "" if self.bill is None else self.bill.entry.as_of

    @property
    def json(self) -> str:
        """The request as JSON, with pictures by name."""
        return self._telling.json

    @property
    def curl(self) -> str:
        """The request as a ``curl`` command; the pictures in `unsaved` have to be saved first."""
        return self._telling.curl

    @property
    def python(self) -> str:
        """The request as code for the OpenAI SDK; likewise."""
        return self._telling.python

    @property
    def unsaved(self) -> list[str]:
        """Under which names pictures are looked for that lie in no file: made in memory, or for sending."""
        return self._telling.unsaved

    def save(self, folder: str | Path = ".") -> list[Path]:
        """Write the pictures in `unsaved` into a folder, and return where they are.

        Raises:
            FileExistsError: there is one of this name; it is left as it is.
        """
        return self._telling.save(Path(folder).expanduser())

    @cached_property
    def _telling(self) -> wire.Telling:
        return wire.Telling(self.base_url, *self._prepared.outgoing({}))


def rehearsed(ask: Ask, terms: Terms, purse: Purse) -> Rehearsal:
    """Rehearse an ask.

    Args:
        ask: what is asked.
        terms: the session's settings and history.
        purse: the limits it keeps to.

    Raises:
        BadRequest: the ask, or the file of prices, cannot be right.
        BadImage: a picture or the mask cannot be used.
    """
    settings, history = terms
    prepared = prepare(ask)
    free = is_offline(ask.model)
    prices = pricing.prices_from(settings.prices)
    bill = None if free else likely_bill(prepared.request, prices, ask.partial or 0)
    found: Edit | int = ask.take or 1
    refusal: ImgEditError | None = None
    try:
        found = looked_up(prepared, history, settings)
        if not isinstance(found, Edit) and not free:
            purse.check(None if bill is None else bill.cost, ask.model)
    except ImgEditError as error:
        refusal = error
    recorded = found if isinstance(found, Edit) else None
    return Rehearsal(
        request=prepared.request,
        take=found.take if isinstance(found, Edit) else found,
        recorded=recorded,
        refusal=refusal,
        bill=None if recorded else bill,
        left=purse.left,
        base_url=SERVED if free else settings.base_url,
        _prepared=prepared,
    )
