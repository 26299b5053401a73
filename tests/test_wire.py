import email.utils
import json
import time

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser

from requesty_nb import errors, wire
from requesty_nb.images import Blob

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3


def upload(data=PNG, name="photo.png", mime="image/png"):
    return wire.Upload(name, mime, Blob.of(data))


def plain(text):
    return text


async def parsed(body):
    async def stream():
        for piece in body.pieces():
            yield piece

    from starlette.datastructures import Headers

    form = await MultiPartParser(Headers({"content-type": body.content_type}), stream()).parse()
    out = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            out.append((name, value.filename, value.content_type, await value.read()))
        else:
            out.append((name, value))
    await form.close()
    return out


def run(coroutine):
    import anyio

    return anyio.run(lambda: coroutine)


def test_multipart_names_every_picture_image_brackets_with_its_name_and_type():
    body = wire.multipart(
        {"model": "m", "prompt": "a\r\nred hat é", "n": 2, "stream": False, "none": None},
        [upload(), upload(b"JPEG", 'a "b"\n.jpg', "image/jpeg")],
        upload(b"MASK", "mask.png"),
    )
    assert run(parsed(body)) == [
        ("model", "m"),
        ("prompt", "a\r\nred hat é"),
        ("n", "2"),
        ("stream", "false"),
        ("image[]", "photo.png", "image/png", PNG),
        ("image[]", "a %22b%22%0A.jpg", "image/jpeg", b"JPEG"),
        ("mask", "mask.png", "image/png", b"MASK"),
    ]


def test_multipart_spells_lists_and_objects_as_the_openai_sdk_does():
    body = wire.multipart({"a": [1, True], "b": {"c": {"d": "x"}}}, [upload()], None)
    assert run(parsed(body))[:3] == [("a[]", "1"), ("a[]", "true"), ("b[c][d]", "x")]


def test_multipart_refuses_a_reference():
    with pytest.raises(errors.BadRequest, match="multipart"):
        wire.multipart({}, [wire.Upload("x", "", None, "https://example.com/a.png")], None)


@given(st.binary(max_size=500_000), st.booleans())
def test_json_body_is_valid_json_of_the_length_it_says(data, with_mask):
    mask = upload(data[::-1], "mask.png") if with_mask else None
    fields = {"model": "m", "prompt": 'say "hi" \u2028 é', "n": 3}
    body = wire.json_body(fields, [upload(data), upload(b"x")], mask)
    text = b"".join(body.pieces())
    assert len(text) == body.length
    value = json.loads(text)
    head, _, encoded = value["images"][0]["image_url"].partition(",")
    assert head == "data:image/png;base64"
    assert pybase64.b64decode(encoded, validate=True) == data
    assert value["n"] == 3
    assert ("mask" in value) == with_mask


def test_json_body_carries_urls_and_file_ids_as_they_are():
    refs = [wire.Upload("", "", None, "https://example.com/a.png?x=1"), wire.Upload("", "", None, "file-abc")]
    value = json.loads(b"".join(wire.json_body({}, refs, refs[1]).pieces()))
    assert value == {
        "images": [{"image_url": "https://example.com/a.png?x=1"}, {"file_id": "file-abc"}],
        "mask": {"file_id": "file-abc"},
    }


@given(st.binary(max_size=2000))
def test_multipart_length_is_exact(data):
    body = wire.multipart({"prompt": "é"}, [upload(data)], None)
    assert body.length == len(b"".join(body.pieces()))


def answer(value, headers=()):
    return wire.read_answer(dict(headers), json.dumps(value).encode(), plain)


def test_everything_but_data_is_optional():
    got = answer({"data": [{"b64_json": pybase64.b64encode_as_string(PNG)}]})
    assert got.images == (PNG,)
    assert (got.usage, got.effective, got.extras, got.request_id) == ({}, {}, {}, "")


def test_an_answer_keeps_usage_effective_parameters_ids_and_what_it_does_not_know():
    got = answer(
        {"created": 1, "data": [{"url": "https://x/y.png"}], "size": "1024x1024", "quality": None, "new": [1],
         "usage": {"input_tokens": 3}},
        {"x-requesty-request-id": "r-1", "x-requesty-provider": "azure"}.items(),
    )  # fmt: skip
    assert got.images == ("https://x/y.png",)
    assert got.usage == {"input_tokens": 3}
    assert got.effective == {"size": "1024x1024"}
    assert got.extras == {"created": 1, "new": [1]}
    assert (got.request_id, got.provider) == ("r-1", "azure")


def test_a_data_url_in_place_of_a_url_is_decoded():
    text = "data:image/png;base64," + pybase64.b64encode_as_string(PNG)
    assert answer({"data": [{"url": text}]}).images == (PNG,)


