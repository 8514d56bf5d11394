"""The same load against Vitrine and against Janus, by turns: see scripts/compare."""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

from loads import wait_for
from page import write_between

TOKEN = "secret-token-of-a-comparison"
PORT = 18_090
#: Of Janus, what the videoroom by HTTP needs; all of it stays on this machine.
PLUGINS = ("audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom", "videocall", "voicemail")
TRANSPORTS = ("mqtt", "nanomsg", "pfunix", "rabbitmq", "websockets")


def library_folder():
    files = subprocess.run(["dpkg", "-L", "janus"], text=True, stdout=subprocess.PIPE, check=True).stdout.split()
    return pathlib.Path(next(file for file in files if file.endswith("libjanus_videoroom.so"))).parent.parent


def configure_janus(folder):
    library = library_folder()
    disabled = [",".join(f"libjanus_{name}.so" for name in names) for names in (PLUGINS, TRANSPORTS)]
    (folder / "janus.jcfg").write_text(f"""
general: {{ configs_folder = "{folder}" plugins_folder = "{library}/plugins" transports_folder = "{library}/transports"
  debug_level = 2 session_timeout = 0 }}
nat: {{ ice_enforce_list = "127.0.0.1" }}
plugins: {{ disable = "{disabled[0]}" }}
transports: {{ disable = "{disabled[1]}" }}
""")
    (folder / "janus.transport.http.jcfg").write_text(f"""
general: {{ json = "compact" base_path = "/janus" http = true port = {PORT} ip = "127.0.0.1" https = false }}
admin: {{ admin_http = false }}
""")
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n")
    return ["janus", "-F", str(folder)], f"http://127.0.0.1:{PORT}/janus/info", ["--janus", f"http://127.0.0.1:{PORT}/janus"]


def configure_vitrine(program, folder):
    url = f"http://127.0.0.1:{PORT}"
    command = [program, "serve", "--port", str(PORT), "--admin-token", TOKEN, "--admin-grace", "1", "--data-folder", str(folder)]
    return command, f"{url}/readyz", ["--create", url, "--token", TOKEN]


def run(program, system, viewers, seconds):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        command, ready, doors = configure_janus(folder) if system == "janus" else configure_vitrine(program, folder)
        server = subprocess.Popen(["taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(ready, server)
            report = folder / "report.json"
            subprocess.run(
                ["taskset", "-c", "1", program, "load", *doors, "--viewers", str(viewers), "--ramp", "20", "--duration",
                 str(seconds), "--verify", "10%", "--publish", "synthetic", "--server-pid", str(server.pid), "--json", report],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return json.loads(report.read_text())
        finally:
            server.terminate()
            server.wait(20)
            time.sleep(0.2)  # its port is free then


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program", help="vitrine's program")
    arguments.add_argument("--viewers", type=int, nargs="+", default=[50, 100], help="how many (default: 50 100)")
    arguments.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: 3)")
    arguments.add_argument("--seconds", type=int, default=5, help="how long each time (default: 5)")
    arguments.add_argument("--update", action="store_true", help="write the table into docs/benchmarks.md")
    options = arguments.parse_args()
    rows = ["| viewers | system | packets a CPU-second, min / median / max | lost, most | video p99, ms, median | resident KiB a viewer |",
            "| --- | --- | --- | --- | --- | --- |"]
    ratios = []
    for viewers in options.viewers:
        reports = {"vitrine": [], "janus": []}
        for number in range(options.rounds):
            for system in reports:
                print(f"{viewers} viewers, round {number + 1} of {options.rounds}: {system}", flush=True)
                reports[system].append(run(options.program, system, viewers, options.seconds))
        for system, found in reports.items():
            figures = sorted(each["server"]["packets_per_cpu_second"] for each in found)
            shown = " / ".join(f"{figure:,.0f}" for figure in (figures[0], statistics.median(figures), figures[-1]))
            late = statistics.median(each["latency"]["video_us"]["p99"] for each in found) / 1_000
            memory = statistics.median(each["server"]["resident_bytes_per_viewer"] for each in found) / 1_024
            lost = max(each["delivery"]["lost_percent"] for each in found)
            rows.append(f"| {viewers} | {system} | {shown} | {lost:.2f} % | {late:,.1f} | {memory:,.0f} |")
        pairs = sorted(a["server"]["packets_per_cpu_second"] / b["server"]["packets_per_cpu_second"]
                       for a, b in zip(reports["vitrine"], reports["janus"]))
        ratios.append(f"vitrine / janus, {viewers} viewers: {pairs[0]:.1f} / {statistics.median(pairs):.1f} / {pairs[-1]:.1f}")
    print("\n".join([*rows, *ratios]))
    if options.update:
        write_between("compare", [*rows, "", *[f"- {ratio} (min / median / max)" for ratio in ratios]], script="compare")


if __name__ == "__main__":
    main()
