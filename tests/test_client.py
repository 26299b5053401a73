"""The client over TCP: against the offline endpoint, and against a server that misbehaves by a script."""

from __future__ import annotations

import email.utils
import gzip
import json
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import numpy as np
import pytest
from photos import MADE, MODEL, PNG, encoded, key, photo, session
from servers import Line, Scripted, answering, hanging, message, pictures, refusing, scripted, serving

from requesty_nb import client, errors
from requesty_nb.images import Blob
from requesty_nb.masks import Mask
from requesty_nb.offline import create_app
from requesty_nb.wire import Body

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = "1024x1024"
GOOD = pictures(MADE[0])


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app(serve_as=(MODEL,))) as url:
        yield f"{url}/v1"


def edits(address: str) -> int:
    return int(httpx.get(f"{address}/offline/count").json()["edits"])


# The offline endpoint


def test_one_picture_over_tcp(address):
    with session(address) as one:
        edit = one.edit("a quiet place", PNG, size=SIZE, output_format="jpeg")
    assert edit.images[0].pil.size == edit.images[0].size == (1024, 1024)
    assert edit.result.provider == "offline/painter"
    assert edit.result.request_id and edit.usage["total_tokens"] > 0
    assert edit.result.effective == {
        "size": SIZE, "quality": "medium", "output_format": "jpeg", "background": "opaque"
    }  # fmt: skip


def test_several_pictures_and_json_and_n(address):
    others = [PNG, photo(60, 40), photo(40, 60)]
    with session(address) as one:
        made = {
            form: one.edit("both", *others, n=3, size=SIZE, output_format="jpeg", transport=form)
            for form in ("multipart", "json")
        }
    assert [picture.digest for picture in made["multipart"].images] == [
        picture.digest for picture in made["json"].images
    ]
    assert len({picture.digest for picture in made["json"].images}) == 3


def test_a_mask_over_tcp_in_both_forms(address):
    source = photo(1024, 1024)
    mask = Mask(source.size).rect(0, 0, 512, 1024)
    with session(address) as one:
        made = [one.edit("x", source, mask=mask, size=SIZE, transport=form) for form in ("multipart", "json")]
    assert made[0].images == made[1].images
    raw = np.asarray(made[0].images[0].pil.convert("RGB"))
    assert np.array_equal(raw[:, 512:], np.asarray(source)[:, 512:])
    assert not np.array_equal(raw[:, :512], np.asarray(source)[:, :512])


def test_a_transparent_background_arrives_with_alpha(address):
    with session(address) as one:
        edit = one.edit("cut it out", PNG, background="transparent", size=SIZE)
    assert edit.images[0].pil.mode == "RGBA"
    assert edit.images[0].pil.getchannel("A").getextrema()[0] == 0


@pytest.mark.parametrize(
    ("output", "mime"), [("png", "image/png"), ("jpeg", "image/jpeg"), ("webp", "image/webp")]
)
def test_every_output_format_is_known_by_its_bytes(address, output, mime):
    with session(address) as one:
        picture = one.edit("x", PNG, output_format=output, size=SIZE).images[0]
    assert picture.mime == mime
    assert picture.pil.size == (1024, 1024)


