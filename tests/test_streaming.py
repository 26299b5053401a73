"""Streamed answers: at the level of bytes, and from servers that cut, repeat, shuffle and lie."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from photos import MADE, MODEL, PNG, noise, session
from servers import message, pictures, scripted, serving

from requesty_nb import errors
from requesty_nb.client import Watch
from requesty_nb.client.streams import is_stream
from requesty_nb.offline import create_app
from requesty_nb.sessions import Session
from requesty_nb.wire import Event, Framer, read_event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from servers import Line, Turn

    from requesty_nb.client import Partial

HEAD = "Content-Type: text/event-stream"
USAGE = {
    "input_tokens": 10,
    "output_tokens": 272,
    "input_tokens_details": {"text_tokens": 4, "image_tokens": 6},
}


def event(kind: str, data: dict[str, Any], *, named: bool = True, end: str = "\n") -> bytes:
    name = f"image_edit.{kind}" if kind in {"partial_image", "completed"} else kind
    lines = [f"event: {name}"] if named else []
    return (end.join([*lines, f"data: {json.dumps({'type': name, **data})}"]) + end * 2).encode()


def partial(index: int, file: bytes = MADE[5]) -> bytes:
    return event("partial_image", {"b64_json": base64.b64encode(file).decode(), "partial_image_index": index})


def completed(file: bytes, **more: Any) -> bytes:
    data = {"b64_json": base64.b64encode(file).decode(), "size": "32x32", "quality": "low", "usage": USAGE}
    return event("completed", {**data, **more})


UNKNOWN = event("image_edit.dreaming", {"of": "sheep"})
ERROR = event("error", {"error": {"message": "the painter fell ill", "code": "server_error"}})


def streaming(body: bytes, *, cut: bool = False, kind: str = HEAD, pieces: int = 1) -> Turn:
    """Read the request and stream a body; ``cut`` resets the connection at its end."""

    def turn(line: Line) -> None:
        line.request()
        head = (
            f"HTTP/1.1 200 OK\r\n{kind}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
        )
        line.send(head)
        step = max(1, len(body) // pieces)
        for start in range(0, len(body), step):
            piece = body[start : start + step]
            line.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if not cut:
            line.send(b"0\r\n\r\n")

    return turn


# ---------------------------------------------------------------- frames and events


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_frames_are_the_same_however_the_stream_is_cut(data: st.DataObject) -> None:
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    texts = data.draw(st.lists(st.text("ab \u00e9{}:", max_size=9), min_size=1, max_size=5))
    stream = b"\xef\xbb\xbf" + b"".join(
        event("completed", {"said": text}, end=end) + f": a comment{end}{end}".encode() for text in texts
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    framer, blocks = Framer(), []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        blocks += framer.feed(stream[start:stop])
    blocks += framer.rest()
    read = [read_event(block) for block in blocks]
    assert [one.data["said"] for one in read if one.kind == "completed"] == texts
    assert {one.kind for one in read} == {"completed", "other"}


def test_a_large_event_in_the_smallest_pieces_takes_no_longer_than_it_is_long() -> None:
    framer, stream = Framer(), b"data: " + b"x" * 400_000 + b"\n\n"
    began = time.process_time()
    blocks = [block for place in range(len(stream)) for block in framer.feed(stream[place : place + 1])]
    small = time.process_time() - began
    assert len(blocks) == 1 and len(blocks[0]) == len(stream)
    assert small < 8  # quadratic, it would be minutes


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (b"data: {}", "other"),
        (b"data: [DONE]", "other"),
        (b'event: image_edit.completed\ndata: {"b64_json": "AAAA"}', "completed"),
        (b'event: x\ndata: {"type": "image_generation.completed",\ndata: "b64_json": "AAAA"}', "completed"),
        (b'event: image_edit.completed\ndata: {"b64_json": ', "other"),
        (b'data: {"error": {"message": "no"}}', "error"),
        (b'event: error\ndata: {"message": "no"}', "error"),
        (b"id: 7\nretry: 10\n: hello", "other"),
        (b'data: "image_edit.completed"', "other"),
        (b"data: " + b"[" * 100_000, "other"),
        (b"\xff\xfe data", "other"),
    ],
)
def test_what_an_event_is(block: bytes, kind: str) -> None:
    assert read_event(block).kind == kind


def test_a_picture_that_cannot_be_decoded_is_none() -> None:
    assert read_event(event("completed", {"b64_json": "***"})).picture is None
    assert read_event(event("completed", {"b64_json": 5})).picture is None
    assert read_event(partial(1)) == Event(
        "partial", MADE[5], 1, {"type": "image_edit.partial_image", "partial_image_index": 1}
    )


def test_streams_are_known_by_their_bytes() -> None:
    assert is_stream("application/json", b"  data: x") and is_stream("text/event-stream", b": ping")
    assert not is_stream("text/event-stream", b' {"data": []}') and not is_stream("", b"<html>")


# ---------------------------------------------------------------- whole edits


class Watching:
    """Notes every unfinished picture that whoever waits is shown."""

    def __init__(self) -> None:
        self.seen: list[Partial] = []

    def tick(self, _: str, __: float, partial: Partial | None = None) -> None:
        if partial is not None and partial not in self.seen[-1:]:
            self.seen.append(partial)

    def close(self) -> None:
        """Nothing is shown."""


def test_the_final_picture_comes_and_unfinished_ones_are_seen(tmp_path: Path) -> None:
    watching = Watching()

    def turn(line: Line) -> None:
        got = line.request()
        assert got.fields()["stream"] == "true" and got.fields()["partial_images"] == "2"
        assert got.headers["accept"].startswith("text/event-stream")
        line.send(f"HTTP/1.1 200 OK\r\n{HEAD}\r\nConnection: close\r\n\r\n".encode() + partial(0, MADE[3]))
        line.hold()
        line.send(partial(1, MADE[4]) + completed(MADE[0]))

    with scripted(turn) as server, session(server.url, tmp_path / "h") as here:
        here.reporter = lambda: watching
        threading.Timer(0.6, server.released.set).start()
        edit = here.edit("night", PNG, partial=2)
        again = here.edit("night", PNG)
    assert edit.images[0].bytes == MADE[0] and edit.usage == USAGE
    assert edit.result is not None
    assert edit.result.effective == {"size": "32x32", "quality": "low"} and edit.cost is not None
    assert any(one.data == MADE[3] and one.number == 1 for one in watching.seen)
    assert again == edit and again.replayed  # how it travelled is no part of what was asked


@pytest.mark.parametrize("transport", ["multipart", "json"])
def test_an_endpoint_that_does_not_stream_loses_nothing(tmp_path: Path, transport: str) -> None:
    body = pictures(MADE[0], MADE[1], usage=USAGE, note="as ever")
    kinds = ["Content-Type: application/json", HEAD, "X: y"]
    turns = [
        lambda line, kind=kind: (line.request(), line.send(message(body, headers=[kind]))) for kind in kinds
    ]
    with scripted(*turns) as server, session(server.url, tmp_path / "h") as here:
        for take in (1, 2, 3):
            edit = here.edit("night", PNG, n=2, take=take, partial=1, transport=transport)
            assert [one.bytes for one in edit.images] == [MADE[0], MADE[1]]
            assert edit.result is not None
            assert edit.usage == USAGE and edit.result.extras == {"note": "as ever"}
    assert server.posts == 3


def test_several_pictures_add_up(tmp_path: Path) -> None:
    body = partial(0) + completed(MADE[0]) + partial(0) + completed(MADE[1])
    with scripted(streaming(body)) as server, session(server.url, tmp_path / "h") as here:
        edit = here.edit("night", PNG, n=2, partial=1)
    assert len(edit.images) == 2 and edit.usage["output_tokens"] == 544
    assert edit.usage["input_tokens_details"] == {"text_tokens": 8, "image_tokens": 12}


def test_a_stream_that_goes_on_after_its_last_picture_is_left(tmp_path: Path) -> None:
    def turn(line: Line) -> None:
        line.request()
        line.send(f"HTTP/1.1 200 OK\r\n{HEAD}\r\n\r\n".encode() + completed(MADE[0]))
        line.hold()

    with scripted(turn) as server, session(server.url, tmp_path / "h", timeout=5) as here:
        assert here.edit("night", PNG, partial=0).images[0].bytes == MADE[0]


EVENTS = [partial(0), partial(1), partial(1), UNKNOWN, b": ping\n\n", b"data: [DONE]\n\n", b"\n\n\n"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_comes_and_wherever_it_is_cut(shared: Any, data: st.DataObject) -> None:
    """The final picture or a clear error; one request; and a picture that is none is never the result."""
    server, here, take = shared
    parts = data.draw(st.lists(st.sampled_from([*EVENTS, completed(MADE[0]), ERROR]), max_size=7))
    stream = b"".join(parts)
    stop = data.draw(st.integers(0, len(stream)))
    cut = data.draw(st.booleans())
    whole = _finished(parts, stop)
    server.turn = streaming(stream[:stop], cut=cut, pieces=data.draw(st.integers(1, 40)))
    before = server.server.posts
    take[0] += 1
    try:
        edit = here.edit("night", PNG, take=take[0], partial=2)
    except errors.ImgEditError as error:
        told, made = error, None
    else:
        told, made = None, edit
    if whole:
        assert made is not None and [one.bytes for one in made.images] == [MADE[0]]
    else:
        assert told is not None and told.paid in {"perhaps", "probably"} and told.message
    assert server.server.posts == before + 1
    kept = here.history.attempts[-1]
    assert kept.state == ("ok" if whole else "unknown")


def _finished(parts: Sequence[bytes], stop: int) -> bool:
    """Tell whether a whole completed event lies before a place, but for the empty line behind it."""
    at = 0
    for part in parts:
        at += len(part)
        if part == completed(MADE[0]) and at - 2 <= stop:
            return True
    return False


class _Shared:
    turn: Turn


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    state = _Shared()
    with scripted(lambda line: state.turn(line)) as server:  # noqa: PLW0108 - it is another each time
        state.server = server  # type: ignore[attr-defined]  # for the test
        with session(server.url, tmp_path_factory.mktemp("h")) as here:
            yield state, here, [0]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"error": {"message": "no such thing", "code": "moderation_blocked"}}, errors.Moderated),
        ({"error": {"origin": "provider", "message": "it broke"}}, errors.EndpointBroken),
        ({"message": "it broke", "status": 529}, errors.EndpointBroken),
        ({"error": {"message": "slower", "code": 429}}, errors.RateLimited),
    ],
)
def test_an_error_in_the_stream_is_told_and_nothing_is_sent_again(
    tmp_path: Path, said: dict[str, Any], kind: type[errors.ImgEditError]
) -> None:
    body = partial(0) + event("error", said)
    with scripted(streaming(body)) as server, session(server.url, tmp_path / "h") as here:
        with pytest.raises(kind) as caught:
            here.edit("night", PNG, partial=1)
        assert server.posts == 1 and caught.value.paid != "no"
        assert caught.value.attempt == here.history.attempts[-1].id


def test_an_error_after_one_of_two_pictures_keeps_the_one(tmp_path: Path) -> None:
    with (
        scripted(streaming(completed(MADE[0]) + ERROR)) as server,
        session(server.url, tmp_path / "h") as here,
    ):
        edit = here.edit("night", PNG, n=2, partial=0)
    assert len(edit.images) == 1 and any(
        "2 pictures were asked for, 1 came" in note for note in edit.record.notes
    )


def test_an_endless_stream_ends_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requesty_nb.sessions.paying._ANSWER_BYTES_PER_PICTURE", 1 << 20)

    def turn(line: Line) -> None:
        line.request()
        line.send(f"HTTP/1.1 200 OK\r\n{HEAD}\r\n\r\n".encode())
        for _ in range(4000):
            line.send(b": ping\n\n" * 200)

    with (
        scripted(turn) as server,
        session(server.url, tmp_path / "h") as here,
        pytest.raises(errors.AnswerUnusable, match="larger than"),
    ):
        here.edit("night", PNG, partial=1)


@pytest.mark.parametrize("wrong", [4, -1, True, "2"])
def test_how_many_unfinished_pictures_there_can_be(wrong: Any) -> None:
    with (
        Session(history=False, model="offline/painter") as here,
        pytest.raises(errors.BadRequest, match="partial"),
    ):
        here.edit("night", PNG, partial=wrong)


# ---------------------------------------------------------------- the offline endpoint


def test_the_offline_endpoint_streams_in_this_process_as_it_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requesty_nb.sessions.apps._app", create_app(delay=1.0, require_key=False))
    watching = Watching()
    with Session(history=False, model="offline/painter") as here:
        here.reporter = lambda: watching
        edit = here.edit("night", PNG, partial=2, size="1024x1024")
        plain = here.edit("night", PNG, size="1024x1024")
    assert edit.images == plain.images
    assert {one.number for one in watching.seen} == {1, 2}, "they come while it paints, not all at the end"


def test_over_the_network_the_offline_endpoint_streams_too(tmp_path: Path) -> None:
    with serving(create_app(serve_as=(MODEL,))) as url, session(f"{url}/v1", tmp_path / "h") as here:
        streamed = here.edit("night", PNG, n=2, partial=1, size="1024x1024", take=1)
        whole = here.edit("night", PNG, n=2, size="1024x1024", take=1, replay="off")
    assert (streamed.images == whole.images and whole.take == 2) or streamed.usage["output_tokens"] > 0


def test_noise_is_no_unfinished_picture() -> None:
    from requesty_nb.display import partial_html

    assert "<img" not in partial_html(b"no picture", 1, 1, "waiting")
    assert "<img" not in partial_html(noise(3)[:-20], 1, 1, "waiting")
    html = partial_html(noise(3, (900, 900)), 2, 1, "waiting <b>")
    assert "<img" in html and len(html) < 34_000 and "waiting &lt;b&gt;" in html
    assert Watch().partial is None
