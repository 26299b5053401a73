"""A request that is told, not sent: as JSON, as a ``curl`` command, and as code for the OpenAI SDK.

Each says the very same as what would be sent, and could be sent. The key stands in none: `KEY` names the
variable that holds it.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from requesty_nb import images
from requesty_nb.wire.bodies import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requesty_nb.wire.bodies import Upload

KEY = "REQUESTY_API_KEY"
_EDITS = "/images/edits"
# What `client.images.edit` of the OpenAI SDK has an argument for; all else goes by `extra_body`.
_OF_THE_SDK = frozenset(
    {
        "background", "input_fidelity", "model", "n", "output_compression", "output_format", "partial_images",
        "prompt", "quality", "size", "stream", "user",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Telling:
    """One request, to be told.

    Args:
        base_url: the endpoint, up to and with its ``/v1``.
        fields: its fields, whatever JSON can hold.
        images: its pictures.
        mask: its mask, if it has one.
        transport: ``multipart`` or ``json``.
    """

    base_url: str
    fields: Mapping[str, Any]
    images: Sequence[Upload]
    mask: Upload | None
    transport: str

    @property
    def json(self) -> str:
        """As JSON, in which pictures stand as their names, types and sizes."""
        kind = "application/json" if self.transport == "json" else "multipart/form-data"
        request: dict[str, Any] = {
            "method": "POST",
            "url": self.base_url + _EDITS,
            "headers": {"Authorization": f"Bearer ${KEY}", "Content-Type": kind},
            "fields": self._fields,
            "images": [_told(image) for image in self.images],
        }
        if self.mask is not None:
            request["mask"] = _told(self.mask)
        return json.dumps(request, indent=2, ensure_ascii=False)

    @property
    def curl(self) -> str:
        """As the command of a POSIX shell that sends it; what is `unsaved` has to be saved first."""
        head = [f"curl {shlex.quote(self.base_url + _EDITS)}", f'-H "Authorization: Bearer ${KEY}"']
        if self.transport == "json":
            return self._json_curl([*head, "-H 'Content-Type: application/json'"])
        texts = [f"--form-string {shlex.quote(f'{name}={value}')}" for name, value in flat(self._fields)]
        files = [
            f"-F {shlex.quote(_form(name, upload, path))}"
            for name, (upload, path) in zip(self._names, self._placed, strict=True)
        ]
        return _lines([*head, *texts, *files])

    @property
    def python(self) -> str:
        """As code for the OpenAI SDK that sends it, without the SDK's own resending; likewise."""
        by_json = self.transport == "json"
        lines = ["import base64"] * (by_json and any(upload.blob for upload in self._uploads))
        lines += ["import os", "from pathlib import Path", "", "from openai import OpenAI", ""]
        if self.unsaved:
            lines += [f"# Save first: {', '.join(self.unsaved)}"]
        lines += [f"client = OpenAI(base_url={self.base_url!r}, api_key=os.environ[{KEY!r}], max_retries=0)"]
        lines += self._json_call() if by_json else self._form_call()
        if self._fields.get("stream") and not by_json:
            lines += ["for event in answer:", "    print(event.type)"]
        return "\n".join(lines)

    @property
    def unsaved(self) -> list[str]:
        """The names under which `curl` and `python` look for pictures that lie in no file yet."""
        return [path for upload, path in self._placed if _homeless(upload)]

    def save(self, folder: Path) -> list[Path]:
        """Write the `unsaved` pictures into a folder.

        Raises:
            FileExistsError: there is one of this name; it is left as it is.
        """
        saved = []
        for upload, path in self._placed:
            if upload.blob is not None and _homeless(upload):
                with (folder / path).open("xb") as file:
                    file.writelines(upload.blob.pieces())
                saved.append(folder / path)
        return saved

    @property
    def _fields(self) -> dict[str, Any]:
        """The fields as JSON and a form have them: dates, for one, as texts."""
        fields: dict[str, Any] = msgspec.to_builtins(dict(self.fields))
        return fields

    @property
    def _uploads(self) -> list[Upload]:
        return [*self.images, *([self.mask] if self.mask else [])]

    @property
    def _names(self) -> list[str]:
        return ["image[]"] * len(self.images) + ["mask"] * (self.mask is not None)

    @property
    def _placed(self) -> list[tuple[Upload, str]]:
        """Each picture with where it lies, or with the name to save it under, of which each is another."""
        placed: list[tuple[Upload, str]] = []
        taken: set[str] = set()
        for upload in self._uploads:
            path = str(_within(upload.blob.path)) if upload.blob is not None and upload.blob.path else ""
            number = 1
            while _homeless(upload) and (not path or path in taken):
                # Its own name may be that of a file which is something else: it was converted, or padded.
                path = f"sent-{number}-{upload.name}" if number > 1 else f"sent-{upload.name}"
                number += 1
            taken.add(path)
            placed.append((upload, path))
        return placed

    def _json_curl(self, head: Sequence[str]) -> str:
        pieces = list(self._json_pieces())
        if len(pieces) == 1:
            return _lines([*head, f"--data-raw {shlex.quote(pieces[0][0])}"])
        written = []
        for text, path in pieces:
            written.append(f"printf %s {shlex.quote(text)}")
            if path:
                written.append(f"base64 < {shlex.quote(path)} | tr -d '\\n'")
        return "{ " + "\n  ".join(written) + "\n} | " + _lines([*head, "--data-binary @-"])

    def _json_pieces(self) -> Iterator[tuple[str, str]]:
        """Yield the body's text piece by piece, each with the file whose base64 follows it, if one does."""
        text = json.dumps(self._fields, ensure_ascii=False)[:-1] + ', "images": ['
        for number, (upload, path) in enumerate(self._placed):
            if upload is self.mask:
                text += '], "mask": '
            elif number:
                text += ", "
            if upload.blob is None:
                text += json.dumps(_referring(upload))
            else:
                yield f'{text}{{"image_url": "data:{upload.mime};base64,', path
                text = '"}'
        yield text + ("]}" if self.mask is None else "}"), ""

    def _json_call(self) -> list[str]:
        """Tell the call of an SDK that knows nothing of pictures in JSON."""
        told = [_in_code(upload, path) for upload, path in self._placed]
        masked = told.pop() if self.mask is not None else ""
        lines = ["body = {", *(f"    {name!r}: {value!r}," for name, value in self._fields.items())]
        lines += ["    'images': [", *(f"        {one}," for one in told), "    ],"]
        lines += [f"    'mask': {masked},"] * bool(masked)
        return [*lines, "}", f"answer = client.post({_EDITS!r}, cast_to=object, body=body)"]

    def _form_call(self) -> list[str]:
        files = [_file(upload, path) for upload, path in self._placed]
        masked = files.pop() if self.mask is not None else ""
        lines = [
            "answer = client.images.edit(",
            "    image=[",
            *(f"        {file}," for file in files),
            "    ],",
        ]
        lines += [f"    mask={masked},"] * bool(masked)
        lines += [f"    {name}={value!r}," for name, value in self._fields.items() if name in _OF_THE_SDK]
        if further := {name: value for name, value in self._fields.items() if name not in _OF_THE_SDK}:
            lines.append(f"    extra_body={further!r},")
        return [*lines, ")"]