def test_one_broken_picture_does_not_lose_the_others():
    good = pybase64.b64encode_as_string(PNG)
    assert answer({"data": [{"b64_json": "!!"}, {"b64_json": good}, 7]}).images == (None, PNG, None)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>hello</html>", b"[]", b"{}", b'{"data":[]}', b'{"data":null}',
     b'{"data":[{"b64_json":"@@"}]}', b'{"data":[{}]}', b'{"data":[{"url":5}]}',
     b'{"error":{"message":"no"}}', b"\xff\xfe", b'"x"'],
)  # fmt: skip
def test_an_answer_without_a_picture_is_unusable_and_keeps_its_start(content):
    with pytest.raises(errors.AnswerUnusable) as caught:
        wire.read_answer({}, content, plain)
    assert caught.value.paid == "probably"
    assert caught.value.body == wire.plain(content.decode("utf-8", "replace"), 100)


STATUSES = [
    (400, errors.BadRequest, "no"),
    (401, errors.KeyRefused, "no"),
    (402, errors.OutOfFunds, "no"),
    (403, errors.KeyRefused, "no"),
    (404, errors.ModelUnknown, "no"),
    (412, errors.OutOfFunds, "no"),
    (413, errors.TooLarge, "no"),
    (422, errors.BadRequest, "no"),
    (424, errors.EndpointBroken, "perhaps"),
    (429, errors.RateLimited, "no"),
    (500, errors.EndpointBroken, "perhaps"),
    (502, errors.EndpointBroken, "perhaps"),
    (503, errors.EndpointBroken, "perhaps"),
    (529, errors.EndpointBroken, "perhaps"),
    (302, errors.EndpointBroken, "perhaps"),
    (599, errors.EndpointBroken, "perhaps"),
]
FORMS = {
    "requesty": (b'{"error":{"origin":"provider","message":"it says no"}}', "provider", ""),
    "openai": (b'{"error":{"message":"it says no","type":"t","param":null,"code":"c"}}', "", "c"),
    "bare": (b'{"message":"it says no"}', "", ""),
    "text": (b"it says no", "", ""),
    "string": (b'{"error":"it says no"}', "", ""),
    "page": (b"<html><title>it says no</title></html>", "", ""),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("status", "kind", "paid"), STATUSES)
def test_every_status_in_every_form_becomes_one_error(status, kind, paid, form):
    body, origin, code = FORMS[form]
    error = wire.refusal(status, {"x-request-id": "r"}, body, plain, had_key=True)
    assert type(error) is kind
    assert "it says no" in error.message
    assert (error.paid, error.status, error.origin, error.code) == (paid, status, origin, code)
    assert error.request_id == "r"
    assert error.hint


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[1]", b'{"error":{"message":5}}', b"[" * 100_000, b"\xff"]
)
def test_a_refusal_with_no_form_at_all_is_still_told(content):
    assert wire.refusal(400, {}, content, plain, had_key=True).message.startswith("The endpoint refused")


def test_a_401_without_a_key_says_that_none_is_set():
    assert type(wire.refusal(401, {}, b"", plain, had_key=False)) is errors.KeyMissing


@pytest.mark.parametrize("code", ["moderation_blocked", "contentFilter", "content_policy_violation"])
def test_moderation_is_told_from_other_refusals(code):
    body = json.dumps({"error": {"code": code, "message": "blocked"}}).encode()
    assert type(wire.refusal(400, {}, body, plain, had_key=True)) is errors.Moderated


def test_a_spent_quota_under_429_is_no_rate_limit():
    body = b'{"error":{"code":"insufficient_quota","message":"x"}}'
    assert type(wire.refusal(429, {}, body, plain, had_key=True)) is errors.OutOfFunds


def test_503_with_retry_after_was_refused_before_any_work():
    assert wire.refusal(503, {"retry-after": "9"}, b"", plain, had_key=True).paid == "no"


def test_the_key_is_struck_out_of_what_a_server_says():
    def redact(text):
        return text.replace("sk-secret", "[key]")

    said = {"message": "bad sk-secret", "code": "sk-secret", "origin": "sk-secret"}
    body = json.dumps({"error": said}).encode()
    error = wire.refusal(403, {"x-request-id": "sk-secret"}, body, redact, had_key=True)
    assert "sk-secret" not in repr(vars(error))
    got = wire.read_answer(
        {"x-requesty-provider": "sk-secret"},
        json.dumps({"data": [{"url": "https://x"}], "usage": {"sk-secret": ["sk-secret"]}}).encode(),
        redact,
    )
    assert "sk-secret" not in repr(got)


def test_messages_are_one_short_line_without_controls():
    text = wire.plain("a\x1b[31m\u202eb\r\nc\x00" + "x" * 9999, 600)
    assert text.startswith("a[31mb c")
    assert len(text) == 600


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, None), ({"retry-after": "2"}, 2), ({"retry-after": "0.5"}, 0.5), ({"retry-after": "-3"}, 0),
     ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5), ({"retry-after": "nan"}, None),
     ({"retry-after": "inf"}, None), ({"retry-after": "soon"}, None), ({"retry-after": ""}, None)],
)  # fmt: skip
def test_retry_after_in_seconds(headers, seconds):
    assert wire.retry_after(headers) == seconds


def test_retry_after_as_a_date():
    now = time.time()
    text = email.utils.formatdate(now + 30, usegmt=True)
    assert wire.retry_after({"retry-after": text}, now) == pytest.approx(30, abs=1.1)
