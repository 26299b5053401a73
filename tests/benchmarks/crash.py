"""Writers killed at random instants: ``python tests/benchmarks/crash.py [KILLS] [SEED]``; prints counts.

A kill leaves what the system was handed, so it shows the order of writing and not what a power cut would
leave: that every file and name is synced before an edit is acknowledged is seen by `tests/test_crash.py`,
where each sync fails in turn. At the end the same is done to writers with a fault in them, which has to show.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent))

import crashing
from crashing import Found, kill

from requesty_nb.models import EditRecord
from requesty_nb.records import History, files
from requesty_nb.records.objects import Objects
from requesty_nb.records.shelf import Shelf

KILLS, WRITERS, SEED = 1000, 2, 11
PLANTED_KILLS = 100


def record_first(folder: Path, pipe: int, seed: int) -> None:
    """Write each record before its pictures."""
    keep, write = Shelf.keep, Objects.write
    held: list[tuple[Objects, list[bytes], str]] = []

    def later(objects: Objects, pieces: Iterable[bytes], sha256: str) -> None:
        if isinstance(pieces, list):  # a picture, and not what was given
            held.append((objects, pieces, sha256))
        else:
            write(objects, pieces, sha256)

    def keep_first(shelf: Shelf, record: EditRecord) -> None:
        keep(shelf, record)
        while held:
            write(*held.pop())

    with mock.patch.object(Shelf, "keep", keep_first), mock.patch.object(Objects, "write", later):
        crashing.write_on(folder, pipe, seed)


def in_place(folder: Path, pipe: int, seed: int) -> None:
    """Write records under their own names from the first byte on."""

    def write(path: Path, pieces: Iterable[bytes]) -> None:
        files.make_folder(path.parent)
        with path.open("wb", buffering=0) as file:
            for piece in pieces:
                for at in range(len(piece)):
                    file.write(piece[at : at + 1])

    with mock.patch("requesty_nb.records.shelf.write_whole", write):
        crashing.write_on(folder, pipe, seed)


def early(folder: Path, pipe: int, seed: int) -> None:
    """Acknowledge an edit right before it is kept."""
    keep = Shelf.keep

    def keep_after(shelf: Shelf, record: EditRecord) -> None:
        os.write(pipe, f"{record.id} {record.result.images[0].sha256}\n".encode())
        keep(shelf, record)

    with mock.patch.object(Shelf, "keep", keep_after):
        crashing.write_on(folder, pipe, seed)


def no_note(folder: Path, pipe: int, seed: int) -> None:
    """Send without having written a note."""
    with mock.patch("requesty_nb.records.pending.write_whole", return_value=None):
        crashing.write_on(folder, pipe, seed)


def lines(found: Found) -> str:
    told = [f"{what} {found.bad[what]}" for what in ("lost", "torn", "unopened", "untold")]
    return (
        f"{found.kills} kills: {len(found.acknowledged)} edits acknowledged, {', '.join(told)}; "
        f"{found.unknown} listed as unknown"
    )


if __name__ == "__main__":
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    with tempfile.TemporaryDirectory() as name:
        begun = time.perf_counter()
        found = kill(Path(name) / "history", kills // WRITERS, seed, WRITERS)
        report = History(Path(name) / "history").verify()
        left = sum(1 for path in Path(name).rglob(".tmp-*"))
        print(f"{WRITERS} writers side by side, seed {seed}; {time.perf_counter() - begun:.0f} s (bars: 0)")
        print(f"  {lines(found)}")
        print(f"  faults found by verify: {len(report.faults)}; files left half written, and ignored: {left}")
        print("the same with a fault in the writers, which has to show:")
        for number, writer in enumerate((record_first, in_place, early, no_note)):
            place = Path(name) / writer.__name__
            found = kill(place, PLANTED_KILLS // WRITERS, seed + number, WRITERS, writer)
            print(f"  {writer.__doc__} {lines(found)}; faults {len(History(place).verify().faults)}")
