"""The relay by its standard door: WHIP in, WHEP out."""

import os
import socket

import pytest
import requests

from relay_clients import TONE, Peer
from signaling_client import Client
from vitrine import TOKEN, assert_problem, until


def test_an_encoders_show_is_seen_and_heard_by_many(server, api, stream, loop):
    waiting = Client(server, stream)
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    assert publisher.answer.status_code == 201, publisher.answer.text
    assert publisher.answer.headers["Content-Type"] == "application/sdp" and publisher.answer.headers["ETag"]
    waiting.expect("stream_started")
    assert api.record(stream)["status"] == "live"
    viewers = [Peer(loop).connect(f"{server.url}/whep/{stream}") for _ in range(3)]
    for viewer in viewers:
        assert viewer.answer.status_code == 201, viewer.answer.text
        until(lambda: viewer.frames > 30, 20, "30 frames")
        until(lambda: viewer.tone() is not None, 20, "sound")
        assert abs(viewer.tone() - TONE) < 15
    late = Peer(loop).connect(f"{server.url}/whep/{stream}")
    until(lambda: late.frames > 5, 10, "frames for who comes late")

    session = viewers[0].location
    assert requests.delete(server.url + session, timeout=5).status_code == 200
    assert_problem(requests.delete(server.url + session, timeout=5), 404)
    for viewer in [*viewers, late]:
        viewer.close()
    assert api.request("DELETE", publisher.location).status_code == 200
    publisher.close()
    assert_problem(requests.post(f"{server.url}/whep/{stream}", data="v=0\r\n", headers={"Content-Type": "application/sdp"}, timeout=5), 409)


OFFER = """v=0\r
o=- 1 1 IN IP4 0.0.0.0\r
s=-\r
t=0 0\r
a=fingerprint:sha-256 %s\r
m=video 9 UDP/TLS/RTP/SAVPF 96\r
a=mid:0\r
a=rtpmap:96 %s\r
"""
FINGERPRINT = ":".join(["AB"] * 32)


def test_what_is_no_offer_is_refused(server, api, stream):
    def publish(body, type="application/sdp"):
        return api.request("POST", f"/whip/{stream}", data=body, headers={"Content-Type": type})

    assert_problem(requests.post(f"{server.url}/whip/{stream}", data=OFFER, timeout=5), 401)
    assert_problem(publish(OFFER % (FINGERPRINT, "VP8/90000"), "text/plain"), 415)
    assert_problem(publish("hello"), 400)
    assert_problem(publish((OFFER % (FINGERPRINT, "VP8/90000")).replace("a=fingerprint", "a=nothing")), 400)
    assert "H265/90000" in assert_problem(publish(OFFER % (FINGERPRINT, "H265/90000")), 406)["detail"]
    assert_problem(publish("v=0\r\n" + "a=x\r\n" * 40_000), 413)
    assert_problem(api.request("POST", "/whip/does-not-exist", data=OFFER, headers={"Content-Type": "application/sdp"}), 404)
    assert_problem(api.request("DELETE", f"/whip/{stream}/does-not-exist"), 404)
    assert api.record(stream)["status"] == "scheduled"


def test_an_encoder_that_leaves_ends_the_show_after_the_grace(start_server, loop):
    server = start_server("--admin-grace", "1")
    stream = server.api.create()
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    until(lambda: server.api.record(stream)["status"] == "live")
    assert server.api.request("DELETE", publisher.location).status_code == 200
    until(lambda: server.api.record(stream)["status"] == "ended", 5)
    publisher.close()


def test_datagrams_of_every_kind_harm_nobody(server, api, stream, loop):
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    viewer = Peer(loop).connect(f"{server.url}/whep/{stream}")
    until(lambda: viewer.frames > 5, 20, "frames")
    port = int(publisher.answer.text.split("a=candidate:1 1 udp")[1].split()[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
        for first in range(256):
            for length in (1, 4, 12, 20, 28, 100, 1_400):
                raw.sendto(bytes([first]) + os.urandom(length - 1), ("127.0.0.1", port))
    before = viewer.frames
    until(lambda: viewer.frames > before + 20, 20, "more frames")
    viewer.close()
    publisher.close()
