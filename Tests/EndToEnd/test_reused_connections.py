"""The HTTP server's doors on the wire: connections that are used again, upgrades, OPTIONS, CORS, Link, PATCH."""

import base64
import os
import socket
import time

import pytest
import requests

from vitrine import TOKEN, assert_problem

SHOP = "https://shop.example"


class Wire:
    """One TCP connection, spoken to in bytes."""

    def __init__(self, server):
        self.host = f"127.0.0.1:{server.port}"
        self.socket = socket.create_connection(("127.0.0.1", server.port), 5)
        self.data = b""

    def send(self, *requests):
        self.socket.sendall(b"".join(requests))

    def request(self, method="GET", path="/healthz", body=b"", **headers):
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def handshake(self, path="/ws", **headers):
        key = base64.b64encode(os.urandom(16)).decode()
        return self.request(path=path, **{"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13",
                                          "Sec_WebSocket_Key": key, **headers})

    def _more(self):
        more = self.socket.recv(65_536)
        assert more, f"closed after {self.data!r}"
        self.data += more

    def answer(self):
        """The status, headers and body of the next answer."""
        while b"\r\n\r\n" not in self.data:
            self._more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        size = int(headers.get("content-length", 0))
        while len(self.data) < size:
            self._more()
        body, self.data = self.data[:size], self.data[size:]
        return int(status.split()[1]), headers, body

    def says_hello(self):
        """Whether signaling answers: an unknown message before `join` is told so, or closed with a code."""
        text = b'{"type":"join"}'
        self.send(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
        while not self.data:
            self._more()
        return self.data[0] in (0x81, 0x88)


@pytest.fixture
def wire(server):
    wire = Wire(server)
    yield wire
    wire.socket.close()


@pytest.mark.parametrize("before", [0, 1, 3])
def test_a_websocket_on_a_connection_that_has_carried_requests(wire, before):
    for _ in range(before):
        wire.send(wire.request())
        assert wire.answer()[0] == 200
    wire.send(wire.handshake())
    assert wire.answer()[0] == 101
    assert wire.says_hello()


def test_a_websocket_behind_pipelined_requests_with_its_first_frame(wire):
    text = b'{"type":"join"}'
    frame = bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text
    wire.send(wire.request(), wire.request(path="/nowhere"), wire.handshake() + frame)
    assert [wire.answer()[0] for _ in range(3)] == [200, 404, 101]
    while not wire.data:
        wire._more()
    assert wire.data[0] in (0x81, 0x88)


REFUSED = {
    "wrong path": (dict(path="/healthz"), 200),
    "another origin": (dict(Origin="https://evil.example"), 403),
    "old version": (dict(Sec_WebSocket_Version="8"), 426),
    "no version": (dict(Sec_WebSocket_Version=None), 426),
    "no key": (dict(Sec_WebSocket_Key=None), 400),
    "short key": (dict(Sec_WebSocket_Key="c2hvcnQ="), 400),
    "h2c": (dict(Upgrade="h2c"), 426),
    "h2c elsewhere": (dict(path="/healthz", Upgrade="h2c", Connection="Upgrade, HTTP2-Settings"), 200),
    "no connection header": (dict(path="/healthz", Connection=None), 200),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_upgrade_leaves_the_connection_usable(wire, case):
    headers, status = REFUSED[case]
    for _ in range(2):
        wire.send(wire.handshake(**headers))
        answer = wire.answer()
        assert answer[0] == status
        if status == 426:
            assert answer[1]["sec-websocket-version"] == "13"
        wire.send(wire.request())
        assert wire.answer()[0] == 200
    wire.send(wire.handshake(**headers), wire.request(path="/nowhere"), wire.handshake(**headers), wire.request(), wire.handshake())
    assert [wire.answer()[0] for _ in range(5)] == [status, 404, status, 200, 101]
    assert wire.says_hello()


def test_a_body_that_waits_to_be_asked_for_is_asked_for_at_once(wire):
    body = b'{"title": "A show"}'
    wire.send(wire.request("POST", "/api/livestreams", Expect="100-continue", Content_Length=len(body),
                           Content_Type="application/json", Authorization=f"Bearer {TOKEN}"))
    began = time.monotonic()
    assert wire.answer()[0] == 100 and time.monotonic() - began < 0.5
    wire.send(body)
    assert wire.answer()[0] == 201
