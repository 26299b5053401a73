"""Edits in the background: what they tell, how they are cancelled, and that none is paid twice."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from logging.handlers import QueueHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.lowlevel
import pytest
from kernels import Endpoint, Kernel, Ran, kernel_in
from photos import MADE, MODEL, PNG, noise, session
from servers import answering, hanging, held, message, pictures, refusing, scripted, serving

from requesty_nb import errors
from requesty_nb.client import Watch
from requesty_nb.offline import create_app
from requesty_nb.records import History
from requesty_nb.sessions import Session, background, bridge
from requesty_nb.sessions.flights import Flights, Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers import Line

    from requesty_nb.sessions import Detached

GOOD = pictures(MADE[0])
PATIENCE = 20  # seconds; never waited for unless something hangs
SENT = "waiting for the picture"
JOINED = "waiting for the same request, which is under way"


class Told:
    """A callback that notes what it is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str]] = []
        self._news = threading.Condition()

    def __call__(self, one: Detached) -> None:
        with self._news:
            self.all.append((one.state, one.text))
            self._news.notify_all()

    def wait_for(self, told: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: any(told in said for said in self.all), PATIENCE), self.all


class Slow:
    """A picture that is loaded when the test lets go."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Event(), threading.Event()

    def __imgedit_source__(self) -> bytes:
        self.reached.set()
        assert self.go.wait(PATIENCE)
        return PNG


def fresh(line: Line) -> None:
    """Answer each request with a picture of its own."""
    line.request()
    line.send(message(pictures(noise(int.from_bytes(os.urandom(4)), (8, 8)))))


def over(one: Detached) -> Detached:
    """Wait until it is over, one way or the other."""
    with contextlib.suppress(errors.ImgEditError):
        one.wait(PATIENCE)
    assert one.done()
    return one


# Beginning, telling, waiting


def test_it_begins_at_once_and_is_recorded_and_replayed_like_any_edit(tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        before = time.time()
        begun = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        assert begun.state == "working" and not begun.done() and before <= begun.started <= time.time()
        with pytest.raises(TimeoutError, match="not done after"):
            begun.wait(0)
        server.released.set()
        edit = begun.wait(PATIENCE)
        assert (begun.state, begun.text, begun.error, begun.edit) == ("done", "", None, edit)
        assert edit == one.history[0] and not edit.replayed
        again = one.begin(one.ask("x", PNG)).wait(PATIENCE)
        assert again == edit and again.replayed and server.posts == 1


def test_loading_a_picture_holds_up_nobody_and_can_be_left(tmp_path):
    slow = Slow()
    with scripted(answering(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", slow))
        assert slow.reached.wait(PATIENCE)
        assert (begun.state, begun.text) == ("preparing", "preparing")
        begun.cancel()
        assert over(begun).state == "cancelled"  # while it is still being loaded
        assert isinstance(begun.error, errors.NotSent) and begun.paid == "no"
        assert begun.text == "Cancelled before the request had left."
        slow.go.set()
        assert server.connections == 0 and len(one.history) == 0 and one.history.failures == []


def test_what_is_configured_meanwhile_does_not_matter(tmp_path):
    slow = Slow()
    with scripted(answering(GOOD)) as server, session(server.url, tmp_path / "a") as one:
        begun = one.begin(one.ask("x", slow))
        assert slow.reached.wait(PATIENCE)
        one.configure(history=tmp_path / "b", base_url="http://127.0.0.1:1/v1")
        slow.go.set()
        assert begun.wait(PATIENCE) == History(tmp_path / "a")[0]
        assert len(one.history) == 0


def test_changes_are_told_in_order_and_the_end_once(tmp_path):
    told = Told()
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", PNG), told)
        told.wait_for(SENT)
        server.released.set()
        begun.wait(PATIENCE)
        told.wait_for("done")
    states = [state for state, _ in told.all]
    assert states == sorted(states, key=["preparing", "working", "done"].index)
    assert told.all.count(("done", "")) == 1 and told.all[-1] == ("done", "")
    assert len(set(told.all)) == len(told.all), "only changes are told"


def test_it_is_never_told_twice_at_a_time_nor_in_the_loop(tmp_path, caplog):
    busy, go = threading.Lock(), threading.Event()
    threads: list[int] = []

    def slowly(_: Detached) -> None:
        alone = busy.acquire(blocking=False)
        threads.append(threading.get_ident())
        go.wait(PATIENCE)
        assert alone  # logged, if it is not so
        busy.release()

    async def where() -> int:
        return threading.get_ident()

    with scripted(held(GOOD), answering(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", PNG), slowly)
        server.wait_for(1)
        assert not one.edit("y", PNG).replayed  # the loop is free meanwhile
        server.released.set()
        assert begun.wait(PATIENCE).state == "ok"  # also while whoever is told of it takes his time
        go.set()
    assert bridge.run(where) not in threads and caplog.text == ""


def test_what_the_callback_raises_is_logged_and_hurts_nothing(tmp_path):
    def raising(_: Detached) -> None:
        raise SystemExit("no")

    records: queue.Queue[logging.LogRecord] = queue.Queue()
    logging.getLogger("requesty_nb").addHandler(listening := QueueHandler(records))
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", PNG), raising)
        server.wait_for(1)
        server.released.set()
        assert begun.wait(PATIENCE) == one.history[0]
        assert "SystemExit: no" in records.get(timeout=PATIENCE).getMessage()
    logging.getLogger("requesty_nb").removeHandler(listening)


@pytest.mark.parametrize("turn", [refusing(402), refusing(502)])
def test_a_failure_is_told_and_raised_to_who_waits(tmp_path, turn):
    with scripted(turn) as server, session(server.url, tmp_path) as one:
        begun = over(one.begin(one.ask("x", PNG)))
        assert isinstance(begun.error, errors.ImgEditError)
        assert (begun.state, begun.text, begun.paid) == ("failed", begun.error.message, begun.error.paid)
        assert begun.error.attempt == one.history.failures[0].id


def test_a_fault_of_the_users_own_object_is_raised_as_it_is(tmp_path):
    class Broken:
        def __imgedit_source__(self) -> bytes:
            raise ZeroDivisionError("mine")

    one = Session(history=tmp_path, model="offline/painter")
    begun = one.begin(one.ask("x", Broken()))
    with pytest.raises(ZeroDivisionError):
        begun.wait(PATIENCE)
    assert (begun.state, begun.text, begun.paid) == ("failed", "ZeroDivisionError: mine", "no")


def test_callbacks_that_wait_for_further_edits_hold_up_no_recording(tmp_path):
    landed, made = threading.Event(), threading.Semaphore(0)

    def go_on(begun: Detached) -> None:
        if begun.done() and landed.wait(PATIENCE):  # so that all who are told are at it at once
            one.edit(f"more than {begun.edit.prompt}", PNG)
            made.release()

    with scripted(fresh) as server, session(server.url, tmp_path) as one:
        begun = [
            one.begin(one.ask(f"{number}", PNG), go_on) for number in range(45)
        ]  # the loop has 40 threads
        assert all(each.wait(PATIENCE) for each in begun)
        landed.set()
        assert all(made.acquire(timeout=PATIENCE) for _ in begun)


def test_pictures_that_wait_for_other_edits_hold_up_no_recording(tmp_path):
    class Made:
        def __init__(self, number: int) -> None:
            self.number = number

        def __imgedit_source__(self) -> bytes:
            picture: bytes = one.edit(f"{self.number}", PNG).images[0].bytes
            return picture

    with scripted(fresh) as server, session(server.url, tmp_path) as one:
        begun = [one.begin(one.ask("x", Made(number))) for number in range(45)]
        assert len({each.wait(PATIENCE).id for each in begun}) == 45


# Takes


def test_eight_new_ones_at_once_fill_eight_takes(tmp_path):
    with scripted(fresh) as server, session(server.url, tmp_path) as one:
        begun = [one.begin(one.ask("x", PNG, new=True)) for _ in range(8)]
        edits = [each.wait(PATIENCE) for each in begun]
        assert sorted(edit.take for edit in edits) == list(range(1, 9)) and server.posts == 8
        assert sorted(edit.take for edit in one.history) == list(range(1, 9))
        assert len({edit.images[0].digest for edit in edits}) == 8
        assert [one.edit("x", PNG, take=edit.take) for edit in edits] == edits and server.posts == 8


def test_a_take_that_is_filled_while_the_next_free_one_is_looked_for_is_not_filled_again():
    reading, go = threading.Event(), threading.Event()

    def read() -> int:
        reading.set()
        assert go.wait(PATIENCE)
        return 1  # as the record was when the reading began

    async def main() -> list[int]:
        flights, made, watch, landing = Flights(), [], Watch(), anyio.Event()

        async def make(take: int) -> Any:
            made.append(take)
            await landing.wait()
            raise errors.BadRequest("made enough")

        async def fly(watch: Watch, next_take: Callable[[], int] | None) -> None:
            slot = Slot(Path("history"), "key", 1)
            with pytest.raises(errors.BadRequest):
                await flights.edit(slot, "there", watch, make, patience=PATIENCE, next_take=next_take)

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as group:
                group.start_soon(fly, Watch(), read)
                await anyio.to_thread.run_sync(reading.wait)
                group.start_soon(fly, watch, None)
                await anyio.wait_all_tasks_blocked()
                assert made == [], "nothing is begun while takes are counted"
                go.set()
                while watch.state != JOINED:
                    await anyio.lowlevel.checkpoint()
                landing.set()
        return made

    assert anyio.run(main) == [1]


def test_a_source_that_two_keep_at_once_is_one_file_that_stays(tmp_path):
    objects = History(tmp_path).objects
    digest = hashlib.sha256(PNG).hexdigest()
    seen: list[Any] = []

    def pieces() -> Iterator[bytes]:
        objects.write([PNG], digest)  # another edit with the same source, a moment quicker
        seen.append(objects.path(digest).stat())
        yield PNG

    objects.write(pieces(), digest)
    now = objects.path(digest).stat()
    assert (now.st_ino, now.st_mtime_ns) == (seen[0].st_ino, seen[0].st_mtime_ns)
    assert [path.name for path in objects.path(digest).parent.iterdir()] == [digest]
    objects.path(digest).write_bytes(b"damaged")
    objects.write([PNG], digest)
    assert objects.read(digest) == PNG


# Closing


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_closing_waits_for_what_is_under_way(tmp_path, kept):
    slow = Slow()
    with scripted(held(GOOD)) as server:
        one = session(server.url, tmp_path if kept else None)
        loading, sent = one.begin(one.ask("y", slow)), one.begin(one.ask("x", PNG))
        server.wait_for(1)
        assert slow.reached.wait(PATIENCE)
        with ThreadPoolExecutor(2) as pool:
            asked = pool.submit(one.edit, "z", PNG)  # somebody waits for this one, elsewhere
            server.wait_for(2)
            closing = pool.submit(one.close)
            with pytest.raises(TimeoutError):
                closing.result(0.3)
            server.released.set()
            assert sent.wait(PATIENCE).images[0].bytes == MADE[0]
            with pytest.raises(TimeoutError):
                closing.result(0.3)
            slow.go.set()
            closing.result(PATIENCE)
            assert loading.done() and loading.edit is not None
            assert asked.result(PATIENCE).images[0].bytes == MADE[0]
        assert one.edit("again", PNG).images and server.posts == 4
        one.close()


def test_an_interrupt_that_leaves_a_session_cancels_what_is_in_the_background(tmp_path):
    with scripted(hanging) as server:
        with contextlib.suppress(KeyboardInterrupt), session(server.url, tmp_path) as one:
            begun = one.begin(one.ask("x", PNG))
            server.wait_for(1)
            raise KeyboardInterrupt
        assert begun.state == "cancelled" and begun.text.startswith("Interrupted while waiting")
        assert [failed.state for failed in one.history.failures] == ["unknown"]


def test_another_error_that_leaves_a_session_loses_nothing(tmp_path):
    async def ended(one: Session) -> None:
        task = asyncio.create_task(asyncio.sleep(PATIENCE))
        task.cancel()
        with one:
            begun.append(one.begin(one.ask("y", PNG)))
            await task

    begun: list[Detached] = []
    with scripted(answering(GOOD)) as server:
        with contextlib.suppress(ZeroDivisionError), session(server.url, tmp_path) as one:
            begun.append(one.begin(one.ask("x", PNG)))
            raise ZeroDivisionError
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(ended(one))
        assert [each.state for each in begun] == ["done", "done"] and len(one.history) == 2


INTERRUPTED = """
import sys
from requesty_nb.sessions import Session
with Session(base_url=sys.argv[1], history=sys.argv[2], model="m", timeout=60) as one:
    begun = one.begin(one.ask("x", sys.argv[3]))
