"""The rules of the signaling, as docs/protocol.md has them."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from signaling_client import Client
from vitrine import until


def start(admin):
    admin.send("start_stream")
    admin.expect("stream_started")


def test_joining_tells_everything_that_a_page_needs(server, api, stream):
    client = Client(server, stream, name="Ada")
    assert client.joined["stream"] == {**api.record(stream), "viewer_count": client.joined["stream"]["viewer_count"],
                                       "peak_viewer_count": client.joined["stream"]["peak_viewer_count"]}
    assert client.joined["chat"] == [] and client.joined["ice_servers"] == []
    assert client.joined["now"].endswith("Z")
    assert client.expect("stream_update", viewer_count=1)
    assert api.record(stream)["viewer_count"] == 1


def test_viewers_are_counted_as_they_come_and_go(server, api, stream):
    admin = Client.admin(server, stream)
    customers = [Client(server, stream) for _ in range(5)]
    admin.expect("stream_update", viewer_count=5)
    for customer in customers[:3]:
        customer.close()
    admin.expect("stream_update", viewer_count=2)
    record = api.record(stream)
    assert record["viewer_count"] == 2 and record["peak_viewer_count"] == 5


def test_offer_answer_and_candidates_go_to_their_peer(server, stream):
    admin = Client.admin(server, stream)
    early, bystander = Client(server, stream), Client(server, stream)
    start(admin)
    invited = {admin.expect("viewer_joined")["viewer_id"] for _ in range(2)}
    assert invited == {early.id, bystander.id}
    assert early.expect("path_selected")["path"] == "direct"
    bystander.expect("path_selected")
    late = Client(server, stream)
    assert admin.expect("viewer_joined")["viewer_id"] == late.id

    candidate = {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
    admin.send("webrtc_offer", to=early.id, sdp="v=0 offer")
    assert early.expect("webrtc_offer") == {"type": "webrtc_offer", "from": admin.id, "sdp": "v=0 offer"}
    admin.send("ICE_candidate", to=early.id, candidate=candidate)
    assert early.expect("ICE_candidate") == {"type": "ICE_candidate", "from": admin.id, "candidate": candidate}
    early.send("webrtc_answer", to=admin.id, sdp="v=0 answer")
    assert admin.expect("webrtc_answer") == {"type": "webrtc_answer", "from": early.id, "sdp": "v=0 answer"}
    early.send("ICE_candidate", to=admin.id, candidate=None)
    assert admin.expect("ICE_candidate") == {"type": "ICE_candidate", "from": early.id, "candidate": None}
    heard = [message["type"] for message in bystander.settle()]
    assert not {"webrtc_offer", "webrtc_answer", "ICE_candidate"} & set(heard)

    late.close()
    assert admin.expect("viewer_left")["viewer_id"] == late.id


def test_likes_are_counted_once_each_on_all_pages(server, api, stream):
    clients = [Client(server, stream) for _ in range(3)]
    for client in clients:
        for _ in range(14):
            client.send("like")
    for client in clients:
        client.expect("stream_update", likes=42)
    assert api.record(stream)["likes"] == 42
    assert sum(item["count"] for item in api.all(f"/api/livestreams/{stream}/likes")) == 42


def test_chat_reaches_everybody_with_names(server, stream):
    admin, ada, guest = Client.admin(server, stream), Client(server, stream, name=" Ada\n\u202e "), Client(server, stream)
    ada.send("chat", text="<b>hello</b> 👋")
    for client in (admin, ada, guest):
        message = client.expect("chat_message")
        assert message["name"] == "Ada" and message["text"] == "<b>hello</b> 👋" and message["role"] == "customer"
        assert message["at_ms"] == 0 and message["at"].endswith("Z")
    guest.send("chat", text="hi")
    assert admin.expect("chat_message")["name"] == "Guest"
    admin.send("chat", text="welcome")
    assert guest.expect("chat_message", text="welcome")["role"] == "admin"


def test_a_second_admin_takes_over(server, stream):
    first, customer = Client.admin(server, stream), Client(server, stream)
    start(first)
    customer.expect("path_selected")
    second = Client.admin(server, stream)
    first.expect("error", code="replaced")
    first.expect_close(4409)
    assert second.expect("viewer_joined")["viewer_id"] == customer.id
    second.send("webrtc_offer", to=customer.id, sdp="v=0")
    assert customer.expect("webrtc_offer")["from"] == second.id


def test_a_show_waits_for_its_admin_and_then_ends(start_server):
    server = start_server("--admin-grace", "1.5")
    stream = server.api.create()
    admin, customer = Client.admin(server, stream), Client(server, stream)
    start(admin)
    admin.close()
    admin = Client.admin(server, stream)
    assert admin.joined["stream"]["status"] == "live"
    assert admin.expect("viewer_joined")["viewer_id"] == customer.id
    admin.close()
    customer.expect("stream_ended", timeout=6)
    assert server.api.record(stream)["status"] == "ended"


def test_a_show_that_was_live_at_a_crash_goes_on_or_ends(start_server):
    server = start_server("--admin-grace", "3")
    stream = server.api.create()
    start(Client.admin(server, stream))
    server.kill()
    server.start()
    admin = Client.admin(server, stream)
    assert admin.joined["stream"]["status"] == "live"
    admin.close()
    until(lambda: server.api.record(stream)["status"] == "ended", 8)


def test_a_failed_path_is_offered_anew(server, stream):
    admin, customer = Client.admin(server, stream), Client(server, stream)
    start(admin)
    admin.expect("viewer_joined")
    customer.send("path_report", path="direct", state="connected")
    assert admin.expect("path_selected", reason="connected")["viewer_id"] == customer.id

    def invited_again():
        customer.send("path_report", path="direct", state="failed", reason="test")
        message = admin.receive(0.2)
        return message is not None and message["type"] == "viewer_joined"
    until(invited_again, 6)


def test_changes_by_rest_reach_the_viewers(server, api, stream):
    customer = Client(server, stream)
    api.request("PATCH", f"/api/livestreams/{stream}", json={"title": "New title"})
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        update = customer.expect("stream_update")
        if "stream" in update:
            assert update["stream"]["title"] == "New title"
            return
    raise AssertionError("no update with the record")


def test_who_does_not_join_is_sent_away(server):
    client = Client.raw(server)
    client.expect_close(4408, timeout=14)


def test_a_foreign_page_may_not_connect(start_server):
    server = start_server("--allowed-origins", "https://shop.example")
    for origin, is_allowed in [(None, True), (server.url, True), ("https://shop.example", True),
                               ("https://evil.example", False), ("null", False), ("http://127.0.0.1:1", False)]:
        if is_allowed:
            connect(server.ws_url, origin=origin, proxy=None, legacy=True).close()
            continue
        with pytest.raises(InvalidStatus) as refusal:
            connect(server.ws_url, origin=origin, proxy=None, legacy=True)
        assert refusal.value.response.status_code == 403
    answer = server.api.get("/api/livestreams", headers={"Origin": "https://shop.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    answer = server.api.get("/api/livestreams", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_client_that_reads_too_slowly_is_dropped_and_nobody_waits_for_it(server, stream):
    admin, other = Client.admin(server, stream), Client(server, stream)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    raw.connect(("127.0.0.1", server.port))
    slow = Client(server, stream, sock=raw)  # and it reads nothing from now on
    admin.expect("stream_update", viewer_count=2)
    admin.messages.clear()
    text = "x" * 500
    for _ in range(60):
        for _ in range(100):
            admin.send("chat", text=text)
        for _ in range(100):
            admin.expect("chat_message")
            other.expect("chat_message")
        if any(message.get("viewer_count") == 1 for message in admin.messages):
            break
    else:
        raise AssertionError("the slow client was never dropped")
    slow.expect_close(4429)


def test_fragments_and_pings_are_understood(server, stream):
    client = Client(server, stream)
    client.socket.send(iter(['{"type": "ch', 'at", "text"', ': "in pieces"}']))
    client.expect("chat_message", text="in pieces")
    assert client.socket.ping().wait(5)


def test_viewer_tokens_are_asked_for_when_the_operator_wants_it(start_server):
    server = start_server(environment={"VITRINE_VIEWER_TOKEN_SECRET": "shared-with-the-shop"})
    stream = server.api.create()
    client = Client.raw(server)
    client.send("join", stream_id=stream, role="customer", token="a.b.c")
    client.expect("error", code="unauthorized")
    client.expect_close(4401)
    answer = requests.post(f"{server.url}/whep/{stream}", data="v=0", headers={"Content-Type": "application/sdp"}, timeout=5)
    assert answer.status_code == 401
    Client.admin(server, stream)


def test_a_stopping_server_tells_its_clients(start_server):
    server = start_server()
    stream = server.api.create()
    admin, customer = Client.admin(server, stream), Client(server, stream)
    start(admin)
    for number in range(20):
        admin.send("chat", text=f"{number}")
    admin.expect("chat_message", text="19")
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 10
    admin.expect_close(1001)
    customer.expect_close(1001)
    server.start()
    assert server.api.record(stream)["status"] == "live"
    assert len(server.api.all(f"/api/livestreams/{stream}/chat")) == 20


def test_a_change_while_a_show_is_brought_into_memory_is_not_missed(server, api):
    """Whoever comes first has the show read from the store. What REST changes meanwhile is for the room, too."""
    with ThreadPoolExecutor(1) as executor:
        for attempt in range(200):
            stream = api.create("As it was")
            with Client.raw(server) as first:
                first.send("join", stream_id=stream, role="customer")
                change = executor.submit(api.request, "PATCH", f"/api/livestreams/{stream}", json={"title": "Changed"})
                first.expect("joined")
                change.result()
                with Client(server, stream) as second:
                    assert second.joined["stream"]["title"] == "Changed", f"attempt {attempt}"
