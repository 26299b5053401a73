"""What would be sent and may cost, as a card: of one edit, and of many together."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Protocol

from requesty_nb import pricing
from requesty_nb.display.facts import one_line, shortened
from requesty_nb.display.figures import BORDER, QUIET
from requesty_nb.models import Cost
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from requesty_nb.errors import ImgEditError
    from requesty_nb.models import Edit, EditRequest

_FORM = 20_000  # characters of a form
_PRE = "margin:4px 0 0;padding:8px;white-space:pre-wrap;overflow-wrap:anywhere;font:.85em monospace"


class Rehearsed(Protocol):
    """What is shown of a rehearsal."""

    @property
    def request(self) -> EditRequest:
        """What is asked."""

    @property
    def take(self) -> int:
        """Which of the equal requests."""

    @property
    def recorded(self) -> Edit | None:
        """What would answer for nothing."""

    @property
    def refusal(self) -> ImgEditError | None:
        """Why nothing would be sent."""

    @property
    def estimate(self) -> Cost | None:
        """What it may cost."""

    @property
    def prices_as_of(self) -> str:
        """Of when the prices are."""

    @property
    def unsaved(self) -> list[str]:
        """Pictures that lie in no file."""

    @property
    def curl(self) -> str:
        """As a command."""

    @property
    def python(self) -> str:
        """As code."""

    @property
    def json(self) -> str:
        """As JSON."""


def rehearsal_bundle(one: Rehearsed) -> dict[str, str]:
    """Return what would become of an ask as ``text/html`` and ``text/plain``."""
    told = [*_told(one)]
    return _bundle(one_line(one.request.prompt, 300), told, one)


def rehearsals_bundle(many: Sequence[Rehearsed]) -> dict[str, str]:
    """Return what would become of many asks together, and how the first that is not recorded is sent."""
    recorded = sum(one.recorded is not None for one in many)
    refused = [one.refusal for one in many if one.refusal is not None]
    paid = [one for one in many if one.recorded is None and one.refusal is None]
    costs = [one.estimate for one in many if one.recorded is None]
    known = [cost for cost in costs if cost is not None]
    told = [f"{len(paid)} would be sent, {recorded} recorded already and free"]
    if refused:
        told.append(f"{len(refused)} would not be sent: {refused[0].message}")
    if known and not all(cost.basis == "free" for cost in known):
        total = Cost(sum(cost.low for cost in known), sum(cost.high for cost in known), "estimate")
        told.append(f"together {pricing.format_usd(total)}, prices of {many[0].prices_as_of}")
    elif known:
        told.append("free")
    if len(known) < len(costs):
        told.append(f"of {len(costs) - len(known)} it is not known what they cost")
    first = next((one for one in many if one.recorded is None), many[0])
    return _bundle(f"{len(many)} edits", told, first)


def _told(one: Rehearsed) -> Iterator[str]:
    yield f"{one.request.model}, take {one.take}"
    if one.recorded is not None:
        yield f"recorded already as {one.recorded.id}: nothing would be sent or paid"
        return
    yield _cost(one)
    if one.refusal is not None:
        yield f"it would not be sent: {one.refusal.message}"


def _cost(one: Rehearsed) -> str:
    if is_offline(one.request.model):
        return "answered in this process, free"
    if one.estimate is None:
        return "what it costs is not known: a file named by REQUESTY_NB_PRICES can say"
    return f"may cost {pricing.format_usd(one.estimate)}, by the prices of {one.prices_as_of}"


def _bundle(title: str, told: Sequence[str], one: Rehearsed) -> dict[str, str]:
    save = f"Save first, under these names: {', '.join(one.unsaved)}" if one.unsaved else ""
    forms = [("curl", one.curl), ("OpenAI SDK", one.python), ("JSON", one.json)]
    folded = "".join(
        f'<details style="margin-top:6px"><summary style="cursor:pointer">{name}</summary>'
        f'<pre style="{_PRE}">{escape(shortened(form, _FORM))}</pre></details>'
        for name, form in forms
    )
    lines = "".join(f"<div>{escape(line)}</div>" for line in told)
    note = f'<div style="{QUIET};margin-top:6px">{escape(save)}</div>' if save else ""
    html = (
        f'<div style="border:{BORDER};border-radius:6px;padding:10px 12px;margin:2px 0;max-width:1100px;'
        'line-height:1.4">'
        f'<div style="font-weight:600;overflow-wrap:anywhere">{escape(title)}</div>'
        f'<div style="{QUIET}">Dry run: nothing was sent.</div>'
        f'<div style="margin-top:6px">{lines}</div>{folded}{note}</div>'
    )
    plain = [title, "Dry run: nothing was sent.", *told, *([save] if save else [])]
    shown = [f"\n{name}:\n{shortened(form, _FORM)}" for name, form in forms]
    return {"text/html": html, "text/plain": "\n".join([*plain, *shown])}
