"""Words of a line to values; a `ValueError` completes the sentence that begins with the option's flag."""

from __future__ import annotations

import keyword
import re
from unicodedata import normalize

from requesty_nb.errors import BadRequest
from requesty_nb.settings import Replay, checked_replay

MOST_PARTIALS = 3  # that the endpoint sends of a picture
MOST_WIDTH = 256
MOST_VALUES = 1000  # of one axis


def as_json(text: str) -> object:
    """Return the JSON value a text spells, or else the text itself."""
    import json  # noqa: PLC0415 - only --param needs it

    def refuse(_: str) -> object:
        raise ValueError

    def finite(digits: str) -> float:
        if (number := float(digits)) in {float("inf"), float("-inf")}:
            raise ValueError
        return number

    try:
        value: object = json.loads(text, parse_constant=refuse, parse_float=finite)
    except (ValueError, RecursionError):
        return text
    return value


def integer(text: str) -> int:
    """Read a whole number."""
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise ValueError(f"has to be a whole number, not {text!r}.")
    return int(text)


def take(text: str) -> int:
    """Read a take, from 1."""
    if (take := integer(text)) < 1:
        raise ValueError(f"counts from 1, so it cannot be {text}.")
    return take


def seconds(text: str) -> float:
    """Read a number of seconds above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"has to be a number of seconds above 0, not {text!r}.")
    return seconds


def extent(text: str) -> str:
    """See that a text is ``L,T,R,B`` or ``WxH``, and return it."""
    if not re.fullmatch(r"[0-9]{1,6}(,[0-9]{1,6}){3}|[0-9]{1,6}x[0-9]{1,6}", text):
        raise ValueError(f"has to be L,T,R,B or WxH in whole pixels, not {text!r}.")
    return text


def variable(text: str) -> str:
    """Read the name of a variable."""
    name = normalize("NFKC", text)  # as Python does with the names in its source
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"has to be a name that Python can assign to, not {text!r}.")
    return name


def replay(text: str) -> Replay:
    """Read one of auto, only and off."""
    try:
        return checked_replay(text)
    except BadRequest as error:
        raise ValueError(f"has to be auto, only or off, not {text!r}.") from error


def transport(text: str) -> str:
    """Read one of multipart and json."""
    if text not in {"multipart", "json"}:
        raise ValueError(f"has to be multipart or json, not {text!r}.")
    return text


def pair(text: str) -> tuple[str, object]:
    """Read ``NAME=VALUE``, the value as JSON if it is any."""
    name, equals, value = text.partition("=")
    if not equals or not name or re.search(r"\s", name):
        raise ValueError(f"has to be NAME=VALUE, not {text!r}.")
    return name, as_json(value)


def dollars(text: str) -> float:
    """Read an amount of US dollars."""
    try:
        dollars = float(text.removeprefix("$"))
    except ValueError:
        dollars = -1.0
    if not 0 <= dollars < float("inf"):
        raise ValueError(f"has to be a number of US dollars, not {text!r}.")
    return dollars


def width(text: str) -> int:
    """Read how many requests may be under way."""
    if not 1 <= (width := integer(text)) <= MOST_WIDTH:
        raise ValueError(f"has to be from 1 to {MOST_WIDTH}, not {text}.")
    return width


def partial(text: str) -> int:
    """Read how many unfinished pictures to show."""
    if not 0 <= (count := integer(text)) <= MOST_PARTIALS:
        raise ValueError(f"has to be from 0 to {MOST_PARTIALS}, not {text}.")
    return count


def axis(text: str) -> tuple[str, tuple[str, ...]]:
    """Read ``name=a,b,c``; ``name=1..4`` counts, and a JSON list holds values with commas."""
    name, equals, rest = text.partition("=")
    name = name.strip()
    if not equals or not name or re.search(r"\s", name):
        raise ValueError(f"has to be NAME=a,b,c, not {text!r}.")
    if counted := re.fullmatch(r"\s*(\d{1,6})\.\.(\d{1,6})\s*", rest):
        first, last = int(counted[1]), int(counted[2])
        if first > last:
            raise ValueError(f"counts upwards: {name}={last}..{first}.")
        values = tuple(map(str, range(first, min(last, first + MOST_VALUES) + 1)))
    elif isinstance(listed := as_json(rest), list):
        values = tuple(each if isinstance(each, str) else _json_text(each) for each in listed)
    else:
        values = tuple(each.strip() for each in rest.split(","))
    if not values or not all(values):
        raise ValueError(f"needs values for {name}, separated by commas, and none may be empty.")
    if len(values) > MOST_VALUES:
        raise ValueError(f"takes at most {MOST_VALUES} values for {name}.")
    if len(set(values)) < len(values):
        raise ValueError(f"has a value of {name} twice.")
    return name, values


def _json_text(value: object) -> str:
    import json  # noqa: PLC0415 - only --vary with a JSON list needs it

    return json.dumps(value)
