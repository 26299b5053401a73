"""Where defaults come from: the only reader of the environment.

The key is held by `Secret`, which no repr, log or traceback prints and no pickle carries.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn
from urllib.parse import quote, urlsplit

from requesty_nb.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

Replay = Literal["auto", "only", "off"]

DEFAULT_BASE_URL = "https://router.requesty.ai/v1"
DEFAULT_MODEL = "azure/openai/gpt-image-1.5"
DEFAULT_HISTORY = "imgedit-history"
DEFAULT_TIMEOUT = 300.0
OFFLINE_PREFIX = "offline/"
OFFLINE_MODELS = {
    "offline/painter": "draws by arithmetic what a few words ask for, and obeys the mask exactly",
    "offline/leaky": "the same, but takes the mask as loose guidance, as generative models do",
}
REDACTED = "[key]"
_TRACE = 8  # characters of a key that already identify it


class Secret:
    """An API key that can be used but not shown.

    It has no ``str`` of its own and refuses to be pickled; `reveal` is the one way out.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value.strip()
        value = ""  # a traceback with variables must not show it
        if not self.__value.isascii() or not self.__value.isprintable():
            raise BadRequest(
                "The API key holds characters that no HTTP header can carry.", hint="Copy it again."
            )

    def reveal(self) -> str:
        """Return the key itself; for the one place that writes the header."""
        return self.__value

    def redact(self, text: str) -> str:
        """Return ``text`` with the key, as it is or percent-encoded, struck out."""
        if len(self.__value) < _TRACE:
            return text.replace(self.__value, REDACTED) if self.__value else text
        return text.replace(self.__value, REDACTED).replace(quote(self.__value, safe=""), REDACTED)

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __repr__(self) -> str:
        return "Secret(set)" if self.__value else "Secret(not set)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key is not pickled")


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults of a session.

    Attributes:
        api_key: the endpoint's key; may be empty.
        base_url: the endpoint, up to and with its ``/v1``.
        model: the model asked for when a call names none.
        history: the folder that keeps the edits, or None to keep nothing.
        replay: ``auto`` answers from the record or pays; ``only`` never pays; ``off`` always pays.
        timeout: seconds for one whole call.
        max_cost: US dollars that a session may spend at most; None for no limit.
        prices: a file with prices of tokens in place of the table's; None for the table alone.
    """

    api_key: Secret = field(default_factory=lambda: Secret(""))
    base_url: str = DEFAULT_BASE_URL
    model: str = DEFAULT_MODEL
    history: Path | None = Path(DEFAULT_HISTORY)
    replay: Replay = "auto"
    timeout: float = DEFAULT_TIMEOUT
    max_cost: float | None = None
    prices: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``REQUESTY_*``; an empty variable counts as not set.

        Raises:
            BadRequest: a variable holds something else than it should.
        """
        env = {name: value for name, value in (os.environ if environ is None else environ).items() if value}
        key = Secret(env.pop("REQUESTY_API_KEY", ""))  # first: a traceback with variables must not show it
        return cls(
            api_key=key,
            base_url=checked_base_url(env.get("REQUESTY_BASE_URL", DEFAULT_BASE_URL)),
            model=env.get("REQUESTY_NB_MODEL", DEFAULT_MODEL),
            history=Path(env.get("REQUESTY_NB_HISTORY", DEFAULT_HISTORY)).expanduser(),
            replay=checked_replay(env.get("REQUESTY_NB_REPLAY", "auto")),
            max_cost=checked_max_cost(env.get("REQUESTY_NB_MAX_COST")),
            prices=Path(env["REQUESTY_NB_PRICES"]).expanduser() if "REQUESTY_NB_PRICES" in env else None,
        )


def checked_replay(text: str) -> Replay:
    """Return ``text`` if it is one of auto, only and off.

    Raises:
        BadRequest: it is not.
    """
    match text:
        case "auto" | "only" | "off":
            return text
        case _:
            raise BadRequest(
                f"replay is {text!r}, but has to be auto, only or off.", hint="Pick one of the three."
            )


def checked_max_cost(given: str | float | None) -> float | None:
    """Return a limit in US dollars; None, an empty text and infinity are none.

    Raises:
        BadRequest: it is no number, or below 0.
    """
    if given is None or given == "":
        return None
    try:
        dollars = float(given)
    except (TypeError, ValueError):
        dollars = -1.0
    if not dollars >= 0 or isinstance(given, bool):
        raise BadRequest(
            f"max_cost is {given!r}, but has to be a number of US dollars.",
            hint="For example 0.50; 0 pays nothing.",
        )
    return None if dollars == float("inf") else dollars


def checked_base_url(text: str) -> str:
    """Return an endpoint's address without a trailing slash.

    Raises:
        BadRequest: it is no http(s) address, or carries a user name, password, query or fragment.
    """
    address = text.strip()
    try:
        parts = urlsplit(address)
        _ = parts.port  # parsed only when asked for
    except ValueError:  # an unclosed bracket, a port that is no number
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", address):
        raise BadRequest(
            "The endpoint's address has to start with https:// (or http:// for one nearby) and name a host.",
            hint=f"For example {DEFAULT_BASE_URL}.",
        )
    if "@" in parts.netloc or "?" in address or "#" in address:
        raise BadRequest(
            "The endpoint's address must hold no user name, password, query or fragment.",
            hint="Give the key by REQUESTY_API_KEY.",
        )
    return address.rstrip("/")


def is_loopback(base_url: str) -> bool:
    """Tell whether an address names this very machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, and one like 127.example.com is anywhere
        return False


def is_offline(model: str) -> bool:
    """Tell whether a model is answered in the process, free: its name alone decides."""
    return model.startswith(OFFLINE_PREFIX)
