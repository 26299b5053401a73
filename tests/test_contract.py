"""The offline endpoint seen through a client that others wrote: OpenAI's SDK, over TCP and in process."""

from __future__ import annotations

import asyncio
import base64
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import openai
import pytest
import skimage.data
from PIL import Image
from servers import serving

from requesty_nb.offline import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "offline/painter"
SIZE = "1024x1024"


def file(image: Image.Image, name: str = "photo.png") -> tuple[str, bytes, str]:
    out = BytesIO()
    kind = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "gif": "GIF", "bmp": "BMP"}[name.rpartition(".")[2]]
    image.save(out, kind)
    return name, out.getvalue(), f"image/{kind.lower()}"


PHOTO = Image.fromarray(skimage.data.astronaut())
ASTRONAUT = file(PHOTO)
CAT = file(Image.fromarray(skimage.data.chelsea()), "cat.jpg")


def half_mask(size: tuple[int, int] = (512, 512)) -> Image.Image:
    mask = Image.new("RGBA", size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    return mask


def decoded(b64: str | None) -> Image.Image:
    assert b64
    image = Image.open(BytesIO(base64.b64decode(b64, validate=True)))
    image.load()
    return image


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app(serve_as=("azure/openai/gpt-image-1",))) as url:
        yield f"{url}/v1"


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=address, max_retries=0, timeout=30) as one:
        yield one


def edit(client: openai.OpenAI, **params: Any) -> Any:
    params = {"model": MODEL, "prompt": "a quiet place", "image": [ASTRONAUT], **params}
    return client.images.edit(**params)


def test_one_image_as_a_single_file_and_as_a_list_give_the_same_picture(client: openai.OpenAI) -> None:
    single = edit(client, image=ASTRONAUT, size=SIZE)
    listed = edit(client, image=[ASTRONAUT], size=SIZE)
    assert single.data[0].b64_json == listed.data[0].b64_json
    assert decoded(single.data[0].b64_json).size == (1024, 1024)
    assert (single.size, single.quality, single.output_format, single.background) == (
        (SIZE, "medium", "png", "opaque")
    )


@pytest.mark.parametrize("size", ["1024x1024", "1024x1536", "1536x864"])
def test_the_picture_has_the_size_the_answer_says(client: openai.OpenAI, size: str) -> None:
    answer = edit(client, size=size, output_format="jpeg")
    assert answer.size == size
    assert decoded(answer.data[0].b64_json).size == tuple(map(int, size.split("x")))


@pytest.mark.parametrize(
    ("shape", "size"), [((300, 300), "1024x1024"), ((600, 400), "1536x1024"), ((400, 600), "1024x1536")]
)
def test_auto_takes_the_documented_size_of_the_nearest_aspect(
    client: openai.OpenAI, shape: tuple[int, int], size: str
) -> None:
    assert edit(client, image=[file(PHOTO.resize(shape))], size="auto", output_format="jpeg").size == size


def test_usage_follows_the_documented_tables(client: openai.OpenAI) -> None:
    square = file(PHOTO.resize((1024, 1024)))
    jpeg = partial(edit, client, output_format="jpeg")
    low = jpeg(image=[square], size="1024x1536", quality="low", prompt="12345678").usage
    assert (low.output_tokens, low.input_tokens_details.image_tokens) == (408, 194)
    assert (low.input_tokens, low.total_tokens, low.cost) == (196, 604, 0)
    high = jpeg(image=[square], size="1024x1024", quality="high", input_fidelity="high", n=2).usage
    assert (high.output_tokens, high.input_tokens_details.image_tokens) == (2 * 4160, 2 * (194 + 4160))
    assert jpeg(size="1280x1280", quality="high").usage.output_tokens == 8383


def test_several_images_are_all_taken_in(client: openai.OpenAI) -> None:
    alone, both, other = (
        edit(client, image=images, size=SIZE, output_format="jpeg").data[0].b64_json
        for images in ([ASTRONAUT], [ASTRONAUT, CAT], [ASTRONAUT, CAT, file(PHOTO.rotate(90), "turned.webp")])
    )
    assert len({alone, both, other}) == 3
    assert edit(client, image=[ASTRONAUT] * 16, output_format="jpeg").data


