"""Players and encoders that weren't made for Vitrine, by the standard door: GStreamer, aiortc, browsers with a plain page."""

import collections
import http.server
import json
import subprocess
import threading
from pathlib import Path

import pytest

from firefox import Firefox
from relay_clients import TONE, Peer
from vitrine import TOKEN, until

GSTREAMER = ["/usr/bin/python3", str(Path(__file__).parent / "gstreamer_client.py")]

# A WHEP player as a shop would write it. A direction of null leaves the kind out of the offer.
PAGE = b"""<!doctype html><title>Shop</title><video autoplay playsinline></video><script>
async function play(url, configuration, directions) {
    window.peer?.close();
    const peer = window.peer = new RTCPeerConnection(configuration);
    const stream = new MediaStream();
    peer.ontrack = (event) => stream.addTrack(event.track);
    for (const [kind, direction] of Object.entries(directions)) if (direction) peer.addTransceiver(kind, { direction });
    await peer.setLocalDescription();
    const response = await fetch(url, { method: "POST", body: peer.localDescription.sdp, headers: { "Content-Type": "application/sdp" } });
    if (response.status !== 201) return await response.text();
    await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    document.querySelector("video").srcObject = stream;
    return response.headers.get("Location") && "playing";
}
async function seen() {
    const tracks = [...(await window.peer.getStats()).values()].filter((each) => each.type === "inbound-rtp");
    const of = (kind) => tracks.find((each) => each.kind === kind) ?? {};
    return { frames: of("video").framesDecoded ?? 0, width: of("video").frameWidth, samples: of("audio").totalSamplesReceived ?? 0,
        loudness: of("audio").totalAudioEnergy ?? 0 };
}
</script>"""

# How plain players ask: the connection's configuration, and what they want of each kind.
WAYS = {
    "balanced": ({}, {"video": "recvonly", "audio": "recvonly"}),
    "max-bundle": ({"bundlePolicy": "max-bundle"}, {"video": "recvonly", "audio": "recvonly"}),
    "sound first, max-bundle": ({"bundlePolicy": "max-bundle"}, {"audio": "recvonly", "video": "recvonly"}),
    "sound inactive": ({"bundlePolicy": "max-bundle"}, {"audio": "inactive", "video": "recvonly"}),
    "video only": ({}, {"video": "recvonly", "audio": None}),
    "sound only": ({}, {"video": None, "audio": "recvonly"}),
}


@pytest.fixture
def shop():
    """The origin of a page that isn't Vitrine's."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE)

        def log_message(self, *words):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


@pytest.fixture
def show(start_server, shop, loop):
    """A live show of aiortc's, VP8 and Opus: its URL for players."""
    server = start_server("--allowed-origins", shop)
    stream = server.api.create()
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    yield f"{server.url}/whep/{stream}"
    publisher.close()


def plays_every_way(play, seen, url):
    for name, (configuration, directions) in WAYS.items():
        assert play(url, configuration, directions) == "playing", name
        wants = {kind for kind, direction in directions.items() if direction == "recvonly"}
        until(lambda: "video" not in wants or seen()["frames"] > 10, 15, f"a picture for {name}")
        until(lambda: "audio" not in wants or seen()["loudness"] > 0, 15, f"sound for {name}")
        assert ("video" in wants) == (seen()["frames"] > 0) and ("audio" in wants) == (seen()["samples"] > 0), name


def test_chromium_plays_from_a_shops_page(shop, show, open_page):
    page = open_page(shop)
    plays_every_way(lambda *words: page.evaluate("words => play(...words)", words), lambda: page.evaluate("seen()"), show)


@pytest.fixture
def firefox():
    browser = Firefox()
    yield browser
    browser.close()


def test_firefox_plays_from_a_shops_page(shop, show, firefox):
    page = firefox.open(shop)
    plays_every_way(lambda *words: page.run(f"return await play(...{json.dumps(words)});"),
                    lambda: page.run("return await seen();"), show)


class GStreamer:
    """webrtcbin in a process of its own."""

    def __init__(self, role, url, codec, log):
        self.log = log
        with open(log, "wb") as words:
            self.process = subprocess.Popen([*GSTREAMER, role, url, TOKEN, codec, "60"], stdout=words, stderr=subprocess.STDOUT)

    def said(self):
        return collections.Counter(self.log.read_text(errors="replace").splitlines())

    def close(self):
        self.process.kill()
        self.process.wait()
        print(self.log.name, self.said().most_common(12))


@pytest.fixture
def gstreamer(tmp_path):
    clients = []

    def begin(role, url, codec):
        clients.append(GStreamer(role, url, codec, tmp_path / f"{role}.log"))
        return clients[-1]

    yield begin
    for client in clients:
        client.close()


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_gstreamer_publishes_and_plays(server, api, stream, loop, gstreamer, codec):
    publisher = gstreamer("publish", f"{server.url}/whip/{stream}", codec)
    until(lambda: publisher.said()["state connected"] and api.record(stream)["status"] == "live", 20, "GStreamer's uplink")
    # A player that names its codec and no more: no profile, no mode, no channels.
    player = gstreamer("play", f"{server.url}/whep/{stream}", codec)
    viewer = Peer(loop).connect(f"{server.url}/whep/{stream}")
    assert viewer.answer.status_code == 201, viewer.answer.text
    until(lambda: viewer.frames > 20 and viewer.tone(), 20, "picture and sound of GStreamer in aiortc")
    assert viewer.picture.width == 320 and abs(viewer.tone() - TONE) < 15
    until(lambda: player.said()["frame 320x240"] > 20 and player.said()["sound"] > 20, 20, "picture and sound in GStreamer")
    viewer.close()


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_aiortc_publishes_and_gstreamer_plays(server, stream, loop, gstreamer, codec):
    publisher = Peer(loop, codec=codec).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    assert publisher.answer.status_code == 201 and f" {codec}/90000" in publisher.answer.text
    player = gstreamer("play", f"{server.url}/whep/{stream}", codec)
    viewer = Peer(loop).connect(f"{server.url}/whep/{stream}")
    until(lambda: viewer.frames > 20 and viewer.tone(), 20, "picture and sound in aiortc")
    until(lambda: player.said()["frame 640x480"] > 20 and player.said()["sound"] > 20, 20, "picture and sound in GStreamer")
    viewer.close()
    publisher.close()
