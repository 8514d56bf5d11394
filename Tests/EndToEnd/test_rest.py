"""REST as docs/protocol.md has it."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urljoin

import pytest
import requests

from signaling_client import Client
from vitrine import API, assert_problem, until

ABSENT = "does-not-exist"


def test_a_livestream_is_made_read_changed_and_removed(api):
    answer = api.post("/api/livestreams", {"title": "  Autumn mugs ", "description": "Warm", "unknown": 1,
                                           "scheduled_at": "2026-12-01T18:00:00+01:00"})
    assert answer.status_code == 201
    record = answer.json()
    assert answer.headers["Location"] == f"/api/livestreams/{record['id']}"
    assert record["title"] == "Autumn mugs" and record["status"] == "scheduled"
    assert record["scheduled_at"] == "2026-12-01T17:00:00.000Z"
    assert record["delivery"] == {"mode": "auto", "max_direct_viewers": 4}
    assert record["recording"] is None and record["pinned_products"] == [] and record["likes"] == 0
    path = answer.headers["Location"]
    assert api.get(path).json() == record

    changed = api.request("PATCH", path, json={"title": "Mugs", "delivery": {"mode": "direct"}, "scheduled_at": None})
    assert changed.status_code == 200
    assert changed.json() == {**record, "title": "Mugs", "scheduled_at": None,
                              "delivery": {"mode": "direct", "max_direct_viewers": 4}}
    assert api.get(path).json() == changed.json()
    assert api.request("DELETE", path).status_code == 204
    assert_problem(api.get(path), 404)
    assert_problem(api.request("DELETE", path), 404)


def test_lists_come_in_parts_newest_first(server, api):
    made = [api.create(f"Show {number}") for number in range(25)]
    live = Client.admin(server, made[3])
    live.send("start_stream")
    live.expect("stream_started")
    first = api.get("/api/livestreams").json()
    assert [item["id"] for item in first["items"]] == made[:4:-1]
    rest = api.get("/api/livestreams", params={"cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in rest["items"]] == made[4::-1] and rest["next_cursor"] is None
    assert [item["id"] for item in api.all("/api/livestreams", status="live")] == [made[3]]
    assert len(api.all("/api/livestreams", status="scheduled")) == 24
    for query in ("limit=0", "limit=101", "limit=x", "cursor=x", "status=lost"):
        assert_problem(api.get(f"/api/livestreams?{query}"), 422)


def test_only_the_admin_changes_anything(server, api, stream):
    product = api.add_product(stream)
    base = f"/api/livestreams/{stream}"
    changes = [("POST", "/api/livestreams"), ("PATCH", base), ("DELETE", base), ("DELETE", f"{base}/chat/{product}"),
               ("POST", f"{base}/products"), ("PATCH", f"{base}/products/{product}"),
               ("DELETE", f"{base}/products/{product}"), ("PUT", f"{base}/products/{product}/pin"),
               ("DELETE", f"{base}/products/{product}/pin"), ("POST", f"{base}/recording")]
    for token in (None, "wrong-token", "test-admin-toke", "test-admin-tokenx"):
        stranger = API(server.url, token)
        for method, path in changes:
            answer = stranger.request(method, path, json={"title": "x"}, headers={"Tus-Resumable": "1.0.0"})
            assert_problem(answer, 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    stranger = API(server.url, None)
    for path in ("/api/livestreams", base, f"{base}/chat", f"{base}/likes", f"{base}/products", "/api/ice_servers"):
        assert stranger.get(path).status_code == 200


def test_a_live_show_is_not_deleted(server, api, stream):
    admin = Client.admin(server, stream)
    admin.send("start_stream")
    admin.expect("stream_started")
    assert_problem(api.request("DELETE", f"/api/livestreams/{stream}"), 409)
    admin.send("end_stream")
    admin.expect("stream_ended")
    assert api.request("DELETE", f"/api/livestreams/{stream}").status_code == 204
    admin.expect_close(4410)


def test_products_are_added_changed_pinned_and_removed(server, api, stream):
    customer = Client(server, stream)
    base = f"/api/livestreams/{stream}/products"
    answer = api.post(base, {"title": "Mug", "price": {"amount": "19.90", "currency": "EUR"},
                             "image_url": "https://shop.example/mug.jpg"})
    mug = answer.json()
    assert answer.status_code == 201 and answer.headers["Location"] == f"{base}/{mug['id']}"
    assert mug["price"] == {"amount": "19.90", "currency": "EUR"} and mug["url"] is None and not mug["pinned"]
    plate = api.add_product(stream, "Plate")
    assert [item["title"] for item in api.all(base)] == ["Mug", "Plate"]

    pinned = api.request("PUT", f"{base}/{mug['id']}/pin")
    assert pinned.status_code == 200 and pinned.json()["at_ms"] == 0
    assert customer.expect("product_pinned")["product"]["id"] == mug["id"]
    api.request("PUT", f"{base}/{plate}/pin")
    assert [item["title"] for item in api.record(stream)["pinned_products"]] == ["Mug", "Plate"]

    changed = api.request("PATCH", f"{base}/{mug['id']}", json={"title": "Cup", "image_url": None}).json()
    assert changed["title"] == "Cup" and changed["image_url"] is None and changed["at_ms"] == 0
    assert customer.expect("product_pinned", timeout=5)["product"]["id"] == plate
    assert customer.expect("product_pinned")["product"]["title"] == "Cup"

    assert api.request("DELETE", f"{base}/{mug['id']}/pin").status_code == 204
    assert customer.expect("product_unpinned")["id"] == mug["id"]
    assert api.request("DELETE", f"{base}/{plate}").status_code == 204
    assert customer.expect("product_unpinned")["id"] == plate
    assert [item["title"] for item in api.all(base)] == ["Cup"]
    assert api.record(stream)["pinned_products"] == []


@pytest.mark.parametrize("fields", [
    {"title": "x"}, {"price": {"amount": "1", "currency": "EUR"}}, {"title": "x", "price": "1"},
    {"title": "x", "price": {"amount": "abc", "currency": "EUR"}}, {"title": "x", "price": {"amount": 1.5, "currency": "EUR"}},
    {"title": "x", "price": {"amount": "-1", "currency": "EUR"}}, {"title": "x", "price": {"amount": "1", "currency": "euro"}},
    {"title": "x", "price": {"amount": "1", "currency": "EUR"}, "url": "javascript:alert(1)"},
    {"title": "x", "price": {"amount": "1", "currency": "EUR"}, "image_url": "data:text/html,x"},
    {"title": "", "price": {"amount": "1", "currency": "EUR"}},
    {"title": "x" * 201, "price": {"amount": "1", "currency": "EUR"}},
])
def test_a_product_that_is_none_is_refused(api, stream, fields):
    assert_problem(api.post(f"/api/livestreams/{stream}/products", fields), 422)
    assert api.all(f"/api/livestreams/{stream}/products") == []


def test_chat_history_is_found_by_place_and_by_clock(server, api, stream):
    admin = Client.admin(server, stream)
    admin.send("start_stream")
    admin.expect("stream_started")
    for number in range(8):
        admin.send("chat", text=f"message {number}")
    said = [admin.expect("chat_message") for _ in range(8)]
    path = f"/api/livestreams/{stream}/chat"
    texts = lambda **query: [item["text"] for item in api.get(path, params=query).json()["items"]]
    assert texts() == [f"message {number}" for number in range(8)]
    assert texts(before=said[4]["id"], limit=2) == ["message 2", "message 3"]
    assert texts(after=said[4]["id"]) == ["message 5", "message 6", "message 7"]
    assert texts(from_ms=0, to_ms=said[-1]["at_ms"]) == [f"message {number}" for number in range(8)]
    assert texts(from_ms=said[-1]["at_ms"] + 1) == []
    for query in ("before=a&after=b", "from_ms=9&to_ms=3", "from_ms=-1", f"before={said[0]['id']}&from_ms=1"):
        assert api.get(f"{path}?{query}").status_code in (404, 422)
    assert_problem(api.get(f"{path}?before={ABSENT}"), 404)

    customer = Client(server, stream)
    assert len(customer.joined["chat"]) == 8
    assert api.request("DELETE", f"{path}/{said[2]['id']}").status_code == 204
    assert customer.expect("chat_removed")["id"] == said[2]["id"]
    assert len(api.all(path)) == 7
    assert_problem(api.request("DELETE", f"{path}/{said[2]['id']}"), 404)


def test_a_name_is_erased_from_the_history(server, api, stream):
    admin = Client.admin(server, stream)
    admin.send("start_stream")
    admin.expect("stream_started")
    said = {}
    for name in ("Ada Löve & Co", "Bob"):
        customer = Client(server, stream, name=name)
        customer.send("chat", text=f"from {name}")
        said[customer.expect("chat_message")["text"]] = name
    path = f"/api/livestreams/{stream}/chat"
    name = quote("Ada Löve & Co")
    assert_problem(API(server.url, None).request("DELETE", f"{path}?name={name}"), 401)
    answer = api.request("DELETE", f"{path}?name={name}")
    assert answer.status_code == 200 and answer.json() == {"erased": 1}
    kept = {item["text"]: item["name"] for item in api.all(path)}
    assert kept == {"from Ada Löve & Co": "Guest", "from Bob": "Bob"}
    # Who joins now doesn't learn it from the room's memory either.
    assert {item["name"] for item in Client(server, stream).joined["chat"]} == {"Guest", "Bob"}
    assert api.request("DELETE", f"{path}?name={name}").json() == {"erased": 0}
    assert_problem(api.request("DELETE", path), 422)
    assert_problem(api.request("DELETE", f"/api/livestreams/{ABSENT}/chat?name=Bob"), 404)


def test_unknown_things_are_problems(api):
    base = f"/api/livestreams/{ABSENT}"
    for method, path in [("GET", base), ("PATCH", base), ("DELETE", base), ("GET", f"{base}/chat"),
                         ("GET", f"{base}/products"), ("GET", f"{base}/recording"), ("GET", f"{base}/likes"),
                         ("PUT", f"{base}/products/{ABSENT}/pin"), ("GET", "/nothing/here"), ("GET", "/assets/no.js"),
                         ("GET", "/api")]:
        assert_problem(api.request(method, path, json={"title": "x"}), 404)
    refused = api.request("POST", "/healthz", json={"title": "x"})
    assert_problem(refused, 405)
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_health_metrics_and_pages_answer(server, api):
    assert api.get("/healthz").json() == {"status": "ok"}
    assert api.get("/readyz").json() == {"status": "ok"}
    assert "vitrine_clients" in api.get("/metrics").text
    for path in ("/", "/watch/abcdefgh", "/admin/"):
        answer = requests.get(server.url + path, timeout=5)
        assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert requests.get(server.url + "/admin", allow_redirects=False, timeout=5).headers["Location"] == "/admin/"
    script = requests.get(server.url + "/assets/watch/watch.js", timeout=5)
    assert script.headers["Content-Type"].startswith("text/javascript")
    again = requests.get(server.url + "/assets/watch/watch.js", headers={"If-None-Match": script.headers["ETag"]}, timeout=5)
    assert again.status_code == 304 and again.content == b""
    for tags, status in ((f'"other", W/{script.headers["ETag"]}', 304), ("*", 304), ('"other"', 200)):
        assert requests.get(server.url + "/assets/watch/watch.js", headers={"If-None-Match": tags}, timeout=5).status_code == status


def test_pages_and_what_they_load_are_sent_compressed_to_whoever_takes_that(server):
    def get(path, **headers):
        return requests.get(server.url + path, headers=headers, timeout=5)

    for path in ("/", "/admin/", "/assets/watch/watch.js", "/assets/shared/vitrine.css"):
        plain = get(path, **{"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding", path
        for takes in ("gzip", "br, gzip;q=0.5", "*", "GZIP", "deflate, x-gzip ; q=1.0"):
            packed = get(path, **{"Accept-Encoding": takes})
            assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding", (path, takes)
            assert packed.content == plain.content  # requests has unpacked it
            assert int(packed.headers["Content-Length"]) < 0.7 * len(plain.content), path
            assert packed.headers["ETag"] != plain.headers["ETag"]
            kept = get(path, **{"Accept-Encoding": takes, "If-None-Match": packed.headers["ETag"]})
            assert kept.status_code == 304 and kept.headers["Vary"] == "Accept-Encoding"
        for refuses in ("gzip;q=0", "br", "*;q=0", "gzip;q=0, *", "gzip;q=nonsense"):
            assert "Content-Encoding" not in get(path, **{"Accept-Encoding": refuses}).headers, refuses


@pytest.mark.parametrize("path", ["/", "/watch/abcdefgh", "/admin/"])
def test_a_page_asks_at_once_for_all_that_it_needs_and_never_again(server, path):
    page = requests.get(server.url + path, timeout=5)
    assert page.headers["Cache-Control"] == "no-cache"
    named = {urljoin(page.url, url) for url in re.findall(r'(?:href|src)="([^"]+\.(?:js|css|svg))"', page.text)}
    scripts = [url for url in named if url.endswith(".js")]
    imported = set()
    for url in named:
        answer = requests.get(url, timeout=5)
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"], url
        if url in scripts:
            imported |= {urljoin(url, other) for other in re.findall(r'^(?:import|\}).*from "([^"]+)"', answer.text, re.MULTILINE)}
    assert imported <= named, "a module that is found late costs a round trip"


def test_ice_servers_are_what_the_operator_configured(start_server):
    assert start_server().api.get("/api/ice_servers").json() == []
    server = start_server("--ice-servers", "stun:stun.example:3478", "--turn-url", "turn:turn.example:3478",
                          "--turn-secret", "north")
    servers = server.api.get("/api/ice_servers").json()
    assert servers[0] == {"urls": ["stun:stun.example:3478"]}
    assert servers[1]["urls"] == ["turn:turn.example:3478"]
    assert servers[1]["username"].endswith(":vitrine") and servers[1]["credential"]
    assert Client(server, server.api.create()).joined["ice_servers"][0] == servers[0]


def test_metrics_count_what_happens(server, api, stream):
    customer = Client(server, stream)
    customer.send("like")
    customer.expect("stream_update", likes=1)
    customer.send("chat", text="hello")
    customer.expect("chat_message")
    text = api.get("/metrics").text
    assert 'vitrine_clients{role="customer"} 1' in text
    assert "vitrine_likes_total 1" in text and "vitrine_chat_messages_total 1" in text


def test_a_name_is_erased_however_it_is_written(server, api, stream):
    path = f"/api/livestreams/{stream}/chat"
    cases = [("Ada Lovelace", "Ada+Lovelace"), ("Grace Hopper", "Grace%20Hopper"), ("Zoe\u0308", "Zo%C3%AB"), ("Zo\u00eb 2", "Zoe%CC%88+2"),
             ("Vitrine\u200b", "vitrine"), ("A+B", "A%2BB")]
    for written, asked in cases:
        with Client(server, stream, name=written) as customer:
            customer.send("chat", text=f"from {written}")
            customer.expect("chat_message")
        assert api.request("DELETE", f"{path}?name={asked}").json() == {"erased": 1}, written
    assert {item["name"] for item in api.all(path)} == {"Guest"}


def test_text_that_cannot_be_seen_is_blank_and_turns_nothing(server, api, stream):
    with Client(server, stream) as customer:
        for blank in ("\u200b", "\u200b\u2060\u3164", "\u2800 \u2800", "\u202e", "\ufe0f", "\u00ad", "\U000e0041"):
            customer.send("chat", text=blank)
            customer.expect("error", code="invalid_message", in_reply_to="chat")
        customer.send("chat", text="\u202egnp.exe")
        assert customer.expect("chat_message")["text"] == "gnp.exe"
        customer.send("chat", text="👩‍🚀 مرحبا‌ها")
        assert customer.expect("chat_message")["text"] == "👩‍🚀 مرحبا‌ها"
    with Client(server, stream, name="Ho\u200bst") as impostor:
        impostor.send("chat", text="buy here")
        assert impostor.expect("chat_message")["name"] == "Guest"


def test_changes_of_different_fields_at_once_are_all_kept(server, api):
    with ThreadPoolExecutor(4) as pool:
        for round in range(30):
            stream = api.create("Old")
            path = f"/api/livestreams/{stream}"
            with Client(server, stream) as viewer:
                changes = [{"delivery": {"mode": "relay"}}, {"delivery": {"max_direct_viewers": round}}, {"title": f"T{round}"},
                           {"description": f"D{round}"}]
                apis = [API(server.url) for _ in changes]
                answers = list(pool.map(lambda pair: pair[0].request("PATCH", path, json=pair[1]), zip(apis, changes)))
                assert [answer.status_code for answer in answers] == [200] * 4
                record = api.record(stream)
                assert record["delivery"] == {"mode": "relay", "max_direct_viewers": round}
                assert (record["title"], record["description"]) == (f"T{round}", f"D{round}")
                told = lambda: (viewer.settle(), [m["stream"] for m in viewer.messages if m.get("stream")])[1]
                until(lambda: (all_told := told()) and all_told[-1]["title"] == f"T{round}"
                      and all_told[-1]["delivery"] == record["delivery"], 5, "the room to be told the last")


def test_three_products_are_pinned_and_a_fourth_is_refused(server, api, stream):
    products = [api.add_product(stream, f"Product {number}") for number in range(5)]
    path = f"/api/livestreams/{stream}/products"
    pin = lambda product, method="PUT": API(server.url).request(method, f"{path}/{product}/pin")
    with Client(server, stream) as viewer, ThreadPoolExecutor(5) as pool:
        statuses = list(pool.map(lambda product: pin(product).status_code, products))
        assert sorted(statuses) == [200, 200, 200, 409, 409]
        pinned = [product for product, status in zip(products, statuses) if status == 200]
        assert {product["id"] for product in api.record(stream)["pinned_products"]} == set(pinned)
        late = products[statuses.index(409)]
        assert "unpin one first" in assert_problem(pin(late), 409)["detail"]
        assert pin(pinned[0]).status_code == 200  # it is pinned already
        assert pin(pinned[0], "DELETE").status_code == 204 and pin(late).status_code == 200
        viewer.settle()
        shown = set()
        for message in viewer.messages:
            if message["type"] == "product_pinned":
                shown.add(message["product"]["id"])
            if message["type"] == "product_unpinned":
                shown.discard(message["id"])
        assert shown == {product["id"] for product in api.record(stream)["pinned_products"]}


def test_a_deleted_show_takes_nobody_in(server, api):
    with ThreadPoolExecutor(4) as pool:
        for round in range(25):
            stream = api.create()
            with Client(server, stream):
                joining = [Client.raw(server) for _ in range(3)]
                deletion = pool.submit(API(server.url).request, "DELETE", f"/api/livestreams/{stream}")
                for client in joining:
                    client.send("join", stream_id=stream, role="customer")
                assert deletion.result().status_code == 204
                late = Client.raw(server)
                late.send("join", stream_id=stream, role="customer")
                assert late.expect("error")["code"] == "not_found"
                for client in joining:  # in time, and then sent away, or too late
                    answer = client.receive()
                    if answer["type"] == "joined":
                        client.expect_close(4410)
                    else:
                        assert answer["code"] == "not_found"
                    client.close()
                late.close()
            assert api.get(f"/api/livestreams/{stream}").status_code == 404
