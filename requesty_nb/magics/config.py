"""`ImgEdit`: the defaults a user sets by ``%config ImgEdit...`` or in ``ipython_config.py``.

The API key is no trait, so that no ``%config`` prints it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from traitlets import Enum, Float, Unicode, default, observe, validate
from traitlets.config import Configurable

from requesty_nb.settings import Settings, checked_base_url


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

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - traitlets' own arguments
        super().__init__(**kwargs)
        # What a configuration file says is passed on at once; without one, nothing is loaded for it.
        given = self._load_config_names()
        if given:
            _configure(**{name: getattr(self, name) for name in given})

    def _load_config_names(self) -> list[str]:
        section = self.config.get(type(self).__name__, {})
        return [name for name in self.trait_names(config=True) if name in section]

    @default("model")
    def _model(self) -> str:
        return Settings.from_environment().model

    @default("base_url")
    def _base_url(self) -> str:
        return Settings.from_environment().base_url

    @default("history")
    def _history(self) -> str:
        return str(Settings.from_environment().history)

    @default("replay")
    def _replay(self) -> str:
        return Settings.from_environment().replay

    @default("timeout")
    def _timeout(self) -> float:
        return Settings.from_environment().timeout

    @validate("base_url")
    def _checked_base_url(self, proposal: Any) -> str:  # noqa: ANN401 - traitlets' bunch
        return checked_base_url(proposal.value)

    @observe("model", "base_url", "history", "replay", "timeout")
    def _changed(self, change: Any) -> None:  # noqa: ANN401 - traitlets' bunch
        _configure(**{change.name: change.new})


def _configure(**changes: object) -> None:
    import_module("requesty_nb.sessions").default().configure(**changes)
