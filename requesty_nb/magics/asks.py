"""From the options and the body of a cell to what is asked: pictures, mask and prompt out of the notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from requesty_nb import options
from requesty_nb.errors import BadRequest
from requesty_nb.magics.resolve import named, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from requesty_nb.options import Options
    from requesty_nb.sessions import Ask, Session


class Asks:
    """Makes asks of a session out of what a notebook's names stand for.

    Args:
        shell: whose names they are.
        session: what fills in what is left out.
    """

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        self._shell = shell
        self._session = session

    def ask(self, parsed: Options, template: str, more: Mapping[str, str] | None = None) -> Ask:
        """Return what a line and one prompt ask for.

        Args:
            parsed: the line.
            template: the prompt as written.
            more: names that the prompt may use besides those of the notebook.

        Raises:
            BadRequest: a word stands for nothing, or the prompt cannot be filled.
        """
        if not parsed.images:
            raise BadRequest("No picture is named.", hint="For example: %%imgedit photo.jpg --size 1024x1024")
        sources = [named(word, self._resolved(word)) for word in parsed.images]
        mask = None if parsed.mask is None else self._resolved(parsed.mask)
        extend: str | tuple[int, int, int, int] | None = parsed.extend
        first = sources[0]
        if hasattr(first, "image") and hasattr(first, "mask"):
            # An editor brings its own: as ``mask`` what it shows, ``extend`` and ``references``. A mask or an
            # extension on the line takes the place of its own; further pictures come after its references.
            mask = _drawn(first.mask) if mask is None else mask
            extend = _added(getattr(first, "extend", None)) if extend is None else extend
            sources[1:1] = getattr(first, "references", ())
        return self._session.ask(
            options.fill(template, lambda expression: self._evaluated(expression, more)),
            *sources,
            mask=str(mask) if isinstance(mask, Path) else mask,
            model=parsed.model,
            n=1 if parsed.n is None else parsed.n,
            extend=extend,
            take=parsed.take,
            new=parsed.new,
            retry=parsed.retry,
            replay=parsed.replay,
            raw=parsed.raw,
            tags=parsed.tags,
            transport=parsed.transport or "",
            timeout=parsed.timeout,
            partial=parsed.partial,
            max_cost=parsed.max_cost,
            params=parsed.fields,
        )

    def _resolved(self, word: str) -> object:
        return resolve(word, self._shell.user_ns, self._evaluated)

    def _evaluated(self, expression: str, more: Mapping[str, str] | None = None) -> object:
        names, own = self._shell.user_global_ns, self._shell.user_ns
        if not more:
            return eval(expression, names, own)  # noqa: S307 - the notebook's own code
        return eval(expression, {**names, **own, **more})  # noqa: S307 - likewise


def _drawn(mask: object) -> object | None:
    """Return an editor's mask, or None where nothing is drawn: there the whole picture may change."""
    return None if getattr(mask, "is_empty", False) else mask


def _added(margins: tuple[int, int, int, int] | None) -> tuple[int, int, int, int] | None:
    return margins if margins and any(margins) else None
