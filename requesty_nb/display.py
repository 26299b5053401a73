"""Values to mime bundles: what a notebook, its saved file and a terminal show of an edit.

Pictures are shown as small WebP thumbnails inside the HTML, at most 64 KB in the saved notebook however many
there are; the originals stay where they are kept. Colours are inherited and borders half transparent, so
that one form is right on light and dark.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from requesty_nb import images, pricing
from requesty_nb.errors import PAID_TEXT, ImgEditError
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL import Image

    from requesty_nb.models import Edit, Picture

_WEIGHT = 62_000  # bytes of one output in the saved notebook: 64 KB, less its frame
_LINE = 16  # more for each line: it is saved as an indented one
_EDGES = (384, 320, 256, 208, 160, 128, 96, 64)
_QUALITIES = (80, 60)
_SHOWN = 264  # CSS pixels of the longer edge: the finest thumbnails are sharp on dense screens
_TEXT_LIMIT = 600  # characters of a prompt or a message
_FACTS_LIMIT = 2400  # of all facts together
_ROW = 40  # characters that a fact counts for besides its own
_TINT = (230, 0, 126)  # a pink that hardly any photograph holds

_BORDER = "1px solid rgba(128,128,128,.35)"
# A chess board behind transparent pictures.
_CHECKS = "repeating-conic-gradient(rgba(128,128,128,.25) 0 25%,transparent 0 50%) 0 0/16px 16px"
_QUIET = "opacity:.7"


def edit_bundle(edit: Edit, *, raw: bool = False) -> dict[str, str]:
    """Return the card of an edit as ``text/html`` and ``text/plain``; ``raw`` shows what was received."""
    plain, figures = edit_text(edit), list(_figures(edit, raw=raw))
    html = _within_weight(lambda drawn: _card(edit, drawn), figures, plain)
    return {"text/html": html, "text/plain": plain}


def picture_bundle(picture: Picture) -> dict[str, str]:
    """Return one picture, as a thumbnail in ``text/html`` and a line of ``text/plain``."""
    width, height = picture.size
    alt = f"picture of {width} by {height} pixels"
    figure = _figure_of(picture, f"{width} x {height}, {picture.mime}", alt)
    html = _within_weight(lambda drawn: f"<div>{drawn}</div>", [figure], plain := repr(picture))
    return {"text/html": html, "text/plain": plain}


def edit_text(edit: Edit) -> str:
    """Return an edit as a few plain lines for a terminal."""
    lines = [f"Edit {edit.id}: {shortened(edit.prompt, 200)}", f"  {_headline(edit)}"]
    lines += [f"  {label}: {value}" for label, value in _facts(edit)]
    return "\n".join(lines)


def _card(edit: Edit, figures: str) -> str:
    prompt = escape(shortened(edit.prompt, _TEXT_LIMIT))
    rows = "".join(
        f'<dt style="{_QUIET};float:none;width:auto;white-space:nowrap;font-weight:400">{escape(label)}</dt>'
        f'<dd style="margin:0;float:none;width:auto;overflow-wrap:anywhere">{escape(value)}</dd>'
        for label, value in _facts(edit)
    )
    return (
        f'<div style="border:{_BORDER};border-radius:6px;padding:10px 12px;margin:2px 0;max-width:1100px;'
        'line-height:1.4">'
        f'<div style="font-weight:600;white-space:pre-wrap;overflow-wrap:anywhere">{prompt}</div>'
        f'<div style="{_QUIET};margin:2px 0 8px">{escape(_headline(edit))}</div>'
        '<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">'
        f"{figures}"
        '<dl style="display:grid;grid-template-columns:max-content minmax(8em,1fr);gap:2px 10px;margin:0;'
        f'align-items:start;flex:1 1 20em;font-size:.88em">{rows}</dl>'
        "</div></div>"
    )


def _within_weight(around: Callable[[str], str], figures: Sequence[_Figure], plain: str) -> str:
    """Draw figures so large that what is around them, the plain text and they weigh no more than allowed."""
    bare = around("".join(figure.html(0) for figure in figures))
    text = json.dumps([bare, plain], ensure_ascii=False)
    left = _WEIGHT - len(text.encode()) - _LINE * text.count(r"\n")
    pictures = sum(figure.image is not None for figure in figures)
    budget = left * 3 // 4 // max(1, pictures)  # base64 makes four of three
    return around("".join(figure.html(budget) for figure in figures))


def _headline(edit: Edit) -> str:
    """Say what this picture is: replayed or new, whose, for how much, and how to get another."""
    made = "replayed from the history, nothing paid" if edit.replayed else "new"
    if edit.state != "ok":
        failure = edit.record.failure
        made = f"{edit.state}: {failure.type}. {PAID_TEXT[failure.paid]}" if failure else edit.state
    parts = [_short(edit.model), f"take {edit.take}", made]
    if not edit.replayed and edit.cost:
        parts.append(pricing.format_usd(edit.cost))
    if edit.take > 1 and not edit.replayed:
        parts.append(f"write --take {edit.take} to keep this one")
    parts.append("--new makes another")
    return " · ".join(parts)


def _facts(edit: Edit) -> Iterator[tuple[str, str]]:
    """Yield labels and values: one line each, without control characters, as many as fit a card."""
    left = _FACTS_LIMIT
    for label, value in _all_facts(edit):
        shown = _line(label, 40), _line(value, _TEXT_LIMIT)
        left -= _ROW + sum(map(len, shown))
        if left < 0:
            yield "…", "more than fits here: see .record"
            return
        yield shown


def _all_facts(edit: Edit) -> Iterator[tuple[str, str]]:
    record = edit.record
    if record.failure:
        yield "What happened", record.failure.message
    yield from _parameters(edit)
    yield "Time", f"{record.elapsed:.1f} s, {record.started:%Y-%m-%d %H:%M} UTC"
    if tokens := _tokens(edit.usage):
        yield "Tokens", tokens
    if edit.cost and (edit.replayed or not is_offline(edit.model)):
        yield "Cost", pricing.format_usd(edit.cost) + (" when it was made" if edit.replayed else "")
    if edit.leak is not None:
        yield (
            "Outside the mask",
            (
                f"{edit.leak.share:.1%} changed in the raw result, by {edit.leak.mean:.1f} of 255 on average"
                + ("; put back in edit.restored" if record.restored else "")
            ),
        )
    yield from _provenance(edit)
    for note in record.notes:
        yield "Note", note


def _provenance(edit: Edit) -> Iterator[tuple[str, str]]:
    record = edit.record
    if record.result and is_offline(record.result.provider or edit.model):
        yield (
            "Made by",
            f"{_short(record.result.provider or edit.model)}: a drawing program on this machine, no AI model",
        )
    if record.result and record.result.request_id:
        yield "Request id", record.result.request_id
    if record.tags:
        yield "Tags", ", ".join(record.tags)
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


@dataclass(frozen=True)
class _Figure:
    """A picture reduced to the largest thumbnail's size, or None and a caption that says why not."""

    image: Image.Image | None
    caption: str
    alt: str

    def html(self, budget: int) -> str:
        """Draw it with a thumbnail of at most so many bytes; without a budget, with none."""
        caption = escape(shortened(self.caption, 240 if self.image is None else 120))
        if self.image is None:
            return (
                f'<div style="border:{_BORDER};border-radius:4px;padding:8px;max-width:20em">{caption}</div>'
            )
        webp = _thumbnail(self.image, budget) if budget > 0 else b""
        # One size on screen, however coarse the thumbnail; the browser keeps the place before it is decoded.
        width, height = self.image.size
        width = max(1, round(width * min(1, _SHOWN / max(width, height))))
        return (
            f'<figure style="margin:0"><img src="data:image/webp;base64,{base64.b64encode(webp).decode()}" '
            f'alt="{escape(shortened(self.alt, 160))}" style="display:block;width:{width}px;max-width:100%;'
            f'aspect-ratio:{self.image.width}/{height};border-radius:4px;background:{_CHECKS}">'
            f'<figcaption style="font-size:.85em;{_QUIET};margin-top:3px;max-width:{_SHOWN}px;'
            f'overflow-wrap:anywhere">{caption}</figcaption></figure>'
        )


