"""The default session."""

from __future__ import annotations

import threading

from requesty_nb.sessions.session import Session

_default: Session | None = None
_lock = threading.Lock()


def default() -> Session:
    """Return the session that `rq.edit` and the magics use, made from the environment at first use."""
    global _default  # noqa: PLW0603 - the one default of the process
    with _lock:
        if _default is None:
            _default = Session()
        return _default
