"""A bare HTTP server for measurements: drains the body and answers with one prepared picture.

Its request id is the monotonic clock, in ns, at the first byte of the body: the clock is the machine's, so
that a client's process can subtract its own reading.

Run as ``python echo_server.py ANSWER_FILE``; prints its port.
"""

import asyncio
import sys
import time
from pathlib import Path

_PIECE = 1 << 20


class Exchange(asyncio.Protocol):
    """One connection, one request."""

    answer = b""

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
        head = (
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(self.answer)}\r\n"
            f"x-requesty-request-id: {self.first}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + self.answer)
        self.transport.close()


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Exchange, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    Exchange.answer = Path(sys.argv[1]).read_bytes()
    asyncio.run(main())
