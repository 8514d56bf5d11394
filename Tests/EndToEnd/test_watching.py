"""The customer's page when things go wrong around it: what was written stays, what is dead is noticed, nothing hammers."""

import re
import time

from playwright.sync_api import expect

from media import Upload, webm
from signaling_client import Client
from test_http_doors import viewer_token
from test_show import say, status
from vitrine import until

# WebSockets that a test can make deaf and dumb, as a network does that has gone without a word; they still look open.
CUT = """window.isCut = false; window.socketCount = 0; const Original = WebSocket;
    window.WebSocket = class extends Original {
        constructor(...words) {
            if (window.isCut) { super("ws://127.0.0.1:9/"); return; }
            super(...words);
            window.socketCount += 1;
        }
        send(data) { if (!window.isCut) super.send(data); }
        set onmessage(listener) { super.onmessage = (event) => { if (!window.isCut) listener(event); }; }
    };"""


def said(api, stream):
    return [message["text"] for message in api.all(f"/api/livestreams/{stream}/chat")]


def open_watch(open_page, server, stream, script=CUT, **options):
    page = open_page("about:blank", **options)
    page.add_init_script(script)
    page.goto(f"{server.url}/watch/{stream}")
    expect(status(page, "Starting soon")).to_be_visible()
    return page


def test_a_line_written_into_a_dead_network_is_said_once_it_is_back(server, api, stream, open_page):
    page = open_watch(open_page, server, stream)
    say(page, "before")
    expect(page.get_by_role("log", name="Chat").get_by_text("before")).to_have_count(1)
    page.evaluate("window.isCut = true")
    say(page, "hello?")
    line = page.locator(".own-line", has_text="hello?")
    expect(line.get_by_role("status")).to_have_text("Sending")
    # Ten seconds without a beat: the page knows that its socket is dead.
    expect(page.get_by_text("Reconnecting")).to_be_visible(timeout=13_000)
    expect(line.get_by_role("status")).to_have_text("Not sent", timeout=13_000)
    expect(line.get_by_role("button", name="Try again")).to_be_visible()
    page.evaluate("window.isCut = false")
    expect(page.locator(".own-line")).to_have_count(0, timeout=15_000)
    expect(page.get_by_role("log", name="Chat").get_by_text("hello?")).to_have_count(1)
    assert said(api, stream) == ["before", "hello?"]


def test_a_line_is_kept_over_a_reload_and_a_crash_of_the_server(server, api, stream, open_page):
    page = open_watch(open_page, server, stream)
    server.kill()
    say(page, "in the dark")
    expect(page.locator(".own-line")).to_contain_text("in the dark")
    server.start()
    expect(page.locator(".own-line")).to_have_count(0, timeout=15_000)
    server.kill()
    say(page, "again")
    server.start()
    page.reload()
    until(lambda: said(api, stream) == ["in the dark", "again"], 15, "both lines")
    expect(page.get_by_role("log", name="Chat").get_by_text("again")).to_have_count(1)
    expect(page.locator(".own-line")).to_have_count(0)


def test_more_lines_than_the_server_takes_at_once_are_all_said(server, api, stream, open_page):
    page = open_watch(open_page, server, stream)
    lines = [f"line {number}" for number in range(8)]
    for line in lines:
        say(page, line)
    until(lambda: sorted(said(api, stream)) == lines, 30, "all lines")


def test_a_name_is_given_without_leaving(server, api, stream, open_page):
    page = open_watch(open_page, server, stream)
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Enter")
    page.get_by_role("textbox", name="Message", exact=True).focus()
    say(page, "it is me")
    until(lambda: said(api, stream) == ["it is me"], what="the line")
    assert api.all(f"/api/livestreams/{stream}/chat")[0]["name"] == "Ada"
    assert page.evaluate("window.socketCount") == 1


def test_likes_survive_a_dead_network(server, api, stream, open_page):
    page = open_watch(open_page, server, stream)
    button = page.get_by_role("button", name=re.compile("^Like"))
    for _ in range(3):
        button.click()
    until(lambda: api.record(stream)["likes"] == 3, what="three likes")
    server.kill()
    for _ in range(4):
        button.click()
    expect(status(page, "Likes")).to_have_text("7")
    server.start()
    until(lambda: api.record(stream)["likes"] == 7, 15, "seven likes")


def test_after_a_show_the_socket_tells_and_nobody_asks(server, api, stream, open_page):
    page = open_watch(open_page, server, stream)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    with Client.admin(server, stream) as admin:
        for type in ("start_stream", "end_stream"):
            admin.send(type)
            admin.expect("stream_started" if type == "start_stream" else "stream_ended")
    expect(page.get_by_text("The show is over")).to_be_visible()
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 5000))")  # it used to ask every two seconds
    assert asked == []
    Upload(api, stream, webm()).send_all()
    expect(status(page, "Replay")).to_be_visible(timeout=15_000)


def test_a_replay_whose_chat_cannot_be_had_is_not_asked_for_four_times_a_second(server, api, stream, open_page):
    with Client.admin(server, stream) as admin:
        for type in ("start_stream", "end_stream"):
            admin.send(type)
            admin.expect("stream_started" if type == "start_stream" else "stream_ended")
    Upload(api, stream, webm()).send_all()
    until(lambda: api.record(stream)["recording"]["status"] == "ready", 20)
    page = open_page("about:blank")
    asked = []
    page.route("**/chat?*", lambda route: (asked.append(time.monotonic()), route.fulfill(status=503)))
    page.goto(f"{server.url}/watch/{stream}")
    expect(status(page, "Replay")).to_be_visible()
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 4000))")
    assert 1 <= len(asked) <= 3


def test_a_replay_needs_no_webrtc(server, api, stream, open_page):
    without = "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;"
    page = open_watch(open_page, server, stream, without)
    with Client.admin(server, stream) as admin:
        admin.send("start_stream")
        expect(page.get_by_text("This browser can't play live video")).to_be_visible()
        admin.send("end_stream")
        admin.expect("stream_ended")
    Upload(api, stream, webm()).send_all()
    expect(status(page, "Replay")).to_be_visible(timeout=15_000)
    assert not page.complaints, page.complaints


def test_a_viewers_token_leaves_the_address_and_is_not_needed_again(start_server, open_page):
    secret = "a shop's own secret, long enough"
    server = start_server(environment={"VITRINE_VIEWER_TOKEN_SECRET": secret})
    stream = server.api.create()
    soon = viewer_token(secret, stream_id=stream, exp=int(time.time()) + 3)
    page = open_page("about:blank")
    page.goto(f"{server.url}/watch/{stream}#viewer_token={soon}")
    expect(status(page, "Starting soon")).to_be_visible()
    assert "token" not in page.url
    until(lambda: not viewer_accepted(server, stream, soon), 10, "the token to run out")
    server.kill()
    server.start()
    expect(page.get_by_text("Reconnecting")).to_be_hidden(timeout=10_000)
    say(page, "still here")
    until(lambda: said(server.api, stream) == ["still here"], 15, "the line")


def viewer_accepted(server, stream, token):
    client = Client.raw(server)
    client.send("join", stream_id=stream, role="customer", token=token)
    answer = client.receive()
    client.close()
    return answer["type"] == "joined"