def test_a_mask_is_obeyed_pixel_for_pixel(client: openai.OpenAI) -> None:
    source = PHOTO.resize((1024, 1024))
    answer = edit(client, image=[file(source)], mask=file(half_mask((1024, 1024))), size=SIZE)
    result = np.asarray(decoded(answer.data[0].b64_json).convert("RGB"))
    assert np.array_equal(result[:, 512:], np.asarray(source)[:, 512:])
    assert np.abs(result[:, :512].astype(int) - np.asarray(source)[:, :512]).mean() > 5


def test_the_leaky_model_lets_the_rest_drift(client: openai.OpenAI) -> None:
    source = PHOTO.resize((1024, 1024))
    raw = client.images.with_raw_response.edit(
        model="offline/leaky", prompt="x", image=[file(source)], mask=file(half_mask((1024, 1024))), size=SIZE
    )
    assert raw.headers["x-requesty-provider"] == "offline/leaky"
    result = np.asarray(decoded(raw.parse().data[0].b64_json).convert("RGB"))
    assert 2 < np.abs(result[:, 600:].astype(int) - np.asarray(source)[:, 600:]).mean() < 40


def test_n_pictures_differ_from_each_other(client: openai.OpenAI) -> None:
    answer = edit(client, n=3, size=SIZE, output_format="jpeg")
    assert len({item.b64_json for item in answer.data}) == 3


def test_a_take_is_another_picture_and_the_same_take_the_same(client: openai.OpenAI) -> None:
    pictures = [
        edit(client, size=SIZE, extra_headers={"X-Requesty-Take": take}).data[0].b64_json
        for take in ("1", "2", "2")
    ]
    assert pictures[0] != pictures[1] == pictures[2]
    assert edit(client, size=SIZE).data[0].b64_json == pictures[0]


@pytest.mark.parametrize("output_format", ["png", "webp"])
def test_a_transparent_background_has_clear_pixels(client: openai.OpenAI, output_format: str) -> None:
    answer = edit(client, background="transparent", output_format=output_format)
    image = decoded(answer.data[0].b64_json)
    assert (answer.background, answer.output_format) == ("transparent", output_format)
    assert image.format == output_format.upper()
    assert image.getchannel("A").getextrema()[0] == 0


def test_compression_makes_smaller_files(client: openai.OpenAI) -> None:
    for output_format in ("jpeg", "webp"):
        fine, coarse = (
            len(edit(client, output_format=output_format, output_compression=level).data[0].b64_json)
            for level in (95, 20)
        )
        assert coarse < fine / 2


def test_json_with_data_urls_gives_what_multipart_gives(client: openai.OpenAI) -> None:
    def url(upload: tuple[str, bytes, str]) -> dict[str, str]:
        return {"image_url": f"data:{upload[2]};base64,{base64.b64encode(upload[1]).decode()}"}

    mask = file(half_mask())
    form = edit(client, image=[ASTRONAUT, CAT], mask=mask, size=SIZE, n=2)
    answer: Any = client.post(
        "/images/edits",
        cast_to=object,
        body={
            "model": MODEL,
            "prompt": "a quiet place",
            "images": [url(ASTRONAUT), url(CAT)],
            "mask": url(mask),
            "size": SIZE,
            "n": 2,
        },
    )
    assert [item["b64_json"] for item in answer["data"]] == [item.b64_json for item in form.data]


