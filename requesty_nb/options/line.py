"""The line after ``%%imgedit``: read, completed and written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from requesty_nb.errors import BadRequest
from requesty_nb.options.converting import as_json
from requesty_nb.options.table import BY_FLAG, OPTIONS, Option, Options
from requesty_nb.options.template import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK = " \t\r\n\f\v"
# patterns stay text: `re` compiles them when first used, and importing this stays quick
_PIECE = r"""'[^']*'|"[^"]*"|[^'" \t\r\n\f\v]+"""
_LONG = [flag for flag in BY_FLAG if flag.startswith("--")]
_NUMBER = r"-[.0-9]"
_PLAIN = r"""[^\s'"]+"""
_DASHES = "-\N{EN DASH}\N{EM DASH}"  # keyboards and word processors turn -- into the long ones
_HELP = "`%imgedit --help` lists the options."


def parse(line: str) -> Options:
    r"""Return what a line says.

    Words are split as a shell does, with two differences: a backslash is a plain character (``C:\new``),
    and ``#`` starts no comment. After ``--`` every word is a picture. A value that begins with ``-`` and is
    no number is written ``--flag=-value``.

    Raises:
        BadRequest: the message names the option, the hint shows a right one.
    """
    words, unclosed = _split(line)
    if unclosed:
        raise BadRequest(
            f"A quote is not closed: {unclosed}",
            hint="""Close it; a value with an apostrophe is quoted "like it's here".""",
        )
    given: dict[str, Any] = {}
    images: list[str] = []
    queue = iter(words)
    for word in queue:
        if word == "--":
            images += queue
        elif not _dashed(word):
            images.append(word)
        else:
            option, attached = _option(word)
            value: object = True
            if option.metavar:
                value = _value(option, next(queue, None) if attached is None else attached, attached=attached)
            elif attached is not None:
                raise BadRequest(f"{option.flag} takes no value.", hint=f"Write just {option.flag}.")
            _keep(given, option, value)
    return Options(images=tuple(images), **given)


def complete(line_to_cursor: str, names: Sequence[str], models: Sequence[str] = ()) -> list[str]:
    """Return what the word under the cursor can become, whole words, in the order of the table.

    Args:
        line_to_cursor: the line as far as the cursor, with or without ``%%imgedit`` in front.
        names: the variables that can stand for a picture, a mask or a result.
        models: the models known.

    Returns:
        Flags after a ``-``, values after an option that has some, else ``names``. Nothing within quotes;
        paths are the caller's.
    """
    words, unclosed = _split(re.sub(r"\A\s*%%?imgedit\b", "", line_to_cursor))
    if unclosed:
        return []
    under = "" if line_to_cursor[-1:] in _BLANK or not words else words.pop()
    if "--" in words:
        return _beginning(under, names)
    flag, equals, _ = under.partition("=")
    if equals and flag in BY_FLAG:
        values = _values(BY_FLAG[flag], names, models)
        return _beginning(under, [f"{flag}={value}" for value in values])
    before = BY_FLAG.get(words[-1]) if words else None
    if before and before.metavar:
        return _beginning(under, _values(before, names, models))
    if under.startswith("-"):
        used = {option.field for word in words if (option := BY_FLAG.get(word.partition("=")[0]))}
        open_ = (option for option in OPTIONS if option.repeat or option.field not in used)
        return _beginning(under, [flag for option in open_ for flag in option.flags])
    return _beginning(under, names)


def to_cell(options: Options, prompt: str) -> str:
    """Return the cell that says this: the reverse of `parse` and `fill`.

    Raises:
        BadRequest: a value holds a line break, which no line can carry.
    """
    words = ["%%imgedit"]
    trailing = any(map(_dashed, options.images))
    if not trailing:
        words += map(_quoted, options.images)
    for option in OPTIONS:
        value = getattr(options, option.field)
        for item in value if option.repeat else [value]:
            words += _written(option, item)
    if trailing:
        words += ["--", *map(_quoted, options.images)]
    return " ".join(words) + "\n" + escape(prompt)


def _split(line: str) -> tuple[list[str], str]:
    """Return the words, unquoted, and what follows a quote that is not closed."""
    words: list[str] = []
    at, joined = 0, False
    pieces = re.compile(_PIECE)
    while at < len(line):
        if line[at] in _BLANK:
            at, joined = at + 1, False
            continue
        if not (piece := pieces.match(line, at)):
            return words, line[at:]
        text = piece[0][1:-1] if line[at] in "'\"" else piece[0]
        if joined:
            words[-1] += text
        else:
            words.append(text)
        at, joined = piece.end(), True
    return words, ""


