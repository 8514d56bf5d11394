"""What hands do: a second tap, a double click, an end confirmed on a dying line, a link opened in a tab that is there."""

import pytest
from playwright.sync_api import expect

from signaling_client import Client
from test_on_air import button, is_camera_open, looks_on, studio
from test_prices import add
from test_show import create_show, end_stream, go_live, open_admin, sees_moving_picture, status
from vitrine import TOKEN, until

PHONE = {"width": 390, "height": 780}
WIDE = {"width": 1440, "height": 900}


def middle(page, name):
    box = button(page, name).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def presses(page, x, y):
    """What a press there would meet, if it can be pressed."""
    return page.evaluate("""([x, y]) => { const met = document.elementFromPoint(x, y)?.closest('button');
        return met && !met.disabled ? met.textContent.trim() : null; }""", [x, y])


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_no_button_comes_to_lie_where_another_was_pressed(server, open_page, size):
    host = open_admin(open_page, server)
    host.set_viewport_size(size)
    create_show(host, "Under the finger")
    button(host, "Start camera").scroll_into_view_if_needed()
    width = button(host, "Start camera").bounding_box()["width"]
    x, y = middle(host, "Start camera")
    host.mouse.click(x, y)
    expect(button(host, "Go live")).to_be_enabled()
    for dx in (-0.4, 0, 0.4):
        assert presses(host, x + dx * width, y) is None, f"{dx} of the button beside its middle"
    # Where the picture's coming has not moved the page, the finger meets nothing behind "Go live", either.
    x, y = middle(host, "Go live")
    host.mouse.click(x, y)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    assert presses(host, x, y) is None
    expect(status(host, "Muted")).to_be_hidden()


def test_a_double_click_on_what_is_sold_counts_once(server, api, open_page):
    host = open_admin(open_page, server)
    stream = create_show(host, "Twice")
    products = lambda: api.all(f"/api/livestreams/{stream}/products")
    for title in ("19.90", "29.90"):
        add(host, title, "EUR")
        button(host, "Add product").dblclick()
        expect(host.get_by_role("listitem", name=f"Product {title}")).to_be_visible()
    assert len(products()) == 2
    host.get_by_role("listitem", name="Product 19.90").get_by_role("button", name="Pin", exact=True).dblclick()
    expect(button(host, "Unpin")).to_be_visible()
    assert [product["pinned"] for product in products()].count(True) == 1
    # Nothing is removed without an answer to the question, and then one.
    host.get_by_role("button", name="Remove Product 29.90").dblclick()
    dialog = host.get_by_role("dialog", name="Remove the product?")
    dialog.get_by_role("button", name="Keep it").click()
    assert len(products()) == 2
    host.get_by_role("button", name="Remove Product 29.90").click()
    dialog.get_by_role("button", name="Remove it").dblclick()
    expect(host.get_by_role("listitem", name="Product 29.90")).to_be_hidden()
    assert [product["title"] for product in products()] == ["Product 19.90"]


def test_a_double_click_makes_one_show(server, api, open_page):
    host = open_admin(open_page, server)
    host.get_by_role("textbox", name="Title", exact=True).fill("Once")
    button(host, "Create livestream").dblclick()
    expect(status(host, "Scheduled")).to_be_visible()
    assert [show["title"] for show in api.all("/api/livestreams")] == ["Once"]


def test_an_end_that_was_confirmed_while_the_line_was_dead_ends_the_show(server, api, open_page):
    host = studio(open_page, server)
    stream = create_show(host, "Ends anyhow")
    go_live(host)
    viewer = open_page(f"{server.url}/watch/{stream}")
    sees_moving_picture(viewer)
    host.context.set_offline(True)
    end_stream(host)
    # Nothing leaves the page from now on, though the server can't know yet.
    until(lambda: not is_camera_open(host), 10, "the camera to close")
    expect(status(host, "On air")).to_be_hidden()
    expect(host.get_by_text("The show is being ended")).to_be_visible()
    host.context.set_offline(False)
    until(lambda: api.record(stream)["status"] == "ended", 30, "the show to end")
    expect(status(viewer, "Live")).to_be_hidden()


