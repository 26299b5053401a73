from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from requesty_nb.errors import BadRequest, OutOfFunds
from requesty_nb.options import (
    OPTIONS,
    Options,
    complete,
    escape,
    fill,
    help_text,
    names_in,
    parse,
    parted,
    to_cell,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# a busy machine is slow to draw the first example; that says nothing about the code
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def refused(line: str) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        parse(line)
    return caught.value


def unfilled(template: str, values: dict[str, object] | None = None) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        fill(template, evaluate(values or {}))
    return caught.value


def evaluate(values: dict[str, object]) -> Callable[[str], object]:
    return lambda code: eval(code, dict(values))  # noqa: S307 - what a notebook does, on the test's own text


# ---------------------------------------------------------------- the line


def test_every_option_is_read() -> None:
    line = (
        "photo.jpg fox -m offline/painter --mask sky -s 1536x1024 -q low -n 2 -b transparent -f webp "
        "--compression 80 --fidelity high --moderation low --user me --extend 0,0,512,0 --take 3 "
        "--replay only --raw --save out.png -o sunset --tag a --tag b --transport json --timeout 1.5 "
        "--param x=[1] --param y=z"
    )
    assert parse(line) == Options(
        images=("photo.jpg", "fox"),
        model="offline/painter",
        mask="sky",
        size="1536x1024",
        quality="low",
        n=2,
        background="transparent",
        output_format="webp",
        output_compression=80,
        input_fidelity="high",
        moderation="low",
        user="me",
        extend="0,0,512,0",
        take=3,
        replay="only",
        raw=True,
        save="out.png",
        out="sunset",
        tags=("a", "b"),
        transport="json",
        timeout=1.5,
        params=(("x", [1]), ("y", "z")),
    )
    assert parse("fox --new").new


def test_an_empty_line_says_nothing() -> None:
    assert parse("") == parse("  \t ") == Options()
    assert Options().fields == {}


@pytest.mark.parametrize(
    "line", ["-s auto", "-s=auto", "-sauto", "--size auto", "--size=auto", "--size='auto'", '--"size" a"u"to']
)
def test_a_value_is_attached_or_follows(line: str) -> None:
    assert parse(line).size == "auto"


def test_pictures_and_options_come_in_any_order_and_two_dashes_end_the_options() -> None:
    assert parse("a --new b -- -n --size -- c") == Options(
        images=("a", "b", "-n", "--size", "--", "c"), new=True
    )


def test_a_backslash_a_hash_and_a_single_dash_are_plain() -> None:
    assert parse(r"C:\new\photo.png 'C:\two words\' #1 -").images == (
        r"C:\new\photo.png",
        "C:\\two words\\",
        "#1",
        "-",
    )


def test_quotes_join_and_hold_spaces_and_each_other() -> None:
    assert parse("""a' b'"c 'd'" '' "" --user "it's" """) == Options(images=("a bc 'd'", "", ""), user="it's")


@pytest.mark.parametrize("line", ["it's", 'a "b', "--user 'x", "'"])
def test_an_open_quote_is_refused(line: str) -> None:
    assert "quote is not closed" in refused(line).message


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("--qualty low", "--quality low"),
        ("--qual low", "--quality"),
        ("-size 1", "--size"),
        ("-mask x", "--mask"),
        ("--n 2", "-n 2"),
        ("--Mask x", "--mask"),
        ("\N{EM DASH}mask x", "--mask"),
        ("-qlwo", "--help"),
        ("--varyy a=1", "--vary"),
        ("-photo.png", "after --"),
        ("--=1", "--help"),
    ],
)
def test_a_slip_is_refused_and_put_right(slip: str, meant: str) -> None:
    error = refused(f"photo.jpg {slip}")
    assert slip.partition(" ")[0].partition("=")[0] in error.message
    assert meant in error.hint


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("--mask", "--mask"),
        ("--mask --size auto", "--mask"),
        ("-s -q low", "--size"),
        ("--user -x", "--user"),
        ("-n two", "-n"),
        ("-n 1.5", "-n"),
        ("-n", "-n"),
        ("--compression=high", "--compression"),
        ("--take 0", "--take"),
        ("--take -1", "--take"),
        ("--take one", "--take"),
        ("--timeout 0", "--timeout"),
        ("--timeout -3", "--timeout"),
        ("--timeout nan", "--timeout"),
        ("--timeout inf", "--timeout"),
        ("--timeout soon", "--timeout"),
        ("--replay never", "--replay"),
        ("--transport http", "--transport"),
        ("--extend 1,2,3", "--extend"),
        ("--extend -10,0,0,0", "--extend"),
        ("-o 2x", "--out"),
        ("-o class", "--out"),
        ("-o a.b", "--out"),
        ("--param alone", "--param"),
        ("--param =1", "--param"),
    ],
)
def test_a_wrong_value_names_the_option_and_shows_a_right_one(line: str, flag: str) -> None:
    error = refused(line)
    example_line = next(option.example for option in OPTIONS if flag in option.flags)
    assert error.message.startswith(flag)
    assert example_line in error.hint
    assert parse(example_line) != Options()


