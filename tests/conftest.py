"""What every test shares: a secret in the environment, and a search for it in all that is left behind.

The endpoint is a port that is taken and never listens, so that nothing is sent anywhere by mistake.
"""

from __future__ import annotations

import gc
import os
import socket
from typing import TYPE_CHECKING

import pytest
from canary import SECRET, files_with_secret, holds_secret

if TYPE_CHECKING:
    from pathlib import Path

_found: list[str] = []
_dead = socket.socket()  # held to the end of the session
_dead.bind(("127.0.0.1", 0))


def pytest_sessionstart(session: pytest.Session) -> None:
    os.environ["REQUESTY_API_KEY"] = SECRET
    os.environ["REQUESTY_BASE_URL"] = f"http://127.0.0.1:{_dead.getsockname()[1]}/v1"
    basetemp: Path = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # known to fixtures only by a public name
    os.environ["REQUESTY_NB_HISTORY"] = str(basetemp / "history-of-the-session")


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # what was imported stays: looking through it at each collection takes a tenth of the run


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _found.extend(
        f"{report.nodeid}: {name}"
        for name, text in report.sections
        if holds_secret(text.encode("utf-8", "replace"))
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return  # the process that started this worker searches
    basetemp: Path = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # as above
    _found.extend(str(path) for path in files_with_secret(basetemp))
    if _found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _found:
        terminalreporter.section("THE API KEY WAS FOUND", sep="!", red=True, bold=True)
        for place in dict.fromkeys(_found):
            terminalreporter.line(place, red=True)


def pytest_unconfigure() -> None:
    _dead.close()