REFUSED = {
    "size in words": {"size": "big"},
    "size too small": {"size": "512x512"},
    "quality": {"quality": "best"},
    "format": {"output_format": "gif"},
    "background": {"background": "blue"},
    "fidelity": {"input_fidelity": "mid"},
    "moderation": {"moderation": "none"},
    "response_format": {"response_format": "url"},
    "compressed png": {"output_compression": 50},
    "long prompt": {"prompt": "x" * 32_001},
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("form", ["multipart", "json"])
def test_what_the_endpoint_refuses_is_a_bad_request_in_its_words(address, case, form):
    options: dict[str, Any] = {"prompt": "x", **REFUSED[case]}
    before = edits(address)
    with session(address) as one, pytest.raises(errors.BadRequest) as caught:
        one.edit(options.pop("prompt"), PNG, transport=form, **options)
    error = caught.value
    assert (error.status, error.paid, error.origin) == (400, "no", "provider")
    assert error.code and error.request_id and len(error.message) > 30
    assert edits(address) == before


def test_an_unknown_model_a_wrong_key_and_no_key(address):
    with session(address) as one, pytest.raises(errors.ModelUnknown, match="not supported"):
        one.edit("x", PNG, model="openai/gpt-image-9")
    with session(address, api_key="invalid-key") as one, pytest.raises(errors.KeyRefused, match="Invalid"):
        one.edit("x", PNG)
    with session(address, api_key="") as one, pytest.raises(errors.KeyMissing) as caught:
        one.edit("x", PNG)
    assert caught.value.status == 401


def test_an_unknown_address_is_said_to_be_one(address):
    with session(f"{address}/elsewhere") as one, pytest.raises(errors.ModelUnknown) as caught:
        one.edit("x", PNG)
    assert caught.value.status == 404


def test_a_busy_endpoint_is_waited_for():
    with serving(create_app(serve_as=(MODEL,), limit=1, delay=0.05)) as url, session(f"{url}/v1") as one:

        async def both() -> None:
            async with anyio.create_task_group() as group:
                for prompt in ("a", "b"):
                    group.start_soon(lambda text: one.aedit(text, PNG, output_format="jpeg"), prompt)

        anyio.run(both)
        assert edits(f"{url}/v1") == 2


def test_the_models_are_listed_without_a_key(address):
    found = anyio.run(client.list_models, address, 5.0)
    assert found == sorted({MODEL, "offline/painter", "offline/leaky"})


def test_a_list_of_models_that_cannot_be_had_says_why():
    with scripted(answering(b"<html>")) as server, pytest.raises(errors.AnswerUnusable):
        anyio.run(client.list_models, server.url, 5.0)
    assert "authorization" not in server.got[0].headers
    with scripted(refusing(500)) as server, pytest.raises(errors.AnswerUnusable, match="500"):
        anyio.run(client.list_models, server.url, 5.0)
    with scripted(hanging) as server, pytest.raises(errors.NotSent, match="within"):
        anyio.run(client.list_models, server.url, 0.1)


# Every status

STATUSES = [
    (400, errors.BadRequest, "no"),
    (401, errors.KeyRefused, "no"),
    (402, errors.OutOfFunds, "no"),
    (403, errors.KeyRefused, "no"),
    (404, errors.ModelUnknown, "no"),
    (412, errors.OutOfFunds, "no"),
    (413, errors.TooLarge, "no"),
    (424, errors.EndpointBroken, "perhaps"),
    (500, errors.EndpointBroken, "perhaps"),
    (502, errors.EndpointBroken, "perhaps"),
    (503, errors.EndpointBroken, "perhaps"),
    (529, errors.EndpointBroken, "perhaps"),
]


@pytest.mark.parametrize(("status", "kind", "paid"), STATUSES)
def test_a_status_is_one_error_after_one_post(tmp_path, status, kind, paid):
    turn = refusing(status, "it says no", ["x-request-id: r-1"])
    with scripted(turn, answering(GOOD)) as server, session(server.url, tmp_path) as one:
        with pytest.raises(kind) as caught:
            one.edit("x", PNG)
        assert server.posts == server.connections == 1
        failed = one.history[caught.value.attempt]
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.paid, error.origin, error.request_id) == (status, paid, "router", "r-1")
    assert "it says no" in error.message and error.hint == kind.default_hint
    assert (failed.state, failed.record.failure.type) == (
        "failed" if paid == "no" else "unknown",
        kind.__name__,
    )
    assert (failed.record.failure.status, failed.record.failure.paid) == (status, paid)
    assert "it says no" in failed.record.failure.body


@pytest.fixture
def brief(monkeypatch):
    """Waits a tenth as long as they are."""
    from requesty_nb.client import sender

    monkeypatch.setattr(sender, "_FIRST_DELAY", sender._FIRST_DELAY / 10)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "header", ["Retry-After: 0.05", "retry-after-ms: 50", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"]
)
def test_a_request_to_wait_is_obeyed_and_the_whole_request_sent_again(brief, status, header):
    with scripted(refusing(status, headers=[header]), answering(GOOD)) as server, session(server.url) as one:
        assert one.edit("x", PNG).images[0].bytes == MADE[0]
    assert server.posts == 2
    assert [got.parts()[-1][3] for got in server.got] == [PNG, PNG]


