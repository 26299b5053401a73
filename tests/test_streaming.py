"""Streamed answers, from servers that cut, repeat, shuffle and lie, and from the offline endpoint."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from photos import MADE, MODEL, PNG, key, noise, session
from servers import answering, message, pictures, scripted, serving

from requesty_nb import errors
from requesty_nb.client import Partial
from requesty_nb.client.streams import is_stream
from requesty_nb.display import partial_html
from requesty_nb.magics.live import under_way
from requesty_nb.magics.progress import NotebookProgress
from requesty_nb.offline import create_app
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from servers import Line, Turn

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
    if transport == "json":
        assert server.got[0].json["stream"] is True and server.got[0].json["partial_images"] == 1


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
FINISHED = {completed(file): file for file in MADE[:3]}


def came_whole(parts: Sequence[bytes], stop: int) -> list[bytes]:
    """Return the events that lie whole before a place, but for the empty line behind the last."""
    ends = itertools.accumulate(map(len, parts))
    return [part for part, end in zip(parts, ends, strict=True) if end - 2 <= stop]


def what_comes(shared: Any, parts: Sequence[bytes], stop: int, n: int, **how: Any) -> None:
    """Ask once: what pictures came whole are the result, else a clear error; one request either way."""
    state, here, take = shared
    state.turn = streaming(b"".join(parts)[:stop], **how)
    before = state.server.posts
    take[0] += 1
    came = came_whole(parts, stop)
    wanted = list(dict.fromkeys(FINISHED[part] for part in came if part in FINISHED))[:n]
    told, made = None, None
    try:
        made = here.edit("night", PNG, take=take[0], partial=2, n=n)
    except errors.ImgEditError as error:
        told = error
    if wanted:
        assert made is not None and [one.bytes for one in made.images] == wanted
        assert any("were asked for" in note for note in made.record.notes) == (len(wanted) < n)
    else:
        assert told is not None and told.paid in {"perhaps", "probably"} and told.message
        assert told.partial == (MADE[5] if {partial(0), partial(1)} & set(came) else None)
    assert state.server.posts == before + 1
    assert here.history.attempts[-1].state == ("ok" if wanted else "unknown")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_comes_and_wherever_it_is_cut(shared: Any, data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from([*EVENTS, *FINISHED, ERROR]), max_size=8))
    stop = data.draw(st.integers(0, len(b"".join(parts))))
    how = {"cut": data.draw(st.booleans()), "pieces": data.draw(st.integers(1, 40))}
    what_comes(shared, parts, stop, data.draw(st.integers(1, 3)), **how)


def test_a_stream_cut_at_every_place_that_matters(shared: Any) -> None:
    parts = [partial(0), completed(MADE[0]), UNKNOWN, partial(0), completed(MADE[1]), ERROR]
    ends = [len(b"".join(parts[:count])) for count in range(len(parts) + 1)]
    near = {end + by for end in ends for by in (-3, -2, -1, 0, 1, 8)}
    places = near | set(range(0, ends[-1], ends[-1] // 12))
    for number, stop in enumerate(sorted(places)):
        if 0 <= stop <= ends[-1]:
            what_comes(shared, parts, stop, 2, cut=number % 2 == 0)


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
    assert len(edit.images) == 1 and "2 pictures were asked for, 1 came" in edit.record.notes[0]
    assert "the painter fell ill" in edit.record.notes[0]


def holding(*parts: bytes) -> Turn:
    """Stream some events, and then nothing."""

    def turn(line: Line) -> None:
        line.request()
        line.send(f"HTTP/1.1 200 OK\r\n{HEAD}\r\n\r\n".encode() + b"".join(parts))
        line.hold()

    return turn


def test_a_picture_that_has_come_is_not_lost_to_another_that_does_not(tmp_path: Path) -> None:
    with (
        scripted(holding(completed(MADE[0]), partial(0))) as server,
        session(server.url, tmp_path / "h", timeout=0.6) as here,
    ):
        edit = here.edit("night", PNG, n=2, partial=1)
        assert [one.bytes for one in edit.images] == [MADE[0]] and server.posts == 1
    assert "1 came: the stream had not ended after 0.6 s" in edit.record.notes[0]


def test_an_unfinished_picture_is_never_the_result_but_kept_with_the_error(tmp_path: Path) -> None:
    with (
        scripted(holding(partial(0, MADE[3]), partial(1, MADE[4]))) as server,
        session(server.url, tmp_path / "h", timeout=0.6) as here,
    ):
        with pytest.raises(errors.OutcomeUnknown, match="no finished picture within") as caught:
            here.edit("night", PNG, partial=2)
        assert caught.value.partial == MADE[4] and "`partial`" in str(caught.value)
        assert server.posts == 1 and here.history.attempts[-1].state == "unknown"
    assert not any(path.read_bytes() == MADE[4] for path in tmp_path.rglob("*") if path.is_file())


def test_after_an_error_the_end_of_the_stream_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requesty_nb.client.streams._SILENCE", 0.2)
    with scripted(holding(ERROR)) as server, session(server.url, tmp_path / "h") as here:
        began = time.monotonic()
        with pytest.raises(errors.EndpointBroken, match="fell ill"):
            here.edit("night", PNG, partial=1)
        assert time.monotonic() - began < 5 and server.posts == 1


def _until(what: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_came_before_a_cancel_is_kept(tmp_path: Path) -> None:
    turns = [holding(completed(MADE[0])), holding(partial(0))]
    with scripted(*turns) as server, session(server.url, tmp_path / "h") as here:
        one = here.begin(here.ask("night", PNG, n=2, partial=1))
        _until(lambda: one.watch.heard and one.watch.heard.completed)
        one.cancel()
        edit = one.wait(10)
        assert [picture.bytes for picture in edit.images] == [MADE[0]]
        assert "was interrupted" in edit.record.notes[0] and here.history.attempts[-1].state == "ok"
        other = here.begin(here.ask("day", PNG, partial=1))
        _until(lambda: other.watch.partial)
        other.cancel()
        with pytest.raises(errors.OutcomeUnknown):
            other.wait(10)
        assert here.history.attempts[-1].state == "unknown" and server.posts == 2


@pytest.mark.parametrize(
    ("events", "count"),
    [
        ([completed(MADE[0])] * 4, 1),
        ([completed(MADE[0]), completed(MADE[0], usage={"output_tokens": 1})], 2),
        ([completed(file) for file in MADE], 3),
        ([completed(MADE[0]), completed(b"")], 1),
    ],
)
def test_the_same_picture_counts_once_and_no_more_than_were_asked_for(
    tmp_path: Path, events: list[bytes], count: int
) -> None:
    with (
        scripted(streaming(b"".join(events))) as server,
        session(server.url, tmp_path / "h") as here,
    ):
        edit = here.edit("night", PNG, n=3, partial=0)
    assert edit.result is not None and len(edit.result.images) == count
    assert bool(edit.record.notes) == (count < 3)


def test_a_finished_picture_may_be_an_address(tmp_path: Path) -> None:
    def turn(line: Line) -> None:
        url = f"{line.server.url}/made.png"
        streaming(partial(0) + event("completed", {"url": url, "usage": USAGE}))(line)

    with scripted(turn, answering(MADE[0])) as server, session(server.url, tmp_path / "h") as here:
        edit = here.edit("night", PNG, partial=1)
        assert edit.images[0].bytes == MADE[0] and edit.usage == USAGE and server.posts == 1


def test_an_event_may_hold_a_whole_answer(tmp_path: Path) -> None:
    body = b"data: " + pictures(MADE[0], MADE[1], usage=USAGE) + b"\n\n"
    with scripted(streaming(body)) as server, session(server.url, tmp_path / "h") as here:
        edit = here.edit("night", PNG, n=2, partial=1)
    assert [one.bytes for one in edit.images] == [MADE[0], MADE[1]] and edit.usage == USAGE


def test_the_key_is_struck_out_of_what_a_stream_says(tmp_path: Path) -> None:
    told = event("error", {"error": {"message": f"not with {key()}", "code": key()}})
    turns = [streaming(completed(MADE[0], echo=[key()])), streaming(told)]
    with scripted(*turns) as server, session(server.url, tmp_path / "h") as here:
        edit = here.edit("night", PNG, partial=1)
        assert edit.result is not None and edit.result.extras["echo"] != [key()]
        with pytest.raises(errors.EndpointBroken, match="not with") as caught:
            here.edit("day", PNG, partial=1)
    assert key() not in str(caught.value) + caught.value.code + caught.value.body


def test_large_events_are_read_off_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No callback on the loop uses over 50 ms of its thread."""
    large, spent = noise(9, (600, 600)), [0.0]
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        spent.append(time.thread_time() - began)

    body = (
        partial(0, os.urandom(16 << 20)) + partial(1, large[::-1]) + b": hm\n\n" * 100_000 + completed(large)
    )
    with scripted(streaming(body)) as server, session(server.url, tmp_path / "h") as here:
        here.edit("warm", PNG, partial=2)
        monkeypatch.setattr(asyncio.Handle, "_run", measured)
        edit = here.edit("night", PNG, partial=2)
    assert edit.images[0].bytes == large and len(spent) > 50
    assert max(spent) < 0.05


