"""`Rehearsal`: what an ask would send and may cost, with nothing sent and nothing written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from requesty_nb import pricing, wire
from requesty_nb.errors import ImgEditError
from requesty_nb.models import Edit
from requesty_nb.records import likely_cost
from requesty_nb.sessions.asking import prepare
from requesty_nb.sessions.paying import OFFLINE_URL
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.models import Cost, EditRequest
    from requesty_nb.sessions.asking import Ask, Outgoing, Prepared
    from requesty_nb.settings import Settings


@dataclass(frozen=True)
class Rehearsal:
    """What would become of an ask now.

    Attributes:
        request: what is asked.
        take: which of the equal requests.
        recorded: the edit that would answer, for nothing.
        refusal: why nothing would be sent, if so.
        estimate: what it may cost, or None if that is not known; nothing if it is recorded.
        prices_as_of: of when the prices are.
        base_url: the endpoint.
    """

    request: EditRequest
    take: int
    recorded: Edit | None
    refusal: ImgEditError | None
    estimate: Cost | None
    prices_as_of: str
    base_url: str
    _outgoing: Outgoing = field(repr=False, compare=False)

    @cached_property
    def json(self) -> str:
        """The request as JSON, with pictures by name."""
        fields, images, mask, _ = self._outgoing
        return wire.as_json(f"{self.base_url}/images/edits", fields, images, mask)

    @cached_property
    def curl(self) -> str:
        """The request as a ``curl`` command; the pictures in `unsaved` have to be saved first."""
        fields, images, mask, _ = self._outgoing
        return wire.as_curl(f"{self.base_url}/images/edits", fields, images, mask)

    @cached_property
    def python(self) -> str:
        """The request as code for the OpenAI SDK; likewise."""
        fields, images, mask, _ = self._outgoing
        return wire.as_python(self.base_url, fields, images, mask)

    @property
    def unsaved(self) -> list[str]:
        """The names of pictures that lie in no file: they were made in memory, or are made for sending."""
        _, images, mask, _ = self._outgoing
        return wire.unsaved(images, mask)

    def save(self) -> list[str]:
        """Write the pictures in `unsaved` into the current folder, and return their names.

        Raises:
            FileExistsError: there is one of this name; it is left as it is.
        """
        from pathlib import Path  # noqa: PLC0415 - only who saves needs it

        _, images, mask, _ = self._outgoing
        for upload in [*images, *([mask] if mask else [])]:
            if upload.blob is not None and upload.blob.path is None:
                with Path(upload.name).open("xb") as file:
                    file.writelines(upload.blob.pieces())
        return self.unsaved


def rehearsed(ask: Ask, answer: Callable[[Prepared], Edit | int], settings: Settings) -> Rehearsal:
    """Rehearse an ask.

    Args:
        ask: what is asked.
        answer: looks for its record, or says which take would be paid for.
        settings: those of the session.

    Raises:
        BadRequest: the ask, or the file of prices, cannot be right.
    """
    prepared = prepare(ask)
    prices = pricing.prices_from(settings.prices)
    found: Edit | int = ask.take or 1
    refusal: ImgEditError | None = None
    try:
        found = answer(prepared)
    except ImgEditError as error:
        refusal = error
    recorded = found if isinstance(found, Edit) else None
    return Rehearsal(
        request=prepared.request,
        take=found.take if isinstance(found, Edit) else found,
        recorded=recorded,
        refusal=refusal,
        estimate=pricing.FREE if recorded else likely_cost(prepared.request, prices, ask.partial or 0),
        prices_as_of=prices.as_of,
        base_url=OFFLINE_URL if is_offline(ask.model) else settings.base_url,
        _outgoing=prepared.outgoing({}),
    )
