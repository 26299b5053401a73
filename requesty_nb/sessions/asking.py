"""What a caller asks, checked and made ready before anything is paid.

`prepare` loads the pictures, fits mask and frame, and finds every fault that can be known beforehand. It
refuses no size, quality or model for being missing from today's lists: those lists age.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from requesty_nb import frames, images, masks
from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.images import Blob, Source
from requesty_nb.models import Edit, EditRequest, ImageRef
from requesty_nb.options import MOST_PARTIALS, TAKEN
from requesty_nb.records import MOST_TAKES
from requesty_nb.sessions.background import Background
from requesty_nb.wire import Body, Upload, json_body, multipart

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requesty_nb.frames import Frame
    from requesty_nb.masks import Mask
    from requesty_nb.settings import Replay

Outgoing: TypeAlias = "tuple[dict[str, Any], list[Upload], Upload | None, str]"

MAX_IMAGES = 16
MAX_N = 10
_AZURE = "azure/"  # takes PNG and JPEG only, by Azure's documents
_AZURE_TYPES = frozenset({"image/png", "image/jpeg"})
_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One edit as it is asked for, before anything is looked at.

    Attributes:
        images: anything `images.load` takes, 1 to 16.
        mask: anything `masks.mask_from` takes, an `Edit` for its own, or a reference; None for the whole
            picture.
        fields: the endpoint's other fields; None values are left out.
        extend: pixels to add at left, top, right and bottom, or the new size; None to keep the size.
        take: which of the equal requests, from 1; None for the first.
        new: pay for the next free take.
        retry: pay also where an earlier attempt was sent and its outcome is not known.
        raw: an `Edit` among the images stands for its raw first image, not the restored one.
        transport: ``multipart``, ``json``, or empty to choose by what the images are.
        named: whether the model was named, and is not just the default: then no other's record answers.
        partial: how many unfinished pictures of each are streamed, at most; None asks for no stream.
        max_cost: US dollars that it may cost at most; None for no limit of its own.
    """

    prompt: str
    images: tuple[object, ...]
    model: str
    mask: object | None = None
    n: int = 1
    fields: Mapping[str, Any] = field(default_factory=dict)
    extend: str | tuple[int, int, int, int] | None = None
    take: int | None = None
    new: bool = False
    retry: bool = False
    replay: Replay = "auto"
    raw: bool = False
    tags: tuple[str, ...] = ()
    transport: str = ""
    timeout: float = 300.0
    named: bool = True
    partial: int | None = None
    max_cost: float | None = None


@dataclass(frozen=True)
class Prepared:
    """An ask that can be sent.

    Attributes:
        sources: the pictures, loaded.
        mask: the mask in the first source's geometry, or a reference to one.
        frame: where the first source sits in what is sent, if it is padded.
        params: the fields as they are sent.
    """

    ask: Ask
    sources: tuple[Source, ...]
    mask: Mask | Source | None
    frame: Frame | None
    params: dict[str, Any]
    notes: tuple[str, ...]

    @cached_property
    def request(self) -> EditRequest:
        """The request as a record knows it; digests are computed here unless sending has done so."""
        return EditRequest(
            prompt=self.ask.prompt,
            model=self.ask.model,
            images=tuple(_source_ref(source) for source in self.sources),
            mask=self._mask_ref(),
            params=self.params,
            n=self.ask.n,
            frame=self.frame,
        )

    @cached_property
    def inputs(self) -> dict[str, Blob]:
        """What a history keeps of the inputs, by sha256: what was given, byte for byte, and the mask."""
        blobs = [source.given or source.sent for source in self.sources]
        blobs.append(self._mask_blob)
        return {blob.digest: blob for blob in blobs if blob is not None}

    @cached_property
    def _mask_blob(self) -> Blob | None:
        if isinstance(self.mask, Source) or self.mask is None:
            return None
        return Blob.of(images.encode_png(self.mask.rasterize()))

    def _mask_ref(self) -> ImageRef | None:
        if isinstance(self.mask, Source):
            return _source_ref(self.mask)
        if self.mask is None or self._mask_blob is None:
            return None
        return ImageRef(
            digest=self.mask.digest,
            name="mask.png",
            mime="image/png",
            size=self.mask.size,
            stored=self._mask_blob.digest,
            notes=self.mask.notes,
        )

    def on_kept(self, kept: Mapping[str, Blob]) -> Prepared:
        """Return the same with its first source read from the kept copy: the user's own may change."""
        first = self.sources[0]
        if first.given is None or first.given.digest not in kept:
            return self
        copy = kept[first.given.digest]
        moved = replace(first, given=copy, sent=copy if first.sent is first.given else first.sent)
        return replace(self, sources=(moved, *self.sources[1:]))

    def body(self, kept: Mapping[str, Blob]) -> Body:
        """Return what is sent.

        Args:
            kept: copies to send from, by sha256: the user's own files may change meanwhile.
        """
        fields, uploads, mask, transport = self.outgoing(kept)
        return (json_body if transport == "json" else multipart)(fields, uploads, mask)

    def outgoing(self, kept: Mapping[str, Blob]) -> Outgoing:
        """Return the fields, the pictures and the mask as they are sent, and in which form."""
        uploads = [_upload(source, kept) for source in self.sources]
        mask: Upload | None = None
        if isinstance(self.mask, Source):
            mask = _upload(self.mask, kept)
        elif self.mask is not None:
            mask = Upload("mask.png", "image/png", Blob.of(self._framed_mask(self.mask).png()))
        if self.frame is not None:
            padded = self.frame.pad(self.sources[0].pixels())
            uploads[0] = Upload(
                _as_png(self.sources[0].name), "image/png", Blob.of(images.encode_png(padded))
            )
        fields = {"model": self.ask.model, "prompt": self.ask.prompt, **self.params}
        if self.ask.partial is not None:
            fields |= {"stream": True, "partial_images": self.ask.partial}
        if self.ask.n != 1:
            fields["n"] = self.ask.n
        by_reference = any(upload.blob is None for upload in [*uploads, *([mask] if mask else [])])
        return fields, uploads, mask, self.ask.transport or ("json" if by_reference else "multipart")

    def _framed_mask(self, mask: Mask) -> Mask:
        if self.frame is None:
            return mask
        return masks.mask_from(self.frame.pad_mask(mask.rasterize()), polarity="white")


