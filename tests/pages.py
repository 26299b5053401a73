"""A page without a browser: what it would hold after every message that widgets send to it.

It keeps the models as the front end does, and paints ipycanvas' commands on Pillow images.
"""

from __future__ import annotations

import copy
import io
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import comm
import ipycanvas.canvas as ipycanvas
from comm.base_comm import BaseComm
from ipywidgets.widgets.widget import _put_buffers
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 30  # seconds
_MANAGER = ipycanvas._CANVAS_MANAGER


@dataclass
class Sent:
    """One message to the page: what kind, about which model, and its weight in bytes."""

    kind: str
    model: str
    data: dict[str, Any]
    buffers: list[bytes]

    @property
    def content(self) -> dict[str, Any]:
        """What a custom message says; nothing of any other."""
        content = self.data.get("content", {})
        return content if isinstance(content, dict) else {}

    @property
    def weight(self) -> int:
        return len(json.dumps(self.data)) + sum(map(len, self.buffers))


@dataclass
class Page:
    sent: list[Sent] = field(default_factory=list)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    canvases: dict[str, Image.Image] = field(default_factory=dict)
    current: str = ""
    news: threading.Condition = field(default_factory=threading.Condition)

    def receive(self, sent: Sent) -> None:
        with self.news:
            self.sent.append(sent)
            if sent.kind == "comm_close":
                self.models.pop(sent.model, None)
            elif sent.data.get("method") == "custom":
                if sent.model == _MANAGER.model_id:
                    self.draw(sent.buffers)
            elif "state" in sent.data:
                state = copy.deepcopy(sent.data["state"])
                _put_buffers(state, sent.data.get("buffer_paths", []), sent.buffers)
                self.models.setdefault(sent.model, {}).update(state)
            self.news.notify_all()

    def draw(self, buffers: list[bytes]) -> None:
        commands = json.loads(buffers[0])
        pictures = iter(buffers[1:])
        for code, arguments, *_ in commands if isinstance(commands[0], list) else [commands]:
            match ipycanvas._CMD_LIST[code]:
                case "switchCanvas":
                    self.current = arguments[0].removeprefix("IPY_MODEL_")
                case "clearRect":
                    left, top, width, height = arguments
                    self.canvas().paste((0, 0, 0, 0), (left, top, left + width, top + height))
                case "putImageData":
                    with Image.open(io.BytesIO(next(pictures))) as picture:
                        self.canvas().alpha_composite(picture.convert("RGBA"), tuple(arguments))
                case other:
                    raise AssertionError(other)

    def canvas(self) -> Image.Image:
        """Return the canvas painted on; one whose size was changed is empty."""
        assert self.current, "no canvas was switched to on this page"
        state = self.models[self.current]
        size = state["width"], state["height"]
        if self.current not in self.canvases or self.canvases[self.current].size != size:
            self.canvases[self.current] = Image.new("RGBA", size)
        return self.canvases[self.current]

    def reload(self) -> None:
        """Be a new page at the same kernel: it fetches the models, and knows of no painting."""
        with self.news:
            self.canvases.clear()
            self.current = ""

    def until(self, seen: Callable[[], bool]) -> None:
        """Wait for what a message brings."""
        with self.news:
            assert self.news.wait_for(seen, PATIENCE), "it did not come"

    def said(self, model: str, kind: str) -> list[Sent]:
        return [one for one in self.sent if one.model == model and one.content.get("k") == kind]

    @property
    def weight(self) -> int:
        return sum(one.weight for one in self.sent)


@contextmanager
def open_page() -> Iterator[Page]:
    """Connect a page to all widgets that are made meanwhile."""
    page = Page()

    class Wire(BaseComm):
        def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **_: Any):  # noqa: ARG002 - as it is called
            held = [bytes(memoryview(one).cast("B")) for one in buffers or ()]
            page.receive(Sent(msg_type, self.comm_id, data or {}, held))

    before, manager = comm.create_comm, _MANAGER.comm
    comm.create_comm = Wire
    _MANAGER.comm = Wire(target_name="jupyter.widget", data={"state": _MANAGER.get_state()})
    try:
        yield page
    finally:
        comm.create_comm = before
        _MANAGER.comm.close()
        _MANAGER.comm = manager


class User:
    """What a user at the page does to one editor: messages as the kernel hands them on."""

    def __init__(self, page: Page, editor: Any) -> None:
        self.page = page
        self.editor = editor
        self.model = editor.model_id
        self.last = 0

    def arrive(self) -> None:
        for canvas in (self.editor._photo, self.editor._overlay):
            canvas._handle_msg(_custom({"event": "client_ready"}, []))

    def tell(self, k: str, *buffers: bytes, **more: Any) -> str:
        """Send a message; return what was wrong with it, as its answer says."""
        self.last += 1
        number = f"{threading.get_ident()}-{self.last}"
        self.editor._handle_msg(_custom({"k": k, "s": number, **more}, list(map(memoryview, buffers))))
        (answer,) = [one for one in self.page.said(self.model, "ack") if one.content["s"] == number]
        return answer.content.get("problem", "")

    def ok(self, k: str, *buffers: bytes, **more: Any) -> None:
        problem = self.tell(k, *buffers, **more)
        assert problem == ""

    def set(self, **state: Any) -> None:
        data = {"method": "update", "state": state, "buffer_paths": []}
        self.editor._handle_msg({"content": {"data": data}, "buffers": []})

    @property
    def state(self) -> dict[str, Any]:
        """The traits as the page has them."""
        return self.page.models[self.model]

    def canvas(self, name: str) -> Image.Image:
        return self.page.canvases[self.state[name].removeprefix("IPY_MODEL_")]

    def grey(self) -> Image.Image:
        """The mask as the page has it in a trait."""
        with Image.open(io.BytesIO(self.state["mask_png"])) as image:
            return image.copy()


def _custom(content: dict[str, Any], buffers: list[Any]) -> dict[str, Any]:
    return {"content": {"data": {"method": "custom", "content": content}}, "buffers": buffers}
