"""`Recipe`: what made a picture, and the cell that makes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from requesty_nb import cells
from requesty_nb.errors import BadRequest
from requesty_nb.models import UNKEYED, EditRequest
from requesty_nb.provenance.words import plain, reference_of, words_for
from requesty_nb.settings import is_offline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requesty_nb.models import Edit, ImageRef

Origin = Literal["requesty_nb", "a1111", "comfyui"]
_FROM = {"a1111": "the web UI of AUTOMATIC1111, or a program that writes as it does", "comfyui": "ComfyUI"}


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What made a picture, as the picture itself tells it: believed as far as a file can be.

    Attributes:
        origin: whose recipe it is: ``requesty_nb``, ``a1111`` or ``comfyui``.
        request: what was asked for, without what is no part of its key. Of a foreign recipe as far as it
            maps: the found picture is the source, and no model is named.
        take: which of the equal requests it answers, from 1.
        index: which of the pictures of that take this is, from 0.
        restored: whether everything outside the mask was put back.
        id: the edit's id in the history where it was made.
        digest: the sha256 of the picture there, as it was received or restored, without any recipe in it.
        provider: who made it, if the endpoint said so.
        effective: the parameters the endpoint said it used.
        checkpoint: of a foreign recipe, the model it names; no endpoint serves it under that name.
        found: of a foreign recipe, the word by which its cell names the found picture.
        unmapped: what a foreign recipe says that an edit has no place for.
    """

    origin: Origin = "requesty_nb"
    request: EditRequest
    take: int = 1
    index: int = 0
    restored: bool = False
    id: str = ""
    digest: str = ""
    provider: str = ""
    effective: dict[str, Any] = {}
    checkpoint: str = ""
    found: str = ""
    unmapped: tuple[str, ...] = ()

    @property
    def key(self) -> str | None:
        """The key of the request, computed from it, never taken from a file; None for a foreign recipe."""
        return self.request.key if self.origin == "requesty_nb" else None

    @property
    def prompt(self) -> str:
        """What the model was told."""
        return self.request.prompt

    @property
    def size(self) -> str | None:
        """The size to ask for, if it names one."""
        size = self.request.params.get("size")
        return None if size is None else str(size)

    @property
    def model(self) -> str:
        """The model that was asked; of a foreign recipe the checkpoint it names."""
        return self.request.model or self.checkpoint

    @property
    def made_by(self) -> str:
        """Who made the picture: the provider, if the endpoint named one, else the model."""
        return self.provider or self.model

    @property
    def offline(self) -> bool:
        """Whether a drawing program made it, and no AI model."""
        return is_offline(self.made_by)

    @property
    def cell(self) -> str:
        """The ``%%imgedit`` cell that makes it again; of a foreign recipe, that edits the found picture so.

        Nothing a file says becomes code in it: pictures are named as files in the notebook's folder, all
        else is text.

        Raises:
            BadRequest: it holds what no cell can carry.
        """
        if self.origin != "requesty_nb":
            return cells.cell_for(self.request, [self.found])
        words = self._words()
        mask = words[-1] if cells.needs_mask(self.request) else None
        return cells.cell_for(self.request, words[: len(self.request.images)], mask=mask, take=self.take)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before running the cell, one line each."""
        return tuple(self._told() if self.origin == "requesty_nb" else self._told_of_foreign())

    def _words(self) -> tuple[str, ...]:
        """Return the words for its sources, and last for its mask, if it has one."""
        mask = self.request.mask
        try:
            return words_for([*self.request.images, *([mask] if mask else [])])
        except ValueError as error:
            raise BadRequest(f"This recipe names a picture that cannot be had: {error}.") from None

    def _told(self) -> Iterator[str]:
        who = plain(self.made_by)
        if self.offline:
            who += ", a drawing program and no AI model"
        elif self.provider:
            who = f"{plain(self.model)} ({who})"
        which = f"picture {self.index + 1} of take {self.take}, edit {plain(self.id)}"
        back = "; outside the mask the source was put back" if self.restored else ""
        yield f"Made by {who}: {which}{back}."
        if self.effective:
            used = ", ".join(
                f"{plain(name)}={plain(value)}" for name, value in sorted(self.effective.items())
            )
            yield f"The endpoint said that it used {plain(used)}."
        refs = self.request.images
        words = self._words()
        for word, ref in dict(zip(words, refs, strict=False)).items():
            yield _about(word, ref)
        if self.request.mask and cells.needs_mask(self.request):
            yield f"{words[-1]} is the mask, {plain(self.request.mask.digest)}."
        yield (
            f"Where take {self.take} of {self.key} is recorded, the cell replays it for nothing, given the "
            "very same files; elsewhere it is asked for anew."
        )

    def _told_of_foreign(self) -> Iterator[str]:
        yield f"From {_FROM[self.origin]}."
        yield (
            f"The cell edits {plain(self.found)} itself with the prompt that made it, by the model that is "
            "the notebook's default: what comes is another picture."
        )
        if self.unmapped:
            yield "Without a place in an edit: " + "; ".join(map(plain, self.unmapped)) + "."

    def __repr__(self) -> str:
        try:
            first = self.cell
        except BadRequest as error:
            first = f"No cell can be made of this recipe: {error.message}"
        try:
            notes = self.notes
        except BadRequest:
            notes = ()
        return "\n".join([first, "", *notes])


def recipe_of(edit: Edit, index: int = 0, *, restored: bool = True) -> Recipe:
    """Return what made one of an edit's pictures.

    What is no part of the key stays out, such as ``user``: a picture goes to people that an end user's id
    is no business of.

    Args:
        edit: the edit.
        index: which of its pictures, from 0.
        restored: the picture with everything outside the mask put back, where there is one.

    Raises:
        BadRequest: the edit has no such picture.
    """
    pictures = edit.restored if restored else edit.images
    if not 0 <= index < len(pictures):
        raise BadRequest(f"Edit {edit.id} has {len(pictures)} pictures, so none at {index}.")
    request, result = edit.request, edit.result
    params = {name: value for name, value in request.params.items() if name not in UNKEYED}
    return Recipe(
        request=msgspec.structs.replace(request, params=params),
        take=edit.take,
        index=index,
        restored=restored and bool(edit.record.restored),
        id=edit.id,
        digest=pictures[index].digest,
        provider=result.provider if result else "",
        effective=result.effective if result else {},
    )


def _about(word: str, ref: ImageRef) -> str:
    """Return what tells the right picture from others of its name."""
    if reference_of(ref):
        return f"{word} is fetched by the endpoint; what it stands for can have changed."
    size = "" if ref.size is None else " {} x {} pixels,".format(*ref.size)
    kind, _, text = ref.digest.partition(":")
    if kind == "pixels":
        return (
            f"{word} stands for a picture that was made in memory:{size} {plain(ref.digest)}. A file of it "
            "is another source, so a variable that holds it has to be named there."
        )
    return f"{word} has to be the file with{size} {plain(kind)} {plain(text)}."