"""


def test_an_interrupt_while_closing_cancels_and_is_written_down(tmp_path):
    (tmp_path / "photo.png").write_bytes(PNG)
    arguments = [str(tmp_path / "h"), str(tmp_path / "photo.png")]
    with scripted(hanging) as server:
        command = [sys.executable, "-c", INTERRUPTED, server.url, *arguments]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode and said.rstrip().endswith(b"KeyboardInterrupt")
    assert [failed.state for failed in History(tmp_path / "h").failures] == ["unknown"]
    assert not list((tmp_path / "h" / "pending").iterdir())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_its_parents_edits(tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        if not (child := os.fork()):
            try:
                one.close()
                with contextlib.suppress(TimeoutError):
                    begun.wait()
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        server.released.set()
        assert begun.wait(PATIENCE) == one.history[0]


# Cancelling


def test_cancelled_without_a_reason_it_is_cancelled(tmp_path):
    with scripted(hanging) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        begun.cancel("")
        assert over(begun).state == "cancelled" and begun.text.startswith("Cancelled")


def test_cancelled_while_the_endpoint_works_it_is_recorded_and_not_paid_again(tmp_path):
    told, gone = Told(), threading.Event()

    def waiting(line: Line) -> None:
        line.request()
        if line.socket.recv(1) == b"":
            gone.set()

    with scripted(waiting, answering(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", PNG), told)
        told.wait_for(SENT)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: begun.cancel(), range(4)))
        assert over(begun).state == "cancelled" and gone.wait(PATIENCE)
        begun.cancel()
        assert isinstance(begun.error, errors.OutcomeUnknown) and begun.paid == "perhaps"
        [failed] = one.history.failures
        assert (failed.state, failed.record.failure.type) == ("unknown", "Interrupted")
        assert not list((tmp_path / "pending").iterdir())
        with pytest.raises(errors.OutcomeUnknown):
            one.begin(one.ask("x", PNG)).wait(PATIENCE)
        assert server.posts == 1
        told.wait_for("cancelled")


def test_cancelled_offline_nothing_was_paid(tmp_path, monkeypatch):
    app = create_app(require_key=False, delay=60)
    monkeypatch.setattr("requesty_nb.sessions.apps._app", app)
    told = Told()
    with Session(history=tmp_path, model="offline/painter") as one:
        begun = one.begin(one.ask("x", PNG), told)
        told.wait_for(SENT)
        begun.cancel()
        over(begun)
        assert (begun.state, begun.text, begun.paid) == ("cancelled", "Cancelled.", "no")
        assert [failed.state for failed in one.history.failures] == ["failed"]


def test_a_picture_that_has_come_is_kept_although_it_is_cancelled(tmp_path, monkeypatch):
    from requesty_nb.sessions import answering as rooms

    reached, go_on = threading.Event(), threading.Event()
    judge = rooms.judge

    def slow(*arguments: Any) -> Any:
        reached.set()
        assert go_on.wait(PATIENCE)
        return judge(*arguments)

    monkeypatch.setattr(rooms, "judge", slow)
    with scripted(answering(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = one.begin(one.ask("x", PNG))
        assert reached.wait(PATIENCE)
        begun.cancel()
        assert begun.text == "cancelling"
        go_on.set()
        assert begun.wait(PATIENCE) == one.history[0] and begun.state == "done"
        assert one.history.failures == [] and server.posts == 1


def test_all_can_be_cancelled_and_those_that_are_over_stay_as_they_are(tmp_path):
    with scripted(answering(GOOD), hanging) as server, session(server.url, tmp_path) as one:
        made = over(one.begin(one.ask("a", PNG)))
        under_way = [one.begin(one.ask(prompt, PNG)) for prompt in "bcd"]
        server.wait_for(4)
        background.cancel_all("Interrupted")
        assert [over(each).state for each in under_way] == ["cancelled"] * 3
        assert all(each.text.startswith("Interrupted") for each in under_way)
        assert made.state == "done" and len(one.history) == 1 and len(one.history.failures) == 3


EXITING = """
import sys
from requesty_nb.sessions import Session
one = Session(base_url=sys.argv[1], history=sys.argv[2], model="m", timeout=60)
begun = one.begin(one.ask("x", sys.argv[3]))
sys.stdin.readline()
"""


def test_leaving_the_interpreter_writes_down_what_was_under_way(tmp_path):
    (tmp_path / "photo.png").write_bytes(PNG)
    with scripted(hanging) as server:
        command = [
            sys.executable,
            "-c",
            EXITING,
            server.url,
            str(tmp_path / "h"),
            str(tmp_path / "photo.png"),
        ]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        server.wait_for(1)
        _, said = process.communicate(b"\n", timeout=PATIENCE)
        assert (process.returncode, said) == (0, b"")
    assert [failed.state for failed in History(tmp_path / "h").failures] == ["unknown"]
    assert not list((tmp_path / "h" / "pending").iterdir())


# One request, several who wait


def test_who_asked_first_may_go_first(tmp_path):
    told = Told()
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        first = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        second = one.begin(one.ask("x", PNG), told)
        told.wait_for(JOINED)
        first.cancel()
        assert over(first).state == "cancelled" and not second.done()
        server.released.set()
        edit = second.wait(PATIENCE)
        assert not edit.replayed and edit == one.history[0]
        assert one.history.failures == [] and server.posts == 1


@pytest.mark.parametrize("seed", range(6))
def test_whoever_of_several_is_cancelled_it_is_sent_once_and_none_is_left_waiting(tmp_path, seed):
    chance = random.Random(seed)
    told = [Told() for _ in range(4)]
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        begun = [one.begin(one.ask("x", PNG), tell) for tell in told]
        server.wait_for(1)
        for tell in told:
            tell.wait_for("working")
        leaving = chance.sample(begun, seed % 5)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda each: each.cancel(), leaving))
        for each in leaving:
            assert over(each).state == "cancelled"
        server.released.set()
        edits = [each.wait(PATIENCE) for each in begun if each not in leaving]
        assert all(edit == edits[0] for edit in edits) and server.posts == 1
        assert sum(not edit.replayed for edit in edits) == bool(edits)
        assert len(one.history) == bool(edits)
        assert [failed.state for failed in one.history.failures] == ([] if edits else ["unknown"])


def test_who_comes_while_the_last_one_leaves_does_not_pay_on_top(tmp_path, monkeypatch):
    reached, go_on = threading.Event(), threading.Event()
    finish = History.finish

    def slow(*arguments: Any) -> Any:
        reached.set()
        assert go_on.wait(PATIENCE)
        return finish(*arguments)

    monkeypatch.setattr(History, "finish", slow)
    told = Told()
    with scripted(hanging) as server, session(server.url, tmp_path) as one:
        first = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        first.cancel()
        assert reached.wait(PATIENCE)
        second = one.begin(one.ask("x", PNG), told)
        told.wait_for("working")
        go_on.set()
        assert over(first).state == "cancelled"
        assert over(second).state == "failed" and "earlier attempt" in second.text
        assert server.posts == 1 and len(one.history.failures) == 1


def test_another_history_is_another_request_and_another_endpoint_does_not_pay_beside(tmp_path):
    told = Told()
    with (
        scripted(held(GOOD)) as server,
        scripted(answering(pictures(MADE[1]))) as other,
        session(server.url, tmp_path / "a") as one,
    ):
        first = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        one.configure(base_url=other.url)
        beside = one.begin(one.ask("x", PNG), told)
        told.wait_for(JOINED)
        one.configure(history=tmp_path / "b")
        assert one.edit("x", PNG) == one.history[0]  # paid for, and kept in its own
        assert one.history[0].images[0].bytes == MADE[1]
        server.released.set()
        assert beside.wait(PATIENCE) == first.wait(PATIENCE) == History(tmp_path / "a")[0]
        assert (server.posts, other.posts) == (1, 1)


def test_where_one_endpoint_refuses_who_asks_another_is_answered_by_that(tmp_path):
    told = Told()

    def refused(line: Line) -> None:
        line.request()
        line.hold()
        line.send(message(b"{}", "402 Payment Required"))

    with (
        scripted(refused) as server,
        scripted(answering(GOOD)) as other,
        session(server.url, tmp_path) as one,
    ):
        first = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        one.configure(base_url=other.url)
        beside = one.begin(one.ask("x", PNG), told)
        told.wait_for(JOINED)
        server.released.set()
        assert isinstance(over(first).error, errors.OutOfFunds)
        assert not beside.wait(PATIENCE).replayed and (server.posts, other.posts) == (1, 1)


def test_who_joins_waits_no_longer_than_allowed_and_what_goes_on_is_kept(tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        first = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        with pytest.raises(errors.OutcomeUnknown, match=r"not ended within 0\.1 s") as caught:
            one.edit("x", PNG, timeout=0.1)
        assert "It goes on" in caught.value.hint and caught.value.paid == "perhaps"
        assert not first.done() and one.history.failures == []
        second = one.begin(one.ask("x", PNG, timeout=1), told := Told())
        told.wait_for(JOINED)
        first.cancel()  # so that the last one who waits is one that runs out of time
        assert isinstance(over(second).error, errors.OutcomeUnknown) and second.state == "failed"
        server.released.set()
        one.close()
        assert len(one.history) == 1 and one.history.failures == []
        assert one.edit("x", PNG).replayed and server.posts == 1


def test_time_in_the_queue_is_not_counted_against_who_joins(tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path, width=1) as one:
        one.begin(one.ask("first in the queue", PNG))
        server.wait_for(1)
        behind = one.begin(one.ask("x", PNG), told := Told())
        told.wait_for("waiting for a place")
        joined = one.begin(one.ask("x", PNG, timeout=0.5), told := Told())
        told.wait_for(JOINED)
        with pytest.raises(TimeoutError):
            joined.wait(1)
        server.released.set()
        assert joined.wait(PATIENCE) == behind.wait(PATIENCE)


def test_who_joins_is_told_that_the_request_was_sent(tmp_path, monkeypatch):
    from requesty_nb.sessions import answering as rooms

    def failing(*_: Any, **__: Any) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr(rooms, "take_apart", failing)
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        first = one.begin(one.ask("x", PNG))
        server.wait_for(1)
        joined, leaving = one.begin(one.ask("x", PNG), told := Told()), one.begin(one.ask("x", PNG))
        told.wait_for(JOINED)
        leaving.cancel()
        assert isinstance(over(leaving).error, errors.OutcomeUnknown)  # it may still be billed
        server.released.set()
        for each in (first, joined):
            assert each.join(PATIENCE) and isinstance(each.error, MemoryError) and each.paid == "perhaps"


def test_the_tags_of_who_asked_first_stand(tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        one.begin(one.ask("x", PNG, tags=["first"]))
        server.wait_for(1)
        joined = one.begin(one.ask("x", PNG, tags=["second"]), told := Told())
        told.wait_for(JOINED)
        server.released.set()
        assert joined.wait(PATIENCE).record.tags == ("first",)


# In a notebook

HEAD = """
import threading, time
from PIL import Image
import requesty_nb as rq
photo = Image.new("RGB", (48, 48), "teal")
def hooks():
    all = get_ipython().events.callbacks
    hooks = [hook.__module__ for event in ("pre_run_cell", "post_run_cell") for hook in all[event]]
    return hooks.count("requesty_nb.magics") / 2
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> Iterator[Kernel]:
    """A kernel that has only imported the package."""
    with kernel_in(tmp_path_factory.mktemp("notebook"), os.environ) as one:
        one.ok(HEAD)
        yield one


