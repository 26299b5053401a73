"""A bare HTTP server for measurements: drains the body and answers with a prepared picture.

Its request id is the monotonic clock, in ns, at the first byte of the body: the clock is the machine's, so
that a client's process can subtract its own reading.

Run as ``python echo_server.py ANSWER [DELAY LIMIT]``; prints its port. ANSWER is a file, or a folder whose
files are sent in turn. DELAY are the seconds that an answer takes, LIMIT how many may be under way: one more
is refused, with ``Retry-After: 1``.
"""

import asyncio
import itertools
import sys
import time
from pathlib import Path

_PIECE = 1 << 20


class Exchange(asyncio.Protocol):
    """One connection, one request."""

    answers = itertools.cycle([b""])
    delay = 0.0
    limit = sys.maxsize
    busy = 0

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.head = bytearray()
        self.left = -1
        self.first = 0

    def data_received(self, data: bytes) -> None:
        if self.left < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            lines = bytes(self.head[:end]).decode("latin-1").split("\r\n")[1:]
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            self.left = int(headers["content-length"])
            data = bytes(self.head[end + 4 :])
            self.head.clear()
        if data and not self.first:
            self.first = time.monotonic_ns()
        self.left -= len(data)
        if self.left == 0:
            self.reply()

    def reply(self) -> None:
        if Exchange.busy >= self.limit:
            self.write(b"{}", "429 Too Many", "retry-after: 1\r\n")
            return
        Exchange.busy += 1
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.answer)
        else:
            self.answer()

    def answer(self) -> None:
        Exchange.busy -= 1
        self.write(next(self.answers), "200 OK", f"x-requesty-request-id: {self.first}\r\n")

    def write(self, body: bytes, status: str, headers: str) -> None:
        head = (
            f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"{headers}connection: close\r\n\r\n"
        )
        self.transport.write(head.encode())
        self.transport.write(body)
        self.transport.close()


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Exchange, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    prepared = Path(sys.argv[1])
    files = sorted(prepared.iterdir()) if prepared.is_dir() else [prepared]
    Exchange.answers = itertools.cycle([file.read_bytes() for file in files])
    if sys.argv[2:]:
        Exchange.delay, Exchange.limit = float(sys.argv[2]), int(sys.argv[3])
    asyncio.run(main())
