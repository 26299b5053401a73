import copy
import pickle

import pytest

from requesty_nb import errors

KINDS = sorted(
    (
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.Explained) and kind is not errors.Explained
    ),
    key=lambda kind: kind.__name__,
)


def made(kind):
    error = kind(
        "It happened.",
        hint="Do this.",
        paid="perhaps",
        status=418,
        code="c",
        origin="router",
        request_id="r",
        body="b",
    )
    error.attempt = "01"
    return error


def test_the_tree_in_the_docstring_names_every_type_and_what_it_costs():
    lines = {line.split("──")[-1].split()[0]: line for line in errors.__doc__.splitlines() if "paid" in line}
    lines["Interrupted"] = next(line for line in errors.__doc__.splitlines() if "Interrupted (" in line)
    named = {kind.__name__ for kind in KINDS} - {"ImgEditError"}
    assert named <= set(lines)
    for kind in KINDS:
        if kind is not errors.ImgEditError:
            told = {"no": "nothing paid", "perhaps": "perhaps paid", "probably": "probably paid"}
            assert told[kind.default_paid] in lines[kind.__name__]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_what_happened_whether_it_was_paid_and_what_to_do(kind):
    error = kind("It happened.")
    text = str(error)
    assert text.startswith("It happened.")
    assert errors.PAID_TEXT[kind.default_paid] in text
    assert kind is errors.ImgEditError or (error.hint and error.hint in text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("through", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])  # noqa: S301 - our own
def test_every_error_survives_pickling_whole(kind, through):
    error = made(kind)
    again = through(error)
    assert type(again) is kind and again is not error
    assert vars(again) == vars(error)
    assert str(again) == str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_renders_as_a_few_plain_lines(kind):
    lines = made(kind)._render_traceback_()
    assert lines[0] == f"{kind.__name__}: It happened."
    assert lines[1:] == [
        "It is not known whether this was paid.",
        "Next: Do this.",
        "(HTTP 418, c, router, request r, kept in the history as 01)",
    ]
    long = kind("word " * 100, hint="x" * 200)._render_traceback_()
    assert all(len(line) <= 210 for line in long) and max(map(len, long[:3])) <= 110


def test_catching_goes_by_what_a_user_would_do():
    assert issubclass(errors.BadImage, errors.BadRequest)
    assert issubclass(errors.BadRequest, ValueError)
    assert issubclass(errors.Interrupted, KeyboardInterrupt)
    assert not issubclass(errors.Interrupted, Exception)
    assert all(issubclass(kind, errors.ImgEditError) for kind in KINDS if kind is not errors.Interrupted)


def test_an_empty_hint_is_left_out():
    assert str(errors.BadRequest("No.", hint="")) == "No. Nothing was paid."
    assert errors.BadRequest("No.", hint="")._render_traceback_() == ["BadRequest: No.", "Nothing was paid."]
