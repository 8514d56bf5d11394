"""Peers of the relay that no browser vendor wrote: aiortc, as publisher and as viewer."""

import asyncio
import fractions
import threading
import time

import aioice.ice
import av
import numpy
import requests
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack

# Everything stays on this machine.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

TONE = 440


class Tone(MediaStreamTrack):
    """A sine of 440 Hz."""

    kind = "audio"
    rate = 48_000

    def __init__(self):
        super().__init__()
        self.position = 0
        self.began = None

    async def recv(self):
        samples = self.rate // 50
        self.began = self.began or time.monotonic()
        await asyncio.sleep(max(0, self.began + self.position / self.rate - time.monotonic()))
        times = (numpy.arange(samples) + self.position) / self.rate
        frame = av.AudioFrame.from_ndarray((numpy.sin(2 * numpy.pi * TONE * times) * 12_000).astype(numpy.int16)[None, :],
                                           layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self.position, fractions.Fraction(1, self.rate)
        self.position += samples
        return frame


class Picture(VideoStreamTrack):
    """A grey that grows lighter and darker: a picture that changes all the time."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        grey = 64 + abs(pts // 3_000 % 240 - 120)
        frame = av.VideoFrame.from_ndarray(numpy.full((480, 640, 3), grey, numpy.uint8), format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Loop:
    """An event loop on a thread of its own, so that tests stay plain functions."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine, timeout=30):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()


class Peer:
    """One peer connection by WHIP or WHEP; as publisher with any video codec, or with the one that is named."""

    def __init__(self, loop, codec=None):
        self.loop, self.codec = loop, codec
        self.frames, self.samples, self.location = 0, [], None
        self.picture = None

    def connect(self, url, token=None, publishes=False):
        return self.loop.run(self._connect(url, token, publishes))

    async def _connect(self, url, token, publishes):
        self.connection = RTCPeerConnection()
        self.connection.on("track", self._track)
        if publishes:
            self.connection.addTrack(Picture())
            self.connection.addTrack(Tone())
            if self.codec:
                self.connection.getTransceivers()[0].setCodecPreferences([
                    each for each in RTCRtpSender.getCapabilities("video").codecs if each.mimeType == f"video/{self.codec}"])
        else:
            for kind in ("video", "audio"):
                self.connection.addTransceiver(kind, direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        headers = {"Content-Type": "application/sdp", **({"Authorization": f"Bearer {token}"} if token else {})}
        self.answer = await asyncio.to_thread(
            requests.post, url, data=self.connection.localDescription.sdp, headers=headers, timeout=10)
        if self.answer.status_code != 201:
            return self
        self.location = self.answer.headers["Location"]
        await self.connection.setRemoteDescription(RTCSessionDescription(self.answer.text, "answer"))
        return self

    def _track(self, track):
        asyncio.ensure_future(self._receive(track))

    async def _receive(self, track):
        while True:
            try:
                frame = await track.recv()
            except Exception:
                return
            if track.kind == "video":
                self.frames += 1
                self.picture = frame
            elif len(self.samples) < 200:
                self.samples.append(frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels)])

    def tone(self):
        """The loudest frequency that was heard, in hertz; None before there is enough."""
        if len(self.samples) < 60:
            return None
        samples = numpy.concatenate(self.samples[20:60]).astype(float)
        spectrum = numpy.abs(numpy.fft.rfft(samples * numpy.hanning(len(samples))))
        return float(numpy.argmax(spectrum) * 48_000 / len(samples))

    def close(self):
        self.loop.run(self.connection.close())
