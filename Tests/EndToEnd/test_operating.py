"""The command line, TLS, and what a browser is told about safety."""

import os
import signal
import ssl
import stat
import subprocess
import sys
import time

import pytest
import requests
from websockets.sync.client import connect

from media import Upload, webm
from vitrine import BINARY, TOKEN, forget_dead_counters, free_port, until


def run(*arguments, environment=None):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=20,
                          env={**os.environ, **(environment or {})})


def test_bad_usage_ends_with_2_and_one_clear_line(tmp_path):
    forget_dead_counters()
    for arguments in (["serve", "--port", "x"], ["serve", "--nonsense"], ["serve", "--port", "70000"], ["dance"],
                      ["serve", "--log-level", "loud"], ["serve", "--tls-key", "k"], ["serve", "--admin-token", "short"],
                      ["serve", "--turn-url", "turn:x"], ["serve", "--store", "floppy"], ["serve", "--store", "mongodb://"],
                      ["serve", "--keep-chat", "soon"], ["serve", "--keep-recordings", "0d"], ["store", "copy", "x"],
                      ["store", "copy", "x", "x"], ["serve", "--config", "/none"],
                      ["serve", "--public-url", "nowhere"],
                      ["serve", "--public-url", "https://shop.example/live"], ["serve", "--upload-expiry", "soon"], ["serve", "--delivery", "pigeon"], ["serve", "--public-address", "here"], ["serve", "--relay-workers", "0"],
                      ["serve", "--ice-servers", "[oops"]):
        result = run(*arguments, "--data-folder", tmp_path / "d") if arguments[0] == "serve" else run(*arguments)
        assert result.returncode == 2, (arguments, result)
        assert result.stderr.startswith("vitrine: ") and result.stderr.count("\n") == 1, result.stderr


def test_trouble_ends_with_1_and_one_clear_line(server, tmp_path):
    taken = run("serve", "--port", server.port, "--data-folder", tmp_path / "other")
    assert taken.returncode == 1 and taken.stderr.splitlines()[-1].startswith("vitrine: ")
    # What is in the way, and what to do about it.
    assert f":{server.port}: another program" in taken.stderr and "--port" in taken.stderr
    (tmp_path / "file").write_text("")
    folder = run("serve", "--port", free_port(), "--data-folder", tmp_path / "file" / "data")
    assert folder.returncode == 1 and "data folder" in folder.stderr
    certificate = run("serve", "--port", free_port(), "--data-folder", tmp_path / "tls", "--tls-certificate", "/none",
                      "--tls-key", "/none")
    assert certificate.returncode == 1 and certificate.stderr.splitlines()[-1].startswith("vitrine: ")


