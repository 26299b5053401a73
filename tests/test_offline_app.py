"""The offline endpoint's edges: bodies as bytes, pictures of every kind, and what it keeps in memory."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import struct
import time
import tracemalloc
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageCms
from servers import serving

from requesty_nb.offline import create_app, forms
from requesty_nb.offline.tokens import input_image_tokens, output_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

KEY = {"Authorization": "Bearer any"}
PHOTO = Image.fromarray(skimage.data.astronaut()).resize((96, 96))
SOFTWARE = "requesty_nb offline painter (not AI)"


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


PNG = saved(PHOTO)


def url(data: bytes = PNG, media_type: str = "image/png") -> dict[str, str]:
    return {"image_url": f"data:{media_type};base64,{base64.b64encode(data).decode()}"}


def body(**changes: Any) -> dict[str, Any]:
    fields = {
        "model": "offline/painter",
        "prompt": "x",
        "images": [url()],
        "output_format": "jpeg",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app()) as found:
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, headers=KEY, timeout=30) as one:
        yield one


def edits(client: httpx.Client, **options: Any) -> httpx.Response:
    return client.post("/v1/images/edits", **options)


def refused(response: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["x-request-id"]
    error: dict[str, Any] = response.json()["error"]
    assert error["origin"] in {"router", "provider"}
    assert error["message"]
    return error


def picture(response: httpx.Response) -> Image.Image:
    assert response.status_code == 200, response.text
    image = Image.open(BytesIO(base64.b64decode(response.json()["data"][0]["b64_json"], validate=True)))
    image.load()
    return image


def form(*parts: tuple[str, bytes], end: bytes = b"--B--\r\n") -> dict[str, Any]:
    """Return a multipart body from heads and contents."""
    content = b"".join(
        f"--B\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
        for head, data in parts
    )
    return {"content": content + end, "headers": {"Content-Type": "multipart/form-data; boundary=B"}}


MODEL = ('name="model"', b"offline/painter")
PROMPT = ('name="prompt"', b"x")
IMAGE = ('name="image[]"; filename="a.png"\r\nContent-Type: image/png', PNG)
JPEG = ('name="output_format"', b"jpeg")

WRONG_JSON: dict[str, tuple[Any, str]] = {
    "no model": (body(model=...), "missing_required_parameter"),
    "no prompt": (body(prompt=...), "missing_required_parameter"),
    "no images": (body(images=...), "missing_required_parameter"),
    "empty images": (body(images=[]), "missing_required_parameter"),
    "model as number": (body(model=1), "invalid_type"),
    "prompt as null": (body(prompt=None), "invalid_type"),
    "prompt as list": (body(prompt=["x"]), "invalid_type"),
    "images as string": (body(images="x"), "invalid_type"),
    "image as string": (body(images=[url()["image_url"]]), "invalid_type"),
    "image as null": (body(images=[None]), "invalid_type"),
    "empty image": (body(images=[{}]), "invalid_value"),
    "both references": (body(images=[{**url(), "file_id": "file-1"}]), "invalid_value"),
    "image_url as number": (body(images=[{"image_url": 1}]), "invalid_type"),
    "file id": (body(images=[{"file_id": "file-1"}]), "invalid_image_url"),
    "web address": (body(images=[{"image_url": "https://example.org/a.png"}]), "invalid_image_url"),
    "not base64": (body(images=[{"image_url": "data:image/png,abc"}]), "invalid_base64"),
    "broken base64": (body(images=[{"image_url": "data:image/png;base64,a*b="}]), "invalid_base64"),
    "unpadded base64": (body(images=[{"image_url": "data:image/png;base64,abc"}]), "invalid_base64"),
    "octet stream": (body(images=[url(PNG, "application/octet-stream")]), "unsupported_file_mimetype"),
    "17 images": (body(images=[url()] * 17), "array_above_max_length"),
    "mask as null": (body(mask=None), "invalid_type"),
    "mask without alpha": (body(mask=url()), "invalid_mask_image_format"),
    "size as number": (body(size=1024), "invalid_type"),
    "size as null": (body(size=None), "invalid_type"),
    "quality as list": (body(quality=["low"]), "invalid_type"),
    "n as text": (body(n="2"), "invalid_type"),
    "n as boolean": (body(n=True), "invalid_type"),
    "n as float": (body(n=2.0), "invalid_type"),
    "huge n": (body(n=10**30), "invalid_value"),
    "stream as text": (body(stream="true"), "invalid_type"),
    "user as number": (body(user=7), "invalid_type"),
    "response_format": (body(response_format="b64_json"), "unknown_parameter"),
    "a list": ([body()], "invalid_json"),
    "a string": ("x", "invalid_json"),
    "null": (None, "invalid_json"),
}


@pytest.mark.parametrize("case", WRONG_JSON)
def test_json_of_wrong_shape_is_refused(client: httpx.Client, case: str) -> None:
    wrong, code = WRONG_JSON[case]
    headers = {"Content-Type": "application/json"}
    assert refused(edits(client, content=json.dumps(wrong), headers=headers))["code"] == code


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"a":}', b"\xff\xfe", b'{"prompt": "\xff"}', b'{"a":' + b"[" * 100_000, b"NaN"]
)
def test_broken_json_is_refused(client: httpx.Client, content: bytes) -> None:
    refused(edits(client, content=content, headers={"Content-Type": "application/json; charset=utf-8"}))


def test_null_and_unknown_fields_are_as_good_as_absent(client: httpx.Client) -> None:
    plain = edits(client, json=body()).json()
    more = body(n=None, background=None, stream=None, user=None, complexity="low", metadata={"a": [1]})
    assert edits(client, json=more).json()["data"] == plain["data"]


def test_escapes_in_a_data_url_are_read(client: httpx.Client) -> None:
    plain = json.dumps(body())
    escaped = plain.replace("image/png;base64", "image\\/png;base\\u00364")
    assert escaped != plain
    headers = {"Content-Type": "application/json"}
    answers = [edits(client, content=content, headers=headers).json()["data"] for content in (plain, escaped)]
    assert answers[0] == answers[1]


def test_an_overlong_image_url_is_refused(client: httpx.Client) -> None:
    long = {"image_url": "data:image/png;base64," + "A" * 20_971_520}
    assert refused(edits(client, json=body(images=[long])))["code"] == "string_above_max_length"


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "image/png", ""])
def test_other_content_types_are_refused(client: httpx.Client, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert refused(edits(client, content=b"a=b", headers=headers))["code"] == "unsupported_content_type"


WRONG_FORMS: dict[str, dict[str, Any]] = {
    "broken off in a file": form(MODEL, PROMPT, IMAGE, end=b""),
    "broken off in the last boundary": form(MODEL, PROMPT, IMAGE, end=b"--B"),
    "not multipart at all": {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=B"}},
    "empty": {"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=B"}},
    "without boundary": {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    "boundary too long": {
        "content": b"x",
        "headers": {"Content-Type": "multipart/form-data; boundary=" + "B" * 300},
    },
    "part without a name": form(MODEL, PROMPT, IMAGE, ("x=1", b"")),
    "text that is not UTF-8": form(MODEL, ('name="prompt"', b"\xff"), IMAGE),
    "text too long": form(MODEL, ('name="prompt"', b"x" * 1_100_000), IMAGE),
    "too many parts": form(*[(f'name="p{i}"', b"") for i in range(1001)]),
}


@pytest.mark.parametrize("case", WRONG_FORMS)
def test_malformed_forms_are_refused(client: httpx.Client, case: str) -> None:
    assert refused(edits(client, **WRONG_FORMS[case]))["code"] == "invalid_body"


def test_forms_are_checked_field_by_field(client: httpx.Client) -> None:
    single = ('name="image"; filename="a.png"\r\nContent-Type: image/png', PNG)
    twice = refused(edits(client, **form(MODEL, PROMPT, single, single)))
    assert twice["message"] == "Duplicate parameter: 'image'."
    text = refused(edits(client, **form(MODEL, PROMPT, ('name="image[]"', b"x"))))
    assert text["message"] == "Invalid type for 'image[0]': expected a file, but got a string instead."
    assert text["code"] == "invalid_type"
    masked = refused(edits(client, **form(MODEL, PROMPT, IMAGE, ('name="mask"', b"x"))))
    assert (masked["code"], masked["param"]) == ("invalid_type", "mask")
    filed = refused(edits(client, **form(MODEL, ('name="prompt"; filename="p"', b"x"), IMAGE)))
    assert (filed["code"], filed["param"]) == ("invalid_type", "prompt")
    both = edits(client, **form(MODEL, PROMPT, single, IMAGE, JPEG))
    assert both.json()["usage"]["input_tokens_details"]["image_tokens"] == 2 * 194


def test_a_file_without_a_declared_type_is_judged_by_its_bytes(client: httpx.Client) -> None:
    bare = ('name="image[]"; filename="a"', PNG)
    wrong = ('name="image[]"; filename="a.jpg"\r\nContent-Type: image/jpeg', PNG)
    assert picture(edits(client, **form(MODEL, PROMPT, bare, JPEG))).size == (1024, 1024)
    assert picture(edits(client, **form(MODEL, PROMPT, wrong, JPEG))).size == (1024, 1024)


GREY16 = Image.fromarray((np.arange(96 * 96, dtype=np.uint32) * 7 % 65536).astype(np.uint16).reshape(96, 96))
GOOD = {
    "palette": saved(PHOTO.quantize(16)),
    "palette with transparency": saved(PHOTO.quantize(16), transparency=0),
    "one bit": saved(PHOTO.convert("1")),
    "grey": saved(PHOTO.convert("L")),
    "grey of 16 bits": saved(GREY16),
    "grey and alpha": saved(PHOTO.convert("LA")),
    "cmyk": saved(PHOTO.convert("CMYK"), "JPEG"),
    "progressive": saved(PHOTO, "JPEG", progressive=True),
    "lossless webp": saved(PHOTO.convert("RGBA"), "WEBP", lossless=True),
    "two in one, as phones do": saved(PHOTO, "MPO", save_all=True, append_images=[PHOTO]),
    "a pixel": saved(PHOTO.resize((1, 1))),
    "a line": saved(PHOTO.resize((700, 1))),
}


@pytest.mark.parametrize("kind", GOOD)
def test_every_kind_of_png_jpeg_and_webp_is_taken(client: httpx.Client, kind: str) -> None:
    mask = Image.new("RGBA", Image.open(BytesIO(GOOD[kind])).size)
    fields = body(images=[url(GOOD[kind])] * 2, mask=url(saved(mask)))
    assert picture(edits(client, json=fields)).size in {(1024, 1024), (1536, 1024)}


def header_only(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds nothing."""
    return PNG[:16] + width.to_bytes(4) + height.to_bytes(4) + PNG[24:]


