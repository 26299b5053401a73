"""Replay or pay: one async core, and one bridge to it from synchronous code."""

from requesty_nb.sessions.asking import Ask
from requesty_nb.sessions.session import Reporter, Session, default

__all__ = ["Ask", "Reporter", "Session", "default"]
