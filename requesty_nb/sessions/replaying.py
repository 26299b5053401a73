"""Replay or pay: what the record says to an ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from requesty_nb.errors import KeyMissing, NotRecorded, OutcomeUnknown
from requesty_nb.sessions.missing import not_recorded
from requesty_nb.settings import is_loopback, is_offline

if TYPE_CHECKING:
    from requesty_nb.models import Edit
    from requesty_nb.records import History
    from requesty_nb.sessions.asking import Ask, Prepared
    from requesty_nb.settings import Settings


def recorded_or_take(prepared: Prepared, history: History | None, settings: Settings) -> Edit | int:
    """Return the recorded answer to an ask, which is noted as used, or the take to pay for.

    Raises:
        ImgEditError: as `looked_up`.
    """
    found = looked_up(prepared, history, settings)
    if history is not None and not isinstance(found, int):
        history.use(found)
    return found


def looked_up(prepared: Prepared, history: History | None, settings: Settings) -> Edit | int:
    """Return the recorded answer to an ask, or the take to pay for; nothing is noted anywhere.

    Raises:
        NotRecorded: it would have to be paid for, and must not be.
        OutcomeUnknown: an earlier attempt may have been paid for.
        KeyMissing: it would have to be paid for, and there is no key.
        HistoryFault: the record that may hold the answer is damaged.
    """
    found = _answer(prepared, history, settings)
    if isinstance(found, int):
        ask = prepared.ask
        if not (is_offline(ask.model) or settings.api_key or is_loopback(settings.base_url)):
            raise KeyMissing(f"There is no API key, {ask.model} needs one, and no recorded answer fits.")
    return found


def recorded(prepared: Prepared, take: int, history: History | None, settings: Settings) -> Edit | None:
    """Return the recorded answer at a take, if the ask wants one."""
    ask = prepared.ask
    if history is None or ask.new or ask.replay == "off":
        return None
    found = history.find(prepared.request.key, take)
    return next((edit for edit in found if _may_answer(edit, ask, settings)), None)


def answered_meanwhile(
    prepared: Prepared, take: int, history: History | None, settings: Settings
) -> Edit | None:
    """Look once more, right before paying: a thread, session or notebook may have asked for the same.

    Raises:
        OutcomeUnknown: one is asking right now, or did and does not know what became of it; paying as well
            could be paying twice.
    """
    ask = prepared.ask
    if history is None or ask.new or ask.replay == "off":
        return None
    # First who is at it, then what is recorded: one that ends in between is found.
    under_way = not is_offline(ask.model) and history.under_way(prepared.request.key, take)
    if edit := recorded(prepared, take, history, settings):
        history.use(edit)
        return edit
    if under_way:
        raise OutcomeUnknown(
            "The same request is under way in another session or notebook.",
            hint="Run the cell again when it is done: its answer is then replayed for nothing.",
        )
    _see_known(prepared, take, history)
    return None


def _answer(prepared: Prepared, history: History | None, settings: Settings) -> Edit | int:
    ask = prepared.ask
    take = ask.take or 1
    if history is None:
        if ask.replay == "only":
            raise NotRecorded("Only recorded answers are allowed, and this session keeps none.")
        return take
    key = prepared.request.key
    if ask.replay == "off" or ask.new:
        if ask.replay == "only":
            raise NotRecorded("A new take would be paid for, and only recorded answers are allowed here.")
        return history.next_take(key)
    if edit := recorded(prepared, take, history, settings):
        return edit
    if ask.replay == "only":
        if not ask.named and (edit := _by_another_model(prepared, take, history)):
            return edit
        raise not_recorded(prepared, take, history, locked=settings.replay == "only")
    _see_known(prepared, take, history)
    return take


def _by_another_model(prepared: Prepared, take: int, history: History) -> Edit | None:
    """Return what the record has of an ask that names no model, whatever model made it: the newest."""
    given = tuple(ref.digest for ref in prepared.request.images)
    alike = [one for one in history.summaries() if one.prompt == prepared.ask.prompt and one.given == given]
    for model in dict.fromkeys(one.model for one in reversed(alike)):
        request = msgspec.structs.replace(prepared.request, model=model)
        if edit := next(history.find(request.key, take), None):
            remark = (
                f"No model was named, and {prepared.ask.model} has no record of this: {model} has made it."
            )
            return edit.answered(remark=remark)
    return None


def _see_known(prepared: Prepared, take: int, history: History) -> None:
    if prepared.ask.retry:
        return
    if unknown := history.unknown(prepared.request.key, take):
        raise OutcomeUnknown(
            f"An earlier attempt at this was sent and gave no picture (id {unknown[-1]} in history.failures)."
        )


def _may_answer(edit: Edit, ask: Ask, settings: Settings) -> bool:
    """An offline picture answers for another model only where nobody can take it for that model's."""
    made_offline = bool(edit.result and is_offline(edit.result.provider))
    if not made_offline or is_offline(ask.model):
        return True
    return ask.replay == "only" or is_loopback(settings.base_url)
