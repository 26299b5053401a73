"""Replay or pay: one async core, and one bridge to it from synchronous code."""

from requesty_nb.sessions.asking import Ask
from requesty_nb.sessions.defaults import default
from requesty_nb.sessions.detached import Detached
from requesty_nb.sessions.plans import Plan, planned
from requesty_nb.sessions.rehearsing import Rehearsal
from requesty_nb.sessions.session import Session
from requesty_nb.sessions.sweeping import Sweeping
from requesty_nb.sessions.sweeps import Sweep
from requesty_nb.sessions.waiting import Reporter

__all__ = [
    "Ask",
    "Detached",
    "Plan",
    "Rehearsal",
    "Reporter",
    "Session",
    "Sweep",
    "Sweeping",
    "default",
    "planned",
]
