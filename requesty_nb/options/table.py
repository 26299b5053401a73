"""The options: one record each, from which the parser, the help, completion and `to_cell` are made."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requesty_nb.errors import BadRequest
from requesty_nb.options import converting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requesty_nb.settings import Replay

# Fields of the endpoint that have a place of their own, and where: none can be given as a further field.
TAKEN = {
    "model": "--model names the model",
    "prompt": "the cell's body is the prompt",
    "image": "pictures are named first on the line",
    "image[]": "pictures are named first on the line",
    "images": "pictures are named first on the line",
    "mask": "--mask gives the mask",
    "n": "-n says how many pictures to make",
    "stream": "--partial asks for a streamed answer",
    "partial_images": "--partial says how many pictures to show before the last",
}
_WIDTH = 100
_COLUMN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a line says; None (or an empty tuple, or False) where it says nothing.

    Attributes:
        images: the sources, in order, as written: paths, names of variables, addresses, file ids.
        mask: a variable's name or a path.
        model: the model's name.
        size: ``WxH`` in pixels, ``auto``, or whatever else a model takes.
        n: how many pictures to make; any integer, its range is the session's business.
        output_compression: percent.
        extend: ``L,T,R,B`` or ``WxH``, pixels, as written.
        take: from 1.
        new: pay for the next free take.
        retry: pay also where an earlier attempt was sent and its outcome is not known.
        raw: pictures as received, not mapped back to the source.
        save: a path.
        out: the variable that gets the edit.
        timeout: seconds for one call.
        params: further fields for the endpoint, name and JSON value, in order.
        vary: what to vary and its values, as written, in order; the values of one are an axis of a grid.
        width: how many requests may be under way at once.
        max_cost: US dollars that this cell may cost at most.
        dry_run: show what would be sent and what it may cost; send nothing.
        partial: how many pictures of each are shown before it is done.
        detach: go on in the background.

    Raises:
        BadRequest: two of them contradict each other.
    """

    images: tuple[str, ...] = ()
    mask: str | None = None
    model: str | None = None
    size: str | None = None
    quality: str | None = None
    n: int | None = None
    background: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    input_fidelity: str | None = None
    moderation: str | None = None
    user: str | None = None
    extend: str | None = None
    take: int | None = None
    new: bool = False
    retry: bool = False
    replay: Replay | None = None
    raw: bool = False
    save: str | None = None
    out: str | None = None
    tags: tuple[str, ...] = ()
    transport: str | None = None
    timeout: float | None = None
    params: tuple[tuple[str, object], ...] = ()
    vary: tuple[tuple[str, tuple[str, ...]], ...] = ()
    width: int | None = None
    max_cost: float | None = None
    dry_run: bool = False
    partial: int | None = None
    detach: bool = False

    def __post_init__(self) -> None:
        if self.new and self.take is not None:
            raise BadRequest(
                "--new and --take exclude each other: --new picks the next free take by itself.",
                hint=f"Write --new alone, or --take {self.take} alone.",
            )
        seen: set[str] = set()
        for name, _ in self.params:
            if name in TAKEN:
                raise BadRequest(f"--param cannot set {name}: {TAKEN[name]}.", hint=_EXAMPLE_PARAM)
            own = next((option for option in OPTIONS if option.wire == name), None)
            if own and getattr(self, own.field) is not None:
                raise BadRequest(f"{name} is given twice, by {own.flag} and by --param.", hint="Keep one.")
            if name in seen:
                raise BadRequest(f"--param gives {name} twice.", hint="Keep one.")
            seen.add(name)
        axes = [name for name, _ in self.vary]
        if twice := next((name for name in axes if axes.count(name) > 1), None):
            raise BadRequest(
                f"--vary gives {twice} twice.", hint=f"Put all its values together: --vary {twice}=a,b,c"
            )

    @property
    def fields(self) -> dict[str, Any]:
        """The endpoint's fields that were given, but for model, prompt, pictures, mask and n."""
        own = {option.wire: getattr(self, option.field) for option in OPTIONS if option.wire}
        return {name: value for name, value in own.items() if value is not None} | dict(self.params)


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        field: the attribute of `Options` it sets.
        flags: how it is written; the last is the one we write.
        metavar: what stands for its value in the help; empty for a switch.
        help: one line.
        group: the heading it stands under in the help.
        example: right use, shown with errors.
        choices: values to suggest. Models and their values change, so only ``convert`` refuses any.
        wire: the endpoint's field it fills, if it fills one as it is.
        names: whether a variable's name can be its value.
        repeat: whether it can be given more than once.
        convert: text to value; a ValueError completes the sentence "--flag ...".
    """

    field: str
    flags: tuple[str, ...]
    metavar: str
    help: str
    group: str
    example: str
    choices: tuple[str, ...] = ()
    wire: str = ""
    names: bool = False
    repeat: bool = False
    convert: Callable[[str], object] = str

    @property
    def flag(self) -> str:
        """The flag as we write it."""
        return self.flags[-1]


_IMAGE = (
    "a path, a variable (path, bytes, picture, array, Editor, Edit), an https:// or data: URL, or a file id; "
    "1 to 16. Before one whose name begins with -, write --"
)
_EXAMPLE_PARAM = "For example: --param safety_identifier=class-7"
_ASK, _MANY, _WHERE, _AGAIN, _MONEY, _KEEP, _SEND = EXAMPLES = {
    "What to ask for": "%%imgedit photo.jpg --size 1536x1024 --quality low -n 2",
    "Many at once": "%%imgedit photo.jpg --vary quality=low,high --vary take=1..3",
    "Where to change the picture": "%%imgedit photo.jpg --mask sky",
    "Replay or pay": "%%imgedit photo.jpg --take 2",
    "What it costs": "%%imgedit photo.jpg --dry-run",
    "What to keep": "%%imgedit photo.jpg -o sunset --save sunset.png --tag draft",
    "How to send it": "%%imgedit photo.jpg --timeout 120",
}

OPTIONS: tuple[Option, ...] = (
    Option("model", ("-m", "--model"), "NAME", "the model; offline/painter is free", _ASK,
           "--model offline/painter"),
    Option("size", ("-s", "--size"), "WxH", "size of the result in pixels", _ASK, "--size 1536x1024",
           ("auto", "1024x1024", "1536x1024", "1024x1536"), "size"),
    Option("quality", ("-q", "--quality"), "LEVEL", "higher costs more", _ASK, "--quality low",
           ("auto", "low", "medium", "high"), "quality"),
    Option("n", ("-n",), "N", "how many pictures, 1-10; each is paid for", _ASK, "-n 2",
           convert=converting.integer),
    Option("background", ("-b", "--background"), "KIND", "transparent needs png or webp", _ASK,
           "--background transparent", ("auto", "transparent", "opaque"), "background"),
    Option("output_format", ("-f", "--format"), "FORMAT", "file format of the result", _ASK, "--format jpeg",
           ("png", "jpeg", "webp"), "output_format"),
    Option("output_compression", ("--compression",), "PERCENT", "0-100, for jpeg and webp", _ASK,
           "--compression 80", wire="output_compression", convert=converting.integer),
    Option("input_fidelity", ("--fidelity",), "LEVEL", "how closely to keep to the source", _ASK,
           "--fidelity high", ("low", "high"), "input_fidelity"),
    Option("moderation", ("--moderation",), "LEVEL", "how strictly content is filtered", _ASK,
           "--moderation low", ("auto", "low"), "moderation"),
    Option("user", ("--user",), "TEXT", "an end user's id, for the endpoint", _ASK,
           "--user class-7", wire="user"),
    Option("params", ("--param",), "NAME=VALUE", "any other field, as it is; VALUE is JSON or text", _ASK,
           "--param safety_identifier=class-7", repeat=True, convert=converting.pair),
    Option("vary", ("--vary",), "NAME=a,b,..", "a grid of edits: an option, image, mask, or a {NAME} of the "
           "prompt, with each value; prompts of their own are parted by a line ---", _MANY,
           "--vary quality=low,high", repeat=True, convert=converting.axis),
    Option("width", ("--width",), "N", "how many requests at once, 16 if left out", _MANY, "--width 8",
           convert=converting.width),
    Option("mask", ("--mask",), "NAME|PATH", "what to change: a variable or a picture", _WHERE, "--mask sky",
           names=True),
    Option("extend", ("--extend",), "L,T,R,B|WxH", "draw beyond the edges: pixels to add, or the whole size",
           _WHERE, "--extend 0,0,512,0", convert=converting.extent),
    Option("take", ("--take",), "K", "the K-th answer to this request; a recorded one is free", _AGAIN,
           "--take 2", convert=converting.take),
    Option("new", ("--new",), "", "pay for the next free take", _AGAIN, "--new"),
    Option("retry", ("--retry",), "", "pay again for what was sent before and never answered", _AGAIN,
           "--retry"),
    Option("replay", ("--replay",), "MODE", "auto: recorded, or paid for; only: never pay; off: always pay",
           _AGAIN, "--replay only", ("auto", "only", "off"), convert=converting.replay),
    Option("dry_run", ("--dry-run",), "", "show what would be sent and what it may cost; send nothing",
           _MONEY, "--dry-run"),
    Option("max_cost", ("--max-cost",), "USD", "send nothing that may cost more than this in all", _MONEY,
           "--max-cost 0.50", convert=converting.dollars),
    Option("out", ("-o", "--out"), "NAME", "the variable that gets the edit", _KEEP, "--out sunset",
           names=True, convert=converting.variable),
    Option("save", ("--save",), "PATH", "also write the result to a file; of a grid, a labelled sheet",
           _KEEP, "--save sunset.png"),
    Option("tags", ("--tag",), "TEXT", "a word to find it by in the history", _KEEP, "--tag draft",
           repeat=True),
    Option("raw", ("--raw",), "", "pictures as received, not mapped back to the source", _KEEP, "--raw"),
    Option("transport", ("--transport",), "FORM", "how pictures travel", _SEND, "--transport json",
           ("multipart", "json"), convert=converting.transport),
    Option("timeout", ("--timeout",), "SECONDS", "how long one call may take", _SEND, "--timeout 120",
           convert=converting.seconds),
    Option("partial", ("--partial",), "K", "show up to K unfinished pictures of each, 0-3", _SEND,
           "--partial 2", convert=converting.partial),
    Option("detach", ("--detach",), "", "go on in the background; -o NAME gives a handle", _SEND, "--detach"),
)  # fmt: skip
BY_FLAG: Mapping[str, Option] = {flag: option for option in OPTIONS for flag in option.flags}


def help_text() -> str:
    """Return what ``%imgedit --help`` shows: every option by group, each group with an example."""
    lines = ["%%imgedit IMAGE... [options]", "PROMPT", ""]
    for left, right in (
        ("IMAGE", _IMAGE),
        ("PROMPT", "the cell's body. {expr} in it is filled from the notebook; {{ and }} are braces"),
        ("Values", "with spaces are quoted: \"two words\" or 'two words'. A backslash is a plain character"),
    ):
        lines += _row(left, right)
    for group, example in EXAMPLES.items():
        lines += ["", group]
        for option in OPTIONS:
            if option.group == group:
                listed = (
                    f" ({', '.join(option.choices)})" if option.choices and option.field != "replay" else ""
                )
                again = "; repeatable" if option.repeat else ""
                lines += _row(
                    f"{', '.join(option.flags)} {option.metavar}".strip(), option.help + again + listed
                )
        lines += _row("example", example)
    return "\n".join(lines)


def _row(left: str, right: str) -> list[str]:
    rows = textwrap.wrap(right, _WIDTH - _COLUMN, break_on_hyphens=False)
    return [f"  {left:<{_COLUMN - 3}} {rows[0]}", *(" " * _COLUMN + row for row in rows[1:])]
