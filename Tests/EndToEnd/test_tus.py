"""tus 1.0.0 by its book, and a client of it that nobody here wrote."""

import io

import pytest
from tusclient.client import TusClient

from media import Upload, encode, processed, webm
from vitrine import API, TOKEN, assert_problem

VERSION = {"Tus-Resumable": "1.0.0"}


def test_tuspy_uploads_and_goes_on(server, api, stream):
    address = f"{server.url}/api/livestreams/{stream}/recording"
    client = TusClient(address, headers={"Authorization": f"Bearer {TOKEN}"})
    metadata = {"filename": "my show.webm", "filetype": "video/webm"}
    upload = client.uploader(file_stream=io.BytesIO(webm()), chunk_size=10_000, metadata=metadata)
    upload.upload_chunk()
    assert upload.offset == 10_000
    server.kill()
    server.start()
    again = client.uploader(file_stream=io.BytesIO(webm()), chunk_size=50_000, url=upload.url)
    assert again.get_offset() == 10_000
    again.upload()
    assert processed(api, stream)["status"] == "ready"
    assert again.get_offset() == len(webm())


def test_the_end_is_told_when_its_answer_was_lost(server, api, stream):
    upload = Upload(api, stream, webm())
    upload.send_all(1)
    assert processed(api, stream)["status"] == "ready"
    for _ in range(2):
        answer = upload.request("HEAD", upload.path)
        assert answer.status_code == 200
        assert answer.headers["Upload-Offset"] == answer.headers["Upload-Length"] == str(len(webm()))
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Upload-Expires"].endswith(" GMT")
        assert upload.patch(len(webm()), len(webm())).status_code == 204  # nothing more
        assert upload.patch(0, 10).status_code == 409
        server.kill()
        server.start()
    assert api.record(stream)["recording"]["status"] == "ready"
    assert upload.request("DELETE", upload.path).status_code == 204
    assert upload.head() == 404
    assert api.get(f"/api/livestreams/{stream}/recording").status_code == 200
    broken = Upload(api, stream, b"nonsense")
    broken.send_all(1)
    assert processed(api, stream)["status"] == "failed" and broken.head() == 8


def test_every_answer_names_the_version(server, api, stream):
    path = f"/api/livestreams/{stream}/recording"
    somewhere = f"{path}/uploads/abcdefgh12345678"
    nobody = API(server.url, None)
    answers = [
        api.post(path), nobody.post(path, headers=VERSION), nobody.request("HEAD", somewhere, headers=VERSION),
        api.request("HEAD", somewhere, headers=VERSION), api.request("PUT", somewhere, headers=VERSION),
        api.request("OPTIONS", path), api.request("OPTIONS", somewhere), Upload(api, stream, webm()).answer,
        Upload(api, "does-not-exist", webm()).answer, api.request("PATCH", somewhere, headers={"Tus-Resumable": "0.1"}),
    ]
    assert [answer.status_code for answer in answers] == [412, 401, 401, 404, 405, 204, 204, 201, 404, 412]
    assert all(answer.headers["Tus-Resumable"] == "1.0.0" for answer in answers)
    assert all(answer.headers["Tus-Version"] == "1.0.0" for answer in answers if answer.status_code == 412)
    options = answers[5].headers
    assert options["Tus-Extension"] == "creation,termination,expiration" and int(options["Tus-Max-Size"]) > 0
    too_large = api.request("POST", path, headers={**VERSION, "Upload-Length": str(1 << 60)})
    assert_problem(too_large, 413)
    assert too_large.headers["Tus-Max-Size"] == options["Tus-Max-Size"]


def begin(api, stream, metadata, length=9, **headers):
    return api.request("POST", f"/api/livestreams/{stream}/recording", headers={
        **VERSION, "Upload-Length": str(length), **({"Upload-Metadata": metadata} if metadata is not None else {}), **headers})


@pytest.mark.parametrize("metadata", [
    None, "", "filetype dmlkZW8vd2VibQ==", "is_private, filetype dmlkZW8vd2VibQ==", "filetype dmlkZW8vd2VibQ,name",
    f"name {encode('Grüße, alle.webm')} , filetype  {encode('video/webm;codecs=vp8,opus')}", f"filetype {encode('VIDEO/MP4')}",
    f"filetype {encode('video/x-matroska;codecs=avc1,opus')}", f"type {encode('video/webm')}", "a,b,c",
])
def test_metadata_as_others_write_it(api, stream, metadata):
    answer = begin(api, stream, metadata)
    assert answer.status_code == 201, answer.text
    head = api.request("HEAD", answer.headers["Location"], headers=VERSION)
    assert head.headers.get("Upload-Metadata", "") == (metadata or "").strip()


@pytest.mark.parametrize("metadata, status", [
    ("filetype ?", 400), ("filetype a b", 400), (f"a {encode('1')},a {encode('2')}", 400), ("x" * 5_000, 400),
    (f"filetype {encode('video/quicktime')}", 422), (f"filetype {encode('text/html')}", 422),
    (f"device {encode('short')},run {encode('1')}", 422), (f"device {encode('device-01')},run {encode('0')}", 422),
    (f"device {encode('device-01')}", 422), (f"run {encode('1')}", 422),
    (f"device {encode('device-01')},run {encode('1')},starts_at_ms {encode('-5')}", 422),
    (f"device {encode('device-01')},run {encode('1')},starts_at_ms {encode('x')}", 422),
    (f"device {encode('device-01')},run {encode('1')},parts {encode('9@0')}", 422),
])
def test_metadata_that_cannot_be_meant(api, stream, metadata, status):
    assert_problem(begin(api, stream, metadata), status)
    assert api.record(stream)["recording"] is None


def test_a_length_that_is_not_known_yet_is_refused_in_words(api, stream):
    answer = api.request("POST", f"/api/livestreams/{stream}/recording", headers={**VERSION, "Upload-Defer-Length": "1"})
    assert "Upload-Length" in assert_problem(answer, 400)["detail"]


def test_post_stands_for_methods_that_a_network_does_not_let_through(api, stream):
    upload = Upload(api, stream, webm())
    override = lambda method, data=None, **headers: upload.request("POST", upload.path, data, **{
        "X-HTTP-Method-Override": method, **headers})
    piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    assert override("PATCH", webm()[:1_000], **piece).headers["Upload-Offset"] == "1000"
    assert override("HEAD").headers["Upload-Offset"] == "1000"
    assert_problem(override("PUT"), 405)
    assert override("DELETE").status_code == 204 and upload.head() == 404


def test_uploads_that_nobody_goes_on_with_end(start_server):
    server = start_server("--upload-expiry", "1s")
    stream = server.api.create()
    upload = Upload(server.api, stream, webm())
    assert upload.answer.headers["Upload-Expires"].endswith(" GMT")
    upload.patch(0, 500)
    server.kill()
    # Looked for at the start, then every quarter of an hour.
    while True:
        server.start()
        if upload.head() == 404:
            break
        server.kill()
    assert server.api.record(stream)["recording"] is None
