"""What would be sent and may cost, as a card: of one edit, and of many together."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Protocol

from requesty_nb import pricing
from requesty_nb.display.facts import one_line, shortened
from requesty_nb.display.figures import BORDER, QUIET
from requesty_nb.errors import PAID_TEXT
from requesty_nb.models import Cost
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from requesty_nb.errors import ImgEditError
    from requesty_nb.models import Edit, EditRequest
    from requesty_nb.pricing import Bill

_PROMPT = 300  # characters
_FORM = 40_000  # characters of a form: any prompt that an endpoint takes, and all else
_PRE = (
    "margin:4px 0 0;padding:8px;white-space:pre-wrap;overflow-wrap:anywhere;font:.85em/1.45 monospace;"
    "background:rgba(128,128,128,.1);border-radius:4px"
)


class Rehearsed(Protocol):
    """What is shown of a rehearsal; `sessions.Rehearsal` says what each is."""

    @property
    def request(self) -> EditRequest: ...  # noqa: D102 - told there, and so are the others
    @property
    def take(self) -> int: ...  # noqa: D102
    @property
    def recorded(self) -> Edit | None: ...  # noqa: D102
    @property
    def refusal(self) -> ImgEditError | None: ...  # noqa: D102
    @property
    def bill(self) -> Bill | None: ...  # noqa: D102
    @property
    def estimate(self) -> Cost | None: ...  # noqa: D102
    @property
    def left(self) -> float | None: ...  # noqa: D102
    @property
    def unsaved(self) -> list[str]: ...  # noqa: D102
    @property
    def base_url(self) -> str: ...  # noqa: D102
    @property
    def curl(self) -> str: ...  # noqa: D102
    @property
    def python(self) -> str: ...  # noqa: D102
    @property
    def json(self) -> str: ...  # noqa: D102


def rehearsal_bundle(one: Rehearsed) -> dict[str, str]:
    """Return what would become of an ask as ``text/html`` and ``text/plain``."""
    reckoned = one.bill.lines if one.bill else ()
    return _bundle(one_line(one.request.prompt, _PROMPT), [*_told(one)], reckoned, one)


def rehearsals_bundle(many: Sequence[Rehearsed]) -> dict[str, str]:
    """Return what would become of many asks together, and how the first that is not recorded is sent."""
    first = min(many, key=lambda one: (one.recorded is not None, one.refusal is not None))
    about = one_line(first.request.prompt, _PROMPT)
    reckoned = (f"the first of them, {about}:", *first.bill.lines) if first.bill else ()
    return _bundle(f"{len(many)} edits", [*_told_of_many(many)], reckoned, first)


def _told(one: Rehearsed) -> Iterator[str]:
    yield f"{one_line(one.request.model, _PROMPT)}, take {one.take}"
    if one.recorded is not None:
        yield f"Recorded already as {one.recorded.id}: it would be replayed, nothing sent or paid."
        return
    if one.refusal is not None:
        yield f"It would not be sent. {_why(one.refusal)}"
    if is_offline(one.request.model):
        yield "It would be answered in this process, free."
    elif one.estimate is None:
        yield "What it costs is not known: a file named by REQUESTY_NB_PRICES can say."
    else:
        yield f"It may cost {pricing.format_usd(one.estimate)}{_dated([one])}."


def _told_of_many(many: Sequence[Rehearsed]) -> Iterator[str]:
    new = [one for one in many if one.recorded is None]
    refusals = [_why(one.refusal) for one in new if one.refusal is not None]
    yield f"{len(new) - len(refusals):,} would be sent, {len(many) - len(new):,} recorded already and free."
    for reason, count in Counter(refusals).items():
        yield f"{count:,} would not be sent. {reason}"
    known = [(one, one.estimate) for one in new if one.estimate is not None]
    low, high = sum(cost.low for _, cost in known), sum(cost.high for _, cost in known)
    if high:
        total = pricing.format_usd(Cost(low, high, "estimate"))
        yield f"What is not recorded may cost {total} together{_dated([one for one, _ in known])}."
    elif known:
        yield "What is not recorded would be answered in this process, free."
    if len(known) < len(new):
        yield f"What {len(new) - len(known):,} of them cost is not known, and not counted."
    left = many[0].left
    if left is not None and high > left:
        yield f"That is more than the ${left:.2f} that the limit leaves, so nothing would be sent."


def _why(refusal: ImgEditError) -> str:
    """Say what a refusal says, but for that nothing was paid: nothing was sent."""
    paid = "" if refusal.paid == "no" else PAID_TEXT[refusal.paid]
    return one_line(" ".join(filter(None, (refusal.message, paid, refusal.hint))), 2 * _PROMPT)


def _dated(many: Sequence[Rehearsed]) -> str:
    """Say of when the prices are that were used."""
    dates = sorted({one.bill.entry.as_of for one in many if one.bill})
    listed = " and ".join(date for date in dates if date)
    return f", by prices of {one_line(listed, _PROMPT)}" if listed else ", by your own prices"


def _bundle(title: str, told: Sequence[str], reckoned: Sequence[str], one: Rehearsed) -> dict[str, str]:
    notes = [*_notes(one)]
    forms = [("curl", one.curl), ("OpenAI SDK", one.python), ("JSON", one.json)]
    folded = "".join(
        f'<details style="margin-top:6px"><summary style="cursor:pointer">{name}</summary>'
        f'<pre style="{_PRE}">{escape(shortened(form, _FORM))}</pre></details>'
        for name, form in forms
    )
    html = (
        f'<div style="border:{BORDER};border-radius:6px;padding:10px 12px;margin:2px 0;max-width:1100px;'
        'line-height:1.4">'
        f'<div style="font-weight:600;overflow-wrap:anywhere">{escape(title)}</div>'
        f'<div style="{QUIET};margin:2px 0 8px">Dry run: nothing was sent.</div>{_lines(told)}'
        f'<div style="{QUIET};font-size:.88em;margin:4px 0 0 1em">{_lines(reckoned)}</div>'
        f'<div style="{QUIET};margin-top:6px">{_lines(notes)}</div>{folded}</div>'
    )
    plain = [title, "Dry run: nothing was sent.", *told, *(f"  {line}" for line in reckoned), *notes]
    shown = [f"\n{name}:\n{shortened(form, _FORM)}" for name, form in forms]
    return {"text/html": html, "text/plain": "\n".join([*plain, *shown])}


def _notes(one: Rehearsed) -> Iterator[str]:
    """Yield what curl and code need before they work."""
    if one.unsaved:
        yield (
            f"Pictures that lie in no file are looked for as {', '.join(one.unsaved)}: "
            "rq.session.rehearse(rq.session.ask(...)).save() writes them there."
        )
    if is_offline(one.request.model):
        yield f"curl and the SDK reach this model at {one.base_url} while `requesty-nb serve` runs."


def _lines(lines: Sequence[str]) -> str:
    return "".join(f'<div style="overflow-wrap:anywhere">{escape(line)}</div>' for line in lines)
