"""A client of the signaling that remembers what it was told."""

import json
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from vitrine import TOKEN


class Client:
    def __init__(self, server, stream, role="customer", sock=None, **join):
        self.socket = connect(server.ws_url, sock=sock, max_size=None, open_timeout=10, proxy=None, legacy=True)
        self.messages = []
        self.close_code = None
        if stream is not None:
            self.send("join", stream_id=stream, role=role, **join)
            self.joined = self.expect("joined")
            self.id = self.joined["client_id"]

    @classmethod
    def admin(cls, server, stream):
        return cls(server, stream, role="admin", token=TOKEN)

    @classmethod
    def raw(cls, server):
        """Connected, and nothing said yet."""
        return cls(server, None)

    def send(self, type, **fields):
        self.socket.send(json.dumps({"type": type, **fields}))

    def receive(self, timeout=5.0):
        """The next message; None when none comes in time or the connection is closed."""
        try:
            message = json.loads(self.socket.recv(timeout=timeout))
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd else 1006
            return None
        self.messages.append(message)
        return message

    def expect(self, type, timeout=5.0, **fields):
        """The next message of this type with these fields, whatever comes between."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive(left)
            if message is None and self.close_code is not None:
                raise AssertionError(f"closed with {self.close_code} before {type}; got {self.messages[-3:]}")
            if message and message["type"] == type and all(message.get(key) == value for key, value in fields.items()):
                return message
        raise AssertionError(f"no {type} {fields} in {timeout} s; got {[m['type'] for m in self.messages[-8:]]}")

    def expect_close(self, code, timeout=15.0):
        deadline = time.monotonic() + timeout
        while self.close_code is None and time.monotonic() < deadline:
            self.receive(deadline - time.monotonic())
        assert self.close_code == code, f"closed with {self.close_code}"

    def settle(self):
        """Everything that the server has sent up to now: an unknown message is answered after all of it."""
        self.send("are_you_there")
        before = len(self.messages)
        self.expect("error", code="unknown_type")
        return self.messages[before:-1]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
