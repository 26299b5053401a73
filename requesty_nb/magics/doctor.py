"""``%imgedit doctor`` and ``models``: what works from here, and what to do about what does not."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from requesty_nb.client import list_models
from requesty_nb.errors import ImgEditError
from requesty_nb.sessions import Session, bridge
from requesty_nb.settings import OFFLINE_MODELS, is_loopback
from requesty_nb.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROBE_TIMEOUT = 10.0


def report(session: Session) -> str:
    """Return one line a check: ``ok``, ``--`` for what is merely absent, ``!!`` for what needs mending."""
    checks: list[Callable[[Session], Iterator[tuple[str, str]]]] = [
        _installation,
        _key,
        _endpoint,
        _history,
        _offline,
    ]
    return "\n".join(f"{mark}  {text}" for check in checks for mark, text in check(session))


def models(session: Session) -> str:
    """Return the models that can be asked: the offline ones, and what the endpoint lists."""
    lines = [f"{name}  (offline: {what})" for name, what in OFFLINE_MODELS.items()]
    try:
        found = bridge.run(lambda: list_models(session.settings.base_url, _PROBE_TIMEOUT))
    except ImgEditError as error:
        lines.append(f"{session.settings.base_url} could not be asked: {error.message}")
    else:
        lines += [name for name in found if name not in OFFLINE_MODELS]
        lines.append(f"({len(found)} image models listed by {session.settings.base_url})")
    return "\n".join(lines)


def _installation(_: Session) -> Iterator[tuple[str, str]]:
    yield "ok", f"requesty_nb {VERSION} on Python {platform.python_version()}, {platform.system()}"


def _key(session: Session) -> Iterator[tuple[str, str]]:
    if session.settings.api_key:
        yield "ok", "an API key is set"
    else:
        yield "--", "no API key: only offline/... and recorded edits work; set REQUESTY_API_KEY for the rest"


def _endpoint(session: Session) -> Iterator[tuple[str, str]]:
    settings = session.settings
    if settings.base_url.startswith("http://") and not is_loopback(settings.base_url):
        yield "!!", f"{settings.base_url} is not encrypted: the key and the pictures can be read on the way"
    try:
        found = bridge.run(lambda: list_models(settings.base_url, _PROBE_TIMEOUT))
    except ImgEditError as error:
        yield "--", f"{settings.base_url} does not answer: {error.message}"
        return
    yield "ok", f"{settings.base_url} answers and lists {len(found)} image models"
    if settings.model not in found and settings.model not in OFFLINE_MODELS:
        yield "!!", f"the default model {settings.model} is not among them: see `%imgedit models`"


def _history(session: Session) -> Iterator[tuple[str, str]]:
    folder = session.settings.history
    if folder is None:
        yield "--", "this session keeps no history"
        return
    try:
        probe = session.history.folder / "cache" / "doctor"
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"ok")
        probe.unlink()
    except OSError as error:
        yield (
            "!!",
            f"the history {folder} cannot be written ({error.strerror or error}): nothing would be sent",
        )
        return
    yield "ok", f"the history {session.history.folder} holds {len(session.history)} edits and can be written"


def _offline(_: Session) -> Iterator[tuple[str, str]]:
    from PIL import Image  # noqa: PLC0415 - only this check draws

    try:
        with Session(history=False, model="offline/painter") as probe:
            probe.edit("sepia", Image.new("RGB", (64, 64), "teal"), size="1024x1024", quality="low")
    except ImgEditError as error:
        yield "!!", f"the offline painter fails: {error.message}"
    else:
        yield "ok", "the offline painter paints"