def test_what_came_before_the_limit_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requesty_nb.sessions.paying._ANSWER_BYTES_PER_PICTURE", 1 << 19)
    body = completed(MADE[0]) + b": ping\n\n" * 300_000
    with scripted(streaming(body)) as server, session(server.url, tmp_path / "h") as here:
        edit = here.edit("night", PNG, n=2, partial=0)
    assert len(edit.images) == 1 and "larger than" in edit.record.notes[0]


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


def test_over_the_network_the_offline_endpoint_streams_too() -> None:
    with serving(create_app(serve_as=(MODEL,))) as url, session(f"{url}/v1") as here:
        streamed = here.edit("night", PNG, n=2, partial=1, size="1024x1024")
        at_once = here.edit("night", PNG, n=2, size="1024x1024")
    assert [one.bytes for one in streamed.images] == [one.bytes for one in at_once.images]
    assert streamed.usage["output_tokens"] == at_once.usage["output_tokens"] + 2 * 100  # as documented


def test_a_card_of_one_in_the_background_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requesty_nb.sessions.apps._app", create_app(delay=1.5, require_key=False))
    shown: list[str] = []
    with Session(history=False, model="offline/painter") as here:
        ask = here.ask("night", PNG, partial=2, size="1024x1024")
        one = here.begin(ask, lambda it: shown.append(under_way(it)["text/html"]))
        assert one.wait(30).images
    assert any("unfinished picture 1 of 2" in html and "data:image/webp" in html for html in shown)


