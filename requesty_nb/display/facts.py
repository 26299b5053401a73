"""What is known of an edit, in words: a headline, facts, and lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requesty_nb import pricing
from requesty_nb.errors import PAID_TEXT
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models import Edit

WARNING = "Warning"  # the label of what has to be seen
TEXT_LIMIT = 600  # characters of a prompt or a message
_FACTS_LIMIT = 2400  # of all facts together
_ROW = 40  # characters that a fact counts for besides its own


def edit_text(edit: Edit) -> str:
    """Return an edit as a few plain lines for a terminal."""
    lines = [f"Edit {edit.id}: {shortened(edit.prompt, 200)}", f"  {headline(edit)}"]
    lines += [f"  {label}: {value}" for label, value in facts(edit)]
    return "\n".join(lines)


def headline(edit: Edit, *, ways: bool = True) -> str:
    """Say what this picture is: replayed or new, whose, for how much, and how to get another.

    Args:
        edit: the picture's.
        ways: say how to get another by a cell's options; not where there is no cell.
    """
    made = "replayed from the history, nothing paid" if edit.replayed else "new"
    if edit.state != "ok":
        failure = edit.record.failure
        made = f"{edit.state}: {failure.type}. {PAID_TEXT[failure.paid]}" if failure else edit.state
    parts = [_short(edit.model), f"take {edit.take}", made]
    if not edit.replayed and edit.cost:
        parts.append(pricing.format_usd(edit.cost))
    if ways and edit.take > 1 and not edit.replayed and not edit.record.warning:
        parts.append(f"write --take {edit.take} to keep this one")
    if ways:
        parts.append("--new makes another")
    return " · ".join(parts)


def facts(edit: Edit) -> Iterator[tuple[str, str]]:
    """Yield labels and values: one line each, without control characters, as many as fit a card."""
    left = _FACTS_LIMIT
    for label, value in _all_facts(edit):
        shown = one_line(label, 40), one_line(value, TEXT_LIMIT)
        left -= _ROW + sum(map(len, shown))
        if left < 0:
            yield "…", "more than fits here: see .record"
            return
        yield shown


def _all_facts(edit: Edit) -> Iterator[tuple[str, str]]:
    record = edit.record
    if record.warning:
        yield WARNING, record.warning
    if edit.remark:
        yield "Note", edit.remark
    if record.failure:
        yield "What happened", record.failure.message
    yield from _parameters(edit)
    yield "Time", f"{record.elapsed:.1f} s, {record.started:%Y-%m-%d %H:%M} UTC"
    if tokens := _tokens(edit.usage):
        yield "Tokens", tokens
    if edit.cost and not is_offline(edit.model):
        yield ("Cost to make" if record.result else "Possible cost"), pricing.format_usd(edit.cost)
    if edit.leak is not None:
        changed = f"{percent(edit.leak.share)} changed in {leakiest(edit)}, by {edit.leak.mean:.1f} of 255"
        put_back = "; put back in edit.restored" if record.restored else ""
        yield "Outside the mask", f"{changed} on average{put_back}"
    yield from _provenance(edit)
    for note in record.notes:
        if note != record.warning:
            yield "Note", note


def leakiest(edit: Edit) -> str:
    """Name the raw result whose leak is that of the edit: the worst, if there are several."""
    return "the raw result" if len(edit.images) == 1 else f"raw result {edit.leaks.index(edit.leak) + 1}"


def _provenance(edit: Edit) -> Iterator[tuple[str, str]]:
    record = edit.record
    if record.result and is_offline(record.result.provider or edit.model):
        yield (
            "Made by",
            f"{_short(record.result.provider or edit.model)}: a drawing program on this machine, no AI model",
        )
    if record.result and record.result.request_id:
        yield "Request id", record.result.request_id
    if edit.starred:
        yield "Starred", "★"
    if tags := edit.tags:
        yield "Tags", ", ".join(tags)
    yield "History id", record.id


def _parameters(edit: Edit) -> Iterator[tuple[str, str]]:
    """Pair what was asked with what the endpoint says it used; what it chose itself stands in one line."""
    asked: dict[str, Any] = dict(edit.request.params)
    used = edit.result.effective if edit.result else {}
    if edit.request.n != 1:
        asked["n"] = edit.request.n
    for name, wanted in asked.items():
        got = used.get(name)
        differs = got is not None and str(got) != str(wanted)
        text = f"{_short(wanted)} asked, {_short(got)} used" if differs else _short(wanted)
        yield (name if name == "n" else _words(name).capitalize()), text
    chosen = [f"{_words(name)} {_short(got)}" for name, got in used.items() if name not in asked]
    if chosen:
        yield "Chosen for you", ", ".join(chosen)


def _words(name: str) -> str:
    return shortened(name, 40).replace("_", " ")


def _tokens(usage: dict[str, Any]) -> str:
    parts = [(usage.get("input_tokens"), "in"), (usage.get("output_tokens"), "out")]
    return ", ".join(f"{count} {word}" for count, word in parts if isinstance(count, int))


def percent(share: float) -> str:
    """Write a part of 1 with one decimal; what is little is not written as nothing."""
    return "less than 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"  # noqa: PLR2004 - rounds to 0.0


def _short(value: object) -> str:
    return shortened(str(value), 80)


def one_line(text: str, limit: int) -> str:
    """Return a text in one line: what is printed below it stays where it is."""
    return " ".join(shortened(text, limit).split())


def shortened(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters, without control characters but for line breaks."""
    clean = "".join(
        character for character in text[: limit * 2] if character.isprintable() or character == "\n"
    )
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
