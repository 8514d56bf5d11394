"""Nobody on air unasked: who broadcasts, from which window, and what a press, a reload or an encoder change."""

import re

from playwright.sync_api import expect

from relay_clients import Peer
from signaling_client import Client
from test_show import create_show, end_stream, go_live, open_admin, picture, sees_moving_picture, status
from vitrine import TOKEN, until

# Counts how often the camera was opened, and knows whether it is open now.
COUNT_CAMERAS = """window.cameras = []; const open = navigator.mediaDevices?.getUserMedia?.bind(navigator.mediaDevices);
    if (open) navigator.mediaDevices.getUserMedia = async (wishes) => { const stream = await open(wishes); window.cameras.push(stream); return stream; };
    window.isCameraOpen = () => window.cameras.some((stream) => stream.getTracks().some((track) => track.readyState === 'live'));"""


def studio(open_page, server, stream=None, context=None):
    page = context.new_page() if context else open_page("about:blank")
    page.complaints = []
    page.add_init_script(COUNT_CAMERAS)
    page.goto(f"{server.url}/admin/#token={TOKEN}")
    if stream:
        expect(page.get_by_role("button", name="Create livestream")).to_be_visible()
        page.evaluate(f"location.hash = '#/live/{stream}'")
    return page


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def is_camera_open(page):
    return page.evaluate("window.isCameraOpen()")


def looks_on(page):
    expect(button(page, "Take over")).to_be_visible()
    expect(status(page, "On air")).to_be_hidden()
    assert page.evaluate("window.cameras.length") == 0 or not is_camera_open(page)


def test_a_helper_looks_on_and_harms_nobody(server, api, open_page):
    host = open_admin(open_page, server)
    stream = create_show(host, "With a helper")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    viewer = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(viewer)
    helper = studio(open_page, server, stream)
    looks_on(helper)
    # She sees what customers see.
    until(lambda: helper.get_by_label("Preview").evaluate("video => video.videoWidth") > 0, 20, "the helper's picture")
    helper.get_by_role("textbox", name="Message", exact=True).fill("I am here to help")
    button(helper, "Send").click()
    expect(viewer.get_by_role("log", name="Chat")).to_contain_text("I am here to help")
    # Her camera is refused: nothing changes for anybody.
    helper.evaluate("void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('x', 'NotAllowedError'); })")
    button(helper, "Take over").click()
    expect(helper.get_by_role("alert").first).to_contain_text("refused")
    looks_on(helper)
    helper.close()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    sees_moving_picture(viewer)
    assert api.record(stream)["broadcaster"] == "studio"


def test_taking_over_moves_the_show_and_stops_the_other_window(server, api, open_page, open_elsewhere):
    host = studio(open_page, server)
    stream = create_show(host, "Two devices")
    go_live(host)
    viewer = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(viewer)
    phone = studio(open_elsewhere, server, stream)
    looks_on(phone)
    button(phone, "Take over").click()
    expect(status(phone, "On air")).to_be_visible(timeout=20_000)
    expect(status(host, "On air")).to_be_hidden()
    expect(host.get_by_role("alert").first).to_contain_text("another window")
    until(lambda: not is_camera_open(host), 10, "the displaced window's camera to close")
    before = picture(viewer)["frames"]
    until(lambda: picture(viewer)["frames"] > before + 30, 30, "frames from the other device")
    end_stream(phone)
    # Both devices' runs make one replay: each brings its own.
    recording = until(lambda: (r := api.record(stream)["recording"]) and r["status"] == "ready" and r, 40, "the replay")
    assert len(recording["runs"]) == 2 and len({run["device"] for run in recording["runs"]}) == 2
    assert all(run["status"] == "whole" for run in recording["runs"])


