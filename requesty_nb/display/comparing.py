"""What is to be compared, opened: edits, pictures and files, called by what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from requesty_nb import images
from requesty_nb.display import sides
from requesty_nb.display.comparisons import Side
from requesty_nb.display.labels import labels_of, letter, stem
from requesty_nb.display.outlines import outline
from requesty_nb.errors import BadRequest, ImgEditError
from requesty_nb.models import Edit, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    Size = tuple[int, int]

MOST = 8
EDGE = 1600  # pixels a side of what is compared in a live notebook
_LONGEST = 80  # characters of a label
_WANTED = "Give edits, pictures, paths, bytes, Pillow images or arrays."


@dataclass(frozen=True)
class _Opened:
    """A picture, decoded, with what is known of it."""

    name: str
    image: Image.Image
    size: Size
    about: str = ""
    mask: Image.Image | None = None  # of the picture's shape
    edit: Edit | None = None


def compared(
    things: Sequence[object], labels: Sequence[str] | None = None, *, raw: bool = False
) -> tuple[Side, ...]:
    """Open 2 to 8 pictures to be compared; of a single edit, its source and its result.

    Args:
        things: edits, pictures, and whatever `images.load` takes.
        labels: what they are called; if none are given, by what tells them apart.
        raw: of edits, take the picture as it was received.

    Raises:
        BadRequest: there are too few or too many, or one has no picture, or it cannot be read.
    """
    if len(things) == 1 and isinstance(things[0], Edit):
        opened = _source_and_result(things[0], raw=raw)
        names = ["Source", "As received" if raw else "Result"]
    else:
        _see_count(len(things))
        opened = [_opened(thing, at, raw=raw) for at, thing in enumerate(things)]
        names = labels_of(things, [one.name for one in opened])
    if labels is not None:
        names = _given(labels, len(opened))
    opaque = not any(sides.is_transparent(one.image) for one in opened)
    return tuple(
        Side(
            label=name,
            about=f"{name}: {one.about}" if one.about else name,
            size=one.size,
            data=sides.encoded(one.image, EDGE, opaque=opaque),
            outline=outline(one.mask) if one.mask else None,
            edit=one.edit,
        )
        for name, one in zip(names, opened, strict=True)
    )


def _see_count(count: int) -> None:
    if count == 0:
        raise BadRequest("There is nothing to compare.", hint=f"{_WANTED} rq.compare(a, b)")
    if count == 1:
        raise BadRequest(
            "One picture alone cannot be compared.",
            hint="Give another one, or an edit: of a single edit, source and result are compared.",
        )
    if count > MOST:
        raise BadRequest(f"{count} pictures are too many to compare: {MOST} at most.", hint="Leave some out.")


def _given(labels: Sequence[str], count: int) -> list[str]:
    if isinstance(labels, str) or len(labels) != count:
        told = "a text" if isinstance(labels, str) else f"{len(labels)} of them"
        raise BadRequest(
            f"labels is {told}, and {count} pictures are compared.", hint='labels=["before", "after"]'
        )
    return [" ".join(str(label).split())[:_LONGEST] or letter(at) for at, label in enumerate(labels)]


def _opened(thing: object, at: int, *, raw: bool) -> _Opened:
    """Open one thing; what is wrong with it is told with its place among the others."""
    try:
        if isinstance(thing, Edit):
            return _of_edit(thing, raw=raw)
        if isinstance(thing, Picture):
            return _Opened("", thing.pil, thing.size)
        source = images.load(thing)
        image = source.pixels()
        return _Opened(stem(source.name), image, image.size)
    except (ImgEditError, OSError, ValueError) as error:
        raise _refused(f"{_ordinal(at)} picture", error) from error


def _of_edit(edit: Edit, *, raw: bool) -> _Opened:
    _see_pictures(edit)
    picture = (edit.images if raw else edit.restored)[0]
    return _Opened("", picture.pil, picture.size, edit.prompt, _mask(edit, raw=raw), edit)


def _source_and_result(edit: Edit, *, raw: bool) -> list[_Opened]:
    _see_pictures(edit)
    ref = edit.request.images[0]
    if not ref.stored:
        raise BadRequest(
            f"The source of this edit, {ref.name}, was not kept, so it cannot be compared with it.",
            hint="Give the source yourself: rq.compare(source, edit)",
        )
    try:
        result = _of_edit(edit, raw=raw)
        frame = edit.request.frame
        if raw and frame:
            source = frame.pad(images.decode(edit.stored(ref)))
        else:
            source = sides.framed_source(edit, result.size, max(result.size))
    except (ImgEditError, OSError, ValueError) as error:
        raise _refused("edit", error) from error
    return [_Opened("", source, ref.size or source.size, ref.name, result.mask), result]


def _see_pictures(edit: Edit) -> None:
    if not edit.images:
        why = f": {edit.record.failure.message}" if edit.record.failure else "."
        raise BadRequest(f"The edit {edit.id} has no picture to compare{why}", hint="Leave it out.")


def _mask(edit: Edit, *, raw: bool) -> Image.Image | None:
    """Return the mask of an edit in the shape of its picture; None if there is none to be shown."""
    ref, frame = edit.request.mask, edit.request.frame
    if ref is None or not ref.stored:
        return None
    try:
        mask = images.decode(edit.stored(ref)).convert("L")
        if frame is None:
            return mask
        whole = frame.pad_mask(mask)
        return whole.crop(frame.view) if edit.record.restored and not raw else whole
    except (ImgEditError, OSError, ValueError):
        return None  # the pictures can be compared all the same


def _ordinal(at: int) -> str:
    return ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")[at]


def _refused(what: str, error: Exception) -> BadRequest:
    """Say of which picture an error is, and that it is the comparison that was refused."""
    text = error.message if isinstance(error, ImgEditError) else str(error)
    hint = error.hint if isinstance(error, ImgEditError) else ""
    return BadRequest(f"The {what} cannot be compared. {text}", hint=hint or _WANTED)
