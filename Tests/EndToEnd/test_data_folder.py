"""The data folder: one owner, its own store, and nothing deleted on a guess."""

import pathlib
import shutil
import subprocess

import pytest

from media import Upload, encode, mp4, processed, webm
from mongo import database
from signaling_client import Client
from vitrine import BINARY, TOKEN, Server, assert_problem, until

DEVICES = ("laptop-0001", "phone-00001")


def vitrine(*words, timeout=30):
    return subprocess.run([str(word) for word in (BINARY, *words)], capture_output=True, text=True, timeout=timeout)


def files(folder):
    root = pathlib.Path(folder) / "recordings"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and "." in path.name)


def show_with_replay(server):
    stream = server.api.create()
    end_show(server, stream)
    Upload(server.api, stream, webm()).send_all()
    assert processed(server.api, stream)["status"] == "ready"
    return stream


def end_show(server, stream):
    with Client.admin(server, stream) as admin:
        admin.send("start_stream")
        admin.expect("stream_started")
        admin.send("end_stream")
        admin.expect("stream_ended")


def test_a_second_server_on_the_folder_ends_before_it_touches_anything(server):
    stream = server.api.create()
    Upload(server.api, stream, webm()).patch(0, 5_000)
    before = files(server.data_folder)
    second = vitrine("serve", "--port", 0, "--data-folder", server.data_folder, "--admin-token", TOKEN)
    assert second.returncode == 1
    assert len(second.stderr.strip().splitlines()) == 1 and f"process {server.process.pid}" in second.stderr
    assert files(server.data_folder) == before
    # A process that was killed holds nothing.
    server.kill()
    server.start()
    assert server.api.record(stream)["recording"]["status"] == "uploading"


def test_another_store_deletes_nothing(start_server, tmp_path):
    server = start_server()
    stream = show_with_replay(server)
    half = Upload(server.api, server.api.create(), webm())
    half.patch(0, 9_000)
    before = files(server.data_folder)
    assert server.stop() == 0
    with database() as uri:
        for store in (f"sqlite:{tmp_path}/mistyped.sqlite", uri):
            server.options = ("--store", store)
            server.start()
            assert server.api.get(f"/api/livestreams/{stream}").status_code == 404
            assert any("belonged to another store" in line for line in server.log)
            assert server.stop() == 0
            assert files(server.data_folder) == before
            found = vitrine("store", "check", "--data-folder", server.data_folder, "--store", store)
            assert found.returncode == 3, found.stdout + found.stderr
            assert f"{stream}.webm" in found.stdout and "--remove" in found.stdout
    assert files(server.data_folder) == before
    server.options = ()
    server.start()
    assert server.api.get(f"/api/livestreams/{stream}/recording").status_code == 200
    assert half.head() == 9_000
    check = vitrine("store", "check", "--data-folder", server.data_folder)
    assert check.returncode == 0, check.stdout


def test_an_older_backup_of_the_store_deletes_nothing(server):
    assert server.stop() == 0
    backup = server.data_folder / "backup.sqlite"
    shutil.copy(server.data_folder / "vitrine.sqlite", backup)
    server.start()
    stream = show_with_replay(server)
    assert server.stop() == 0
    server.options = ("--store", f"sqlite:{backup}")
    server.start()
    assert server.stop() == 0
    assert f"{stream}.webm" in files(server.data_folder)
    removed = vitrine("store", "check", "--data-folder", server.data_folder, "--store", f"sqlite:{backup}", "--remove")
    assert removed.returncode == 0 and "removed" in removed.stdout
    assert f"{stream}.webm" not in files(server.data_folder)
    server.start()


def test_a_store_that_a_server_uses_is_not_copied_into(server, tmp_path):
    for source, target in ((server.data_folder, f"sqlite:{tmp_path}/copy.sqlite"), (f"sqlite:{tmp_path}/copy.sqlite", f"sqlite:{server.data_folder}/vitrine.sqlite")):
        refused = vitrine("store", "copy", source, target)
        assert refused.returncode == 1 and f"process {server.process.pid}" in refused.stderr, refused


