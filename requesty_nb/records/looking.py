"""`Looking`: edits to look through, and `Selection`, those that were picked out; opened when looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload
from unicodedata import combining, normalize

from requesty_nb import archives
from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models import Cost, Edit
from requesty_nb.records.lineage import tree_of
from requesty_nb.records.names import id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.models import Marks, Summary, Tree
    from requesty_nb.records.shelf import Shelf

    When = str | date | datetime

_DATE = "2026-11-25"  # the form of a date alone


class Looking(Sequence[Edit]):
    """Edits in the order of time.

    Indexing by place or id, slicing and iterating give edits; a slice, `filter` and `search` give a
    `Selection`, which can be looked through in the same ways. What is damaged is passed over by all that give
    several edits, and counted by ``len``, as its file is there.

    Args:
        shelf: the folder they lie in.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def _names(self) -> list[str]:
        """Return the file names of the records, oldest first."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Edit]:
        return _opened(self._shelf, self._names())

    def __reversed__(self) -> Iterator[Edit]:
        return _opened(self._shelf, reversed(self._names()))

    @overload
    def __getitem__(self, which: int | str) -> Edit: ...
    @overload
    def __getitem__(self, which: slice) -> Selection: ...
    def __getitem__(self, which: int | str | slice) -> Edit | Selection:
        """Return an edit by its place or id, or several by a slice.

        Raises:
            IndexError: there is none at that place.
            KeyError: there is none with that id.
            HistoryFault: the one asked for is damaged.
        """
        if isinstance(which, str):
            return self._by_id(which)
        names = self._names()
        if isinstance(which, slice):
            return Selection(self._shelf, names[which])
        if not -len(names) <= which < len(names):
            raise IndexError(f"There are {len(names)} edits.")
        return self._shelf.open(names[which])

    def _by_id(self, identifier: str) -> Edit:
        name = next((name for name in self._names() if id_of(name) == identifier), None)
        if name is None:
            raise KeyError(f"There is no edit {identifier} among these.")
        return self._shelf.open(name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, (Looking, list, tuple)):
            return list(self) == list(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what it holds can change

    # Finding

    def summaries(self) -> list[Summary]:
        """Return what is known of each edit without opening it, in order: quick for many thousands."""
        return self._shelf.summaries_of(self._names())

    def marks(self) -> dict[str, Marks]:
        """Return by id what was noted later of those edits that have a star, or other tags than at first."""
        noted = self._shelf.noted.all()
        ids = map(id_of, self._names()) if noted else ()
        return {identifier: noted[identifier] for identifier in ids if identifier in noted}

    def preview(self, sha256: str) -> bytes:
        """Return a WebP thumbnail of a stored picture, at most 384 pixels a side.

        Raises:
            HistoryFault: it is missing or damaged.
            BadImage: it cannot be decoded.
        """
        return self._shelf.preview(sha256)

    def filter(
        self,
        *,
        text: str = "",
        model: str = "",
        size: str = "",
        quality: str = "",
        tag: str = "",
        starred: bool | None = None,
        since: When | None = None,
        until: When | None = None,
    ) -> Selection:
        """Return the edits for which all of this holds; what is left out matches everything.

        Args:
            text: stands in the prompt; case does not matter.
            model: likewise, in the model's name.
            size: used or asked for, such as ``1024x1024``.
            quality: likewise, such as ``low``.
            tag: one that it has, made with or given later.
            starred: whether it has a star.
            since: made then or later: a datetime, a date, or either as ISO text; local time unless it says.
            until: made then or earlier; of a date, until its end.

        Raises:
            BadRequest: a time cannot be read.
        """
        first, last = moment(since, end=False), moment(until, end=True)
        words, engine = text.casefold(), model.casefold()

        def wanted(summary: Summary) -> bool:
            return (
                words in summary.prompt.casefold()
                and engine in summary.model.casefold()
                and size in {"", summary.size}
                and quality in {"", summary.quality}
                and (not tag or tag in summary.tags)
                and starred in {None, summary.starred}
                and (first is None or summary.started >= first)
                and (last is None or summary.started <= last)
            )

        return self._where(wanted)

    @property
    def starred(self) -> Selection:
        """Those that have a star now."""
        return self.filter(starred=True)

    def search(self, words: str) -> Selection:
        """Return the edits that have all these words in prompt, model, tags or the sources' names.

        Case and accents do not matter.
        """
        wanted = _plain(words).split()

        def found(summary: Summary) -> bool:
            said = _plain("\n".join((summary.prompt, summary.model, *summary.tags, *summary.names)))
            return all(word in said for word in wanted)

        return self._where(found)

    def _where(self, wanted: Callable[[Summary], bool]) -> Selection:
        names = self._names()
        ids = {summary.id for summary in self._shelf.summaries_of(names) if wanted(summary)}
        return Selection(self._shelf, [name for name in names if id_of(name) in ids])

    # Telling

    @property
    def cost(self) -> Cost:
        """What they cost together: from what is known for sure to what it can have been at most.

        An attempt that may have been paid for nothing counts as nothing below, and in full above; one whose
        cost cannot be told, not at all.
        """
        low = high = 0.0
        for summary in self.summaries():
            if summary.cost is not None:
                low += summary.cost.low if summary.state == "ok" else 0.0
                high += summary.cost.high
        return Cost(low, high, "sum") if high else Cost(0.0, 0.0, "free")

    def tree(self) -> Tree:
        """Return which of them went on from which, found from the digests of their pictures."""
        return tree_of(self.summaries())

    def to_dataframe(self) -> Any:  # noqa: ANN401 - pandas is an extra
        """Return a pandas table with a row an edit, the columns those of a ``.csv`` export.

        Raises:
            BadRequest: pandas is not installed.
        """
        return archives.table_of(archives.rows(self))

    def export(self, path: str | Path) -> Path:
        """Write them out as the suffix says: .zip, .html, .ipynb, .csv or .jsonl; without one, a folder.

        Folder, zip and jsonl can be read back by `History.import_`.

        Returns:
            What was written.

        Raises:
            HistoryFault: it cannot be written, or a picture cannot be read.
            BadRequest: there is no such form.
        """
        return archives.export(self, Path(path).expanduser())

    def __repr__(self) -> str:
        return f"<{len(self)} edits of {self._shelf.folder}>"


class Selection(Looking):
    """Some of a history's edits, as they were picked out; it does not change.

    Args:
        shelf: the folder they lie in.
        names: the file names of their records, in order.
    """

    def __init__(self, shelf: Shelf, names: Sequence[str]) -> None:
        super().__init__(shelf)
        self._picked = tuple(names)

    def _names(self) -> list[str]:
        return list(self._picked)


def _opened(shelf: Shelf, names: Iterator[str] | Sequence[str]) -> Iterator[Edit]:
    tried = map(shelf.tried, names)
    return (edit for edit in tried if not isinstance(edit, HistoryFault))


def _plain(text: str) -> str:
    """Return a text without case and accents."""
    return "".join(character for character in normalize("NFKD", text.casefold()) if not combining(character))


def moment(when: When | None, *, end: bool) -> datetime | None:
    """Return a moment in UTC; of a date its beginning or its end, here."""
    if when is None:
        return None
    if isinstance(when, str):
        try:
            when = date.fromisoformat(when) if len(when) == len(_DATE) else datetime.fromisoformat(when)
        except ValueError:
            raise BadRequest(
                f"{when!r} is no time.", hint=f"For example {_DATE}, or {_DATE}T14:30."
            ) from None
    if not isinstance(when, datetime):
        when = datetime.combine(when, time.max if end else time.min)
    try:
        return when.astimezone(UTC)
    except (OverflowError, OSError, ValueError):  # at the ends of time, where no other zone has a name for it
        return when.replace(tzinfo=UTC)
