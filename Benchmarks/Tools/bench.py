"""Runs the benchmarks, holds their ratios to the committed ones, and writes what docs/benchmarks.md says of them."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

import plot

BENCHMARKS = pathlib.Path(__file__).parent.parent
ROOT = BENCHMARKS.parent
RATIOS = BENCHMARKS / "Thresholds" / "ratios.json"
BUILD = ["-c", "release", "-Xswiftc", "-enable-testing"]
VIEWERS = (50, 100, 200, 500)
#: Ratios within one run still move by that much on a virtual machine.
SLACK = 0.10


def stations():
    """The median of CPU time and allocations of one operation, by station."""
    done = subprocess.run(
        ["swift", "package", *BUILD, "--allow-writing-to-package-directory", "benchmark", "--target", "Stations",
         "--format", "markdown", "--no-progress"], cwd=BENCHMARKS, text=True, stdout=subprocess.PIPE, check=True)
    found, name = {}, None
    units = {"": 1, "K": 1e3, "M": 1e6}
    for line in done.stdout.splitlines():
        if line.startswith("### "):
            name = line[4:].strip()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        matched = re.match(r"(CPU|Allocations)[\w ,]*?(?: \((\w)\))?(?: \*)?$", cells[0])
        if name and matched:
            found.setdefault(name, {})[matched[1]] = float(cells[3]) * units[matched[2] or ""]
    if not found:
        raise SystemExit("error: no figures came of the stations")
    return found


def egress():
    folder = subprocess.run(
        ["swift", "build", *BUILD, "--show-bin-path"], cwd=BENCHMARKS, text=True, stdout=subprocess.PIPE, check=True)
    subprocess.run(["swift", "build", *BUILD, "--product", "egress-limit"], cwd=BENCHMARKS, check=True)
    done = subprocess.run(
        [pathlib.Path(folder.stdout.strip()) / "egress-limit", "--json"], text=True, stdout=subprocess.PIPE, check=True)
    parts = json.loads(done.stdout)["parts"]
    if lost := sum(part["lostPackets"] for part in parts):
        raise SystemExit(f"error: {lost} packets were lost on loopback: the run is not valid")
    return parts


def wait_for(url, process):
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("error: the server has ended")
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.05)
    raise SystemExit("error: the server does not answer")


def load(program, viewers, folder):
    """One run of `vitrine load` against a server of its own: server on the first core, load on the second."""
    port = 18_080
    report = pathlib.Path(folder) / f"{viewers}.json"
    server = subprocess.Popen(
        ["taskset", "-c", "0", program, "serve", "--host", "127.0.0.1", "--port", str(port), "--admin-token",
         "secret-token-of-a-bench", "--admin-grace", "1", "--data-folder", f"{folder}/data-{viewers}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz", server)
        subprocess.run(
            ["taskset", "-c", "1", program, "load", "--create", f"http://127.0.0.1:{port}", "--token",
             "secret-token-of-a-bench", "--viewers", str(viewers), "--ramp", "100", "--duration", "10",
             "--server-pid", str(server.pid), "--json", report], stdout=subprocess.DEVNULL)
    finally:
        server.terminate()
        server.wait(20)
    return json.loads(report.read_text())


def sweep(program):
    points = []
    with tempfile.TemporaryDirectory() as folder:
        for viewers in VIEWERS:
            report = load(program, viewers, folder)
            points.append({
                "viewers": viewers, "valid": report["valid"], "lost": report["delivery"]["lost_percent"],
                "packets_per_cpu_second": report["server"]["packets_per_cpu_second"],
                "p50_us": report["latency"]["video_us"]["p50"], "p99_us": report["latency"]["video_us"]["p99"]})
            print(points[-1], *report["invalid_reasons"], *report["faults"], sep="\n  ")
    return points


def write_between(name, lines, script="bench"):
    """Puts lines between the markers of that name in docs/benchmarks.md."""
    page = ROOT / "docs" / "benchmarks.md"
    begin, end = f"<!-- {name}: written by scripts/{script} -->", f"<!-- end of {name} -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"error: docs/benchmarks.md has no place for {name}")
    before, after = text[:text.index(begin) + len(begin)], text[text.index(end):]
    page.write_text(before + "\n" + "\n".join(lines) + "\n" + after)


def write_stations(found):
    rows = [f"| {name} | {each['CPU']:,.0f} | {each['Allocations'] / 1000:,.2f} |" for name, each in sorted(found.items())]
    write_between("stations", ["| station | CPU ns | allocations |", "| --- | --- | --- |", *rows])


def write_egress(parts):
    lines = []
    for part in parts:
        lines += ["", f"**{part['title']}**", "", "| sender | viewers | ns a packet, min / median / max | packets a CPU-second |",
                  "| --- | --- | --- | --- |"]
        for row in part["rows"]:
            figures = sorted(row["nanoseconds"])
            median = figures[len(figures) // 2]
            shown = " / ".join(f"{figure:,.0f}" for figure in (figures[0], median, figures[-1]))
            lines.append(f"| {row['name']} | {row['viewers']} | {shown} | {1e9 / median:,.0f} |")
        lines += ["", "| ratio | min / median / max |", "| --- | --- |"]
        lines += [f"| {each['name']} | {each['least']:.2f} / {each['median']:.2f} / {each['most']:.2f} |"
                  for each in part["ratios"]]
    write_between("egress", lines[1:])


def write_load(points):
    rows = [f"| {each['viewers']} | {each['packets_per_cpu_second']:,.0f} | {each['p50_us']:,.0f} / {each['p99_us']:,.0f} "
            f"| {each['lost']:.3f} % | {'yes' if each['valid'] else 'no'} |" for each in points]
    write_between("load", ["| viewers | packets a CPU-second | p50 / p99, µs, frame hold included | lost | valid |",
                           "| --- | --- | --- | --- | --- |", *rows, "", "![Throughput and p99 against viewers](images/load.svg)"])
    (ROOT / "docs" / "images" / "load.svg").write_text(plot.draw(points))


def compare(parts, update):
    """Ratios against the committed ones. False when one is worse by more than the slack."""
    known = json.loads(RATIOS.read_text()) if RATIOS.exists() else {}
    is_good = True
    for part in parts:
        for ratio in part["ratios"]:
            name = f"{part['title']}: {ratio['name']}"
            before, now = known.get(name, ratio["median"]), ratio["median"]
            is_worse = now > before * (1 + SLACK) if ratio["name"].startswith("cost") else now < before * (1 - SLACK)
            is_good = is_good and not is_worse
            print(f"{name}: {now:.3f}, committed {before:.3f}{'  WORSE' if is_worse else ''}")
            if update:
                known[name] = round(now, 3)
    if update:
        RATIOS.write_text(json.dumps(known, indent=2) + "\n")
    return is_good


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--update", action="store_true", help="commit to what was measured, and write it into docs")
    arguments.add_argument("--program", help="the server and load generator: leaves them out when it is not given")
    options = arguments.parse_args()
    parts = egress()
    found = stations()
    points = sweep(options.program) if options.program else []
    for name, each in sorted(found.items()):
        print(f"{name}: {each['CPU']:,.0f} ns, {each['Allocations'] / 1000:,.2f} allocations")
    is_good = compare(parts, options.update)
    if options.update:
        write_egress(parts)
        write_stations(found)
        if points:
            write_load(points)
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
