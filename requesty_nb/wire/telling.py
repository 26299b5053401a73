"""A request that is told, not sent: as JSON, as a ``curl`` command, and as code for the OpenAI SDK.

Each says the very same as what would be sent, and could be sent. The key stands in none: `KEY` names the
variable that holds it.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from requesty_nb.wire.bodies import flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from requesty_nb.wire.bodies import Upload

KEY = "REQUESTY_API_KEY"
# What `client.images.edit` of the OpenAI SDK has an argument for; all else goes by `extra_body`.
_OF_THE_SDK = frozenset(
    {
        "background", "input_fidelity", "model", "n", "output_compression", "output_format", "partial_images",
        "prompt", "quality", "size", "stream", "user",
    }
)  # fmt: skip


def as_json(url: str, fields: Mapping[str, Any], images: Sequence[Upload], mask: Upload | None) -> str:
    """Return a request as JSON, in which pictures stand as their names, types and sizes."""
    request: dict[str, Any] = {
        "method": "POST",
        "url": url,
        "headers": {"Authorization": f"Bearer ${KEY}"},
        "fields": dict(fields),
        "images": [_told(image) for image in images],
    }
    if mask is not None:
        request["mask"] = _told(mask)
    return _written(request, indent=2)


def as_curl(url: str, fields: Mapping[str, Any], images: Sequence[Upload], mask: Upload | None) -> str:
    """Return the ``curl`` command of a POSIX shell that sends a request."""
    head = [f"curl {shlex.quote(url)}", f'-H "Authorization: Bearer ${KEY}"']
    if _referred(images, mask):
        body = shlex.quote(_written(_body(fields, images, mask)))
        return _lines([*head, "-H 'Content-Type: application/json'", f"--data-raw {body}"])
    texts = [f"--form-string {shlex.quote(f'{name}={value}')}" for name, value in flat(fields)]
    files = [("image[]", image) for image in images] + ([("mask", mask)] if mask else [])
    return _lines([*head, *texts, *(f"-F {shlex.quote(_form(name, upload))}" for name, upload in files)])


def as_python(base_url: str, fields: Mapping[str, Any], images: Sequence[Upload], mask: Upload | None) -> str:
    """Return code for the OpenAI SDK that sends a request, without the SDK's own resending."""
    lines = [
        "import os",
        "from pathlib import Path",
        "",
        "from openai import OpenAI",
        "",
        f"client = OpenAI(base_url={base_url!r}, api_key=os.environ[{KEY!r}], max_retries=0)",
    ]
    if _referred(images, mask):  # of which the SDK knows nothing
        body = repr(_body(fields, images, mask))
        return "\n".join([*lines, f"answer = client.post('/images/edits', cast_to=object, body={body})"])
    lines += ["answer = client.images.edit(", f"    image=[{', '.join(map(_file, images))}],"]
    if mask is not None:
        lines.append(f"    mask={_file(mask)},")
    lines += [f"    {name}={value!r}," for name, value in fields.items() if name in _OF_THE_SDK]
    if further := {name: value for name, value in fields.items() if name not in _OF_THE_SDK}:
        lines.append(f"    extra_body={further!r},")
    return "\n".join([*lines, ")"])


def unsaved(images: Sequence[Upload], mask: Upload | None) -> list[str]:
    """Return the names of the pictures that lie in no file yet, under which the others look for them."""
    every = [*images, *([mask] if mask else [])]
    return [one.name for one in every if one.blob is not None and one.blob.path is None]


def _referred(images: Sequence[Upload], mask: Upload | None) -> bool:
    return any(one.blob is None for one in [*images, *([mask] if mask else [])])


def _body(fields: Mapping[str, Any], images: Sequence[Upload], mask: Upload | None) -> dict[str, Any]:
    body = {**fields, "images": [_referring(image) for image in images]}
    return body if mask is None else {**body, "mask": _referring(mask)}


def _referring(upload: Upload) -> dict[str, str]:
    if upload.blob is not None:
        told = f"(the {upload.blob.length:,} bytes of {_path(upload)} in base64)"
        return {"image_url": f"data:{upload.mime};base64,{told}"}
    return {"file_id" if upload.reference.startswith("file-") else "image_url": upload.reference}


def _told(upload: Upload) -> dict[str, Any]:
    if upload.blob is None:
        return dict(_referring(upload))
    return {"name": upload.name, "type": upload.mime, "bytes": upload.blob.length}


def _form(name: str, upload: Upload) -> str:
    # Within quotes curl takes every character but these two as it is.
    path, called = (text.replace("\\", "\\\\").replace('"', '\\"') for text in (_path(upload), upload.name))
    return f'{name}=@"{path}";filename="{called}";type={upload.mime}'


def _file(upload: Upload) -> str:
    return f"({upload.name!r}, Path({_path(upload)!r}).read_bytes(), {upload.mime!r})"


def _path(upload: Upload) -> str:
    """Return where a picture lies, or the name to save it under first."""
    path = upload.blob.path if upload.blob is not None else None
    return upload.name if path is None else str(path)


def _lines(parts: Sequence[str]) -> str:
    return " \\\n  ".join(parts)


def _written(value: object, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=False)
