"""``%%imgedit``: a cell becomes an edit, its card, and whatever else the options ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display as show

from requesty_nb import archives, display, images, options
from requesty_nb.errors import BadRequest
from requesty_nb.magics import commands, varying
from requesty_nb.magics.asks import Asks
from requesty_nb.magics.live import LiveCard
from requesty_nb.magics.progress import progress_of, reporter_of, watcher_of
from requesty_nb.sessions import default

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from requesty_nb.models import Edit
    from requesty_nb.options import Options
    from requesty_nb.sessions import Ask, Plan, Session


def imgedit(shell: InteractiveShell, line: str, cell: str | None) -> None:
    """Run the cell magic, or without a cell the command on the line."""
    session = default()
    session.reporter, session.watcher = reporter_of(shell), watcher_of(shell)
    if cell is None or line.strip() in {"--help", "-h"}:
        commands.run(session, line, shell.set_next_input)
        return
    parsed = options.parse(line)
    prompts = options.parted(cell)
    asks = Asks(shell, session)
    if varying.is_sweep(parsed, prompts):
        _many(shell, session, parsed, varying.plan_of(asks, parsed, prompts))
    else:
        _one(shell, session, parsed, asks.ask(parsed, prompts[0]))


def _one(shell: InteractiveShell, session: Session, parsed: Options, ask: Ask) -> None:
    if parsed.dry_run:
        rehearsal = session.rehearse(ask)
        _assign(shell, parsed, rehearsal)
        show(display.rehearsal_bundle(rehearsal), raw=True)
        return
    if parsed.detach:
        _see_nothing_to_save(parsed)
        card = LiveCard(raw=parsed.raw)
        detached = session.begin(ask, card.changed)
        _assign(shell, parsed, detached)
        card.show(detached)
        return
    save = _target(parsed.save)
    progress = progress_of(shell)
    edit = session.run(ask, progress)
    _assign(shell, parsed, edit)
    progress.replace(display.edit_bundle(edit, raw=parsed.raw))
    if save:
        for path in _save(edit, save, raw=parsed.raw):
            print(f"Saved {path}")  # noqa: T201 - output of a cell


def _many(shell: InteractiveShell, session: Session, parsed: Options, plan: Plan) -> None:
    if parsed.dry_run:
        show(display.rehearsals_bundle([session.rehearse(ask) for ask in plan.asks]), raw=True)
        return
    if parsed.detach:
        _see_nothing_to_save(parsed)
        sweeping = session.begin_sweep(plan)
        _assign(shell, parsed, sweeping)
        show(sweeping)
        return
    save = _sheet(parsed.save)
    sweep = session.run_sweep(plan)
    _assign(shell, parsed, sweep)
    show(sweep)
    if save:
        print(f"Saved {sweep.export(save)}")  # noqa: T201 - output of a cell


def _assign(shell: InteractiveShell, parsed: Options, value: object) -> None:
    if parsed.out:
        shell.user_ns[parsed.out] = value


def _see_nothing_to_save(parsed: Options) -> None:
    if parsed.save is not None:
        raise BadRequest(
            "--save and --detach exclude each other: the cell does not wait for the picture.",
            hint="Leave one out; with -o NAME, NAME.wait().images[0].save(...) saves it later.",
        )


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


def _sheet(save: str | None) -> Path | None:
    """See before anything is paid that a grid can be written so; without an ending it is a PNG."""
    path = _target(save)
    if path is None or path.suffix.casefold() in archives.GRID_FORMS:
        return path if path is None or path.suffix else path.with_suffix(".png")
    raise BadRequest(
        f"A grid cannot be saved as {path.suffix}.",
        hint=f"Use {', '.join(filter(None, archives.GRID_FORMS))}.",
    )


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