def _option(word: str) -> tuple[Option, str | None]:
    """Return the option a word names and the value attached to it: ``--size=auto``, ``-sauto``."""
    flag, equals, attached = word.partition("=")
    if flag in BY_FLAG:
        return BY_FLAG[flag], attached if equals else None
    # -n2 and -fpng; but -size is a slip for --size, not -s with the value "ize"
    option, rest = BY_FLAG.get(word[:2]), word[2:]
    if option and (rest[:1].isdigit() or rest in option.choices):
        return option, rest
    raise BadRequest(f"{flag} is no option of %%imgedit.", hint=f"{_suggestion(flag)} {_HELP}".strip())


def _suggestion(flag: str) -> str:
    import difflib  # noqa: PLC0415 - only a slip needs it

    slip = "--" + flag.lstrip(_DASHES).lower()
    known = [flag[-2:]] if flag[-2:] in BY_FLAG else []  # --n
    known += [long for long in _LONG if len(slip) > len("--") and long.startswith(slip)]
    known += difflib.get_close_matches(slip, _LONG, n=1)
    if not known:
        return "A picture whose name begins with - is named after --."
    return f"Did you mean {known[0]}? For example: {BY_FLAG[known[0]].example}."


def _value(option: Option, text: str | None, *, attached: str | None) -> object:
    written = f"For example: {option.example}"
    if text is None or (attached is None and text[:1] == "-" and text != "-" and not re.match(_NUMBER, text)):
        known = text is None or text.partition("=")[0] in {*BY_FLAG, "--"}
        dash = "" if known else f". A value that begins with - is written {option.flag}={text}"
        raise BadRequest(f"{option.flag} needs a value, {option.metavar}.", hint=written + dash)
    try:
        return option.convert(text)
    except ValueError as error:
        raise BadRequest(f"{option.flag} {error}", hint=written) from error


def _keep(given: dict[str, Any], option: Option, value: object) -> None:
    if option.repeat:
        given[option.field] = (*given.get(option.field, ()), value)
    elif option.field in given:
        raise BadRequest(f"{option.flag} is given twice.", hint="Keep one.")
    else:
        given[option.field] = value


def _values(option: Option, names: Sequence[str], models: Sequence[str]) -> Sequence[str]:
    if option.field == "model":
        return models
    return names if option.names else option.choices


def _beginning(start: str, words: Sequence[str]) -> list[str]:
    return [word for word in words if word.startswith(start)]


def _written(option: Option, value: object) -> list[str]:
    """Return the words that give an option this value."""
    if value is None or value is False:
        return []
    if not option.metavar:
        return [option.flag]
    if option.field == "vary" and isinstance(value, tuple):
        text = f"{value[0]}={_listed(value[1])}"
    elif isinstance(value, tuple):
        text = f"{value[0]}={_json(value[1])}"
    else:
        text = repr(value) if isinstance(value, float) else str(value)
    quoted = _quoted(text)
    return [f"{option.flag}={quoted}"] if text.startswith("-") else [option.flag, quoted]


def _listed(values: Sequence[str]) -> str:
    """Write the values of an axis so that they are read as they are."""
    import json  # noqa: PLC0415 - only --vary needs it

    plain = ",".join(values)
    odd = (
        any("," in value or value != value.strip() for value in values)
        or plain.startswith("[")
        or ".." in plain
    )
    return json.dumps(list(values)) if odd or not plain.isprintable() else plain


def _json(value: object) -> str:
    import json  # noqa: PLC0415 - only --param needs it

    if isinstance(value, str) and as_json(value) == value and value.isprintable():
        return value
    return json.dumps(value)


def _dashed(word: str) -> bool:
    return word[:1] in tuple(_DASHES) and word != "-"


def _broken(text: str) -> bool:
    """Tell whether a text holds what ends a line in a cell."""
    # the full stop makes splitlines see a break at the very end
    return len((text + ".").splitlines()) > 1


def _quoted(text: str) -> str:
    """Return a word that `_split` reads as this text; what no quote can hold whole is put side by side."""
    if _broken(text):
        raise BadRequest(
            f"{text!r} holds a line break, which no %%imgedit line can carry.", hint="Rename it."
        )
    if re.fullmatch(_PLAIN, text):
        return text
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return "".join(f"'{part}'" if '"' in part else f'"{part}"' for part in re.findall(r'"+|[^"]+', text))
