"""Shows for invited guests: with viewers' tokens required, nothing of a show is for who shows none."""

import time

import pytest
import requests
from playwright.sync_api import expect

from media import Upload, processed, webm
from relay_clients import Peer
from signaling_client import Client
from test_data_folder import end_show
from test_http_doors import viewer_token
from test_show import say, status
from vitrine import API, TOKEN, assert_problem, until

SECRET = "a shop's own secret, long enough"
TURN = ("--turn-url", "turn:turn.example:3478", "--turn-secret", "north")


@pytest.fixture
def guests(start_server):
    return start_server(*TURN, environment={"VITRINE_VIEWER_TOKEN_SECRET": SECRET})


def ask(server, path, token=None, method="GET", **options):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(method, server.url + path, headers=headers, timeout=10, **options)


def test_every_route_of_a_show_asks_for_its_token(guests):
    api = guests.api
    stream, other = api.create("For guests"), api.create("Another")
    api.add_product(stream)
    end_show(guests, stream)
    Upload(api, stream, webm()).send_all()
    assert processed(api, stream)["status"] == "ready"
    with Client.admin(guests, stream) as admin:
        resume = Client(guests, stream, token=viewer_token(SECRET, stream_id=stream)).joined["resume_token"]
        admin_resume = admin.joined["resume_token"]
    # The token, what the show's routes say to it, and what /api/ice_servers says, which is of no one show.
    tokens = {
        "nothing": (None, 401, 401), "garbage": ("a.b.c", 401, 401),
        "expired": (viewer_token(SECRET, stream_id=stream, exp=int(time.time()) - 60), 401, 401),
        "another show's": (viewer_token(SECRET, stream_id=other), 401, 200),
        "another shop's": (viewer_token("another secret 0123456789", stream_id=stream), 401, 401),
        "its own": (viewer_token(SECRET, stream_id=stream), 200, 200), "all shows'": (viewer_token(SECRET), 200, 200),
        "the admin's": (TOKEN, 200, 200), "its session's": (resume, 200, 401), "an admin's session's": (admin_resume, 200, 401),
        "a forged session's": (resume[:-1] + ("0" if resume[-1] != "0" else "1"), 401, 401),
    }
    for name, (token, expected, for_ice) in tokens.items():
        for path in ("", "/chat", "/chat?limit=1", "/likes", "/products", "/recording"):
            answer = ask(guests, f"/api/livestreams/{stream}{path}", token)
            assert answer.status_code == expected, f"{path} with {name} token: {answer.status_code}"
            if expected == 401:
                assert_problem(answer, 401)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        ice = ask(guests, "/api/ice_servers", token)
        assert ice.status_code == for_ice, f"ICE servers with {name} token: {ice.status_code}"
        assert ("credential" in ice.text) == (for_ice == 200)
    assert_problem(ask(guests, f"/whep/{stream}", method="POST", data="v=0"), 401)
    # Whether a show is there is nobody's business either.
    assert ask(guests, "/api/livestreams/does-not-exist").status_code == 401


def test_metrics_name_no_show_to_strangers(guests, loop):
    stream = guests.api.create()
    publisher = Peer(loop).connect(f"{guests.url}/whip/{stream}", TOKEN, publishes=True)
    until(lambda: stream in ask(guests, "/metrics", TOKEN).text, 10, "the show's figures")
    for token in (None, "a.b.c", viewer_token(SECRET, stream_id="does-not-exist")):
        text = ask(guests, "/metrics", token).text
        assert stream not in text and "vitrine_relay_peers 1" in text
    publisher.close()


def test_the_list_shows_nothing_to_strangers_and_a_guest_his_own_show(guests):
    first, second = guests.api.create("First"), guests.api.create("Second")
    ids = lambda token: [item["id"] for item in ask(guests, "/api/livestreams", token).json()["items"]]
    assert ids(None) == [] and ids("a.b.c") == []
    assert ids(viewer_token(SECRET, stream_id=first)) == [first]
    assert ids(viewer_token(SECRET, stream_id="does-not-exist")) == []
    assert sorted(ids(viewer_token(SECRET))) == sorted(ids(TOKEN)) == sorted([first, second])
    assert ask(guests, "/api/livestreams?status=live", viewer_token(SECRET, stream_id=first)).json()["items"] == []


