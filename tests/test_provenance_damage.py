"""Files made or damaged to take down who looks: they give an error of ours, in bounded time and memory."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
import zlib
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from photos import encoded, photo
from recipes import (
    GRAPH,
    KINDS,
    REQUEST,
    WEB_UI,
    commented,
    edit_of,
    file_of,
    png_with,
    with_exif,
    with_right_sums,
    with_text,
)

from requesty_nb.errors import BadImage, BadRequest
from requesty_nb.provenance import exif, recipe, recipe_of, sidecar, with_recipe

PATIENT = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_text_that_unpacks_to_too_much_is_not_unpacked(kind):
    bomb = zlib.compress(bytes(40_000_000), 1)
    packed = with_text("parameters", b"\0" + bomb, kind) if kind == b"zTXt" else with_text("parameters", bomb)
    if kind == b"iTXt":
        packed = with_right_sums(packed.replace(b"parameters\0\0", b"parameters\0\1", 1))
    tracemalloc.start()
    try:
        with pytest.raises(BadImage, match="longer than 4000000 bytes when unpacked"):
            recipe(packed)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_lengths_that_lie_are_told(tmp_path):
    plain = with_recipe(file_of("PNG"), recipe_of(edit_of(REQUEST)))
    for size in (2**31, 2**32 - 1, 5_000_000):
        with pytest.raises(BadImage, match="cut short"):
            recipe(plain[:33] + size.to_bytes(4, "big") + plain[37:])
    big = b"\x89PNG\r\n\x1a\n" + (100_000_000).to_bytes(4, "big") + b"tEXtparameters\0x"
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.write(big)
        file.truncate(100_000_000 + 30)  # a hole: a hundred megabytes of zeros
    tracemalloc.start()
    try:
        with pytest.raises(BadImage, match="one of its texts has 100000000 bytes"):
            recipe(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_comment_of_a_hundred_megabytes_and_endless_fill_are_told():
    comment = b"Exif\0\0II*\0" + bytes(20)
    webp = b"WEBP" + b"EXIF" + struct.pack("<I", 100_000_000) + comment + bytes(100_000_000 - len(comment))
    with pytest.raises(BadImage, match="one of its texts has 100000000 bytes"):
        recipe(b"RIFF" + struct.pack("<I", len(webp)) + webp)
    with pytest.raises(BadImage, match="more than 65536"):
        recipe(b"\xff\xd8" + b"\xff" * 3_000_000)
    with pytest.raises(BadImage, match="more than 65536"):
        recipe(b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\0abcd" + bytes(4)) * 100_000)


def test_a_pipe_or_a_device_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(BadImage, match="no regular file"):
        recipe(tmp_path / "pipe.png")
    with pytest.raises(BadImage, match="no regular file"):
        recipe("/dev/zero")


def exif_of(entries: bytes, count: int) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", count) + entries


# a directory whose comment begins as a recipe of ours and has four gigabytes
LYING = struct.pack("<HHHIII", 1, 0x9286, 7, 2**32 - 50, 44, 0)


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        exif_of(struct.pack("<HHII", 0x8769, 4, 1, 8), 1) + bytes(4),  # a directory within itself
        exif_of(struct.pack("<HHII", 0x8769, 4, 1, 2**32 - 1), 1) + bytes(4),
        exif_of(struct.pack("<HHII", 0x9286, 7, 2**32 - 1, 8), 1) + bytes(4),
        exif_of(struct.pack("<HHII", 0x8769, 4, 1, 26) + bytes(4) + LYING, 1) + b'ASCII\0\0\0{"requesty_nb":',
        exif_of(b"", 65_535),
    ],
)
def test_exif_that_leads_nowhere_is_passed_over_and_replaced(block):
    plain = file_of("JPEG")
    data = plain[:20] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + plain[20:]
    with pytest.raises(BadImage, match="no recipe"):
        recipe(data)
    made = recipe_of(edit_of(REQUEST))
    assert recipe(with_recipe(data, made)) == made


@pytest.mark.parametrize(("tag", "kind"), [(0x010F, 2), (0x8769, 4)], ids=["texts", "directories"])
def test_exif_whose_entries_all_lead_to_one_place_gives_it_once(tag, kind):
    """Else a file of four megabytes would keep whoever looks for hours."""
    count, text = 500, b"prompt:" + b"x" * 100_000
    comment = struct.pack("<HHII", 0x9286, 7, 20, 8)
    entries = struct.pack("<HHII", tag, kind, len(text) if kind == 2 else 1, 8) * count + comment
    block = exif_of(entries, count + 1) + bytes(4)
    block = (
        block.replace(struct.pack("<II", len(text), 8), struct.pack("<II", len(text), len(block) - 6)) + text
    )
    assert sum(len(found) for _, found in exif.texts(block)) <= len(block)
    assert len(list(exif.texts(block))) == 1


# Files in which anything was changed


@cache
def seeds() -> list[bytes]:
    made = recipe_of(edit_of(REQUEST))
    copies = [with_recipe(file_of(name), made) for name in KINDS]
    copies += [with_recipe(with_exif(name), made) for name in KINDS]
    found = [png_with(packed=True, parameters=WEB_UI), png_with(prompt=json.dumps(GRAPH))]
    comments = [commented(b"UNICODE\0" + WEB_UI.encode("utf-16-be"), kind) for kind in ("JPEG", "WEBP")]
    return [*copies, *found, *comments, sidecar(made), encoded(photo(), "GIF")]


@st.composite
def mutated(draw: Any) -> bytes:
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, min(len(data), 3_000)))
        length = draw(st.integers(0, 40))
        change = draw(st.sampled_from(["flip", "cut", "put", "double", "end"]))
        if change == "flip" and at < len(data):
            data[at] ^= draw(st.integers(1, 255))
        elif change == "cut":
            del data[at : at + length]
        elif change == "put":
            data[at:at] = draw(
                st.binary(max_size=8) | st.sampled_from([b"\xff" * 4, bytes(4), b"{", b"\\ud800"])
            )
        elif change == "double":
            data[at:at] = data[at : at + length]
        elif change == "end":
            del data[max(at, 12) :]
    return bytes(data)


@settings(PATIENT, max_examples=300)
@given(data=mutated(), mend=st.booleans())
def test_a_changed_file_gives_a_recipe_or_an_error_of_ours(data, mend):
    if mend and data.startswith(b"\x89PNG"):
        data = with_right_sums(data)
    try:
        made = recipe(data)
    except BadImage:
        pass  # any other error fails
    else:
        assert str(made)
    try:
        copy = with_recipe(data, recipe_of(edit_of(REQUEST)))
    except BadRequest:
        return
    assert recipe(copy) == recipe_of(edit_of(REQUEST))