def _figures(edit: Edit, *, raw: bool) -> Iterator[_Figure]:
    """Yield the source with the mask laid over it, then the results."""
    yield _source_figure(edit)
    shown = edit.images if raw else edit.restored
    kind = "restored" if edit.record.restored and not raw else "result"
    for number, picture in enumerate(shown, 1):
        width, height = picture.size
        what = kind if len(shown) == 1 else f"{kind} {number}"
        about = shortened(edit.prompt, 120 if len(shown) == 1 else 40)
        yield _figure_of(picture, f"{what}, {width} x {height}", f"{what} of the edit: {about}")


def _figure_of(picture: Picture, caption: str, alt: str) -> _Figure:
    try:
        image = picture.pil
    except (ImgEditError, OSError, ValueError) as error:
        return _missing(caption, error)
    image.thumbnail((_EDGES[0], _EDGES[0]))
    return _Figure(image, caption, alt)


def _source_figure(edit: Edit) -> _Figure:
    first, mask = edit.request.images[0], edit.request.mask
    more = f", and {len(edit.request.images) - 1} more" if len(edit.request.images) > 1 else ""
    name = f"{shortened(first.name, 80)}{' with mask' if mask is not None else ''}{more}"
    if not first.stored:
        return _Figure(None, f"{name}: not shown (given by reference)", "")
    width, height = first.size or (0, 0)
    try:
        image = images.load(edit.stored(first)).reduced(_EDGES[0])
        if mask is not None and mask.stored:
            image = tinted(image, images.decode(edit.stored(mask)))
    except (ImgEditError, OSError, ValueError) as error:
        return _missing(name, error)
    return _Figure(image, f"{name}, {width} x {height}", f"the source: {name}")