def test_a_value_with_a_dash_is_attached_or_a_number() -> None:
    assert parse("--user=-x").user == "-x"
    assert "--user=-x" in refused("--user -x").hint
    assert parse("--compression -5").output_compression == -5
    assert parse("-n -1").n == -1


def test_what_cannot_stand_together_is_refused() -> None:
    assert "exclude each other" in refused("--new --take 2").message
    assert "twice" in refused("-s auto --size auto").message
    assert "twice" in refused("--raw --raw").message
    assert "no value" in refused("--new=yes").message
    assert "size is given twice" in refused("--param size=1x1 -s auto").message
    assert "x twice" in refused("--param x=1 --param x=2").message


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("model", "--model"),
        ("prompt", "body"),
        ("image", "first"),
        ("image[]", "first"),
        ("mask", "--mask"),
        ("n", "-n"),
        ("stream", "--partial"),
        ("partial_images", "--partial"),
    ],
)
def test_param_leaves_what_has_its_own_place(name: str, instead: str) -> None:
    assert instead in refused(f"--param {name}=1").message


def test_values_that_no_list_knows_pass() -> None:
    assert parse("-s 3840x2160 -q xhigh -b striped -f svg --fidelity mid --moderation none").fields == {
        "size": "3840x2160",
        "quality": "xhigh",
        "background": "striped",
        "output_format": "svg",
        "input_fidelity": "mid",
        "moderation": "none",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ('"1"', "1"),
        ('{"a":[1]}', {"a": [1]}),
        ("plain", "plain"),
        ("", ""),
        ("a=b", "a=b"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("[" * 5000, "[" * 5000),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_param_values_are_json_or_text(text: str, value: object) -> None:
    (pair,) = parse(f"--param 'x={text}'").params
    assert pair == ("x", value)
    assert type(pair[1]) is type(value)


def test_fields_are_the_endpoints_names() -> None:
    options = parse(
        "photo.jpg -m x -n 2 --mask m --format png --compression 9 --user me --param frames=3 --take 2"
    )
    assert options.fields == {"output_format": "png", "output_compression": 9, "user": "me", "frames": 3}


def test_out_is_the_name_python_will_know() -> None:
    assert parse("-o \N{LATIN SMALL LIGATURE FI}x").out == "fix"


# ---------------------------------------------------------------- the table


def test_every_field_has_one_option_and_every_option_a_field() -> None:
    fields = [option.field for option in OPTIONS]
    assert sorted([*fields, "images"]) == sorted(Options.__dataclass_fields__)
    flags = [flag for option in OPTIONS for flag in option.flags]
    assert len(flags) == len(set(flags))


def test_help_shows_every_option_aligned_and_an_example_that_parses_for_each_group() -> None:
    text = help_text()
    rows = text.splitlines()
    assert max(map(len, rows)) <= 100
    for option in OPTIONS:
        row = next(row for row in rows if row.lstrip().startswith(", ".join(option.flags)))
        assert row[29] == " "
        assert row[30] != " "
        assert option.metavar in row
    examples = [row.split("%%imgedit ", 1)[1] for row in rows if row.startswith("  example")]
    assert len(examples) == len({option.group for option in OPTIONS})
    assert all(parse(line).images for line in examples)


# ---------------------------------------------------------------- completion


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", ["fox", "sky"]),
        ("%%imgedit ", ["fox", "sky"]),
        ("%%imgedit fo", ["fox"]),
        ("fox --q", ["--quality"]),
        ("fox --quality ", ["auto", "low", "medium", "high"]),
        ("fox -q me", ["medium"]),
        ("fox --quality=h", ["--quality=high"]),
        ("fox -s 15", ["1536x1024"]),
        ("fox --replay o", ["only", "off"]),
        ("fox --mask ", ["fox", "sky"]),
        ("fox -o s", ["sky"]),
        ("fox --model off", ["offline/painter"]),
        ("fox -m azure/", ["azure/a"]),
        ("fox --user ", []),
        ("fox --new ", ["fox", "sky"]),
        ("fox --size auto ", ["fox", "sky"]),
        ("fox -- -", []),
        ("fox -- s", ["sky"]),
        ("fox 's", []),
        ("fox --size auto --si", []),
        ("fox --tag a --ta", ["--take", "--tag"]),
    ],
)
def test_completion_follows_where_the_cursor_is(line: str, found: list[str]) -> None:
    assert complete(line, ["fox", "sky"], ["offline/painter", "azure/a"]) == found


