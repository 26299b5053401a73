"""``--vary`` and several prompts: a cell becomes the plan of a sweep."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from requesty_nb import options
from requesty_nb.errors import BadRequest
from requesty_nb.options import OPTIONS
from requesty_nb.sessions import planned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from requesty_nb.magics.asks import Asks
    from requesty_nb.options import Option, Options
    from requesty_nb.sessions import Ask, Plan

_PARAM = "param."
# What says what is asked for; the others say how.
_VARIED = frozenset(
    [
        "model",
        "size",
        "quality",
        "n",
        "background",
        "output_format",
        "output_compression",
        "input_fidelity",
        "moderation",
        "user",
        "mask",
        "extend",
        "take",
    ]
)


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of an axis, and what it changes."""

    label: str
    prompt: str | None = None
    image: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    param: tuple[str, object] | None = None


def is_sweep(parsed: Options, prompts: Sequence[str]) -> bool:
    """Tell whether a cell asks for a grid."""
    return bool(parsed.vary) or len(prompts) > 1


def plan_of(asks: Asks, parsed: Options, prompts: Sequence[str]) -> Plan:
    """Return the plan of a cell: the prompts, if there are several, and then what is varied, as written.

    Raises:
        BadRequest: something cannot be varied, or a value cannot be right.
    """
    used = set().union(*map(options.names_in, prompts))
    axes: list[tuple[str, list[_Value], Any]] = []
    if len(prompts) > 1:
        axes.append(("prompt", [_Value(prompt, prompt=prompt) for prompt in prompts], _label))
    called: dict[str, str] = {}
    for name, texts in parsed.vary:
        field_name = option.field if (option := _option(name)) else name
        if field_name in called:
            raise BadRequest(
                f"{called[field_name]} and {name} are the same.", hint="Keep one of the two --vary."
            )
        called[field_name] = name
        axes.append((name.removeprefix(_PARAM), _values(name, texts, parsed, used), _label))
    line = replace(parsed, vary=())

    def one(chosen: tuple[_Value, ...]) -> Ask:
        return _asked(asks, line, prompts[0], chosen)

    return planned(axes, one, parsed.width)


def _label(value: _Value) -> str:
    return value.label


def _asked(asks: Asks, line: Options, prompt: str, chosen: Sequence[_Value]) -> Ask:
    changes: dict[str, Any] = {}
    names: dict[str, str] = {}
    params = list(line.params)
    images = list(line.images)
    for value in chosen:
        changes |= value.options
        names |= value.names
        prompt = value.prompt if value.prompt is not None else prompt
        if value.image is not None:
            images[:1] = [value.image]
        if value.param is not None:
            params.append(value.param)
    return asks.ask(replace(line, images=tuple(images), params=tuple(params), **changes), prompt, names)


def _values(name: str, texts: Sequence[str], parsed: Options, used: set[str]) -> list[_Value]:
    """Return the values of what is varied under a name.

    Raises:
        BadRequest: nothing is called so, it is given on the line as well, or a value cannot be right.
    """
    if name == "prompt":
        raise BadRequest(
            "Prompts are not varied by --vary.", hint="Write them below each other, with a line --- between."
        )
    if name == "image":
        return [_Value(text, image=text) for text in texts]
    if name.startswith(_PARAM):
        field_name = name.removeprefix(_PARAM)
        if field_name in dict(parsed.params):
            raise BadRequest(f"{field_name} is given twice, by --param and by --vary.", hint="Keep one.")
        return [_Value(text, param=(field_name, options.as_json(text))) for text in texts]
    option = _option(name)
    if option is None and name not in used:
        raise BadRequest(
            f"--vary {name}: there is no such option, and no {{{name}}} in the prompt.", hint=_near(name)
        )
    if option is not None and getattr(parsed, option.field) is not None:
        raise BadRequest(f"{name} is given twice, by {option.flag} and by --vary.", hint="Keep one.")
    return [
        _Value(
            text,
            options={} if option is None else {option.field: _converted(option, text)},
            names={name: text} if name in used else {},
        )
        for text in texts
    ]


def _option(name: str) -> Option | None:
    """Return the option of a name: as it is called in Python, in the endpoint's fields, or on the line."""
    for option in OPTIONS:
        flags = {flag.lstrip("-") for flag in option.flags if len(flag.lstrip("-")) > 1 or flag == "-n"}
        if option.field in _VARIED and name in {option.field, option.wire, *flags}:
            return option
    return None


def _converted(option: Option, text: str) -> object:
    try:
        return option.convert(text)
    except ValueError as error:
        raise BadRequest(
            f"--vary {option.field}: {option.flag} {error}", hint=f"For example: {option.example}"
        ) from error


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, [*_VARIED, "image"], n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}A further field of the endpoint is varied as {_PARAM}{name}."
