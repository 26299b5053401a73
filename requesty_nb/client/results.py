"""Fetch a picture that an answer only points to: at once, without the key, from nowhere but the public web.

An address may be the endpoint's own origin, or https at a public address. The name is resolved once and the
connection made to that very address, so that a name cannot turn inward between the check and the use.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit, urlunsplit

import anyio
import anyio.to_thread
import httpx

from requesty_nb import wire
from requesty_nb.client.transfer import NO_KEEPALIVE, TIMEOUTS, Bearer, read_capped
from requesty_nb.errors import AnswerUnusable

_TRIES = 3
_FIRST_DELAY = 0.5
_HTTPS_PORT = 443


async def fetch(url: str, *, endpoint: str, limit: int, timeout: float) -> bytes:  # noqa: ASYNC109 - one deadline over several tries
    """Return the bytes at ``url``.

    Args:
        endpoint: the endpoint's base address, whose own origin is always allowed.
        limit: bytes at most.
        timeout: seconds in all.

    Raises:
        AnswerUnusable: the address is not allowed, or nothing whole came from it.
    """
    problem = "no answer in time"
    with anyio.move_on_after(timeout):
        for attempt in range(_TRIES):
            try:
                return await _get(url, endpoint, limit)
            except (httpx.InvalidURL, ValueError):  # what is no URL is none at the next try either
                problem = "that is no address"
                break
            except (httpx.HTTPError, OSError) as error:
                problem = wire.plain(str(error), 200) or type(error).__name__
            if attempt < _TRIES - 1:
                await anyio.sleep(_FIRST_DELAY * 2**attempt)
    raise AnswerUnusable(
        f"The picture was made, but could not be fetched from where the endpoint put it ({problem}).",
        hint="Its address is kept with the attempt in the history; it may still work for a while.",
        body=url,
    )


async def _get(url: str, endpoint: str, limit: int) -> bytes:
    extensions: dict[str, str] = {}
    target, headers = url, {"Accept-Encoding": "identity"}
    if _origin(url) != _origin(endpoint):
        target, host = await _pinned(url)
        headers["Host"] = host
        extensions["sni_hostname"] = host
    # trust_env=False: a proxy would resolve the name again. The certificates are still the environment's.
    trusted = await anyio.to_thread.run_sync(httpx.create_ssl_context)  # it reads hundreds of them
    async with (
        httpx.AsyncClient(timeout=TIMEOUTS, limits=NO_KEEPALIVE, trust_env=False, verify=trusted) as client,
        client.stream("GET", target, headers=headers, extensions=extensions, auth=Bearer(None)) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise httpx.HTTPError(f"HTTP {response.status_code}")
        return await read_capped(response, limit)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (_HTTPS_PORT if parts.scheme == "https" else 80)


async def _pinned(url: str) -> tuple[str, str]:
    """Return ``url`` with its host replaced by the public address it resolves to, and the host."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or parts.username or parts.password:
        raise _forbidden(url)
    port = parts.port or _HTTPS_PORT
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
    if not addresses or not all(address.is_global and not address.is_multicast for address in addresses):
        raise _forbidden(url)
    first = addresses[0]
    literal = f"[{first}]" if first.version == 6 else str(first)  # noqa: PLR2004 - IPv6
    return urlunsplit((parts.scheme, f"{literal}:{port}", parts.path, parts.query, "")), host


def _forbidden(url: str) -> AnswerUnusable:
    return AnswerUnusable(
        "The endpoint points to a picture at an address that is neither public https nor its own; "
        "it was not fetched.",
        hint="Its address is kept with the attempt in the history.",
        body=url,
    )
