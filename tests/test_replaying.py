"""Where nothing may be paid: what answers, what is said instead, and edits asked for again."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from kernels import kernel_in
from photos import MADE, PNG, noise, photo, session
from servers import answering, hanging, pictures, scripted

from requesty_nb import errors
from requesty_nb.masks import Mask
from requesty_nb.records import History
from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers import Scripted

OFFLINE = "offline/painter"
GREY = photo().convert("L")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(*(answering(pictures(made)) for made in MADE)) as one:
        yield one


def only(folder: Path, **options: Any) -> Session:
    """Return a session in which nothing is paid: its endpoint is never asked."""
    return session("http://127.0.0.1:9/v1", folder, replay="only", **options)


# What a session forbids, no call allows


@pytest.mark.parametrize("replay", ["auto", "off", "only"])
def test_nothing_is_paid_where_the_session_forbids_it_whatever_a_call_says(server, tmp_path, replay):
    with session(server.url, tmp_path / "h") as one:
        made = one.edit("x", PNG)
        one.configure(replay="only")
        assert one.edit("x", PNG, replay=replay) == made
        for changes in ({"take": 2}, {"new": True}, {"size": "1024x1024"}):
            with pytest.raises(errors.NotRecorded):
                one.edit("x", PNG, replay=replay, **changes)
    assert server.posts == 1


def test_a_session_that_pays_can_be_told_not_to_by_a_call(server, tmp_path):
    with (
        session(server.url, tmp_path / "h") as one,
        pytest.raises(errors.NotRecorded, match="not recorded") as caught,
    ):
        one.edit("x", PNG, replay="only")
    assert server.connections == 0
    assert "--replay auto" in caught.value.hint


# Which model answers


def test_with_no_model_named_the_recorded_one_answers_and_the_card_says_which(server, tmp_path):
    with session(server.url, tmp_path / "h", model="vendor/old") as one:
        made = one.edit("x", PNG, mask=Mask((48, 48)).rect(0, 0, 9, 9))
    with only(tmp_path / "h", model="vendor/new") as other:
        edit = other.edit("x", PNG, mask=Mask((48, 48)).rect(0, 0, 9, 9))
        assert edit == made and edit.replayed
        assert "vendor/old" in edit.remark and "vendor/new" in edit.remark
        for changes in ({"model": "vendor/new"}, {"quality": "low"}, {"take": 2}):
            with pytest.raises(errors.NotRecorded):
                other.edit("x", PNG, **{"mask": Mask((48, 48)).rect(0, 0, 9, 9), **changes})


def test_the_default_model_answers_before_any_other_and_then_the_newest(server, tmp_path):
    with session(server.url, tmp_path / "h") as one:
        for model in ("a/1", "b/2", "c/3"):
            one.edit("x", PNG, model=model)
    with only(tmp_path / "h", model="a/1") as other:
        assert other.edit("x", PNG).model == "a/1" and other.edit("x", PNG).remark == ""
        other.configure(model="d/4")
        assert other.edit("x", PNG).model == "c/3"


# What is said


def told(error: errors.NotRecorded) -> str:
    return "\n".join(error._render_traceback_())


def test_the_error_names_the_request_and_what_differs_from_the_nearest_recorded_one(server, tmp_path):
    with session(server.url, tmp_path / "h") as one:
        one.edit("a green coat", PNG)
        near = one.edit("a red hat", PNG, quality="low")
        one.edit("a red hat", noise(7), quality="low")
    with only(tmp_path / "h") as other, pytest.raises(errors.NotRecorded) as caught:
        other.edit("a blue hat", PNG, size="1024x1024", quality="low")
    lines = told(caught.value).splitlines()
    assert "'a blue hat'" in lines[0] + lines[1] and "image.png" in lines[0] + lines[1]
    assert any(near.id in line for line in lines)
    assert "prompt: 'a red hat' -> 'a blue hat'" in told(caught.value)
    assert "size: nothing -> '1024x1024'" in told(caught.value)
    assert "quality:" not in told(caught.value) and "Nothing was paid." in lines
    assert "ImgEdit.replay" in caught.value.hint


def test_other_takes_of_the_very_request_are_told(server, tmp_path):
    with session(server.url, tmp_path / "h") as one:
        one.edit("x", PNG)
        one.edit("x", PNG, take=3)
    with only(tmp_path / "h") as other, pytest.raises(errors.NotRecorded, match="Take 2") as caught:
        other.edit("x", PNG, take=2)
    assert "take 1, 3" in told(caught.value)


def test_an_empty_history_and_another_picture_are_told(server, tmp_path):
    with only(tmp_path / "h") as other, pytest.raises(errors.NotRecorded) as caught:
        other.edit("x", PNG)
    assert "import" in told(caught.value)
    with session(server.url, tmp_path / "h") as one:
        one.edit("x", PNG, mask=Mask((48, 48)).rect(0, 0, 9, 9))
    with only(tmp_path / "h") as other, pytest.raises(errors.NotRecorded) as caught:
        other.edit("x", GREY)
    assert "images: image.png (sha256:" in told(caught.value) and "mask: 'pixels:" in told(caught.value)


def test_the_error_in_a_notebook_is_a_few_lines_and_nothing_is_sent(server, tmp_path):
    with session(server.url, tmp_path / "h") as one:
        one.edit("a red hat", PNG)
    (tmp_path / "photo.png").write_bytes(PNG)
    environment = {**os.environ, "REQUESTY_NB_HISTORY": "h", "REQUESTY_NB_REPLAY": "only"}
    with kernel_in(tmp_path, environment) as kernel:
        kernel.ok("%load_ext requesty_nb")
        card = kernel.ok("%%imgedit photo.png\na red hat").card["text/html"]
        assert "replayed" in card and "No model was named" in card
        lines = kernel.run("%%imgedit photo.png --replay auto --new\na red hat").error["lines"]
        assert len(lines) == 3 and "would be paid" in lines[0]
        lines = kernel.run("%%imgedit photo.png\na blue hat").error["lines"]
        assert "  prompt: 'a red hat' -> 'a blue hat'" in lines and len(lines) < 10


# Again


def test_again_without_a_change_is_this_very_edit_and_with_one_another(server, tmp_path):
    mask = Mask((48, 48)).rect(0, 0, 9, 9)
    with session(server.url, tmp_path / "h") as one:
        edit = one.edit("a hat", PNG, GREY, mask=mask, quality="low", n=1, params={"seed": 4}, take=2)
        assert edit.again() == edit and edit.again(tags=["x"]).replayed and server.posts == 1
        blue = edit.again(prompt="a blue hat", quality="high")
        assert (
            blue.request.key
            == one.edit("a blue hat", PNG, GREY, mask=mask, quality="high", params={"seed": 4}).key
        )
        assert blue.take == 1 and blue.parents == []
        new = edit.again(new=True)
        assert (new.key, new.take) == (edit.key, 3) and server.posts == 3
        assert edit.again(params={"seed": 5}).request.params == {**edit.request.params, "seed": 5}
        other = edit.again(images=PNG, mask=None)
        assert len(other.request.images) == 1 and other.request.mask is None
        with pytest.raises(errors.BadRequest, match="did you mean 'prompt'"):
            edit.again(promt="x")


def test_again_of_an_extended_picture_has_the_same_key(tmp_path):
    with Session(history=tmp_path / "h", model=OFFLINE) as one:
        edit = one.edit("more sky", PNG, extend="10,0,7,3")
        assert edit.again() == edit
        assert edit.again(extend="0,0,0,9").extend == (0, 0, 0, 9)


def test_an_edit_of_no_session_says_how_it_can_be_asked_for_again(server, tmp_path):
    with session(server.url, tmp_path / "h") as one, session(server.url, tmp_path / "other") as two:
        one.edit("a hat", PNG)
        stray = History(tmp_path / "h")[0]
        with pytest.raises(errors.BadRequest, match="No session keeps") as caught:
            stray.again(prompt="a coat")
        assert "session.again" in caught.value.hint
        assert two.again(stray, prompt="a coat").prompt == "a coat" and len(two.history) == 1
    with session(server.url) as nowhere, pytest.raises(errors.BadRequest, match="not kept"):
        nowhere.edit("a hat", PNG).again()


# Kin


def test_parents_and_children_are_found_from_the_pictures_alone(server, tmp_path):
    with session(server.url, tmp_path / "h") as one:
        hat = one.edit("a hat", PNG)
        coat = one.edit("a coat", hat)
        both = one.edit("both", coat, hat.images[0].bytes)
        copied = one.edit("from a file", hat.images[0].save(tmp_path / "renamed.jpg"))
        assert hat.parents == [] and coat.parents == [hat] and both.parents == [coat, hat]
        assert hat.children == [coat, both, copied] and both.children == []
        tree = one.history.tree()
        assert [node.id for node in tree.roots] == [hat.id]
        assert dict(tree.parents) == {coat.id: (hat.id,), both.id: (coat.id, hat.id), copied.id: (hat.id,)}
        assert [node.id for node in one.history[1:].tree().roots] == [coat.id, copied.id]
    assert History(tmp_path / "h")[0].children == [coat, both, copied]


# In flight when the process ended


def test_what_was_in_flight_is_listed_as_unknown_with_what_it_may_have_cost(tmp_path):
    with (
        scripted(hanging) as server,
        session(server.url, tmp_path / "h", model="azure/openai/gpt-image-1.5") as one,
    ):
        asked = one.ask("a hat", PNG, size="1024x1024", quality="high")
        begun = one.begin(asked)
        server.wait_for(1)
        (note,) = (tmp_path / "h" / "pending").iterdir()
        left = json.loads(note.read_bytes())
        begun.cancel()
        begun.done()
    for record in (tmp_path / "h" / "edits").rglob("*.json"):
        record.unlink()  # as if the process had been killed
    left.pop("seal")
    note.write_text(json.dumps({**left, "boot": "another run of this machine"}))
    history = History(tmp_path / "h")
    (lost,) = history.failures
    assert (lost.id, lost.state, lost.prompt, history[lost.id]) == (left["id"], "unknown", "a hat", lost)
    assert lost.record.failure.paid == "perhaps"
    assert lost.cost.low > 0.05 and lost.cost.basis == "estimate"
    assert history.cost.low == 0 and history.cost.high == lost.cost.high
    assert len(history) == 0 and history.attempts == [lost] and history.damaged == []
    assert history.forget(lost).records == (lost.id,) and history.failures == []


def test_an_attempt_with_an_unknown_outcome_keeps_what_it_may_have_cost(tmp_path):
    with scripted(hanging) as server, session(server.url, tmp_path / "h", timeout=0.3) as one:
        with pytest.raises(errors.OutcomeUnknown):
            one.edit("a hat", PNG, size="1024x1024", quality="low")
        assert one.history.failures[0].cost.high > 0


def test_this_session_is_what_was_made_or_replayed_in_it(server, tmp_path):
    with session(server.url, tmp_path / "h") as one:
        before = one.edit("before", PNG)
    environment = {**os.environ, "REQUESTY_NB_HISTORY": "h", "REQUESTY_BASE_URL": server.url}
    with kernel_in(tmp_path, environment) as kernel:
        kernel.ok("import requesty_nb as rq")
        assert kernel.value("len(rq.history.this_session)") == 0
        kernel.ok(f"rq.edit('new', {PNG!r}, model='m')")
        kernel.ok(f"rq.edit('before', {PNG!r}, model={before.model!r})")
        assert kernel.value("[e.prompt for e in rq.history.this_session]") == ["before", "new"]
