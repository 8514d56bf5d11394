"""A server that dies in the middle of a show, and a disk that is full."""

import subprocess
import time

import pytest
import requests
from playwright.sync_api import expect

import crash_loop
from media import Upload, processed, webm
from test_show import create_show, go_live, open_admin, sees_moving_picture, status
from vitrine import Server, assert_problem, until


@pytest.mark.parametrize("mode", ["direct", "relay"])
def test_a_live_show_is_found_again_within_five_seconds_of_the_server_being_back(server, api, open_page, mode):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Through a crash")
    api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": mode}})
    go_live(admin)
    customer = open_page(f"{server.url}/watch/{stream}")
    expect(status(customer, "Connection")).to_have_text(mode, timeout=20_000)
    sees_moving_picture(customer)
    server.kill()
    server.start()
    back = time.monotonic()
    until(lambda: api.record(stream)["viewer_count"] == 1 and "vitrine_clients{role=\"admin\"} 1" in api.get("/metrics").text,
          5, "both pages")
    print(f"\nboth pages were back {time.monotonic() - back:.1f} s after the server")
    assert api.record(stream)["status"] == "live"
    for page in (admin, customer):
        expect(status(page, "Live")).to_be_visible()
    expect(status(customer, "Connection")).to_have_text(mode, timeout=20_000)
    sees_moving_picture(customer)


def test_a_recording_is_whole_or_not_there_whenever_the_server_dies(server, api, stream):
    Upload(api, stream, webm()).send_all()
    url = f"{server.url}/api/livestreams/{stream}/recording"
    served = set()
    for pause in (0, 0.05, 0.1, 0.2, 0.4):  # moments to die at: while ffmpeg works, while its file is renamed, after
        time.sleep(pause)
        server.kill()
        server.start()
        answer = requests.get(url, timeout=5)
        assert answer.status_code in (200, 404)
        if answer.status_code == 200:
            assert len(answer.content) == int(answer.headers["Content-Length"])
            served.add(answer.content)
    recording = processed(api, stream)
    assert recording["status"] == "ready" and 2_800 < recording["duration_ms"] < 3_300
    served.add(requests.get(url, timeout=5).content)
    assert len(served) == 1, "what was served once is what is served ever after"


def test_a_recording_that_was_whole_stays_so_when_a_new_upload_is_interrupted(server, api, stream):
    Upload(api, stream, webm()).send_all()
    assert processed(api, stream)["status"] == "ready"
    url = f"{server.url}/api/livestreams/{stream}/recording"
    whole = requests.get(url, timeout=5).content
    again = Upload(api, stream, webm(2))
    assert again.patch(0, 20_000).status_code == 204
    server.kill()
    server.start()
    assert again.head() == 20_000
    assert requests.get(url, timeout=5).content == whole
    again.send_all()
    until(lambda: requests.get(url, timeout=5).content != whole, 20, "the new replay")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "data" / "recordings"
    folder.mkdir(parents=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no disk of our own can be mounted: {made.stderr.strip()}")
    yield tmp_path / "data"
    subprocess.run(["umount", folder], check=True)


def test_an_upload_that_fills_the_disk_gets_507_and_leaves_no_half_file(small_disk):
    server = Server(small_disk).start()
    try:
        stream = server.api.create()
        video = webm()
        large = Upload(server.api, stream, video + bytes(1 << 20))
        assert large.answer.status_code == 201
        assert_problem(large.patch(0, 1 << 20), 507)
        assert large.head() == 0, "nothing of it counts"
        sizes = [file.stat().st_size for file in (small_disk / "recordings" / "uploads").glob("*.part")]
        assert sizes == [0]
        assert server.api.get(f"/api/livestreams/{stream}/recording").status_code == 404
        small = Upload(server.api, stream, video[: 100 << 10])
        assert small.patch(0, 50 << 10).status_code == 204, "there is room again"
    finally:
        assert server.stop() == 0


def test_nothing_acknowledged_is_lost_and_nothing_half_is_served():
    """The short form of scripts/crash-loop."""
    assert crash_loop.main(12) >= 12