def test_a_429_that_says_not_how_long_is_waited_for_a_little(brief):
    with scripted(refusing(429), answering(GOOD)) as server, session(server.url) as one:
        one.edit("x", PNG)
    assert server.posts == 2


@pytest.mark.parametrize(("status", "kind"), [(429, errors.RateLimited), (503, errors.EndpointBroken)])
def test_a_pause_longer_than_what_is_left_is_told_at_once(status, kind):
    later = email.utils.formatdate(time.time() + 3600, usegmt=True)
    for header in ("Retry-After: 3600", f"Retry-After: {later}"):
        with scripted(refusing(status, headers=[header])) as server, session(server.url) as one:
            began = time.monotonic()
            with pytest.raises(kind) as caught:
                one.edit("x", PNG)
            assert time.monotonic() - began < 5
            assert server.posts == 1
        assert caught.value.paid == "no"
        assert "asks to wait" in caught.value.hint and "--timeout" in caught.value.hint


def test_a_503_that_names_no_time_is_not_sent_again():
    with scripted(refusing(503), answering(GOOD)) as server, session(server.url) as one:
        with pytest.raises(errors.EndpointBroken):
            one.edit("x", PNG)
        assert server.posts == 1


# Misbehaviour


def told(*turns: Any, **options: Any) -> tuple[errors.ImgEditError, Any, float]:
    """Return what an edit against a script raises, the server, and how long it took."""
    with scripted(*turns) as server, session(server.url, **options) as one:
        began = time.monotonic()
        with pytest.raises(errors.ImgEditError) as caught:
            one.edit("x", PNG)
        return caught.value, server, time.monotonic() - began


def test_a_refused_connection_is_tried_three_times_and_nothing_is_sent(brief, monkeypatch):
    from requesty_nb.client import sender

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    tries: list[str] = []
    connecting = sender.Sender._exchange

    async def counted(self, call, watch):
        tries.append(call.url)
        return await connecting(self, call, watch)

    monkeypatch.setattr(sender.Sender, "_exchange", counted)
    with session(f"http://127.0.0.1:{port}/v1") as one, pytest.raises(errors.NotSent) as caught:
        one.edit("x", PNG)
    assert len(tries) == 3
    assert caught.value.paid == "no"


