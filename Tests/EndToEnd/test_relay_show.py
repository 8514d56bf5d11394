"""The relay in a show, in real browsers: for those who can't be reached directly, and for encoders."""

import json

import pytest
from playwright.sync_api import expect

from relay_clients import Peer
from signaling_client import Client
from test_show import create_show, go_live, open_admin, picture, sees_moving_picture, status
from vitrine import TOKEN, until

# No candidate is sent or taken: nobody can be reached but a peer whose description carries its candidates.
KEEP_APART = """RTCPeerConnection.prototype.addIceCandidate = async () => {};
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) { if (!text.includes('"ICE_candidate"')) send.call(this, text); };"""


def goes_by(page, path):
    expect(status(page, "Connection")).to_have_text(path, timeout=20_000)
    sees_moving_picture(page)


def test_a_show_for_the_relay_only(server, api, open_page):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "By relay")
    api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": "relay"}})
    early = open_page(f"{server.url}/watch/{stream}")
    go_live(admin)
    late = open_page(f"{server.url}/watch/{stream}")
    for page in (early, late):
        goes_by(page, "relay")
    expect(admin.get_by_role("table", name="Viewers").get_by_text("relay")).to_have_count(2)
    # The relay's own figures of its viewers.
    rows = admin.get_by_role("table", name="Viewers").get_by_role("row").filter(has_text="relay")
    for row in rows.all():
        expect(row).to_contain_text("kb/s", timeout=10_000)
        expect(row).to_contain_text("%")
    admin.reload()
    expect(status(admin, "Live")).to_be_visible()
    for page in (early, late):
        before = picture(page)["frames"]
        until(lambda: picture(page)["frames"] > before + 30, 30, "new frames after the reload")
        sees_moving_picture(page)


def test_the_admins_uplink_is_full(server, api, open_page):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Few direct")
    api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": "auto", "max_direct_viewers": 1}})
    go_live(admin)
    first = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(first)
    second = open_page(f"{server.url}/watch/{stream}")
    goes_by(second, "relay")


def test_who_cant_be_reached_directly_gets_the_relay(server, api, open_page):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Apart")
    go_live(admin)
    page = open_page("about:blank")
    page.add_init_script(KEEP_APART)
    page.goto(f"{server.url}/watch/{stream}")
    goes_by(page, "relay")
    expect(admin.get_by_role("table", name="Viewers").get_by_text("relay")).to_have_count(1)


def test_direct_only_never_relays(server, api, stream):
    api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": "direct", "max_direct_viewers": 0}})
    admin, customer = Client.admin(server, stream), Client(server, stream)
    admin.send("start_stream")
    assert customer.expect("path_selected")["path"] == "direct"
    assert admin.expect("viewer_joined")["viewer_id"] == customer.id
    for state in ("failed", "frozen"):
        customer.send("path_report", path="direct", state=state)
    customer.send("webrtc_answer", to="relay", sdp="v=0")
    customer.expect("error", code="forbidden")
    assert not [message for message in admin.settle() if message["type"] == "uplink_requested"]


def test_an_encoders_show_on_the_watch_page(server, api, open_page, loop):
    stream = api.create("From an encoder")
    page = open_page(f"{server.url}/watch/{stream}")
    expect(status(page, "Starting soon")).to_be_visible()
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    expect(status(page, "Live")).to_be_visible()
    goes_by(page, "relay")
    publisher.close()


def test_a_player_alone_has_the_pages_uplink_flow(server, open_page, loop):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "For a player")
    go_live(admin)
    # The uplink stands, and is paused: nobody is relayed.
    player = until(lambda: (peer := Peer(loop).connect(f"{server.url}/whep/{stream}")).location and peer, 15, "an uplink")
    until(lambda: player.frames > 30, 20, "frames")
    player.close()


def test_the_end_is_the_end_for_encoders_and_players(server, api, stream, loop):
    publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    player = until(lambda: (peer := Peer(loop).connect(f"{server.url}/whep/{stream}")).location and peer, 15, "an uplink")
    until(lambda: player.frames > 5, 20, "frames")
    with Client.admin(server, stream) as admin:
        admin.send("end_stream")
        admin.expect("stream_ended")
    report = f"/api/livestreams/{stream}/relay"
    until(lambda: api.get(report).json()["viewers"] == [], 5, "the player's session to end")
    for location in (publisher.location, player.location):
        assert api.request("DELETE", location).status_code == 404
    assert Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True).answer.status_code == 409
    assert Peer(loop).connect(f"{server.url}/whep/{stream}").answer.status_code == 409
    for peer in (publisher, player):
        peer.close()


def test_an_encoder_takes_over_only_when_its_media_have_come(server, api, open_page, loop):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Two who broadcast")
    go_live(admin)
    with Client(server, stream, role="admin", token=TOKEN, place="none") as onlooker:
        offer = "v=0\r\no=- 7 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n" \
            "c=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=setup:actpass\r\na=ice-ufrag:abcd\r\n" \
            "a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=rtpmap:96 VP8/90000\r\n"
        silent = api.request("POST", f"/whip/{stream}", data=offer, headers={"Content-Type": "application/sdp"})
        assert silent.status_code == 201, silent.text
        onlooker.settle()
        assert api.record(stream)["broadcaster"] == "studio"
        publisher = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
        onlooker.expect("place_changed", timeout=20, broadcaster="encoder", has_place=False)
        assert api.record(stream)["broadcaster"] == "encoder"
        api.request("DELETE", publisher.location)
        onlooker.expect("place_changed", timeout=20, broadcaster=None)
        publisher.close()


def test_with_relay_only_no_address_of_one_goes_to_another(start_server, open_page):
    server = start_server("--delivery", "relay")
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Nobody's address")
    assert server.api.record(stream)["delivery"]["mode"] == "relay"
    heard = []
    page = open_page("about:blank")
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: heard.append(data)))
    page.goto(f"{server.url}/watch/{stream}")
    go_live(admin)
    goes_by(page, "relay")
    senders = [message.get("from") for message in map(json.loads, heard) if message["type"] in ("webrtc_offer", "ICE_candidate")]
    assert senders and set(senders) == {"relay"}
