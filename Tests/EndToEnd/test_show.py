"""The main way through the product, in real browsers: a show from its announcement to its replay."""

import re

from playwright.sync_api import expect

from vitrine import TOKEN, until

# What a video element shows now: how many frames it has presented, and a sample of the picture.
PICTURE = """video => {
    const canvas = document.createElement('canvas');
    canvas.width = 64; canvas.height = 36;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 64, 36);
    const pixels = context.getImageData(0, 0, 64, 36).data;
    let sum = 0, light = 0;
    for (let i = 0; i < pixels.length; i += 4) { sum = (sum * 31 + pixels[i] + pixels[i + 1] * 3 + pixels[i + 2] * 7) % 1000000007; light += pixels[i + 1]; }
    return {frames: video.getVideoPlaybackQuality().totalVideoFrames, sum, light, width: video.videoWidth, time: video.currentTime};
}"""


def picture(page):
    return page.get_by_label("Livestream", exact=True).evaluate(PICTURE)


def sees_moving_picture(page, timeout=20.0):
    """Frames are decoded, and what they show changes and isn't black."""
    first = until(lambda: (p := picture(page))["frames"] > 0 and p["light"] > 0 and p, timeout, "a picture")
    until(lambda: (p := picture(page))["frames"] > first["frames"] + 5 and p["sum"] != first["sum"], timeout,
          "a changed picture")


def status(page, name):
    return page.get_by_role("status", name=name, exact=True)


def say(page, text):
    page.get_by_role("textbox", name="Message", exact=True).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def open_admin(open_page, server, **options):
    return open_page(f"{server.url}/admin/#token={TOKEN}", **options)


def create_show(admin, title):
    admin.get_by_role("textbox", name="Title", exact=True).fill(title)
    admin.get_by_role("button", name="Create livestream", exact=True).click()
    expect(status(admin, "Scheduled")).to_be_visible()
    return re.search(r"/live/([\w-]+)", admin.url).group(1)


def end_stream(admin):
    admin.get_by_role("button", name="End stream", exact=True).click()
    admin.get_by_role("dialog", name="End the show?").get_by_role("button", name="End the show", exact=True).click()


def go_live(admin):
    admin.get_by_role("button", name="Start camera", exact=True).click()
    button = admin.get_by_role("button", name="Go live", exact=True)
    expect(button).to_be_enabled()
    button.click()
    expect(status(admin, "Live")).to_be_visible()


def test_a_show_from_start_to_replay(server, api, open_page):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Autumn mugs")
    watch = f"{server.url}/watch/{stream}"
    # On a busy machine the relay might win a race: this show is about the direct way.
    api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": "direct"}})

    early = [open_page(watch) for _ in range(2)]
    for page in early:
        expect(status(page, "Starting soon")).to_be_visible()
    go_live(admin)
    late = open_page(watch)
    customers = [*early, late]
    for page in customers:
        expect(status(page, "Live")).to_be_visible()
        sees_moving_picture(page)
        expect(status(page, "Connection")).to_have_text("direct")
    for page in [admin, *customers]:
        expect(status(page, "Viewers")).to_have_text("3")
    expect(admin.get_by_role("table", name="Viewers").get_by_text("direct")).to_have_count(3)

    for page in customers:
        for _ in range(14):
            page.get_by_role("button", name="Like", exact=True).click()
    for page in [admin, *customers]:
        expect(status(page, "Likes")).to_have_text("42")
    assert api.record(stream)["likes"] == 42

    say(customers[0], "Is it dishwasher safe?")
    for page in [admin, *customers]:
        expect(page.get_by_role("log", name="Chat")).to_contain_text("Is it dishwasher safe?")
    say(admin, "Yes, it is.")
    for page in customers:
        expect(page.get_by_role("log", name="Chat")).to_contain_text("Yes, it is.")

    admin.get_by_role("textbox", name="Product title", exact=True).fill("Blue mug")
    admin.get_by_role("textbox", name="Price", exact=True).fill("19.90")
    admin.get_by_role("button", name="Add product", exact=True).click()
    admin.get_by_role("button", name="Pin", exact=True).click()
    for page in customers:
        expect(page.get_by_role("region", name="Products")).to_contain_text("Blue mug")
        expect(page.get_by_role("region", name="Products")).to_contain_text("19.90")
    admin.get_by_role("button", name="Unpin", exact=True).click()
    for page in customers:
        expect(page.get_by_role("region", name="Products")).not_to_contain_text("Blue mug")
    admin.get_by_role("button", name="Pin", exact=True).click()
    expect(customers[0].get_by_role("region", name="Products")).to_contain_text("Blue mug")

    customers.pop().context.close()
    for page in [admin, *customers]:
        expect(status(page, "Viewers")).to_have_text("2")

    admin.reload()
    expect(status(admin, "Live")).to_be_visible()
    for page in customers:
        before = picture(page)["frames"]
        expect(status(page, "Live")).to_be_visible()
        sees_moving_picture(page)
        until(lambda: picture(page)["frames"] != before, what="new frames after the reload")

    until(lambda: api.record(stream)["status"] == "live" and picture(customers[0])["time"] > 0)
    end_stream(admin)
    expect(status(admin, "Uploading recording").or_(status(admin, "Ended"))).to_be_visible()
    expect(admin.get_by_role("progressbar", name="Recording upload")).to_have_attribute("value", "1", timeout=30_000)
    expect(status(admin, "Ended")).to_be_visible(timeout=30_000)

    record = api.record(stream)
    assert record["status"] == "ended" and record["recording"]["status"] == "ready", record
    assert record["recording"]["duration_ms"] > 3_000
    for page in customers:
        expect(status(page, "Replay")).to_be_visible(timeout=20_000)
    replays_in_step(customers[0], api, stream)


