"""`ImgEdit`: the defaults a user sets by ``%config ImgEdit...`` or in ``ipython_config.py``.

The API key is no trait, so that no ``%config`` prints it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from traitlets import Enum, Float, TraitError, Unicode, default, observe, validate
from traitlets.config import Configurable

from requesty_nb.errors import BadRequest
from requesty_nb.settings import Settings, checked_base_url

_SESSIONS = "requesty_nb.sessions"


class ImgEdit(Configurable):
    """Defaults of the default session; the environment gives their first values."""

    model = Unicode(help="The model asked for when a cell names none; offline/painter needs no key.").tag(
        config=True
    )
    base_url = Unicode(help="The endpoint, up to and with its /v1.").tag(config=True)
    history = Unicode(help="The folder that keeps the edits.").tag(config=True)
    replay = Enum(("auto", "only", "off"), help="auto: replay or pay; only: never pay; off: always pay.").tag(
        config=True
    )
    timeout = Float(help="Seconds one whole call may take.").tag(config=True)
    max_cost = Float(help="US dollars this session may spend at most, from its start on; inf: no limit.").tag(
        config=True
    )

    def update_config(self, config: Any) -> None:  # noqa: ANN401 - traitlets' mapping
        """Take over what ``%config`` says, also where it is what this knew: the session may have moved on."""
        super().update_config(config)
        section = config.get(type(self).__name__, {})
        _configure(**{name: getattr(self, name) for name in self.trait_names(config=True) if name in section})

    @default("model")
    def _model(self) -> str:
        return _current().model

    @default("base_url")
    def _base_url(self) -> str:
        return _current().base_url

    @default("history")
    def _history(self) -> str:
        return str(_current().history or "")

    @default("replay")
    def _replay(self) -> str:
        return _current().replay

    @default("timeout")
    def _timeout(self) -> float:
        return _current().timeout

    @default("max_cost")
    def _max_cost(self) -> float:
        limit = _current().max_cost
        return float("inf") if limit is None else limit

    @validate("base_url")
    def _checked_base_url(self, proposal: Any) -> str:  # noqa: ANN401 - traitlets' bunch
        try:
            return checked_base_url(proposal.value)
        except BadRequest as error:
            # Only after a TraitError does traitlets put the old value back.
            raise TraitError(f"{error.message} {error.hint}") from None

    @validate("model", "history")
    def _checked_text(self, proposal: Any) -> str:  # noqa: ANN401 - traitlets' bunch
        value = str(proposal.value).strip()
        if not value:
            what = {"model": "model", "history": "folder"}[proposal.trait.name]
            raise TraitError(f"No {what} is named.")
        return value

    @validate("timeout")
    def _checked_timeout(self, proposal: Any) -> float:  # noqa: ANN401 - traitlets' bunch
        if not 0 < proposal.value < float("inf"):
            raise TraitError(f"A timeout is a number of seconds above 0, not {proposal.value:g}.")
        return float(proposal.value)

    @validate("max_cost")
    def _checked_max_cost(self, proposal: Any) -> float:  # noqa: ANN401 - traitlets' bunch
        if not proposal.value >= 0:
            raise TraitError(f"A limit is a number of US dollars from 0 on, not {proposal.value:g}.")
        return float(proposal.value)

    @observe("model", "base_url", "history", "replay", "timeout", "max_cost")
    def _changed(self, change: Any) -> None:  # noqa: ANN401 - traitlets' bunch
        _configure(**{change.name: change.new})


def _current() -> Settings:
    """Return what is in force: the session's settings if there is one, else the environment's."""
    if _SESSIONS in sys.modules:
        current: Settings = import_module(_SESSIONS).default().settings
        return current
    return Settings.from_environment()


def _configure(**changes: object) -> None:
    if changes:
        import_module(_SESSIONS).default().configure(**changes)
