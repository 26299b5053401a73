"""Jobs: offered, begun once, told of, cancelled and dismissed; answered where the last click came from."""

from __future__ import annotations

import contextvars
import os
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from kernels import PATIENCE as KERNEL_PATIENCE
from kernels import Endpoint, Kernel, kernel_in
from photos import MADE, PNG, session
from servers import answering, hanging, held, pictures, refusing, scripted, serving

from requesty_nb.errors import PAID_TEXT
from requesty_nb.sessions import Session
from requesty_nb.widgets.jobs import MOST_ENDED, MOST_OFFERS, Jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from requesty_nb.models import Edit

GOOD = pictures(MADE[0])
ANOTHER = "Generate again pays for another attempt."
ENDED = {"failed", "cancelled"}
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


@pytest.mark.parametrize(
    ("turn", "hint"),
    [
        (refusing(402), "Top up the balance or raise the key's limit, then generate again."),
        (refusing(502), f"Try again later. {ANOTHER}"),
        (answering(b"no"), f"What came is kept with the attempt in the history. {ANOTHER}"),
        (refusing(403), "Check the key and the models it may use in Requesty's settings."),  # as it is
    ],
)
def test_a_failure_stays_as_a_card_with_what_a_click_can_do_until_it_is_dismissed(view, tmp_path, turn, hint):
    with scripted(turn) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        text = view.wait_for_end("failed")["text"]
        failure = one.history.failures[0].record.failure
        assert text == f"{failure.message} {PAID_TEXT[failure.paid]} {hint}"
        view.jobs.cancel("a")
        assert view.lists[-1] == []


def test_no_card_of_a_failure_speaks_of_cells(view, tmp_path):
    with scripted(hanging) as server, session(server.url, tmp_path) as one:
        view.begin("cancelled", one)
        view.wait_for(lambda cards: cards[0]["text"] == "waiting for the picture")
        view.jobs.cancel("cancelled")
        view.begin("late", one, timeout=0.2)
        view.begin("only", one, replay="only")
        view.begin("no JPEG", one, output_format="jpeg", background="transparent")
        view.begin("nobody", Session(history=False, model="m", base_url="http://127.0.0.1:1/v1", api_key="k"))
        cards = view.wait_for(lambda cards: len(cards) == 5 and {each["state"] for each in cards} <= ENDED)
    for card in cards:
        assert "enerate" in card["text"] and not re.search(r"--[a-z]|%|\bcell\b|\brun\b", card["text"]), card


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
        one.configure(replay="auto")
        made = one.edit("x", PNG)
        one.configure(replay="only")
        view.begin("b", one)
        view.wait_for(lambda _: view.edits == [made])
        assert view.edits[0].replayed and server.posts == 1


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_a_card_stays_and_says_what_was_made_if_it_cannot_be_shown(tmp_path, caplog, kept):
    def failing(edit: Edit) -> None:
        made.append(edit)
        raise SystemExit("no room")

    made: list[Edit] = []
    view = View()
    view.jobs = Jobs(view.changed, failing)
    with scripted(answering(GOOD)) as server, session(server.url, tmp_path if kept else None) as one:
        view.begin("a", one)
        text = view.wait_for_end("failed")["text"]
        [edit] = made
        where = f" and kept as {edit.id}" if kept else ""
        assert text == (
            f"It was made{where}, but cannot be shown: SystemExit: no room. "
            "Nothing more is to be paid for it."
        )
        assert not kept or one.history[edit.id] == edit
        assert "no room" in caplog.text
        view.jobs.cancel("a")
        assert view.lists[-1] == []


def test_who_is_told_twice_that_it_is_over_hands_it_over_once(view, tmp_path):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        [job] = view.jobs._jobs.values()
        begun = job.detached
        server.wait_for(1)
        server.released.set()
        view.wait_for(empty)
        view.jobs._follow(job, begun)  # as by a callback that began before the end
        assert len(view.edits) == 1


def test_an_observer_that_raises_stops_no_job_and_is_logged(tmp_path, caplog):
    def raising(cards: list[dict[str, Any]]) -> None:
        told.append(len(cards))
        if not cards:
            over.set()
        raise ValueError("mine")

    told: list[int] = []
    over = threading.Event()
    view = View()
    view.jobs = Jobs(raising, view.made)
    with scripted(held(GOOD)) as server, session(server.url, tmp_path) as one:
        view.begin("a", one)
        assert told[0] == 1 and "mine" in caplog.text
        server.wait_for(1)
        server.released.set()
        assert over.wait(PATIENCE) and len(view.edits) == 1


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_after_close_no_card_is_told_and_what_was_under_way_is_handed_over(view, tmp_path, kept):
    with scripted(held(GOOD)) as server, session(server.url, tmp_path if kept else None) as one:
        view.begin("a", one)
        server.wait_for(1)
        view.jobs.close()
        told = len(view.lists)
        server.released.set()
        with view._news:
            assert view._news.wait_for(lambda: view.edits, PATIENCE)
        assert view.edits[0].images[0].bytes == MADE[0]
        view.jobs.start("b")
        assert len(view.lists) == told


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
