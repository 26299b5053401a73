"""`Edit`: a record whose pictures can be opened."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from requesty_nb.errors import BadRequest, HistoryFault
from requesty_nb.models.notes import NO_MARKS, Marks, star, tagged, untagged
from requesty_nb.models.pictures import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from PIL import Image

    from requesty_nb.frames import Leak
    from requesty_nb.images import Source
    from requesty_nb.masks import Mask
    from requesty_nb.models.notes import Mark
    from requesty_nb.models.records import Cost, EditRecord, EditResult, ImageInfo, State
    from requesty_nb.models.requests import EditRequest, ImageRef


class Home(Protocol):
    """Where an edit is kept: what it needs of its history, which it does not know."""

    def parents(self, edit: Edit) -> Sequence[Edit]:
        """Return the edits whose pictures were this one's sources."""

    def children(self, edit: Edit) -> Sequence[Edit]:
        """Return the edits that had a picture of this one as a source."""

    def again(self, edit: Edit, changes: dict[str, Any]) -> Edit:
        """Ask for an edit again, with changes."""

    def cached(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return what ``make`` returned when first asked for under this name, in whatever process."""

    def marks(self, identifier: str) -> Marks:
        """Return what the notes of an edit come to, as of now."""

    def note(self, identifier: str, marks: Sequence[Mark]) -> None:
        """Note stars and tags of an edit, one after the other."""

    def note_files(self, identifier: str) -> Sequence[tuple[str, bytes]]:
        """Return the notes of an edit as they are written down, by the names of their files."""


class Edit:
    """One edit: what was asked, what came, and the pictures.

    Two edits are equal when their records are; whether one was paid for now or replayed is no part of it.

    Args:
        record: the attempt.
        read: returns the bytes of a stored picture by its sha256.
        replayed: whether it was answered from the record.
        home: where it is kept, if it is.
        remark: what to know of this answer, which is no part of the record: shown on its card.
    """

    __slots__ = ("home", "read", "record", "remark", "replayed")

    def __init__(
        self,
        record: EditRecord,
        read: Callable[[str], bytes],
        *,
        replayed: bool = False,
        home: Home | None = None,
        remark: str = "",
    ) -> None:
        self.record = record
        self.replayed = replayed
        self.read = read
        self.home = home
        self.remark = remark

    def answered(self, *, replayed: bool = True, remark: str = "") -> Edit:
        """Return the same edit as an answer from the record."""
        return Edit(self.record, self.read, replayed=replayed, home=self.home, remark=remark)

    @property
    def id(self) -> str:
        """The id in the history; sorts by time."""
        return self.record.id

    @property
    def key(self) -> str:
        """The request's key."""
        return self.record.key

    @property
    def take(self) -> int:
        """Which of the equal requests this answers, from 1."""
        return self.record.take

    @property
    def state(self) -> State:
        """``ok``, ``failed`` or ``unknown``."""
        return self.record.state

    @property
    def request(self) -> EditRequest:
        """What was asked."""
        return self.record.request

    @property
    def prompt(self) -> str:
        """The prompt as sent."""
        return self.record.request.prompt

    @property
    def model(self) -> str:
        """The model asked for."""
        return self.record.request.model

    @property
    def result(self) -> EditResult | None:
        """What came, or None after a failure."""
        return self.record.result

    @property
    def images(self) -> tuple[Picture, ...]:
        """The pictures exactly as received."""
        return self._pictures(self.record.result.images if self.record.result else ())

    @property
    def restored(self) -> tuple[Picture, ...]:
        """The pictures with everything outside the mask put back.

        The images as received without a mask, under a mask given by reference, and where a result's shape did
        not allow it; a note of the record then says so.
        """
        return self._pictures(self.record.restored) or self.images

    @property
    def usage(self) -> dict[str, Any]:
        """The endpoint's token counts, as it gave them."""
        return self.record.result.usage if self.record.result else {}

    @property
    def cost(self) -> Cost | None:
        """What it cost, or may have cost, or None if that cannot be told."""
        return self.record.cost

    @property
    def leaks(self) -> tuple[Leak | None, ...]:
        """How much changed outside the mask, one for each of `images`; empty without a mask.

        None where nothing was to be kept, or where a result's shape did not allow to compare it; of edits
        from before each had its own, only that of the first is known.
        """
        record = self.record
        if record.leak is not None and not record.leaks:
            return record.leak, *(None for _ in self.images[1:])
        return record.leaks

    @property
    def leak(self) -> Leak | None:
        """The worst of `leaks`: that with the greatest share; None without any."""
        return max(filter(None, self.leaks), key=lambda leak: (leak.share, leak.mean), default=None)

    @property
    def marks(self) -> Marks:
        """What was noted of it later: its star, and tags added and taken away, as of now."""
        return NO_MARKS if self.home is None else self.home.marks(self.id)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags it was made with, and those it was given later, without those taken away."""
        return self.marks.tags(self.record.tags)

    @property
    def starred(self) -> bool:
        """Whether it has a star."""
        return self.marks.starred

    @property
    def started(self) -> datetime:
        """When it was sent, in UTC."""
        return self.record.started

    @property
    def elapsed(self) -> float:
        """Seconds from sending to the whole answer."""
        return self.record.elapsed

    @property
    def sources(self) -> tuple[Source | str, ...]:
        """What was given, to be given again: the pictures in order, or the text of a reference.

        Asked again with these, `mask` and `extend`, and the same prompt, model, n and parameters, the
        request has the same key.

        Raises:
            HistoryFault: one of them was not kept.
            BadImage: one is damaged, or its file was changed since.
        """
        return tuple(self._source(ref) for ref in self.record.request.images)

    @property
    def mask(self) -> Mask | str | None:
        """The mask, to be given again; the text of a reference if it was one; None without a mask.

        Raises:
            HistoryFault: it was not kept.
        """
        from requesty_nb.masks import Mask  # noqa: PLC0415 - as in `Picture.pil`

        ref = self.record.request.mask
        if ref is None or (text := _reference(ref)):
            return text if ref else None
        weights = self._opened(ref).convert("L")
        return Mask(weights.size, weights.tobytes(), notes=ref.notes)

    @property
    def extend(self) -> tuple[int, int, int, int] | None:
        """Pixels that were added at left, top, right and bottom, or None."""
        return self.record.request.extend

    @property
    def parents(self) -> Sequence[Edit]:
        """The edits whose pictures were its sources, in their order; of equal pictures, the first."""
        return () if self.home is None else self.home.parents(self)

    @property
    def children(self) -> Sequence[Edit]:
        """The edits that went on from its pictures, oldest first."""
        return () if self.home is None else self.home.children(self)

    def again(self, **changes: Any) -> Edit:  # noqa: ANN401 - those of `Session.ask`
        """Ask for this edit again, with changes: ``edit.again(prompt="a blue hat")``.

        It goes through the session that keeps it: what is recorded is replayed, and without any change that
        is this very edit; ``new=True`` pays for another.

        Args:
            changes: any argument of `Session.ask`; ``images`` for the sources.

        Raises:
            BadRequest: it is of no session, or a change cannot be right.
            ImgEditError: as `Session.edit`.
        """
        if self.home is None:
            raise BadRequest(
                "This edit was not kept, so it is not known how to ask for it again.",
                hint="Ask the session: session.again(edit, prompt=...).",
            )
        return self.home.again(self, changes)

    def star(self) -> None:
        """Give it a star, which the history keeps: stars and tags are no part of the record or the key.

        Raises:
            BadRequest: it was not kept, or is not kept any more.
            HistoryFault: the history cannot be written.
        """
        if not self._home().marks(self.id).starred:
            self._home().note(self.id, [star(on=True)])

    def unstar(self) -> None:
        """Take its star away; raises as `star`."""
        if self._home().marks(self.id).starred:
            self._home().note(self.id, [star(on=False)])

    def tag(self, *words: str) -> None:
        """Give it tags, which the history keeps: each a line of at most 100 characters.

        Raises:
            BadRequest: one is no tag, or it was not kept, or is not kept any more; nothing was noted.
            HistoryFault: the history cannot be written.
        """
        home, tags = self._home(), self.tags
        marks = dict.fromkeys(tagged(word, on=True) for word in words)
        home.note(self.id, [mark for mark in marks if mark.tag not in tags])

    def untag(self, *words: str) -> None:
        """Take tags away, those it was made with too; what it has not changes nothing. Raises as `tag`."""
        home, tags = self._home(), self.tags
        marks = dict.fromkeys(untagged(word) if word in tags else tagged(word, on=False) for word in words)
        home.note(self.id, [mark for mark in marks if mark.tag in tags])

    def note_files(self) -> Sequence[tuple[str, bytes]]:
        """Return what was noted of it as it is written down: names of files, and their bytes."""
        return () if self.home is None else self.home.note_files(self.id)

    def cached(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return bytes derived from its pictures, such as a thumbnail: made once, if it is kept anywhere.

        Args:
            name: names what they are derived from, and how: a file name.
            make: makes them.
        """
        return make() if self.home is None else self.home.cached(name, make)

    def stored(self, ref: ImageRef) -> bytes:
        """Return the stored bytes of a source or mask of this edit's request.

        Raises:
            HistoryFault: nothing of it was kept (a reference, or a session without history).
        """
        if not ref.stored:
            raise HistoryFault(f"{ref.name} was not kept with this edit.")
        return self.read(ref.stored)

    def __imgedit_source__(self) -> bytes:
        """Offer this edit as the source of another: its first restored picture."""
        if not self.images:
            raise HistoryFault("This edit failed and has no picture to go on from.", hint="Pick another one.")
        return self.restored[0].bytes

    def _home(self) -> Home:
        if self.home is None:
            raise BadRequest(
                "This edit was not kept, so it has no place for stars and tags.",
                hint="A session that keeps a history notes them: Session(history=...).",
            )
        return self.home

    def _source(self, ref: ImageRef) -> Source | str:
        from requesty_nb import images  # noqa: PLC0415 - as in `Picture.pil`

        if text := _reference(ref):
            return text
        if ref.digest.startswith("pixels:"):
            source = images.load(self._opened(ref))
            # The identity is of the pixels as given; kept is what they came to in sRGB.
            return replace(source, name=ref.name, notes=ref.notes, _pixel_digest=ref.digest)
        file = io.BytesIO(self.stored(ref))
        file.name = ref.name
        return images.load(file)

    def _opened(self, ref: ImageRef) -> Image.Image:
        from requesty_nb.images import decode  # noqa: PLC0415 - as in `Picture.pil`

        return decode(self.stored(ref))

    def _pictures(self, infos: tuple[ImageInfo, ...]) -> tuple[Picture, ...]:
        return tuple(Picture(info, partial(self.read, info.sha256)) for info in infos)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Edit) and self.record == other.record

    def __hash__(self) -> int:
        return hash(self.record.id)

    def __repr__(self) -> str:
        return f"<Edit {self.id} {self.model} take {self.take} {self.state} {self.prompt[:60]!r}>"


def _reference(ref: ImageRef) -> str:
    """Return the URL or file id a picture was given as; empty if its pixels were."""
    kind, _, text = ref.digest.partition(":")
    return text if kind in {"url", "file"} else ""