@pytest.fixture
def endpoint() -> Iterator[tuple[Endpoint, str]]:
    app = Endpoint()
    with serving(app) as address:
        yield app, f"{address}/v1"


CANCELLING = """
def stop(one):
    if one.text == "waiting for the picture":
        one.cancel()
a, b = s.begin(s.ask("one", photo)), s.begin(s.ask("two", photo), stop)
"""


def test_in_a_busy_kernel_one_is_made_and_one_is_cancelled(kernel):
    app = create_app(serve_as=(MODEL,), delay=0.8)
    with serving(app) as address:
        kernel.ok(f"s = rq.Session(base_url='{address}/v1', model='{MODEL}', history='busy')")
        kernel.ok(CANCELLING)
        kernel.ok("while not (a.done() and b.done()): pass")
        assert kernel.value("(a.state, b.state, b.paid)") == ("done", "cancelled", "perhaps")
        assert kernel.value("[one.prompt for one in s.history]") == ["one"]
        assert kernel.value("[(one.prompt, one.state) for one in s.history.failures]") == [("two", "unknown")]
        assert kernel.value("s.edit('one', photo).replayed")
        assert kernel.run("s.edit('two', photo)").error["ename"] == "OutcomeUnknown"
        assert app.state.desk.edits == 2


# The kernel acts on an interrupt of a cell that awaits when its loop wakes, and no sooner.
@pytest.mark.parametrize(
    "busy", ["time.sleep(60)", "import asyncio\nwhile True: await asyncio.sleep(0.05)"], ids=["sync", "async"]
)
def test_an_interrupted_cell_cancels_what_goes_on_in_the_background(kernel, endpoint, busy):
    app, address = endpoint
    app.hold()
    kernel.ok(
        f"s = rq.Session(base_url='{address}', model='m', history='stop-{len(busy)}', api_key='k' * 20)"
    )
    kernel.ok("a = s.begin(s.ask('x', photo))")
    assert app.arrived.wait(PATIENCE)
    assert kernel.run("1/0").error["ename"] == "ZeroDivisionError"
    assert kernel.value("a.state") == "working"  # another error ends no edit
    cell = kernel.start(f"print('busy', flush=True)\n{busy}")
    kernel.until(cell, ran := Ran(), lambda one: one["msg_type"] == "stream")
    kernel.manager.interrupt_kernel()
    began = time.monotonic()
    assert app.gone.wait(PATIENCE)
    assert time.monotonic() - began < 2
    assert kernel.finish(cell, ran).of("error")
    kernel.run("a.wait()")
    assert kernel.value("(a.state, a.text.split()[0], len(s.history.failures))") == (
        "cancelled",
        "Interrupted",
        1,
    )
    assert len(app.requests) == 1