def test_the_printed_link_signs_in_where_the_page_is_open_already(server, open_page):
    page = open_page(f"{server.url}/admin/")
    expect(page.get_by_role("textbox", name="Admin token")).to_be_visible()
    page.evaluate("void (location.hash = '#token=wrong')")
    expect(page.get_by_role("alert").first).to_contain_text("isn't valid")
    page.evaluate(f"void (location.hash = '#token={TOKEN}')")
    stream = create_show(page, "In the same tab")
    assert TOKEN not in page.url
    # Who is in stays in, and by a reload, too, even one that comes before the answer.
    page.evaluate("void (location.hash = '#token=wrong')")
    expect(page.get_by_role("alert").first).to_contain_text("still signed in")
    assert page.url.endswith(f"#/live/{stream}") and "wrong" not in page.evaluate("JSON.stringify({...sessionStorage})")
    expect(status(page, "Scheduled")).to_be_visible()


def test_two_studios_sell_the_same(server, open_page):
    first = open_admin(open_page, server)
    stream = create_show(first, "Two lists")
    second = studio(open_page, server, stream)
    expect(second.get_by_role("heading", name="Two lists")).to_be_visible()
    add(first, "5.00", "EUR")
    button(first, "Add product").click()
    expect(second.get_by_role("listitem", name="Product 5.00")).to_be_visible(timeout=15_000)


def test_lines_written_fast_are_said_in_their_order_and_likes_survive_a_reload(server, api, stream, open_page):
    page = open_page(f"{server.url}/watch/{stream}")
    expect(status(page, "Starting soon")).to_be_visible()
    lines = [f"line {number}" for number in range(6)]
    for line in lines:
        page.get_by_role("textbox", name="Message", exact=True).fill(line)
        page.keyboard.press("Enter")
    for _ in range(60):
        page.get_by_role("button", name="Like", exact=True).click(force=True)
    page.reload()
    until(lambda: [item["text"] for item in api.all(f"/api/livestreams/{stream}/chat")] == lines, 20, "the lines in their order")
    until(lambda: api.record(stream)["likes"] == 60, 20, "every like")


def test_who_is_on_air_keeps_the_desk_whatever_link_is_opened(server, open_page):
    host = open_admin(open_page, server)
    create_show(host, "On air and offline")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    host.context.set_offline(True)
    host.evaluate("void (location.hash = '#token=wrong')")
    expect(host.get_by_role("alert").last).to_contain_text("wasn't tried")
    expect(button(host, "End stream")).to_be_visible()
    expect(host.get_by_role("textbox", name="Admin token")).to_be_hidden()
    host.context.set_offline(False)
    host.reload()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)


def test_a_reload_that_came_to_nothing_puts_nobody_on_air(server, api, open_page, open_elsewhere):
    host = studio(open_page, server)
    stream = create_show(host, "Taken over")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    host.context.set_offline(True)
    second = studio(open_elsewhere, server, stream)
    button(second, "Take over").click()
    expect(status(second, "On air")).to_be_visible(timeout=20_000)
    host.context.set_offline(False)
    host.reload()
    expect(button(host, "Take over")).to_be_visible()
    host.get_by_role("link", name="All shows").click()
    second.close()
    until(lambda: api.record(stream)["broadcaster"] is None, 20, "nobody to broadcast")
    host.get_by_role("link", name="Taken over").click()
    looks_on(host)
    # The page's one request for the show fails after a reload: what is opened then is opened by hand.
    button(host, "Take over").click()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    host.route(f"**/api/livestreams/{stream}", lambda route: route.abort())
    host.reload()
    expect(button(host, "Create livestream")).to_be_visible()
    host.unroute(f"**/api/livestreams/{stream}")
    host.get_by_role("link", name="Taken over").click()
    looks_on(host)


def test_a_camera_that_is_tried_in_vain_leaves_the_one_that_is_open(server, open_page):
    host = studio(open_page, server)
    stream = create_show(host, "Another camera")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    host.evaluate("void (navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('x', 'NotReadableError'); })")
    host.locator("[data-part=cameras]").dispatch_event("change")
    expect(host.get_by_role("alert").first).to_contain_text("in use by another program")
    expect(status(host, "On air")).to_be_visible()
    assert is_camera_open(host)
    sees_moving_picture(open_page(f"{server.url}/watch/{stream}"))


