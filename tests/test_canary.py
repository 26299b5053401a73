"""The search for the API key finds it, however it is written; else finding nothing would say nothing."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from canary import SECRET, files_with_secret, holds_secret

WRITTEN = {
    "plain": f"Authorization: Bearer {SECRET}\n",
    "in an address": quote(f"https://example.org/?key={SECRET}", safe=""),
    **{
        f"base64, {shift} bytes in": base64.b64encode(b"x" * shift + SECRET.encode() + b"more").decode()
        for shift in range(6)
    },
    "base64 for addresses": base64.urlsafe_b64encode(f"Bearer {SECRET}".encode()).decode(),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_the_key_is_found_in_a_file(text):
    with TemporaryDirectory() as folder:  # not where the run itself is searched
        (Path(folder) / "a" / "b").mkdir(parents=True)
        (Path(folder) / "clean.txt").write_text(SECRET[:-1])
        (target := Path(folder) / "a" / "b" / "log").write_text(text)
        assert list(files_with_secret(Path(folder))) == [target]


def test_the_key_is_found_across_the_pieces_a_large_file_is_read_in():
    with TemporaryDirectory() as folder:
        (target := Path(folder) / "large").write_bytes(b"\0" * ((1 << 24) - 9) + SECRET.encode())
        assert list(files_with_secret(Path(folder))) == [target]


def test_the_run_has_the_key_and_nobody_to_send_it_to():
    assert os.environ["REQUESTY_API_KEY"] == SECRET
    assert os.environ["REQUESTY_BASE_URL"].startswith("http://127.0.0.1:")
    assert not holds_secret(b"something else")
