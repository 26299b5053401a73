"""What sending and fetching share: reading an answer under a cap, and how httpx is set up."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import httpx

from requesty_nb.errors import AnswerUnusable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from requesty_nb.settings import Secret

CONNECT_TIMEOUT = 15.0
# Kept-alive connections are what makes a server's late bytes arrive as another request's answer.
NO_KEEPALIVE = httpx.Limits(max_connections=None, max_keepalive_connections=0)
# The call's own deadline rules; only connecting has a limit of its own, so that it can be tried again.
TIMEOUTS = httpx.Timeout(None, connect=CONNECT_TIMEOUT)
_INFLATE = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's window sizes: 31 expects a gzip header


class Bearer(httpx.Auth):
    """Writes the key's header at the last moment, so that no variable of ours ever holds it.

    Being an explicit auth, it also keeps httpx from looking into a netrc file.
    """

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header, if there is a key."""
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        yield request


async def read_capped(response: httpx.Response, limit: int, *, truncate: bool = False) -> bytes:
    """Read a body of at most ``limit`` bytes, on the wire and unpacked.

    Args:
        truncate: return the first ``limit`` bytes of a longer body instead of raising.

    Raises:
        AnswerUnusable: it is longer, or packed in a way that was not asked for.
    """
    pieces = [piece async for piece in unpacked(response, limit, truncate=truncate)]
    return b"".join(pieces)[:limit] if truncate else b"".join(pieces)


async def unpacked(response: httpx.Response, limit: int, *, truncate: bool = False) -> AsyncIterator[bytes]:
    """Yield a body of at most ``limit`` bytes as it comes; arguments and errors as of `read_capped`."""
    size = 0
    inflate = _inflater(response.headers.get("content-encoding", ""))
    async for chunk in response.aiter_raw():
        piece = _inflated(inflate, chunk, limit + 1 - size) if inflate else chunk
        size += len(piece)
        if size > limit or (inflate and inflate.unconsumed_tail):
            if not truncate:
                raise AnswerUnusable(
                    f"The endpoint's answer is larger than the {limit >> 20} MB that such an answer can take."
                )
            yield piece
            return
        yield piece


def _inflated(inflate: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    try:
        return inflate.decompress(chunk, room)
    except zlib.error:
        pass
    raise AnswerUnusable("The endpoint says that its answer is packed, but it cannot be unpacked.")


def _inflater(encoding: str) -> zlib._Decompress | None:
    name = encoding.strip().casefold()
    if name in {"", "identity"}:
        return None
    if name in _INFLATE:
        return zlib.decompressobj(_INFLATE[name])
    raise AnswerUnusable(f"The endpoint packed its answer as {name[:20]!r}, which was not asked for.")