def bombed() -> bytes:
    """Return a PNG that claims 81 million pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0)
    return PNG[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + PNG[33:]


BAD = {
    "animated png": saved(PHOTO, save_all=True, append_images=[PHOTO.rotate(90)]),
    "animated webp": saved(PHOTO, "WEBP", save_all=True, append_images=[PHOTO.rotate(90)]),
    "gif": saved(PHOTO, "GIF"),
    "tiff": saved(PHOTO, "TIFF"),
    "too many pixels": bombed(),
    "png with a broken header": header_only(10, 10),
    "cut png": PNG[: len(PNG) // 2],
    "cut jpeg": saved(PHOTO, "JPEG")[:600],
    "cut webp": saved(PHOTO, "WEBP")[:300],
    "html": b"<html>not found</html>",
    "nothing": b"",
}


@pytest.mark.parametrize("kind", BAD)
def test_anything_else_is_an_invalid_image(client: httpx.Client, kind: str) -> None:
    for images in ([url(BAD[kind])], [url(), url(BAD[kind])]):
        error = refused(edits(client, json=body(images=images)))
        assert error["code"] == "invalid_image_file"
        assert error["param"] == ("image" if len(images) == 1 else "image[1]")
    assert refused(edits(client, json=body(mask=url(BAD[kind]))))["code"] == "invalid_mask_image_format"


def test_damaged_files_never_break_the_endpoint(client: httpx.Client) -> None:
    rng = np.random.default_rng(5)
    for kind in ("PNG", "JPEG", "WEBP"):
        whole = np.frombuffer(saved(PHOTO.resize((40, 40)), kind), np.uint8)
        for _ in range(12):
            broken = whole.copy()
            at = rng.integers(0, len(whole), 6)
            broken[at] = rng.integers(0, 256, 6)
            fields = body(images=[url(broken.tobytes())], prompt="blur", quality="low")
            assert edits(client, json=fields).status_code in {200, 400}


def test_orientation_is_obeyed_for_the_source_and_its_mask(client: httpx.Client) -> None:
    wide = Image.new("RGB", (90, 60), (20, 20, 20))
    wide.paste((250, 10, 10), (0, 0, 45, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(wide, "JPEG", exif=exif, quality=95)
    answer = edits(
        client, json=body(images=[url(turned)], mask=url(saved(Image.new("RGBA", (60, 90), "black"))))
    )
    assert answer.json()["size"] == "1024x1536"
    shown = np.asarray(picture(answer))
    assert shown[:700, :, 0].min() > 200
    assert shown[800:, :, 0].max() < 60
    assert answer.json()["usage"]["input_tokens_details"]["image_tokens"] == 65 + 2 * 129


def test_pictures_name_the_software_that_made_them(client: httpx.Client) -> None:
    assert picture(edits(client, json=body(output_format="png"))).info["Software"] == SOFTWARE
    for output_format in ("jpeg", "webp"):
        made = picture(edits(client, json=body(output_format=output_format)))
        assert made.getexif()[0x0131] == SOFTWARE


def test_a_colour_profile_is_passed_on(client: httpx.Client) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = url(saved(PHOTO, icc_profile=profile))
    for output_format in ("png", "jpeg", "webp"):
        made = picture(edits(client, json=body(images=[source], output_format=output_format)))
        assert made.info["icc_profile"] == profile


def test_unknown_paths_and_methods_answer_in_the_error_form(client: httpx.Client) -> None:
    assert refused(client.get("/v1/nothing"), 404)["code"] == "not_found"
    assert refused(client.post("/v1/images/edits/", json=body()), 404)["code"] == "not_found"
    wrong = client.get("/v1/images/edits")
    assert refused(wrong, 405)["code"] == "method_not_allowed"
    assert wrong.headers["allow"] == "POST"
    assert refused(client.delete("/v1/models"), 405)["code"] == "method_not_allowed"


@pytest.mark.parametrize("key", ["", "invalid-1"])
def test_a_refusal_is_read_even_by_a_client_that_is_still_sending(address: str, key: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    chunks = (bytes(1 << 20) for _ in range(30))
    headers = {"Content-Type": "multipart/form-data; boundary=B", "Authorization": f"Bearer {key}"}
    connection.request("POST", "/v1/images/edits", chunks, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == (403 if key else 401)
    assert json.load(answer)["error"]["origin"] == "router"
    connection.close()


def test_the_whole_body_has_a_limit_whatever_its_length_says(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "_BODY_LIMIT", 1 << 20)

    def chunks(head: bytes) -> Iterator[bytes]:
        yield head
        yield from (b"x" * 65536 for _ in range(40))

    heads = {
        "multipart/form-data; boundary=B": form(IMAGE, end=b"")["content"][:-2],
        "application/json": b'{"a": "',
    }
    for content_type, head in heads.items():
        answer = edits(client, content=chunks(head), headers={"Content-Type": content_type})
        assert refused(answer, 413)["code"] == "payload_too_large"


def in_process(app: Any, content: AsyncIterator[bytes], content_type: str) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://offline") as one:
            return await one.post("/v1/images/edits", content=content, headers={"Content-Type": content_type})

    return asyncio.run(run())


async def large_form(many: int, size: int) -> AsyncIterator[bytes]:
    yield form(MODEL, PROMPT, JPEG, end=b"")["content"]
    for _ in range(many):
        yield form((IMAGE[0], b""), end=b"")["content"][:-2] + PNG
        for _ in range(size >> 16):
            yield bytes(1 << 16)
        yield b"\r\n"
    yield b"--B--\r\n"


async def large_json(many: int, size: int) -> AsyncIterator[bytes]:
    yield b'{"model": "offline/painter", "prompt": "x", "output_format": "jpeg", "images": ['
    padded = PNG + bytes(-len(PNG) % 3)
    for i in range(many):
        yield b', {"image_url": "data:image/png;base64,' if i else b'{"image_url": "data:image/png;base64,'
        yield base64.b64encode(padded)
        for _ in range(size >> 16):
            yield b"A" * (1 << 16)
        yield b'"}'
    yield b"]}"


@pytest.mark.parametrize("kind", ["multipart", "json"])
def test_large_bodies_are_kept_on_disk(kind: str) -> None:
    app = create_app(require_key=False)
    source, content_type = {
        "multipart": (large_form, "multipart/form-data; boundary=B"),
        "json": (large_json, "application/json"),
    }[kind]
    assert in_process(app, source(1, 1 << 16), content_type).status_code == 200
    tracemalloc.start()
    try:
        answer = in_process(app, source(10, 8 << 20), content_type)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 200, answer.text[:500]
    # 80 MB were sent; painting needs some memory of its own, and JSON one decoded picture at a time
    assert peak < 40 << 20


def test_a_stream_that_nobody_reads_to_its_end_frees_its_place() -> None:
    fields = body(stream=True, partial_images=3)
    app = create_app(limit=1, delay=4.0)
    with serving(app) as found, httpx.Client(base_url=found, headers=KEY, timeout=30) as client:
        with client.stream("POST", "/v1/images/edits", json=fields) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            lines = response.iter_lines()
            assert next(lines) == "event: image_edit.partial_image"
            assert refused(edits(client, json=body()), 429)["code"] == "rate_limit_exceeded"
        until = time.monotonic() + 3
        status = 429
        while status == 429:
            assert time.monotonic() < until
            with client.stream("POST", "/v1/images/edits", json=fields) as response:
                status = response.status_code
        assert status == 200


def test_a_delay_is_waited_and_told() -> None:
    with serving(create_app(delay=0.2)) as found, httpx.Client(base_url=found, headers=KEY) as client:
        answer = edits(client, json=body())
        assert int(answer.headers["x-requesty-latency-ms"]) >= 200


def test_token_formulas_meet_the_published_figures() -> None:
    published = {("low", 1024, 1024): 272, ("medium", 1024, 1536): 1584, ("high", 1536, 1024): 6208}
    for (quality, width, height), tokens in published.items():
        assert output_tokens((width, height), quality) == tokens
    assert input_image_tokens((1024, 1024), "low") == 194
    assert input_image_tokens((1024, 1024), "high") == 194 + 4160
    assert input_image_tokens((1536, 1024), "high") == 65 + 2 * 129 + 6240
    assert input_image_tokens((8000, 2000), "low") == 65 + 4 * 129