def test_a_dash_completes_to_every_flag_not_used_yet() -> None:
    every = [flag for option in OPTIONS for flag in option.flags]
    assert complete("fox -", []) == every
    assert complete("fox -s auto -", []) == [flag for flag in every if flag not in {"-s", "--size"}]


@PATIENT
@given(line=st.text(alphabet="-=\"' \tabnsize%", max_size=20))
def test_completion_never_fails(line: str) -> None:
    assert isinstance(complete(line, ["fox"]), list)


# ---------------------------------------------------------------- the prompt


def test_a_prompt_without_braces_is_returned_as_it_is() -> None:
    prompt = "a hat, 50 % off: it's \\n $x\r\n"
    assert fill(prompt, evaluate({})) is prompt


FORMS = [
    "{place}",
    "over {place}!",
    "{ place }",
    "{{literal}} {place}",
    "{{{place}}}",
    "{place!r}",
    "{place!s:>12}",
    "{place!a}",
    "{n:03d}",
    "{n:{width}}|",
    "{ratio:.{digits}f}",
    "{ratio:{width}.{digits}f}|",
    "{day:%H:%M}",
    "{place.upper()}",
    '{place + "}"}',
    "{'{' + place}",
    '{"it" + "\'s"}',
    "{'''a'b''' + place}",
    '{words["a"]}',
    "{words['a']:>5}",
    '{ {"a": 1}["a"] }',
    "{ {c for c in 'aaa'} }",
    "{[x for x in (1, 2)]}",
    "{', '.join(f'{k}' for k in words)}",
    "{n != 3}",
    "{n == 7 and (lambda x: x)(n)}",
    "{(y := n)}",
    "{n if n > 3 else 0:>4}",
    "{n, place}",
    "{\nn\n + 1}",
]


@pytest.mark.parametrize("form", FORMS)
def test_expressions_come_out_as_in_an_f_string(form: str) -> None:
    values = {
        "place": "the caf\N{LATIN SMALL LETTER E WITH ACUTE}",
        "n": 7,
        "width": 9,
        "digits": 2,
        "ratio": 2 / 3,
        "words": {"a": "A", "b": "B"},
        "day": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    }
    if sys.version_info < (3, 12) and ("\\" in form or "'''" in form):
        expected = {"{r'\\d' + place}": "\\dthe café", "{'a\\'b' + place}": "a'bthe café"}.get(
            form, "a'bthe café"
        )
    else:
        expected = str(evaluate(values)(f'f"""{form}"""'))
    assert fill(form, evaluate(values)) == expected


def test_an_expression_over_several_lines_is_evaluated_whole() -> None:
    assert fill("{a\n+ b}", evaluate({"a": 1, "b": 2})) == "3"


