"""`Standing`: a widget with a static form in the notebook's file, seen where the widget itself is not."""

from __future__ import annotations

import uuid
from functools import cached_property

from IPython.core.getipython import get_ipython
from traitlets import Unicode, default

from requesty_nb.widgets.link import Linked
from requesty_nb.widgets.stills import Still


class Standing(Linked):
    """A widget whose cell holds two outputs: its static form, `_drawn`, and below it the view."""

    # On a page: the static form hides where a view carries the same.
    _key = Unicode(read_only=True).tag(sync=True)

    @default("_key")
    def _new_key(self) -> str:
        return uuid.uuid4().hex[:12]

    @cached_property
    def _still(self) -> Still:
        return Still(self._key, self._drawn)

    def _drawn(self) -> tuple[str, str]:
        """Return the static form as HTML, and a line that says what it shows."""
        raise NotImplementedError

    def close(self) -> None:
        """Take it off the page; what stands for it stays as it is."""
        self._still.close()
        super().close()

    def _ipython_display_(self, **_: object) -> None:
        """Show what stands for it in the notebook's file, which hides where the view is, and the view."""
        if not hasattr(get_ipython(), "kernel"):
            print(repr(self))  # noqa: T201 - a terminal shows a line
            return
        bundle = Linked._repr_mimebundle_(self)
        if bundle is not None:
            view, metadata = bundle
            # Where no widget runs, what stands for it says all there is to say.
            self._still.show({**view, "text/plain": "", "text/html": ""}, metadata)
