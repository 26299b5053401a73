"""`Linked`: the widget's end of the connection to the browser: its lock, and messages that are all answered.

State changes under one lock, from whatever thread: a message may arrive on a subshell's thread while the
main thread sets a trait and an edit ends in a third.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
from traitlets import TraitError, Unicode

from requesty_nb.assets import asset
from requesty_nb.errors import BadRequest, ImgEditError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requesty_nb.widgets.messages import Buffer

    Message = Mapping[str, Any]

_MAX_TEXT = 300  # characters of an error nobody expected


class Linked(anywidget.AnyWidget):
    """A widget that answers: ``{"k": "op", "s": 7, ...}`` goes to `_hear_op`, then 7 is acknowledged.

    What goes wrong stands in the answer; no message can raise. Its program and its style in the browser are
    those of `_bundle`.
    """

    _bundle: ClassVar[str]

    # Traits, not paths that anywidget would watch: its watcher holds on to every widget for good.
    _esm = Unicode().tag(sync=True)
    _css = Unicode().tag(sync=True)

    # What the browser may set of the synced traits; the others are Python's alone.
    _browser_sets: ClassVar[frozenset[str]] = frozenset(("layout", "tabbable", "tooltip"))
    _lock: Any = threading.RLock()  # until each has its own

    def __init__(self, **traits: Any) -> None:  # noqa: ANN401 - each has its type
        name = self._bundle
        super().__init__(_esm=asset(f"{name}.js"), _css=asset(f"{name}.css"), **traits)
        self.on_msg(self._hear)

    def __setattr__(self, name: str, value: object) -> None:
        with self._lock:
            super().__setattr__(name, value)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the browser sets; what it may not set, or not so, is set back there."""
        with self._lock:
            refused = []
            for name, value in sync_data.items():
                if name not in self._browser_sets:
                    refused += [name] if name in self.keys else []
                    continue
                try:  # one by one: what cannot be takes nothing else along
                    super().set_state({name: value})
                except (TraitError, ImgEditError) as error:
                    refused.append(name)
                    self._notice("error", explained(error))
            if refused:
                self.send_state(refused)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Send the browser all that changes within as one."""
        with self._lock, self.hold_sync():
            yield

    def _hear(self, _: object, message: object, buffers: Sequence[Buffer] | None) -> None:
        """Do what a message says, and answer it when that can be seen."""
        if not isinstance(message, dict):
            return
        problem, kind = "It was interrupted, and may not have been done.", str(message.get("k"))[:40]
        try:
            act = getattr(self, f"_hear_{kind}", None)
            if act is None:
                raise BadRequest(f"The {self._bundle} has no message {kind!r}.")  # noqa: TRY301 - answered like the rest
            act(message, buffers or ())
            problem = ""
        except (ImgEditError, TraitError) as error:
            problem = explained(error)
        except Exception as error:  # one that got out would leave the browser waiting for good
            self.log.warning("The %s could not %s.", self._bundle, kind, exc_info=True)
            problem = explained(error)
        finally:  # also of an interrupt, which passes: the browser would wait for good
            if "s" in message:
                self.send({"k": "ack", "s": message["s"]} | ({"problem": problem} if problem else {}))

    def _notice(self, kind: str, text: str) -> None:
        self.send({"k": "notice", "kind": kind, "text": text})

    def _hear_ready(self, _: Message, __: Sequence[Buffer]) -> None:
        """Be answered: a kernel with subshells takes further messages where it took the one answered last."""

    def close(self) -> None:
        """Take it off the page."""
        layout = None if self.comm is None else self.layout
        super().close()
        if layout is not None:
            layout.close()


def explained(error: Exception) -> str:
    """Return an error as a sentence or two for a person."""
    if isinstance(error, ImgEditError):
        return " ".join(part for part in (error.message, error.hint) if part)
    text = str(error) if isinstance(error, TraitError) else f"{type(error).__name__}: {error}"
    return text[:_MAX_TEXT]
