"""Answers that only point to their pictures: what is fetched, from where, and with what."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from photos import MADE, PNG, key, session
from servers import Line, Turn, answering, hanging, message, refusing, scripted

from requesty_nb import errors
from requesty_nb.client import fetch, results

if TYPE_CHECKING:
    from collections.abc import Callable

Urls = "Callable[[str], list[str]]"


def pointing(urls: Callable[[str], list[str]]) -> Turn:
    """Answer with addresses, made from the server's own origin."""

    def turn(line: Line) -> None:
        line.request()
        origin = line.server.url.removesuffix("/v1")
        line.send(message(json.dumps({"data": [{"url": url} for url in urls(origin)]}).encode()))

    return turn


def at(*urls: str) -> Turn:
    return pointing(lambda origin: [url.replace("ORIGIN", origin) for url in urls])


def test_a_picture_at_the_endpoints_own_origin_is_fetched_without_the_key(tmp_path):
    turns = at("ORIGIN/files/a.png?sig=1"), answering(MADE[0])
    with scripted(*turns) as server, session(server.url, tmp_path) as one:
        edit = one.edit("x", PNG)
        assert one.edit("x", PNG).images[0].bytes == MADE[0]
    assert edit.images[0].bytes == MADE[0]
    post, get = server.got
    assert (get.method, get.path) == ("GET", "/files/a.png?sig=1")
    assert "authorization" in post.headers and "authorization" not in get.headers
    assert key() not in repr(get) and "cookie" not in get.headers
    assert get.headers["accept-encoding"] == "identity"


def test_a_data_url_in_place_of_an_address_is_taken_without_fetching():
    url = "data:image/png;base64," + base64.b64encode(MADE[0]).decode()
    with scripted(at(url)) as server, session(server.url) as one:
        assert one.edit("x", PNG).images[0].bytes == MADE[0]
    assert server.connections == 1


