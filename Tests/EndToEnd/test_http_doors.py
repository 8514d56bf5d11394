"""The HTTP server's doors on the wire: connections that are used again, upgrades, OPTIONS, CORS, Link, PATCH."""

import base64
import hashlib
import hmac
import json
import os
import socket
import time

import pytest
import requests

from relay_clients import Loop, Peer
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
    "h2c with a body": (dict(method="POST", path="/whep/none", Upgrade="h2c", Content_Length=4, body=b"v=0\n"), 404),
    "a tunnel": (dict(method="CONNECT", path="example.org:443"), 404),
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


TURN = ("--turn-url", "turn:turn.example:3478?transport=udp", "--turn-secret", "s3cret", "--ice-servers", "stun:stun.example:3478")
OFFER = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
STUN_LINK = '<stun:stun.example:3478>; rel="ice-server"'


def ask(server, method, path, token=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return requests.request(method, server.url + path, headers=headers, timeout=5)


def test_options_say_what_a_door_takes_and_hide_credentials(start_server):
    server = start_server(*TURN)
    stream = server.api.create()
    for door in ("whip", "whep"):
        answer = ask(server, "OPTIONS", f"/{door}/{stream}")
        assert (answer.status_code, answer.headers["Allow"]) == (204, "OPTIONS, POST")
        assert answer.headers["Accept-Post"] == "application/sdp"
        assert answer.headers["Link"] == STUN_LINK
        assert ask(server, "OPTIONS", f"/{door}/{stream}", "a.b.c").headers["Link"] == STUN_LINK
        known = ask(server, "OPTIONS", f"/{door}/{stream}", TOKEN).headers["Link"]
        assert '<turn:turn.example:3478?transport=udp>; rel="ice-server"; username="' in known
        assert known.endswith('"; credential-type="password"') and '"; credential="' in known
        session = ask(server, "OPTIONS", f"/{door}/{stream}/abcdefgh12345678")
        assert (session.status_code, session.headers["Allow"]) == (204, "DELETE, OPTIONS, PATCH")
        assert session.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
        assert "turn:" not in session.headers["Link"]


@pytest.mark.parametrize("path, methods", [
    ("/whip/{}", "OPTIONS, POST"), ("/whep/{}", "OPTIONS, POST"), ("/whep/{}/abcdefgh12345678", "DELETE, OPTIONS, PATCH"),
    ("/api/livestreams", "GET, HEAD, OPTIONS, POST"), ("/api/livestreams/{}", "DELETE, GET, HEAD, OPTIONS, PATCH"),
    ("/healthz", "GET, HEAD, OPTIONS"), ("/ws", "GET, HEAD, OPTIONS"),
])
def test_a_method_that_a_path_lacks_is_told_which_it_has(server, stream, path, methods):
    path = path.format(stream)
    for method in {"GET", "HEAD", "PUT", "POST", "DELETE"} - set(methods.split(", ")):
        answer = ask(server, method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, methods)
        if method != "HEAD":
            assert_problem(answer, 405)
    options = ask(server, "OPTIONS", path)
    assert (options.status_code, options.headers["Allow"], options.content) == (204, methods, b"")
    assert_problem(ask(server, "PUT", "/nowhere"), 404)


def words(text):
    return {word.strip().lower() for word in text.split(",")}


def test_a_shops_page_may_send_and_read_all_that_it_needs(start_server):
    server = start_server("--allowed-origins", SHOP)
    stream = server.api.create()
    preflight = ask(server, "OPTIONS", f"/whep/{stream}/abcdefgh12345678", Origin=SHOP, Access_Control_Request_Method="PATCH",
                    Access_Control_Request_Headers="content-type,if-match")
    assert preflight.status_code == 204 and preflight.headers["Access-Control-Allow-Origin"] == SHOP
    assert {"patch", "post", "delete", "get", "put", "options"} <= words(preflight.headers["Access-Control-Allow-Methods"])
    assert ({"authorization", "content-type", "if-match", "if-none-match", "range", "if-range"}
            <= words(preflight.headers["Access-Control-Allow-Headers"]))
    assert int(preflight.headers["Access-Control-Max-Age"]) > 0 and preflight.headers["Vary"] == "Origin"
    for answer in (ask(server, "GET", f"/api/livestreams/{stream}", Origin=SHOP), ask(server, "POST", f"/whep/{stream}", Origin=SHOP),
                   ask(server, "GET", "/nowhere", Origin=SHOP), ask(server, "PUT", f"/whep/{stream}", Origin=SHOP)):
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP and answer.headers["Vary"] == "Origin"
        assert ({"etag", "link", "location", "accept-patch", "accept-post", "accept-ranges", "content-range", "retry-after"}
                <= words(answer.headers["Access-Control-Expose-Headers"]))
    other = ask(server, "GET", f"/api/livestreams/{stream}", Origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in other.headers and other.headers["Vary"] == "Origin"


def test_types_are_compared_without_case_and_parameters(server, stream):
    def status(type, body=OFFER, method="POST", path=f"/whip/{stream}", **more):
        headers = {"Content-Type": type, "Authorization": f"Bearer {TOKEN}", **more}
        return requests.request(method, server.url + path, data=body, headers=headers, timeout=5)

    assert status("Application/SDP; charset=utf-8").status_code == 400  # it was read: nothing in it
    wrong = status("application/sdp-not")
    assert_problem(wrong, 415)
    assert wrong.headers["Accept-Post"] == "application/sdp"
    assert_problem(status("application/sdp", "v" * 70_000), 413)
    session = f"/whip/{stream}/abcdefgh12345678"
    wrong = status("text/plain", method="PATCH", path=session)
    assert_problem(wrong, 415)
    assert wrong.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"
    fragment = "Application/Trickle-ICE-sdpfrag;x=y"
    assert_problem(status(fragment, method="PATCH", path=session, **{"If-Match": "*"}), 404)
    assert_problem(status(fragment, "a" * 70_000, method="PATCH", path=session, **{"If-Match": "*"}), 413)


def viewer_token(secret, **claims):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps({"exp": int(time.time()) + 60, **claims}).encode())
    return (text + b"." + part(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


def test_credentials_are_for_those_who_may_watch(start_server):
    secret = "shared-with-the-shop-0123456789ab"
    server = start_server(*TURN, environment={"VITRINE_VIEWER_TOKEN_SECRET": secret})
    stream, another = server.api.create(), server.api.create()
    token = viewer_token(secret, stream_id=stream)
    assert "credential=" in ask(server, "OPTIONS", f"/whep/{stream}", token).headers["Link"]
    assert ask(server, "OPTIONS", f"/whep/{another}", token).headers["Link"] == STUN_LINK
    assert ask(server, "OPTIONS", f"/whip/{stream}", token).headers["Link"] == STUN_LINK
    refused = ask(server, "POST", f"/whep/{stream}", Content_Type="application/sdp")
    assert refused.status_code == 401 and "Link" not in refused.headers


def test_answers_name_turn_servers_with_credentials_in_quotes(start_server):
    fixed = [{"urls": ["turns:fixed.example"], "username": 'an "odd" \\ name', "credential": "p"}, {"urls": ["turn:useless.example"]}]
    server = start_server(*TURN[:4], "--ice-servers", json.dumps(fixed))
    stream, loop = server.api.create(), Loop()
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    viewer = Peer(loop).connect(f"{server.url}/whep/{stream}")
    for answer in (publisher.answer, viewer.answer):
        links = answer.headers["Link"]
        assert (r'<turns:fixed.example>; rel="ice-server"; username="an \"odd\" \\ name"; credential="p"; credential-type="password"'
                in links)
        assert '<turn:turn.example:3478?transport=udp>; rel="ice-server"; username="' in links and "useless" not in links
    viewer.close()
    publisher.close()
    loop.close()