def prepare(ask: Ask) -> Prepared:
    """Load and check everything that can be checked before paying.

    Raises:
        BadRequest: the request cannot be right.
        BadImage: a picture or the mask cannot be used.
    """
    _check_fields(ask)
    accepts = _AZURE_TYPES if ask.model.startswith(_AZURE) else images.ACCEPTED
    sources = tuple(_loaded(image, accepts, raw=ask.raw) for image in ask.images)
    mask = _mask(ask, sources[0])
    referred = [source for source in (*sources, mask) if isinstance(source, Source) and source.reference]
    if referred and ask.transport == "multipart":
        raise BadRequest("A URL or file id cannot be sent as multipart.", hint="Leave out --transport.")
    params = {name: value for name, value in ask.fields.items() if value is not None}
    frame = _frame(ask, sources[0], mask, params)
    if ask.extend is not None and "background" not in params and sources[0].pixels().mode in {"L", "RGB"}:
        params["background"] = "opaque"  # or the new part's edge would let light through
    if frame is not None and mask is None:
        mask = masks.Mask(frame.source)  # under extend alone, only the new area is edited
    notes = [note for source in sources for note in source.notes]
    if mask is not None:
        notes += mask.notes
    return Prepared(ask, sources, mask, frame, params, tuple(dict.fromkeys(notes)))


def _check_fields(ask: Ask) -> None:
    _check_prompt(ask.prompt)
    if not ask.model.strip():
        raise BadRequest("No model is named.", hint="For example --model offline/painter.")
    if not 1 <= len(ask.images) <= MAX_IMAGES:
        raise BadRequest(f"{len(ask.images)} pictures were given; an edit takes 1 to {MAX_IMAGES}.")
    if isinstance(ask.n, bool) or not isinstance(ask.n, int) or not 1 <= ask.n <= MAX_N:
        raise BadRequest(f"n is {ask.n!r}, but has to be a whole number from 1 to {MAX_N}.")
    if ask.take is not None and not _is_take(ask.take):
        raise BadRequest(f"take is {ask.take!r}, but has to be a whole number from 1 to {MOST_TAKES:,}.")
    if ask.transport not in {"", "multipart", "json"}:
        raise BadRequest(f"transport is {ask.transport!r}, but has to be multipart or json.")
    if ask.partial is not None and (type(ask.partial) is not int or not 0 <= ask.partial <= MOST_PARTIALS):
        raise BadRequest(
            f"partial is {ask.partial!r}, but has to be a whole number from 0 to {MOST_PARTIALS}."
        )
    if not 0 < ask.timeout < float("inf"):
        raise BadRequest(f"timeout is {ask.timeout!r}, but has to be a number of seconds above 0.")
    if wrong := sorted(TAKEN.keys() & ask.fields.keys()):
        raise BadRequest(
            f"{wrong[0]!r} cannot be given as a further field: {TAKEN[wrong[0]]}.",
            hint="Leave it out of the further fields.",
        )
    _check_json([ask.prompt, ask.model, ask.fields])
    _check_output(ask.fields)


