"""Firefox by WebDriver BiDi, straight over its remote debugging port: no driver program in between."""

import json
import pathlib
import shutil
import subprocess
import tempfile

from websockets.sync.client import connect

from vitrine import free_port, until

PREFERENCES = {
    "media.navigator.streams.fake": True,  # a test picture and a tone in place of camera and microphone
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "media.autoplay.default": 1,  # only silent video plays by itself, as for people
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "remote.active-protocols": 1,
}

# Finds an element by role and accessible name, among those that are shown.
FIND = """(role, name) => {
    const selectors = {button: 'button', textbox: 'input:not([type]), input[type=text], input[type=search], textarea',
        status: '[role=status]', log: '[role=log]', video: 'video', region: 'section', progressbar: 'progress'};
    const nameOf = (node) => node.getAttribute('aria-label') ?? (node.labels?.length ? node.labels[0].innerText : node.innerText);
    return [...document.querySelectorAll(selectors[role])].find((node) =>
        nameOf(node).trim() === name && node.getClientRects().length > 0);
}"""


class Firefox:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="vitrine-firefox-")
        lines = [f'user_pref("{key}", {json.dumps(value)});' for key, value in PREFERENCES.items()]
        (pathlib.Path(self.profile) / "user.js").write_text("\n".join(lines))
        port = free_port()
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", self.profile, f"--remote-debugging-port={port}",
             "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = until(lambda: self._connect(port), 60, "Firefox")
        self.count = 0
        self.command("session.new", capabilities={})

    def _connect(self, port):
        try:
            return connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None, legacy=True)
        except OSError:
            return None

    def command(self, method, **parameters):
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer.get("id") == self.count:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url):
        context = self.command("browsingContext.create", type="tab")["context"]
        page = Page(self, context)
        page.go(url)
        return page

    def close(self):
        try:
            self.command("browser.close")
            self.process.wait(20)
        except Exception:
            self.process.kill()
            self.process.wait(10)
        finally:
            shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """One tab."""

    def __init__(self, browser, context):
        self.browser, self.context = browser, context

    def go(self, url):
        self.browser.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def run(self, body):
        """What `body` returns, as JSON has it. `find(role, name)` is there to use."""
        self.browser.command("browsingContext.activate", context=self.context)
        expression = f"(async () => {{ const find = {FIND}; return JSON.stringify(await (async () => {{ {body} }})() ?? null); }})()"
        result = self.browser.command("script.evaluate", expression=expression, awaitPromise=True, userActivation=True,
                                      target={"context": self.context})
        assert result["type"] == "success", result.get("exceptionDetails")
        return json.loads(result["result"]["value"])

    def until(self, expression, timeout=20):
        """What the expression is, as soon as that is true."""
        return until(lambda: self.run(f"return {expression};"), timeout, expression)

    def click(self, name):
        self.until(f"find('button', {json.dumps(name)}) && !find('button', {json.dumps(name)}).disabled")
        self.run(f"find('button', {json.dumps(name)}).click();")

    def fill(self, name, text):
        self.until(f"Boolean(find('textbox', {json.dumps(name)}))")
        self.run(f"const box = find('textbox', {json.dumps(name)}); box.value = {json.dumps(text)};"
                 "box.dispatchEvent(new Event('input', {bubbles: true}));")

    def text(self, role, name):
        return self.run(f"return find({json.dumps(role)}, {json.dumps(name)})?.innerText ?? '';")

    def until_text(self, role, name, part, timeout=20):
        until(lambda: part in self.text(role, name), timeout, f"{part!r} in {role} {name}")
