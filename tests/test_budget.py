from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photos import MADE, PNG, session
from servers import answering, pictures, scripted

from requesty_nb import errors
from requesty_nb.models import Cost
from requesty_nb.sessions.budget import Ledger, Limit, Purse

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Line

    from requesty_nb.sessions import Session

cents = st.integers(0, 500).map(lambda cent: cent / 100)


def cost(high: float, low: float | None = None) -> Cost:
    return Cost(high if low is None else low, high, "estimate")


@settings(max_examples=60, deadline=None)
@given(
    limit=cents,
    bills=st.lists(st.tuples(cents, st.floats(0, 1), st.booleans()), min_size=1, max_size=40),
    senders=st.integers(2, 8),
)
def test_no_number_of_senders_at_once_spends_more_than_the_limit(
    limit: float, bills: list[tuple[float, float, bool]], senders: int
) -> None:
    """Each holds its estimate while it is under way, and pays no more than that."""
    ledger = Ledger()
    purse = Purse(((ledger, Limit(limit, "this session", "")),))
    left, lock, paid = list(bills), threading.Lock(), [0.0]
    start = threading.Barrier(senders)

    def send() -> None:
        start.wait()
        while True:
            with lock:
                if not left:
                    return
                estimate, share, fails = left.pop()
            try:
                purse.hold(cost(estimate), "m")
            except errors.OverBudget:
                continue
            assert ledger.spent.high + ledger.held <= limit + 1e-6
            real = 0.0 if fails else estimate * share
            with lock:
                paid[0] += real
            purse.settle(cost(estimate), None if fails else cost(real))

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paid[0] <= limit + 1e-6 and ledger.held == pytest.approx(0)
    assert ledger.spent.high == pytest.approx(paid[0])


def test_what_one_limit_refuses_is_held_by_none() -> None:
    session_wide, own = Ledger(), Ledger()
    purse = Purse(
        ((session_wide, Limit(None, "this session", "")), (own, Limit(0.1, "this cell", "--max-cost")))
    )
    with pytest.raises(errors.OverBudget, match=r"\$0.20.*more than the \$0.10 that this cell"):
        purse.hold(cost(0.2), "m")
    assert session_wide.held == 0 and own.held == 0


def test_what_has_no_price_is_not_sent_under_a_limit() -> None:
    limited = Purse(((Ledger(), Limit(1.0, "this session", "")),))
    with pytest.raises(errors.OverBudget, match="not known what vendor/x costs") as caught:
        limited.hold(None, "vendor/x")
    assert "REQUESTY_NB_PRICES" in str(caught.value)
    Purse(((Ledger(), Limit(None, "this session", "")),)).hold(None, "vendor/x")


def test_nothing_costs_nothing_even_under_a_limit_of_nothing() -> None:
    Purse(((Ledger(), Limit(0.0, "this session", "")),)).hold(Cost(0, 0, "free"), "offline/painter")


@pytest.mark.parametrize("width", [1, 16, 64])
def test_a_server_is_asked_for_no_more_than_the_limit_allows(tmp_path: Path, width: int) -> None:
    """The estimate of each is $0.011 to $0.0114 (272 tokens out at $40 a million, and the source)."""
    lock, bill = threading.Lock(), [0.0]

    def turn(line: Line) -> None:
        with lock:
            bill[0] += 0.0113
        answering(pictures(MADE[0], usage={"cost": 0.0113}))(line)

    with scripted(turn) as server, session(server.url, tmp_path / "h", max_cost=0.08) as here:
        likely = here.sweep("night", PNG, take=[1], size="1024x1024", quality="low")[0]
        threads = [
            threading.Thread(
                target=lambda first=first: [_tried(here, take) for take in range(first, first + 8)]
            )
            for first in (2, 10, 18, 26)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with pytest.raises(errors.OverBudget):
            here.sweep("night", PNG, take=range(50, 60), size="1024x1024", quality="low", width=width)
    assert likely.cost is not None
    assert 0.05 < bill[0] <= 0.08 and server.posts == round(bill[0] / 0.0113)
    assert here.spent.high == pytest.approx(bill[0])


def _tried(here: Session, take: int) -> None:
    with suppress(errors.OverBudget):
        here.edit("night", PNG, take=take, size="1024x1024", quality="low")


def test_a_whole_sweep_is_refused_before_its_first_edit(tmp_path: Path) -> None:
    with scripted(answering(pictures(MADE[0]))) as server, session(server.url, tmp_path / "h") as here:
        with pytest.raises(errors.OverBudget, match=r"\$0.\d+.* more than the \$0.10 that this cell"):
            here.sweep("night", PNG, take=range(1, 20), size="1024x1024", quality="low", max_cost=0.1)
        assert server.connections == 0
        kept = here.sweep("night", PNG, take=range(1, 7), size="1024x1024", quality="low", max_cost=0.1)
        assert len(kept.edits) == 6
        again = here.sweep("night", PNG, take=range(1, 9), size="1024x1024", quality="low", max_cost=0.1)
        assert len(again.edits) == 8 and server.posts == 8  # what is recorded does not count


def test_equal_cells_count_once(tmp_path: Path) -> None:
    with scripted(answering(pictures(MADE[0]))) as server, session(server.url, tmp_path / "h") as here:
        sweep = here.sweep(["night"] * 5, PNG, size="1024x1024", quality="low", max_cost=0.02)
    assert len(sweep.edits) == 5 and server.posts == 1


def test_without_a_limit_a_sweep_says_what_it_spent(tmp_path: Path) -> None:
    turn = answering(pictures(MADE[0], usage={"cost": 0.01}))
    with scripted(turn) as server, session(server.url, tmp_path / "h") as here:
        under_way = here.begin_sweep(here.plan("night", PNG, take=[1, 2, 3]))
        under_way.wait(30)
    assert under_way.cost.high == pytest.approx(0.03) and under_way.paid == "perhaps"
    assert "only the rest is paid for" in under_way.interrupted().hint


def test_new_pictures_are_paid_for_again_and_the_hint_says_so(tmp_path: Path) -> None:
    with scripted(answering(pictures(MADE[0]))) as server, session(server.url, tmp_path / "h") as here:
        under_way = here.begin_sweep(here.plan(["night", "day"], PNG, new=True))
        under_way.wait(30)
    assert "pays for all of it anew" in under_way.interrupted().hint


def test_an_unknown_outcome_may_have_cost_nothing(tmp_path: Path) -> None:
    def lost(line: Line) -> None:
        line.request()
        line.reset()

    with (
        scripted(lost) as server,
        session(server.url, tmp_path / "h") as here,
        pytest.raises(errors.OutcomeUnknown),
    ):
        here.edit("night", PNG, size="1024x1024", quality="low")
    assert here.spent.low == 0 and here.spent.high > 0.01


def test_what_may_have_been_paid_counts(tmp_path: Path) -> None:
    def lost(line: Line) -> None:
        line.request()
        line.reset()

    with scripted(lost) as server, session(server.url, tmp_path / "h", max_cost=0.02) as here:
        with pytest.raises(errors.OutcomeUnknown):
            here.edit("night", PNG, size="1024x1024", quality="low")
        assert here.spent.high > 0.01
        with pytest.raises(errors.OverBudget):
            here.edit("day", PNG, size="1024x1024", quality="low")
        assert server.posts == 1
