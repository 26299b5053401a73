"""Writers of a history that are killed at random instants, and what is found there afterwards."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keeping import ended
from photos import MODEL

from requesty_nb.errors import ImgEditError
from requesty_nb.images import Blob
from requesty_nb.models import EditRequest, ImageRef
from requesty_nb.records import History

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 60_000  # bytes of a picture
SHORTEST, LONGEST = 0.0, 0.06  # seconds from a writer's start to its end: none to several edits


def write_on(folder: Path, pipe: int, seed: int) -> None:
    """Keep one edit after the other, and tell of each when it is acknowledged; never returns."""
    chance, history = random.Random(seed), History(folder)
    while True:
        source, picture = (chance.randbytes(chance.randrange(1, _LONGEST)) for _ in range(2))
        given = Blob.of(source)
        ref = ImageRef(digest=f"sha256:{given.digest}", name="a.png", stored=given.digest)
        request = EditRequest(prompt=f"prompt {seed} {chance.random()}", model=MODEL, images=(ref,))
        note = history.begin(request, 1, [(given, given.digest)], timeout=60, endpoint="e")
        edit = ended(history, note, data=picture)
        os.write(pipe, f"{edit.id} {hashlib.sha256(picture).hexdigest()}\n".encode())


@dataclass
class Found:
    """What some kills have left.

    Attributes:
        kills: how many there were.
        acknowledged: ids of the edits that were, with their pictures' digests.
        lost: those that are not there, or not whole.
        torn: records that are listed and cannot be opened, or lack a picture.
        unopened: how often the history could not be opened at all.
        unknown: attempts that were under way, as the history lists them.
    """

    kills: int = 0
    acknowledged: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    unopened: int = 0
    unknown: int = 0

    def look(self, folder: Path, fresh: dict[str, str]) -> None:
        """See after a kill what is there of what was acknowledged, and that all that is listed is whole."""
        self.acknowledged |= fresh
        try:
            history = History(folder)
            names = history._names()
        except ImgEditError:
            self.unopened += 1
            return
        known = {name[:26] for name in names}
        self.lost += [identifier for identifier in self.acknowledged if identifier not in known]
        self.lost += [
            identifier for identifier, sha in fresh.items() if not _is_whole(history, identifier, sha)
        ]
        begun = min(fresh, default=names[-1][:26] if names else "")
        for name in names:
            if name[:26] >= begun and not _is_whole(history, name[:26]):
                self.torn.append(name)
        self.unknown = len(history.failures)


def _is_whole(history: History, identifier: str, sha256: str = "") -> bool:
    try:
        edit = history[identifier]
        read = [edit.read(one) for one in edit.record.objects]
    except (ImgEditError, KeyError):
        return False
    return bool(read) and sha256 in {"", edit.images[0].digest}


def kill(folder: Path, times: int, seed: int, writers: int = 2, writer: Any = write_on) -> Found:
    """Run writers side by side, kill them at random instants, and look, so many times."""
    found, chance = Found(), random.Random(seed)
    for _ in range(times):
        reader, pipe = os.pipe()
        children = []
        for number in range(writers):
            if not (child := os.fork()):
                try:
                    writer(folder, pipe, chance.randrange(1 << 30) + number)
                finally:
                    os._exit(1)
            children.append(child)
            chance.random()
        os.close(pipe)
        time.sleep(chance.uniform(SHORTEST, LONGEST))
        for child in children:
            os.kill(child, signal.SIGKILL)
        statuses = [os.waitpid(child, 0)[1] for child in children]
        with os.fdopen(reader) as told:
            fresh = dict(line.split() for line in told.read().splitlines())
        assert all(os.WTERMSIG(status) == signal.SIGKILL for status in statuses), "a writer failed by itself"
        found.kills += len(children)
        found.look(folder, fresh)
    return found