def test_only_a_stopped_servers_folder_is_cleaned(server):
    refused = vitrine("store", "check", "--data-folder", server.data_folder, "--remove")
    assert refused.returncode == 1 and f"process {server.process.pid}" in refused.stderr


@pytest.mark.parametrize("moment", range(4))
def test_a_deletion_that_was_killed_is_finished_or_undone_as_a_whole(server, moment):
    stream = show_with_replay(server)
    deletion = subprocess.Popen(
        ["curl", "-s", "-X", "DELETE", "-H", f"Authorization: Bearer {TOKEN}", f"{server.url}/api/livestreams/{stream}"])
    if moment:
        until(lambda: deletion.poll() is not None or moment == 1, 5)
    server.kill()
    deletion.wait(10)
    server.start()
    is_there = server.api.get(f"/api/livestreams/{stream}").status_code == 200
    assert (server.api.get(f"/api/livestreams/{stream}/recording").status_code == 200) == is_there
    assert (f"{stream}.webm" in files(server.data_folder)) == is_there


class Run(Upload):
    """One run of a device's recorder."""

    def __init__(self, api, stream, data, device, run, starts_at_ms, filetype="video/webm"):
        self.api, self.data = api, data
        pairs = {"device": device, "run": run, "starts_at_ms": starts_at_ms, "filetype": filetype}
        self.answer = self.request("POST", f"/api/livestreams/{stream}/recording", **{
            "Upload-Length": str(len(data)),
            "Upload-Metadata": ",".join(f"{key} {encode(str(value))}" for key, value in pairs.items())})
        self.path = self.answer.headers.get("Location")


def test_two_devices_make_one_replay(server, api, stream):
    laptop, phone = DEVICES
    with Client.admin(server, stream) as admin, Client(server, stream) as viewer:
        admin.send("start_stream")
        admin.expect("stream_started")
        for device, start in ((laptop, 0), (phone, 5_000)):
            admin.send("recording_run", device=device, run=1, starts_at_ms=start)
        until(lambda: len((api.record(stream)["recording"] or {"runs": []})["runs"]) == 2, what="both runs")
        admin.send("recording_run", device="x", run=1, starts_at_ms=0)
        admin.expect("error", in_reply_to="recording_run")
        viewer.send("recording_run", device=laptop, run=9, starts_at_ms=0)
        viewer.expect("error", code="forbidden")
        admin.send("end_stream")
        admin.expect("stream_ended")
    finish = f"/api/livestreams/{stream}/recording/finish"
    assert_problem(api.post(finish), 409)
    Run(api, stream, mp4(), phone, 1, 5_000, "video/mp4").send_all()
    assert api.record(stream)["recording"]["status"] == "waiting"
    accepted = api.post(finish)
    assert accepted.status_code == 202
    first = processed(api, stream)
    assert first["status"] == "ready" and [run["status"] for run in first["runs"]] == ["given_up", "whole"]
    Run(api, stream, webm(), laptop, 1, 0).send_all()
    recording = until(lambda: (found := api.record(stream)["recording"])["runs"][0]["duration_ms"] > 0 and found, 30)
    assert recording["status"] == "ready" and 6_500 < recording["duration_ms"] < 7_500
    assert [(run["device"], run["status"]) for run in recording["runs"]] == [(laptop, "whole"), (phone, "whole")]


def test_a_run_that_is_whole_before_a_crash_is_in_the_replay(server, api, stream):
    run = Run(api, stream, webm(), DEVICES[0], 1, 0)
    run.send_all()
    server.kill()
    server.start()
    end_show(server, stream)
    assert processed(api, stream)["status"] == "ready"
    assert run.head() == len(webm())


def test_the_folder_is_made_by_whom_it_belongs_to(tmp_path):
    """Permissions of what a stranger should not read."""
    server = Server(tmp_path / "data").start()
    assert server.stop() == 0
    assert (tmp_path / "data" / "lock").stat().st_mode & 0o077 == 0