def tinted(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Return a picture with a mask laid over it in pink, half transparent."""
    from PIL import Image as Pillow  # noqa: PLC0415 - only cards with pictures need it

    over = image.convert("RGBA" if image.mode == "RGBA" else "RGB")
    weights = mask.convert("L").resize(over.size).point(lambda value: value // 2)
    over.paste(Pillow.new(over.mode, over.size, _TINT), (0, 0), weights)
    return over


def _thumbnail(image: Image.Image, budget: int) -> bytes:
    """Return the largest WebP thumbnail that fits the budget of bytes; the smallest if none does."""
    data = b""
    for edge in _EDGES:
        for quality in _QUALITIES:
            data = images.preview(image, edge, quality)
            if len(data) <= budget:
                return data
    return data


def _missing(what: str, why: Exception) -> _Figure:
    reason = why.message if isinstance(why, ImgEditError) else str(why)
    return _Figure(None, f"{what}: not shown ({reason})", "")


def _short(value: object) -> str:
    return shortened(str(value), 80)


def _line(text: str, limit: int) -> str:
    """Return a text in one line: what is printed below it stays where it is."""
    return " ".join(shortened(text, limit).split())


def shortened(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters, without control characters but for line breaks."""
    clean = "".join(
        character for character in text[: limit * 2] if character.isprintable() or character == "\n"
    )
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def history_lines(edits: Sequence[Edit]) -> str:
    """Return edits as a table of plain text, one line each."""
    rows = [
        f"{edit.id}  {edit.started:%Y-%m-%d %H:%M}  {edit.state:7}  take {edit.take:<2}  {edit.model}  "
        f"{_line(edit.prompt, 60)}"
        for edit in edits
    ]
    return "\n".join(rows) or "No edits."
