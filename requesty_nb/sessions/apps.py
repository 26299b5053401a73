"""The offline endpoint's app, which answers ``offline/...`` in this process."""

from __future__ import annotations

_app: object | None = None


def offline_app() -> object:
    """Return the one app of all sessions of the process, made when first needed."""
    global _app  # noqa: PLW0603 - one app for all is the point
    if _app is None:
        from requesty_nb.offline import create_app  # noqa: PLC0415 - loaded when first needed

        _app = create_app(require_key=False)
    return _app
