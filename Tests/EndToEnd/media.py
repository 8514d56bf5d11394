"""Recordings as browsers make them, and their upload by tus."""

import base64
import functools
import subprocess

from vitrine import until


@functools.cache
def webm(seconds=3):
    """VP8 and Opus written to a pipe: without a duration and without an index, as MediaRecorder does."""
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=15", "-f", "lavfi", "-i",
               "sine=440", "-t", str(seconds), "-c:v", "libvpx", "-deadline", "realtime", "-g", "15", "-c:a", "libopus",
               "-f", "webm", "-live", "1", "pipe:1"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


@functools.cache
def mp4(seconds=2):
    """Fragmented, as MediaRecorder makes it."""
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=15", "-t", str(seconds),
               "-c:v", "mpeg4", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov", "pipe:1"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def encode(text):
    return base64.b64encode(text.encode()).decode()


class Upload:
    """One tus 1.0.0 upload of these bytes."""

    def __init__(self, api, stream, data, filetype="video/webm", parts=None):
        self.api, self.data = api, data
        pairs = {"filetype": filetype, "parts": parts}
        metadata = ",".join(f"{key} {encode(value)}" for key, value in pairs.items() if value)
        self.answer = self.request("POST", f"/api/livestreams/{stream}/recording", **{
            "Upload-Length": str(len(data)), "Upload-Metadata": metadata})
        self.path = self.answer.headers.get("Location")

    def request(self, method, path, data=None, **headers):
        return self.api.request(method, path, data=data, headers={"Tus-Resumable": "1.0.0", **headers})

    def head(self):
        answer = self.request("HEAD", self.path)
        return int(answer.headers["Upload-Offset"]) if answer.status_code == 200 else answer.status_code

    def patch(self, begin, end, offset=None, **headers):
        return self.request("PATCH", self.path, self.data[begin:end], **{
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(begin if offset is None else offset), **headers})

    def send_all(self, pieces=3):
        size = -(-len(self.data) // pieces)
        for begin in range(self.head(), len(self.data), size):
            answer = self.patch(begin, begin + size)
            assert answer.status_code == 204, answer.text
        assert self.head() in (len(self.data), 404)  # 404 once it has become a replay


def processed(api, stream):
    """The record's `recording`, as soon as the replay is ready, or can't be made."""
    return until(lambda: (recording := api.record(stream)["recording"]) and recording["status"] in ("ready", "failed") and recording,
                 20, "the replay")
