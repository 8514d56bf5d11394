"""The main way once in Firefox: admin and customer."""

import re

import pytest

from firefox import Firefox
from test_show import PICTURE
from vitrine import TOKEN, until


@pytest.fixture
def firefox():
    browser = Firefox()
    yield browser
    browser.close()


def picture(page):
    return page.run(f"return ({PICTURE})(find('video', 'Livestream'));")


def sees_moving_picture(page):
    # Firefox counts no frames of a live stream, so it is the time and the picture itself that must move.
    first = until(lambda: (p := picture(page))["time"] > 0 and p["light"] > 0 and p, 30, "a picture")
    until(lambda: (p := picture(page))["time"] > first["time"] + 0.5 and p["sum"] != first["sum"], 20, "a changed picture")


@pytest.mark.parametrize("path", ["direct", "relay"])
def test_a_show_in_firefox(server, api, firefox, path):
    admin = firefox.open(f"{server.url}/admin/#token={TOKEN}")
    admin.fill("Title", "Winter plates")
    admin.click("Create livestream")
    admin.until("Boolean(find('status', 'Scheduled'))")
    stream = re.search(r"/live/([\w-]+)", admin.run("return location.href;"))[1]
    api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": path}})
    customer = firefox.open(f"{server.url}/watch/{stream}")
    customer.until("Boolean(find('status', 'Starting soon'))")
    admin.click("Start camera")
    admin.click("Go live")
    admin.until("Boolean(find('status', 'Live'))")
    customer.until("Boolean(find('status', 'Live'))")
    sees_moving_picture(customer)
    customer.until_text("status", "Connection", path)

    for _ in range(5):
        customer.click("Like")
    until(lambda: admin.text("status", "Likes") == "5", what="five likes")
    customer.fill("Message", "Hello from Firefox")
    customer.click("Send")
    admin.until_text("log", "Chat", "Hello from Firefox")
    admin.fill("Product title", "Plate")
    admin.fill("Price", "7,50")
    admin.click("Add product")
    admin.click("Pin")
    customer.until_text("region", "Products", "Plate")
    admin.click("Unpin")

    admin.click("End stream")
    admin.click("End the show")
    customer.until("Boolean(find('status', 'Replay'))", 40)
    assert api.record(stream)["recording"]["status"] == "ready"
    customer.run("const video = find('video', 'Livestream'); video.muted = true; await video.play();")
    until(lambda: (p := picture(customer))["time"] > 0.3 and p["light"] > 0, 20, "the replay to play")
    customer.run("find('video', 'Livestream').currentTime = 0.1;")
    customer.until("find('video', 'Livestream').currentTime >= 0.1 && !find('video', 'Livestream').seeking")
