"""WHIP and WHEP as HTTP has them: discovery, methods, types, and pages of other origins."""

import pytest
import requests

from relay_clients import Loop, Peer
from vitrine import TOKEN, assert_problem

ADMIN = {"Authorization": f"Bearer {TOKEN}"}
SHOP = "https://shop.example"


@pytest.mark.parametrize("door", ["whip", "whep"])
def test_options_say_what_a_door_takes_and_name_turn_only_to_those_who_may_have_it(start_server, door):
    server = start_server("--turn-url", "turn:turn.example:3478?transport=udp", "--turn-secret", "s3cret")
    url = f"{server.url}/{door}/{server.api.create()}"
    stranger = requests.options(url)
    assert stranger.status_code == 204
    assert stranger.headers["Accept-Post"] == "application/sdp" and "POST" in stranger.headers["Allow"]
    assert "turn:" not in stranger.headers.get("Link", "")
    link = requests.options(url, headers=ADMIN).headers["Link"]
    assert link.startswith('<turn:turn.example:3478?transport=udp>; rel="ice-server"; username="')
    assert '; credential="' in link and link.endswith('; credential-type="password"')


@pytest.mark.parametrize("door", ["whip", "whep"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_other_methods_are_told_which_ones_there_are(server, stream, door, method):
    endpoint = requests.request(method, f"{server.url}/{door}/{stream}", headers=ADMIN)
    assert endpoint.status_code == 405 and endpoint.headers["Allow"] == "OPTIONS, POST"
    session = requests.request(method, f"{server.url}/{door}/{stream}/some", headers=ADMIN)
    assert session.status_code == 405 and session.headers["Allow"] == "DELETE, OPTIONS, PATCH"
    assert session.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"


def test_a_type_is_compared_in_any_case_and_with_parameters_and_another_is_refused(server, stream):
    url = f"{server.url}/whip/{stream}"
    taken = requests.post(url, data="no offer", headers=ADMIN | {"Content-Type": "Application/SDP; charset=utf-8"})
    assert_problem(taken, 400)
    for other in ["application/sdpx", "text/plain"]:
        refused = requests.post(url, data="v=0", headers=ADMIN | {"Content-Type": other})
        assert_problem(refused, 415)
        assert refused.headers["Accept-Post"] == "application/sdp"


def test_an_allowed_page_may_send_and_read_all_that_whep_needs(start_server):
    server = start_server("--allowed-origins", SHOP)
    url = f"{server.url}/whep/{server.api.create()}"
    preflight = requests.options(url, headers={"Origin": SHOP, "Access-Control-Request-Method": "PATCH"})
    allowed = preflight.headers["Access-Control-Allow-Headers"]
    assert all(name in allowed for name in ["Authorization", "Content-Type", "If-Match", "Range", "If-Range"])
    error = requests.post(url, data="", headers={"Origin": SHOP})
    exposed = error.headers["Access-Control-Expose-Headers"]
    assert error.status_code == 415 and error.headers["Access-Control-Allow-Origin"] == SHOP
    assert all(name in exposed for name in ["ETag", "Link", "Location", "Accept-Patch", "Content-Range"])
