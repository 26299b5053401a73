"""One client in a process of its own: ``python clients.py CLIENT WORK BASE_URL FOLDER``; prints JSON."""

import base64
import json
import resource
import sys
import time
from pathlib import Path

_MIB = 1 << 20
_WARM, _COUNTED = 3, 20


def bare_httpx(base_url: str, folder: Path):
    import httpx

    client = httpx.Client(timeout=60)

    def edit(paths, transport):
        data = {"model": "m", "prompt": "p"}
        if transport == "json":
            urls = ["data:image/png;base64," + base64.b64encode(path.read_bytes()).decode() for path in paths]
            response = client.post(
                f"{base_url}/images/edits", json={**data, "images": [{"image_url": u} for u in urls]}
            )
        else:
            handles = [path.open("rb") for path in paths]
            files = [
                ("image[]", (path.name, handle, "image/png"))
                for path, handle in zip(paths, handles, strict=True)
            ]
            response = client.post(f"{base_url}/images/edits", data=data, files=files)
            for handle in handles:
                handle.close()
        base64.b64decode(json.loads(response.content)["data"][0]["b64_json"])
        return int(response.headers["x-requesty-request-id"])

    return edit


def openai_sdk(base_url: str, folder: Path):
    import openai

    client = openai.OpenAI(api_key="k", base_url=base_url, max_retries=0)

    def edit(paths, transport):
        answer = client.images.with_raw_response.edit(model="m", prompt="p", image=list(paths))
        base64.b64decode(answer.parse().data[0].b64_json)
        return int(answer.headers["x-requesty-request-id"])

    return edit


def ours(base_url: str, folder: Path, *, history: bool):
    import requesty_nb as rq

    kept = folder / f"history-{time.monotonic_ns()}" if history else False
    session = rq.Session(
        base_url=base_url, api_key="k", model="m", history=kept, replay="off" if history else None
    )

    def edit(paths, transport):
        answer = session.edit("p", *paths, transport=transport)
        return int(answer.result.request_id)

    return edit


CLIENTS = {
    "httpx": bare_httpx,
    "openai": openai_sdk,
    "ours": lambda url, folder: ours(url, folder, history=False),
    "ours, kept": lambda url, folder: ours(url, folder, history=True),
}


def peak() -> int:
    """Peak resident memory in bytes since the last reset."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def reset_peak() -> int:
    """Forget the peak so far, where the system can, and return what is resident now."""
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text("5")
    return peak()


def small(edit, folder: Path) -> dict:
    """CPU of a warm small edit, in ms, all threads."""
    paths = [folder / "small.png"]
    for _ in range(_WARM):
        edit(paths, "multipart")
    cpu = time.process_time()
    for _ in range(_COUNTED):
        edit(paths, "multipart")
    return {"cpu_ms": (time.process_time() - cpu) / _COUNTED * 1000}


def large(edit, folder: Path, transport: str) -> dict:
    """First byte and memory for 16 files of 20 MB, after a small edit."""
    edit([folder / "small.png"], transport)
    before = reset_peak()
    begun = time.monotonic_ns()
    first = edit([folder / f"large-{number}.png" for number in range(16)], transport)
    done = time.monotonic_ns()
    after = peak()
    return {
        "first_byte_ms": (first - begun) / 1e6,
        "wall_s": (done - begun) / 1e9,
        "memory_mib": (after - before) / _MIB,
    }


if __name__ == "__main__":
    client, work, address, place = sys.argv[1:]
    run = CLIENTS[client](address, Path(place))
    figures = small(run, Path(place)) if work == "small" else large(run, Path(place), work)
    print(json.dumps(figures))
