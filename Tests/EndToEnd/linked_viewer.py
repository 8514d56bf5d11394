"""A show whose one viewer sits behind a link of its own (link.py): a real browser, and what it got to see and hear."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from netns import Unavailable
from test_show import create_show, go_live
from vitrine import TOKEN, Server

SERVER, VIEWER = "10.77.1.1", "10.77.1.2"
HERE = pathlib.Path(__file__).parent

# When each frame was shown, and the connections, from the start on.
WATCH = """(() => {
    window.frames = [];
    window.connections = [];
    const Connection = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Connection {
        constructor(...all) { super(...all); window.connections.push(this); }
    };
    const watched = new WeakSet();
    window.qualities = [];
    setInterval(() => {
        const quality = document.getElementById('quality')?.textContent ?? '';
        if (quality !== (window.qualities.at(-1) ?? '')) window.qualities.push(quality);
        for (const video of document.querySelectorAll('video')) {
            if (watched.has(video)) continue;
            watched.add(video);
            const step = () => { window.frames.push(performance.now()); video.requestVideoFrameCallback(step); };
            video.requestVideoFrameCallback(step);
        }
    }, 20);
})()"""
STATISTICS = """async () => {
    const found = {};
    for (const connection of window.connections) {
        if (connection.connectionState !== 'connected') continue;
        for (const report of (await connection.getStats()).values()) {
            if (report.type === 'inbound-rtp') found[report.kind] = {
                bytes: report.bytesReceived, packets: report.packetsReceived, lost: report.packetsLost,
                decoded: report.framesDecoded, keys: report.keyFramesDecoded, nack: report.nackCount, pli: report.pliCount,
                width: report.frameWidth, repaired: report.retransmittedPacketsReceived, concealed: report.concealedSamples - (report.silentConcealedSamples || 0),
                samples: report.totalSamplesReceived, freezes: report.freezeCount };
        }
    }
    return found;
}"""


def clip(folder, seconds=6):
    """A camera's picture that costs what a real one does, and somebody who speaks without a pause."""
    picture, sound = pathlib.Path(folder) / "camera.mjpeg", pathlib.Path(folder) / "speech.wav"
    source = os.environ.get("VITRINE_CLIP")
    what = ["-stream_loop", "-1", "-i", source, "-vf", "scale=1280:720,fps=30"] if source else [
        "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=16:allf=t"]
    quiet = ["ffmpeg", "-v", "error", "-y"]
    subprocess.run([*quiet, *what, "-t", str(seconds), "-q:v", "6", picture], check=True)
    words = "Welcome to our little shop today we show you cups and plates and bowls all made by hand in small numbers "
    subprocess.run([*quiet, "-f", "lavfi", "-i", f"flite=text='{words * 4}'", "-ar", "48000", sound], check=True)
    return picture, sound


@contextlib.contextmanager
def spaces(*options):
    """Two namespaces with the link between them; gives the first one's prefix, the other's, and the link's process."""
    names = [f"l{os.getpid() % 100_000}{side}" for side in "sv"]
    made, link = [], None
    try:
        try:
            for name in names:
                subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
                made.append(name)
            link = subprocess.Popen(
                [sys.executable, HERE / "link.py", *names, *map(str, options)], stdout=subprocess.PIPE, text=True)
            if link.stdout.readline() != "ready\n":
                raise Unavailable("no tun devices here")
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"no network namespaces here: {error}") from error
        yield names[0], names[1], link
    finally:
        if link and link.poll() is None:
            link.terminate()
            link.wait(10)
        for name in made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def program(folder, namespace, path):
    script = pathlib.Path(folder) / f"{namespace}-{pathlib.Path(path).name}"
    script.write_text(f'#!/bin/sh\nexec ip netns exec {namespace} {path} "$@"\n')
    script.chmod(0o755)
    return str(script)


