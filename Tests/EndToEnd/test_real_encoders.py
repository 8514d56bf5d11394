"""Encoders that people use, as they are."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from relay_clients import Loop, Peer
from test_show import picture
from vitrine import TOKEN, until

SCRIPT = Path(__file__).parent / "ffmpeg_whip.py"
RATE = 30


class FFmpeg:
    """FFmpeg's WHIP muxer, publishing H.264 and Opus in a process of its own."""

    def __init__(self, url, log, *options, gop=2, codec="libx264"):
        self.log = log
        with open(log, "wb") as words:  # a file: a pipe that nobody reads would stop it
            self.process = subprocess.Popen(
                [sys.executable, str(SCRIPT), url, TOKEN, codec, "90", str(gop * RATE), *options],
                stdout=words, stderr=subprocess.STDOUT)

    def key_frames(self):
        """When it handed over each key frame, by the monotonic clock."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [float(line[4:]) for line in lines if line.startswith("key ")]

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def publish(server, stream, tmp_path):
    encoders = []

    def begin(*options, **settings):
        log = tmp_path / f"ffmpeg{len(encoders)}.log"
        encoders.append(FFmpeg(f"{server.url}/whip/{stream}", log, *options, **settings))
        return encoders[-1]

    yield begin
    for encoder in encoders:
        encoder.kill()
        print(encoder.log.read_text(errors="replace")[-1500:])


@pytest.fixture
def watch(server, api, stream):
    """Joins a WHEP player once somebody publishes; all leave at the end."""
    loop, viewers = Loop(), []

    def join():
        until(lambda: (api.get(f"/api/livestreams/{stream}/relay").json().get("uplink") or {}).get("packets_received", 0) > 20,
              20, "packets of the encoder")
        viewers.append(Peer(loop))
        viewers[-1].connect(f"{server.url}/whep/{stream}")
        assert viewers[-1].answer.status_code == 201, viewers[-1].answer.text
        return viewers[-1]

    yield join
    for viewer in viewers:
        viewer.close()
    loop.close()


@pytest.fixture
def certificate(tmp_path):
    """As people make one to keep: the muxer's options for it."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
         "-out", certificate, "-days", "30", "-subj", "/CN=encoder"], check=True, capture_output=True)
    return f"cert_file={certificate}", f"key_file={key}"


@pytest.mark.parametrize("flags", ["", "dtls_active"], ids=["passive", "active"])
def test_ffmpeg_is_seen_and_heard(publish, watch, certificate, flags):
    # As DTLS client it is refused with the certificate that it makes for itself: "wrong curve".
    publish(*(["whip_flags=" + flags, *certificate] if flags else []))
    viewer = watch()
    until(lambda: viewer.frames > 20 and len(viewer.samples) > 20, 20, "picture and sound")
    assert (viewer.picture.width, viewer.picture.height) == (320, 240)


def test_ffmpeg_that_was_killed_comes_back_with_its_certificate(publish, watch, certificate):
    first = publish(*certificate)
    viewer = watch()
    until(lambda: viewer.frames > 20, 20, "the picture")
    first.kill()
    shown = viewer.frames
    second = publish(*certificate)
    until(second.key_frames, 8, "the second encoder's door to open")
    until(lambda: viewer.frames > shown + 30, 5, "the second encoder's picture")


GOP = 8


def age_of_key_frame(encoder):
    return time.monotonic() - encoder.key_frames()[-1]


def waits(since, shows):
    """How long it takes from then until it shows something."""
    until(shows, GOP + 5, "a first picture")
    return time.monotonic() - since


def test_who_joins_an_encoder_that_is_deaf_to_requests(server, stream, publish, watch, open_page):
    """A key frame every 8 s and none on request, as with OBS and FFmpeg: nobody waits longer than for the next one."""
    encoder = publish(gop=GOP)
    until(encoder.key_frames, 20, "the encoder's first key frame")
    until(lambda: age_of_key_frame(encoder) > 3, GOP, "a key frame to grow old")
    page = open_page(f"{server.url}/watch/{stream}")
    opened = time.monotonic()
    late = watch()
    assert late.frames == 0
    waited = waits(opened, lambda: late.frames)
    assert waited < GOP + 0.5, "by WHEP"
    # At the next key frame, not at one after it: the second comes a whole GOP later.
    assert abs(age_of_key_frame(encoder)) < 1.5 and len(encoder.key_frames()) == 2
    # Who joins behind a fresh one has it at once.
    joined = time.monotonic()
    fresh = watch()
    assert age_of_key_frame(encoder) < 1.5, "the machine is too slow for this test"
    waited = waits(joined, lambda: fresh.frames)
    print(f"fresh: {waited:.2f} s")
    assert waited < 1.5 and len(encoder.key_frames()) == 2
    waited = waits(opened, lambda: picture(page)["frames"] and picture(page)["light"])
    print(f"page: {waited:.2f} s")
    assert waited < GOP + 0.5, "in the page"