def test_a_connection_that_is_made_at_the_second_try_is_used():
    """A listener that is not there yet is the one failure that is always safe to repeat."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    def later() -> None:
        with socket.create_server(("127.0.0.1", port)) as bound:
            sock, _ = bound.accept()
            Scripted([answering(GOOD)], port).serve(sock)

    seen: list[str] = []
    thread = threading.Thread(target=later, daemon=True)

    class Watching:
        def tick(self, state: str, elapsed: float, _: object = None) -> None:
            seen.append(state)
            assert elapsed >= 0
            if not thread.ident:
                thread.start()

        def close(self) -> None:
            pass

    with session(f"http://127.0.0.1:{port}/v1") as one:
        assert one.run(one.ask("x", PNG), Watching()).images[0].bytes == MADE[0]
    assert "connecting again" in seen
    thread.join(10)


def closing(line: Line) -> None:
    line.request()


def half_a_head(line: Line) -> None:
    line.request()
    line.send(b"HTTP/1.1 200 OK\r\nContent-Le")


def resetting(line: Line) -> None:
    line.request()
    line.reset()


def garbage(line: Line) -> None:
    line.request()
    line.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")


@pytest.mark.parametrize("turn", [closing, half_a_head, resetting, garbage])
def test_no_answer_after_the_body_has_left_is_an_unknown_outcome(turn):
    error, server, _ = told(turn)
    assert type(error) is errors.OutcomeUnknown
    assert error.paid == "perhaps" and "--new" in error.hint
    assert server.posts == server.connections == 1


def test_a_hung_server_is_given_up_at_the_deadline_and_not_asked_again():
    error, server, took = told(hanging, timeout=0.4)
    assert type(error) is errors.OutcomeUnknown and "0.4 s" in error.message
    assert server.posts == server.connections == 1
    assert took < 1.4


def test_a_server_that_trickles_for_ever_is_given_up_at_the_deadline():
    def trickling(line: Line) -> None:
        line.request()
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not line.server.released.wait(0.02):
            line.send(b" ")

    error, server, took = told(trickling, timeout=0.4)
    assert type(error) is errors.OutcomeUnknown
    assert server.posts == 1 and took < 1.4


@pytest.mark.parametrize(
    "head",
    [
        f"Content-Length: {len(GOOD) + 9}",  # longer than what comes
        f"Content-Length: {len(GOOD) - 9}",  # shorter
        "Transfer-Encoding: chunked",  # and no chunk comes
    ],
)
def test_an_answer_that_breaks_off_was_probably_paid(head):
    def turn(line: Line) -> None:
        line.request()
        body = b"ffff\r\n" + GOOD[:99] if "chunked" in head else GOOD
        line.send(message(body, headers=[head], length=False))

    error, server, _ = told(turn)
    assert type(error) is errors.AnswerUnusable and error.paid == "probably"
    assert server.posts == 1


def test_a_reset_within_the_answer_was_probably_paid():
    def turn(line: Line) -> None:
        line.request()
        line.send(message(GOOD)[:-200])
        line.reset()

    error, server, _ = told(turn)
    assert error.paid in {"probably", "perhaps"} and server.posts == 1


def test_a_redirect_is_not_followed_and_the_key_stays_here():
    with scripted(answering(GOOD)) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            error, server, _ = told(refusing(status, headers=[f"Location: {elsewhere.url}/images/edits"]))
            assert type(error) is errors.EndpointBroken and "another address" in error.message
            assert server.posts == 1
        assert elsewhere.connections == 0


def test_a_packed_answer_that_was_not_asked_for_is_unpacked():
    for name, packed in (
        ("gzip", gzip.compress(GOOD)),
        ("x-gzip", gzip.compress(GOOD)),
        ("deflate", zlib.compress(GOOD)),
    ):
        with scripted(answering(packed, headers=[f"Content-Encoding: {name}"])) as server:
            with session(server.url) as one:
                assert one.edit("x", PNG).images[0].bytes == MADE[0]
            assert server.got[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (GOOD, "br"),
        (GOOD, "gzip, gzip"),
        (GOOD, "nonsense\x7f"),
        (GOOD, "gzip"),
        (gzip.compress(GOOD)[:-300], "gzip"),
    ],
)
def test_an_answer_that_cannot_be_unpacked_is_unusable(body, encoding):
    error, server, _ = told(answering(body, headers=[f"Content-Encoding: {encoding}"]))
    assert type(error) is errors.AnswerUnusable and error.paid == "probably"
    assert server.posts == 1


def post(url: str, limit: int) -> client.Reply:
    async def go() -> client.Reply:
        sender = client.Sender()
        call = client.Call(url, Body("text/plain", (b"x",)), {}, None, 10.0, limit)
        try:
            return await sender.send(call, client.Watch())
        finally:
            await sender.aclose()

    return anyio.run(go)


def test_a_bomb_is_unpacked_no_further_than_an_answer_may_be_long():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(64)), packer.flush()])
    assert len(bomb) < 100_000
    with scripted(answering(bomb, headers=["Content-Encoding: gzip"])) as server:
        with pytest.raises(errors.AnswerUnusable, match="larger than the 4 MB"):
            post(server.url, 4 << 20)
        assert len(post(server.url, 64 << 20).content) == 64 << 20


def test_an_endless_answer_is_read_no_further_than_an_answer_may_be_long():
    sent = 0

    def endless(line: Line) -> None:
        nonlocal sent
        line.request()
        line.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            line.send(bytes(1 << 16))
            sent += 1 << 16

    with scripted(endless) as server, pytest.raises(errors.AnswerUnusable, match="larger than the 1 MB"):
        post(server.url, 1 << 20)
    assert sent < 64 << 20


def test_an_endless_refusal_still_tells_its_status():
    def endless(line: Line) -> None:
        line.request()
        line.send(b"HTTP/1.1 402 No\r\nConnection: close\r\n\r\n")
        while True:
            line.send(b"no " * 9999)

    error, server, _ = told(endless)
    assert type(error) is errors.OutOfFunds and len(error.body) <= 2000
    assert server.posts == 1


CUT = {
    "png": MADE[0][:-30],
    "jpeg": encoded(photo(), "JPEG")[:-40],
    "webp": encoded(photo(), "WEBP")[:-40],
    "damaged png": MADE[0][:200] + bytes([MADE[0][200] ^ 1]) + MADE[0][201:],
    "gif": encoded(photo(), "GIF"),
    "text": b"sorry",
    "empty": b"",
}


@pytest.mark.parametrize("kind", CUT)
def test_a_picture_that_is_not_whole_is_unusable(tmp_path, kind):
    with scripted(answering(pictures(CUT[kind]))) as server, session(server.url, tmp_path) as one:
        with pytest.raises(errors.AnswerUnusable) as caught:
            one.edit("x", PNG)
        assert server.posts == 1 and len(one.history) == 0
    assert caught.value.paid == "probably"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>Log in</title>",
        b'{"error":{"message":"no"}}',
        b'{"data":[]}',
        b"null",
        b"[" * 5000,
    ],
)
def test_a_200_without_a_picture_is_unusable_and_its_start_is_kept(tmp_path, body):
    with (
        scripted(answering(body, headers=["x-request-id: r-9"])) as server,
        session(server.url, tmp_path) as one,
    ):
        with pytest.raises(errors.AnswerUnusable) as caught:
            one.edit("x", PNG)
        assert server.posts == 1
        kept = one.history.failures[0].record.failure
    assert caught.value.request_id == kept.request_id == "r-9"
    assert kept.body == caught.value.body
    assert body[:40].decode() in kept.body


def test_the_format_is_told_by_the_bytes_and_not_by_what_the_answer_says():
    jpeg = encoded(photo(), "JPEG")
    with scripted(answering(pictures(jpeg, output_format="png"))) as server, session(server.url) as one:
        edit = one.edit("x", PNG, output_format="png")
    assert edit.images[0].mime == "image/jpeg" and edit.images[0].bytes == jpeg
    assert edit.result.effective == {"output_format": "png"}


@pytest.mark.parametrize(("asked", "came"), [(3, 1), (1, 3), (2, 4)])
def test_more_or_fewer_pictures_than_asked_for_are_kept_and_noted(asked, came):
    with scripted(answering(pictures(*MADE[:came]))) as server, session(server.url) as one:
        edit = one.edit("x", PNG, n=asked)
    assert [picture.bytes for picture in edit.images] == list(MADE[:came])
    assert f"{asked} pictures were asked for, {came} came" in edit.record.notes


@pytest.mark.parametrize("broken", [{"b64_json": "!!"}, {"b64_json": "aGVsbG8="}, {}, None, {"b64_json": 7}])
def test_one_broken_picture_of_three_does_not_lose_the_others(broken):
    data = [*json.loads(pictures(*MADE[:2]))["data"]]
    body = json.dumps({"data": [data[0], broken, data[1]]}).encode()
    with scripted(answering(body)) as server, session(server.url) as one:
        edit = one.edit("x", PNG, n=3)
    assert [picture.bytes for picture in edit.images] == list(MADE[:2])
    assert any(note.startswith("1 of 3 pictures") for note in edit.record.notes)


HOSTILE: dict[str, Any] = {
    "numbers": {"usage": {"input_tokens": 10**40, "output_tokens": -5, "cost": "free"}},
    "types": {"usage": [1, 2], "size": 5, "quality": {"a": 1}, "output_format": [], "background": True},
    "sizes": {"size": "0x0", "usage": {"input_tokens": None}},
    "controls": {"usage": {"\x1b[31m": "\u202e"}, "quality": "\x00" * 50},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_odd_things_beside_a_good_picture_do_not_lose_it(tmp_path, case):
    with (
        scripted(answering(pictures(MADE[0], **HOSTILE[case]))) as server,
        session(server.url, tmp_path) as one,
    ):
        assert one.edit("x", PNG).images[0].bytes == MADE[0]
        again = one.edit("x", PNG)
        assert again.replayed and again.images[0].bytes == MADE[0]


def test_a_deep_answer_does_not_lose_the_picture_or_the_record(tmp_path):
    body = GOOD[:-1] + b',"usage":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}"
    with scripted(answering(body)) as server, session(server.url, tmp_path) as one:
        one.edit("x", PNG)
        assert one.edit("x", PNG).replayed
        assert one.history.damaged == []


def test_an_early_413_is_read_while_the_body_is_still_being_sent(tmp_path):
    big = PNG + bytes(40_000_000)  # a whole PNG with something after its end

    def early(line: Line) -> None:
        got, _ = line.head()
        line.server.count(got)
        line.send(message(b'{"error":{"message":"too much"}}', "413 Too Large"))
        line.socket.shutdown(socket.SHUT_WR)
        while line.socket.recv(1 << 20):
            pass

    with scripted(early) as server, session(server.url) as one:
        with pytest.raises(errors.TooLarge, match="too much"):
            one.edit("x", big)
        assert server.posts == 1


def test_a_server_that_closes_before_the_body_is_whole_has_not_been_sent_anything():
    def leaving(line: Line) -> None:
        got, _ = line.head()
        line.server.count(got)
        line.reset()

    with scripted(leaving) as server, session(server.url) as one:
        with pytest.raises(errors.NotSent) as caught:
            one.edit("x", PNG + bytes(40_000_000))
        assert server.posts == 1
    assert caught.value.paid == "no"


def test_a_server_that_stops_reading_is_given_up_at_the_deadline():
    def deaf(line: Line) -> None:
        got, _ = line.head()
        line.server.count(got)
        line.hold()

    with scripted(deaf) as server, session(server.url, timeout=0.5) as one:
        with pytest.raises(errors.NotSent, match=r"0\.5 s") as caught:
            one.edit("x", PNG + bytes(40_000_000))
        assert server.posts == 1
    assert caught.value.paid == "no"


def test_a_file_that_changes_while_it_is_sent_is_never_sent_whole(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(PNG + bytes(30_000_000))

    def changing(line: Line) -> None:
        got, _ = line.head()
        line.server.count(got)
        with path.open("r+b") as file:
            file.truncate(20_000_000)
        while line.socket.recv(1 << 20):
            pass

    with scripted(changing) as server, session(server.url) as one:
        with pytest.raises(errors.BadImage, match="changed") as caught:
            one.edit("x", path)
        assert server.posts == 1
    assert caught.value.paid == "no"


def test_no_connection_is_kept_for_the_next_request():
    with scripted(answering(GOOD)) as server, session(server.url) as one:
        one.edit("x", PNG)
        one.edit("y", PNG)
        assert server.connections == server.posts == 2


def test_what_is_sent_says_who_sends_it_and_for_how_much(address):
    with scripted(answering(GOOD)) as server, session(server.url) as one:
        one.edit("x", PNG)
    headers = server.got[0].headers
    assert server.got[0].path == "/v1/images/edits"
    assert headers["authorization"] == f"Bearer {key()}"
    assert headers["user-agent"].startswith("requesty_nb/")
    assert "transfer-encoding" not in headers
    assert int(headers["content-length"]) == len(server.got[0].body)


def test_a_netrc_file_is_not_looked_into(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with scripted(answering(GOOD)) as server, session(server.url, api_key="") as one:
        one.edit("x", PNG)
    assert "authorization" not in server.got[0].headers


def test_a_body_is_read_in_pieces():
    blob = Blob.of(bytes(10_000_000))
    body = Body("x", (blob,))
    assert max(map(len, body.pieces())) < 1 << 20
