"""Writers of a history that are killed at random instants, and what is found there afterwards."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from collections import Counter
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
    """Keep one edit after the other, and tell of each when it is begun and when it is kept; never returns."""
    chance, history = random.Random(seed), History(folder)
    while True:
        source, picture = (chance.randbytes(chance.randrange(1, _LONGEST)) for _ in range(2))
        given = Blob.of(source)
        ref = ImageRef(
            digest=f"sha256:{given.digest}", name="a.png", stored=given.digest, mime="image/png", size=(9, 9)
        )
        request = EditRequest(prompt=f"prompt {seed} {chance.random()}", model=MODEL, images=(ref,))
        note = history.begin(request, 1, [(given, given.digest)], timeout=60, endpoint="e")
        os.write(pipe, f"{note.id} begun\n".encode())
        edit = ended(history, note, data=picture)
        os.write(pipe, f"{edit.id} {hashlib.sha256(picture).hexdigest()}\n".encode())


@dataclass
class Found:
    """What some kills have left.

    Attributes:
        kills: how many there were.
        acknowledged: ids of the edits that were, with their pictures' digests.
        bad: what should not be, by kind: ``lost`` are acknowledged edits that are not there or not whole,
            ``torn`` records that are listed and cannot be opened or lack a picture, ``unopened`` how often
            the history could not be opened at all, ``untold`` requests that may have been sent and are
            neither recorded nor listed as unknown with a possible cost.
        unknown: attempts that were under way, as the history lists them.
    """

    kills: int = 0
    acknowledged: dict[str, str] = field(default_factory=dict)
    bad: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    _seen: set[str] = field(default_factory=set)
    _lost: set[str] = field(default_factory=set)

    def look(self, folder: Path, told: list[list[str]]) -> None:
        """See after a kill what is there of what was acknowledged, and that all that is listed is whole."""
        fresh = {identifier: said for identifier, said in told if said != "begun"}
        self.acknowledged |= fresh
        try:
            history = History(folder)
            names, failures = history._names(), history.failures.summaries()
        except ImgEditError:
            self.bad["unopened"] += 1
            return
        known = {name[:26] for name in names}
        unknown = {one.id for one in failures if one.state == "unknown" and one.cost and one.cost.high > 0}
        self._lost |= self.acknowledged.keys() - known
        self._lost |= {one for one, sha256 in fresh.items() if not is_whole(history, one, sha256)}
        self.bad["lost"] = len(self._lost)
        self.bad["torn"] += sum(not is_whole(history, identifier) for identifier in known - self._seen)
        self.bad["untold"] += len({identifier for identifier, _ in told} - known - unknown)
        self.bad += Counter()  # without zeros
        self._seen, self.unknown = known, len(unknown)


def is_whole(history: History, identifier: str, sha256: str = "") -> bool:
    """Tell whether an edit and all its pictures can be read, and are the ones that were acknowledged."""
    try:
        edit = history[identifier]
        read = [edit.read(one) for one in edit.record.objects]
    except (ImgEditError, KeyError):
        return False
    return bool(read) and (not sha256 or sha256 in {picture.digest for picture in edit.images})


def kill(folder: Path, times: int, seed: int, writers: int = 2, writer: Any = write_on) -> Found:
    """Run writers side by side, kill them at random instants, and look, so many times."""
    found, chance = Found(), random.Random(seed)
    for _ in range(times):
        reader, pipe = os.pipe()
        children = []
        for _ in range(writers):
            seeded = chance.randrange(1 << 30)
            if not (child := os.fork()):
                try:
                    writer(folder, pipe, seeded)
                finally:
                    os._exit(1)
            children.append(child)
        os.close(pipe)
        time.sleep(chance.uniform(SHORTEST, LONGEST))
        for child in children:
            os.kill(child, signal.SIGKILL)
        statuses = [os.waitpid(child, 0)[1] for child in children]
        with os.fdopen(reader) as lines:
            told = [line.split() for line in lines]
        assert all(os.WTERMSIG(status) == signal.SIGKILL for status in statuses), "a writer failed by itself"
        found.kills += len(children)
        found.look(folder, told)
    return found
