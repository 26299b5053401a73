"""Ask an endpoint which models it serves; needs no key, and none is sent."""

from __future__ import annotations

import anyio
import httpx
import msgspec

from requesty_nb import wire
from requesty_nb.client.transfer import NO_KEEPALIVE, TIMEOUTS, Bearer, read_capped
from requesty_nb.errors import AnswerUnusable, ImgEditError, NotSent

_LIMIT = 8 << 20
_NAME_LIMIT = 200


async def list_models(base_url: str, timeout: float) -> list[str]:  # noqa: ASYNC109 - one deadline for the whole
    """Return the names of the endpoint's image models, or of all if it does not tell them apart.

    Raises:
        NotSent: it cannot be reached.
        AnswerUnusable: it answered with something else than a list.
    """
    problem: ImgEditError = NotSent(f"no answer within {timeout:g} s")
    with anyio.move_on_after(timeout):
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUTS, limits=NO_KEEPALIVE) as client,
                client.stream("GET", f"{base_url}/models", auth=Bearer(None)) as response,
            ):
                if response.is_success:
                    return _names(await read_capped(response, _LIMIT))
                problem = AnswerUnusable(f"HTTP {response.status_code}", paid="no")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = NotSent(wire.plain(str(error), _NAME_LIMIT) or type(error).__name__)
    raise problem


def _names(content: bytes) -> list[str]:
    try:
        value = msgspec.json.decode(content)
        models = [model for model in value["data"] if isinstance(model.get("id"), str)]
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
        raise AnswerUnusable("the list of models cannot be read", paid="no") from None
    told = [model for model in models if model.get("supports_image_generation")]
    return sorted(wire.plain(model["id"], _NAME_LIMIT) for model in (told or models))