def test_a_stream_shows_previews_and_then_what_an_answer_holds(client: openai.OpenAI) -> None:
    seen = list(edit(client, stream=True, partial_images=2, n=2, size=SIZE))
    preview, completed = "image_edit.partial_image", "image_edit.completed"
    assert [event.type for event in seen] == [preview, preview, completed] * 2
    assert [event.partial_image_index for event in seen if event.type == preview] == [0, 1, 0, 1]
    last = decoded(seen[2].b64_json).convert("RGB")
    away = [
        np.abs(np.asarray(decoded(event.b64_json).convert("RGB"), int) - np.asarray(last)).mean()
        for event in seen[:3]
    ]
    assert away[0] > away[1] > away[2] == 0
    answer = edit(client, n=2, size=SIZE)
    assert [event.b64_json for event in seen if event.type == completed] == [
        item.b64_json for item in answer.data
    ]
    assert seen[2].usage.output_tokens == 1056 + 2 * 100
    assert (seen[2].size, seen[2].quality, seen[2].background) == (SIZE, "medium", "opaque")


def test_headers_name_the_request_and_who_answered(client: openai.OpenAI) -> None:
    raw = client.images.with_raw_response.edit(
        model="azure/openai/gpt-image-1", prompt="x", image=[ASTRONAUT], output_format="jpeg"
    )
    assert raw.headers["x-requesty-provider"] == "offline/painter"
    assert raw.headers["x-requesty-latency-ms"].isdigit()
    assert raw.headers["x-requesty-request-id"] in raw.headers["x-request-id"]


def test_models_are_listed_without_a_key(address: str) -> None:
    listed = httpx.get(f"{address}/models").json()
    assert listed["object"] == "list"
    assert {entry["id"] for entry in listed["data"]} == {
        "offline/painter",
        "offline/leaky",
        "azure/openai/gpt-image-1",
    }
    assert all(entry["supports_image_generation"] for entry in listed["data"])
    with openai.OpenAI(api_key="any", base_url=address) as client:
        assert {model.object for model in client.models.list()} == {"model"}


BAD: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "response_format": ({"response_format": "url"}, "unknown_parameter", "response_format"),
    "bytes without a type": ({"image": ASTRONAUT[1]}, "unsupported_file_mimetype", "image"),
    "gif": ({"image": [file(PHOTO, "a.gif")]}, "invalid_image_file", "image"),
    "bmp": ({"image": [file(PHOTO, "a.bmp")]}, "invalid_image_file", "image"),
    "garbage": ({"image": [("a.png", b"nonsense", "image/png")]}, "invalid_image_file", "image"),
    "cut off": ({"image": [("a.png", ASTRONAUT[1][:9000], "image/png")]}, "invalid_image_file", "image"),
    "empty file": ({"image": [("a.png", b"", "image/png")]}, "invalid_image_file", "image"),
    "mask without alpha": ({"mask": file(PHOTO)}, "invalid_mask_image_format", "mask"),
    "mask of another size": ({"mask": file(half_mask((9, 9)))}, "invalid_mask_image_format", "mask"),
    "mask that is no png": ({"mask": file(half_mask(), "m.webp")}, "invalid_mask_image_format", "mask"),
    "empty prompt": ({"prompt": " "}, "empty_string", "prompt"),
    "long prompt": ({"prompt": "x" * 32_001}, "string_above_max_length", "prompt"),
    "17 images": ({"image": [ASTRONAUT] * 17}, "array_above_max_length", "image"),
    "n = 0": ({"n": 0}, "invalid_value", "n"),
    "n = 11": ({"n": 11}, "invalid_value", "n"),
    "n in words": ({"n": "three"}, "invalid_type", "n"),
    "compression": ({"output_compression": 101, "output_format": "jpeg"}, "invalid_value", None),
    "compressed png": ({"output_compression": 50}, "invalid_value", "output_compression"),
    "transparent jpeg": (
        {"background": "transparent", "output_format": "jpeg"},
        "invalid_value",
        "background",
    ),
    "size in words": ({"size": "big"}, "invalid_value", "size"),
    "size not of 16": ({"size": "1000x1000"}, "invalid_value", "size"),
    "size too long": ({"size": "3856x2160"}, "invalid_value", "size"),
    "size too narrow": ({"size": "3200x1024"}, "invalid_value", "size"),
    "size too small": ({"size": "512x512"}, "invalid_value", "size"),
    "quality": ({"quality": "best"}, "invalid_value", "quality"),
    "format": ({"output_format": "gif"}, "invalid_value", "output_format"),
    "background": ({"background": "blue"}, "invalid_value", "background"),
    "fidelity": ({"input_fidelity": "mid"}, "invalid_value", "input_fidelity"),
    "moderation": ({"extra_body": {"moderation": "none"}}, "invalid_value", "moderation"),
    "partial_images": ({"partial_images": 4}, "invalid_value", "partial_images"),
    "stream": ({"extra_body": {"stream": "yes"}}, "invalid_type", "stream"),
    "take": ({"extra_headers": {"X-Requesty-Take": "0"}}, "invalid_value", "X-Requesty-Take"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_refused_with_the_contracts_code(client: openai.OpenAI, case: str) -> None:
    params, code, param = BAD[case]
    with pytest.raises(openai.BadRequestError) as caught:
        edit(client, **params)
    assert caught.value.code == code
    assert param is None or caught.value.param == param
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["origin"] in {"router", "provider"}
    assert caught.value.request_id


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="Provider and/or model not supported"):
        edit(client, model="openai/gpt-image-9")


