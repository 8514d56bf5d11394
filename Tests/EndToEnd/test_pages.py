"""How the pages look and behave in each state: pictures for people, and what a machine can check of them."""

import re

import pytest
from playwright.sync_api import expect

from media import Upload, webm
from signaling_client import Client
from test_show import create_show, end_stream, go_live, open_admin, say, sees_moving_picture, status
from vitrine import OUTPUT, TOKEN, until

LOOKS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]

# Every WebSocket of the page is kept, so that the test can cut it as a network would.
KEEP_SOCKETS = """window.sockets = []; const Original = WebSocket;
    window.WebSocket = class extends Original { constructor(...words) { super(...words); window.sockets.push(this); } };"""

# The longest time without a new frame, from now on.
WATCH_FRAMES = """() => {
    const video = document.querySelector('video');
    let last = performance.now();
    window.longest = 0;
    const step = () => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - last);
        last = now;
        video.requestVideoFrameCallback(step);
    };
    video.requestVideoFrameCallback(step);
}"""

# What is wrong with a page, as far as a machine can see: names that are missing, things that stick out, low contrast.
FAULTS = """() => {
    const faults = [];
    const isShown = (node) => node.checkVisibility({visibilityProperty: true});
    if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} wide`);
    for (const node of document.querySelectorAll('button, a[href], input, select, textarea, video, progress, meter')) {
        const name = node.getAttribute('aria-label') ?? (node.labels?.length ? node.labels[0].textContent : node.innerText);
        if (isShown(node) && !name?.trim()) faults.push(`no name: ${node.outerHTML.slice(0, 80)}`);
        const box = node.getBoundingClientRect();
        if (isShown(node) && (node.tagName === 'BUTTON') && (box.height < 24 || box.width < 24)) faults.push(`too small to press: ${name}`);
    }
    const light = (text) => {
        const [red, green, blue] = text.match(/[\\d.]+/g).slice(0, 3).map((part) => {
            const value = part / 255;
            return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const background = (node) => {
        for (; node; node = node.parentElement) {
            const style = getComputedStyle(node);
            if (style.backgroundImage !== 'none') return null;
            const parts = style.backgroundColor.match(/[\\d.]+/g);
            if (parts.length < 4 || Number(parts[3]) === 1) return style.backgroundColor;
            if (Number(parts[3]) > 0) return null;  // half transparent: it depends on what is behind
        }
        return 'rgb(255, 255, 255)';
    };
    for (const node of document.querySelectorAll('body *')) {
        const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
        if (!hasText || !isShown(node) || node.closest('.stage, .preview, :disabled, .visually-hidden')) continue;
        const behind = background(node);
        if (!behind) continue;
        const [low, high] = [light(getComputedStyle(node).color), light(behind)].sort((a, b) => a - b);
        if ((high + 0.05) / (low + 0.05) < 4.5) faults.push(`hard to read: ${node.innerText.slice(0, 40)}`);
    }
    return faults;
}"""


@pytest.fixture
def look(open_page):
    """Takes a page's picture at each width and in each light, and finds no fault with it."""
    OUTPUT.mkdir(exist_ok=True)

    def look(page, name):
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 844 if width == 390 else 900})
            page.emulate_media(color_scheme=scheme)
            # Until what fades has faded: two pictures in a row of the page's layout must agree.
            page.evaluate("() => Promise.all(document.getAnimations().filter((each) => each.effect.getTiming().iterations !== Infinity).map((each) => each.finished.catch(() => {})))")
            page.screenshot(path=OUTPUT / f"{name}-{width}-{scheme}.png", full_page=width == 390)
            faults = page.evaluate(FAULTS)
            assert not faults, f"{name} at {width}, {scheme}: {faults}"
        page.set_viewport_size({"width": 1440, "height": 900})
        assert not page.complaints, page.complaints

    return look


def dress(api, stream):
    for title, amount in (("Stoneware mug, blue glaze", "24.00"), ("Linen napkins, set of four", "38.50")):
        product = api.add_product(stream, title, amount)
        api.request("PUT", f"/api/livestreams/{stream}/products/{product}/pin")


