"""``%%imgedit``: a cell becomes an edit, its card, and whatever else the options ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from requesty_nb import display, images, options
from requesty_nb.errors import BadRequest
from requesty_nb.magics import commands
from requesty_nb.magics.progress import progress_of, reporter_of
from requesty_nb.magics.resolve import named, resolve
from requesty_nb.sessions import default

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from requesty_nb.models import Edit
    from requesty_nb.options import Options
    from requesty_nb.sessions import Ask, Session


def imgedit(shell: InteractiveShell, line: str, cell: str | None) -> None:
    """Run the cell magic, or without a cell the command on the line."""
    session = default()
    session.reporter = reporter_of(shell)
    if cell is None or line.strip() in {"--help", "-h"}:
        commands.run(session, line, shell.set_next_input)
        return
    parsed = options.parse(line)
    ask = _ask(shell, session, parsed, cell)
    progress = progress_of(shell)
    save = _target(parsed.save)
    edit = session.run(ask, progress)
    if parsed.out:
        shell.user_ns[parsed.out] = edit
    progress.replace(display.edit_bundle(edit, raw=parsed.raw))
    if save:
        for path in _save(edit, save, raw=parsed.raw):
            print(f"Saved {path}")  # noqa: T201 - output of a cell


def _ask(shell: InteractiveShell, session: Session, parsed: Options, cell: str) -> Ask:
    def evaluate(expression: str) -> object:
        return eval(expression, shell.user_global_ns, shell.user_ns)  # noqa: S307 - the notebook's own code

    names = shell.user_ns
    if not parsed.images:
        raise BadRequest("No picture is named.", hint="For example: %%imgedit photo.jpg --size 1024x1024")
    sources = [named(word, resolve(word, names, evaluate)) for word in parsed.images]
    mask = None if parsed.mask is None else resolve(parsed.mask, names, evaluate)
    extend: str | tuple[int, int, int, int] | None = parsed.extend
    first = sources[0]
    if hasattr(first, "image") and hasattr(first, "mask"):
        # An editor brings its own: as ``mask`` what it shows, ``extend`` and ``references``. A mask or an
        # extension on the line takes the place of its own; further pictures come after its references.
        mask = _drawn(first.mask) if mask is None else mask
        extend = _added(getattr(first, "extend", None)) if extend is None else extend
        sources[1:1] = getattr(first, "references", ())
    return session.ask(
        options.fill(cell.strip(), evaluate),
        *sources,
        mask=str(mask) if isinstance(mask, Path) else mask,
        model=parsed.model,
        n=1 if parsed.n is None else parsed.n,
        extend=extend,
        take=parsed.take,
        new=parsed.new,
        replay=parsed.replay,
        raw=parsed.raw,
        tags=parsed.tags,
        transport=parsed.transport or "",
        timeout=parsed.timeout,
        params=parsed.fields,
    )


def _drawn(mask: object) -> object | None:
    """Return an editor's mask, or None where nothing is drawn: there the whole picture may change."""
    return None if getattr(mask, "is_empty", False) else mask


def _added(margins: tuple[int, int, int, int] | None) -> tuple[int, int, int, int] | None:
    return margins if margins and any(margins) else None


def _target(save: str | None) -> Path | None:
    """See before anything is paid that there is a place for the file."""
    if save is None:
        return None
    path = Path(save).expanduser()
    if not path.name or not path.parent.is_dir():
        raise BadRequest(
            f"--save {save} names no file in a folder that is there.", hint="Make the folder first."
        )
    return path


def _save(edit: Edit, path: Path, *, raw: bool) -> list[Path]:
    """Write the pictures; the suffix follows the bytes, and several are numbered."""
    pictures = edit.images if raw else edit.restored
    saved = []
    for number, picture in enumerate(pictures, 1):
        stem = path.stem if len(pictures) == 1 else f"{path.stem}-{number}"
        target = path.with_name(stem + images.suffix_for(picture.mime))
        try:
            saved.append(picture.save(target))
        except OSError as error:
            raise BadRequest(
                f"The picture cannot be saved to {target}: {error.strerror or error}.",
                hint="Save it elsewhere: with a history, running the cell again replays it for nothing.",
                paid="done",
            ) from error
    return saved