def measure(playwright, options, seconds, delivery="relay", media=None):
    """Runs a show for so long behind such a link, whose clock begins with the first frame. What the viewer had of it,
    second by second."""
    with tempfile.TemporaryDirectory(prefix="vitrine-link-") as folder, spaces(*options) as (home, away, link):
        picture, sound = media or clip(folder)
        server = Server(pathlib.Path(folder) / "data", "--host", "0.0.0.0", "--relay-host", SERVER, "--delivery", delivery,
                        address=SERVER,
                        prefix=["ip", "netns", "exec", home]).start()
        browsers = []

        def browse(namespace, path, *arguments):
            browsers.append(playwright.chromium.launch(
                executable_path=program(folder, namespace, CHROMIUM),
                args=[*CHROMIUM_ARGUMENTS, "--autoplay-policy=no-user-gesture-required",
                      f"--unsafely-treat-insecure-origin-as-secure={server.url}", *arguments]))
            page = browsers[-1].new_context(viewport={"width": 1280, "height": 720}).new_page()
            page.set_default_timeout(60_000)
            page.add_init_script(WATCH)
            page.goto(server.url + path)
            return page

        try:
            admin = browse(home, f"/admin/#token={TOKEN}", f"--use-file-for-fake-video-capture={picture}",
                           f"--use-file-for-fake-audio-capture={sound}")
            stream = create_show(admin, "Behind a link")
            go_live(admin)
            viewer = browse(away, f"/watch/{stream}")
            first = viewer.evaluate("""() => new Promise((resolve, reject) => {
                const look = setInterval(() => { if (window.frames.length) { clearInterval(look); resolve(window.frames[0]); } }, 20);
                setTimeout(() => reject(new Error('no frame in 30 s')), 30_000);
            })""")
            link.send_signal(signal.SIGUSR1)
            samples = viewer.evaluate(f"""async () => {{
                const read = {STATISTICS}, samples = [];
                for (let second = 0; second <= {seconds}; second += 1) {{
                    samples.push({{ at: performance.now(), ...(await read()) }});
                    await new Promise((done) => setTimeout(done, 1000));
                }}
                return samples;
            }}""")
            frames = viewer.evaluate("window.frames")
            qualities = viewer.evaluate("window.qualities")
            sent = admin.evaluate("""async () => {
                const found = [];
                for (const connection of window.connections) for (const report of (await connection.getStats()).values())
                    if (report.type === 'outbound-rtp' && report.kind === 'video') found.push({ width: report.frameWidth,
                        fps: report.framesPerSecond, target: report.targetBitrate, mode: report.scalabilityMode,
                        keys: report.keyFramesEncoded, limit: report.qualityLimitationReason });
                return found;
            }""")
        finally:
            for browser in browsers:
                browser.close()
            server.stop()
        link.terminate()
        figures = json.loads(link.communicate(timeout=10)[0].splitlines()[-1])
        return summary(first, frames, samples, seconds) | {
            "link": figures, "sent": sent, "samples": samples, "qualities": qualities}


def summary(first, frames, samples, seconds):
    """Watchable: the share of seconds with at least 12 new frames and no gap of 500 ms."""
    start, watchable, by_second = first + 1_000, [], []
    for second in range(seconds - 2):
        begin = start + second * 1_000
        inside = [at for at in frames if begin <= at < begin + 1_000]
        edges = [begin, *inside, begin + 1_000]
        gap = max(after - before for before, after in zip(edges, edges[1:]))
        by_second.append(len(inside))
        watchable.append(len(inside) >= 12 and gap < 500)
    sound = [sample["audio"] for sample in samples if "audio" in sample]
    concealed = samples_of(sound, "concealed") / max(samples_of(sound, "samples"), 1)
    return {"watchable": round(sum(watchable) / max(len(watchable), 1), 3), "frames": by_second, "seconds": watchable,
            "concealed": round(concealed, 4)}


def samples_of(reports, name):
    return reports[-1][name] - reports[1][name] if len(reports) > 2 else 0
