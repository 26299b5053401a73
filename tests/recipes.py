"""Edits, pictures and how they are looked at: what the tests of recipes share."""

from __future__ import annotations

import hashlib
import zlib
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
from photos import encoded, photo
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from requesty_nb.models import Edit, EditRecord, EditRequest, EditResult, ImageInfo, ImageRef

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("PNG", {}),
    "JPEG": ("JPEG", {}),
    "WebP": ("WEBP", {}),
    "lossless WebP": ("WEBP", {"lossless": True}),
}
XMP = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "iptc": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
REF = ImageRef(
    digest="sha256:" + "ab" * 32, name="a photo.jpg", mime="image/jpeg", size=(60, 40), stored="ab"
)
REQUEST = EditRequest(
    prompt="a {red} hat & <b>, 日本語 🙂",
    model="azure/openai/gpt-image-1.5",
    images=(REF,),
    params={"size": "1536x1024", "quality": "low", "x": [1, 2.5, None, {"b": True}]},
)


def edit_of(request: EditRequest, **more: Any) -> Edit:
    info = ImageInfo(hashlib.sha256(b"picture").hexdigest(), "image/png", 60, 40)
    made = EditRecord(
        **{
            "id": "01m89t2rr0z4r1g745vp378ppm",
            "key": request.key,
            "take": 1,
            "state": "ok",
            "request": request,
            "started": datetime(2026, 11, 25, tzinfo=UTC),
            "elapsed": 1.0,
            "result": EditResult(images=(info, info), provider="azure", effective={"quality": "low"}),
            **more,
        }
    )
    return Edit(made, lambda _: b"picture")


def asked(**changes: Any) -> EditRequest:
    return msgspec.structs.replace(REQUEST, **changes)


@cache
def file_of(name: str) -> bytes:
    kind, how = KINDS[name]
    return encoded(photo(60, 40), kind, **how)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def comment_of(image: Image.Image) -> bytes:
    comment: bytes = image.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    return comment


def said(image: Image.Image) -> dict[str, str]:
    """What the picture's XMP says, read by another reader of XML."""
    packet = image.info["xmp"]
    root = ET.fromstring(packet if isinstance(packet, bytes) else packet.encode())  # noqa: S314 - our own
    values = {}
    for description in root.iter(f"{{{XMP['rdf']}}}Description"):
        values |= {name.split("}")[-1]: value for name, value in description.attrib.items()}
        values |= {child.tag.split("}")[-1]: (child.text or "") for child in description}
    return values


def with_right_sums(png: bytes) -> bytes:
    """Return a changed PNG with the check sums that its chunks should have."""

    at, out = 8, [png[:8]]
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        body = png[at + 4 : at + 8 + size]
        out += [png[at : at + 4], body, zlib.crc32(body).to_bytes(4, "big")]
        at += 12 + size
    return b"".join(out)


def of_length(length: int, filler: str = "x") -> EditRequest:
    """A request whose recipe has about so many bytes."""
    return asked(prompt=filler * (length // len(filler.encode())), params={})


# Other programs' pictures

WEB_UI = (
    "a fox, (snow:1.2),\n{soft} light\n"
    "Negative prompt: blurry,\nlow quality\n"
    "Steps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 965400086, Size: 512x768, Model: foxes_v2, "
    'Lora hashes: "warm: 1a2b, cold: \\"3c\\"", Version: v1.9.4'
)
GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 7, "steps": 25, "cfg": 6.5, "sampler_name": "euler", "scheduler": "normal",
                   "denoise": 1.0, "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0],
                   "latent_image": ["5", 0]},
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "foxes_v2.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 1024, "height": 1024, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox in the snow", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "out"}},
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "warm.safetensors", "model": ["4", 0]}},
}  # fmt: skip


def png_with(*, packed: bool = False, **texts: str) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text, zip=packed)
    return encoded(photo(), pnginfo=info)


def commented(comment: bytes, kind: str = "JPEG", order: str = "<") -> bytes:
    exif = Image.Exif()
    exif.endian = order
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return encoded(photo(), kind, exif=exif.tobytes())


TAKEN_BY = {
    ExifTags.Base.Make: "ACME",
    ExifTags.Base.Orientation: 6,
    ExifTags.Base.Copyright: "me, 2026",
}


def with_exif(name: str, order: str = "<", **more: Any) -> bytes:
    """A picture with a camera's EXIF: an orientation, a place, a maker's note and a comment."""
    exif = Image.Exif()
    exif.endian = order
    for tag, value in TAKEN_BY.items():
        exif[tag] = value
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    exif.get_ifd(ExifTags.IFD.Exif).update({0x829A: 0.25, 0x927C: b"maker's own \x01\x02", 0x9286: b"x" * 40})
    kind, how = KINDS[name]
    return encoded(photo(60, 40), kind, exif=exif.tobytes(), **{**how, **more})


def with_text(name: str, text: bytes, kind: bytes = b"iTXt") -> bytes:
    body = name.encode() + (b"\0\0\0\0\0" if kind == b"iTXt" else b"\0") + text
    plain = file_of("PNG")
    return with_right_sums(plain[:33] + len(body).to_bytes(4, "big") + kind + body + b"sums" + plain[33:])
