"""``%%imgedit`` and ``%imgedit`` in a real kernel, seen through the messages that a notebook gets."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat.v4 as form
import numpy as np
import pytest
import skimage.data
from canary import SECRET, holds_secret
from cards import LIMIT, Card, weight
from kernels import Endpoint, Kernel, Ran, answer, kernel_in, picture, refusal
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from photos import encoded
from PIL import Image
from servers import serving

from requesty_nb.magics.canary import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

PHOTOS = Path(skimage.data.__file__).parent
HEAD = """\
import io, os, sys
import numpy as np
from PIL import Image
import requesty_nb as rq
"""
OFFLINE = "%config ImgEdit.model = 'offline/painter'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("notebook")
    for name in ("chelsea.png", "coffee.png", "rocket.jpg"):
        shutil.copy(PHOTOS / name, path / name)
    halved = np.zeros((300, 451), np.uint8)
    halved[:150] = 255
    Image.fromarray(halved).save(path / "upper half.png")
    return path


@pytest.fixture(scope="module")
def shared(folder) -> Iterator[Kernel]:
    with kernel_in(folder, {**os.environ, "REQUESTY_NB_HISTORY": "history-0"}) as kernel:
        kernel.ok("%load_ext requesty_nb")
        kernel.ok(HEAD)
        yield kernel


@pytest.fixture
def kernel(shared, request) -> Kernel:
    """The module's kernel, offline, with a history of the test's own."""
    history = f"history-{abs(hash(request.node.nodeid))}"
    shared.ok(
        f"{OFFLINE}\n%config ImgEdit.history = '{history}'\n%config ImgEdit.replay = 'auto'\n"
        f"%config ImgEdit.base_url = '{os.environ['REQUESTY_BASE_URL']}'\n%config ImgEdit.timeout = 60.0"
    )
    return shared


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[Endpoint, str]]:
    app = Endpoint()
    with serving(app) as address:
        yield app, f"{address}/v1"


@pytest.fixture
def online(kernel, endpoint) -> tuple[Kernel, Endpoint]:
    """The kernel, with a scripted endpoint and a model that goes there."""
    app, address = endpoint
    app.requests.clear()
    app.answer = answer(picture())
    kernel.ok(f"%config ImgEdit.base_url = '{address}'\n%config ImgEdit.model = 'vendor/painter-9'")
    return kernel, app


def card_of(ran: Ran) -> Card:
    bundle = ran.card
    assert set(bundle) == {"text/html", "text/plain"}
    assert weight(bundle) <= LIMIT
    card = Card(bundle["text/html"])
    assert all(card.alts)
    return card


def lines_of(ran: Ran) -> list[str]:
    lines: list[str] = ran.error["lines"]
    assert 2 <= len(lines) <= 8
    assert not any("Traceback" in line for line in lines)
    assert not any("\x1b" in line for line in lines)
    return lines


# Editing


def test_loading_twice_is_harmless(kernel):
    assert "already loaded" in kernel.ok("%load_ext requesty_nb").text
    kernel.ok("%reload_ext requesty_nb")
    assert kernel.value("[type(one).__name__ for one in get_ipython().configurables].count('ImgEdit')") == 1


def test_a_cell_becomes_a_card_and_a_variable(kernel, folder):
    ran = kernel.ok(
        "%%imgedit coffee.png --size 1536x1024 --quality low -o cup --tag draft --tag 'two words'\nsepia"
    )
    card = card_of(ran)
    assert card.alts == ["the source: coffee.png", "result of the edit: sepia"]
    assert card.rows["Size"] == "1536x1024" and card.rows["Quality"] == "low"
    assert card.rows["Tags"] == "draft, two words"
    assert ran.card["text/plain"].splitlines()[0] == f"Edit {kernel.value('cup.id')}: sepia"
    assert kernel.value("(cup.prompt, cup.images[0].size, cup.tags)") == (
        "sepia",
        (1536, 1024),
        ("draft", "two words"),
    )
    assert kernel.value("cup.request.images[0].digest[:7]") == "sha256:"
    shown = [one["msg_type"] for one in ran.messages if one["msg_type"] != "update_display_data"]
    assert shown == ["execute_input", "display_data"]  # in it a slow machine counts seconds first


def test_what_can_stand_for_a_picture(kernel):
    kernel.ok(
        "cat = Image.open('chelsea.png').convert('RGB'); array = np.asarray(cat)\n"
        "data = open('chelsea.png', 'rb').read(); path = 'chelsea.png'\n"
        "from pathlib import Path; whole = Path('chelsea.png').absolute()\n"
        "shots = [None, cat]; by_name = {'cat': array}\n"
    )
    kernel.ok("%%imgedit path -o e\nsepia")
    for word in ("data", "whole", "./chelsea.png", "cat", "array", "shots[1]", "by_name['cat']"):
        card_of(kernel.ok(f'%%imgedit "{word}" --size 1024x1024\nblue'))
    assert kernel.value("len({one.request.images[0].digest for one in rq.history})") == 2
    ran = kernel.ok("%%imgedit e e.images[0] e.restored[0] -o f\nblue")
    assert card_of(ran).alts[0].endswith("and 2 more")
    assert kernel.value("len({one.digest for one in f.request.images})") == 1


def test_a_picture_in_a_variable_is_named_after_it_and_its_identity_stays(kernel):
    kernel.ok(
        "cat = Image.open('chelsea.png'); cat.load()\n"
        "photo = np.asarray(cat); photo2 = Image.fromarray(photo)"
    )
    kernel.ok("data = open('chelsea.png', 'rb').read()\nshots = [photo]")
    for word, name in (
        ("photo", "photo.png"),
        ("photo2", "photo2.png"),
        ("data", "data.png"),
        ("cat", "chelsea.png"),
        ("shots[0]", "image.png"),
    ):
        ran = kernel.ok(f"%%imgedit {word} -o e\nsepia")
        if word in {"photo", "data"}:
            assert card_of(ran).alts[0] == f"the source: {name}"
        assert kernel.value("e.replayed") == (word not in {"photo", "data"}), "a name is no part of the key"
    sources = kernel.value("[rq.edit('sepia', one).replayed for one in (photo, data)]")
    assert sources == [True, True]


def test_rq_on_a_line_is_this_package_unless_a_variable_is_called_so(kernel):
    kernel.ok("%%imgedit coffee.png -o cup\nsepia")
    kernel.ok("kept = cup.id; del rq; import requesty_nb")
    try:
        kernel.ok("%%imgedit rq.history[kept].sources[0] --replay only -o again\nsepia")
        assert kernel.value("again == cup")
        assert "rq.nosuch cannot be evaluated" in " ".join(lines_of(kernel.run("%%imgedit rq.nosuch\nsepia")))
        assert "nor a file named rq" in " ".join(lines_of(kernel.run("%%imgedit rq\nsepia")))
        kernel.ok("class rq: history = {kept: Image.new('RGB', (40, 40))}")
        kernel.ok("%%imgedit rq.history[kept] -o other\nsepia")
        assert kernel.value("other.request.images[0].size") == (40, 40)
    finally:
        kernel.ok("import requesty_nb as rq")


def test_expressions_in_the_prompt(kernel):
    kernel.ok("place = 'Rome'; sizes = {'a': 3}")
    ran = kernel.ok("%%imgedit coffee.png\nsepia over {place}, {sizes['a']:02d}, {{braces}}, $place")
    assert card_of(ran).words[0] == "sepia over Rome, 03, {braces}, $place"


def test_options_are_not_expanded_by_the_shell(kernel):
    kernel.ok("place = 'Rome'")
    kernel.ok("%%imgedit coffee.png --tag {place} --tag $place -o cup\nsepia")
    assert kernel.value("cup.tags") == ("{place}", "$place")


@pytest.mark.parametrize("mask", ["drawn", "array", "'upper half.png'", "pil", "holder"])
def test_what_can_stand_for_a_mask(kernel, mask):
    kernel.ok(
        "drawn = rq.Mask((451, 300)).rect(0, 0, 451, 150)\n"
        "pil = Image.open('upper half.png'); pil.load(); array = np.asarray(pil) > 127\n"
        "class Holder: mask = drawn\nholder = Holder()"
    )
    card = card_of(kernel.ok(f"%%imgedit chelsea.png --mask {mask} -o cat\nas a watercolour"))
    assert card.alts == ["the source: chelsea.png with mask", "restored of the edit: as a watercolour"]
    assert "Outside the mask" in card.rows
    kept = kernel.value(
        "(np.asarray(cat.restored[0].pil)[151:] == np.asarray(Image.open('chelsea.png'))[151:]).all().item()"
    )
    assert kept


def test_save_writes_what_is_shown_under_the_right_suffix(kernel, folder):
    ran = kernel.ok("%%imgedit coffee.png --format jpeg -n 2 --save out.png -o cup\nsepia")
    assert ran.text.splitlines() == ["Saved out-1.jpg", "Saved out-2.jpg"]
    assert (folder / "out-2.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    ran = kernel.run("%%imgedit coffee.png --format jpeg -n 2 --save nowhere/out.png\nsepia")
    assert "nowhere/out.png names no file" in lines_of(ran)[0]
    assert not ran.of("display_data"), "nothing was made for a file that has no place"


def test_takes_new_and_replay(kernel):
    first = card_of(kernel.ok("%%imgedit coffee.png -o one\nsepia"))
    assert any("take 1 · new · free" in words for words in first.words)
    again = card_of(kernel.ok("%%imgedit coffee.png -o same\nsepia"))
    assert any("take 1 · replayed from the history, nothing paid" in words for words in again.words)
    second = card_of(kernel.ok("%%imgedit coffee.png --new -o two\nsepia"))
    assert any("write --take 2 to keep this one" in words for words in second.words)
    kernel.ok("%%imgedit coffee.png --take 2 --replay only -o kept\nsepia")
    assert kernel.value("(one == same, two == kept, kept.replayed, one.id == two.id)") == (
        True,
        True,
        True,
        False,
    )
    assert "Take 3 of this request is not recorded" in " ".join(
        lines_of(kernel.run("%%imgedit coffee.png --take 3 --replay only\nsepia"))
    )
    assert kernel.value("len(rq.history)") == 2


def test_ten_pictures_in_one_card(kernel):
    card = card_of(kernel.ok("%%imgedit rocket.jpg -n 10 --size 1024x1024 --format jpeg\nadd noise"))
    assert len(card.images) == 11
    assert card.alts[10] == "result 10 of the edit: add noise"


def test_what_users_and_servers_write_is_shown_as_text(online):
    nasty = "<script>alert('1')</script> & \"quoted\""
    kernel, app = online
    app.answer = answer(picture(), background=nasty, quality=nasty)
    kernel.ok(f"nasty = {nasty!r}\nImage.new('RGB', (30, 20)).save('a<b>&.png')")
    ran = kernel.ok(f"%%imgedit a<b>&.png --tag '<b>t</b>' --model 'vendor/<i>m</i>' -o e\n{nasty}")
    card = card_of(ran)
    assert card.words[0] == nasty
    assert card.alts[0] == "the source: a<b>&.png"
    assert card.rows["Tags"] == "<b>t</b>"
    assert nasty in card.rows["Chosen for you"]
    assert "vendor/<i>m</i> · take 1" in card.text
    assert "<script" not in ran.card["text/html"]


# Errors


@pytest.mark.parametrize(
    ("status", "name", "paid"),
    [
        (400, "BadRequest", "Nothing was paid."),
        (401, "KeyRefused", "Nothing was paid."),
        (402, "OutOfFunds", "Nothing was paid."),
        (403, "KeyRefused", "Nothing was paid."),
        (404, "ModelUnknown", "Nothing was paid."),
        (412, "OutOfFunds", "Nothing was paid."),
        (413, "TooLarge", "Nothing was paid."),
        (424, "EndpointBroken", "It is not known whether this was paid."),
        (429, "RateLimited", "Nothing was paid."),
        (500, "EndpointBroken", "It is not known whether this was paid."),
        (502, "EndpointBroken", "It is not known whether this was paid."),
        (503, "EndpointBroken", "It is not known whether this was paid."),
        (529, "EndpointBroken", "It is not known whether this was paid."),
    ],
)
def test_a_refusal_is_a_few_plain_lines(online, status, name, paid):
    kernel, app = online
    app.answer = refusal(
        status,
        f"The reason is number {status}. Authorization: Bearer {SECRET}",
        **({"retry_after": "3600"} if status == 429 else {}),
        x_requesty_request_id="req-7",
    )
    ran = kernel.run("%%imgedit coffee.png\nsepia")
    lines = lines_of(ran)
    assert ran.error["ename"] == name
    assert lines[0].startswith(f"{name}: ")
    assert f"The reason is number {status}." in " ".join(lines)
    assert paid in lines
    assert any(line.startswith("Next: ") for line in lines)
    assert f"(HTTP {status}, router, request req-7, kept in the history as" in " ".join(lines)
    assert len(app.requests) == 1
    assert app.requests[0][0]["authorization"] == f"Bearer {SECRET}"
    assert not ran.of("display_data")

    whole = kernel.ok("%imgedit traceback").text
    assert whole.startswith("Traceback (most recent call last):") and f"errors.{name}: " in whole
    assert str(Path("requesty_nb/sessions/session.py")) in whole
    short = kernel.run("%tb")
    assert (short.text.splitlines() or lines_of(short)) == lines
    assert not any(holds_secret(str(one).encode()) for one in (ran.messages, whole, short.messages))


def test_with_no_key_the_three_ways_out_are_named(folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REQUESTY")}
    dead = os.environ["REQUESTY_BASE_URL"]
    with kernel_in(folder, {**environment, "REQUESTY_NB_HISTORY": "no-key"}) as kernel:
        kernel.ok("%load_ext requesty_nb")
        ran = kernel.run("%%imgedit coffee.png\nsepia")
        text = " ".join(lines_of(ran))
        assert ran.error["ename"] == "KeyMissing"
        assert "REQUESTY_API_KEY" in text
        assert "%config ImgEdit.model = 'offline/painter'" in text
        assert "replay a history" in text
        assert "--  no API key" in kernel.ok(f"%config ImgEdit.base_url = '{dead}'\n%imgedit doctor").text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nosuch.png", "nosuch.png"),
        ("nosuch", "There is neither a variable nor a file named nosuch."),
        ("coffee.png --sise 3", "Did you mean --size?"),
        ("coffee.png --mask nosuch", "There is neither a variable nor a file named nosuch."),
        ("HEADS[3]", "HEADS[3] cannot be evaluated: IndexError"),
        ("number", "A int is no picture."),
        ("", "No picture is named."),
        ("coffee.png -n 11", "n is 11, but has to be a whole number from 1 to 10."),
        ("coffee.png --timeout x", "--timeout has to be a number of seconds above 0"),
        ("coffee.png --mask empty", "The mask selects nothing"),
        ("coffee.png --mask empty.invert()", "There is no file"),
        ("coffee.png --mask full", "The mask selects everything"),
        ("coffee.png --extend 9,9,9,9 --mask full", "The mask selects everything"),
        ("coffee.png --mask number", "A int is no picture."),
    ],
)
def test_a_slip_is_told_in_a_few_lines(kernel, line, words):
    kernel.ok("number, HEADS = 3, []\nempty = rq.Mask((600, 400)); full = ~empty")
    ran = kernel.run(f"%%imgedit {line}\nsepia")
    assert words in " ".join(lines_of(ran))
    assert ran.error["ename"] in {"BadRequest", "BadImage"}


def test_a_prompt_that_cannot_be_filled_says_where(kernel):
    assert "In the prompt, line 2, column 4" in lines_of(kernel.run("%%imgedit coffee.png\na\nb, {nope}"))[0]
    assert "The prompt is empty." in lines_of(kernel.run("%%imgedit coffee.png\n   "))[0]


# Waiting


def is_elapsed_time(message):
    text = message["content"].get("data", {}).get("text/plain", "")
    return message["msg_type"] in {"display_data", "update_display_data"} and " s, waiting" in text


def test_while_waiting_one_line_tells_time_and_state_and_the_card_takes_its_place(online):
    kernel, app = online
    app.hold()
    ran = Ran()
    cell = kernel.start("%%imgedit coffee.png\nsepia")
    kernel.until(cell, ran, lambda one: one["msg_type"] == "display_data")
    assert is_elapsed_time(ran.messages[-1])
    kernel.until(cell, ran, lambda one: one["msg_type"] == "update_display_data")
    assert is_elapsed_time(ran.messages[-1])
    app.release()
    kernel.finish(cell, ran)
    assert card_of(ran).alts[0] == "the source: coffee.png"
    assert len(ran.outputs) == 1
    (shown,) = ran.of("display_data")
    updates = ran.of("update_display_data")
    assert {one["transient"]["display_id"] for one in updates} == {shown["transient"]["display_id"]}
    seconds = [int(one["data"]["text/plain"].split()[0]) for one in [shown, *updates[:-2]]]
    assert seconds == sorted(set(seconds))


def test_after_a_failure_the_line_is_empty(online):
    kernel, app = online
    app.hold()
    app.answer = refusal(500, "broken")
    ran = Ran()
    cell = kernel.start("%%imgedit coffee.png\nsepia")
    kernel.until(cell, ran, lambda one: one["msg_type"] == "display_data")
    app.release()
    kernel.finish(cell, ran)
    display, error = ran.outputs
    assert display["data"] == {"text/html": "", "text/plain": ""}
    assert error["ename"] == "EndpointBroken"


def test_a_quick_edit_shows_its_card_only(online):
    kernel, _ = online
    kernel.ok("%%imgedit coffee.png\nwarm up")
    ran = kernel.ok("%%imgedit coffee.png\nsepia")
    shown = [one["msg_type"] for one in ran.messages if one["msg_type"] != "update_display_data"]
    assert shown == ["execute_input", "display_data"]  # in it a slow machine counts seconds first


@pytest.mark.parametrize("code", ["%%imgedit coffee.png\nsepia", "rq.edit('sepia', 'coffee.png')"])
def test_an_interrupt_ends_the_wait_at_once(online, code):
    kernel, app = online
    app.hold()
    cell = kernel.start(code)
    assert app.arrived.wait(20)
    kernel.manager.interrupt_kernel()
    ran = kernel.finish(cell)
    assert ran.seconds < 2
    assert ran.error["ename"] == "Interrupted"
    lines = lines_of(ran)
    assert lines[0].startswith("Interrupted: Interrupted while waiting for the endpoint")
    assert "It is not known whether this was paid." in lines
    assert kernel.ok("1+1").of("execute_result")[0]["data"]["text/plain"] == "2"
    assert app.gone.wait(20), "the connection is closed"
    assert len(app.requests) == 1
    # what may have been paid is not paid again by itself
    app.release()
    assert kernel.run(code).error["ename"] == "OutcomeUnknown"
    assert len(app.requests) == 1
    kernel.ok("%%imgedit coffee.png --new\nsepia")
    assert len(app.requests) == 2


# Defaults


def test_config_shows_no_key(kernel):
    shown = kernel.ok("%config ImgEdit").text
    assert "ImgEdit.model=<Unicode>" in shown and "Current: 'offline/painter'" in shown
    assert "key" not in shown.lower().replace("needs no key", "")
    assert not holds_secret(repr(kernel.ok("rq.session").messages).encode())


def test_python_follows_config_and_config_follows_python(kernel):
    assert kernel.value("rq.edit('sepia', 'coffee.png').model") == "offline/painter"
    kernel.ok("%config ImgEdit.model = 'offline/leaky'")
    assert kernel.value("rq.session.settings.model") == "offline/leaky"
    kernel.ok("rq.session.configure(model='offline/painter')")
    kernel.ok("%config ImgEdit.model = 'offline/leaky'")
    assert kernel.value("rq.session.settings.model") == "offline/leaky"


def test_reloading_keeps_what_was_configured(kernel):
    kernel.ok("%reload_ext requesty_nb")
    assert "Current: 'offline/painter'" in kernel.ok("%config ImgEdit").text
    assert kernel.value("rq.session.settings.model") == "offline/painter"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("base_url", "ftp://example.org", "has to start with https://"),
        ("base_url", "https://me:secret@example.org", "no user name, password"),
        ("replay", "maybe", "'only'"),
        ("timeout", -1, "a number of seconds above 0"),
        ("timeout", "soon", "ImgEdit"),
        ("model", "  ", "No model is named"),
        ("history", "", "No folder is named"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_and_changes_nothing(kernel, name, value, words):
    before = kernel.value("repr(rq.session.settings)")
    ran = kernel.run(f"%config ImgEdit.{name} = {value!r}")
    told = ran.text + "\n".join(line for error in ran.of("error") for line in error["traceback"])
    assert words in told
    assert "Traceback" not in told and len(told.splitlines()) <= 4
    assert kernel.value("repr(rq.session.settings)") == before
    shown = kernel.ok("%config ImgEdit").text
    assert f"Current: {value!r}" not in shown
    kernel.ok("%config ImgEdit.model = 'offline/leaky'")
    assert kernel.value("rq.session.settings.model") == "offline/leaky"


def write_configuration(folder, text):
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(f"c = get_config()\n{text}\n")


def test_a_wrong_configuration_file_is_told_in_a_few_lines(tmp_path):
    write_configuration(tmp_path, "c.ImgEdit.base_url = 'ftp://example.org'")
    with kernel_in(tmp_path, {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}) as kernel:
        lines = " ".join(lines_of(kernel.run("%load_ext requesty_nb")))
        assert "has to start with https://" in lines and "Correct c.ImgEdit" in lines


def test_a_configuration_file_gives_defaults(tmp_path):
    write_configuration(
        tmp_path,
        "c.ImgEdit.model = 'offline/leaky'\nc.ImgEdit.timeout = 7.5\n"
        "c.InteractiveShellApp.extensions = ['requesty_nb']",
    )
    with kernel_in(tmp_path, {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}) as kernel:
        assert "Current: 'offline/leaky'" in kernel.ok("%config ImgEdit").text
        kernel.ok("import requesty_nb as rq")
        assert kernel.value("(rq.session.settings.model, rq.session.settings.timeout)") == (
            "offline/leaky",
            7.5,
        )


# Commands


def test_the_commands_answer(online, folder):
    kernel, _ = online
    assert kernel.ok("%imgedit history").text == "No edits.\n"
    kernel.ok("%%imgedit coffee.png\nA Red hat")
    kernel.ok("%%imgedit coffee.png\nblue")
    assert kernel.ok("%imgedit history red HAT").text.rstrip().endswith("vendor/painter-9  A Red hat")
    assert len(kernel.ok("%imgedit history").text.splitlines()) == 2
    told = kernel.ok("%imgedit export 'my edits'").text
    assert told == f"2 edits written to {folder / 'my edits'}\n" or told == "2 edits written to my edits\n"
    assert (folder / "my edits" / "0001-a-red-hat-1.png").exists()
    assert (folder / "my edits" / "records.jsonl").read_bytes().count(b"\n") == 2
    models = kernel.ok("%imgedit models").text
    assert "vendor/painter-9\n" in models and "offline/painter" in models
    doctor = kernel.ok("%imgedit doctor").text.splitlines()
    assert [line[:2] for line in doctor] == ["ok"] * 5
    assert not holds_secret(repr(doctor).encode())


def test_the_history_is_drawn_counted_verified_and_taken_in(kernel):
    kernel.ok("%%imgedit coffee.png -o cup\nsepia")
    kernel.ok("%%imgedit cup --tag good\nbrighter")
    drawn = kernel.ok("%imgedit tree").card
    assert drawn == kernel.ok("rq.history.tree()").card
    assert drawn.keys() == {"image/svg+xml", "text/vnd.mermaid", "text/plain"}
    assert drawn["text/plain"].splitlines()[1:] == [
        "└── sepia  (take 1 · painter)",
        "    └── brighter  (take 1 · painter)",
    ]
    assert kernel.ok("%imgedit tree nothing like it").card["text/plain"] == "No edits."
    assert kernel.ok("%imgedit cost").card["text/plain"].endswith("\n2 edits, together free.")
    assert "every byte is as it was written" in kernel.ok("%imgedit verify").text
    assert kernel.ok("%imgedit history").text.rstrip().endswith("brighter  [good]")
    kernel.ok("%imgedit export 'two edits'")
    assert kernel.ok("%imgedit import 'two edits'").text.startswith("0 edits added, 2 known")
    kernel.ok("%config ImgEdit.history = 'taken in'")
    assert kernel.ok("%imgedit import 'two edits'").text.startswith("2 edits added")
    assert len(kernel.ok("%imgedit history").text.splitlines()) == 2


def test_doctor_tells_what_a_route_makes_of_masks(kernel):
    first = kernel.ok("%imgedit doctor --canary -m offline/leaky").text.splitlines()
    assert first[0].startswith("One edit of a drawn picture by offline/leaky, 1024x1024, quality low: free.")
    assert first[1].startswith("paid: free (") and "tag canary" in first[1]
    edit = "rq.history.filter(tag='canary')[0]"
    share, mean = kernel.value(f"({edit}.leak.share, {edit}.leak.mean)")
    assert first[2] == f"outside the mask: {share:.1%} changed, by {mean:.1f} of 255 on average"
    assert first[3].startswith("inside the mask: changed: yes")
    assert first[4] == (
        f"offline/leaky treats the mask as guidance: {share:.1%} of what was outside changed; "
        "edit.restored puts it back"
    )
    again = kernel.ok("%imgedit doctor --canary -m offline/leaky").text.splitlines()
    assert again[1].startswith("paid: nothing paid, it was recorded") and again[2:] == first[2:]
    assert kernel.value("len(rq.history)") == 1
    kernel.ok("%imgedit doctor -m offline/leaky --new --canary")
    assert kernel.value("(len(rq.history), rq.history[-1].take)") == (2, 2)
    assert "even if one is recorded" in kernel.ok("%imgedit doctor -m offline/leaky --new --canary").text
    assert kernel.ok("%imgedit doctor --canary").text.rstrip().endswith("offline/painter honours the mask")


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ("crimson", "vendor/painter-9 ignores the mask"),
        (None, "nothing changed, inside the mask or outside, so nothing can be told"),
    ],
)
def test_the_canary_sees_masks_that_are_ignored(online, colour, words):
    kernel, app = online
    shown = picture((1024, 1024), colour) if colour else encoded(scene().resize((1024, 1024)))
    app.answer = answer(shown, usage={"cost": 0.0123})
    told = kernel.ok("%imgedit doctor --canary").text
    assert "vendor/painter-9, 1024x1024, quality low: unknown price." in told
    assert "paid: $0.0123 (" in told and words in told
    assert len(app.requests) == 1


def test_the_canary_says_the_price_before_it_asks(online):
    kernel, app = online
    app.hold()
    ran = Ran()
    cell = kernel.start("%imgedit doctor --canary -m azure/openai/gpt-image-1")
    kernel.until(cell, ran, lambda one: one["msg_type"] == "stream" and "estimate" in one["content"]["text"])
    assert "quality low: $0.0" in ran.text
    assert app.arrived.wait(20)
    app.answer = answer(picture((700, 300)))
    app.release()
    kernel.finish(cell, ran)
    assert "nothing can be told of the mask: the result cannot be put back" in ran.text


def test_the_canary_is_replayed_under_any_default_and_never_pays_under_only(online):
    kernel, app = online
    app.answer = answer(picture((1024, 1024), "crimson"))
    kernel.ok("%config ImgEdit.replay = 'only'")
    assert kernel.run("%imgedit doctor --canary --timeout 20").error["ename"] == "NotRecorded"
    kernel.ok("%config ImgEdit.replay = 'off'")
    assert "is replayed and costs nothing" in kernel.ok("%imgedit doctor --canary").text
    assert "nothing paid, it was recorded" in kernel.ok("%imgedit doctor --canary").text
    kernel.ok("%config ImgEdit.replay = 'only'")
    assert "nothing paid, it was recorded" in kernel.ok("%imgedit doctor --canary").text
    assert kernel.run("%imgedit doctor --canary --new").error["ename"] == "NotRecorded"
    assert len(app.requests) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--canary photo.png", "The canary takes --model, --new and --timeout only."),
        ("--canary -n 2", "The canary takes --model, --new and --timeout only."),
        ("canary", "does not know 'canary'"),
    ],
)
def test_a_slip_at_the_doctor_is_told_and_pays_nothing(online, line, words):
    kernel, app = online
    assert words in " ".join(lines_of(kernel.run(f"%imgedit doctor {line}")))
    assert not app.requests


def test_without_a_key_the_canary_names_the_ways_out(folder):
    environment = {name: value for name, value in os.environ.items() if name != "REQUESTY_API_KEY"}
    environment["REQUESTY_BASE_URL"] = "https://nobody.invalid/v1"
    with kernel_in(folder, {**environment, "REQUESTY_NB_HISTORY": "no-key"}) as kernel:
        ran = kernel.ok("%load_ext requesty_nb")
        ran = kernel.run("%imgedit doctor --canary")
        assert ran.text.startswith("One edit of a drawn picture by azure/openai/gpt-image-1.5")
        lines = " ".join(lines_of(ran))
        assert ran.error["ename"] == "KeyMissing" and "Nothing was paid." in lines
        assert all(way in lines for way in ("REQUESTY_API_KEY", "offline/painter", "replay"))


def test_doctor_and_models_with_nobody_there(kernel):
    doctor = kernel.ok("%imgedit doctor").text
    assert "--  http://127.0.0.1:" in doctor and "does not answer" in doctor
    assert "ok  the offline painter paints" in doctor
    assert "could not be asked" in kernel.ok("%imgedit models").text


@pytest.mark.parametrize("line", ["%imgedit", "%imgedit --help", "%imgedit -h", "%%imgedit --help\n "])
def test_help_lists_options_and_commands(kernel, line):
    told = kernel.ok(line).text
    assert "--size WxH" in told and "%imgedit doctor" in told and "--vary" in told
    assert max(map(len, told.splitlines())) <= 110


def test_a_line_magic_that_wanted_to_be_a_cell_says_so(kernel):
    assert "%%imgedit with two percent signs" in " ".join(lines_of(kernel.run("%imgedit photo.jpg -n 2")))
    assert "No folder is named." in lines_of(kernel.run("%imgedit export"))[0]
    assert "Nothing to import is named." in lines_of(kernel.run("%imgedit import ''"))[0]
    assert "does not know 'this'" in lines_of(kernel.run("%imgedit verify this"))[0]


def test_the_traceback_of_an_error_that_is_not_ours_is_whole_too(kernel):
    kernel.run("1/0")
    assert kernel.ok("%imgedit traceback").text.rstrip().endswith("ZeroDivisionError: division by zero")


# Completion


@pytest.mark.parametrize(
    ("code", "offered", "not_offered"),
    [
        ("%%imgedit coffee.png --qu", "%%imgedit coffee.png --quality", "%%imgedit coffee.png --size"),
        ("%%imgedit coffee.png --size ", "%%imgedit coffee.png --size 1536x1024", "cup"),
        ("%%imgedit coffee.png --size=15", "%%imgedit coffee.png --size=1536x1024", "cup"),
        ("%%imgedit coffee.png -m off", "%%imgedit coffee.png -m offline/leaky", "cup"),
        ("%%imgedit cof", "%%imgedit coffee_cup", "%%imgedit _hidden"),
        ("%%imgedit coffee.png --mask some", "%%imgedit coffee.png --mask some_mask", "cup"),
        ("%imgedit do", "%imgedit doctor", "%imgedit history"),
        ("%imgedit ", "%imgedit traceback", "%imgedit coffee_cup"),
    ],
)
def test_tab_completes(kernel, code, offered, not_offered):
    kernel.ok("coffee_cup = some_mask = _hidden = 1")
    found = kernel.completions(code)
    assert offered in found
    assert not_offered not in found


def test_tab_completes_files(kernel):
    assert "%%imgedit rocket.jpg" in kernel.completions("%%imgedit rock")


def test_tab_completes_in_the_middle_and_above_a_prompt(kernel):
    code = "%%imgedit coffee.png --qu -n 2\nmake it red"
    found = kernel.completions(code, code.index(" -n 2"))
    assert "%%imgedit coffee.png --quality -n 2\nmake it red" in found
    found = kernel.completions("%%imgedit coffee.png\nmake it --qual")
    assert not any("--quality" in one for one in found)


# Python


def test_an_edit_is_a_card_with_import_alone(folder):
    with kernel_in(folder, {**os.environ, "REQUESTY_NB_HISTORY": "import-alone"}) as kernel:
        kernel.ok("import requesty_nb as rq\nrq.session.configure(model='offline/painter')")
        assert card_of(kernel.ok("rq.edit('sepia', 'coffee.png')")).alts[0] == "the source: coffee.png"
        ran = kernel.ok("await rq.aedit('sepia', 'coffee.png')")
        assert any("replayed from the history" in words for words in card_of(ran).words)
        assert card_of(kernel.ok("rq.history[-1].images[0]")).alts == ["picture of 1536 by 1024 pixels"]
        still, view = kernel.ok("rq.history").of("display_data")
        assert still["data"]["text/plain"] == "<Gallery of 1 edit>"
        assert view["data"]["text/plain"] == ""  # a terminal's console prints one line, not two


def test_a_slip_of_the_pen_is_told_before_anything_is_paid(kernel):
    lines = lines_of(kernel.run("rq.edit('sepia', 'coffee.png', qualty='high')"))
    assert "did you mean 'quality'" in lines[0]
    assert "Nothing was paid." in lines


def test_the_arguments_of_edit_can_be_seen(kernel):
    names = kernel.value("list(__import__('inspect').signature(rq.edit).parameters)")
    assert names[:7] == ["prompt", "images", "mask", "model", "n", "size", "quality"]
    assert {"take", "new", "replay", "tags", "timeout", "extras"} <= set(names)
    assert kernel.value("list(__import__('inspect').signature(rq.aedit).parameters)") == names


# Saving


def test_what_is_saved_is_what_was_shown(folder, online):
    kernel, _ = online
    cells = [
        f"import requesty_nb\n%load_ext requesty_nb\n{OFFLINE}\n%config ImgEdit.history = 'saved'",
        "%%imgedit chelsea.png -n 2 --save saved.png\nsepia",
        "requesty_nb.history[-1]",
        "%%imgedit nosuch.png\nsepia",
    ]
    kernel.ok(cells[0].replace("'saved'", "'shown'"))
    live = [kernel.run(cell).outputs for cell in cells[1:]]
    notebook = form.new_notebook(cells=[form.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=40"],
    )
    client.execute(env={**os.environ})
    kept = [cell.outputs for cell in notebook.cells[1:]]
    assert [[one["output_type"] for one in outputs] for outputs in kept] == [
        [one["output_type"] for one in outputs] for outputs in live
    ]
    for shown, saved in zip(live[0][:1] + live[1], kept[0][:1] + kept[1], strict=True):
        assert Card(shown["data"]["text/html"]).alts == Card(saved["data"]["text/html"]).alts
        assert Card(shown["data"]["text/html"]).images == Card(saved["data"]["text/html"]).images
    assert live[2] == kept[2]

    page, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    image = Card(kept[0][0]["data"]["text/html"]).images[1]["src"]
    assert image in page and base64.b64decode(image.partition(",")[2])[8:12] == b"WEBP"
    assert "BadImage" in page


def test_a_terminal_shows_plain_lines(folder):
    code = (
        "get_ipython().run_line_magic('load_ext', 'requesty_nb');"
        "get_ipython().run_line_magic('config', 'ImgEdit.model = \"offline/painter\"');"
        "get_ipython().run_cell_magic('imgedit', 'coffee.png', 'sepia');"
        "import requesty_nb as rq; rq.history[-1]"
    )
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--colors=nocolor", "-c", code]
    environment = {**os.environ, "REQUESTY_NB_HISTORY": "terminal", "IPYTHONDIR": str(folder / "ipython")}
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    for words in ("new · free", "replayed from the history"):
        assert done.stdout.count(f": sepia\n  offline/painter · take 1 · {words}") == 1
    assert "<" not in done.stdout and "base64" not in done.stdout
    assert done.stderr == ""
