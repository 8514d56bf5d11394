"""Uploads that are interrupted, and replays in ranges."""

import os
import socket

import pytest
import requests

from media import Upload, mp4, processed, webm
from vitrine import API, TOKEN, assert_problem, until


def test_an_upload_becomes_a_replay_that_seeks(server, api, stream):
    assert_problem(api.get(f"/api/livestreams/{stream}/recording"), 404)
    options = api.request("OPTIONS", f"/api/livestreams/{stream}/recording")
    assert options.status_code == 204 and options.headers["Tus-Version"] == "1.0.0"
    assert "creation" in options.headers["Tus-Extension"] and int(options.headers["Tus-Max-Size"]) > 1 << 30

    upload = Upload(api, stream, webm(), "video/webm;codecs=vp8,opus")
    assert upload.answer.status_code == 201 and upload.answer.headers["Tus-Resumable"] == "1.0.0"
    assert upload.head() == 0
    assert api.record(stream)["recording"]["status"] == "uploading"
    assert_problem(api.get(f"/api/livestreams/{stream}/recording"), 404)
    upload.send_all()
    recording = processed(api, stream)
    assert recording["status"] == "ready" and recording["mime_type"] == "video/webm"
    assert 2_800 < recording["duration_ms"] < 3_300

    url = server.url + recording["url"]
    whole = requests.get(url, timeout=5)
    assert whole.status_code == 200 and len(whole.content) == recording["size_bytes"]
    assert whole.headers["Content-Type"] == "video/webm" and whole.headers["Accept-Ranges"] == "bytes"
    size, etag = len(whole.content), whole.headers["ETag"]
    for range, begin, end in [("bytes=0-99", 0, 99), ("bytes=100-", 100, size - 1), ("bytes=-50", size - 50, size - 1),
                              (f"bytes=5-{size * 2}", 5, size - 1), (f"bytes=-{size * 2}", 0, size - 1)]:
        part = requests.get(url, headers={"Range": range, "If-Range": etag}, timeout=5)
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {begin}-{end}/{size}"
        assert part.content == whole.content[begin:end + 1]
    for range in ("bytes=999999999-", f"bytes={size}-", "bytes=-0"):
        answer = requests.get(url, headers={"Range": range}, timeout=5)
        assert_problem(answer, 416)
        assert answer.headers["Content-Range"] == f"bytes */{size}"
    for range in ("bytes=9-3", "bytes=x-y", "lines=1-2", "bytes=--5", "bytes=1-2,4-5"):
        assert requests.get(url, headers={"Range": range}, timeout=5).status_code == 200
    assert requests.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'}, timeout=5).status_code == 200
    assert requests.get(url, headers={"If-None-Match": etag}, timeout=5).status_code == 304
    head = requests.head(url, timeout=5)
    assert head.status_code == 200 and head.headers["Content-Length"] == str(size) and head.content == b""

    assert api.request("DELETE", f"/api/livestreams/{stream}").status_code == 204
    assert_problem(requests.get(url, timeout=5), 404)


def test_a_replay_is_closed_however_its_request_ends(server, api, stream):
    Upload(api, stream, webm()).send_all()
    url = server.url + processed(api, stream)["url"]
    etag = requests.head(url, timeout=5).headers["ETag"]
    files = lambda: len(os.listdir(f"/proc/{server.process.pid}/fd"))
    before = files()
    for _ in range(50):
        requests.head(url, timeout=5)
        requests.get(url, headers={"If-None-Match": etag}, timeout=5)
        requests.get(url, headers={"Range": "bytes=999999999-"}, timeout=5)
        requests.get(url, timeout=5, stream=True).close()  # unread
    until(lambda: files() <= before + 5, what="the files to be closed")


def test_an_upload_goes_on_where_a_crash_stopped_it(server, api, stream):
    data = webm()
    upload = Upload(api, stream, data)
    assert upload.patch(0, 20_000).headers["Upload-Offset"] == "20000"
    server.kill()
    server.start()
    assert upload.head() == 20_000
    upload.send_all()
    assert processed(api, stream)["status"] == "ready"


