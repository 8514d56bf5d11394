"""How long a customer who joins by the relay waits for a picture, from the click, in a real browser.

    .venv/bin/python Tests/EndToEnd/load_join.py --joins 200

Starts a server of its own and an admin's page with a fake camera in one browser; in another, pages are opened one after
the other by a click on the show's link, and each is asked when its first frame was decoded and shown.
"""

import argparse
import json
import statistics
import tempfile

from playwright.sync_api import expect, sync_playwright

from conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from test_show import create_show, go_live, status
from vitrine import TOKEN, Server, until

# The way to the first frame, in milliseconds since the click (which is when the browser starts to navigate).
STAGES = """(() => {
    const stages = window.stages = {};
    const note = (name) => { stages[name] ??= performance.now(); };
    const Socket = WebSocket;
    window.WebSocket = class extends Socket {
        constructor(...words) {
            super(...words);
            note("page");
            this.addEventListener("open", () => note("socket"));
            this.addEventListener("message", ({ data }) => {
                const { type } = JSON.parse(data);
                if (type === "joined" || type === "webrtc_offer") note(type);
            });
        }
    };
    const Peer = RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
        constructor(...words) {
            super(...words);
            this.addEventListener("iceconnectionstatechange", () => { if (this.iceConnectionState === "connected") note("ice"); });
            this.addEventListener("connectionstatechange", () => { if (this.connectionState === "connected") note("dtls"); });
        }
    };
    document.addEventListener("DOMContentLoaded", () => {
        document.querySelector("video")?.requestVideoFrameCallback(() => note("frame"));
    });
})()"""
NAMES = ["page", "socket", "joined", "webrtc_offer", "ice", "dtls", "frame"]


def join(context, url, title):
    """One customer's stages, from the click on the home page's link."""
    page = context.new_page()
    page.goto(url)
    link = page.get_by_role("link", name=title)
    link.wait_for()
    page.wait_for_load_state("networkidle")  # somebody looks at the page before they click
    page.add_init_script(STAGES)
    link.click()
    try:
        until(lambda: page.evaluate("window.stages?.frame"), 20, "a frame")
        expect(status(page, "Connection")).to_have_text("relay")
        return page.evaluate("window.stages")
    finally:
        page.close()


def measure(playwright, joins):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(f"{folder}/data").start()
        browsers = [playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS) for _ in range(2)]
        try:
            admin = browsers[0].new_context().new_page()
            admin.goto(f"{server.url}/admin/#token={TOKEN}")
            stream = create_show(admin, "First frames")
            server.api.request("PATCH", f"/api/livestreams/{stream}", json={"delivery": {"mode": "relay"}})
            go_live(admin)
            context = browsers[1].new_context()
            return [join(context, server.url, "First frames") for _ in range(joins + 1)][1:]
        finally:
            for browser in browsers:
                browser.close()
            server.stop()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def summary(samples):
    """The median, 90th and 99th percentile and the longest of each stage, in milliseconds."""
    return {name: {"p50": statistics.median(values), "p90": percentile(values, 0.9), "p99": percentile(values, 0.99),
                   "max": max(values)}
            for name in NAMES for values in [[sample[name] for sample in samples if name in sample]]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--joins", type=int, default=200, help="how many customers, one after the other (default: 200)")
    parser.add_argument("--json", action="store_true", help="print JSON rather than a table")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        stages = summary(measure(playwright, arguments.joins))
    if arguments.json:
        print(json.dumps({"joins": arguments.joins, "stages_ms": stages}))
        return
    print(f"{arguments.joins} joins by relay, ms since the click\n\n| stage | p50 | p90 | p99 | max |\n| --- | --- | --- | --- | --- |")
    for name, values in stages.items():
        print(f"| {name} | " + " | ".join(f"{value:.0f}" for value in values.values()) + " |")


if __name__ == "__main__":
    main()