def test_the_replays_address_is_signed_for_one_show_and_a_while(guests):
    api = guests.api
    stream, other = api.create(), api.create()
    for each in (stream, other):
        end_show(guests, each)
        Upload(api, each, webm()).send_all()
        assert processed(api, each)["status"] == "ready"
    guest = viewer_token(SECRET, stream_id=stream)
    url = ask(guests, f"/api/livestreams/{stream}", guest).json()["recording"]["url"]
    assert "signature=" in url
    part = requests.get(guests.url + url, headers={"Range": "bytes=0-9"}, timeout=5)
    assert part.status_code == 206 and len(part.content) == 10
    signature = url.partition("=")[2]
    expiry, _, code = signature.partition(".")
    assert 0 < int(expiry) / 1000 - time.time() <= 12 * 3600
    wrong = [f"/api/livestreams/{other}/recording?signature={signature}", f"/api/livestreams/{stream}/recording?signature={expiry}.{'0' * 64}",
             f"/api/livestreams/{stream}/recording?signature={int(expiry) + 3_600_000}.{code}", f"/api/livestreams/{stream}/recording?signature=1.{code}",
             f"/api/livestreams/{stream}/recording?signature=", f"/api/livestreams/{stream}/recording?signature={code}"]
    for address in wrong:
        assert_problem(requests.get(guests.url + address, timeout=5), 401)
    # Whoever is in the show is told an address that works, by the socket too.
    with Client(guests, stream, token=guest) as client:
        told = client.joined["stream"]["recording"]["url"]
        assert requests.head(guests.url + told, timeout=5).status_code == 200


def test_without_a_secret_all_is_open_and_nothing_is_signed(server, api, stream):
    end_show(server, stream)
    Upload(api, stream, webm()).send_all()
    assert processed(api, stream)["url"] == f"/api/livestreams/{stream}/recording"
    for path in ("", "/chat", "/likes", "/products", "/recording"):
        assert API(server.url, None).get(f"/api/livestreams/{stream}{path}").status_code == 200
    assert API(server.url, None).get("/api/ice_servers").status_code == 200


def test_turn_credentials_last_an_hour(guests):
    stream = guests.api.create()
    with Client(guests, stream, token=viewer_token(SECRET, stream_id=stream)) as client:
        turn = client.joined["ice_servers"][-1]
        assert 3_500 < int(turn["username"].partition(":")[0]) - time.time() <= 3_600


def test_what_the_shop_says_of_a_guest_counts(guests):
    stream = guests.api.create()
    first = Client(guests, stream, name="Somebody else", token=viewer_token(SECRET, stream_id=stream, sub="customer-7", name="Ada Lovelace"))
    first.send("rename", name="Host")
    first.expect("renamed", name="Ada Lovelace")
    first.send("chat", text="hello")
    assert first.expect("chat_message")["name"] == "Ada Lovelace"
    first.close()
    with Client(guests, stream, name="Eve", resume_token=first.joined["resume_token"]) as again:
        again.send("chat", text="again")
        assert again.expect("chat_message")["name"] == "Ada Lovelace"
    with Client(guests, stream, token=viewer_token(SECRET, stream_id=stream, sub="customer-8")) as other:
        other.send("rename", name="Bob")
        other.expect("renamed", name="Bob")


def test_a_guest_watches_by_whep_and_in_the_page(guests, open_page, loop):
    stream = guests.api.create("For guests")
    publisher = Peer(loop).connect(f"{guests.url}/whip/{stream}", TOKEN, publishes=True)
    token = viewer_token(SECRET, stream_id=stream)
    player = until(lambda: (peer := Peer(loop).connect(f"{guests.url}/whep/{stream}", token)).location and peer, 15, "a session")
    until(lambda: player.frames > 10, 20, "frames")
    stranger = open_page(f"{guests.url}/watch/{stream}")
    expect(stranger.get_by_text("for invited guests")).to_be_visible()
    page = open_page(f"{guests.url}/watch/{stream}#viewer_token={token}")
    expect(status(page, "Live")).to_be_visible()
    say(page, "thank you for the invitation")
    with Client.admin(guests, stream) as admin:
        admin.send("end_stream")
        admin.expect("stream_ended")
    Upload(guests.api, stream, webm()).send_all()
    expect(status(page, "Replay")).to_be_visible(timeout=20_000)
    until(lambda: page.get_by_label("Livestream", exact=True).evaluate("video => video.readyState") >= 2, 15, "the replay to load")
    expect(page.get_by_role("log", name="Chat")).to_be_visible()
    for peer in (publisher, player):
        peer.close()
    assert not page.complaints, page.complaints