def _homeless(upload: Upload) -> bool:
    return upload.blob is not None and upload.blob.path is None


def _referring(upload: Upload) -> dict[str, str]:
    return {"file_id" if upload.reference.startswith("file-") else "image_url": upload.reference}


def _told(upload: Upload) -> dict[str, Any]:
    if upload.blob is None:
        return dict(_referring(upload))
    told: dict[str, Any] = {"name": upload.name, "type": upload.mime, "bytes": upload.blob.length}
    width, height = images.inspect(upload.blob.read())[1]
    return {**told, "width": width, "height": height}


def _form(name: str, upload: Upload, path: str) -> str:
    # Within quotes curl takes every character but these two as it is.
    path, called = (text.replace("\\", "\\\\").replace('"', '\\"') for text in (path, upload.name))
    return f'{name}=@"{path}";filename="{called}";type={upload.mime}'


def _file(upload: Upload, path: str) -> str:
    return f"({upload.name!r}, Path({path!r}).read_bytes(), {upload.mime!r})"


def _in_code(upload: Upload, path: str) -> str:
    if upload.blob is None:
        return repr(_referring(upload))
    encoded = f"base64.b64encode(Path({path!r}).read_bytes()).decode()"
    return f"{{'image_url': 'data:{upload.mime};base64,' + {encoded}}}"


def _within(path: Path) -> Path:
    """Return a path as it is written in the current folder: what is told may be handed on."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _lines(parts: Sequence[str]) -> str:
    return " \\\n  ".join(parts)
