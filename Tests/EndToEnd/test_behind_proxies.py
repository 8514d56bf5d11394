"""A whole show behind the proxies that docs/operating.md describes, with the configurations that stand there."""

import contextlib
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from websockets.sync.client import connect

from relay_clients import Loop, Peer
from signaling_client import Client
from vitrine import API, ROOT, TOKEN, free_port, until

GUIDE = (ROOT / "docs" / "operating.md").read_text()


def configuration(language, server, **replacements):
    """The guide's example, for this server and without HTTPS."""
    text = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)[1]
    for old, new in {"127.0.0.1:8080": f"127.0.0.1:{server.port}", **replacements}.items():
        assert old in text, f"the guide's {language} has no {old}"
        text = text.replace(old, new)
    return text


def program(name):
    beside = Path(sys.executable).with_name(name)
    found = beside if beside.exists() else shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
    assert found, f"{name} isn't installed: scripts/setup --tests"
    return str(found)


def nginx(server, port, folder):
    text = configuration("nginx", server, **{"listen 443 ssl": f"listen 127.0.0.1:{port}"})
    text = re.sub(r"\n *ssl_certificate.*", "", text)
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; events {{}} http {{ access_log off; {paths}\n{text}}}")
    return [program("nginx"), "-e", "stderr", "-c", f"{folder}/nginx.conf"], {}


def caddy(server, port, folder):
    text = configuration("caddy", server, **{"live.example {": f"http://127.0.0.1:{port} {{"})
    (folder / "Caddyfile").write_text("{\n    admin off\n}\n" + text)
    return ([program("caddy"), "run", "--config", f"{folder}/Caddyfile", "--adapter", "caddyfile"],
            {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)})


def traefik(server, port, folder):
    text = configuration("yaml", server, **{"Host(`live.example`)": "PathPrefix(`/`)", "websecure": "web", "      tls: {}\n": ""})
    (folder / "vitrine.yaml").write_text(text)
    return [program("traefik"), f"--entrypoints.web.address=127.0.0.1:{port}", f"--providers.file.filename={folder}/vitrine.yaml",
            "--global.checknewversion=false", "--global.sendanonymoususage=false"], {}


class Behind:
    """The server as it is reached through a proxy."""

    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/ws"
        self.api = API(self.url)


@pytest.fixture(params=[nginx, caddy, traefik], ids=lambda proxy: proxy.__name__)
def behind(request, server, tmp_path):
    port = free_port()
    folder = tmp_path / "proxy"
    folder.mkdir()
    command, environment = request.param(server, port, folder)
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)

    def is_up():
        assert process.poll() is None, (folder / "log").read_text()[-2_000:]
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200

    try:
        until(is_up, 20, "the proxy")
        yield Behind(port)
    finally:
        process.terminate()
        process.wait(15)


def test_a_whole_show(behind):
    api, loop = behind.api, Loop()
    stream = api.create("Behind a proxy")
    admin = Client.admin(behind, stream)
    customers = []
    for number in range(5):  # each on a connection that the proxy has used for something else
        for _ in range(3):
            assert api.record(stream)["status"] == "scheduled"
        customers.append(Client(behind, stream, name=f"Ada {number}"))
    with connect(behind.ws_url, origin=behind.url, proxy=None, legacy=True):
        pass  # as a page's browser does
    customers[0].send("chat", text="hello")
    for client in (admin, *customers):
        assert client.expect("chat_message", text="hello")["name"] == "Ada 0"

    publisher = Peer(loop).connect(f"{behind.url}/whip/{stream}", TOKEN, publishes=True)
    customers[1].expect("stream_started")
    viewer = Peer(loop).connect(f"{behind.url}/whep/{stream}")
    until(lambda: viewer.frames > 10, 20, "frames")
    options = requests.options(f"{behind.url}/whep/{stream}", timeout=5)
    assert (options.status_code, options.headers["Accept-Post"]) == (204, "application/sdp")
    assert requests.delete(behind.url + viewer.location, timeout=5).status_code == 200

    admin.send("end_stream")
    for client in customers:
        client.expect("stream_ended")
    assert api.record(stream)["status"] == "ended"
    assert [message["text"] for message in api.all(f"/api/livestreams/{stream}/chat")] == ["hello"]
    for client in (admin, *customers, viewer, publisher):
        client.close()
    loop.close()


def test_an_upgrade_that_is_refused_harms_nobody_else(behind):
    for _ in range(6):
        with socket.create_connection(("127.0.0.1", behind.port), 5) as wire:
            wire.sendall(f"GET /ws HTTP/1.1\r\nHost: {behind.url[7:]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                         "Origin: https://evil.example\r\n\r\n".encode())
            assert b" 403 " in wire.recv(4_096).split(b"\r\n")[0]
        assert behind.api.get("/healthz").status_code == 200
    stream = behind.api.create()
    with Client(behind, stream) as client:
        client.settle()
