"""One client in a process of its own: ``sweepers.py CLIENT WIDTH EDITS BASE_URL FOLDER``; prints JSON."""

import asyncio
import base64
import gc
import json
import sys
import time
from pathlib import Path

from clients import peak, reset_peak


def ours(width: int, edits: int, base_url: str, folder: Path, *, watched: bool = False) -> dict:
    import requesty_nb as rq

    longest = watch_loop() if watched else [0.0]
    kept = folder / f"history-{time.monotonic_ns()}"
    with rq.Session(base_url=base_url, api_key="k", model="gpt-image-1", history=kept) as session:
        session.edit("warm", folder / "small.png")
        began = time.perf_counter()
        sweep = session.sweep("p", folder / "small.png", take=range(1, edits + 1), width=width)
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "failed": len(sweep.errors), "callback_ms": longest[0] * 1000}


def memory(width: int, edits: int, base_url: str, folder: Path) -> dict:
    """Peak resident memory of a sweep above what was resident at its start, in MiB."""
    import requesty_nb as rq

    with rq.Session(base_url=base_url, api_key="k", model="gpt-image-1", history=folder / "kept") as session:
        session.sweep("warm", folder / "small.png", take=range(1, 5), width=width)
        before = reset_peak()
        sweep = session.sweep("p", folder / "small.png", take=range(1, edits + 1), width=width)
        return {"memory_mib": (peak() - before) / 2**20, "failed": len(sweep.errors)}


def watch_loop() -> list[float]:
    """Have the longest thread time of a callback on any event loop noted, but for Python's own collector.

    The collector goes through all objects of the process once in a while, in whatever thread it comes over.
    """
    longest, collected, begun = [0.0], [0.0], [0.0]
    run = asyncio.Handle._run

    def collecting(phase: str, _: dict) -> None:
        if phase == "start":
            begun[0] = time.thread_time()
        else:
            collected[0] += time.thread_time() - begun[0]

    def timed(handle: asyncio.Handle) -> None:
        began, before = time.thread_time(), collected[0]
        run(handle)
        longest[0] = max(longest[0], time.thread_time() - began - (collected[0] - before))

    gc.callbacks.append(collecting)
    asyncio.Handle._run = timed
    return longest


def openai_sdk(width: int, edits: int, base_url: str, folder: Path) -> dict:
    import openai

    async def one(client: openai.AsyncOpenAI, gate: asyncio.Semaphore) -> bool:
        async with gate:
            try:
                image = ("small.png", (folder / "small.png").read_bytes(), "image/png")
                answer = await client.images.edit(model="m", prompt="p", image=[image])
            except openai.APIError:
                return False
            return bool(base64.b64decode(answer.data[0].b64_json))

    async def all_of_them() -> dict:
        gate = asyncio.Semaphore(width)
        async with openai.AsyncOpenAI(api_key="k", base_url=base_url) as client:
            await one(client, gate)
            began = time.perf_counter()
            done = await asyncio.gather(*(one(client, gate) for _ in range(edits)))
            return {"seconds": time.perf_counter() - began, "failed": done.count(False), "callback_ms": 0.0}

    return asyncio.run(all_of_them())


if __name__ == "__main__":
    name, width, edits, address, folder = sys.argv[1:]
    arguments = int(width), int(edits), address, Path(folder)
    runs = {"openai": openai_sdk, "ours": ours, "memory": memory}
    runs["ours, watched"] = lambda *given: ours(*given, watched=True)
    print(json.dumps(runs[name](*arguments)))
