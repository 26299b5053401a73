"""A real kernel, driven by messages as a notebook does it, and an endpoint that answers as it is told."""

from __future__ import annotations

import ast
import asyncio
import base64
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from jupyter_client import KernelManager
from nbformat.v4 import output_from_msg
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

PATIENCE = 60.0  # seconds; never waited for unless something hangs


@dataclass
class Ran:
    """What a cell sent to the notebook.

    Attributes:
        messages: type and content of each message, in order.
        seconds: until the kernel was idle again.
        reply: what the kernel answered at the end.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    reply: dict[str, Any] = field(default_factory=dict)

    def of(self, *types: str) -> list[dict[str, Any]]:
        return [one["content"] for one in self.messages if one["msg_type"] in types]

    @property
    def error(self) -> dict[str, Any]:
        """The one error of a cell that failed; its lines as a user reads them."""
        (error,) = self.of("error")
        return {**error, "lines": error["traceback"]}

    @property
    def text(self) -> str:
        return "".join(one["text"] for one in self.of("stream"))

    @property
    def outputs(self) -> list[Any]:
        """The cell's outputs as a front end shows them: displays updated in place."""
        shown: list[Any] = []
        for one in self.messages:
            if one["msg_type"] in {"display_data", "execute_result", "stream", "error"}:
                shown.append((one["content"].get("transient", {}).get("display_id"), output_from_msg(one)))
            elif one["msg_type"] == "update_display_data":
                for name, output in shown:
                    if name == one["content"]["transient"]["display_id"]:
                        output["data"] = one["content"]["data"]
        return [output for _, output in shown]

    @property
    def card(self) -> dict[str, str]:
        """The bundle of the one display of a cell that succeeded."""
        assert not self.of("error"), self.of("error")[0]["evalue"]
        shown = [one for one in self.outputs if one["output_type"] in {"display_data", "execute_result"}]
        (output,) = [one for one in shown if any(one["data"].values())]  # not the line of a wait that is over
        data: dict[str, str] = output["data"]
        return data


class Kernel:
    """One kernel and the one notebook that is connected to it."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, code: str) -> Ran:
        """Run a cell to its end."""
        return self.finish(self.start(code))

    def ok(self, code: str) -> Ran:
        """Run a cell that must not fail."""
        ran = self.run(code)
        assert not ran.of("error"), ran.error["ename"] + ": " + ran.error["evalue"]
        return ran

    def start(self, code: str) -> str:
        identifier: str = self.client.execute(code, allow_stdin=False)
        return identifier

    def finish(self, identifier: str, so_far: Ran | None = None) -> Ran:
        """Collect a cell's messages until the kernel is idle."""
        ran = so_far or Ran()
        began = time.monotonic()
        while True:
            one = self.next(identifier)
            if one["msg_type"] == "status" and one["content"]["execution_state"] == "idle":
                ran.reply = self.client._recv_reply(identifier, timeout=PATIENCE)["content"]
                ran.seconds = time.monotonic() - began
                return ran
            if one["msg_type"] != "status":
                ran.messages.append(one)

    def until(self, identifier: str, ran: Ran, seen: Callable[[dict[str, Any]], bool]) -> None:
        """Collect a cell's messages up to the first that is looked for."""
        while not ran.messages or not seen(ran.messages[-1]):
            one = self.next(identifier)
            assert one["content"].get("execution_state") != "idle", "the cell ended before that"
            if one["msg_type"] != "status":
                ran.messages.append(one)

    def next(self, identifier: str) -> dict[str, Any]:
        """Return the next message that belongs to a cell."""
        while True:
            one: dict[str, Any] = self.client.get_iopub_msg(timeout=PATIENCE)
            if one["parent_header"].get("msg_id") == identifier:
                return one

    def value(self, expression: str) -> Any:
        """Return the value of an expression, which has to be a literal."""
        ran = self.ok(f"print(repr({expression}))")
        return ast.literal_eval(ran.text)

    def completions(self, code: str, at: int | None = None) -> list[str]:
        """Return the words that Tab offers at the end of a cell, or at an offset."""
        reply = self.client.complete(code, at, reply=True, timeout=PATIENCE)["content"]
        start, end = reply["cursor_start"], reply["cursor_end"]
        return [code[:start] + match + code[end:] for match in reply["matches"]]


@contextmanager
def kernel_in(folder: Path, environment: Mapping[str, str]) -> Iterator[Kernel]:
    """Run a kernel of this very Python in a folder."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(
        cwd=str(folder), env=dict(environment), extra_arguments=["--IPKernelApp.log_level=40"]
    )
    kernel = None
    try:
        kernel = Kernel(manager)
        yield kernel
    finally:
        manager.shutdown_kernel(now=True)
        if kernel is not None:
            kernel.client.stop_channels()
            kernel.client.context.term()
        manager.cleanup_resources()


def picture(size: tuple[int, int] = (48, 32), colour: str = "teal") -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def answer(*pictures: bytes, **more: Any) -> tuple[int, dict[str, str], bytes]:
    """Return the endpoint's answer that holds these pictures."""
    data = [{"b64_json": base64.b64encode(one).decode()} for one in pictures]
    return 200, {"x-requesty-request-id": "req-42"}, json.dumps({"created": 1, "data": data, **more}).encode()


def refusal(status: int, message: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps({"error": {"origin": "router", "message": message}})
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body.encode()


class Endpoint:
    """An ASGI application that gives the answer it is set to, and counts what arrives.

    ``hold`` it, and requests wait: until it is released or the client has gone.
    """

    def __init__(self) -> None:
        self.answer = answer(picture())
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Event()
        self.gone = threading.Event()
        self._free = threading.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()
        self.arrived.clear()
        self.gone.clear()

    def release(self) -> None:
        self._free.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":
            models = {"data": [{"id": "vendor/painter-9", "supports_image_generation": True}]}
            await _send(send, (200, {}, json.dumps(models).encode()))
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append((headers, body))
        self.arrived.set()
        if not await self._freed(receive):
            self.gone.set()
            return
        await _send(send, self.answer)

    async def _freed(self, receive: Any) -> bool:
        """Wait to be released; False if the client goes first."""
        leaving = asyncio.ensure_future(receive())
        freed = asyncio.get_running_loop().run_in_executor(None, self._free.wait)
        await asyncio.wait([leaving, freed], return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            self._free.set()  # the waiting thread ends
            await freed
            return False
        leaving.cancel()
        return True


async def _send(send: Any, what: tuple[int, Mapping[str, str], bytes]) -> None:
    status, headers, body = what
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