def test_the_second_half_of_a_double_click_meets_nothing_else(server, api, open_page):
    host = open_admin(open_page, server)
    host.set_viewport_size(PHONE)
    stream = create_show(host, "Rows that move")
    for line in range(3):
        with Client(server, stream, name=f"Guest {line}") as guest:
            guest.send("chat", text=f"line {line}")
            guest.expect("chat_message")
    log = host.get_by_role("log", name="Chat")
    expect(log.get_by_role("button")).to_have_count(3)
    log.get_by_role("button").first.dblclick()
    expect(log.get_by_role("button")).to_have_count(2)
    assert [item["text"] for item in api.all(f"/api/livestreams/{stream}/chat")] == ["line 1", "line 2"]
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    for _ in range(2):
        host.evaluate("scrollTo(0, 0)")
        host.get_by_role("link", name="All shows").click()
        host.get_by_role("dialog", name="Leave the show?").get_by_role("button", name="Stay").dblclick()
        expect(host.get_by_role("dialog", name="Leave the show?")).to_be_hidden()
        expect(status(host, "Muted")).to_be_hidden()
        assert button(host, "Mute microphone").get_attribute("aria-pressed") == "false"


def test_what_is_pressed_while_another_thing_is_under_way_is_done_after_it(server, api, open_page):
    host = open_admin(open_page, server)
    stream = create_show(host, "Slowly")
    held = []
    host.route(f"**/api/livestreams/{stream}/products", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    for title in ("1.00", "2.00"):
        add(host, title, "EUR")
        button(host, "Add product").click()
    for title in ("1.00", "2.00"):
        # One at a time, in the order of the presses; the page has to be asked for its requests to be seen.
        until(lambda: host.evaluate("1") and held, 10, "a product on its way")
        assert len(held) == 1 and f"Product {title}" in held[0].request.post_data
        held.pop().continue_()
    expect(host.get_by_role("listitem", name="Product 2.00")).to_be_visible()
    for title in ("1.00", "2.00"):
        host.get_by_role("listitem", name=f"Product {title}").get_by_role("button", name="Pin", exact=True).click()
    expect(button(host, "Unpin")).to_have_count(2, timeout=15_000)
    assert all(product["pinned"] for product in api.all(f"/api/livestreams/{stream}/products"))


def test_a_page_that_meets_no_server_comes_in_by_itself(server, open_page):
    host = open_admin(open_page, server)
    create_show(host, "A blip")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    host.route("**/api/admin", lambda route: route.abort(), times=1)
    host.reload()
    expect(status(host, "On air")).to_be_visible(timeout=20_000)


def test_who_leaves_before_the_server_has_heard_of_the_end_is_asked(server, open_page):
    host = open_admin(open_page, server)
    create_show(host, "Leaving")
    go_live(host)
    expect(status(host, "On air")).to_be_visible(timeout=20_000)
    host.context.set_offline(True)
    end_stream(host)
    host.get_by_role("link", name="All shows").click()
    expect(host.get_by_role("dialog", name="Leave the show?")).to_contain_text("hasn't heard")
    host.get_by_role("dialog", name="Leave the show?").get_by_role("button", name="Stay").click()
    host.context.set_offline(False)
    expect(status(host, "Ended")).to_be_visible(timeout=30_000)


def test_a_name_that_nobody_may_have_is_said_to_be_none(server, stream, open_page):
    page = open_page(f"{server.url}/watch/{stream}")
    expect(status(page, "Starting soon")).to_be_visible()
    for name, kept in (("Host", ""), ("Ada", "Ada")):
        page.locator("#name").fill(name)
        page.locator("#name").blur()
        expect(page.locator("#name")).to_have_value(kept)
        if not kept:
            expect(page.get_by_role("alert")).to_contain_text("the host's")
    page.get_by_role("textbox", name="Message", exact=True).fill("hello")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log", name="Chat")).to_contain_text("Ada")
