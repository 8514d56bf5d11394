"""Runs of `vitrine load` against a server of their own: the server on the first core, all load on the second."""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.request

TOKEN = "secret-token-of-a-bench"
PORT = 18_080
URL = f"http://127.0.0.1:{PORT}"
#: The last is near half of what the core can do.
VIEWERS = (50, 100, 200, 500, 800)


def wait_for(url, process):
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("error: the server has ended")
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.05)
    raise SystemExit("error: the server does not answer")


@contextlib.contextmanager
def serving(program, folder):
    server = subprocess.Popen(
        ["taskset", "-c", "0", program, "serve", "--host", "127.0.0.1", "--port", str(PORT), "--admin-token", TOKEN,
         "--admin-grace", "1", "--data-folder", f"{folder}/data"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"{URL}/readyz", server)
        yield server
    finally:
        server.terminate()
        server.wait(20)


def start(program, report, *options):
    return subprocess.Popen(
        ["taskset", "-c", "1", program, "load", "--token", TOKEN, "--json", report, *map(str, options)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def point(report):
    """What a table says of one run."""
    return {
        "viewers": report["viewers"]["asked"], "valid": report["valid"], "lost_percent": report["delivery"]["lost_percent"],
        "cpu_percent": report["server"]["cpu_percent"], "packets_per_cpu_second": report["server"]["packets_per_cpu_second"],
        "kib_per_viewer": report["server"]["resident_bytes_per_viewer"] / 1_024,
        "p50_us": report["latency"]["video_us"]["p50"], "p99_us": report["latency"]["video_us"]["p99"]}


def sweep(program):
    """One point for each number of viewers."""
    points = []
    for viewers in VIEWERS:
        with tempfile.TemporaryDirectory() as folder, serving(program, folder) as server:
            path = pathlib.Path(folder) / "report.json"
            start(program, path, "--create", URL, "--viewers", viewers, "--ramp", 100, "--duration", 10, "--server-pid",
                  server.pid).wait(120)
            report = json.loads(path.read_text())
        points.append(point(report))
        print(points[-1], *report["invalid_reasons"], *report["faults"], sep="\n  ")
    return points


def post(path, body):
    request = urllib.request.Request(
        f"{URL}{path}", json.dumps(body).encode(), {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def viewers_on(stream):
    request = urllib.request.Request(f"{URL}/api/livestreams/{stream}/relay", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return sum(viewer["bytes_sent"] > 100_000 for viewer in json.load(answer)["viewers"])


def burst(program, watching=100, joining=500):
    """Many join within a second in the middle of a show: what those who watch notice, and how long it took."""
    with tempfile.TemporaryDirectory() as folder, serving(program, folder):
        reports = [pathlib.Path(folder) / name for name in ("watching.json", "joining.json")]
        stream = post("/api/livestreams", {"title": "Burst"})["id"]
        show = start(program, reports[0], "--whip", f"{URL}/whip/{stream}", "--whep", f"{URL}/whep/{stream}", "--viewers",
                     watching, "--ramp", 100, "--duration", 10, "--verify", "100%")
        for _ in range(400):
            time.sleep(0.05)
            with contextlib.suppress(OSError):
                if viewers_on(stream) == watching:
                    break
        else:
            raise SystemExit("error: those who watch did not all get a picture")
        crowd = start(program, reports[1], "--whep", f"{URL}/whep/{stream}", "--viewers", joining, "--ramp", joining,
                      "--duration", 2, "--verify", "0%")
        crowd.wait(60)
        show.wait(60)
        watched, joined = (json.loads(path.read_text()) for path in reports)
    return {
        "watching": watching, "joined": joined["viewers"]["joined"], "seconds": joined["generator"]["ramp_seconds"],
        "lost": watched["delivery"]["lost"], "video_p99_us": watched["latency"]["video_us"]["p99"],
        "audio_p99_us": watched["latency"]["audio_us"]["p99"]}
