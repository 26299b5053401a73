"""Trees, drawn: what stands where, what is left out, and that no prompt is anything but text."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from xml.etree import ElementTree as ET

import nbformat.v4 as form
import pytest
from cards import LIMIT, weight
from hypothesis import given, settings
from hypothesis import strategies as st
from lineages import LOGO, NASTY, PHOTO, chain, edit, family, fan, from_, tree
from nbconvert import HTMLExporter

from requesty_nb import display
from requesty_nb.models import Tree

# Text


def test_a_terminal_gets_indented_lines():
    assert display.tree_text(family()) == (
        "photo.jpg\n"
        "├── a red hat  (take 1 · gpt-image-1.5)\n"
        "│   └── as a watercolour  (take 1 · painter)\n"
        "│       └── with the logo  (take 1 · gpt-image-1.5, also from logo.png and “a blue hat”)\n"
        "└── a blue hat  (take 2 · gpt-image-1.5)\n"
        "logo.png\n"
        "cat.png\n"
        "└── grey  (take 1 · gpt-image-1.5)"
    )
    assert display.tree_text(tree()) == "No edits."


def test_what_gave_no_picture_says_so():
    told = display.tree_text(
        tree(edit(1, [PHOTO], state="failed", images=()), edit(2, [PHOTO], state="unknown"))
    )
    assert "prompt 1  (failed · take 1 · gpt-image-1.5)" in told
    assert "prompt 2  (unknown · take 1 · gpt-image-1.5)" in told


def test_a_photograph_in_several_edits_stands_once_whatever_it_was_called_there():
    told = display.tree_text(tree(edit(1, [PHOTO]), edit(2, [("sha256:photo", "copy.jpg")])))
    assert told.splitlines()[0] == "photo.jpg" and "copy.jpg" not in told and len(told.splitlines()) == 3


def test_thousands_of_edits_in_one_chain_are_drawn_in_narrow_lines():
    lines = display.tree_text(chain(3000)).splitlines()
    assert len(lines) == 3001
    assert max(map(len, lines)) < 110
    assert lines[-1].endswith("└── prompt 2999  (take 1 · gpt-image-1.5)")


# Mermaid

LABEL = r"(?:[\w ,.!?'()…·“”-]|#\d+;|<br/>)*"
LINE = re.compile(
    "|".join(
        (
            r"%%\{init: [^%]*\}%%",
            r"flowchart (LR|TB)",
            r"classDef \w+ [\w:,#]+",
            rf'n\d+\("{LABEL}"\):::(source|ok|failed|unknown|earlier)',
            r"n\d+ --> n\d+",
            r"linkStyle default stroke:#\w+",
            rf'about\["{LABEL}"\]',
        )
    )
)


def labels(mermaid: str) -> list[str]:
    """Read the boxes' labels back, as Mermaid does."""
    for line in mermaid.splitlines():
        assert LINE.fullmatch(line), line
    found = re.findall(r'^n\d+\("(.*)"\)', mermaid, re.MULTILINE)
    return [re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label) for label in found]


def test_a_flowchart_has_a_box_for_each_photograph_and_edit_and_a_line_from_parent_to_child():
    mermaid = display.tree_mermaid(family())
    assert labels(mermaid) == [
        "photo.jpg<br/>source",
        "“a red hat”<br/>take 1 · gpt-image-1.5",
        "“a blue hat”<br/>take 2 · gpt-image-1.5",
        "“as a watercolour”<br/>take 1 · painter",
        "logo.png<br/>source",
        "“with the logo”<br/>take 1 · gpt-image-1.5",
        "cat.png<br/>source",
        "“grey”<br/>take 1 · gpt-image-1.5",
    ]
    lines = {tuple(line.split(" --> ")) for line in mermaid.splitlines() if "-->" in line}
    wanted = {
        ("n0", "n1"),
        ("n0", "n2"),
        ("n1", "n3"),
        ("n3", "n5"),
        ("n4", "n5"),
        ("n2", "n5"),
        ("n6", "n7"),
    }
    assert lines == wanted
    assert mermaid == display.tree_mermaid(family())


