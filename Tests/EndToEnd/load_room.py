"""How fast a chat message reaches everybody: many customers on one stream, on one machine.

    .venv/bin/python Tests/EndToEnd/load_room.py --customers 1000 --messages 50

The server runs on one core and the customers on the other, where there are two. Each customer is a bare reader of
WebSocket frames that notes when a message came, so that what is measured is the server and not a client library.
"""

import argparse
import asyncio
import base64
import json
import os
import resource
import statistics
import tempfile
import time

from vitrine import TOKEN, Server


class Customer(asyncio.Protocol):
    """Joins, and tells `heard(index)` when a frame with the marker of a message comes."""

    def __init__(self, join, ready, heard):
        self.join, self.ready, self.heard = join, ready, heard
        self.buffer = b""
        self.is_open = False

    def connection_made(self, transport):
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write((f"GET /ws HTTP/1.1\r\nHost: load\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())

    def data_received(self, data):
        now = time.perf_counter()
        self.buffer += data
        if not self.is_open:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self.buffer.startswith(b"HTTP/1.1 101"), self.buffer[:200]
            self.buffer = self.buffer[end + 4:]
            self.is_open = True
            self.send(self.join)
        while (payload := self.frame()) is not None:
            if b'"message #' in payload:
                start = payload.index(b'"message #') + 10
                self.heard(int(payload[start:payload.index(b'"', start)]), now)
            elif b'"joined"' in payload:
                self.ready()

    def frame(self):
        """The next whole frame's payload; servers don't mask (RFC 6455, 5.1)."""
        if len(self.buffer) < 2:
            return None
        length, start = self.buffer[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(self.buffer[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(self.buffer[2:10], "big"), 10
        if len(self.buffer) < start + length:
            return None
        payload, self.buffer = self.buffer[start:start + length], self.buffer[start + length:]
        return payload

    def send(self, message):
        data = json.dumps(message).encode()
        head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else bytes([0x81, 0xFE]) + len(data).to_bytes(2, "big")
        self.transport.write(head + bytes(4) + data)  # a mask of zeros leaves the bytes as they are


async def measure(server, customers, messages):
    """The times from sending to hearing in milliseconds, one for each message and customer."""
    stream = server.api.create("Load")
    loop = asyncio.get_running_loop()
    joined, sent, times, everybody = 0, {}, [], asyncio.Event()
    heard_by = dict.fromkeys(range(messages), 0)
    done = asyncio.Event()

    def ready():
        nonlocal joined
        joined += 1
        if joined == customers + 1:
            everybody.set()

    def heard(index, now):
        times.append((now - sent[index]) * 1_000)
        heard_by[index] += 1
        if heard_by[index] == customers:
            done.set()

    began = time.perf_counter()
    for _ in range(customers):
        join = {"type": "join", "stream_id": stream, "role": "customer"}
        await loop.create_connection(lambda: Customer(join, ready, heard), "127.0.0.1", server.port)
    join = {"type": "join", "stream_id": stream, "role": "admin", "token": TOKEN}
    _, admin = await loop.create_connection(lambda: Customer(join, ready, lambda *_: None), "127.0.0.1", server.port)
    await asyncio.wait_for(everybody.wait(), 60)
    joining = time.perf_counter() - began
    for index in range(messages):
        done.clear()
        sent[index] = time.perf_counter()
        admin.send({"type": "chat", "text": f"message #{index}"})
        await asyncio.wait_for(done.wait(), 10)
    admin.transport.close()
    return joining, times


def run(customers, messages):
    """The figures of one run."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder).start()
        try:
            if os.cpu_count() > 1:
                for thread in os.listdir(f"/proc/{server.process.pid}/task"):
                    os.sched_setaffinity(int(thread), {0})
                os.sched_setaffinity(0, {1})
            joining, times = asyncio.run(measure(server, customers, messages))
        finally:
            os.sched_setaffinity(0, range(os.cpu_count()))
            server.stop()
    cuts = statistics.quantiles(times, n=100)
    return {"customers": customers, "messages": messages, "received": len(times), "joining_s": round(joining, 2),
            "p50_ms": round(cuts[49], 1), "p99_ms": round(cuts[98], 1), "max_ms": round(max(times), 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000, help="how many watch (default: 1000)")
    parser.add_argument("--messages", type=int, default=50, help="how many are said (default: 50)")
    parser.add_argument("--runs", type=int, default=5, help="how often it is measured (default: 5)")
    arguments = parser.parse_args()
    for number in range(arguments.runs):
        print(json.dumps(run(arguments.customers, arguments.messages)), flush=True)