@pytest.mark.parametrize(
    "template",
    [
        "a {",
        "a } b",
        "{a}}",
        "{}",
        "{ }",
        "{a",
        "{a b}",
        "{dog's}",
        "{a)}",
        "{(a]}",
        "{a!x}",
        "{a!}",
        "{a!r b}",
        "{a:{",
        "{a:{b:{c}}}",
        "{a:>3",
        "{1 +}",
        "{=}",
        "{lambda x: x}",
        "{a\0}",
        "{" + "(" * 500 + ")" * 500 + "}",
    ],
)
def test_a_stray_brace_or_broken_expression_is_pointed_at(template: str) -> None:
    error = unfilled("first line\nthen " + template, {"a": 1, "b": 1, "c": 1})
    assert "line 2, column" in error.message
    assert "{{" in error.hint


def test_the_error_points_at_the_brace() -> None:
    assert "line 2, column 4, at `{b c} d`" in unfilled("a\nxx {b c} d\ne").message


def test_a_name_not_defined_is_said_so() -> None:
    error = unfilled("over {place}")
    assert "place is not defined in the notebook" in error.message
    assert isinstance(error.__cause__, NameError)


def test_other_failures_of_an_expression_are_told_with_their_cause() -> None:
    assert "ZeroDivisionError: division by zero" in unfilled("{1/0}").message
    assert "written as text" in unfilled("{1:zz}").message
    assert "written as text" in unfilled("{x:>9}", {"x": object()}).message


def test_an_error_of_ours_and_an_interrupt_pass_through() -> None:
    def fail(code: str) -> object:
        raise OutOfFunds(code) if code == "spent" else KeyboardInterrupt

    with pytest.raises(OutOfFunds):
        fill("{spent}", fail)
    with pytest.raises(KeyboardInterrupt):
        fill("{stop}", fail)


@PATIENT
@given(template=st.text(alphabet="{}{}'\"!:=rsa([)] \n\\1,", max_size=25))
def test_filling_gives_text_or_a_bad_request(template: str) -> None:
    try:
        filled = fill(template, lambda _: 1)
    except BadRequest as error:
        assert "In the prompt, line" in error.message  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(filled, str)


# ---------------------------------------------------------------- and back

