"""/openapi.json says what the routes really do."""

import re

import jsonschema
import pytest
from openapi_spec_validator import validate

import check_api
from media import Upload, webm
from signaling_client import Client
from test_data_folder import Run, end_show
from vitrine import API, until

# The routes of docs/protocol.md: a route that is there and not described here fails, and the other way round.
ROUTES = {
    "/api/livestreams": "get post", "/api/livestreams/{id}": "get patch delete", "/api/livestreams/{id}/chat": "get delete",
    "/api/livestreams/{id}/chat/{message_id}": "delete", "/api/livestreams/{id}/likes": "get",
    "/api/livestreams/{id}/products": "get post", "/api/livestreams/{id}/products/{product_id}": "patch delete",
    "/api/livestreams/{id}/products/{product_id}/pin": "put delete",
    "/api/livestreams/{id}/relay": "get", "/api/livestreams/{id}/recording": "get options post",
    "/api/livestreams/{id}/recording/uploads/{upload_id}": "head patch delete post",
    "/api/livestreams/{id}/recording/finish": "post", "/api/ice_servers": "get", "/api/admin": "get",
    "/whip/{id}": "options post", "/whip/{id}/{session}": "options patch delete",
    "/whep/{id}": "options post", "/whep/{id}/{session}": "options patch delete",
    "/healthz": "get", "/readyz": "get", "/metrics": "get", "/openapi.json": "get",
}
BODIES = {
    ("post", "/api/livestreams"): {"title": "Another"}, ("patch", "/api/livestreams/{id}"): {"title": "Changed"},
    ("post", "/api/livestreams/{id}/products"): {"title": "Cup", "price": {"amount": "1", "currency": "EUR"}},
    ("patch", "/api/livestreams/{id}/products/{product_id}"): {"title": "Changed"},
}

QUERIES = {"eraseChatName": "?name=Ada"}


@pytest.fixture
def description(server):
    return server.api.get("/openapi.json").json()


def schema_of(description, response):
    while "$ref" in response:
        response = description["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return {type: content.get("schema") for type, content in response.get("content", {}).items()}


def check(description, operation, answer):
    """The answer is one of those that are described, with a body of its form."""
    status = str(answer.status_code)
    assert status in operation["responses"], f"{operation['operationId']} answered {status}: {answer.text[:200]}"
    contents = schema_of(description, operation["responses"][status])
    if answer.request.method == "HEAD" or not answer.content:
        return
    type = answer.headers["Content-Type"].split(";")[0]
    assert type in contents, f"{operation['operationId']} answered {type}"
    if contents[type] and type.endswith("json"):
        schema = {**contents[type], "components": description["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


def test_it_is_valid_and_names_every_route(description):
    validate(description)
    methods = {path: set(operations) for path, operations in description["paths"].items()}
    assert methods == {path: set(names.split()) for path, names in ROUTES.items()}


def test_options_of_every_path_allow_what_is_described(server, description):
    for path, methods in description["paths"].items():
        answer = server.api.request("OPTIONS", re.sub(r"{\w+}", "abcdefgh12345678", path))
        described = {method.upper() for method in methods} | {"OPTIONS"} | ({"HEAD"} if "get" in methods else set())
        assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (204, described), path


def test_every_route_answers_as_described(server, api, description):
    stream = api.create()
    admin = Client.admin(server, stream)
    admin.send("chat", text="hello")
    message = admin.expect("chat_message")["id"]
    admin.send("like")
    admin.expect("stream_update", likes=1)
    ready = api.create()
    end_show(server, ready)
    Run(api, ready, webm(1), "device-01", 1, 0).send_all()
    until(lambda: api.record(ready)["recording"]["status"] == "ready", 20)

    order = {"get": 0, "head": 0, "options": 0, "put": 1, "post": 1, "patch": 2, "delete": 3}
    operations = [(method, path, operation) for path, methods in description["paths"].items()
                  for method, operation in methods.items() if not path.startswith("/wh")]  # test_relay_doors.py knocks there
    # What takes things away comes last, the deepest first.
    operations.sort(key=lambda each: (order[each[0]], -each[1].count("/")))
    ids = {"id": stream, "product_id": api.add_product(stream), "message_id": message}
    for method, path, operation in operations:
        upload = Upload(api, stream, webm(1)) if "upload_id" in path else None
        if upload:
            ids["upload_id"] = upload.path.rsplit("/", 1)[1]
        used = {**ids, "id": ready} if operation["operationId"] in ("getRecording", "finishRecording") else ids
        real = re.sub(r"{(\w+)}", lambda match: used[match[1]], path) + QUERIES.get(operation["operationId"], "")
        headers = {"Tus-Resumable": "1.0.0"}
        if "recording" in path:
            headers |= {"Upload-Length": "5", "Upload-Metadata": "filetype dmlkZW8vd2VibQ==", "Upload-Offset": "0",
                        "Content-Type": "application/offset+octet-stream"}
        if operation["operationId"] == "overrideMethod":
            headers["X-HTTP-Method-Override"] = "PATCH"
        if operation["operationId"] == "deleteLivestream":
            admin.close()
        answer = api.request(method.upper(), real, json=BODIES.get((method, path)), headers=headers)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text[:200]}"
        check(description, operation, answer)

        if "security" in operation:
            refusal = API(server.url, None).request(method.upper(), real, json={}, headers=headers)
            assert refusal.status_code == 401
            check(description, operation, refusal)
        if "{id}" in path and method != "options":
            unknown = real.replace(used["id"], "does-not-exist")
            missing = api.request(method.upper(), unknown, json=BODIES.get((method, path)), headers=headers)
            assert missing.status_code == 404, f"{method} {unknown}: {missing.status_code}"
            check(description, operation, missing)


def test_what_the_description_allows_and_what_it_does_not_is_answered_as_described():
    """The short form of scripts/check-api."""
    status, cases = check_api.main(400)
    assert status == 0 and cases > 300
