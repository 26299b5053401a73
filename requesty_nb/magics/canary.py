"""``%imgedit doctor --canary``: one small edit that tells what a route makes of masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requesty_nb import frames, options, pricing
from requesty_nb.errors import BadRequest
from requesty_nb.masks import Mask
from requesty_nb.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from requesty_nb.frames import Leak
    from requesty_nb.models import Edit
    from requesty_nb.sessions import Session

_EDGE = 512
_BOX = (144, 176, 336, 368)
_PROMPT = "Paint the masked square in one plain bright red. Leave everything else exactly as it is."
_SIZE, _QUALITY = "1024x1024", "low"  # the cheapest the endpoint has
_TAG = "canary"

_NOTHING = 0.01  # of the pixels: so little is not worth a word
_PAINTED = 0.1  # of the masked pixels: at least so much changes if anything was painted there
_LOCATED = 0.75  # of the change inside: one that is as strong outside was not guided by the mask
_DISCS = 60


def report(session: Session, line: str) -> Iterator[str]:
    """Yield what will be asked and what it may cost; then ask, and yield what the answer shows.

    Args:
        session: its default model is asked.
        line: ``-m MODEL`` for another, ``--new`` to pay again, ``--timeout S``.

    Raises:
        BadRequest: the line says something else.
        ImgEditError: the edit failed.
    """
    given = options.parse(line)
    if given != Options(model=given.model, new=given.new, timeout=given.timeout):
        raise BadRequest(
            "The canary takes --model, --new and --timeout only.",
            hint="For example: %imgedit doctor --canary -m offline/leaky",
        )
    model = given.model or session.settings.model
    bill = pricing.bill(
        model,
        prompt=_PROMPT,
        image_sizes=[(_EDGE, _EDGE)],
        size=_SIZE,
        quality=_QUALITY,
        prices=pricing.prices_from(session.settings.prices),
    )
    price = pricing.estimate(model, bill)
    if given.new:
        recorded = "--new: it is made even if one is recorded already."
    else:
        recorded = "If it is recorded already, it is replayed and costs nothing."
    yield (
        f"One edit of a drawn picture by {model}, {_SIZE}, quality {_QUALITY}: "
        f"{pricing.format_usd(price) if price else 'unknown price'}. {recorded}"
    )
    mask = Mask((_EDGE, _EDGE)).rect(*_BOX)
    edit = session.edit(
        _PROMPT,
        scene(),
        mask=mask,
        model=model,
        size=_SIZE,
        quality=_QUALITY,
        new=given.new,
        replay="only" if session.settings.replay == "only" else "auto",  # never pay is never; always is not
        timeout=given.timeout,
        tags=(_TAG,),
    )
    yield "\n".join(_findings(edit, mask))


def verdict(inside: Leak, outside: Leak) -> str:
    """Say what became of the mask, by how much changed inside and outside of it."""
    if inside.share < _PAINTED and outside.share < _NOTHING:
        return "nothing changed, inside the mask or outside, so nothing can be told: try --new"
    if inside.share < _PAINTED or outside.mean >= _LOCATED * inside.mean:
        return "ignores the mask"
    if outside.share < _NOTHING:
        return "honours the mask"
    return (
        f"treats the mask as guidance: {outside.share:.1%} of what was outside changed; "
        "edit.restored puts it back"
    )


def scene() -> Image.Image:
    """Draw a picture full of edges and shades; by whole numbers alone, so that its pixels never differ."""
    import numpy as np  # noqa: PLC0415 - only the canary draws
    from PIL import Image  # noqa: PLC0415 - likewise

    y, x = np.mgrid[:_EDGE, :_EDGE]
    pixels = np.stack([90 + y // 6, 120 + x // 8, 200 - y // 5], axis=2)
    pixels += ((x // 4 * 7 + y // 4 * 13) % 11 * 3)[..., None]
    state = 1

    def chance(limit: int) -> int:
        nonlocal state
        state = (state * 1103515245 + 12345) % 2**31
        return (state >> 8) % limit

    for _ in range(_DISCS):
        across, down, radius = chance(_EDGE), chance(_EDGE), 10 + chance(40)
        colour = np.array([chance(120), 60 + chance(120), 60 + chance(120)])
        box = (  # all else stays as it is
            slice(max(0, down - radius), down + radius + 1),
            slice(max(0, across - radius), across + radius + 1),
        )
        away = (x[box] - across) ** 2 + (y[box] - down) ** 2
        shade = 60 - 60 * away // radius**2
        disc = (colour + shade[..., None]).clip(0, 255)
        pixels[box] = np.where((away <= radius**2)[..., None], disc, pixels[box])
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _findings(edit: Edit, mask: Mask) -> Iterator[str]:
    if edit.replayed:
        paid = "nothing paid, it was recorded"
    else:
        paid = pricing.format_usd(edit.cost) if edit.cost else "unknown; see the endpoint's bill"
    yield f"paid: {paid} ({edit.id} in the history, tag {_TAG})"
    try:
        inside = frames.restore(
            scene(), mask.invert().rasterize(), edit.images[0].pil, edit.request.frame
        ).leak
    except ValueError as error:
        yield f"nothing can be told of the mask: the result cannot be put back, since {error}"
        return
    outside = edit.leak
    if inside is None or outside is None:
        yield "nothing can be told of the mask: " + "; ".join(edit.record.notes)
        return
    yield f"outside the mask: {outside.share:.1%} changed, by {outside.mean:.1f} of 255 on average"
    changed = "yes" if inside.share >= _PAINTED else "no"
    yield f"inside the mask: changed: {changed} ({inside.share:.1%}, by {inside.mean:.1f} on average)"
    yield f"{edit.model} {verdict(inside, outside)}"
