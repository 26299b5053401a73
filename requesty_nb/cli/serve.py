"""``requesty-nb serve``: the offline endpoint over HTTP; the owner of uvicorn."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from requesty_nb.errors import BadRequest
from requesty_nb.offline import create_app


def serve(
    host: str, port: int, names: tuple[str, ...], *, delay: float = 0.0, limit: int | None = None
) -> int:
    """Serve until interrupted.

    Args:
        host, port: where; port 0 takes a free one.
        names: further models that it answers as.
        delay: seconds that each edit takes.
        limit: how many edits it works on at a time; more are asked to come back (429).

    Raises:
        BadRequest: the port cannot be had, or uvicorn is missing.
    """
    try:
        import uvicorn  # noqa: PLC0415 - an extra: only this command needs it
    except ImportError:
        raise BadRequest(
            "Serving needs uvicorn.", hint='Install it: pip install "requesty_nb[serve]"'
        ) from None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Of TCP by name: asyncio sends small answers without delay on such sockets only.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:  # the latter for a port beyond 65535
        listener.close()
        raise BadRequest(
            f"Port {port} of {host} cannot be had: {getattr(error, 'strerror', '') or error}.",
            hint="Pick another with --port.",
        ) from None
    literal = f"[{host}]" if ":" in host else host
    base_url = f"http://{literal}:{listener.getsockname()[1]}/v1"
    print(f"The offline endpoint listens at {base_url}", flush=True)
    print(f"  export REQUESTY_BASE_URL={base_url} REQUESTY_API_KEY=anything")
    print(f"It also answers as: {', '.join(names)}" if names else "Models: offline/painter, offline/leaky")
    print("Its pictures are drawn by arithmetic, not by an AI model. Ctrl+C stops it.", flush=True)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(serve_as=names, delay=delay, limit=limit), log_level="warning", lifespan="off"
        )
    )
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 0
