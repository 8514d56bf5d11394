"""The relay's doors: TCP where UDP is blocked, addresses behind a NAT, ICE restarts, and what operators see."""

import re

import pytest
import requests

from relay_clients import Peer
from vitrine import TOKEN, assert_problem, until

# A WHEP player of twenty lines, which keeps only those of the relay's candidates that match.
PLAY = """async ([url, keep]) => {
    const peer = window.peer = new RTCPeerConnection();
    for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
    await peer.setLocalDescription();
    const response = await fetch(url, { method: "POST", body: peer.localDescription.sdp, headers: { "Content-Type": "application/sdp" } });
    window.session = { location: response.headers.get("Location"), tag: response.headers.get("ETag") };
    const sdp = (await response.text()).split("\\r\\n").filter((line) => !line.startsWith("a=candidate:") || new RegExp(keep).test(line));
    await peer.setRemoteDescription({ type: "answer", sdp: sdp.join("\\r\\n") });
}"""

# How many frames have been decoded, and over which protocol.
WATCH = """async () => {
    const all = [...(await window.peer.getStats()).values()];
    const pair = all.find((each) => each.type === "candidate-pair" && each.nominated && each.state === "succeeded");
    const remote = pair && all.find((each) => each.id === pair.remoteCandidateId);
    const video = all.find((each) => each.type === "inbound-rtp" && each.kind === "video");
    return { frames: video?.framesDecoded ?? 0, protocol: remote?.protocol, nacks: video?.nackCount };
}"""

# Restarts ICE as RFC 9725, section 4.3.2, has it.
RESTART = """async () => {
    const peer = window.peer;
    const before = peer.remoteDescription.sdp;
    await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
    const fragment = peer.localDescription.sdp.split("\\r\\n").filter((line) => /^a=(ice-|mid:|candidate:)|^m=/.test(line)).join("\\r\\n");
    const response = await fetch(window.session.location, {
        method: "PATCH", body: fragment, headers: { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" } });
    const lines = (await response.text()).split("\\r\\n");
    const line = (name) => lines.find((each) => each.startsWith(name));
    await peer.setRemoteDescription({ type: "answer", sdp: before
        .replaceAll(/a=ice-ufrag:.*/g, line("a=ice-ufrag:")).replaceAll(/a=ice-pwd:.*/g, line("a=ice-pwd:")) });
    return { status: response.status, changed: response.headers.get("ETag") !== window.session.tag };
}"""


@pytest.fixture
def publisher(server, stream, loop):
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    yield publisher
    publisher.close()


def plays(page, more=20):
    before = page.evaluate(WATCH)["frames"]
    until(lambda: page.evaluate(WATCH)["frames"] > before + more, 30, "frames")
    return page.evaluate(WATCH)


def test_a_network_without_udp_gets_the_picture_by_tcp(server, stream, publisher, open_page):
    page = open_page(f"{server.url}/")
    page.evaluate(PLAY, [f"{server.url}/whep/{stream}", " tcp "])
    assert plays(page)["protocol"] == "tcp"
    udp = open_page(f"{server.url}/")
    udp.evaluate(PLAY, [f"{server.url}/whep/{stream}", " udp "])
    assert plays(udp)["protocol"] == "udp"


def test_a_player_restarts_ice_and_goes_on(server, stream, publisher, open_page):
    page = open_page(f"{server.url}/")
    page.evaluate(PLAY, [f"{server.url}/whep/{stream}", "."])
    plays(page)
    assert page.evaluate(RESTART) == {"status": 200, "changed": True}
    plays(page, more=60)


def test_what_a_patch_must_be(server, stream, publisher, loop):
    viewer = Peer(loop).connect(f"{server.url}/whep/{stream}")
    url, tag = server.url + viewer.location, viewer.answer.headers["ETag"]
    assert viewer.answer.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"

    def patch(headers, body="a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", url=url):
        kind = {"Content-Type": "application/trickle-ice-sdpfrag"}
        return requests.patch(url, data=body, headers={**kind, **headers}, timeout=5)

    assert patch({"If-Match": tag}).status_code == 204
    assert_problem(patch({}), 428)
    assert_problem(patch({"If-Match": '"another"'}), 412)
    assert_problem(patch({"If-Match": tag, "Content-Type": "text/plain"}), 415)
    assert_problem(patch({"If-Match": tag}, url=url[:-4] + "0000"), 404)
    restarted = patch({"If-Match": "*"}, "a=ice-ufrag:another\r\na=ice-pwd:0123456789012345678901\r\n")
    assert restarted.status_code == 200 and restarted.headers["ETag"] != tag
    assert "a=ice-pwd:" in restarted.text and "a=candidate:" in restarted.text
    assert_problem(patch({"If-Match": tag}), 412)
    until(lambda: viewer.frames > 10, 20, "frames all the same")
    viewer.close()


def test_the_addresses_that_an_operator_names(start_server, loop):
    server = start_server("--public-address", "192.0.2.33,2001:db8::33", "--relay-host", "127.0.0.1", "--relay-workers", "2")
    for _ in range(4):
        publisher = Peer(loop).connect(f"{server.url}/whip/{server.api.create()}", TOKEN, publishes=True)
        found = re.findall(r"a=candidate:\S+ 1 (\w+) \d+ (\S+) (\d+) typ host", publisher.answer.text)
        assert {address for _, address, _ in found} == {"192.0.2.33", "2001:db8::33", "127.0.0.1"}
        assert {protocol for protocol, _, _ in found} == {"udp", "tcp"} and len({port for _, _, port in found}) == 1
        publisher.close()


def test_what_prometheus_reads_of_the_relay(server, stream, publisher, loop):
    viewer = Peer(loop).connect(f"{server.url}/whep/{stream}")
    until(lambda: viewer.frames > 20, 20, "frames")

    def sample(name, **labels):
        text = requests.get(f"{server.url}/metrics", timeout=5).text
        for line in text.splitlines():
            if line.startswith(name) and all(f'{key}="{value}"' in line for key, value in labels.items()):
                return float(line.rsplit(" ", 1)[1])
        return 0

    until(lambda: sample("vitrine_relay_viewers", stream=stream) == 1, 10, "the viewer")
    before = sample("vitrine_relay_viewer_bytes_total", stream=stream)
    until(lambda: sample("vitrine_relay_viewer_bytes_total", stream=stream) > before, 10, "bytes")
    assert sample("vitrine_relay_uplink_packets_total", stream=stream) > 10
    assert sample("vitrine_relay_datagrams_sent_total") > 10
    assert viewer.location.rsplit("/", 1)[1] not in requests.get(f"{server.url}/metrics", timeout=5).text
    viewer.close()