def test_a_cell_shows_them_until_its_card_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    handle = SimpleNamespace(
        display=lambda bundle, raw: shown.append(bundle["text/html"]),  # noqa: ARG005 - IPython's form
        update=lambda bundle, raw: shown.append(bundle["text/html"]),  # noqa: ARG005 - likewise
    )
    monkeypatch.setattr("requesty_nb.magics.progress.DisplayHandle", lambda: handle)
    progress = NotebookProgress()
    progress.tick("receiving", 0.1, Partial(noise(4), 1, 2, 1))
    progress.tick("receiving", 0.2, Partial(b"no picture", 2, 2, 1))
    progress.replace({"text/html": "the card"})
    assert "unfinished picture 1 of 2" in shown[0] and "0 s, receiving" in shown[0]
    assert "unfinished" not in shown[1] and shown[2] == "the card"


@pytest.mark.parametrize("data", [b"", b"no picture", noise(3)[:-20], noise(3)[:40] + b"\0" * 99])
def test_what_is_no_picture_is_not_shown(data: bytes) -> None:
    assert partial_html(data, 1, 2, 1) == ""


def test_an_unfinished_picture_is_small() -> None:
    html = partial_html(noise(3, (900, 900)), 2, 3, 2)
    assert "<img" in html and len(html) < 34_000
    assert "unfinished picture 2 of 3, of result 2" in html
