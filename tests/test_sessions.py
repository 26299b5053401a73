"""Replay or pay, the order on disk, interrupts, masked edits, and where the key must not be."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
import skimage.data
from photos import MADE, MODEL, PNG, key, noise, photo, session
from PIL import Image
from servers import answering, hanging, held, message, pictures, refusing, scripted, serving

from requesty_nb import errors
from requesty_nb.client import Watch
from requesty_nb.masks import Mask
from requesty_nb.offline import create_app
from requesty_nb.records import History
from requesty_nb.sessions import Session, bridge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers import Line, Scripted

    from requesty_nb.models import Edit

GOOD = pictures(MADE[0])
OFFLINE = "offline/painter"


def numbered(line: Line) -> None:
    """Answer each request with pictures of its own."""
    got = line.request()
    count = (
        int(got.fields().get("n", "1"))
        if "multipart" in got.headers["content-type"]
        else got.json.get("n", 1)
    )
    number = len(line.server.got) * 20
    line.send(message(pictures(*(noise(number + index, (8, 8)) for index in range(count)))))


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(numbered) as one:
        yield one


@pytest.fixture
def one(server, tmp_path) -> Iterator[Session]:
    with session(server.url, tmp_path / "history") as made:
        yield made


def digests(edit: Edit) -> list[str]:
    return [picture.digest for picture in edit.images]


# Replay and takes


def test_the_same_call_twice_is_one_post_and_the_same_pictures(server, one):
    first = one.edit("x", PNG, n=3)
    again = one.edit("x", PNG, n=3)
    assert server.posts == 1
    assert (first.replayed, again.replayed) == (False, True)
    assert again == first and digests(again) == digests(first) and len(digests(first)) == 3
    assert [picture.bytes for picture in again.images] == [noise(20 + at, (8, 8)) for at in range(3)]


@pytest.mark.parametrize(
    "changes",
    [{"tags": ["t"]}, {"user": "me"}, {"transport": "json"}, {"timeout": 3}, {"replay": "only"}, {"take": 1}],
)
def test_what_is_no_part_of_the_question_is_replayed(server, one, changes):
    first = one.edit("x", PNG)
    assert one.edit("x", PNG, **changes) == first
    assert server.posts == 1


def test_another_key_file_name_or_kernel_is_replayed(server, one, tmp_path):
    first = one.edit("x", PNG)
    (tmp_path / "called-otherwise.png").write_bytes(PNG)
    for key_ in ("", "another-key-0123456789"):
        with session(server.url, one.history.folder, api_key=key_) as other:
            assert other.edit("x", tmp_path / "called-otherwise.png") == first
    assert server.posts == 1


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [(("y", PNG), {}), (("x", MADE[1]), {}), (("x", PNG, PNG), {}), (("x", PNG), {"n": 2}),
     (("x", PNG), {"size": "auto"}), (("x", PNG), {"extra": None, "quality": "low"}),
     (("x", PNG), {"model": "m"}), (("x", PNG), {"extend": "8,8,8,8"}),
     (("x", PNG), {"mask": Mask((48, 48)).rect(0, 0, 24, 48)})],
)  # fmt: skip
def test_another_question_is_paid_for(server, one, arguments, changes):
    one.edit("x", PNG)
    assert not one.edit(*arguments, **changes).replayed
    assert server.posts == 2


def test_another_mask_is_another_question_and_the_same_pixels_are_the_same(server, one):
    mask = Mask((48, 48)).rect(0, 0, 24, 48)
    first = one.edit("x", PNG, mask=mask)
    assert one.edit("x", PNG, mask=Mask((48, 48)).rect(0, 0, 24, 24).rect(0, 24, 24, 48)) == first
    assert one.edit("x", PNG, mask=mask.png()) == first
    assert server.posts == 1
    assert one.edit("x", PNG, mask=mask.grow(2)) != first
    assert server.posts == 2


def test_takes_are_paid_once_each_and_new_takes_the_next(server, one):
    first, second = one.edit("x", PNG), one.edit("x", PNG, take=2)
    assert one.edit("x", PNG, take=2) == second != first and server.posts == 2
    third = one.edit("x", PNG, new=True)
    assert (third.take, third.replayed, server.posts) == (3, False, 3)
    assert one.edit("x", PNG, replay="off").take == 4 and server.posts == 4
    assert one.edit("x", PNG, take=3) == third and one.edit("x", PNG) == first and server.posts == 4
    assert one.edit("x", PNG, take=9).take == 9
    assert one.edit("x", PNG, new=True).take == 10


def test_only_never_sends(server, one):
    with pytest.raises(errors.NotRecorded):
        one.edit("x", PNG, replay="only")
    first = one.edit("x", PNG)
    assert one.edit("x", PNG, replay="only") == first
    for more in ({"take": 2}, {"new": True}):
        with pytest.raises(errors.NotRecorded):
            one.edit("x", PNG, replay="only", **more)
    with session(server.url, replay="only") as other, pytest.raises(errors.NotRecorded):
        other.edit("x", PNG)
    assert server.posts == 1


def test_without_a_history_every_call_is_paid_for(server):
    with session(server.url) as one:
        edits = [one.edit("x", PNG), one.edit("x", PNG)]
        assert server.posts == 2 and digests(edits[0]) != digests(edits[1])
        assert edits[0].stored(edits[0].request.images[0]) == PNG
        with pytest.raises(errors.BadRequest):
            _ = one.history


def test_a_failed_attempt_fills_no_take(tmp_path):
    with scripted(refusing(400), answering(GOOD)) as server, session(server.url, tmp_path) as one:
        with pytest.raises(errors.BadRequest) as caught:
            one.edit("x", PNG)
        edit = one.edit("x", PNG)
        assert (edit.take, edit.replayed, server.posts) == (1, False, 2)
        assert [failed.id for failed in one.history.failures] == [caught.value.attempt]


@pytest.mark.parametrize("turn", [refusing(502), answering(b"<html>")])
def test_what_may_have_been_paid_is_not_sent_again_by_itself(tmp_path, turn):
    with scripted(turn, answering(GOOD)) as server, session(server.url, tmp_path) as one:
        with pytest.raises((errors.EndpointBroken, errors.AnswerUnusable)):
            one.edit("x", PNG)
        with pytest.raises(errors.OutcomeUnknown, match="gave no picture"):
            one.edit("x", PNG)
        assert server.posts == 1
        assert one.edit("x", PNG, new=True).take == 1 and one.edit("x", PNG).replayed


def test_a_source_that_is_changed_while_its_edit_is_made_loses_nothing(tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(PNG)

    def changing(line: Line) -> None:
        line.request()
        photo.unlink()
        line.send(message(GOOD))

    with scripted(changing) as server, session(server.url, tmp_path / "kept") as one:
        edit = one.edit("x", photo, mask=Mask((48, 48)).rect(0, 0, 9, 9), size="1024x1024")
        assert edit.images[0].bytes == MADE[0] and edit.record.restored


def test_each_of_several_new_takes_at_once_is_an_own_one(tmp_path):
    async def three(one):
        return await asyncio.gather(*(one.aedit("x", PNG, new=True) for _ in range(3)))

    with scripted(*[answering(GOOD)] * 3) as server, session(server.url, tmp_path) as one:
        edits = asyncio.run(three(one))
        assert sorted(edit.take for edit in edits) == [1, 2, 3] and server.posts == 3


def test_another_session_under_way_with_the_same_is_not_paid_beside(tmp_path):
    with (
        scripted(held(GOOD)) as server,
        session(server.url, tmp_path) as one,
        session(server.url, tmp_path) as other,
        ThreadPoolExecutor() as pool,
    ):
        first = pool.submit(one.edit, "x", PNG)
        server.wait_for(1)
        with pytest.raises(errors.OutcomeUnknown, match="under way"):
            other.edit("x", PNG)
        server.released.set()
        assert first.result().take == 1
        assert other.edit("x", PNG).replayed and server.posts == 1


def test_after_an_unknown_outcome_nothing_is_sent_until_it_is_asked_for(tmp_path):
    with (
        scripted(lambda line: line.request(), answering(GOOD)) as server,
        session(server.url, tmp_path) as one,
    ):
        with pytest.raises(errors.OutcomeUnknown) as caught:
            one.edit("x", PNG)
        with pytest.raises(errors.OutcomeUnknown) as again:
            one.edit("x", PNG)
        assert server.posts == 1
        assert "--new" in again.value.hint and caught.value.attempt in again.value.message
        edit = one.edit("x", PNG, new=True)
        assert (edit.take, server.posts) == (1, 2)
        assert one.edit("x", PNG) == edit and server.posts == 2


def test_a_note_that_was_left_behind_counts_by_who_left_it(server, one):
    history = one.history
    note = history.begin(one_request(one), 1, [], timeout=60, endpoint="e")
    path = history.folder / "pending" / f"{note.id}.json"
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(note, pid=gone.pid)))
    with pytest.raises(errors.OutcomeUnknown, match=note.id):
        one.edit("x", PNG)
    assert server.posts == 0
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(note, pid=os.getppid())))
    assert one.edit("x", PNG, new=True).take == 2


def one_request(one: Session) -> Any:
    from requesty_nb.sessions.asking import prepare

    return prepare(one.ask("x", PNG)).request


def test_two_threads_that_ask_the_same_at_once_pay_once(server, one):
    start = threading.Barrier(4)

    def ask(_: int) -> Edit:
        start.wait(10)
        return one.edit("x", PNG)

    with ThreadPoolExecutor(4) as pool:
        edits = list(pool.map(ask, range(4)))
    assert server.posts == 1 and all(edit == edits[0] for edit in edits)
    assert sum(not edit.replayed for edit in edits) == 1


def test_who_looked_before_the_answer_was_there_does_not_pay_again(server, one):
    prepared, take = one._ready(one.ask("x", PNG), one._terms())
    first = one.edit("x", PNG)
    second = bridge.run(lambda: one._pay(prepared, take, Watch(), one._terms()))
    assert second == first and second.replayed and server.posts == 1


def test_coroutines_that_ask_the_same_at_once_pay_once_and_fail_together(tmp_path):
    async def ask(one: Session, prompt: str) -> list[Any]:
        return await asyncio.gather(*(one.aedit(prompt, PNG) for _ in range(3)), return_exceptions=True)

    with scripted(answering(GOOD), refusing(400)) as server, session(server.url, tmp_path) as one:
        edits = asyncio.run(ask(one, "x"))
        assert server.posts == 1 and edits[0] == edits[1] == edits[2]
        assert len(one.history) == 1


def test_an_offline_made_record_answers_for_another_model_only_nearby(tmp_path):
    with serving(create_app(serve_as=(MODEL,))) as url, session(f"{url}/v1", tmp_path) as near:
        made = near.edit("x", PNG, output_format="jpeg")
        assert made.result.provider == OFFLINE
        assert near.edit("x", PNG, output_format="jpeg") == made
    far = Session(base_url="https://router.invalid/v1", api_key="", history=tmp_path, model=MODEL)
    assert far.edit("x", PNG, output_format="jpeg", replay="only") == made
    with pytest.raises(errors.KeyMissing) as caught:
        far.edit("x", PNG, output_format="jpeg")
    assert all(way in caught.value.hint for way in ("REQUESTY_API_KEY", OFFLINE, "replay"))


# The order on disk


def test_note_and_inputs_are_on_disk_when_the_request_comes_and_the_record_when_it_returns(tmp_path):
    seen: list[Any] = []

    def looking(line: Line) -> None:
        line.request()
        notes = [path.read_bytes() for path in (tmp_path / "pending").iterdir()]
        objects = {path.name: path.read_bytes() for path in (tmp_path / "objects").glob("*/*")}
        seen.append((notes, objects, (tmp_path / "edits").exists()))
        line.send(message(GOOD))

    with scripted(looking) as server, session(server.url, tmp_path) as one:
        edit = one.edit("x", PNG, mask=Mask((48, 48)).rect(0, 0, 9, 9), size="1024x1024")
        [(notes, objects, had_records)] = seen
        assert len(notes) == 1 and not had_records
        assert msgspec.json.decode(notes[0])["id"] == edit.id
        assert set(objects) == {edit.request.images[0].stored, edit.request.mask.stored}
        assert objects[edit.request.images[0].stored] == PNG
        assert not list((tmp_path / "pending").iterdir())
        stored = {path.name for path in (tmp_path / "objects").glob("*/*")}
        assert stored == {*objects, *digests(edit), *(picture.digest for picture in edit.restored)}
        assert edit.images[0].bytes == MADE[0] and edit == History(tmp_path)[0]


CHILD = """
import sys, threading
from requesty_nb.sessions import Session
from requesty_nb import errors
one = Session(base_url=sys.argv[1], history=sys.argv[2], model="azure/openai/gpt-image-1", timeout=60)
photo = sys.argv[3]
"""


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD + code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(PNG)
    return path


def test_a_process_that_is_killed_leaves_an_unknown_outcome(tmp_path, picture):
    with scripted(hanging) as server:
        process = child("one.edit('x', photo)", server.url, tmp_path / "h", picture)
        server.wait_for(1)
        process.kill()
        process.communicate(timeout=10)
        with session(server.url, tmp_path / "h") as one:
            assert len(one.history) == 0 and one.history.damaged == []
            with pytest.raises(errors.OutcomeUnknown):
                one.edit("x", picture)
        assert server.posts == 1


def test_with_a_history_that_cannot_be_written_nothing_is_sent(server, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with session(server.url, tmp_path / "file") as one, pytest.raises(errors.HistoryFault) as caught:
        one.edit("x", PNG)
    assert server.connections == 0
    assert caught.value.paid == "no" and "history=False" in caught.value.hint


def test_a_paid_picture_reaches_the_user_even_if_it_cannot_be_kept(tmp_path):
    def breaking(line: Line) -> None:
        line.request()
        (tmp_path / "edits").write_bytes(b"in the way")
        line.send(message(GOOD))

    with scripted(breaking) as server, session(server.url, tmp_path) as one:
        edit = one.edit("x", PNG)
        assert edit.images[0].bytes == MADE[0] and edit.stored(edit.request.images[0]) == PNG
        assert edit.record.notes[0].startswith("NOT KEPT") and "save(" in edit.record.notes[0]
        (tmp_path / "edits").unlink()
        with pytest.raises(errors.OutcomeUnknown):  # and it is not paid for again unasked
            one.edit("x", PNG)
        assert server.posts == 1


# Interrupts, exits, forks and other loops

INTERRUPTED = """
try:
    one.edit("x", photo)
