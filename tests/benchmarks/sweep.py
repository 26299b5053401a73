"""Many edits at a time, beside the OpenAI SDK in one run: ``python tests/benchmarks/sweep.py [ROUNDS]``.

A server takes half a second for each edit, 16 at a time, and refuses more (429, ``Retry-After: 1``). 64 edits
then take 2 s at best: that is the ideal. Each client has a process of its own, and a warm-up of one edit.
"""

import base64
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
EDITS, LIMIT, DELAY = 64, 16, 0.5
MANY = 200
IDEAL = EDITS / LIMIT * DELAY
SIDES = {"1.5 MB": 708, "20 KB": 80}  # of a picture of noise that is as large
CLIENTS = ("ours", "ours, watched", "openai")


def numbered(png: bytes, number: int) -> bytes:
    """Return the same picture as another file: with a text in it that no other has."""
    chunk = b"tEXtNumber\0%d" % number
    text = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:-12] + text + png[-12:]


def material(folder: Path, side: int) -> None:
    """Write a small source, and an answer for each edit: a history keeps equal ones but once."""
    rng = np.random.default_rng(side)
    Image.fromarray(rng.integers(0, 255, (258, 258, 3), np.uint8)).save(folder / "small.png")
    Image.fromarray(rng.integers(0, 255, (side, side, 3), np.uint8)).save(folder / "answer.png")
    png = (folder / "answer.png").read_bytes()
    (folder / "answers").mkdir()
    for number in range(MANY + 8):
        encoded = base64.b64encode(numbered(png, number)).decode()
        body = json.dumps({"created": 1, "data": [{"b64_json": encoded}]})
        (folder / "answers" / f"{number:03}.json").write_text(body)


@contextmanager
def server(folder: Path, delay: float = DELAY, limit: int = LIMIT):
    command = [sys.executable, str(HERE / "echo_server.py"), str(folder / "answers"), str(delay), str(limit)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()


def figures(client: str, width: int, address: str, folder: Path, edits: int = EDITS) -> dict:
    command = [
        sys.executable,
        str(HERE / "sweepers.py"),
        client,
        str(width),
        str(edits),
        address,
        str(folder),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{client}, width {width}: {run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def row(name: str, runs: list[dict], bar: str = "") -> None:
    spans = [run["seconds"] for run in runs]
    failed = max(run["failed"] for run in runs)
    slowest = max((run["callback_ms"] for run in runs), default=0)
    told = f"   longest callback {slowest:5.1f} ms" if slowest else ""
    span = statistics.median(spans)
    print(
        f"  {name:24} {span:6.2f} s   {span / IDEAL:5.2f} of ideal   {failed:2} failed{told}{bar}", flush=True
    )


if __name__ == "__main__":
    rounds = int(sys.argv[1]) if sys.argv[1:] else 3
    for answers, side in SIDES.items():
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            material(place, side)
            bar = 1.45 if side == max(SIDES.values()) else 1.2
            print(f"\n{EDITS} edits of {DELAY} s, {LIMIT} at a time, answers of {answers}, history on")
            with server(place) as base_url:
                found: dict[str, list[dict]] = {client: [] for client in CLIENTS}
                for _ in range(rounds):
                    for client, runs in found.items():
                        runs.append(figures(client, LIMIT, base_url, place))
                row("ours", found["ours"], f"   (bar {bar})")
                row("ours, loop watched", found["ours, watched"], "   (bar 50 ms)")
                row("openai, no history", found["openai"])
                for width in (1, 64):
                    row(f"ours, width {width}", [figures("ours", width, base_url, place)])
                    row(f"openai, width {width}", [figures("openai", width, base_url, place)])
                grown = figures("memory", LIMIT, base_url, place, MANY)["memory_mib"]
                print(f"  {MANY} edits: peak memory {grown:+.0f} MiB above that at the start (bar 100 MB)")
