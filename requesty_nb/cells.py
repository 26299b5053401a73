"""The cell that makes an edit again: for nothing where it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requesty_nb import images, options
from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.models import Edit, EditRequest
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
        BadRequest: as `cell_for`.
    """
    kept = f"rq.history[{edit.id!r}]"
    if sources is None:
        sources = [f"{kept}.sources[{place}]" for place in range(len(edit.request.images))]
    if mask is None and needs_mask(edit.request):
        mask = f"{kept}.mask"
    return cell_for(edit.request, sources, mask=mask, take=edit.take)


def cell_after(edit: Edit, prompt: str) -> str:
    """Return a cell that goes on from an edit: from its first restored picture, with its model and options.

    Args:
        edit: what to go on from.
        prompt: what the new cell says.

    Raises:
        BadRequest: as `cell_for`.
    """
    own, further = _parted(edit.request.params)
    line = options.Options(
        images=(f"rq.history[{edit.id!r}]",), model=edit.model or None, params=tuple(further.items()), **own
    )
    return _read_back(options.to_cell(line, prompt), line)


def cell_for(
    request: EditRequest, sources: Sequence[str], *, mask: str | None = None, take: int | None = None
) -> str:
    """Return the ``%%imgedit`` cell that makes a request, which may come from a stranger.

    Its prompt and values are text in the cell, never code: what is evaluated are the words given for the
    pictures, if they are expressions. The cell is read back before it is returned: it says just this.

    Args:
        request: what to ask for; with an empty model, the notebook's default is asked.
        sources: the words that stand for its pictures.
        mask: the word that stands for its mask; None for none.
        take: which of the equal requests to replay, or pay for once; None leaves it to the defaults.

    Raises:
        BadRequest: it holds what no line can carry, or has another number of pictures.
    """
    if len(sources) != len(request.images):
        raise BadRequest(
            f"{len(sources)} words were given for the {len(request.images)} pictures of this edit."
        )
    if not request.model.isprintable():
        raise BadRequest(f"No %%imgedit line can carry a model named {request.model!r}.")
    own, further = _parted(request.params)
    line = options.Options(
        images=tuple(sources),
        mask=mask,
        model=request.model or None,
        n=None if request.n == 1 else request.n,
        extend=None if request.extend is None else ",".join(map(str, request.extend)),
        take=take,
        replay=None if take is None else "auto",
        params=tuple(further.items()),
        **own,
    )
    return _read_back(options.to_cell(line, request.prompt), line)


def _read_back(cell: str, line: options.Options) -> str:
    """Return the cell, which can be written down and says just what was meant.

    Raises:
        BadRequest: it cannot, or does not.
    """
    try:
        cell.encode()
    except UnicodeEncodeError:
        raise BadRequest("A cell cannot hold half a character, such as a file name can.") from None
    if options.parse(cell.partition("\n")[0].removeprefix("%%imgedit")) != line:
        raise BadRequest("This request holds a value that no %%imgedit line can carry.")
    return cell


def needs_mask(request: EditRequest) -> bool:
    """Tell whether a mask has to be given: the empty one of a picture that is extended comes by itself."""
    mask, frame = request.mask, request.frame
    if mask is None:
        return False
    return frame is None or not frame.extends or mask.digest != images.blank_digest(frame.source)


def _parted(params: dict[str, Any]) -> tuple[dict[str, Any], dict[str, object]]:
    """Part the parameters into those that an option of its own can carry as they are, and the others."""
    own: dict[str, Any] = {}
    further: dict[str, object] = {}
    for name, value in params.items():
        option = next((one for one in options.OPTIONS if one.wire and one.wire == name), None)
        if option and _carries(option, value):
            own[option.field] = value
        elif "=" in name or " " in name or not name or not name.isprintable():
            raise BadRequest(f"No %%imgedit line can carry a parameter named {name!r}.")
        else:
            further[name] = value
    return own, further


def _carries(option: Option, value: object) -> bool:
    if not str(value).isprintable():
        return False  # as JSON it is plain text
    try:
        read = option.convert(str(value))
    except ValueError:
        return False
    return type(read) is type(value) and read == value