except errors.Interrupted as error:
    print("interrupted", error.paid, flush=True)
failed = one.history.failures[0]
notes = len(list(one.history.folder.glob("pending/*")))
print(failed.state, failed.record.failure.type, failed.record.failure.paid, notes)
try:
    one.edit("x", photo)
except errors.OutcomeUnknown:
    print("refused")
print(one.edit("y", photo).state)
"""


def test_an_interrupt_cancels_is_written_down_and_leaves_the_session_usable(tmp_path, picture):
    with scripted(hanging, answering(GOOD)) as server:
        process = child(INTERRUPTED, server.url, tmp_path / "h", picture)
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=15)
        assert out.split("\n")[:4] == [
            "interrupted perhaps",
            "unknown Interrupted perhaps 0",
            "refused",
            "ok",
        ], out
        assert server.posts == 2


DAEMON = """
threading.Thread(target=one.edit, args=["x", photo], daemon=True).start()
sys.stdin.readline()
"""


def test_leaving_the_interpreter_with_a_call_under_way_does_not_hang(tmp_path, picture):
    with scripted(hanging) as server:
        command = [sys.executable, "-c", CHILD + DAEMON, server.url, str(tmp_path / "h"), str(picture)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        server.wait_for(1)
        process.communicate(b"\n", timeout=15)
        assert process.returncode == 0
        history = History(tmp_path / "h")
        assert [failed.state for failed in history.failures] == ["unknown"]
        assert not list((tmp_path / "h" / "pending").iterdir())


FORKED = """
import os
print(one.edit("x", photo).replayed, flush=True)
pid = os.fork()
if not pid:
    print(one.edit("x", photo).replayed, one.edit("y", photo).replayed, flush=True)
    os._exit(0)