def _is_take(take: object) -> bool:
    return isinstance(take, int) and not isinstance(take, bool) and 1 <= take <= MOST_TAKES


def _check_prompt(prompt: object) -> None:
    if not isinstance(prompt, str):
        kind = type(prompt).__name__
        raise BadRequest(f"The prompt is a {kind}, but has to be text.", hint="It comes before the pictures.")
    if not prompt.strip():
        raise BadRequest("The prompt is empty.", hint="Say what to change, in the cell's body.")


def _check_json(values: object) -> None:
    try:
        msgspec.json.encode(values)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:  # not JSON; half a surrogate pair
        raise BadRequest(f"A field cannot be sent: {error}.", hint="Use text, numbers, lists.") from None


def _check_output(fields: Mapping[str, Any]) -> None:
    output, background = fields.get("output_format"), fields.get("background")
    compression = fields.get("output_compression")
    if background == "transparent" and output in {"jpeg", "jpg"}:
        raise BadRequest("A JPEG cannot be transparent.", hint="Use --format png or webp.")
    if compression is None:
        return
    if isinstance(compression, bool) or not isinstance(compression, int) or not 0 <= compression <= 100:  # noqa: PLR2004 - percent
        raise BadRequest(f"The compression is {compression!r}, but has to be a whole number from 0 to 100.")


def _loaded(image: object, accepts: frozenset[str], *, raw: bool) -> Source:
    if isinstance(image, Background):  # it goes on in the background: what it fails of is raised here
        image = image.wait()
    if not isinstance(image, Edit):
        return images.load(image, accepts=accepts)
    if not image.images:
        raise BadImage("This edit failed and has no picture to go on from.", hint="Pick another one.")
    source = images.load((image.images if raw else image.restored)[0].bytes, accepts=accepts)
    return replace(source, name=f"edit-{image.id[-8:]}{images.suffix_for(source.mime)}")


def _mask(ask: Ask, first: Source) -> Mask | Source | None:
    if ask.mask is None:
        return None
    given = ask.mask.wait() if isinstance(ask.mask, Background) else ask.mask
    if isinstance(given, Edit) and given.mask is not None:
        given = given.mask
    if isinstance(given, str) and given.startswith(("https://", "file-")):
        return images.load(given)
    if first.size is None:
        raise BadRequest(
            "The picture is a reference of unknown size, so a drawn mask cannot be fitted to it.",
            hint="Give the mask as a URL or file id too, or load the picture first.",
        )
    mask = masks.mask_from(given, size=first.size)
    if mask.is_empty and ask.extend is None:
        raise BadImage(
            "The mask selects nothing, so nothing would change.", hint="Draw on it, or leave it out."
        )
    if mask.is_full:
        raise BadImage("The mask selects everything, so nothing would be kept.", hint=_full_hint(ask))
    return mask


def _full_hint(ask: Ask) -> str:
    if ask.extend is None:
        return "Leave the mask out: without one the whole picture may change."
    return "Leave the mask out: then the picture is kept, and only what is added is drawn."


def _frame(ask: Ask, first: Source, mask: Mask | Source | None, params: dict[str, Any]) -> Frame | None:
    """Fit the source into the size asked for; may settle ``size`` in ``params``."""
    if first.size is None or isinstance(mask, Source) or (mask is None and ask.extend is None):
        if ask.extend is not None:
            raise BadRequest(
                "A picture or mask given by reference cannot be extended.", hint="Load it first."
            )
        return None
    extend = frames.parse_extend(ask.extend, first.size) if isinstance(ask.extend, str) else ask.extend
    left, top, right, bottom = extend or (0, 0, 0, 0)
    whole = (first.size[0] + left + right, first.size[1] + top + bottom)
    size = str(params.get("size") or "auto")
    if size == "auto":
        target: tuple[int, int] | None = frames.nearest(whole, _SIZES)
        params["size"] = "{}x{}".format(*frames.nearest(whole, _SIZES))
    else:
        match = _SIZE.fullmatch(size)
        target = (int(match[1]), int(match[2])) if match else None
    return frames.fit(first.size, target, extend)


def _source_ref(source: Source) -> ImageRef:
    blob = source.given or source.sent
    return ImageRef(
        digest=source.digest,
        name=source.reference[:200] or source.name,
        mime=source.mime,
        size=source.size,
        stored=blob.digest if blob else "",
        notes=source.notes,
    )


def _upload(source: Source, kept: Mapping[str, Blob]) -> Upload:
    blob = source.sent
    if blob is not None and blob is source.given and kept:
        blob = kept.get(blob.digest, blob)
    return Upload(source.name, source.mime, blob, source.reference)


def _as_png(name: str) -> str:
    return f"{name.rpartition('.')[0] or name}.png"
