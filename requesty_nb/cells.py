"""The cell that makes an edit again: for nothing where it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requesty_nb import masks, options
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.models import Edit
    from requesty_nb.options import Option


def cell_of(edit: Edit, *, sources: Sequence[str] | None = None, mask: str | None = None) -> str:
    """Return the ``%%imgedit`` cell that replays an edit.

    The model, the take, every parameter and ``--replay auto`` are spelled out, so that no default decides:
    where ``%config ImgEdit.replay`` is ``off``, the cell would else pay.

    Args:
        edit: what is to be made again.
        sources: the words that stand for its pictures, such as paths; expressions that look them up in the
            history if left out.
        mask: likewise for its mask.

    Raises:
        BadRequest: it holds what no line can carry, or has another number of pictures.
    """
    request = edit.request
    kept = f"rq.history[{edit.id!r}]"
    if sources is None:
        sources = [f"{kept}.sources[{place}]" for place in range(len(request.images))]
    if len(sources) != len(request.images):
        raise BadRequest(
            f"{len(sources)} words were given for the {len(request.images)} pictures of this edit."
        )
    own, further = _parted(request.params)
    line = options.Options(
        images=tuple(sources),
        mask=mask or (f"{kept}.mask" if _needs_mask(edit) else None),
        model=request.model,
        n=None if request.n == 1 else request.n,
        extend=None if edit.extend is None else ",".join(map(str, edit.extend)),
        take=edit.take,
        replay="auto",
        params=tuple(further.items()),
        **own,
    )
    return options.to_cell(line, request.prompt)


def _needs_mask(edit: Edit) -> bool:
    """Tell whether a mask has to be given: the empty one of a picture that is extended comes by itself."""
    mask, frame = edit.request.mask, edit.request.frame
    if mask is None:
        return False
    return frame is None or not frame.extends or mask.digest != masks.Mask(frame.source).digest


def _parted(params: dict[str, Any]) -> tuple[dict[str, Any], dict[str, object]]:
    """Part the parameters into those that an option of its own can carry as they are, and the others."""
    own: dict[str, Any] = {}
    further: dict[str, object] = {}
    for name, value in params.items():
        option = next((one for one in options.OPTIONS if one.wire == name), None)
        if option and _carries(option, value):
            own[option.field] = value
        elif "=" in name or len(name.split()) != 1 or name != name.strip():
            raise BadRequest(f"No %%imgedit line can carry a parameter named {name!r}.")
        else:
            further[name] = value
    return own, further


def _carries(option: Option, value: object) -> bool:
    try:
        read = option.convert(str(value))
    except ValueError:
        return False
    return type(read) is type(value) and read == value
