import re

import pytest
from playwright.sync_api import sync_playwright

from relay_clients import Loop
from vitrine import OUTPUT, Server, forget_dead_counters

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--use-fake-device-for-media-stream=fps=30", "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection", "--disable-dev-shm-usage",
]


def pytest_collection_modifyitems(items):
    for item in items:
        if {"playwright", "firefox"} & set(item.fixturenames):
            item.add_marker(pytest.mark.browser)


def pytest_sessionstart():
    forget_dead_counters()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + outcome.get_result().when, outcome.get_result())


def _has_failed(request):
    return any(getattr(request.node, f"report_{when}", None) and getattr(request.node, f"report_{when}").failed
               for when in ("setup", "call"))


@pytest.fixture
def start_server(tmp_path, request):
    """Starts servers that are stopped, and checked for a clean stop, at the end."""
    servers = []

    def start(*options, **settings):
        server = Server(tmp_path / f"data{len(servers)}", *options, **settings)
        servers.append(server)
        return server.start()

    yield start
    statuses = [server.stop() for server in servers if server.process.poll() is None]
    if _has_failed(request):
        OUTPUT.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "-", request.node.name)
        for number, server in enumerate(servers):
            (OUTPUT / f"{name}-{number}.log").write_text("".join(server.log))
    assert all(status == 0 for status in statuses), f"exit statuses {statuses}"


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def api(server):
    return server.api


@pytest.fixture
def stream(api):
    return api.create()


@pytest.fixture(scope="session")
def playwright():
    """One for all: it can't be had twice."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_elsewhere(playwright):
    """Opens pages in a browser of their own, as another device would: one browser's fake camera is for one page."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)

    def open_elsewhere(url, **options):
        page = browser.new_context(viewport={"width": 1440, "height": 900}, **options).new_page()
        page.context.set_default_timeout(15_000)
        page.complaints = []
        page.goto(url)
        return page

    yield open_elsewhere
    browser.close()


@pytest.fixture
def open_page(chromium, request):
    """Opens pages, each in a profile of its own, and keeps pictures of them when the test fails."""
    contexts = []

    def open_page(url, **options):
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = chromium.new_context(ignore_https_errors=True, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for number, context in enumerate(contexts):
        if _has_failed(request):
            OUTPUT.mkdir(exist_ok=True)
            for page in context.pages:
                page.screenshot(path=OUTPUT / f"{re.sub(r'[^a-z0-9]+', '-', request.node.name)}-{number}.png")
                print("page said:", page.complaints[-10:])
        context.close()