def test_keys_are_asked_for_and_checked(address: str) -> None:
    with openai.OpenAI(api_key="invalid-key", base_url=address, max_retries=0) as client:
        with pytest.raises(openai.PermissionDeniedError):
            edit(client)
        for header in ("", "Bearer", "Basic abc"):
            with pytest.raises(openai.AuthenticationError, match="Missing Authorization"):
                edit(client, extra_headers={"Authorization": header})


def test_an_image_over_50_mb_is_too_large_and_the_answer_is_read(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        edit(client, image=[("a.png", ASTRONAUT[1] + bytes(50_000_000), "image/png")])
    assert caught.value.status_code == 413
    assert caught.value.code == "payload_too_large"


def test_one_edit_beyond_the_limit_is_told_to_wait() -> None:
    async def both(client: openai.AsyncOpenAI) -> list[Any]:
        return await asyncio.gather(*(aedit(client) for _ in range(3)), return_exceptions=True)

    app = create_app(limit=1, delay=0.3)
    with serving(app) as url:
        answers = asyncio.run(with_client(both, base_url=f"{url}/v1", api_key="any"))
        count = httpx.get(f"{url}/v1/offline/count").json()
    refused = [answer for answer in answers if isinstance(answer, openai.RateLimitError)]
    assert len(refused) == 2
    assert {error.response.headers["retry-after"] for error in refused} == {"1"}
    assert count == {"edits": 1, "served": 1}


async def aedit(client: openai.AsyncOpenAI) -> Any:
    return await client.images.edit(model=MODEL, prompt="x", image=[ASTRONAUT], output_format="jpeg")


async def with_client(use: Any, **options: Any) -> Any:
    async with openai.AsyncOpenAI(max_retries=0, **options) as client:
        return await use(client)


def test_the_application_also_answers_in_process_without_a_key() -> None:
    async def run() -> Any:
        # the SDK takes clients of its own kind only: httpx before its version 3, httpx2 since
        kind: Any = import_module(openai.DefaultAsyncHttpxClient.__mro__[1].__module__.partition(".")[0])
        transport = kind.ASGITransport(create_app(require_key=False))
        async with kind.AsyncClient(transport=transport) as http:
            return await with_client(aedit, base_url="http://offline/v1", api_key="any", http_client=http)

    answer = asyncio.run(run())
    assert decoded(answer.data[0].b64_json).size == (1024, 1024)


def test_a_count_tells_payments_apart_from_refusals() -> None:
    with ExitStack() as stack:
        url = stack.enter_context(serving(create_app()))
        client = stack.enter_context(openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0))
        for params in ({}, {"n": 99}, {"stream": True}):
            try:
                answer = edit(client, **params)
                if params.get("stream"):
                    list(answer)
            except openai.BadRequestError:
                pass
        assert httpx.get(f"{url}/v1/offline/count").json() == {"edits": 2, "served": 2}
