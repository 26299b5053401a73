"""`Asker`: a session's defaults and its history, and what is asked with them."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from requesty_nb.errors import BadRequest
from requesty_nb.records import History
from requesty_nb.sessions.arguments import see_no_slip
from requesty_nb.sessions.asking import Ask
from requesty_nb.settings import Secret, Settings, checked_base_url, checked_max_cost, checked_replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requesty_nb.models import Edit
    from requesty_nb.settings import Replay

Terms: TypeAlias = "tuple[Settings, History | None]"


class Asker:
    """What a call leaves out, and where what comes of it is kept; the arguments are those of `Session`."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - those of `configure`
        self._settings = Settings()  # for a repr while what follows is refused
        self._settings = Settings.from_environment()
        self._lock = threading.Lock()
        self._history: History | None = None
        self.configure(**settings)

    @property
    def settings(self) -> Settings:
        """The defaults in force."""
        return self._settings

    def configure(
        self,
        *,
        base_url: str | None = None,
        api_key: str | Secret | None = None,
        history: str | Path | Literal[False] | None = None,
        model: str | None = None,
        timeout: float | None = None,
        replay: str | None = None,
        max_cost: float | None = None,
        prices: str | Path | None = None,
    ) -> None:
        """Change defaults; None leaves one as it is.

        Args:
            base_url, api_key, history, model, timeout, replay: as `Session`.
            max_cost: US dollars that this session may spend from its start on; infinity takes the limit away.
            prices: a file with prices in place of those of the table.

        Raises:
            BadRequest: a value cannot be right.
        """
        api_key = Secret(api_key) if isinstance(api_key, str) else api_key  # no traceback shows it
        given: dict[str, tuple[Any, Callable[[Any], Any]]] = {
            "base_url": (base_url, checked_base_url),
            "api_key": (api_key, _as_it_is),
            "history": (history, lambda folder: None if folder is False else Path(folder)),
            "model": (model, _as_it_is),
            "timeout": (timeout, _as_it_is),
            "replay": (replay, checked_replay),
            "max_cost": (max_cost, checked_max_cost),
            "prices": (prices, lambda file: Path(file).expanduser()),
        }
        changes = {name: check(value) for name, (value, check) in given.items() if value is not None}
        with self._lock:
            self._settings = replace(self._settings, **changes)
            folder = self._settings.history
            if folder is None:
                self._history = None
            elif self._history is None or "history" in changes:
                self._history = History(folder)
                self._history.asks(self._again)

    @property
    def history(self) -> History:
        """What this session keeps.

        Raises:
            BadRequest: it keeps nothing.
        """
        if self._history is None:
            raise BadRequest("This session keeps nothing.", hint="Make one with Session(history='a-folder').")
        return self._history

    def ask(
        self,
        prompt: str,
        *images: object,
        mask: object | None = None,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        quality: str | None = None,
        background: str | None = None,
        output_format: str | None = None,
        output_compression: int | None = None,
        input_fidelity: str | None = None,
        moderation: str | None = None,
        user: str | None = None,
        extend: str | tuple[int, int, int, int] | None = None,
        take: int | None = None,
        new: bool = False,
        retry: bool = False,
        replay: str | None = None,
        raw: bool = False,
        tags: tuple[str, ...] | list[str] = (),
        transport: str = "",
        timeout: float | None = None,
        partial: int | None = None,
        max_cost: float | None = None,
        params: Mapping[str, Any] | None = None,
        **extras: Any,  # noqa: ANN401 - the endpoint's further fields, sent untouched
    ) -> Ask:
        """Return what is asked for, with this session's defaults filled in.

        Args:
            prompt: what to change.
            images: 1 to 16 pictures: paths, bytes, file objects, PIL images, arrays, edits, data URLs, https
                URLs or file ids; a mask applies to the first.
            mask: where to change it: a `Mask`, a picture (transparent or else white is edited), an array,
                or a reference.
            model: the model's full name; ``offline/...`` is answered in this process, free.
            n: how many pictures one call makes, 1 to 10.
            extend: pixels to add at left, top, right and bottom, or the new size as ``WxH``.
            take: which of the equal requests, from 1.
            new: pay for the next free take.
            retry: pay also where an earlier attempt was sent and its outcome is not known.
            replay: ``auto``, ``only`` or ``off``; where the session says ``only``, nothing else counts.
            raw: an `Edit` among the images stands for its raw first image, not the restored one.
            tags: words to find it by; if the same request is under way already, those of the first stand.
            transport: ``multipart`` or ``json``; chosen by what the images are if left out.
            timeout: seconds for the whole call.
            partial: stream, and show up to so many unfinished pictures of each, 0 to 3.
            max_cost: US dollars that this may cost at most; more is not sent.
            size: ``1024x1024`` and the like, or ``auto``; not looked at here, as lists of sizes age.
            quality: ``low``, ``medium``, ``high`` or ``auto``.
            background: ``transparent``, ``opaque`` or ``auto``.
            output_format: ``png``, ``jpeg`` or ``webp``.
            output_compression: 0 to 100, for jpeg and webp.
            input_fidelity: ``low`` or ``high``.
            moderation: ``low`` or ``auto``.
            user: an end user's id, for the endpoint.
            params: any other fields of the endpoint, sent as they are.
            extras: likewise, if they are no slip of the pen for a name above.
        """
        see_no_slip(Asker.ask, extras)
        settings = self._settings
        fields = {
            "size": size,
            "quality": quality,
            "background": background,
            "output_format": output_format,
            "output_compression": output_compression,
            "input_fidelity": input_fidelity,
            "moderation": moderation,
            "user": user,
            **extras,
            **(params or {}),
        }
        return Ask(
            prompt=prompt,
            images=images,
            mask=mask,
            model=settings.model if model is None else model,
            n=n,
            fields=fields,
            extend=extend,
            take=take,
            new=new,
            retry=retry,
            replay=_stricter(settings.replay, replay),
            named=model is not None,
            raw=raw,
            tags=tuple(tags),
            transport=transport,
            timeout=settings.timeout if timeout is None else timeout,
            partial=partial,
            max_cost=checked_max_cost(max_cost),
        )

    def _terms(self) -> Terms:
        with self._lock:
            return self._settings, self._history

    def _again(self, edit: Edit, changes: dict[str, Any]) -> Edit:
        """Ask for an edit of this history again."""
        raise NotImplementedError

    def __repr__(self) -> str:
        settings = self._settings
        key = "key set" if settings.api_key else "no key"
        return f"<Session {settings.model} at {settings.base_url}, {key}, history {settings.history}>"


def _as_it_is(value: object) -> object:
    return value


def _stricter(default: Replay, wanted: str | None) -> Replay:
    """Return what a call may do: what it says, but nothing may be paid where the session forbids it.

    So a notebook is safe to run anywhere under ``REQUESTY_NB_REPLAY=only``, whatever its cells say.
    """
    return default if wanted is None or default == "only" else checked_replay(wanted)