def test_a_data_folder_that_can_not_be_written_stops_the_start(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    # Root may write wherever the file system lets it.
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no disk of our own can be mounted: {made.stderr.strip()}")
    try:
        for options in ((), ("--admin-token", TOKEN)):
            result = run("serve", "--port", free_port(), "--data-folder", folder, *options)
            assert result.returncode == 1
            assert result.stderr.startswith("vitrine: ") and result.stderr.count("\n") == 1, result.stderr
            assert str(folder) in result.stderr
    finally:
        subprocess.run(["umount", folder], check=True)


def test_help_explains_every_option_with_its_default():
    text = run("serve", "--help").stdout
    for option in ("host", "port", "data-folder", "store", "admin-token", "public-url", "tls-certificate", "tls-key",
                   "keep-chat", "keep-recordings", "ice-servers", "turn-url", "turn-secret", "allowed-origins", "admin-grace", "log-level", "config"):
        assert f"--{option}" in text
    assert text.count("(default: ") >= 15 and "VITRINE_" in text
    assert run("--help").returncode == 0


def test_settings_come_from_the_line_the_environment_and_a_file(tmp_path):
    (tmp_path / "config.json").write_text('{"data-folder": "%s", "port": 1, "admin-token": "from-the-file"}' % (tmp_path / "d"))
    port = free_port()
    process = subprocess.Popen([BINARY, "serve", "--config", tmp_path / "config.json"], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "VITRINE_PORT": str(port)})
    try:
        lines = [process.stdout.readline() for _ in range(3)]
        assert lines[2] == f"vitrine: listening on http://127.0.0.1:{port}\n", lines
        assert "token" in lines[1] and "from-the-file" not in "".join(lines)
        answer = requests.post(f"http://127.0.0.1:{port}/api/livestreams", json={"title": "x"}, timeout=5,
                               headers={"Authorization": "Bearer from-the-file"})
        assert answer.status_code == 201
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_a_made_token_is_kept_and_printed_and_logged_nowhere(tmp_path):
    links = []
    for _ in range(2):
        process = subprocess.Popen(
            [BINARY, "serve", "--port", "0", "--data-folder", tmp_path / "d", "--log-level", "trace"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = [process.stdout.readline() for _ in range(3)]
        process.terminate()
        _, log = process.communicate(timeout=10)
        token = lines[1].rsplit("#token=", 1)[1].strip()
        assert len(token) >= 32 and token not in log
        links.append(token)
    assert links[0] == links[1] == (tmp_path / "d" / "admin-token").read_text().strip()
    assert stat.S_IMODE((tmp_path / "d" / "admin-token").stat().st_mode) == 0o600


def test_a_second_signal_ends_at_once(start_server):
    server = start_server()
    os.kill(server.process.pid, signal.SIGTERM)
    os.kill(server.process.pid, signal.SIGTERM)
    began = time.monotonic()
    server.process.wait(5)
    assert time.monotonic() - began < 3


def test_a_download_under_way_does_not_keep_the_server_from_stopping(start_server):
    server = start_server()
    stream = server.api.create()
    Upload(server.api, stream, webm(30)).send_all()
    until(lambda: server.api.record(stream)["recording"]["status"] == "ready", 20)
    with requests.get(f"{server.url}/api/livestreams/{stream}/recording", stream=True, timeout=5):
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10


def test_tls_serves_pages_rest_and_signaling(start_server, tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    server = start_server("--tls-certificate", certificate, "--tls-key", key, scheme="https")
    answer = requests.get(server.url + "/healthz", verify=str(certificate), timeout=5)
    assert answer.json() == {"status": "ok"}
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    trust = ssl.create_default_context(cafile=str(certificate))
    with connect(server.ws_url, ssl=trust, origin=server.url, proxy=None) as socket:
        socket.send('{"type": "dance"}')
        assert "unknown_type" in socket.recv()
    until(lambda: requests.get(server.url + "/", verify=str(certificate), timeout=5).status_code == 200)


def test_every_answer_is_safe_to_show(server, api, stream):
    for path in ("/", "/admin/", f"/watch/{stream}", "/assets/shared/dom.js", f"/api/livestreams/{stream}", "/nothing"):
        headers = api.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src 'self'" in policy
        host = api.url.partition("//")[2]
        connect = next(part for part in policy.split("; ") if part.startswith("connect-src"))
        assert connect == f"connect-src 'self' ws://{host} wss://{host}", "sockets to its own host only"
        assert "Strict-Transport-Security" not in headers, "it is plain HTTP"
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"


def test_behind_a_proxy_that_speaks_https_browsers_are_held_to_it(start_server):
    server = start_server("--public-url", "https://live.example/")
    answer = requests.get(server.url + "/", headers={"Host": "live.example"}, timeout=5)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "wss://live.example" in answer.headers["Content-Security-Policy"]
    odd = requests.get(server.url + "/", headers={"Host": "x; script-src *"}, timeout=5)
    assert "script-src *" not in odd.headers["Content-Security-Policy"]


def test_no_token_or_address_is_logged(server, api, stream):
    api.post("/api/livestreams", {"title": ""})
    api.get(f"/api/livestreams/{stream}?token={TOKEN}")
    log = "".join(line for line in server.log if not line.startswith("vitrine:"))
    assert TOKEN not in log


# Runs a program where the kernel has three ports to give, and holds one of them for TCP.
WITH_FEW_PORTS = """
import os, socket, sys
open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("20000 20002")
held = socket.socket()
held.bind(("0.0.0.0", 20000))
held.listen()
held.set_inheritable(True)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_a_port_of_the_relay_that_is_taken_for_tcp_is_passed_over(start_server):
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        pytest.skip("no network namespaces here")
    for _ in range(6):
        server = start_server("--relay-port", "0", prefix=("unshare", "-n", sys.executable, "-c", WITH_FEW_PORTS))
        assert not [line for line in server.log if "without TCP" in line]
        assert server.stop() == 0
