"""kill -9 at moments all over an upload and the making of a replay: nothing acknowledged is lost, nothing half is served.

usage: crash_loop.py [MOMENTS]    (scripts/crash-loop)
"""

import pathlib
import random
import sys
import tempfile
import threading
import time

import requests

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from media import encode, webm  # noqa: E402
from signaling_client import Client  # noqa: E402
from vitrine import Server, until  # noqa: E402

VERSION = {"Tus-Resumable": "1.0.0"}
PIECE = 4_000


class Uploading:
    """One run on its way in, until the server is killed: what it has acknowledged must be there afterwards."""

    def __init__(self, server, stream, data, run):
        self.server, self.stream, self.data, self.run = server, stream, data, run
        self.address, self.acknowledged = None, 0

    def metadata(self):
        pairs = {"device": "device-0001", "run": self.run, "starts_at_ms": (self.run - 1) * 4_000, "filetype": "video/webm"}
        return ",".join(f"{key} {encode(str(value))}" for key, value in pairs.items())

    def go_on(self, api):
        """Sends what is missing. Ends without a word when the server dies."""
        try:
            if self.address is None:
                answer = api.request("POST", f"/api/livestreams/{self.stream}/recording", headers={
                    **VERSION, "Upload-Length": str(len(self.data)), "Upload-Metadata": self.metadata()})
                assert answer.status_code == 201, answer.text
                self.address = answer.headers["Location"]
            head = api.request("HEAD", self.address, headers=VERSION)
            assert head.status_code == 200, f"an upload that was acknowledged is gone: {head.status_code}"
            offset = int(head.headers["Upload-Offset"])
            assert offset >= self.acknowledged, f"{self.acknowledged} bytes were acknowledged, {offset} are there"
            self.acknowledged = offset
            while offset < len(self.data):
                answer = api.request("PATCH", self.address, data=self.data[offset:offset + PIECE], headers={
                    **VERSION, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
                assert answer.status_code == 204, f"{answer.status_code}: {answer.text}"
                offset = self.acknowledged = int(answer.headers["Upload-Offset"])
        except requests.RequestException:
            pass


def check_replay(api, stream):
    """What is served now is a whole replay, or nothing."""
    answer = api.get(f"/api/livestreams/{stream}/recording")
    assert answer.status_code in (200, 404), answer.status_code
    if answer.status_code == 200:
        assert len(answer.content) == int(answer.headers["Content-Length"])
        assert answer.content.startswith(b"\x1a\x45\xdf\xa3") and b"\x1c\x53\xbb\x6b" in answer.content[:8_192], "half a replay is served"


def end_show(server, stream):
    with Client.admin(server, stream) as admin:
        for type, answer in (("start_stream", "stream_started"), ("end_stream", "stream_ended")):
            admin.send(type)
            admin.expect(answer)


def one_show(server, generator):
    """Two runs of one show, with the server killed somewhere in each, and somewhere in the making of their replay."""
    stream = server.api.create()
    end_show(server, stream)
    runs = [Uploading(server, stream, webm(2), number) for number in (1, 2)]
    moments = 0
    for number, run in enumerate(runs):
        while run.acknowledged < len(run.data):
            thread = threading.Thread(target=run.go_on, args=(server.api,))
            thread.start()
            time.sleep(generator.uniform(0, 0.12))
            server.kill()
            thread.join()
            server.start()
            moments += 1
            check_replay(server.api, stream)
            # From the third time on it may come through.
            if moments % 3 == 0:
                run.go_on(server.api)
        if number == 0:
            run.go_on(server.api)  # whoever didn't hear of the end asks once more
    for _ in range(3):
        time.sleep(generator.uniform(0, 0.4))
        server.kill()
        server.start()
        moments += 1
        check_replay(server.api, stream)
    recording = until(lambda: (r := server.api.record(stream)["recording"])["status"] == "ready" and r["duration_ms"] > 5_000 and r, 60,
                      "the replay of both runs")
    assert [run["status"] for run in recording["runs"]] == ["whole", "whole"], recording
    assert 5_500 < recording["duration_ms"] < 6_600, recording
    check_replay(server.api, stream)
    for run in runs:
        run.go_on(server.api)
        assert run.acknowledged == len(run.data)
    return moments


def main(moments, seed=None, report=print):
    seed = seed or random.randrange(1 << 32)
    generator = random.Random(seed)
    report(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="vitrine-crashes-") as folder:
        server = Server(pathlib.Path(folder) / "data").start()
        try:
            done = shows = 0
            while done < moments:
                done += one_show(server, generator)
                shows += 1
                report(f"{done} of {moments} moments, {shows} shows")
        finally:
            server.stop()
    return done


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