@pytest.mark.parametrize("text", NASTY)
def test_no_prompt_or_name_or_model_is_anything_but_text(text):
    drawn = tree(edit(1, [("sha256:a", text)], text or " ", model=f"v/{text}"))
    source, made = labels(display.tree_mermaid(drawn))
    printable = " ".join("".join(one for one in text if one.isprintable() or one == "\n").split())
    assert source.removesuffix("<br/>source") in {printable, f"{printable[:29].rstrip()}…", "a picture"}
    assert made.startswith(f"“{printable[:20]}" if printable else "“(no prompt)”")
    words = words_of(display.tree_svg(drawn))
    assert words[0] in {printable, "a picture"}
    assert set("\n".join((*words, display.tree_text(drawn)))).isdisjoint(
        "\x00\x1b\ufffe\N{RIGHT-TO-LEFT OVERRIDE}"
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_any_text_at_all_is_drawn(texts):
    drawn = tree(*(edit(number, [("sha256:a", text)], text) for number, text in enumerate(texts)))
    assert len(labels(display.tree_mermaid(drawn))) == len(texts) + 1
    assert len(display.tree_text(drawn).splitlines()) == len(texts) + 1
    rows(display.tree_svg(drawn))


def test_a_deep_tree_is_drawn_from_the_top_down():
    assert "flowchart LR\n" in display.tree_mermaid(family())
    assert "flowchart TB\n" in display.tree_mermaid(chain(9))
    assert "flowchart LR\n" in display.tree_mermaid(fan(9))


# The static picture

SVG = "{http://www.w3.org/2000/svg}"
MAY = {
    "svg": {"width", "height", "viewBox", "role", "aria-label", "font-family", "font-size"},
    "title": set(),
    "g": {"fill", "opacity", "text-anchor", "font-size"},
    "path": {"fill", "stroke", "stroke-width", "stroke-dasharray", "d"},
    "rect": {"x", "y", "width", "height", "rx"},
    "text": {"x", "y", "fill"},
}


def parsed(svg: str) -> ET.Element:
    """Read a picture, which is known to be able to do nothing but show."""
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    for element in root.iter():
        kind = element.tag.removeprefix(SVG)
        assert element.attrib.keys() <= MAY[kind], (kind, element.attrib)
    assert "url(" not in svg and "<a" not in svg
    return root


def words_of(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


def rows(svg: str) -> list[tuple[float, float, float, str]]:
    """Return left, top, right edge and title of each card, from the top down; all lie within the picture."""
    root = parsed(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    cards = []
    titles = {float(one.attrib["y"]): one for one in reversed(list(root.iter(f"{SVG}text")))}
    for rect in root.iter(f"{SVG}rect"):
        x, y, wide, high = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        assert x >= 0 and x + wide <= width and y >= 0 and y + high <= height
        title = next(one for at, one in titles.items() if y < at < y + high)
        assert x < float(title.attrib["x"]) < x + wide
        cards.append((x, y, x + wide, title.text or ""))
    cards.sort(key=lambda card: card[1])
    assert all(below[1] - above[1] >= 30 for above, below in pairwise(cards))
    return cards


def test_a_picture_has_a_row_for_each_indented_under_what_it_came_from():
    found = rows(display.tree_svg(family()))
    assert [(left, title) for left, _, _, title in found] == [
        (3, "photo.jpg"),
        (29, "a red hat"),
        (55, "as a watercolour"),
        (81, "with the logo"),
        (29, "a blue hat"),
        (3, "logo.png"),
        (3, "cat.png"),
        (29, "grey"),
    ]


def test_what_came_in_besides_the_first_source_leads_in_from_the_right():
    root = parsed(display.tree_svg(family()))
    dashed = [path.attrib["d"] for path in root.iter(f"{SVG}path") if "stroke-dasharray" in path.attrib]
    assert len(dashed) == 1 and dashed[0].count("M") == 2
    assert "dasharray" not in display.tree_svg(fan(3))


def test_a_picture_says_what_it_shows():
    root = parsed(display.tree_svg(family()))
    title = root.find(f"{SVG}title")
    assert title is not None
    assert (
        title.text == root.attrib["aria-label"] == "Which edit went on from which. 5 edits from 3 pictures."
    )
    assert root.attrib["role"] == "img"


def test_a_picture_fits_a_notebooks_column_however_deep_and_however_long_the_prompts_are():
    long = tree(edit(1, [("sha256:a", "name " * 40)], "W" * 300), edit(2, [PHOTO], "日" * 300))
    for drawn in (long, chain(150), fan(150), family()):
        svg = display.tree_svg(drawn)
        assert float(parsed(svg).attrib["width"]) <= 860
        assert max(right for _, _, right, _ in rows(svg)) <= 760
    assert rows(display.tree_svg(long))[1][3].endswith("W…")


# What a notebook gets


def test_a_small_tree_is_mermaid_a_picture_and_text():
    bundle = display.tree_bundle(family())
    assert bundle == {
        "image/svg+xml": display.tree_svg(family()),
        "text/plain": display.tree_text(family()),
        "text/vnd.mermaid": display.tree_mermaid(family()),
    }


@pytest.mark.parametrize("drawn", [fan(40), chain(40), chain(20)])
def test_a_larger_tree_is_a_picture_and_text(drawn):
    """JupyterLab would save more than is allowed of its Mermaid drawing, or nobody could read it."""
    assert display.tree_bundle(drawn).keys() == {"image/svg+xml", "text/plain"}


def test_no_edits_are_told():
    bundle = display.tree_bundle(tree())
    assert bundle["text/plain"] == "No edits."
    assert words_of(bundle["image/svg+xml"]) == ["No edits."]
    assert bundle.keys() == {"image/svg+xml", "text/plain"}


WIDE = tree(
    *(edit(number, [(f"sha256:{number}{one}", "picture") for one in range(16)]) for number in range(999))
)
HEAVY = tree(*(edit(number, [PHOTO], "\N{GRINNING FACE}&<日" * 90) for number in range(999)))


@pytest.mark.parametrize("make", [lambda: fan(10_000), lambda: chain(10_000), lambda: WIDE, lambda: HEAVY])
def test_of_a_huge_tree_the_newest_are_drawn_and_it_says_how_many_are_not(make):
    whole = make()
    started = time.process_time()
    bundle = display.tree_bundle(whole)
    assert time.process_time() - started < 2
    assert weight(bundle) <= LIMIT
    drawn = len(rows(bundle["image/svg+xml"]))
    assert 30 <= drawn <= 220
    told = words_of(bundle["image/svg+xml"])[-1]
    assert told == bundle["text/plain"].splitlines()[-1]
    found = re.fullmatch(r"The newest ([\d,]+) of ([\d,]+) edits, from .*; ([\d,]+) are left out\.", told)
    assert found
    newest, of, left = (int(number.replace(",", "")) for number in found.groups())
    assert of == len(whole) and newest + left == of
    titles = [title for *_, title in rows(bundle["image/svg+xml"])]
    if whole is not HEAVY:
        assert f"prompt {len(whole) - 1}" in titles and "prompt 0" not in titles


def test_what_an_edit_came_from_is_drawn_before_others_that_are_newer():
    old = edit(0, [PHOTO], "the beginning")
    others = [edit(number, [LOGO]) for number in range(1, 300)]
    last = edit(300, [from_(old)], "the end")
    titles = [title for *_, title in rows(display.tree_bundle(tree(old, *others, last))["image/svg+xml"])]
    assert titles[:3] == ["photo.jpg", "the beginning", "the end"]
    assert "prompt 299" in titles and "prompt 1" not in titles


def test_an_edit_whose_parent_is_left_out_says_so():
    found = display.tree_bundle(chain(500))["text/plain"].splitlines()
    assert re.fullmatch(r"prompt \d+  \(an earlier edit\)", found[0])
    assert found[-1].startswith("The newest ")


def test_a_saved_notebook_shows_the_picture_without_any_script():
    outputs = [form.new_output("display_data", data=display.tree_bundle(family()))]
    notebook = form.new_notebook(cells=[form.new_code_cell("history.tree()", outputs=outputs)])
    html, _ = HTMLExporter().from_notebook_node(notebook)
    body = html.split("<body", 1)[1]
    assert body.count("data:image/svg+xml;base64,") == 1
    assert "flowchart" not in body and "├──" not in body


# The part around some edits


def test_the_part_around_an_edit_is_what_it_came_from_and_what_came_of_it():
    whole = family()
    first, second, third, fourth, lone = whole.nodes
    assert whole.around([lone.id]).nodes == (lone,)
    assert whole.around([third.id]).nodes == (first, second, third, fourth)
    assert whole.around([fourth.id]).parents == whole.parents
    assert whole.around([]) == Tree((), {})
    cut = tree(first, third).around([first.id])
    assert cut.nodes == (first, third) and display.tree_text(cut).count("\n") == 2