def test_the_shop_window(server, api, open_page, look):
    page = open_page(server.url)
    expect(page.get_by_text("There is no show yet")).to_be_visible()
    look(page, "home-empty")
    coming = api.create("An evening of ceramics", description="We open the kiln together.", scheduled_at="2027-01-15T19:00:00Z")
    live = api.create("Autumn table, live from the studio", description="Mugs, plates and linen, and how they are made.")
    over = api.create("Summer glass")
    admin = Client.admin(server, live)
    admin.send("start_stream")
    admin.expect("stream_started")
    other = Client.admin(server, over)
    for type in ("start_stream", "end_stream"):
        other.send(type)
        other.expect("stream_started" if type == "start_stream" else "stream_ended")
    Upload(api, over, webm()).send_all()
    until(lambda: api.record(over)["recording"]["status"] == "ready", 20)
    page.reload()
    items = page.get_by_role("list", name="Livestreams").get_by_role("listitem")
    expect(items).to_have_count(3)
    addresses = items.get_by_role("link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert addresses == [f"/watch/{live}", f"/watch/{coming}", f"/watch/{over}"]
    look(page, "home")
    items.get_by_role("link").first.click()
    expect(status(page, "Live")).to_be_visible()


def test_a_customers_page(server, api, open_page, look):
    missing = open_page(f"{server.url}/watch/does-not-exist")
    expect(missing.get_by_role("heading", name="This show is not here")).to_be_visible()
    look(missing, "watch-missing")

    admin = open_admin(open_page, server)
    stream = create_show(admin, "Autumn table, live from the studio")
    api.request("PATCH", f"/api/livestreams/{stream}", json={"description": "Mugs, plates and linen, and how they are made.",
                                                             "scheduled_at": "2027-01-15T19:00:00Z"})
    page = open_page(f"{server.url}/watch/{stream}")
    expect(status(page, "Starting soon")).to_be_visible()
    look(page, "watch-soon")
    api.request("PATCH", f"/api/livestreams/{stream}", json={"scheduled_at": None})
    go_live(admin)
    sees_moving_picture(page)
    dress(api, stream)
    for text in ("Hello from Lyon!", "Is the blue glaze dishwasher safe?", "I have two of these, they are lovely."):
        say(page, text)
    say(admin, "It is, and it gets softer with the years.")
    page.get_by_role("button", name="Like", exact=True).click()
    expect(status(page, "Likes")).to_have_text("1")
    expect(page.get_by_role("log", name="Chat")).to_contain_text("softer with the years")
    look(page, "watch-live")
    look(admin, "admin-live")

    # Sound comes when it is asked for.
    video = page.get_by_label("Livestream", exact=True)
    assert video.evaluate("video => video.muted")
    page.get_by_role("button", name="Unmute", exact=True).click()
    expect(page.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    assert not video.evaluate("video => video.muted")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Unmute", exact=True)).to_be_visible()
    keys = page.get_by_role("checkbox", name=re.compile("^Keys"))
    keys.uncheck()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Unmute", exact=True)).to_be_visible()
    keys.check()
    page.get_by_role("button", name="Full screen", exact=True).click()
    until(lambda: page.evaluate("Boolean(document.fullscreenElement)"), what="full screen")
    page.evaluate("document.exitFullscreen()")

    end_stream(admin)
    expect(status(page, "Replay")).to_be_visible(timeout=30_000)
    expect(status(admin, "Ended")).to_be_visible(timeout=30_000)
    look(page, "watch-replay")
    look(admin, "admin-ended")


def test_a_customer_keeps_the_picture_when_the_socket_drops(server, api, open_page):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Dropped sockets")
    go_live(admin)
    page = open_page("about:blank")
    page.add_init_script(KEEP_SOCKETS)
    page.goto(f"{server.url}/watch/{stream}")
    sees_moving_picture(page)
    first = page.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames")
    page.evaluate(WATCH_FRAMES)
    page.evaluate("window.sockets.at(-1).close()")
    until(lambda: page.evaluate("window.sockets.length") == 2, what="another connection")
    expect(status(page, "Viewers")).to_have_text("1")
    say(page, "back again")
    expect(admin.get_by_role("log", name="Chat")).to_contain_text("back again")
    sees_moving_picture(page)
    assert first >= 0 and page.evaluate("window.longest") < 1_500


def test_customers_keep_the_picture_when_the_admins_socket_drops(server, api, open_page):
    admin = open_page("about:blank")
    admin.add_init_script(KEEP_SOCKETS)
    admin.goto(f"{server.url}/admin/#token={TOKEN}")
    stream = create_show(admin, "The admin's socket")
    go_live(admin)
    page = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(page)
    page.evaluate(WATCH_FRAMES)
    count = admin.evaluate("window.sockets.length")
    admin.evaluate("window.sockets.at(-1).close()")
    until(lambda: admin.evaluate("window.sockets.length") > count, what="another connection")
    say(page, "still with you")
    expect(admin.get_by_role("log", name="Chat")).to_contain_text("still with you")
    sees_moving_picture(page)
    late = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(late)
    assert page.evaluate("window.longest") < 1_500


def test_the_studio_before_a_show(server, api, open_page, look):
    stranger = open_page(f"{server.url}/admin/")
    expect(stranger.get_by_role("button", name="Open the studio")).to_be_visible()
    look(stranger, "admin-sign-in")
    stranger.get_by_label("Admin token").fill("wrong-token")
    stranger.get_by_role("button", name="Open the studio").click()
    expect(stranger.get_by_role("alert")).to_contain_text("isn't valid")
    stranger.get_by_label("Admin token").fill(TOKEN)
    stranger.get_by_role("button", name="Open the studio").click()
    expect(stranger.get_by_role("button", name="Create livestream")).to_be_visible()

    admin = open_admin(open_page, server)
    api.create("An evening of ceramics")
    admin.reload()
    expect(admin.get_by_role("list", name="Livestreams").get_by_role("listitem")).to_have_count(1)
    look(admin, "admin-list")
    create_show(admin, "Autumn table")
    admin.get_by_role("textbox", name="Product title", exact=True).fill("Mug")
    price = admin.get_by_role("textbox", name="Price", exact=True)
    price.fill("abc")
    admin.get_by_role("button", name="Add product", exact=True).click()
    assert "number like 19.90" in price.evaluate("field => field.validationMessage")
    price.fill("19,90")
    admin.get_by_role("button", name="Add product", exact=True).click()
    expect(admin.get_by_role("listitem", name="Mug")).to_contain_text("19.90")
    look(admin, "admin-scheduled")


def test_a_refused_camera_is_explained(server, open_page, look):
    admin = open_page("about:blank")
    for name, advice in (("NotAllowedError", "refused"), ("NotFoundError", "No camera was found"),
                         ("NotReadableError", "in use")):
        admin.add_init_script(f"if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('x', '{name}'); }};")
        admin.goto("about:blank")
        admin.goto(f"{server.url}/admin/#token={TOKEN}")
        create_show(admin, f"No camera: {name}")
        admin.get_by_role("button", name="Start camera", exact=True).click()
        expect(admin.get_by_role("alert")).to_contain_text(advice)
        expect(admin.get_by_role("button", name="Go live", exact=True)).to_be_disabled()
    look(admin, "admin-no-camera")


def test_a_second_window_takes_over_and_says_so(server, open_page, open_elsewhere):
    first = open_admin(open_page, server)
    stream = create_show(first, "Two windows")
    go_live(first)
    second = open_elsewhere(f"{server.url}/admin/#token={TOKEN}")
    second.get_by_role("link", name="Two windows").click()
    second.get_by_role("button", name="Take over").click()
    expect(first.get_by_role("alert").first).to_contain_text("another window")
    expect(status(first, "On air")).to_be_hidden()
    first.get_by_role("button", name="Take over").click()
    expect(second.get_by_role("alert").first).to_contain_text("another window")
    expect(status(first, "On air")).to_be_visible()
    assert stream in second.url


def test_what_people_write_is_text_and_the_token_stays_here(server, api, open_page):
    markup = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>'
    stream = api.create(markup, description=markup)
    api.post(f"/api/livestreams/{stream}/products", {"title": markup, "price": {"amount": "1", "currency": "EUR"}})
    product = api.all(f"/api/livestreams/{stream}/products")[0]["id"]
    api.request("PUT", f"/api/livestreams/{stream}/products/{product}/pin")
    Client(server, stream, name=markup[:40]).send("chat", text=markup)
    requests = []
    for address in (f"/watch/{stream}", "/", f"/admin/#token={TOKEN}"):
        page = open_page("about:blank")
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda socket: requests.append(socket.url))
        page.goto(server.url + address)
        expect(page.get_by_text("onerror").first).to_be_visible()
        if "admin" in address:
            assert TOKEN not in page.url
            page.get_by_role("link", name=markup).click()
            expect(page.get_by_role("log", name="Chat")).to_contain_text("onerror")
        assert page.evaluate("window.broken") is None
        assert page.locator("img[src=x]").count() == 0
    assert len(requests) > 10 and not [url for url in requests if TOKEN in url]


def test_a_crashed_tab_resumes_its_upload(server, api, open_page):
    admin = open_admin(open_page, server)
    stream = create_show(admin, "Crash")
    go_live(admin)
    customer = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(customer)
    count = "async () => { const open = indexedDB.open('vitrine-recordings'); await new Promise(done => { open.onsuccess = done; });" \
            "const all = open.result.transaction('pieces').objectStore('pieces').count();" \
            "return new Promise(done => { all.onsuccess = () => { open.result.close(); done(all.result); }; }); }"
    until(lambda: admin.evaluate(count) >= 3, 20, "three pieces")
    context = admin.context
    admin.close()
    other = Client.admin(server, stream)
    other.send("end_stream")
    other.expect("stream_ended")
    other.close()
    again = context.new_page()
    again.complaints = []
    again.goto(f"{server.url}/admin/#token={TOKEN}")
    again.get_by_role("link", name="Crash").click()
    recording = until(lambda: (r := api.record(stream)["recording"]) and r["status"] == "ready" and r, 30, "the replay")
    assert recording["duration_ms"] > 1_500
    expect(status(customer, "Replay")).to_be_visible(timeout=20_000)
    until(lambda: again.evaluate(count) == 0, what="the pieces to go")
    assert re.search(r"ready", again.get_by_text("The replay is ready").inner_text())
