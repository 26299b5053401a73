"""A page, and an editor on it whose edits are made offline and kept in a history of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from editing import opened
from pages import Page, User, open_page

from requesty_nb.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def page() -> Iterator[Page]:
    with open_page() as one:
        yield one


@pytest.fixture
def session(tmp_path) -> Iterator[Session]:
    with Session(model="offline/painter", history=tmp_path / "history") as one:
        yield one


@pytest.fixture
def user(page, session) -> Iterator[User]:
    with opened(page, session) as one:
        yield one
