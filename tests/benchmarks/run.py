"""The figures to hold, beside httpx and the OpenAI SDK in one run: ``python tests/benchmarks/run.py``.

Absolute times do not carry from machine to machine, so the clients take turns, and ratios are printed.
`history.py` beside it has the figures of a history, and `crash.py` what killed writers leave.
"""

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
ROUNDS = 5
LOAD = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("0", silent=True)
before = time.perf_counter()
shell.run_line_magic("load_ext", "requesty_nb")
spent = time.perf_counter() - before
heavy = {"httpx", "PIL", "numpy", "anywidget", "starlette", "openai"} & set(sys.modules)
print(spent * 1000, sorted(heavy))
"""


def material(folder: Path) -> None:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (258, 258, 3), np.uint8)).save(folder / "small.png")
    picture = rng.integers(0, 255, (752, 752, 3), np.uint8)
    Image.fromarray(picture).save(folder / "answer.png")
    encoded = base64.b64encode((folder / "answer.png").read_bytes()).decode()
    (folder / "answer.json").write_text(json.dumps({"created": 1, "data": [{"b64_json": encoded}]}))
    noise = rng.integers(0, 255, (2580, 2580, 3), np.uint8)
    for number in range(16):
        noise[0, 0] = number
        Image.fromarray(noise).save(folder / f"large-{number}.png", compress_level=0)


@contextmanager
def server(folder: Path):
    command = [sys.executable, str(HERE / "echo_server.py"), str(folder / "answer.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()


def figures(client: str, work: str, address: str, folder: Path) -> dict:
    command = [sys.executable, str(HERE / "clients.py"), client, work, address, str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{client}, {work}: {run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])


def median(rows: list[dict]) -> dict:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def load_extension() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True).stdout.split(
            " ", 1
        )
        for _ in range(9)
    ]
    times = [float(run[0]) for run in runs[1:]]  # the first compiles
    heavy = runs[-1][1].strip()
    print(f"%load_ext: {statistics.median(times):.2f} ms (bar 5); heavy modules loaded by it: {heavy}")


def small_edits(address: str, folder: Path) -> None:
    rows: dict[str, list[dict]] = {"httpx": [], "openai": [], "ours": [], "ours, kept": []}
    for _ in range(ROUNDS):
        for client, found in rows.items():
            found.append(figures(client, "small", address, folder))
    base = median(rows["httpx"])["cpu_ms"]
    down = (folder / "answer.json").stat().st_size / 1e6
    print(f"\nCPU of one warm small edit (0.2 MB up, {down:.2f} MB down)")
    for client, found in rows.items():
        cpu = median(found)["cpu_ms"]
        bar = "  (bar 0.85)" if client == "ours" else ""
        print(f"  {client:11} {cpu:6.2f} ms   {cpu / base:5.2f} of httpx{bar}")


def large_edits(address: str, folder: Path) -> None:
    for transport in ("multipart", "json"):
        print(f"\n16 files of 20 MB, {transport} (bars: first byte 20 ms with history off, memory +16 MiB)")
        for client in ("httpx", "openai", "ours", "ours, kept"):
            if (client, transport) == ("openai", "json"):
                continue  # the SDK has no JSON form of an edit
            found = median([figures(client, transport, address, folder) for _ in range(3)])
            print(
                f"  {client:11} first byte {found['first_byte_ms']:8.1f} ms"
                f"   memory {found['memory_mib']:+7.1f} MiB   wall {found['wall_s']:5.2f} s"
            )


def cards(folder: Path) -> None:
    import nbformat.v4 as form
    from skimage import data

    import requesty_nb as rq
    from requesty_nb import display

    print("\nbytes of one edit's output in the saved notebook (bar 65 536)")
    session = rq.Session(history=folder / "cards", model="offline/painter")
    for n in (1, 3, 10):
        edit = session.edit("A watercolour of {everything} " * 20, data.astronaut(), n=n, size="1024x1024")
        output = form.new_output("display_data", display.edit_bundle(edit))
        print(f"  n = {n:2}   {len(json.dumps(output)):6} bytes")
    session.close()


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        material(place)
        load_extension()
        with server(place) as base_url:
            small_edits(base_url, place)
            large_edits(base_url, place)
        cards(place)