def test_an_encoder_takes_the_page_off_the_air_and_nothing_puts_it_back(server, api, open_page, loop):
    host = studio(open_page, server)
    stream = create_show(host, "An encoder comes and goes")
    go_live(host)
    encoder = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    expect(host.get_by_role("alert").first).to_contain_text("An encoder broadcasts", timeout=20_000)
    expect(status(host, "On air")).to_be_hidden()
    until(lambda: not is_camera_open(host), 10, "the camera to close")
    opened = host.evaluate("window.cameras.length")
    api.request("DELETE", encoder.location)
    expect(host.get_by_text("Nobody broadcasts now")).to_be_visible()
    assert not is_camera_open(host) and host.evaluate("window.cameras.length") == opened
    button(host, "Take over").click()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    encoder.close()


def test_a_studio_opened_while_an_encoder_broadcasts_opens_no_camera(server, api, stream, open_page, loop):
    encoder = Peer(loop).connect(f"{server.url}/whip/{stream}", TOKEN, publishes=True)
    viewer = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(viewer)
    host = studio(open_page, server, stream)
    expect(host.get_by_text("An encoder broadcasts this show")).to_be_visible()
    looks_on(host)
    button(host, "Take over").click()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    until(lambda: api.record(stream)["broadcaster"] == "studio", 20, "the page's picture to take the encoder's place")
    before = picture(viewer)["frames"]
    until(lambda: picture(viewer)["frames"] > before + 20, 20, "the page's frames")
    encoder.close()
    end_stream(host)
    until(lambda: api.record(stream)["status"] == "ended")


def test_a_reload_goes_on_and_a_duplicated_tab_does_not(server, api, open_page):
    host = studio(open_page, server)
    stream = create_show(host, "Reloads")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    memory = host.evaluate("JSON.stringify(sessionStorage)")
    host.reload()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    # Who has left the page and comes back is no reload: he presses anew.
    host.on("dialog", lambda dialog: dialog.accept())
    host.goto("about:blank")
    host.go_back()
    looks_on(host)
    button(host, "Take over").click()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    copy = host.context.new_page()
    copy.complaints = []
    copy.add_init_script(COUNT_CAMERAS + f"for (const [key, value] of Object.entries({memory})) sessionStorage.setItem(key, value);")
    copy.goto(f"{server.url}/admin/#/live/{stream}")
    looks_on(copy)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    assert not is_camera_open(copy)