print(os.waitpid(pid, 0)[1], one.edit("z", photo).replayed)
"""


def test_a_forked_child_gets_a_loop_of_its_own(server, tmp_path, picture):
    process = child(FORKED, server.url, tmp_path / "h", picture)
    out, _ = process.communicate(timeout=20)
    assert out.splitlines() == ["False", "True False", "0 False"], out
    assert server.posts == 3


def test_awaiting_inside_a_running_loop(server, one):
    async def main() -> tuple[Edit, Edit, Edit]:
        made = await one.aedit("x", PNG)
        inside = one.edit("y", PNG)  # also a plain call works while a loop runs
        return made, await one.aedit("x", PNG), inside

    made, again, inside = asyncio.run(main())
    assert again == made and again.replayed and not inside.replayed and server.posts == 2


def test_cancelling_the_task_cancels_the_request_and_writes_it_down(tmp_path):
    gone = threading.Event()

    def waiting(line: Line) -> None:
        line.request()
        if line.socket.recv(1) == b"":
            gone.set()

    async def main(one: Session) -> None:
        task = asyncio.create_task(one.aedit("x", PNG))
        await asyncio.to_thread(server.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with scripted(waiting) as server, session(server.url, tmp_path) as one:
        asyncio.run(main(one))
        assert gone.wait(10)
        [failed] = one.history.failures
        assert (failed.state, failed.record.failure.type) == ("unknown", "Interrupted")
        assert server.posts == 1


def test_errors_come_out_of_awaiting_too(tmp_path):
    with (
        scripted(refusing(402)) as server,
        session(server.url, tmp_path) as one,
        pytest.raises(errors.OutOfFunds),
    ):
        asyncio.run(one.aedit("x", PNG))


# Masked edits


def exact_outside(source: Image.Image, mask: Mask, restored: Image.Image) -> bool:
    outside = np.asarray(mask.rasterize()) == 0
    return bool((np.asarray(restored.convert("RGB"))[outside] == np.asarray(source)[outside]).all())


@pytest.fixture(scope="module")
def offline(tmp_path_factory) -> Iterator[Session]:
    with Session(history=tmp_path_factory.mktemp("offline"), model=OFFLINE) as one:
        yield one


@pytest.mark.parametrize("size", ["1024x1024", "1536x1024", "1024x1536"])
@pytest.mark.parametrize("shape", [(512, 512), (900, 300)])
def test_outside_the_mask_the_restored_picture_is_the_source(offline, shape, size):
    source = Image.fromarray(skimage.data.astronaut()).resize(shape)
    mask = Mask(shape).ellipse(40, 30, 260, 220)
    edit = offline.edit("a red hat", source, mask=mask, size=size)
    framed = shape[0] * int(size.partition("x")[2]) != shape[1] * int(size.partition("x")[0])
    assert (edit.request.frame is not None) is framed
    assert edit.images[0].size == tuple(map(int, size.split("x")))
    assert edit.restored[0].size == shape
    assert exact_outside(source, mask, edit.restored[0].pil)
    assert not np.array_equal(np.asarray(edit.restored[0].pil.convert("RGB")), np.asarray(source))
    assert edit.leak.share == pytest.approx(0, abs=0.01)


def test_extending_keeps_the_source_where_it_was(offline):
    source = photo(200, 150)
    edit = offline.edit("more sky", source, extend="40,60,20,10", quality="low")
    assert edit.restored[0].size == (260, 220)
    inside = np.asarray(edit.restored[0].pil.convert("RGB"))[60:210, 40:240]
    assert np.array_equal(inside, np.asarray(source))


def test_a_leaky_answer_is_measured_and_put_right(offline):
    source = photo(256, 256)
    mask = Mask((256, 256)).rect(0, 0, 100, 256)
    edit = offline.edit("x", source, mask=mask, model="offline/leaky", size="1024x1024")
    assert edit.leak.share > 0 and edit.leak.mean > 1
    assert exact_outside(source, mask, edit.restored[0].pil)


def test_an_edit_as_a_source_is_its_restored_picture_or_the_raw_one(offline):
    edit = offline.edit("x", photo(96, 96), mask=Mask((96, 96)).rect(0, 0, 40, 96), size="1024x1024")
    assert edit.restored[0].digest != edit.images[0].digest
    child_ = offline.edit("y", edit, quality="low")
    raw = offline.edit("y", edit, quality="low", raw=True)
    assert child_.request.images[0].stored == edit.restored[0].digest
    assert raw.request.images[0].stored == edit.images[0].digest


FULL = "The mask selects everything, so nothing would be kept."
EMPTY = "The mask selects nothing, so nothing would change."
FULL_MASKS = {
    "drawn": Mask((48, 48)).rect(0, 0, 48, 48),
    "inverted": Mask((48, 48)).invert(),
    "soft": Mask((48, 48), bytes([1, 255] * 24 * 48)),  # any touch is edited
    "booleans": np.ones((48, 48), bool),
    "white": Image.new("L", (48, 48), 255),
    "clear": Image.new("RGBA", (48, 48)),
}


@pytest.mark.parametrize("extend", [None, "8,8,8,8"])
@pytest.mark.parametrize("full", FULL_MASKS.values(), ids=FULL_MASKS)
def test_a_mask_of_everything_is_caught_before_paying(server, one, full, extend):
    with pytest.raises(errors.BadImage) as caught:
        one.edit("x", PNG, mask=full, extend=extend)
    assert caught.value.message == FULL and "Leave the mask out" in caught.value.hint
    assert caught.value.paid == "no" and server.posts == 0


@pytest.mark.parametrize("empty", [Mask((48, 48)), np.zeros((48, 48), bool), Image.new("L", (48, 48))])
def test_a_mask_of_nothing_is_caught_unless_the_picture_is_extended(server, one, empty):
    with pytest.raises(errors.BadImage) as caught:
        one.edit("x", PNG, mask=empty)
    assert caught.value.message == EMPTY and server.posts == 0
    bare = one.edit("x", PNG, extend="8,8,8,8")
    assert one.edit("x", PNG, extend="8,8,8,8", mask=empty) == bare
    assert server.posts == 1


def test_an_edit_as_a_mask_is_its_mask(server, one):
    mask = Mask((48, 48)).ellipse(4, 4, 40, 40).feather(5)
    first = one.edit("x", PNG, mask=mask)
    assert one.edit("x", PNG, mask=first, replay="only") == first
    with pytest.raises(errors.BadImage, match="has no mask"):
        one.edit("y", PNG, mask=one.edit("x", PNG))
    assert server.posts == 2


@pytest.mark.parametrize("name", ["image[]", "mask", "n", "stream", "partial_images"])
def test_what_has_a_place_of_its_own_is_no_further_field(server, one, name):
    with pytest.raises(errors.BadRequest, match="cannot be given as a further field"):
        one.edit("x", PNG, params={name: 1})
    assert server.posts == 0


def test_restored_pictures_are_replayed_and_not_made_again(offline):
    options: dict[str, Any] = {"mask": Mask((64, 64)).rect(0, 0, 30, 64), "size": "1024x1024"}
    edit = offline.edit("x", photo(64, 64), **options)
    path = offline.history.objects.path(edit.restored[0].digest)
    before = path.stat().st_mtime_ns
    again = offline.edit("x", photo(64, 64), **options)
    assert again.replayed and again.restored == edit.restored and path.stat().st_mtime_ns == before


def test_offline_costs_nothing_needs_no_key_and_says_who_drew(offline):
    edit = offline.edit("a quiet place", PNG, quality="low", size="1024x1024")
    assert (edit.cost.basis, edit.cost.high) == ("free", 0)
    assert edit.result.provider == OFFLINE and edit.record.endpoint == "offline"
    with pytest.raises(errors.BadRequest) as caught:
        offline.edit("x", PNG, size="big")
    assert caught.value.paid == "no" and caught.value.code == "invalid_value"


# The key


def everything(error: BaseException) -> str:
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename == __file__:  # the tests' own variables hold the key
        frames = frames.tb_next
    whole = traceback.TracebackException(type(error), error, frames, capture_locals=True)
    parts = ["".join(whole.format()), str(error), repr(error), repr(vars(error))]
    parts.append(repr(pickle.loads(pickle.dumps(error)).__dict__))  # noqa: S301 - our own
    chained: BaseException | None = error
    while chained := (chained.__cause__ or chained.__context__) if chained else None:
        deeper = traceback.TracebackException.from_exception(chained, capture_locals=True)
        parts.append("".join(deeper.format()))
    return "\n".join([*parts, *getattr(error, "_render_traceback_", list)()])


ECHO = {"message": "KEY is bad", "code": "KEY", "type": "KEY", "origin": "KEY", "param": "KEY"}


def echoing(status: str, body: bytes) -> Any:
    def turn(line: Line) -> None:
        sent = line.request().headers["authorization"].removeprefix("Bearer ")
        headers = [
            f"{name}: {sent}" for name in ("x-request-id", "x-requesty-provider", "Location", "X-Echo")
        ]
        line.send(message(body.replace(b"KEY", sent.encode()), status, headers))

    return turn


def failing() -> dict[str, Any]:
    refused = msgspec.json.encode({"error": ECHO})
    turns: dict[str, Any] = {
        f"{status} echoed": echoing(f"{status} KEY", refused)
        for status in (302, 400, 401, 402, 403, 404, 413, 424, 500, 503, 529)
    }
    return turns | {
        "429": refusing(429, headers=["Retry-After: 999"]),
        "page echoed": echoing("403 No", b" " * 1990 + b"KEY<title>KEY</title>"),
        "blank echoed": echoing("403 No", b" " * 7990 + b"KEY"),
        "200 echoed": echoing("200 OK", b"<html>KEY</html>"),
        "200 error": echoing("200 OK", refused),
        "no picture": echoing("200 OK", b'{"data":[{"url":"https://10.0.0.1/KEY"}]}'),
        "packed": answering(b"x", headers=["Content-Encoding: gzip"]),
        "closed": lambda line: line.request(),
        "reset": lambda line: (line.request(), line.reset()),
        "deaf": lambda line: (line.head(), line.reset()),
        "cut": lambda line: (line.request(), line.send(message(GOOD)[:-99])),
        "hung": hanging,
    }


FAILING = failing()
SILENT = {"429", "packed", "closed", "reset", "deaf", "cut", "hung"}  # of the others httpcore logs the echo


@pytest.mark.parametrize("case", FAILING)
def test_the_key_is_in_nothing_that_a_failure_leaves_behind(tmp_path, caplog, case):
    caplog.set_level(logging.DEBUG, None if case in SILENT else "httpx")
    with scripted(FAILING[case]) as server, session(server.url, tmp_path / "h", timeout=0.5) as one:
        with pytest.raises(errors.ImgEditError) as caught:
            one.edit("x", PNG)
        assert server.connections == 1
        one.history.export(tmp_path / "export")
        shown = everything(caught.value) + repr(one) + repr(one.settings)
        shown += repr(one.history.failures[0].record)
    assert key()[:9] not in shown  # nor the part of it that a cut would leave
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or key().encode() not in path.read_bytes(), path
    assert key() not in caplog.text and caplog.records


def test_the_key_is_in_nothing_that_a_good_answer_leaves_behind(tmp_path, caplog):
    caplog.set_level(logging.DEBUG, "httpx")
    body = GOOD[:-1] + b',"usage":{"KEY":["KEY"]},"size":"KEY","KEY":{"a":"KEY"},"created":1}'
    with scripted(echoing("200 OK", body)) as server, session(server.url, tmp_path / "h") as one:
        edit = one.edit("x", PNG)
        one.history.export(tmp_path / "export")
        assert key() not in repr(edit.record) + repr(edit) + repr(one) + caplog.text
    assert edit.result.provider == "[key]"
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or key().encode() not in path.read_bytes(), path


def test_the_key_is_in_nothing_that_an_interrupt_or_a_missing_server_leaves_behind(tmp_path, monkeypatch):
    from requesty_nb.client import sender

    monkeypatch.setattr(sender, "_FIRST_DELAY", 0.01)
    with scripted(hanging) as server:
        url = server.url
    with session(url, tmp_path / "a") as one, pytest.raises(errors.NotSent) as caught:
        one.edit("x", PNG)
    assert key() not in everything(caught.value)

    class Interrupting:
        def tick(self, state: str, elapsed: float, _: object = None) -> None:
            raise KeyboardInterrupt(state, elapsed)

        def close(self) -> None:
            pass

    with scripted(hanging) as server, session(server.url, tmp_path / "b") as one:
        with pytest.raises(errors.Interrupted) as stopped:
            one.run(one.ask("x", PNG), Interrupting())
        assert key() not in everything(stopped.value)


def test_an_answer_that_came_before_the_interrupt_is_kept(tmp_path, monkeypatch):
    """An interrupt while the picture is being put back into its source loses nothing that was paid for."""
    from requesty_nb.sessions import answering as rooms

    reached, go_on = threading.Event(), threading.Event()
    judge = rooms.judge

    def slow(*arguments: Any) -> Any:
        reached.set()
        assert go_on.wait(20)
        return judge(*arguments)

    monkeypatch.setattr(rooms, "judge", slow)

    async def main(one: Session) -> None:
        task = asyncio.create_task(one.aedit("x", PNG))
        await asyncio.to_thread(reached.wait, 20)
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await task

    with scripted(answering(GOOD)) as server, session(server.url, tmp_path) as one:
        asyncio.run(main(one))
        assert one.edit("x", PNG).replayed and server.posts == 1
        assert one.history[0].images[0].bytes == MADE[0] and one.history.failures == []


def test_a_session_takes_what_it_is_told_and_keeps_the_rest(tmp_path):
    one = Session(history=tmp_path, model="m", replay="only", timeout=7)
    one.configure(model="n", base_url="http://127.0.0.1:1/v1/")
    assert (one.settings.model, one.settings.replay, one.settings.timeout) == ("n", "only", 7)
    assert one.settings.base_url == "http://127.0.0.1:1/v1" and one.history.folder == tmp_path
    history = one.history
    one.configure(model="o")
    assert one.history is history
    one.configure(history=False)
    with pytest.raises(errors.BadRequest):
        _ = one.history


def test_a_held_answer_is_watched(tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        states: list[str] = []

        class Watching:
            closed = False

            def tick(self, state: str, elapsed: float, _: object = None) -> None:
                states.append(state)
                assert elapsed >= 0
                if state == "waiting for the picture":
                    server.released.set()

            def close(self) -> None:
                Watching.closed = True

        one.run(one.ask("x", PNG), Watching())
    assert states[-1] == "waiting for the picture" and Watching.closed
