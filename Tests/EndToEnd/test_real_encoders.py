"""Encoders that people use, as they are."""

import subprocess
import sys
from pathlib import Path

import pytest

from vitrine import TOKEN, until

SCRIPT = Path(__file__).parent / "ffmpeg_whip.py"


class FFmpeg:
    """FFmpeg's WHIP muxer, publishing in a process of its own."""

    def __init__(self, server, stream, log, codec, *certificate, gop=240):
        with open(log, "ab") as words:  # a file: a pipe that nobody reads would stop it
            self.process = subprocess.Popen(
                [sys.executable, str(SCRIPT), f"{server.url}/whip/{stream}", TOKEN, codec, "60", str(gop), *certificate],
                stdout=subprocess.DEVNULL, stderr=words)

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def publish(server, api, tmp_path):
    stream = api.post("/api/livestreams", json={"title": "A real encoder"}).json()["id"]
    encoders = []

    def begin(codec, *certificate):
        encoders.append(FFmpeg(server, stream, tmp_path / "ffmpeg.log", codec, *certificate))
        return encoders[-1]

    def received():
        uplink = api.get(f"/api/livestreams/{stream}/relay").json().get("uplink") or {}
        return uplink.get("packets_received", 0)

    begin.received = received
    yield begin
    for encoder in encoders:
        encoder.kill()


def test_ffmpeg_publishes_as_it_comes(publish):
    publish("libx264")
    until(lambda: publish.received() > 100, 20, "packets of FFmpeg")


def test_ffmpeg_that_was_killed_comes_back_with_its_certificate(publish, tmp_path):
    certificate, key = str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
         "-out", certificate, "-days", "30", "-subj", "/CN=encoder"], check=True, capture_output=True)
    first = publish("libx264", certificate, key)
    until(lambda: publish.received() > 100, 20, "packets of FFmpeg")
    first.kill()
    before = publish.received()
    publish("libx264", certificate, key)
    until(lambda: publish.received() > before + 100, 10, "packets of the second FFmpeg")
