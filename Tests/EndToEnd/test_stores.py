"""Where records are kept: the same server on MongoDB, moving from one store to another, keeping for a time."""

import os
import pty
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import mongo
from media import Upload, webm
from signaling_client import Client
from vitrine import API, BINARY, until


@pytest.fixture(params=[mongo.KIND])
def mongodb(request):
    with mongo.database() as uri:
        yield uri


def copy(*stores, **options):
    return subprocess.run([BINARY, "store", "copy", *map(str, stores)], capture_output=True, text=True, timeout=60, **options)


def show(server, api):
    """A show with chat, likes and a pinned product, that has ended."""
    stream = api.create("From store to store")
    product = api.add_product(stream)
    admin = Client.admin(server, stream)
    admin.send("start_stream")
    admin.expect("stream_started")
    assert api.request("PUT", f"/api/livestreams/{stream}/products/{product}/pin").status_code == 200
    customer = Client(server, stream, name="Ada")
    for number in range(4):
        customer.send("chat", text=f"message {number}")
        customer.expect("chat_message", text=f"message {number}")
    for _ in range(7):
        customer.send("like")
    customer.expect("stream_update", likes=7)
    admin.send("end_stream")
    admin.expect("stream_ended")
    for client in (admin, customer):
        client.close()
    until(lambda: api.record(stream)["viewer_count"] == 0)
    return stream


def everything(api, stream):
    path = f"/api/livestreams/{stream}"
    return [api.record(stream), api.all(f"{path}/chat"), api.all(f"{path}/likes"), api.all(f"{path}/products")]


def test_a_show_is_kept_in_mongodb_over_a_crash(start_server, mongodb):
    server = start_server("--store", mongodb)
    stream = show(server, server.api)
    before = everything(server.api, stream)
    assert before[0]["likes"] == 7 and len(before[1]) == 4 and before[0]["pinned_products"]
    server.kill()
    server.start()
    assert everything(server.api, stream) == before
    assert not list(server.data_folder.glob("*.sqlite*"))
    assert server.api.request("DELETE", f"/api/livestreams/{stream}").status_code == 204
    assert server.api.get(f"/api/livestreams/{stream}").status_code == 404


def test_no_secret_of_a_store_is_logged(start_server, tmp_path):
    uri = "mongodb://ada:s3cr3t@127.0.0.1:1/shop?serverSelectionTimeoutMS=200&tlsCertificateKeyFilePassword=s3cr3t"
    result = subprocess.run(
        [BINARY, "store", "copy", uri, tmp_path], capture_output=True, text=True, timeout=30)
    assert result.returncode == 1 and "127.0.0.1:1/shop" in result.stderr
    assert "s3cr3t" not in result.stderr + result.stdout


def test_a_shop_moves_from_sqlite_to_mongodb_and_back(start_server, mongodb, tmp_path):
    server = start_server()
    stream = show(server, server.api)
    before = everything(server.api, stream)
    server.stop()
    there = copy(server.data_folder, mongodb)
    assert there.returncode == 0, there.stderr
    assert "copied 1 livestreams with" in there.stdout and "both stores agree" in there.stdout
    assert "vitrine: checking: 1 of 1 livestreams" in there.stderr and "\r" not in there.stderr
    assert copy(server.data_folder, mongodb).returncode == 0, "it may be started again"
    back = copy(mongodb, f"sqlite:{tmp_path}/back/shop.sqlite")
    assert back.returncode == 0, back.stderr
    for store in (mongodb, f"sqlite:{tmp_path}/back/shop.sqlite"):
        moved = start_server("--store", store)
        assert everything(moved.api, stream) == before
        moved.stop()


def test_a_copy_that_can_not_be_made_says_why(start_server, mongodb, tmp_path):
    absent = copy(tmp_path / "nothing", mongodb)
    assert absent.returncode == 1 and "there is no store" in absent.stderr
    server = start_server("--store", mongodb)
    server.api.create("Not in the other")
    server.stop()
    (tmp_path / "empty").mkdir()
    source = start_server()
    source.stop()
    foreign = copy(source.data_folder, mongodb)
    assert foreign.returncode == 1 and "copy into an empty store" in foreign.stderr
    assert foreign.stderr.splitlines()[-1].startswith("vitrine: ")


def test_a_copy_shows_a_bar_on_a_terminal(start_server, tmp_path):
    server = start_server()
    server.api.create("One")
    server.stop()
    controller, terminal = pty.openpty()
    result = subprocess.run([BINARY, "store", "copy", server.data_folder, tmp_path / "to"], stdout=subprocess.DEVNULL,
                            stderr=terminal, timeout=30)
    os.close(terminal)
    shown = os.read(controller, 4_096).decode()
    os.close(controller)
    assert result.returncode == 0 and "\rchecking [##############################] 1 of 1 livestreams" in shown


def test_chat_and_recordings_are_kept_as_long_as_asked(start_server):
    server = start_server()
    stream = show(server, server.api)
    Upload(server.api, stream, webm(1)).send_all()
    until(lambda: server.api.record(stream)["recording"]["status"] == "ready", 20)
    path = f"/api/livestreams/{stream}"
    server.stop()
    server.options = ("--keep-chat", "1h", "--keep-recordings", "1h")
    server.start()
    assert len(server.api.all(f"{path}/chat")) == 4 and server.api.get(f"{path}/recording").status_code == 200
    server.stop()
    ended = time.monotonic()
    server.options = ("--keep-chat", "1s", "--keep-recordings", "1s")
    until(lambda: time.monotonic() - ended > 1.1)
    server.start()
    until(lambda: server.api.all(f"{path}/chat") == [] and server.api.record(stream)["recording"] is None)
    assert server.api.get(f"{path}/recording").status_code == 404
    assert not list((server.data_folder / "recordings").glob("*.webm"))
    assert server.api.record(stream)["likes"] == 7


def test_of_changes_at_the_same_time_a_show_keeps_the_one_that_the_store_keeps(start_server, mongodb):
    server = start_server("--store", mongodb)
    apis = [API(server.url) for _ in range(8)]
    stream = server.api.create()
    with Client(server, stream), ThreadPoolExecutor(len(apis)) as executor:
        for attempt in range(40):
            change = lambda number: apis[number].request(
                "PATCH", f"/api/livestreams/{stream}", json={"title": f"Attempt {attempt}, title {number}"})
            list(executor.map(change, range(len(apis))))
            with Client(server, stream) as late:
                assert late.joined["stream"]["title"] == server.api.record(stream)["title"]
