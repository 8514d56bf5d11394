"""Sessions that outlive their sockets: what is dead is noticed, what was said is kept, who was let in stays."""

import contextlib
import subprocess
import sys
import time

import pytest

from netns import SERVER, Network, Unavailable
from signaling_client import Client
from test_http_doors import viewer_token
from vitrine import TOKEN, Server, until

SECRET = "a shop's own secret, long enough"


def said(api, stream):
    return [message["text"] for message in api.all(f"/api/livestreams/{stream}/chat")]


def test_a_quiet_socket_hears_a_beat(server, stream):
    with Client(server, stream) as client:
        begin = time.monotonic()
        client.expect("beat", timeout=8)
        assert 3 < time.monotonic() - begin < 8
        # Whoever hears something else needs none.
        assert not any(message["type"] == "beat" for message in client.messages[:-1])


def test_a_client_whose_network_went_is_noticed_within_ten_seconds(tmp_path):
    with contextlib.ExitStack() as stack:
        try:
            network = stack.enter_context(Network(["phone"]))
        except Unavailable as reason:
            pytest.skip(str(reason))
        server = Server(tmp_path / "data", "--host", "0.0.0.0", address=SERVER, prefix=network.server_prefix).start()
        try:
            stream = server.api.create()
            with Client(server, stream) as watcher:
                script = ("import sys, json, time; from websockets.sync.client import connect\n"
                          f"socket = connect('{server.ws_url}', proxy=None)\n"
                          f"socket.send(json.dumps(dict(type='join', stream_id='{stream}', role='customer')))\n"
                          "print(socket.recv(), flush=True)\n"
                          "while True: socket.recv()")
                phone = subprocess.Popen(
                    [network.program("phone", "/usr/bin/env"), sys.executable, "-c", script],
                    stdout=subprocess.PIPE, text=True)
                assert "joined" in phone.stdout.readline()
                watcher.expect("stream_update", viewer_count=2)
                network.silence("phone")
                begin = time.monotonic()
                watcher.expect("stream_update", timeout=12, viewer_count=1)
                assert time.monotonic() - begin < 10
                phone.kill()
                phone.wait()
        finally:
            server.stop()


def test_a_line_sent_again_is_one_line_over_a_reconnect_and_a_crash(server, api, stream):
    line = {"text": "hello", "client_message_id": "line-1"}
    with Client(server, stream, name="Ada") as ada:
        ada.send("chat", **line)
        accepted = ada.expect("chat_accepted", client_message_id="line-1")
        ada.send("chat", **line)
        assert ada.expect("chat_accepted")["id"] == accepted["id"]
    with Client(server, stream, name="Ada") as ada:
        ada.send("chat", **line)
        assert ada.expect("chat_accepted")["id"] == accepted["id"]
    server.kill()
    server.start()
    with Client(server, stream, name="Ada") as ada, Client(server, stream, name="Bob") as bob:
        ada.send("chat", **line)
        assert ada.expect("chat_accepted")["id"] == accepted["id"]
        bob.send("chat", **line)  # somebody else's of the same name is another
        assert bob.expect("chat_accepted")["id"] != accepted["id"]
    assert said(api, stream) == ["hello", "hello"]


def test_a_line_whose_acknowledgement_died_with_the_server_is_one_line(server, api, stream):
    """Killed at whatever moment: what is sent again until it is acknowledged is there once."""
    lines = [f"line {number}" for number in range(12)]
    with Client.admin(server, stream) as host:  # whom no rate limits
        for number, text in enumerate(lines):
            host.send("chat", text=text, client_message_id=f"line-{number}")
        host.receive()
        server.kill()
    server.start()
    with Client.admin(server, stream) as host:
        for number, text in enumerate(lines):
            host.send("chat", text=text, client_message_id=f"line-{number}")
        for number in range(len(lines)):
            host.expect("chat_accepted", client_message_id=f"line-{number}")
    assert sorted(said(api, stream)) == sorted(lines)


def test_likes_in_batches_count_once(server, api, stream):
    with Client.admin(server, stream) as host, Client(server, stream) as fan:
        host.send("start_stream")
        fan.expect("stream_started")
        for _ in range(2):
            fan.send("like", count=9, client_batch_id="batch-1")
            fan.expect("likes_accepted", client_batch_id="batch-1")
        fan.send("like", count=21)
        fan.expect("error", code="invalid_message")
        server.kill()
        server.start()
    with Client(server, stream) as fan:
        fan.send("like", count=9, client_batch_id="batch-1")
        fan.expect("likes_accepted")
        fan.send("like", count=1, client_batch_id="batch-2")
        fan.expect("stream_update", likes=10)
    assert api.record(stream)["likes"] == 10


def test_a_session_goes_on_without_the_viewers_token(start_server):
    server = start_server(environment={"VITRINE_VIEWER_TOKEN_SECRET": SECRET})
    stream = server.api.create()
    first = Client(server, stream, token=viewer_token(SECRET, stream_id=stream))
    resume = first.joined["resume_token"]
    first.close()
    with Client(server, stream, resume_token=resume) as back:
        assert back.id == first.id
        server.kill()
        server.start()
    with Client(server, stream, resume_token=resume) as again:
        assert again.id == first.id
    other = server.api.create("Another")
    for join in ({"stream_id": other, "resume_token": resume}, {"stream_id": stream, "resume_token": resume[:-1] + "0"},
                 {"stream_id": stream, "resume_token": resume.replace("customer", "admin"), "role": "admin"},
                 {"stream_id": stream}):
        stranger = Client.raw(server)
        stranger.send("join", **{"role": "customer", **join})
        assert stranger.expect("error")["code"] in ("unauthorized", "not_found")
        stranger.expect_close(4401)


def test_who_comes_back_before_his_old_socket_is_known_to_be_dead_is_one_viewer(server, api, stream):
    first = Client(server, stream)
    with Client(server, stream, resume_token=first.joined["resume_token"]) as back:
        assert back.id == first.id
        first.expect_close(4409)
        until(lambda: api.record(stream)["viewer_count"] == 1, what="one viewer")
        back.send("chat", text="I am back")
        assert back.expect("chat_message")["text"] == "I am back"


def test_a_name_changes_without_a_new_socket(server, stream):
    with Client(server, stream, name="Ada") as client:
        client.send("rename", name="Ada Lovelace")
        client.expect("renamed", name="Ada Lovelace")
        client.send("chat", text="hello")
        assert client.expect("chat_message")["name"] == "Ada Lovelace"


def test_an_admin_who_looks_on_replaces_nobody(server, api, stream):
    with Client.admin(server, stream) as host:
        assert host.joined["has_place"]
        host.send("start_stream")
        started = host.expect("stream_started")["stream"]
        assert started["broadcaster"] == "studio" == api.record(stream)["broadcaster"]
        with Client(server, stream, role="admin", token=TOKEN, place="none") as helper:
            assert not helper.joined["has_place"]
        with Client(server, stream, role="admin", token=TOKEN, place="none") as other:
            host.settle()
            other.send("take_over")
            other.expect("place_changed", has_place=True, broadcaster="studio")
            host.expect("error", code="replaced")
            host.expect_close(4409)
            other.send("end_stream")
            assert other.expect("stream_ended")["stream"]["broadcaster"] is None