def test_a_piece_that_stops_half_way_is_kept_as_far_as_it_came(server, api, stream):
    data = webm()
    upload = Upload(api, stream, data)
    head = (f"PATCH {upload.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nTus-Resumable: 1.0.0\r\n"
            f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\nContent-Length: {len(data)}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as raw:
        raw.sendall(head.encode() + data[:5_000])
    kept = until(lambda: upload.head(), what="the bytes that came")
    assert 0 < kept <= 5_000
    upload.send_all()
    assert processed(api, stream)["status"] == "ready"


def test_two_parts_keep_the_time_between_them(api, stream):
    first, second = webm(2), webm(1)
    upload = Upload(api, stream, first + second, parts=f"{len(first)}@0,{len(second)}@5000")
    upload.send_all()
    recording = processed(api, stream)
    assert recording["status"] == "ready" and 5_800 < recording["duration_ms"] < 6_300


def test_the_bytes_tell_what_they_are(api, stream):
    upload = Upload(api, stream, mp4(), filetype=None)
    upload.send_all()
    recording = processed(api, stream)
    assert recording["status"] == "ready" and recording["mime_type"] == "video/mp4"
    replay = api.get(recording["url"])
    assert replay.headers["Content-Type"] == "video/mp4"
    assert replay.content.index(b"moov") < replay.content.index(b"mdat")  # the index is at the front


def test_what_is_no_upload_is_refused(api, stream):
    data = webm()
    path = f"/api/livestreams/{stream}/recording"
    assert_problem(API(api.url, None).post(path), 401)
    assert_problem(api.post(path), 412)
    ask = lambda **headers: api.request("POST", path, headers={"Tus-Resumable": "1.0.0", **headers})
    assert_problem(ask(**{"Upload-Metadata": "filetype dmlkZW8vd2VibQ=="}), 400)
    assert_problem(ask(**{"Upload-Length": "x", "Upload-Metadata": "filetype dmlkZW8vd2VibQ=="}), 400)
    assert_problem(ask(**{"Upload-Length": "0", "Upload-Metadata": "filetype dmlkZW8vd2VibQ=="}), 422)
    assert_problem(ask(**{"Upload-Length": str(1 << 60), "Upload-Metadata": "filetype dmlkZW8vd2VibQ=="}), 413)
    assert_problem(ask(**{"Upload-Length": "5", "Upload-Metadata": "filetype ???"}), 400)
    assert_problem(Upload(api, stream, data, "text/html").answer, 422)
    assert_problem(Upload(api, stream, data, parts="1@0").answer, 422)
    assert_problem(Upload(api, stream, data, parts="nonsense").answer, 422)
    assert_problem(Upload(api, "does-not-exist", data).answer, 404)
    assert api.record(stream)["recording"] is None


def test_a_wrong_piece_is_refused_and_the_upload_stays(api, stream):
    data = webm()
    upload = Upload(api, stream, data)
    upload.patch(0, 1_000)
    problem = upload.patch(0, 10, offset=7)
    assert_problem(problem, 409)
    assert problem.headers["Upload-Offset"] == "1000"
    assert_problem(upload.patch(0, 10, offset=-1), 400)
    assert_problem(upload.patch(0, 10, offset="x"), 400)
    assert_problem(upload.patch(1_000, 1_010, **{"Content-Type": "video/webm"}), 415)
    assert_problem(upload.patch(1_000, 1_010, **{"Tus-Resumable": "0.2.2"}), 412)
    upload.data = data + b"more"
    assert_problem(upload.patch(1_000, len(upload.data)), 413)
    upload.data = data
    assert upload.head() == 1_000
    assert api.request("HEAD", upload.path, headers={"Tus-Resumable": "1.0.0", "Authorization": "Bearer no"}).status_code == 401
    other = api.create()
    wrong = upload.path.replace(stream, other)
    assert upload.request("HEAD", wrong).status_code == 404
    upload.send_all()
    assert processed(api, stream)["status"] == "ready"


def test_what_is_no_video_fails_and_serves_nothing(api, stream):
    Upload(api, stream, b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n" * 10).send_all(1)
    assert processed(api, stream)["status"] == "failed"
    assert_problem(api.get(f"/api/livestreams/{stream}/recording"), 404)
    Upload(api, stream, webm()).send_all()
    until(lambda: api.record(stream)["recording"]["status"] == "ready", 20)
    Upload(api, stream, b"nonsense").send_all(1)
    until(lambda: api.record(stream)["recording"]["status"] == "failed", 20)
    assert api.get(f"/api/livestreams/{stream}/recording").status_code == 200  # the whole one is still there


def test_an_upload_can_be_given_up(api, stream):
    upload = Upload(api, stream, webm())
    assert upload.request("DELETE", upload.path).status_code == 204
    assert upload.head() == 404
    assert api.record(stream)["recording"] is None