def test_a_double_click_on_go_live_does_not_end_the_show(server, api, open_page):
    for width, height in ((1440, 900), (390, 844)):
        host = studio(open_page, server)
        host.set_viewport_size({"width": width, "height": height})
        stream = create_show(host, "Double click")
        button(host, "Start camera").click()
        expect(button(host, "Go live")).to_be_enabled()
        place = button(host, "Go live").bounding_box()
        host.mouse.dblclick(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        expect(status(host, "On air")).to_be_visible()
        end = button(host, "End stream").bounding_box()
        assert end["y"] + end["height"] <= place["y"] or end["y"] >= place["y"] + place["height"], "the end lies under the finger"
        host.mouse.dblclick(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        expect(host.get_by_role("dialog")).to_have_count(0)
        assert api.record(stream)["status"] == "live"
        # The end asks, and begins with the answer that harms nobody.
        button(host, "End stream").click()
        dialog = host.get_by_role("dialog", name="End the show?")
        expect(dialog.get_by_role("button", name="Go on", exact=True)).to_be_focused()
        host.keyboard.press("Enter")
        expect(dialog).to_have_count(0)
        assert api.record(stream)["status"] == "live"
        end_stream(host)
        until(lambda: api.record(stream)["status"] == "ended")


def test_leaving_the_studio_of_ones_own_show_asks(server, api, open_page):
    host = studio(open_page, server)
    stream = create_show(host, "Leaving")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    for leave in (lambda: host.get_by_role("link", name="All shows").click(), lambda: host.evaluate("location.hash = '#/'")):
        leave()
        dialog = host.get_by_role("dialog", name="Leave the show?")
        dialog.get_by_role("button", name="Stay", exact=True).click()
        expect(status(host, "On air")).to_be_visible()
        assert stream in host.url
    asked = []
    host.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    host.reload()
    assert asked == ["beforeunload"]
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    host.get_by_role("link", name="All shows").click()
    host.get_by_role("dialog", name="Leave the show?").get_by_role("button", name="Leave", exact=True).click()
    expect(button(host, "Create livestream")).to_be_visible()
    assert not is_camera_open(host)
    until(lambda: api.record(stream)["broadcaster"] is None, what="nobody to broadcast")


def test_a_muted_host_sees_it(server, open_page):
    host = studio(open_page, server)
    create_show(host, "Muted")
    go_live(host)
    expect(status(host, "Muted")).to_be_hidden()
    button(host, "Mute microphone").click()
    expect(status(host, "Muted")).to_be_visible()
    host.get_by_role("button", name=re.compile("microphone")).first.click()
    expect(status(host, "Muted")).to_be_hidden()


def test_a_camera_that_is_taken_away_can_be_started_again(server, open_page):
    host = studio(open_page, server)
    stream = create_show(host, "Unplugged")
    go_live(host)
    viewer = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(viewer)
    host.evaluate("window.cameras.at(-1).getTracks().forEach((track) => { track.stop(); track.dispatchEvent(new Event('ended')); })")
    expect(host.get_by_role("alert").first).to_contain_text("taken away")
    expect(status(host, "On air")).to_be_hidden()
    expect(status(host, "Live")).to_be_visible()
    button(host, "Start camera").click()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    before = picture(viewer)["frames"]
    until(lambda: picture(viewer)["frames"] > before + 20, 30, "frames of the new camera")


def test_what_is_not_recorded_is_said_while_it_can_be_changed(server, open_page):
    host = open_page("about:blank")
    host.add_init_script("indexedDB.open = () => { throw new DOMException('x', 'SecurityError'); };")
    host.goto(f"{server.url}/admin/#token={TOKEN}")
    create_show(host, "No database")
    expect(host.get_by_role("alert").filter(has_text="isn't being recorded")).to_be_visible()
    other = open_page("about:blank")
    other.add_init_script("delete window.MediaRecorder;")
    other.goto(f"{server.url}/admin/#token={TOKEN}")
    create_show(other, "No recorder")
    go_live(other)
    expect(other.get_by_role("alert").filter(has_text="isn't being recorded")).to_be_visible()


def test_a_start_in_another_window_closes_the_camera_that_waited(server, open_page):
    first = studio(open_page, server)
    stream = create_show(first, "Who starts")
    button(first, "Start camera").click()
    expect(button(first, "Go live")).to_be_enabled()
    with Client(server, stream, role="admin", token=TOKEN) as other:
        other.send("start_stream")
        looks_on_soon = lambda: button(first, "Take over").is_visible() and not is_camera_open(first)
        until(looks_on_soon, 10, "the first window to look on")


def is_heard(page):
    return page.evaluate("window.cameras.at(-1).getAudioTracks()[0].enabled")


def test_a_muted_host_stays_muted_whatever_happens_to_the_camera_and_the_page(server, open_page):
    host = studio(open_page, server)
    create_show(host, "Muted for good")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    button(host, "Mute microphone").click()
    assert not is_heard(host)
    host.evaluate("window.cameras.at(-1).getTracks().forEach((track) => { track.stop(); track.dispatchEvent(new Event('ended')); })")
    button(host, "Start camera").click()
    until(lambda: is_camera_open(host), 20, "the camera")
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    expect(status(host, "Muted")).to_be_visible()
    assert not is_heard(host)
    host.reload()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    expect(status(host, "Muted")).to_be_visible()
    assert not is_heard(host)
    button(host, "Mute microphone").click()
    expect(status(host, "Muted")).to_be_hidden()
    assert is_heard(host)
    host.reload()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    assert is_heard(host)