WORD = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: len((text + ".").splitlines()) < 2
)
AWKWARD = WORD | st.text(alphabet="-\"' \\=#{}$\N{EM DASH}\N{NO-BREAK SPACE}a1", max_size=8)
TEXT = st.none() | AWKWARD
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | AWKWARD
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet="a\n\r\N{LINE SEPARATOR}\"'", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(AWKWARD, inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
NAME = st.from_regex(r"[a-z_\-\[\]'\"]{1,8}", fullmatch=True).filter(
    lambda name: (
        name not in {"model", "prompt", "image", "images", "mask", "n", "stream", "size", "quality", "user"}
    )
)
VALUES = st.lists(
    (AWKWARD | st.sampled_from(["1..3", "[", "a,b", " a", '["x"]', "1"])).filter(bool),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)
MADE = st.builds(
    Options,
    images=st.lists(AWKWARD, max_size=3).map(tuple),
    mask=TEXT,
    model=TEXT,
    size=TEXT,
    quality=TEXT,
    n=st.none() | st.integers(-99, 99),
    user=TEXT,
    output_compression=st.none() | st.integers(0, 100),
    extend=st.sampled_from([None, "1,2,3,4", "10x20"]),
    take=st.none() | st.integers(1, 99),
    replay=st.sampled_from([None, "auto", "only", "off"]),
    raw=st.booleans(),
    save=TEXT,
    out=st.sampled_from([None, "x", "_1", "ünï"]),
    tags=st.lists(AWKWARD, max_size=2).map(tuple),
    transport=st.sampled_from([None, "json"]),
    timeout=st.none() | st.floats(1e-9, 1e9),
    params=st.dictionaries(NAME, JSON, max_size=2).map(lambda pairs: tuple(pairs.items())),
    retry=st.booleans(),
    width=st.none() | st.integers(1, 256),
    max_cost=st.none() | st.floats(0, 1e6),
    dry_run=st.booleans(),
    partial=st.none() | st.integers(0, 3),
    detach=st.booleans(),
    vary=st.dictionaries(NAME, VALUES, max_size=2).map(lambda pairs: tuple(pairs.items())),
)


def as_the_shell_gives_it(cell: str) -> tuple[str, str]:
    """Send a cell the way a notebook does, and return the line and the body its magic gets."""
    call = ast.parse(TransformerManager().transform_cell(cell)).body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    name, line, body = (ast.literal_eval(argument) for argument in call.value.args)
    assert name == "imgedit"
    return line, body.removesuffix("\n")


@PATIENT
@given(options=MADE, prompt=st.text(st.characters(exclude_categories=["Cs"])))
@example(options=Options(images=("it's 12\" wide", "-n")), prompt=" {a}\r\n}\n\n")
@example(options=Options(params=(("x", "1"), ("y", "a\nb"))), prompt="")
@example(options=Options(images=("a.png",)), prompt="... so\n>>> a hat\n  \n   ...: x\n>>>\n \x1b[1m\u202eb")
@example(options=Options(images=("a.png",)), prompt="a hat\n ---\na cap")
@example(options=Options(vary=(("x", ("1..3",)), ("y", ('["a"]',)))), prompt="")
@example(options=Options(images=("a.png",)), prompt="In [1]: a hat\n\u00a0\n{x}")
def test_a_cell_reads_back_to_the_same_options_and_prompt(options: Options, prompt: str) -> None:
    cell = to_cell(options, prompt)
    line, body = cell.split("\n", 1)
    assert parse(line.removeprefix("%%imgedit")) == options
    assert json.dumps(parse(line.removeprefix("%%imgedit")).params) == json.dumps(options.params)
    assert fill(body, evaluate({})) == prompt
    assert parted(body) == [body.strip()]  # whatever lines it has, it is one prompt
    line, body = as_the_shell_gives_it(cell)
    assert parse(line) == options
    assert fill(body, evaluate({})) == fill(body.strip(), evaluate({})) == prompt


@pytest.mark.parametrize(
    ("body", "prompts"),
    [
        ("a hat", ["a hat"]),
        ("a hat\n---\na cap\n  ---  \na\nhood", ["a hat", "a cap", "a\nhood"]),
        ("a --- b\n----\nc\n-- -", ["a --- b\n----\nc\n-- -"]),
        ("---\na hat", ["", "a hat"]),
    ],
)
def test_a_line_of_dashes_parts_prompts(body: str, prompts: list[str]) -> None:
    assert parted(body) == prompts


def test_the_names_a_prompt_reads_are_known_without_reading_them() -> None:
    assert names_in("a {place} {hat.colour!r:>{width}} {{none}} {[x for x in row]} {'text'}") == {
        "place", "hat", "width", "x", "row",
    }  # fmt: skip
    assert names_in("{text!s:.{n}} {number:{width}.2f}") == {"text", "n", "number", "width"}


def test_a_cell_is_written_as_one_would_write_it() -> None:
    options = parse(
        "photo.jpg 'two words.png' -s auto -n 2 -o sunset --new --timeout 90 --param x=y --param z=[1]"
    )
    assert to_cell(options, "a {hat}") == (
        '%%imgedit photo.jpg "two words.png" --size auto -n 2 --param x=y --param z=[1] --new --out sunset '
        "--timeout 90.0\na {{hat}}"
    )


def test_a_line_break_that_no_line_can_carry_is_refused() -> None:
    with pytest.raises(BadRequest, match="line break"):
        to_cell(Options(save="a\nb"), "")


def test_escaped_text_needs_no_notebook() -> None:
    def never(code: str) -> object:
        raise AssertionError(code)

    prompt = "\n {x} \r\n a\rb "
    assert "\r" not in escape(prompt)
    assert fill(escape(prompt), never) == prompt


def test_options_import_nothing_heavy() -> None:
    code = (
        "import sys, requesty_nb.options; "
        "print({'argparse', 'difflib', 'json', 'numpy', 'PIL', 'IPython'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