def replays_in_step(page, api, stream):
    """The replay plays and seeks, and chat, likes and products come at their times."""
    said = api.all(f"/api/livestreams/{stream}/chat")[0]["at_ms"]
    pinned = api.all(f"/api/livestreams/{stream}/products")[0]["pins"]
    video = page.get_by_label("Livestream", exact=True)
    log = page.get_by_role("log", name="Chat")
    products = page.get_by_role("region", name="Products")

    video.evaluate("video => { video.muted = true; return video.play(); }")
    until(lambda: picture(page)["time"] > 0.3, what="the replay to play")
    video.evaluate("video => { video.pause(); video.currentTime = 0; }")
    expect(log).not_to_contain_text("dishwasher")
    expect(products).not_to_contain_text("Blue mug")
    expect(status(page, "Likes")).to_have_text("0")

    seek = "(video, seconds) => { video.currentTime = seconds; }"
    video.evaluate(seek, (said + 300) / 1_000)
    expect(log).to_contain_text("dishwasher")
    expect(status(page, "Likes")).to_have_text("42")
    until(lambda: (p := picture(page))["light"] > 0 and abs(p["time"] - (said + 300) / 1_000) < 1, what="the seek")
    first, second = pinned[0], pinned[1]
    video.evaluate(seek, (first["at_ms"] + first["until_ms"]) / 2_000)
    expect(products).to_contain_text("Blue mug")
    video.evaluate(seek, (first["until_ms"] + second["at_ms"]) / 2_000)
    expect(products).not_to_contain_text("Blue mug")


# A connection that is closed while its description is being taken never says so: what waits for it waits for ever.
CLOSED_MEANWHILE = """(() => {
    const take = RTCPeerConnection.prototype.setRemoteDescription;
    window.dropped = 0;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
        if (window.dropped > 0) return take.call(this, description);
        window.dropped += 1;
        return new Promise(() => {});
    };
})()"""


def test_a_connection_that_is_dropped_while_it_is_being_answered_holds_up_nothing(server, api, open_page):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Answered in vain")
    api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": "direct"}})
    go_live(admin)
    viewer = open_page("about:blank")
    viewer.add_init_script(CLOSED_MEANWHILE)
    viewer.goto(f"{server.url}/watch/{stream}")
    # The first offer comes to nothing; the next one takes its place, and is answered.
    sees_moving_picture(viewer, 30)
    assert viewer.evaluate("window.dropped") == 1
