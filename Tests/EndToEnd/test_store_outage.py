"""A store that goes away and comes back, in the middle of a show and at the start."""

import re
import time

import pytest
import requests

import mongo
from proxy import Proxy
from signaling_client import Client
from vitrine import assert_problem, until

# So that what is silent is given up in a test's time.
PATIENCE = "serverSelectionTimeoutMS=500&connectTimeoutMS=500&socketTimeoutMS=1500"


@pytest.fixture(params=[mongo.KIND])
def store(request):
    """A store's URI, and what stands between it and the server."""
    if mongo.GIVEN:
        pytest.skip("the proxy is made for the stand-in: a replica set names its own addresses")
    standin = mongo.StandIn()
    proxy = Proxy(standin.port)
    yield f"mongodb://127.0.0.1:{proxy.port}/outage?{PATIENCE}", proxy
    proxy.close()
    standin.stop()


def metric(server, name):
    text = requests.get(f"{server.url}/metrics", timeout=5).text
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE).group(1))


def ready(server):
    return requests.get(f"{server.url}/readyz", timeout=15).status_code == 200


def live_show(server):
    stream = server.api.create("Through an outage")
    admin = Client.admin(server, stream)
    admin.send("start_stream")
    admin.expect("stream_started")
    return stream, admin, Client(server, stream, name="Ada")


@pytest.mark.parametrize("way", ["refuse", "hang", "cut"])
def test_a_show_goes_on_while_the_store_is_away_and_nothing_of_it_is_lost(start_server, store, way):
    uri, proxy = store
    server = start_server("--store", uri)
    stream, admin, customer = live_show(server)
    admin.send("chat", text="before")
    customer.expect("chat_message", text="before")

    proxy.become(way)
    said = [f"meanwhile {number}" for number in range(20)]
    for text in said:
        admin.send("chat", text=text)
        customer.expect("chat_message", timeout=15, text=text)
    for _ in range(10):
        customer.send("like")
    admin.expect("stream_update", timeout=15, likes=10)
    answer = server.api.post("/api/livestreams", {"title": "Not now"})
    assert_problem(answer, 503)
    assert answer.headers["Retry-After"]
    assert not ready(server) and requests.get(f"{server.url}/healthz", timeout=5).status_code == 200
    assert metric(server, "vitrine_store_waiting_writes") >= 20

    proxy.become("pass")
    until(lambda: metric(server, "vitrine_store_waiting_writes") == 0 and ready(server), 15, "the store")
    admin.send("chat", text="after")
    customer.expect("chat_message", text="after")
    kept = server.api.all(f"/api/livestreams/{stream}/chat")
    assert [message["text"] for message in kept] == ["before", *said, "after"], "in order, once each"
    assert sum(batch["count"] for batch in server.api.all(f"/api/livestreams/{stream}/likes")) == 10
    assert server.api.record(stream)["likes"] == 10
    assert metric(server, "vitrine_store_refused_writes_total") == 0


def test_what_the_queue_has_no_room_for_is_refused_and_counted(start_server, store):
    uri, proxy = store
    server = start_server("--store", uri, "--store-queue", "5")
    stream, admin, customer = live_show(server)
    proxy.become("refuse")
    for number in range(12):
        admin.send("chat", text=f"message {number}")
    # The most viewers at once may be among the five.
    until(lambda: metric(server, "vitrine_store_refused_writes_total") >= 7, 15, "refusals")
    announced = [message["text"] for message in customer.settle() if message["type"] == "chat_message"]
    refusals = [message for message in admin.settle() if message["type"] == "error"]
    assert 3 <= len(announced) <= 5 and len(announced) + len(refusals) == 12
    assert {message["code"] for message in refusals} == {"unavailable"}
    proxy.become("pass")
    until(lambda: metric(server, "vitrine_store_waiting_writes") == 0 and ready(server), 15, "the store")
    kept = server.api.all(f"/api/livestreams/{stream}/chat")
    assert [message["text"] for message in kept] == announced


def test_a_server_that_starts_before_its_store_is_ready_when_the_store_comes(start_server, store):
    uri, proxy = store
    proxy.become("refuse")
    server = start_server("--store", uri)
    assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200
    assert_problem(requests.get(f"{server.url}/readyz", timeout=15), 503)
    assert_problem(server.api.get("/api/livestreams"), 503)
    proxy.become("pass")
    began = time.monotonic()
    until(lambda: ready(server), 10, "the store")
    assert time.monotonic() - began < 8
    assert server.api.create("Now")


def test_a_stop_while_the_store_is_away_says_what_is_lost(start_server, store):
    uri, proxy = store
    server = start_server("--store", uri)
    _, admin, customer = live_show(server)
    proxy.become("refuse")
    admin.send("chat", text="for those who are here")
    customer.expect("chat_message", timeout=15, text="for those who are here")
    assert server.stop() == 0
    assert any("writes are lost" in line for line in server.log)
