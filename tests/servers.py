"""Real servers for as long as a test needs them: uvicorn's, and one that plays a script on raw sockets."""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PATIENCE = 20.0  # seconds; never waited for unless something hangs


class _Server(uvicorn.Server):
    """A server that tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI application on 127.0.0.1; gives its address, without a path and a trailing slash."""
    server = _Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    # asyncio turns Nagle's delay off only on sockets that say they are TCP; else each answer takes 40 ms more
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(128)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            assert server.up.wait(_PATIENCE), "the server did not start"
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
    assert not thread.is_alive(), "the server did not stop"


# A scripted server: raw sockets, so that it can do what no HTTP server would.


@dataclass(frozen=True)
class Got:
    """One request as it came: the head taken apart, the body whole (or as much as came)."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def parts(self) -> list[tuple[str, str, str, bytes]]:
        """The parts of a multipart body, in order: name, file name, media type, content."""
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        pieces = self.body.split(b"--" + boundary)
        assert pieces[0] == b"" and pieces[-1] == b"--\r\n"
        found = []
        for piece in pieces[1:-1]:
            head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            said = lines["Content-Disposition"]
            name = said.partition('; name="')[2].partition('"')[0]
            filename = said.partition('filename="')[2].partition('"')[0]
            found.append((name, filename, lines.get("Content-Type", ""), content.removesuffix(b"\r\n")))
        return found

    def fields(self) -> dict[str, str]:
        return {name: content.decode() for name, file, _, content in self.parts() if not file}


class Line:
    """One connection, seen from the server."""

    def __init__(self, sock: socket.socket, server: Scripted) -> None:
        self.socket = sock
        self.server = server

    def head(self) -> tuple[Got, bytes]:
        """Read a request's head; return it with what came of the body along with it."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := self.socket.recv(65_536)):
                raise ConnectionError("the client left")
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return Got(method, path, headers, b""), rest

    def request(self) -> Got:
        """Read a whole request, and count it."""
        got, body = self.head()
        wanted = int(got.headers.get("content-length", "0"))
        while len(body) < wanted:
            if not (piece := self.socket.recv(1 << 20)):
                break
            body += piece
        return self.server.count(replace(got, body=body))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        """Close so that the client gets a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def hold(self) -> None:
        """Wait until the test lets go, or ends."""
        assert self.server.released.wait(_PATIENCE * 3), "nobody let go"


Turn = Callable[[Line], None]


class Scripted:
    """What a scripted server has seen.

    Attributes:
        url: its address, up to and with ``/v1``.
        got: the requests that came whole, or as far as they came.
        connections: how many connections were made.
        released: set to let held connections go on.
    """

    def __init__(self, turns: Sequence[Turn], port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.got: list[Got] = []
        self.connections = 0
        self.released = threading.Event()
        self.faults: list[BaseException] = []
        self._turns = list(turns)
        self._changed = threading.Condition()

    @property
    def posts(self) -> int:
        return sum(got.method == "POST" for got in self.got)

    def count(self, got: Got) -> Got:
        with self._changed:
            self.got.append(got)
            self._changed.notify_all()
        return got

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.got) >= count, _PATIENCE), "no such request came"

    def serve(self, sock: socket.socket) -> None:
        with self._changed:
            turn = self._turns[min(self.connections, len(self._turns) - 1)]
            self.connections += 1
        try:
            with sock:
                turn(Line(sock, self))
        except OSError:
            pass  # the client left, which is its right
        except BaseException as error:  # noqa: BLE001 - told to the test, which runs in another thread
            self.faults.append(error)


@contextmanager
def scripted(*turns: Turn) -> Iterator[Scripted]:
    """Serve by a script on 127.0.0.1: a turn for each connection, the last one again and again."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = Scripted(turns, bound.getsockname()[1])
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    sock, _ = bound.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=server.serve, args=[sock], daemon=True))
                threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            server.released.set()
            bound.shutdown(socket.SHUT_RDWR)
            acceptor.join(_PATIENCE)
            for thread in threads:
                thread.join(_PATIENCE)
    assert not server.faults, server.faults


def message(
    body: bytes, status: str = "200 OK", headers: Sequence[str] = (), *, length: bool = True
) -> bytes:
    """Spell an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


def answering(body: bytes, status: str = "200 OK", headers: Sequence[str] = ()) -> Turn:
    """Read the request, answer it, and close."""

    def turn(line: Line) -> None:
        line.request()
        line.send(message(body, status, headers))

    return turn


def pictures(*files: bytes, **more: Any) -> bytes:
    """Spell a good answer's body."""
    return json.dumps(
        {"data": [{"b64_json": base64.b64encode(file).decode()} for file in files], **more}
    ).encode()


def refusing(status: int, text: str = "it says no", headers: Sequence[str] = (), **more: Any) -> Turn:
    """Refuse in Requesty's form."""
    body = json.dumps({"error": {"origin": "router", "message": text, **more}}).encode()
    return answering(body, f"{status} Said", headers)


def hanging(line: Line) -> None:
    """Read the request and never answer."""
    line.request()
    line.hold()


def held(body: bytes) -> Turn:
    """Read the request, and answer once the test lets go."""

    def turn(line: Line) -> None:
        line.request()
        line.hold()
        line.send(message(body))

    return turn
