"""The ASGI application: routes, keys, limits and headers.

| route | what |
|---|---|
| ``POST /v1/images/edits`` | an edit, from multipart or JSON |
| ``GET /v1/models`` | what is served, needs no key |
| ``GET /v1/offline/count`` | ``{"edits": N, "served": N}``, needs no key |

A request header ``X-Requesty-Take: K`` (from 1, absent means 1) asks for another picture to the same
request: a generative model would give another each time, this painter only when told to.

``edits`` are those that reached painting (what a real endpoint would bill), ``served`` those whose answer
was made.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from requesty_nb.offline.answers import commission, events, painted
from requesty_nb.offline.checks import LEAKY, PAINTER, checked
from requesty_nb.offline.forms import drain, read_form
from requesty_nb.offline.refusals import Refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from requesty_nb.offline.answers import Commission
    from requesty_nb.offline.checks import Asked

_DESCRIPTIONS = {
    PAINTER: "Offline painter: fixed recipes on pixels, no AI. Obeys the mask exactly.",
    LEAKY: "Offline painter that treats the mask as loose guidance, as generative models do. No AI.",
}
_STARTED = int(time.time())
_CLIENT_LEFT = 400  # nobody is there to read it


@dataclass(slots=True)
class _Desk:
    """What one application counts and allows. It lives on one event loop, so it needs no lock."""

    serve_as: tuple[str, ...]
    require_key: bool
    delay: float
    limit: int | None
    edits: int = 0
    served: int = 0
    busy: int = 0

    @property
    def models(self) -> dict[str, str]:
        aliases = dict.fromkeys(self.serve_as, _DESCRIPTIONS[PAINTER])
        return {**aliases, **_DESCRIPTIONS}

    def begin(self) -> None:
        if self.limit is not None and self.busy >= self.limit:
            raise Refusal(
                f"Rate limit reached: {self.limit} edits at a time.",
                status=429,
                code="rate_limit_exceeded",
                kind="rate_limit_error",
                headers={"Retry-After": "1"},
            )
        self.busy += 1
        self.edits += 1

    def finish(self, *, served: bool) -> None:
        self.busy -= 1
        self.served += served


def create_app(
    *,
    serve_as: tuple[str, ...] = (),
    require_key: bool = True,
    delay: float = 0.0,
    limit: int | None = None,
) -> Starlette:
    """Build the offline endpoint.

    Args:
        serve_as: further model names to answer to, as ``offline/painter`` would; answers still name
            ``offline/painter`` as their provider.
        require_key: whether a request without a bearer key is refused (401), and one whose key starts
            with ``invalid`` too (403). Any other key will do.
        delay: seconds to wait before an edit is answered.
        limit: edits at a time; one more is refused (429, ``Retry-After: 1``).
    """
    desk = _Desk(tuple(serve_as), require_key, delay, limit)
    app = Starlette(
        routes=[
            Route("/v1/images/edits", _edits, methods=["POST"]),
            Route("/v1/models", _models, methods=["GET"]),
            Route("/v1/offline/count", _count, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _not_routed, Exception: _broken},
    )
    app.router.redirect_slashes = False
    app.state.desk = desk
    return app


async def _edits(request: Request) -> Response:
    started = time.perf_counter()
    try:
        with ExitStack() as closing:
            response = await _edit(request, closing)
    except ClientDisconnect:
        return Response(status_code=_CLIENT_LEFT)
    response.headers.setdefault("x-requesty-latency-ms", str(round((time.perf_counter() - started) * 1000)))
    return response


async def _edit(request: Request, closing: ExitStack) -> Response:
    desk: _Desk = request.app.state.desk
    body = request.stream()
    try:
        if desk.require_key:
            _check_key(request.headers.get("authorization", ""))
        form = await read_form(request.headers.get("content-type", ""), body, closing)
        asked = checked(form, served=desk.models, take=request.headers.get("x-requesty-take"))
        work = await run_in_threadpool(commission, asked)
        desk.begin()
    except Refusal as refusal:
        await drain(body)
        return _refused(refusal)
    if asked.stream:
        return _Stream(desk, work)
    served = False
    try:
        await asyncio.sleep(desk.delay)
        answer = await run_in_threadpool(painted, work)
        served = True
    finally:
        desk.finish(served=served)
    return Response(answer, media_type="application/json", headers=_headers(asked))


class _Stream(StreamingResponse):
    """Events that leave the desk when they end, also when nobody ever read the first one."""

    def __init__(self, desk: _Desk, work: Commission) -> None:
        super().__init__(
            events(work, desk.delay), media_type="text/event-stream", headers=_headers(work.asked)
        )
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        served = False
        try:
            await super().__call__(scope, receive, send)
            served = True
        finally:
            self._desk.finish(served=served)


def _check_key(header: str) -> None:
    scheme, _, key = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(
            "Missing Authorization header: send 'Authorization: Bearer <key>'.",
            status=401,
            code="invalid_api_key",
            origin="router",
            kind="authentication_error",
        )
    if key.strip().startswith("invalid"):
        raise Refusal(
            "Invalid API key.", status=403, code="invalid_api_key", origin="router", kind="permission_error"
        )


def _headers(asked: Asked | None = None) -> dict[str, str]:
    name = uuid.uuid4().hex
    headers = {"x-request-id": f"req_{name}", "x-requesty-request-id": name}
    if asked is not None:
        headers["x-requesty-provider"] = LEAKY if asked.leaky else PAINTER
    return headers


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(body),
        status,
        headers={**_headers(), **(headers or {})},
        media_type="application/json",
    )


def _refused(refusal: Refusal) -> Response:
    return _json(refusal.body(), refusal.status, refusal.headers)


async def _models(request: Request) -> Response:
    desk: _Desk = request.app.state.desk
    data = [
        {
            "id": name,
            "object": "model",
            "created": _STARTED,
            "owned_by": "requesty_nb",
            "supports_image_generation": True,
            "description": description,
        }
        for name, description in desk.models.items()
    ]
    return _json({"object": "list", "data": data})


async def _count(request: Request) -> Response:
    desk: _Desk = request.app.state.desk
    return _json({"edits": desk.edits, "served": desk.served})


async def _not_routed(request: Request, error: Exception) -> Response:
    """Answer an unknown path or a wrong method in the error form."""
    if not isinstance(error, HTTPException):
        raise error
    await drain(request.stream())
    said = f"{request.method} {request.url.path} is not served here."
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    headers = dict(error.headers or {})
    return _refused(Refusal(said, status=error.status_code, code=code, origin="router", headers=headers))


async def _broken(_request: Request, _error: Exception) -> Response:
    """Answer a fault of our own; the server logs its traceback."""
    said = "The offline painter failed."
    return _refused(Refusal(said, status=500, code="server_error", kind="server_error"))
