"""Jobs: offered, begun once, told of, cancelled and dismissed; answered where the last click came from."""

from __future__ import annotations

import contextvars
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from kernels import PATIENCE as KERNEL_PATIENCE
from kernels import Endpoint, Kernel, kernel_in
from photos import MADE, PNG, session
from servers import answering, hanging, held, pictures, refusing, scripted, serving

from requesty_nb.errors import PAID_TEXT
from requesty_nb.widgets.jobs import MOST_ENDED, MOST_OFFERS, Jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.models import Edit
    from requesty_nb.sessions import Session

GOOD = pictures(MADE[0])
PATIENCE = 20  # seconds; never waited for unless something hangs
click: contextvars.ContextVar[str] = contextvars.ContextVar("click", default="none")


class View:
    """What a browser would have been told, and under which click."""

    def __init__(self) -> None:
        self.lists: list[list[dict[str, Any]]] = []
        self.edits: list[Edit] = []
        self.clicks: list[str] = []
        self._news = threading.Condition()
        self._alone = threading.Lock()
        self.jobs = Jobs(self.changed, self.made)

    def changed(self, cards: list[dict[str, Any]]) -> None:
        assert self._alone.acquire(blocking=False), "two at a time"
        with self._news:
            self.lists.append(cards)
            self.clicks.append(click.get())
            self._news.notify_all()
        self._alone.release()

    def made(self, edit: Edit) -> None:
        with self._news:
            self.edits.append(edit)
            self.clicks.append(click.get())
            self._news.notify_all()

    def wait_for(self, seen: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until the cards are as looked for, and return them."""
        with self._news:
            assert self._news.wait_for(lambda: self.lists and seen(self.lists[-1]), PATIENCE), self.lists[-3:]
            return self.lists[-1]

    def wait_for_end(self, state: str) -> dict[str, Any]:
        [card] = self.wait_for(lambda cards: [card["state"] for card in cards] == [state])
        return card

    def begin(self, job: str, one: Session, **options: Any) -> None:
        self.jobs.offer(job, one, one.ask("x", PNG, **{"new": True, **options}))
        self.jobs.start(job)


def empty(cards: list[dict[str, Any]]) -> bool:
    return cards == []


@pytest.fixture
def view() -> View:
    return View()


def test_a_job_goes_from_preparing_to_an_edit_and_its_card_goes(view, tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        assert set(view.lists[0][0]) == {"id", "prompt", "state", "text", "started"}
        assert (view.lists[0][0]["id"], view.lists[0][0]["prompt"]) == ("a", "x")
        view.wait_for(lambda cards: cards[0]["text"] == "waiting for the picture")
        assert view.lists[-1][0]["state"] == "working"
        server.released.set()
        view.wait_for(empty)
        assert view.edits == list(one.history) and len(view.edits) == 1
        assert {card["state"] for cards in view.lists for card in cards} <= {"preparing", "working"}


def test_what_is_offered_is_not_sent_and_the_oldest_gives_way(view, tmp_path):
    with scripted(answering(GOOD)) as server, session(server.url, tmp_path) as one:
        for number in range(MOST_OFFERS + 1):
            view.jobs.offer(f"{number}", one, one.ask("x", PNG))
        view.jobs.offer("1", one, one.ask("y", PNG))  # anew, so it is the youngest
        assert view.lists == [] and server.connections == 0
        view.jobs.start("0")
        card = view.wait_for_end("failed")
        assert card["id"] == "0" and "nothing was sent" in card["text"] and PAID_TEXT["no"] in card["text"]
        view.jobs.cancel("0")
        assert view.lists[-1] == []
        view.jobs.cancel("2")
        view.jobs.start("2")
        assert "nothing was sent" in view.wait_for_end("failed")["text"]
        view.jobs.cancel("nobody")
        assert server.connections == 0
        view.jobs.start("1")
        view.wait_for(lambda _: len(view.edits) == 1)
        assert view.edits[0].prompt == "y"


def test_started_twice_it_is_paid_once(view, tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        view.begin("a", one)
        view.jobs.start("a")
        server.wait_for(1)
        server.released.set()
        view.wait_for(empty)
        assert server.posts == 1 and len(view.edits) == 1
        view.jobs.start("a")
        assert "nothing was sent" in view.wait_for_end("failed")["text"] and server.posts == 1


def test_cancelled_it_stays_as_a_card_that_says_what_may_have_been_paid(view, tmp_path):
    with scripted(hanging) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        view.wait_for(lambda cards: cards[0]["text"] == "waiting for the picture")
        view.jobs.cancel("a")
        card = view.wait_for_end("cancelled")
        assert card["text"].startswith("Cancelled while waiting for the endpoint")
        assert PAID_TEXT["perhaps"] in card["text"]
        assert [failed.state for failed in one.history.failures] == ["unknown"]
        view.jobs.cancel("a")
        assert view.lists[-1] == [] and view.edits == []


def test_a_failure_stays_as_a_card_with_its_hint_until_it_is_dismissed(view, tmp_path):
    with scripted(refusing(402)) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        text = view.wait_for_end("failed")["text"]
        failure = one.history.failures[0].record.failure
        assert text == f"{failure.message} {PAID_TEXT[failure.paid]} {failure.hint}"
        view.jobs.cancel("a")
        assert view.lists[-1] == []


def test_failed_cards_do_not_pile_up(view):
    for number in range(MOST_ENDED + 3):
        view.jobs.start(f"{number}")
    assert [card["id"] for card in view.lists[-1]] == [f"{number}" for number in range(3, MOST_ENDED + 3)]


def test_where_only_recorded_answers_are_allowed_generate_gives_the_recorded_one(view, tmp_path):
    with scripted(answering(GOOD)) as server, session(server.url, tmp_path) as one:
        one.configure(replay="only")
        view.begin("a", one)
        assert "not recorded" in view.wait_for_end("failed")["text"]
        view.jobs.cancel("a")
        made = one.edit("x", PNG, replay="auto")
        view.begin("b", one)
        view.wait_for(lambda _: view.edits == [made])
        assert view.edits[0].replayed and server.posts == 1


def test_a_card_goes_although_its_edit_could_not_be_shown(tmp_path, caplog):
    def failing(_: Edit) -> None:
        raise ValueError("no room")

    view = View()
    view.jobs = Jobs(view.changed, failing)
    with scripted(answering(GOOD)) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        view.wait_for(empty)
        assert len(one.history) == 1 and "no room" in caplog.text


def test_after_close_nothing_is_told_and_what_is_under_way_is_recorded(view, tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        server.wait_for(1)
        [job] = view.jobs._jobs.values()
        view.jobs.close()
        told = len(view.lists)
        server.released.set()
        assert job.detached.wait(PATIENCE) == one.history[0]
        view.jobs.start("b")
        assert len(view.lists) == told and view.edits == []


def test_a_click_is_not_held_up_by_a_callback_that_waits_for_the_clicks_lock(tmp_path):
    """As in the editor: a click holds the widget's lock, which the callbacks take."""
    lock, waiting, last = threading.RLock(), threading.Event(), threading.Event()
    lists: list[list[str]] = []

    def changed(cards: list[dict[str, Any]]) -> None:
        if threading.current_thread() is not threading.main_thread():
            waiting.set()
        with lock:
            lists.append([card["id"] for card in cards])
            if lists[-1] == ["b"]:
                last.set()

    jobs = Jobs(changed, lambda _: None)
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        jobs.offer("a", one, one.ask("x", PNG))
        with lock:
            jobs.start("a")
            assert waiting.wait(PATIENCE)  # a worker is telling that "a" goes on
            jobs.start("b")  # returns all the same
            server.released.set()
        assert last.wait(PATIENCE), "the last word is not the latest"


def test_all_is_told_in_the_context_of_the_latest_click(view, tmp_path):
    def clicked(name: str, act: Callable[[], None]) -> None:
        context = contextvars.copy_context()
        context.run(click.set, name)
        context.run(act)

    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        clicked("start", lambda: view.begin("a", one))
        server.wait_for(1)
        assert set(view.clicks) == {"start"}
        clicked("other", lambda: view.jobs.start("nobody"))
        told = len(view.clicks)
        server.released.set()
        view.wait_for(lambda cards: [card["id"] for card in cards] == ["nobody"])
        assert view.edits and set(view.clicks[told:]) == {"other"}


# In a kernel with subshells

SETUP = """
import threading
from comm import create_comm
from PIL import Image
import requesty_nb as rq
from requesty_nb.widgets.jobs import Jobs
photo, over = Image.new("RGB", (48, 48), "teal"), threading.Event()
s = rq.Session(base_url="{url}", model="m", history="history", api_key="k" * 20)
comm = create_comm(target_name="test")
def made(edit):
    comm.send({{"made": edit.prompt}})
    if len(s.history) == 2:
        over.set()
jobs = Jobs(lambda cards: comm.send({{"cards": [(card["id"], card["text"]) for card in cards]}}), made)
def heard(message):
    job = message["content"]["data"]["j"]
    if job == "ready":
        comm.send({{"cards": []}})
        return
    jobs.offer(job, s, s.ask(job, photo, new=True))
    jobs.start(job)
comm.on_msg(heard)
"""


def subshell_of(kernel: Kernel) -> str:
    request = kernel.client.session.msg("create_subshell_request")
    kernel.client.control_channel.send(request)
    reply = kernel.client.control_channel.get_msg(timeout=KERNEL_PATIENCE)
    identifier: str = reply["content"]["subshell_id"]
    return identifier


def test_while_a_cell_runs_clicks_are_served_and_every_answer_names_their_subshell(tmp_path):
    app = Endpoint()
    with serving(app) as address, kernel_in(tmp_path, os.environ) as kernel:
        kernel.ok(SETUP.format(url=f"{address}/v1"))
        comm, subshell = kernel.value("comm.comm_id"), subshell_of(kernel)

        def press(job: str) -> None:
            message = kernel.client.session.msg("comm_msg", {"comm_id": comm, "data": {"j": job}})
            message["header"]["subshell_id"] = subshell
            kernel.client.shell_channel.send(message)

        def hear(wanted: Callable[[dict[str, Any]], bool]) -> None:
            while True:
                one = kernel.client.get_iopub_msg(timeout=KERNEL_PATIENCE)
                if one["msg_type"] == "comm_msg":
                    # The kernel takes the next click where it took the one that this names.
                    assert one["parent_header"].get("subshell_id") == subshell
                    if wanted(one["content"]["data"]):
                        return

        press("ready")
        hear(lambda data: data["cards"] == [])
        app.hold()
        cell = kernel.start("while not over.is_set(): pass")
        press("a")
        hear(lambda data: data["cards"] == [["a", "waiting for the picture"]])
        press("b")
        hear(lambda data: dict(data["cards"]).get("b") == "waiting for the picture")
        app.release()
        hear(lambda data: data.get("cards") == [])
        kernel.client._recv_reply(cell, timeout=KERNEL_PATIENCE)
        assert kernel.value("sorted(one.prompt for one in s.history)") == ["a", "b"]
        assert len(app.requests) == 2