FORBIDDEN = [
    "http://example.com/a.png",
    "http://127.0.0.1:PORT/a.png",
    "https://127.0.0.1:PORT/a.png",
    "https://127.1:PORT/a.png",
    "https://2130706433:PORT/a.png",
    "https://0x7f000001:PORT/a.png",
    "https://localhost:PORT/a.png",
    "https://0.0.0.0:PORT/a.png",
    "https://[::1]:PORT/a.png",
    "https://[::ffff:127.0.0.1]:PORT/a.png",
    "https://[::]:PORT/a.png",
    "https://[fe80::1]:PORT/a.png",
    "https://[fd00::1]/a.png",
    "https://10.0.0.1/a.png",
    "https://172.16.0.1/a.png",
    "https://192.168.1.1/a.png",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/a.png",
    "https://224.0.0.1/a.png",
    "https://255.255.255.255/a.png",
    "https://me:pw@1.1.1.1/a.png",
    "https:///a.png",
    "ftp://1.1.1.1/a.png",
    "file:///etc/passwd",
    "/etc/passwd",
    "",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_an_address_that_points_inward_is_refused_without_a_connection(tmp_path, url):
    with scripted(answering(MADE[1])) as inner:
        port = inner.url.rsplit(":", 1)[1].removesuffix("/v1")
        bad = url.replace("PORT", port)
        with scripted(at(bad), answering(MADE[1])) as server, session(server.url, tmp_path) as one:
            with pytest.raises(errors.AnswerUnusable) as caught:
                one.edit("x", PNG)
            assert server.connections == 1
            kept = one.history.failures[0].record.failure
        assert inner.connections == 0
    assert caught.value.paid == "probably"
    assert bad in kept.body


@pytest.mark.parametrize("url", ["https://[", "https://h:port/a"])
def test_an_address_that_is_none_is_unusable_and_nothing_worse(tmp_path, url):
    with scripted(at(url)) as server, session(server.url, tmp_path, timeout=3) as one:
        with pytest.raises(errors.AnswerUnusable):
            one.edit("x", PNG)
        assert one.history.failures[0].state == "unknown"  # probably paid, so not sent again by itself


@pytest.mark.parametrize("host", ["1.1.1.1", "[2606:4700:4700::1111]"])
def test_a_public_address_is_pinned_and_keeps_its_name(host):
    target, name = anyio.run(results._pinned, f"https://{host}/a.png?b=c#d")
    assert target == f"https://{host}:443/a.png?b=c"
    assert name == host.strip("[]")


@pytest.fixture
def brief(monkeypatch):
    """Waits between two tries, a tenth as long as they are."""
    monkeypatch.setattr(results, "_FIRST_DELAY", results._FIRST_DELAY / 10)


def test_a_failing_fetch_is_tried_again_and_its_address_kept(brief, tmp_path):
    with scripted(at("ORIGIN/a.png"), refusing(404)) as server, session(server.url, tmp_path) as one:
        with pytest.raises(errors.AnswerUnusable, match="404") as caught:
            one.edit("x", PNG)
        assert server.posts == 1 and server.connections == 4
        failure = one.history.failures[0].record.failure
    assert failure.body == caught.value.body == f"{server.url.removesuffix('/v1')}/a.png"
    assert "address is kept" in failure.hint


def test_a_fetch_that_fails_once_succeeds_at_the_second_try(brief):
    with (
        scripted(at("ORIGIN/a.png"), refusing(503), answering(MADE[0])) as server,
        session(server.url) as one,
    ):
        assert one.edit("x", PNG).images[0].bytes == MADE[0]
    assert server.posts == 1


def test_a_hung_fetch_ends_at_the_deadline(tmp_path):
    with scripted(at("ORIGIN/a.png"), hanging) as server, session(server.url, tmp_path, timeout=0.4) as one:
        with pytest.raises(errors.AnswerUnusable, match="in time") as caught:
            one.edit("x", PNG)
        assert server.posts == 1
    assert caught.value.body.endswith("/a.png")


def test_a_redirect_of_a_picture_is_not_followed(brief, tmp_path):
    with scripted(answering(MADE[1])) as inner:
        away = refusing(302, headers=[f"Location: {inner.url}/a.png"])
        with scripted(at("ORIGIN/a.png"), away) as server:
            one = session(server.url, tmp_path)
            with pytest.raises(errors.AnswerUnusable, match="302"):
                one.edit("x", PNG)
        assert inner.connections == 0


def test_one_picture_that_cannot_be_fetched_does_not_lose_the_others(tmp_path):
    urls = ("ORIGIN/a.png", "https://127.0.0.1:1/b.png", "ORIGIN/c.png")
    turns = at(*urls), answering(MADE[0]), answering(MADE[1])
    with scripted(*turns) as server, session(server.url, tmp_path) as one:
        edit = one.edit("x", PNG, n=3)
    assert [picture.bytes for picture in edit.images] == list(MADE[:2])
    note = next(note for note in edit.record.notes if note.startswith("1 of 3"))
    assert "https://127.0.0.1:1/b.png" in note


def test_what_is_fetched_is_proven_like_any_picture():
    for body in (b"<html>", MADE[0][:-20], b""):
        with scripted(at("ORIGIN/a.png"), answering(body)) as server:
            one = session(server.url)
            with pytest.raises(errors.AnswerUnusable):
                one.edit("x", PNG)


def test_a_fetched_picture_is_capped_also_when_packed():
    async def get(url: str) -> bytes:
        return await fetch(url, endpoint=url, limit=100_000, timeout=5)

    packed = gzip.compress(bytes(1 << 24))
    for turn in (answering(bytes(200_000)), answering(packed, headers=["Content-Encoding: gzip"])):
        with scripted(turn) as server, pytest.raises(errors.AnswerUnusable, match="larger"):
            anyio.run(get, server.url)


def test_a_key_in_an_address_is_struck_out_of_what_is_kept(tmp_path):
    urls: Any = (f"https://127.0.0.1:1/a.png?k={key()}", "ORIGIN/b.png")
    with scripted(at(*urls), answering(MADE[0])) as server, session(server.url, tmp_path / "a") as one:
        edit = one.edit("x", PNG, n=2)
        assert key() not in repr(edit.record)
    with scripted(at(urls[0])) as server, session(server.url, tmp_path / "b") as one:
        with pytest.raises(errors.AnswerUnusable) as caught:
            one.edit("x", PNG)
        assert key() not in repr(vars(caught.value)) and "[key]" in caught.value.body
