"""Values to mime bundles: what a notebook, its saved file and a terminal show of an edit.

Pictures are shown as small WebP thumbnails inside the HTML, at most 64 KB in the saved notebook however many
there are; the originals stay where they are kept. Colours are inherited and borders half transparent, so
that one form is right on light and dark.
"""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

from requesty_nb import images, pricing
from requesty_nb.errors import PAID_TEXT, ImgEditError
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL import Image

    from requesty_nb.models import Edit, Picture

_THUMBNAIL_BUDGET = 42_000  # bytes of all thumbnails together: 56 KB in base64
_EDGES = (384, 320, 256, 208, 160, 128, 96, 64)
_QUALITIES = (80, 60)
_TEXT_LIMIT = 600
_TINT = (230, 0, 126)  # a pink that hardly any photograph holds

_BORDER = "1px solid rgba(128,128,128,.35)"
# A chess board behind transparent pictures.
_CHECKS = "repeating-conic-gradient(rgba(128,128,128,.25) 0 25%,transparent 0 50%) 0 0/16px 16px"
_QUIET = "opacity:.7"


def edit_bundle(edit: Edit) -> dict[str, str]:
    """Return the card of an edit, as ``text/html`` and ``text/plain``."""
    return {"text/html": _card(edit), "text/plain": edit_text(edit)}


def picture_bundle(picture: Picture) -> dict[str, str]:
    """Return one picture, as a thumbnail in ``text/html`` and a line of ``text/plain``."""
    width, height = picture.size
    alt = f"picture of {width} by {height} pixels"
    figure = _figure(_thumbnail(picture.pil, _THUMBNAIL_BUDGET), f"{width} x {height}, {picture.mime}", alt)
    return {"text/html": f"<div>{figure}</div>", "text/plain": repr(picture)}


def edit_text(edit: Edit) -> str:
    """Return an edit as a few plain lines for a terminal."""
    lines = [f"Edit {edit.id}: {shortened(edit.prompt, 200)}", f"  {_headline(edit)}"]
    lines += [f"  {label}: {value}" for label, value in _facts(edit)]
    return "\n".join(lines)


def _card(edit: Edit) -> str:
    prompt = escape(shortened(edit.prompt, _TEXT_LIMIT))
    rows = "".join(
        f'<dt style="{_QUIET};float:none;width:auto;white-space:nowrap;font-weight:400">{escape(label)}</dt>'
        f'<dd style="margin:0;overflow-wrap:anywhere">{escape(value)}</dd>'
        for label, value in _facts(edit)
    )
    figures = "".join(_figures(edit))
    return (
        f'<div style="border:{_BORDER};border-radius:6px;padding:10px 12px;margin:2px 0;max-width:1100px;'
        'line-height:1.4">'
        f'<div style="font-weight:600;white-space:pre-wrap;overflow-wrap:anywhere">{prompt}</div>'
        f'<div style="{_QUIET};margin:2px 0 8px">{escape(_headline(edit))}</div>'
        '<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">'
        f"{figures}"
        '<dl style="display:grid;grid-template-columns:max-content minmax(10em,1fr);gap:2px 12px;margin:0;'
        f'flex:1 1 18em;font-size:.92em">{rows}</dl>'
        "</div></div>"
    )


def _headline(edit: Edit) -> str:
    """Say what this picture is: replayed or new, whose, for how much, and how to get another."""
    made = "replayed from the history, nothing paid" if edit.replayed else "new"
    if edit.state != "ok":
        failure = edit.record.failure
        made = f"{edit.state}: {failure.type}. {PAID_TEXT[failure.paid]}" if failure else edit.state
    parts = [edit.model, f"take {edit.take}", made]
    if not edit.replayed and edit.cost:
        parts.append(pricing.format_usd(edit.cost))
    if edit.take > 1 and not edit.replayed:
        parts.append(f"write --take {edit.take} to keep this one")
    parts.append("--new makes another")
    return " · ".join(parts)


def _facts(edit: Edit) -> Iterator[tuple[str, str]]:
    record = edit.record
    if record.failure:
        yield "What happened", shortened(record.failure.message, _TEXT_LIMIT)
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
                + ("; put back here" if record.restored else "")
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
            f"{record.result.provider or edit.model}: a drawing program on this machine, no AI model",
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


def _figures(edit: Edit) -> Iterator[str]:
    """Yield the source with the mask laid over it, then the results, within one budget of bytes."""
    shown = edit.restored
    kind = "restored" if edit.record.restored else "result"
    budget = _THUMBNAIL_BUDGET // (1 + len(shown))
    yield _source_figure(edit, budget)
    for number, picture in enumerate(shown, 1):
        width, height = picture.size
        what = kind if len(shown) == 1 else f"{kind} {number}"
        alt = f"{what} of the edit: {shortened(edit.prompt, 120)}"
        try:
            yield _figure(_thumbnail(picture.pil, budget), f"{what}, {width} x {height}", alt)
        except (ImgEditError, ValueError) as error:
            yield _missing(what, error)


def _source_figure(edit: Edit, budget: int) -> str:
    first = edit.request.images[0]
    more = f", and {len(edit.request.images) - 1} more" if len(edit.request.images) > 1 else ""
    if not first.stored:
        return _missing(f"{first.name}{more}", "given by reference")
    mask = edit.request.mask
    name = f"{first.name} with mask{more}" if mask is not None else f"{first.name}{more}"
    try:
        image = images.load(edit.stored(first)).pixels()
        caption = f"{name}, {image.width} x {image.height}"
        if mask is not None and mask.stored:
            image = tinted(image, images.decode(edit.stored(mask)))
        return _figure(_thumbnail(image, budget), caption, f"the source: {name}")
    except (ImgEditError, ValueError) as error:
        return _missing(first.name, error)


def tinted(image: Image.Image, mask: Image.Image) -> Image.Image:
    """Return a picture with a mask laid over it in pink; both are scaled to a thumbnail's size first."""
    from PIL import Image as Pillow  # noqa: PLC0415 - only cards with pictures need it

    small = image.convert("RGB")
    small.thumbnail((_EDGES[0], _EDGES[0]))
    weights = mask.convert("L").resize(small.size).point(lambda value: value // 2)
    small.paste(Pillow.new("RGB", small.size, _TINT), (0, 0), weights)
    return small


def _thumbnail(image: Image.Image, budget: int) -> bytes:
    """Return the largest WebP thumbnail that fits the budget of bytes."""
    data = b""
    for edge in _EDGES:
        for quality in _QUALITIES:
            data = images.preview(image, edge, quality)
            if len(data) <= budget:
                return data
    return data


def _figure(webp: bytes, caption: str, alt: str) -> str:
    source = f"data:image/webp;base64,{base64.b64encode(webp).decode()}"
    return (
        '<figure style="margin:0">'
        f'<img src="{source}" alt="{escape(alt)}" style="display:block;max-width:min(100%,300px);'
        f'max-height:300px;border-radius:4px;background:{_CHECKS}">'
        f'<figcaption style="font-size:.85em;{_QUIET};margin-top:3px">'
        f"{escape(shortened(caption, 120))}</figcaption>"
        "</figure>"
    )


def _missing(what: str, why: object) -> str:
    text = escape(shortened(f"{what}: not shown ({why})", 240))
    return f'<div style="border:{_BORDER};border-radius:4px;padding:8px;max-width:20em">{text}</div>'


def _short(value: object) -> str:
    return shortened(str(value), 80)


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
        f"{shortened(edit.prompt, 60).replace(chr(10), ' ')}"
        for edit in edits
    ]
    return "\n".join(rows) or "No edits yet."