def test_a_cell_that_awaits_what_it_cancelled_itself_cancels_nothing_else(kernel, endpoint):
    app, address = endpoint
    app.hold()
    kernel.ok(f"s = rq.Session(base_url='{address}', model='m', history='own', api_key='k' * 20)")
    kernel.ok("a = s.begin(s.ask('x', photo))")
    assert app.arrived.wait(PATIENCE)
    own = "import asyncio\nt = asyncio.create_task(asyncio.sleep(60)); t.cancel()\nawait t"
    assert kernel.run(own).error["ename"] == "CancelledError"
    timing = "async with asyncio.timeout(0.01): await asyncio.sleep(60)"
    assert kernel.run(timing).error["ename"] == "TimeoutError"
    assert kernel.value("(a.state, a.text)") == ("working", SENT)
    app.release()
    kernel.ok("a.wait()")


def test_the_very_cell_that_imports_the_package_can_be_interrupted(tmp_path, endpoint):
    app, address = endpoint
    app.hold()
    with kernel_in(tmp_path, os.environ) as kernel:
        cell = kernel.start(
            f"{HEAD}\ns = rq.Session(base_url='{address}', model='m', history='h', api_key='k' * 20)\n"
            "a = s.begin(s.ask('x', photo))\nimport asyncio\nwhile True: await asyncio.sleep(0.05)"
        )
        assert app.arrived.wait(PATIENCE)
        kernel.manager.interrupt_kernel()
        assert app.gone.wait(PATIENCE)
        assert kernel.finish(cell).of("error")


def test_the_hook_is_there_once_however_the_package_was_loaded(kernel):
    assert kernel.value("hooks()") == 1
    kernel.ok("%load_ext requesty_nb")
    kernel.ok("%reload_ext requesty_nb")
    assert kernel.value("hooks()") == 1
    kernel.ok(
        "import importlib, requesty_nb, sys; importlib.reload(sys.modules['requesty_nb.magics'])\n"
        "requesty_nb.load_ipython_extension(get_ipython())"
    )
    assert kernel.value("hooks()") == 1
    kernel.ok("%unload_ext requesty_nb")
    assert kernel.value("hooks()") == 0
    kernel.ok("%load_ext requesty_nb")
    assert kernel.value("hooks()") == 1
