"""The history at 0 to 100 000 records: ``python tests/benchmarks/history.py [RECORDS...]``; prints figures.

Beside each append stand two bare files of the same bytes, written and synced in turn with it.
"""

import hashlib
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from histories import write_history

from requesty_nb import display
from requesty_nb.images import Blob
from requesty_nb.models import EditRecord, EditRequest, EditResult, ImageInfo, ImageRef, encode_record
from requesty_nb.records import History, new_id
from requesty_nb.sessions import Session

SIZES = (0, 1_000, 10_000, 100_000)
PICTURE = 1_500_000  # bytes
APPENDS = 100
EDITS = 1_000
_SETTLED = 2.1  # seconds after which a folder's time stamp is trusted


def milliseconds(work, times: int = 1) -> float:
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


def record_of(picture: bytes) -> EditRecord:
    info = ImageInfo(hashlib.sha256(picture).hexdigest(), "image/png", 752, 752)
    ref = ImageRef(digest="sha256:" + "a" * 64, name="a.png", mime="image/png", size=(640, 427))
    request = EditRequest(prompt=f"prompt {os.urandom(8).hex()}", model="vendor/model", images=(ref,))
    return EditRecord(
        id=new_id(),
        key=request.key,
        take=1,
        state="ok",
        request=request,
        started=datetime.now(UTC),
        elapsed=9.5,
        result=EditResult(images=(info,), usage={"input_tokens": 331, "output_tokens": 1568}),
    )


def appends(history: History, beside: Path) -> tuple[float, float, float]:
    """Return milliseconds of an append, and how many times that of two bare files of the same bytes.

    The last is the same with note and inputs, which are written before anything is sent. A disk shared with
    others is now quick and now slow: so each is compared with the files written right before or after it.
    """
    given = Blob.of(os.urandom(200_000))
    spent, ratios, with_note = [], [], []
    for number in range(APPENDS):
        picture = os.urandom(PICTURE)
        record = record_of(picture)
        clock = time.perf_counter()
        note = history.begin(record.request, 1, [(given, given.digest)], timeout=60, endpoint="e")
        begin = time.perf_counter() - clock
        record = msgspec.structs.replace(record, id=note.id)
        paths = [beside / f"{number}.png", beside / f"{number}.json"]
        bare = bare_files(paths, [picture, encode_record(record)]) if number % 2 else 0.0
        clock = time.perf_counter()
        history.finish(record, {record.result.images[0].sha256: picture})
        finish = time.perf_counter() - clock
        bare = bare or bare_files(paths, [picture, encode_record(record)])
        spent.append(finish * 1000)
        ratios.append(finish / bare)
        with_note.append((begin + finish) / bare)
    return statistics.median(spent), statistics.median(ratios), statistics.median(with_note)


def bare_files(paths: list[Path], contents: list[bytes]) -> float:
    """Write files and sync them; return the seconds."""
    clock = time.perf_counter()
    for path, data in zip(paths, contents, strict=True):
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - clock


def at(count: int, place: Path) -> None:
    folder = place / str(count)
    write_history(folder, count)
    time.sleep(_SETTLED)
    opened = milliseconds(lambda: len(History(folder)), 5)
    history = History(folder)
    key = record_of(b"").key
    if count:
        key = history[count // 2].key
    first = milliseconds(lambda: list(history.find(key, 1)))
    later = milliseconds(lambda: list(history.find(key, 1)), 20)
    last = milliseconds(lambda: [edit.images[0].bytes for edit in history[-20:]], 5)
    cold = milliseconds(history.summaries)
    warm = milliseconds(lambda: History(folder).summaries(), 3)
    search = milliseconds(lambda: len(history.search("lighthouse red")), 3)
    beside = place / f"beside-{count}"
    beside.mkdir()
    append, ratio, with_note = appends(history, beside)
    print(
        f"  {count:7}   {opened:8.1f}   {first:7.1f} {later:7.2f}   {last:7.1f}   "
        f"{cold:8.0f} {warm:8.0f} {search:8.0f}   "
        f"{append:6.1f} {ratio:5.2f} {with_note:6.2f}"
    )
    shutil.rmtree(folder)


def resident() -> float:
    """Return the process's memory in MiB, now where the system tells it, else its peak."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory(place: Path) -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    marks = []
    with Session(history=place / "kernel", model="offline/painter") as session:
        for number in range(EDITS):
            session.edit(
                f"sepia {number}", photo, output_format="jpeg", output_compression=10, size="816x816"
            )
            if number in {EDITS // 10, EDITS - 1}:
                marks.append(resident())
    early, late = marks
    print(
        f"memory in one kernel (bar: flat): {early:.0f} MiB after {EDITS // 10} edits, {late:.0f} at {EDITS}"
    )


def replays(place: Path) -> None:
    grain = np.random.default_rng(0).integers(0, 255, (840, 840, 3), np.uint8)
    Image.fromarray(grain).save(place / "large.png")
    with Session(history=place / "replayed", model="offline/painter") as session:
        edit = session.edit("sepia", place / "large.png")
        spent = milliseconds(lambda: session.edit("sepia", place / "large.png"), 30)
        card = milliseconds(lambda: display.edit_bundle(edit))
        again = milliseconds(lambda: display.edit_bundle(edit), 10)
    size = (place / "large.png").stat().st_size / 1e6
    print(f"a replayed edit, source of {size:.1f} MB: {spent:.1f} ms (bar 10); card {card:.0f}, {again:.1f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        memory(Path(name))  # first, while the process holds nothing else
        replays(Path(name))
        print(
            "\nmilliseconds (bars: open 10 000 in 100, then 0.01 a record; append 2 of two bare synced files)"
        )
        print(
            "  records       open   find 1st   later   last 20   summaries cached  search   append ratio note"
        )
        for size in [int(word) for word in sys.argv[1:]] or SIZES:
            at(size, Path(name))
