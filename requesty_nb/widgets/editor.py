"""`Editor`: draw on a photo, say what to change, and go on from what comes; in a notebook's output.

With `surface` and `showing` the mirror of ``js/src/model.ts``.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Any as AnyTrait
from traitlets import Dict, Int, List, Unicode, observe, validate

from requesty_nb import images, sessions
from requesty_nb.errors import BadRequest
from requesty_nb.settings import OFFLINE_MODELS
from requesty_nb.widgets import static
from requesty_nb.widgets.copies import kept_cell
from requesty_nb.widgets.drawing import NOTHING, carried, margins_of
from requesty_nb.widgets.jobs import Jobs
from requesty_nb.widgets.link import explained
from requesty_nb.widgets.messages import text_of, whole_of
from requesty_nb.widgets.references import MAX_PARTS, MOST, Uploads, references_of
from requesty_nb.widgets.refusals import refusing
from requesty_nb.widgets.results import result_card, shown
from requesty_nb.widgets.standing import Standing
from requesty_nb.widgets.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.models import Edit, Picture
    from requesty_nb.sessions import Ask, Session
    from requesty_nb.widgets.link import Message
    from requesty_nb.widgets.messages import Buffer

CARDS = 24  # of results, in the browser; `Editor.edits` has them all
AUTO = "auto"  # or nothing: the endpoint decides, and nothing is sent
_CHOICES = {
    "size": [AUTO, "1024x1024", "1536x1024", "1024x1536"],
    "quality": [AUTO, "low", "medium", "high"],
    "background": [AUTO, "transparent", "opaque"],
    "output_format": [AUTO, "png", "jpeg", "webp"],
}
_ONE_FOLDER = (
    "Make the editor without a session of its own, or give both sessions one folder: "
    "rq.session.configure(history=...)."
)
_SETTINGS = ("prompt", "model", "n", "extend", *_CHOICES)


class Editor(Standing, Surface):
    """A photo to draw a mask on, a prompt, and the edits made with both.

    Display it, draw, write what to change, and click Generate. In Python ``mask``, ``strokes``, ``extend``,
    ``image``, ``references`` and the options can be read, set and observed; ``edits`` has what was made.
    ``mask`` is what is shown, with a grow or feather that is being tried: what a click asks for, and what
    ``%%imgedit ed`` and ``rq.edit(..., ed, mask=ed)`` take. Observers are called when all traits agree and
    hold nothing up, perhaps in another thread.

    Args:
        image: the photo, anything image-like.
        mask: drawn already; anything `masks.mask_from` takes, of the photo's size.
        prompt: what to change.
        session: where edits are made; the default one if left out.
        references: further pictures, anything image-like, at most 15.
        options: ``model``, ``size``, ``quality``, ``n``, ``background``, ``output_format``, ``extend``, and
            of the tools ``tool``, ``brush``, ``subtract``, ``mask_color``, ``mask_opacity``.

    Raises:
        BadImage: the photo, the mask or a reference cannot be used.
        BadRequest: the photo's pixels are elsewhere, or an option is not there.
    """

    prompt = Unicode().tag(sync=True)
    model = Unicode().tag(sync=True)
    size = Unicode(AUTO).tag(sync=True)
    quality = Unicode(AUTO).tag(sync=True)
    n = Int(1, min=1, max=10).tag(sync=True)
    background = Unicode(AUTO).tag(sync=True)
    output_format = Unicode(AUTO).tag(sync=True)
    choices = Dict(read_only=True).tag(sync=True)
    references = AnyTrait((), help="Further pictures; anything image-like can be set.").tag(
        sync=True, to_json=lambda references, _: [one.card() for one in references]
    )
    jobs: Any = List(read_only=True).tag(sync=True)
    results: Any = List(read_only=True).tag(sync=True)
    edits: Any = List(read_only=True, help="What was made here, oldest first; a change may add several.")

    _browser_sets = Surface._browser_sets | {"prompt", "model", *_CHOICES, "n"}  # noqa: SLF001 - a part of the same

    def __init__(
        self,
        image: object,
        mask: object | None = None,
        *,
        prompt: str = "",
        session: Session | None = None,
        references: Sequence[object] = (),
        **options: Any,  # noqa: ANN401 - each trait has its own type
    ) -> None:
        self._see_options(options)
        self._session = sessions.default() if session is None else session
        self._jobs = Jobs(self._list_jobs, self._keep)
        self._uploads = Uploads()
        own = self._session.settings.model
        options["model"] = options.get("model") or own
        models = list(dict.fromkeys([own, *OFFLINE_MODELS]))
        self.set_trait("choices", {"model": models, **_CHOICES})
        super().__init__(image, mask, prompt=prompt, references=references, **options)

    def _see_options(self, options: dict[str, Any]) -> None:
        known = sorted(self._browser_sets)
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                raise BadRequest(
                    f"An editor has no option {name!r}.",
                    hint=f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}.",
                )

    @validate("references")
    def _checked_references(self, proposal: dict[str, Any]) -> tuple[object, ...]:
        with refusing():
            return references_of(proposal["value"])

    # --- edits

    def ask(self, **settings: Any) -> Ask:  # noqa: ANN401 - each trait has its own type
        """Return what Generate would ask for, as `Session.run` takes it; it pays for the next free take.

        Args:
            settings: what differs from the traits of these names: prompt, model, size, quality, n,
                background, output_format, extend.

        Raises:
            BadRequest: it cannot be right.
        """
        with self._lock:
            self._take_over()
            scene = self._drawing.shown
            wanted = {name: settings.get(name, getattr(self, name)) for name in _SETTINGS}
            for name in ("prompt", "model", *_CHOICES):
                if not isinstance(wanted[name], str):
                    raise BadRequest(f"{name} is {wanted[name]!r}, but has to be text.")
            extend = margins_of(wanted["extend"])
            return self._session.ask(
                wanted["prompt"],
                scene.source,
                *(one.source for one in self.references),
                mask=None if scene.mask.is_empty else scene.mask,
                model=wanted["model"] or None,
                n=wanted["n"],
                extend=extend if any(extend) else None,
                new=True,
                **{name: wanted[name] for name in _CHOICES if wanted[name] not in {"", AUTO}},
            )

    def _list_jobs(self, cards: list[dict[str, Any]]) -> None:
        with self._lock:
            if self.comm is not None:
                self.set_trait("jobs", cards)

    def _keep(self, edit: Edit) -> None:
        """Put an edit on the strip; nothing waits while its card is made, nor while observers are told."""
        cards = []
        try:
            cards = [result_card(edit)]
        except Exception as error:  # noqa: BLE001 - a damaged picture, most likely; the others are there
            self._notice(
                "error", f"An edit was made and kept as {edit.id}, but cannot be shown: {explained(error)}"
            )
        finally:  # whatever becomes of its card
            self._add(edit, cards)

    def _add(self, edit: Edit, cards: list[dict[str, Any]]) -> None:
        try:
            with self._lock:
                self.set_trait("edits", [*self.edits, edit])
                if cards and self.comm is not None:
                    self.set_trait("results", [*cards, *self.results][:CARDS])
        except Exception:  # who observes them has failed, and nobody above would know of whom that tells
            self.log.exception("An observer of the editor's edits or results failed.")

    def _edit_of(self, message: Message) -> Edit:
        wanted = text_of(message, "id")
        for edit in reversed(self.edits):
            if edit.id == wanted:
                return edit  # type: ignore[no-any-return] # a list of them
        raise BadRequest("This edit is not of this editor.", hint="It may be in the history: rq.history.")

    def _picture_of(self, message: Message) -> tuple[Edit, Picture]:
        edit = self._edit_of(message)
        pictures = edit.images if message.get("raw") is True else edit.restored
        return edit, pictures[whole_of(message, "i", 0, len(pictures) - 1)]

    def _hear_ask(self, message: Message, _: Sequence[Buffer]) -> None:
        job = text_of(message, "j")
        settings = message.get("settings")  # as they stand in the browser: traits may come later
        self._jobs.offer(job, self._session, self.ask(**settings if isinstance(settings, dict) else {}))
        self.send({"k": "accepted", "j": job})

    def _hear_start(self, message: Message, _: Sequence[Buffer]) -> None:
        self._jobs.start(text_of(message, "j"))

    def _hear_cancel(self, message: Message, _: Sequence[Buffer]) -> None:
        self._jobs.cancel(text_of(message, "j"))

    # --- results

    def _hear_show(self, message: Message, _: Sequence[Buffer]) -> None:
        edit = self._edit_of(message)
        self.send(*shown(edit, whole_of(message, "i", 0, len(edit.images) - 1)))

    def _hear_use(self, message: Message, _: Sequence[Buffer]) -> None:
        edit, picture = self._picture_of(message)
        source = images.load(picture.bytes)
        source = replace(source, name=f"edit-{edit.id[-8:]}{images.suffix_for(source.mime)}")
        keep = message.get("keep") is True
        with self._lock:
            margins = NOTHING if message.get("raw") is True else edit.extend or NOTHING
            kept = self._drawing.set_source(source, keep_mask=keep, margins=margins)
            self._follow()
        if keep and not kept:
            self._notice(
                "warning", "The picture has another shape, so the mask was cleared. Undo brings it back."
            )

    def _hear_remask(self, message: Message, _: Sequence[Buffer]) -> None:
        mask = self._edit_of(message).mask
        if mask is None or isinstance(mask, str):
            raise BadRequest("This edit was made without a mask that was drawn.")
        with self._lock:
            self._drawing.set_mask(carried(mask, self._drawing.scene.mask.size) or mask)
            self._follow()

    def _hear_cell(self, message: Message, _: Sequence[Buffer]) -> None:
        edit = self._edit_of(message)
        self.send({"k": "cell", "id": edit.id, "text": kept_cell(edit, _ONE_FOLDER)})

    def _hear_save(self, message: Message, _: Sequence[Buffer]) -> None:
        edit, picture = self._picture_of(message)
        path = _written(f"edit-{edit.id[-8:]}", images.suffix_for(picture.mime), picture.bytes)
        self._notice("info", f"Saved as {path}")

    # --- references

    def _hear_reference(self, message: Message, buffers: Sequence[Buffer]) -> None:
        upload, name = text_of(message, "id"), text_of(message, "name", 1000)
        parts = whole_of(message, "parts", 1, MAX_PARTS)
        part = whole_of(message, "part", 0, parts - 1)
        if len(buffers) != 1:
            raise BadRequest(f"A part of a picture came with {len(buffers)} buffers, not 1.")
        if len(self.references) >= MOST:
            raise BadRequest(f"{name} was not added: {MOST} are the most.", hint="Remove one first.")
        if added := self._uploads.add(upload, name, part, parts, bytes(buffers[0])):
            with self._lock:
                self.references = (*self.references, added)

    def _hear_unreference(self, message: Message, _: Sequence[Buffer]) -> None:
        wanted = text_of(message, "id")
        self._uploads.drop(wanted)
        with self._lock:
            self.references = tuple(one for one in self.references if one.id != wanted)

    # --- on the page

    def close(self) -> None:
        """Take the editor off the page; what is under way goes on, and the history keeps it."""
        if "_jobs" in self.__dict__:  # it may never have come so far
            self._jobs.close()
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> Any:  # noqa: ANN401 - IPython's protocol
        """Return the widget's view, and a picture for where there are no widgets, as it is now."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return bundle
        data, metadata = bundle
        data["image/jpeg"], data["text/plain"] = self._pictured()
        return data, metadata

    @observe("image", "mask", "mask_color", "mask_opacity", "edits")
    def _picture_changed(self, _: object) -> None:
        if "_still" in self.__dict__:  # not while the traits get their first values
            self._still.changed()

    def _pictured(self) -> tuple[str, str]:
        """Return a picture of photo and mask as a base64 JPEG, and the line that tells of them."""
        with self._lock:
            scene, colour, opacity = self._drawing.scene, self.mask_color, self.mask_opacity
        return static.picture(self._preview, scene.mask, colour, opacity), repr(self)

    def _drawn(self) -> tuple[str, str]:
        """Return the same as HTML, and the line."""
        jpeg, line = self._pictured()
        return static.figure(jpeg, line), line

    def __repr__(self) -> str:
        scene = self._drawing.shown
        return static.line(scene.source, scene.mask, len(self.edits))


def _written(stem: str, suffix: str, data: bytes) -> Path:
    """Write a file in the working directory under a name that is free, and return its path.

    Raises:
        BadRequest: it cannot be written.
    """
    number = 1
    while True:
        name = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        try:
            path = Path.cwd() / name
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise BadRequest(
                f"The picture cannot be saved as {name} in the kernel's folder: {error.strerror or error}.",
                hint="Save it elsewhere: ed.edits[-1].restored[0].save(path).",
                paid="done",
            ) from error
        else:
            return path
