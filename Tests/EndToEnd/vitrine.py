"""The real server as a process of its own, and a client of its REST API."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build" / "release" / "vitrine"
OUTPUT = ROOT / "test-output"
TOKEN = "test-admin-token"


def until(condition, timeout=10.0, what="the condition"):
    """What `condition` returns, as soon as that is true. Fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {timeout} s")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def forget_dead_counters():
    """libmongoc's counters of processes that were killed: one that gets such a process's id complains of them."""
    for file in pathlib.Path("/dev/shm").glob("mongoc-*"):
        if not pathlib.Path(f"/proc/{file.name.partition('-')[2]}").exists():
            file.unlink(missing_ok=True)


class Server:
    """`vitrine serve` on a port and a data folder that stay the same over restarts."""

    def __init__(self, data_folder, *options, scheme="http", environment=None, address="127.0.0.1", prefix=()):
        self.data_folder = pathlib.Path(data_folder)
        self.port = free_port()
        self.options = options
        self.environment = environment or {}
        # Where it is reached, and what starts it: in a network namespace both are others.
        self.prefix = prefix
        self.url = f"{scheme}://{address}:{self.port}"
        self.ws_url = self.url.replace("http", "ws", 1) + "/ws"
        self.log = []
        self.process = None

    def start(self):
        command = [*self.prefix, BINARY, "serve", "--port", self.port, "--data-folder", self.data_folder, "--admin-token", TOKEN,
                   "--log-level", "debug", *self.options]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **self.environment})
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process.stdout, ready), daemon=True).start()
        if not ready.wait(20):
            self.process.kill()
            raise AssertionError("the server did not say that it listens:\n" + "".join(self.log[-20:]))
        return self

    def _read(self, lines, ready):
        for line in lines:
            self.log.append(line)
            if line.startswith("vitrine: listening on "):
                ready.set()

    def kill(self):
        """As a crash would: at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        forget_dead_counters()

    def stop(self):
        """As an operator would. Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(12)

    @property
    def api(self):
        return API(self.url)


class API:
    """The REST API as the admin, or with `token=None` as anybody."""

    def __init__(self, url, token=TOKEN):
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def request(self, method, path, **options):
        return self.session.request(method, self.url + path, timeout=15, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.request("POST", path, json=json, **options)

    def create(self, title="A show", **fields):
        answer = self.post("/api/livestreams", {"title": title, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def record(self, stream):
        answer = self.get(f"/api/livestreams/{stream}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def add_product(self, stream, title="Mug", amount="19.90"):
        fields = {"title": title, "price": {"amount": amount, "currency": "EUR"}}
        answer = self.post(f"/api/livestreams/{stream}/products", fields)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def all(self, path, **query):
        """Every item of a list, part by part."""
        items, cursor = [], None
        while True:
            page = self.get(path, params={"limit": 100, **query, **({"cursor": cursor} if cursor else {})}).json()
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items


def assert_problem(answer, status):
    """The documented form of an error (RFC 9457)."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] and problem["title"] and problem["detail"]
    return problem
