"""`Summary`: of an attempt, what looking through thousands of them needs."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations of its structs at run time
from typing import TYPE_CHECKING, Any, TypeGuard

import msgspec

from requesty_nb.models.notes import NO_MARKS, Marks
from requesty_nb.models.records import Cost, ImageInfo, State  # noqa: TC001 - likewise

if TYPE_CHECKING:
    from requesty_nb.models.records import EditRecord

_MOST_TOKENS = 10**12  # no count; an endpoint may say anything
AUTO = "auto"  # what stands for a size or quality that neither request nor answer names


class Summary(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """What lists, galleries, searches and lineages know of an attempt without opening its record.

    Attributes:
        id, take, state, started: the record's.
        tags: the record's, with those added and taken away later.
        starred: whether it has a star.
        prompt, model, n: the request's.
        size, quality: what the endpoint says it used, else what was asked, else ``auto``.
        provider: who made it, if the endpoint said so.
        cost: as far as is known.
        tokens: what went in and what came out, as the endpoint counted; None if it did not say.
        given: the digests of the sources, in order.
        names: what the sources were called, in order.
        source: the sha256 of the first source in the history's objects; empty for a reference.
        mask: the sha256 of the mask there; empty without one.
        images: the pictures as received.
        restored: the pictures put back into the source; empty without a mask.
        trouble: what happened, of an attempt that gave no picture.
    """

    id: str
    take: int
    state: State
    started: datetime
    prompt: str
    model: str
    n: int = 1
    size: str = AUTO
    quality: str = AUTO
    tags: tuple[str, ...] = ()
    provider: str = ""
    cost: Cost | None = None
    tokens: tuple[int, int] | None = None
    given: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    source: str = ""
    mask: str = ""
    images: tuple[ImageInfo, ...] = ()
    restored: tuple[ImageInfo, ...] = ()
    trouble: str = ""
    starred: bool = False

    def with_marks(self, marks: Marks) -> Summary:
        """Return it with what was noted later; its own tags are those that the edit was made with."""
        return msgspec.structs.replace(self, tags=marks.tags(self.tags), starred=marks.starred)

    @property
    def shown(self) -> tuple[ImageInfo, ...]:
        """The pictures to show: restored where they are, else as received."""
        return self.restored or self.images

    @property
    def made(self) -> tuple[str, ...]:
        """The identities under which its pictures can be the source of another edit."""
        return tuple(dict.fromkeys(f"sha256:{info.sha256}" for info in (*self.restored, *self.images)))


def summary_of(record: EditRecord, marks: Marks = NO_MARKS) -> Summary:
    """Return the summary of a record, with what was noted later."""
    request, result = record.request, record.result
    used = result.effective if result else {}
    return Summary(
        id=record.id,
        take=record.take,
        state=record.state,
        started=record.started,
        prompt=request.prompt,
        model=request.model,
        n=request.n,
        size=str(used.get("size") or request.params.get("size") or AUTO),
        quality=str(used.get("quality") or request.params.get("quality") or AUTO),
        tags=marks.tags(record.tags),
        provider=result.provider if result else "",
        cost=record.cost,
        tokens=_tokens(result.usage) if result else None,
        given=tuple(ref.digest for ref in request.images),
        names=tuple(ref.name for ref in request.images),
        source=request.images[0].stored if request.images else "",
        mask=request.mask.stored if request.mask else "",
        images=result.images if result else (),
        restored=record.restored,
        trouble=record.failure.message if record.failure else "",
        starred=marks.starred,
    )


def _tokens(usage: dict[str, Any]) -> tuple[int, int] | None:
    made, given = usage.get("output_tokens"), usage.get("input_tokens")
    return (given, made) if _is_count(given) and _is_count(made) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
