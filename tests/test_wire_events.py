"""Events of streams as pure functions: frames beside the standard's own words, and what events say."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from requesty_nb.wire import Event, Framer, fields_of, read_event, read_events

BOM = b"\xef\xbb\xbf"
FILE = b"a picture, as far as this goes"
TEXT = base64.b64encode(FILE).decode()


def block(data: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n".encode()


def framed(stream: bytes, cuts: list[int]) -> list[bytes]:
    framer, blocks = Framer(), []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        blocks += framer.feed(stream[start:stop])
    return [bytes(one) for one in blocks + framer.rest()]


def by_the_standard(stream: bytes) -> list[tuple[str, bytes]]:
    """Take a stream apart line by line, as the standard words it; what stands at its end is given too."""
    text = stream.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found, name, data = [], b"", b""
    for line in [*text.split(b"\n"), b""]:
        if not line:
            if data:
                found.append((name.decode("utf-8", "replace"), data.removesuffix(b"\n")))
            name, data = b"", b""
        elif not line.startswith(b":"):
            label, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if label == b"event":
                name = value
            elif label == b"data":
                data += value + b"\n"
    return found


ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])
LINES = st.sampled_from(
    [
        *[b"", b"", b"data: a", b"data:b", b"data", b"data:  c", b"event: x", b"event", b": hm", b"id: 1"],
        *[b"retry: 9", b"datax: d", b" data: e", b"data: :f\xff", b"event:\xc3\xa9"],
    ]
)
STREAMS = st.tuples(
    st.sampled_from([b"", BOM]), st.lists(st.tuples(LINES, ENDS).map(b"".join), max_size=24), LINES
).map(lambda parts: parts[0] + b"".join(parts[1]) + parts[2])


@settings(max_examples=300, deadline=None)
@given(STREAMS, st.data())
def test_frames_are_those_of_the_standard_however_the_stream_is_cut(
    stream: bytes, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    read = [fields_of(one) for one in framed(stream, cuts)]
    assert [(name, text) for name, text in read if text] == [
        (name, text) for name, text in by_the_standard(stream) if text
    ]
    assert [fields_of(one) for one in framed(stream, list(range(len(stream))))] == read


def test_an_event_is_there_as_soon_as_its_empty_line_is() -> None:
    for end in (b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r\n", b"\r\n\r"):
        assert Framer().feed(b"data: 1" + end), end


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_the_time_grows_with_the_length_alone(size: int) -> None:
    stream = b"data: " + b"x" * (3 << 20 if size > 1 else 600_000) + b"\n\n"
    framer, blocks = Framer(), []
    began = time.process_time()
    for place in range(0, len(stream), size):
        blocks += framer.feed(stream[place : place + size])
    took = time.process_time() - began
    assert [len(one) for one in blocks] == [len(stream) - 1]
    assert took < 4  # a copy a piece would be minutes


def test_many_empty_lines_are_no_events_and_cost_little() -> None:
    began = time.process_time()
    assert Framer().feed(b"\n" * 400_000 + b"\r\n" * 100_000) == []
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (b"data: {}", "other"),
        (b"data: [DONE]", "other"),
        (b"", "other"),
        (b"id: 7\nretry: 10\n: hello", "other"),
        (b'data: "image_edit.completed"', "other"),
        (b"data: " + b"[" * 100_000, "other"),
        (b"\xff\xfe data", "other"),
        (b'event: image_edit.completed\ndata: {"b64_json": ', "other"),
        (block({"b64_json": "AAAA"}, "image_edit.completed"), "completed"),
        (block({"b64_json": "AAAA", "type": "image_edit.completed"}), "completed"),
        (block({"b64_json": "AAAA", "type": "image_edit.completed"}, "message"), "completed"),
        (block({"b64_json": "AAAA", "type": "picture"}, "image_edit.completed"), "completed"),
        (block({"b64_json": "AAAA", "type": 7}, "image_edit.partial_image"), "partial"),
        (b'event: x\ndata: {"type": "image_generation.completed",\ndata: "b64_json": "AAAA"}', "completed"),
        (b'event: image_edit.completed\nevent: ping\ndata: {"b64_json": "AAAA"}', "other"),
        (block({"error": {"message": "no"}}), "error"),
        (block({"type": "error", "message": "no"}), "error"),
        (block({"message": "no"}, "error"), "error"),
        (block({"type": "image_edit.failed"}), "error"),
        (block({"type": "image_edit.dreaming", "error": None}), "other"),
        (b"event: error\ndata: it broke", "error"),
        (b'event: error\ndata: "it broke"', "error"),
        (block({"data": [{"b64_json": "AAAA"}], "usage": {}}), "answer"),
        (block({"data": []}), "other"),
    ],
)
def test_what_an_event_is(block: bytes, kind: str) -> None:
    assert read_event(block).kind == kind


@pytest.mark.parametrize(
    ("said", "picture"),
    [
        ({"b64_json": TEXT}, FILE),
        ({"b64_json": "***"}, None),
        ({"b64_json": 5}, None),
        ({"b64_json": ""}, None),
        ({}, None),
        ({"url": "https://example.org/a.png"}, "https://example.org/a.png"),
        ({"url": f"data:image/png;base64,{TEXT}", "b64_json": None}, FILE),
    ],
)
def test_what_picture_an_event_has(said: dict[str, Any], picture: bytes | str | None) -> None:
    event = read_event(block({"type": "image_edit.completed", "size": "auto", **said}))
    assert event == Event("completed", picture, 0, {"type": "image_edit.completed", "size": "auto"})


@pytest.mark.parametrize(
    ("usages", "total"),
    [
        ([{"a": 1, "b": {"c": 2.5}}, {"a": 3, "b": {"c": 1, "d": 4}}], {"a": 4, "b": {"c": 3.5, "d": 4}}),
        ([{"a": 5}, {"a": None}], {"a": 5}),
        ([{"a": 5}, None, "x", {}], {"a": 5}),
        ([{"a": True, "b": "x"}, {"a": True, "b": "y"}], {"a": True, "b": "y"}),
        ([{"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}], {"a": {"b": {"c": 2}}}),
        ([{"a": 1}, {"a": {"b": 2}}], {"a": {"b": 2}}),
    ],
)
def test_usage_adds_up(usages: list[Any], total: dict[str, Any]) -> None:
    events = [Event("completed", FILE, data={"usage": usage}) for usage in usages]
    assert read_events({}, events, str).usage == total


def test_what_completed_events_say_is_an_answer_like_any_other() -> None:
    data = {"type": "t", "created_at": 1, "sequence_number": 2, "size": "auto", "quality": "low", "more": [1]}
    answer = read_events({"x-request-id": "r"}, [Event("completed", FILE, data=data)], str)
    assert answer.images == (FILE,) and answer.effective == {"size": "auto", "quality": "low"}
    assert answer.extras == {"more": [1]} and answer.request_id == "r" and not answer.usage
