"""What bad input gets: a documented error, and nobody else's show suffers."""

import json
import socket

import pytest

from signaling_client import Client
from vitrine import TOKEN, assert_problem, until


@pytest.fixture
def show(server, api, stream):
    """A live show with an admin and a customer that must not notice anything."""
    class Show:
        id = stream
        admin = Client.admin(server, stream)
        customer = Client(server, stream)
    Show.admin.send("start_stream")
    Show.admin.expect("stream_started")
    Show.customer.expect("stream_started")
    yield Show
    Show.admin.send("chat", text="still here")
    Show.customer.expect("chat_message", text="still here")
    assert api.record(stream)["status"] == "live"


def refused(client, code, in_reply_to=None):
    error = client.expect("error", code=code)
    assert error["message"] and error.get("in_reply_to") == in_reply_to
    client.settle()


@pytest.mark.parametrize("text, code, in_reply_to", [
    ("{", "bad_json", None), ("", "bad_json", None), ("[1, 2]", "invalid_message", None), ('"like"', "invalid_message", None),
    ("null", "invalid_message", None), ("{}", "invalid_message", None), ('{"type": null}', "invalid_message", None),
    ('{"type": "dance"}', "unknown_type", "dance"), ('{"type": "chat"}', "invalid_message", "chat"),
    ('{"type": "chat", "text": 7}', "invalid_message", "chat"), ('{"type": "chat", "text": ""}', "invalid_message", "chat"),
    (json.dumps({"type": "chat", "text": "x" * 501}), "invalid_message", "chat"),
    ('{"type": "start_stream"}', "forbidden", "start_stream"), ('{"type": "end_stream"}', "forbidden", "end_stream"),
    ('{"type": "webrtc_answer", "to": "relay", "sdp": "v=0"}', "forbidden", "webrtc_answer"),
    ('{"type": "webrtc_answer", "to": "../../etc", "sdp": "v=0"}', "invalid_message", "webrtc_answer"),
    ('{"type": "ICE_candidate", "to": "somebody-else", "candidate": null}', "forbidden", "ICE_candidate"),
    ('{"type": "path_report", "path": "direct", "state": "sad"}', "invalid_message", "path_report"),
    ('{"type": "join", "stream_id": "abcdefgh", "role": "customer"}', "already_joined", "join"),
    (json.dumps({"type": "chat", "text": "x" * 2_000_000}), "message_too_large", None),
], ids=lambda value: repr(value)[:40])
def test_a_wrong_message_gets_an_error_and_the_connection_stays(show, text, code, in_reply_to):
    show.customer.socket.send(text)
    refused(show.customer, code, in_reply_to)


def test_a_binary_message_is_refused(show):
    show.customer.socket.send(b'{"type": "like"}')
    refused(show.customer, "bad_json")


def test_deep_nesting_is_refused(show):
    show.customer.socket.send('{"type": "chat", "text": ' + "[" * 20_000 + "]" * 20_000 + "}")
    assert show.customer.expect("error")["code"] in ("bad_json", "invalid_message")


def test_nothing_reaches_somebody_elses_viewer(server, api, show):
    other = api.create("Other")
    victim = Client(server, other)
    stranger = Client(server, show.id)
    for type, fields in (("webrtc_offer", {"sdp": "v=0"}), ("ICE_candidate", {"candidate": None})):
        show.admin.send(type, to=victim.id, **fields)
        refused(show.admin, "forbidden", type)
    stranger.send("webrtc_answer", to=show.customer.id, sdp="v=0")
    refused(stranger, "forbidden", "webrtc_answer")
    assert [message["type"] for message in victim.settle() if message["type"] != "stream_update"] == []


def test_before_join_nothing_else_is_taken(server, stream):
    for text in ('{"type": "like"}', "{", '{"type": "chat", "text": "hello"}', "x" * 70_000):
        client = Client.raw(server)
        client.socket.send(text)
        assert client.expect("error")["message"]
        client.expect_close(4401)


def test_an_unknown_stream_may_be_followed_by_the_right_one(server, stream):
    client = Client.raw(server)
    client.send("join", stream_id="does-not-exist", role="customer")
    assert client.expect("error", code="not_found")["in_reply_to"] == "join"
    client.send("join", role="customer")
    client.expect("error", code="invalid_message")
    client.send("join", stream_id=stream, role="customer")
    client.expect("joined")


def test_a_wrong_admin_token_is_sent_away(server, stream):
    for token in ({}, {"token": "wrong"}, {"token": TOKEN + "x"}):
        client = Client.raw(server)
        client.send("join", stream_id=stream, role="admin", **token)
        client.expect("error", code="unauthorized")
        client.expect_close(4401)


def test_two_hundred_likes_at_once_count_as_far_as_allowed(api, show):
    for _ in range(200):
        show.customer.send("like")
    error = show.customer.expect("error", code="rate_limited")
    assert error["in_reply_to"] == "like"
    show.customer.send("chat", text="that was all")
    show.admin.expect("chat_message", text="that was all")
    show.admin.send("like")
    until(lambda: api.record(show.id)["likes"] >= 21, what="the likes")
    assert 21 <= api.record(show.id)["likes"] <= 45


@pytest.mark.parametrize("body, status", [
    (b"{", 400), (b"", 400), (b"\xff\xfe", 400), (b"[]", 422), (b"7", 422), (b"{}", 422), (b'{"title": 7}', 422),
    (b'{"title": null}', 422), (b'{"title": ""}', 422), (b'{"title": "   "}', 422), (b'{"title": "a\\u0000b"}', 422),
    (b'{"title": "' + b"x" * 201 + b'"}', 422), (b'{"title": "' + b"x" * 2_000_000 + b'"}', 413),
    (b'{"title": "x", "scheduled_at": "tomorrow"}', 422), (b'{"title": "x", "delivery": {"mode": "pigeon"}}', 422),
    (b'{"title": "x", "delivery": {"max_direct_viewers": 65}}', 422),
    (b'{"title": "x", "delivery": {"max_direct_viewers": -1}}', 422), (b'{"title": "x", "delivery": 5}', 422),
], ids=lambda value: repr(value)[:40])
def test_a_wrong_livestream_is_refused(api, show, body, status):
    answer = api.request("POST", "/api/livestreams", data=body)
    assert_problem(answer, status)
    assert len(api.all("/api/livestreams")) == 1


@pytest.mark.parametrize("path", [
    "/..%2f..%2fetc/passwd", "/watch/..%2f..%2fetc%2fpasswd/x", "/assets/..%2f..%2fetc/passwd",
    "/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/api/livestreams/..%2f..%2fetc%2fpasswd",
    "/api/livestreams/..%2f..%2fetc%2fpasswd/recording", "/assets//etc/passwd", "/assets/shared/%00",
])
def test_no_path_leads_out(server, path):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 404"), answer[:200]
    assert b"application/problem+json" in answer and b"root:" not in answer


def raw_answer(server, request):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as raw:
        raw.sendall(request)
        raw.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: raw.recv(65_536), b""))


def test_a_body_that_stops_half_way_changes_nothing(server, api, show):
    head = f"POST /api/livestreams HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 50\r\n\r\n"
    answer = raw_answer(server, head.encode() + b'{"title":"half')
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert b"application/problem+json" in answer
    assert len(api.all("/api/livestreams")) == 1


@pytest.mark.parametrize("request_bytes", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                           b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"\x00" * 100])
def test_what_is_no_http_is_answered_or_closed(server, api, show, request_bytes):
    answer = raw_answer(server, request_bytes)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert api.get("/healthz").status_code == 200
