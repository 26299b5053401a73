"""The words the painter knows: one table, and how a prompt is read by it.

Words are matched without regard to case, by their stems, and work in the order they stand. Where two
overlap, the earlier and longer wins (``black and white`` is no colour, ``watercolour`` no water).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from requesty_nb.offline.painter import light, matter, style, tone
from requesty_nb.offline.painter.plain import plain
from requesty_nb.offline.painter.remove import remove

if TYPE_CHECKING:
    from requesty_nb.offline.painter.brief import Recipe

Where = Literal["picture", "background", "sky"]


@dataclass(frozen=True, slots=True)
class Word:
    """One row of the table.

    Attributes:
        name: how the documentation calls it.
        stems: a regular expression of the words it answers to.
        recipe: what paints it; None for what only clears pixels.
        where: what it works on when there is no mask and the prompt names no place.
        says: what it does.
        colour: for a colour, its 8-bit RGB.
    """

    name: str
    stems: str
    recipe: Recipe | None
    where: Where
    says: str
    colour: tuple[int, int, int] = (0, 0, 0)


_COLOURS = {
    "red": ("red|crimson|scarlet", (200, 26, 30)),
    "orange": ("orange", (236, 120, 20)),
    "yellow": ("yellow", (240, 206, 40)),
    "gold": ("gold(?:en)?", (212, 164, 52)),
    "green": ("green", (38, 140, 62)),
    "turquoise": ("turquoise|teal|cyan", (36, 170, 172)),
    "blue": ("blue", (36, 86, 204)),
    "purple": ("purple|violet", (124, 52, 176)),
    "pink": ("pink|magenta", (236, 104, 164)),
    "brown": ("brown", (122, 76, 42)),
    "grey": ("gr[ae]y", (128, 128, 128)),
    "white": ("white", (244, 244, 244)),
    "black": ("black", (26, 26, 28)),
}

_WORDS = (
    Word(
        "sunset",
        r"sunsets?|sunrise|dusk|dawn|golden hour|evening",
        light.sunset,
        "picture",
        "an evening sky with a low sun, warm light on the rest",
    ),
    Word(
        "night",
        r"(?:mid)?night\w*|moonl\w+",
        light.night,
        "picture",
        "a dark sky with stars, moonlight on the rest, lamps left alight",
    ),
    Word("snow", r"snow\w*|winter\w*|blizzard", light.snow, "picture", "cold light, snow lying and falling"),
    Word(
        "fog",
        r"fog\w*|mist|misty|haz[ey]\w*",
        light.fog,
        "picture",
        "fog, thicker further up, where things are further away",
    ),
    Word(
        "black and white",
        r"black(?: and | ?& ?|-and-)white|monochrom\w*|gr[ae]y ?scale",
        tone.black_and_white,
        "picture",
        "no colour, firmer contrast",
    ),
    Word("sepia", r"sepia|vintage", tone.sepia, "picture", "brown on cream, like an old print"),
    Word("warmer", r"warm\w*", tone.warmer, "picture", "all colours towards amber"),
    Word("colder", r"cold\w*|cool\w*", tone.colder, "picture", "all colours towards blue"),
    Word(
        "brighter",
        r"bright\w*|lighten\w*|lighter",
        tone.brighter,
        "picture",
        "lighter, most in the middle of the scale",
    ),
    Word("darker", r"dark\w*|dim|dimmer", tone.darker, "picture", "darker, most in the middle of the scale"),
    Word(
        "watercolour",
        r"water[ -]?colou?r\w*|aquarelle",
        style.watercolour,
        "picture",
        "flat washes with darker rims on paper with a bare margin",
    ),
    Word(
        "sketch",
        r"sketch\w*|pencil\w*|drawing",
        style.sketch,
        "picture",
        "pencil lines and hatching on paper",
    ),
    Word(
        "pixel art",
        r"pixel\w*(?: art)?|8[- ]bit",
        style.pixel_art,
        "picture",
        "large square pixels of few colours",
    ),
    Word(
        "poster",
        r"poster\w*|screen ?print\w*",
        style.poster,
        "picture",
        "a few flat inks with heavy outlines",
    ),
    Word("blur", r"blur\w*|out of focus|defocus\w*|bokeh", style.blur, "picture", "far out of focus"),
    Word(
        "forest",
        r"forests?|woods|woodland|trees?",
        matter.forest,
        "background",
        "filled with spruces, paler further away",
    ),
    Word(
        "water",
        r"water|sea|ocean|lake|waves?",
        matter.water,
        "background",
        "filled with water that mirrors what lies above",
    ),
    Word("sand", r"sandy?|deserts?|dunes?|beach", matter.sand, "background", "filled with wind-rippled sand"),
    Word(
        "bricks", r"bricks?|brickwork|brick walls?", matter.bricks, "background", "filled with a brick wall"
    ),
    Word(
        "stars",
        r"stars?|starry|starlit|milky way",
        matter.stars,
        "sky",
        "filled with a clear sky full of stars",
    ),
    Word(
        "remove",
        r"remov\w*|eras\w*|delet\w*|get rid of",
        remove,
        "picture",
        "gone, filled from the surroundings; without a mask, what stands in front goes",
    ),
    Word(
        "cut out",
        r"cut[- ]?outs?|cut (?:\w+ ){1,3}out|isolat\w*|no background|transparent background|"
        r"(?:remov\w*|eras\w*|delet\w*) (?:the )?background",
        None,
        "picture",
        "what stands in front stays, the rest is transparent; under a mask, the masked part is",
    ),
    *(
        Word(
            name,
            stems,
            tone.colour,
            "picture",
            f"dyed {name}, shading kept; without a mask, what stands in front",
            rgb,
        )
        for name, (stems, rgb) in _COLOURS.items()
    ),
)
_PLACES = {
    "sky": (r"sk(?:y|ies)", "with no mask, tone, style, colour and matter work on the sky only"),
    "background": (r"backgrounds?|backdrop", "with no mask, they work on all but what stands in front"),
}
_PLAIN = Word(
    "(anything else)",
    "",
    plain,
    "picture",
    "two tones and a soft leak of coloured light, drawn by the prompt",
)
_BESIDE = re.compile(
    r"\b(?:over|above|across|by|near|beside|behind|at|along)(?: (?:the|a|an|this|that|some))? $"
)
_BESIDE_REACH = 16  # characters
_MATTER = {"forest", "water", "sand", "bricks"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt asks for.

    Attributes:
        words: rows of the table, in the prompt's order; the plain one if there are none.
        place: ``sky``, ``background`` or empty.
    """

    words: tuple[Word, ...]
    place: str


def read(prompt: str) -> Reading:
    """Find the known words of a prompt.

    Matter that the prompt only mentions beside something (``a sunset over the sea``) is not painted.
    """
    text = " ".join(prompt.lower().split())
    found: list[tuple[int, int, Word]] = []
    for word in _WORDS:
        for match in re.finditer(rf"\b(?:{word.stems})\b", text, re.ASCII):
            before = text[max(0, match.start() - _BESIDE_REACH) : match.start()]
            if word.name not in _MATTER or not _BESIDE.search(before):
                found.append((match.start(), match.end(), word))
    words: list[Word] = []
    reached = 0
    for start, end, word in sorted(found, key=lambda item: (item[0], -item[1])):
        if start >= reached:
            reached = end
            if word not in words:
                words.append(word)
    place = next((name for name, (stems, _) in _PLACES.items() if re.search(rf"\b(?:{stems})\b", text)), "")
    return Reading(tuple(words) or (_PLAIN,), place)


def vocabulary() -> dict[str, str]:
    """Return every word the painter knows with what it does."""
    table = {word.name: word.says for word in _WORDS}
    table |= {name: says for name, (_, says) in _PLACES.items()}
    return table | {_PLAIN.name: _PLAIN.says}
