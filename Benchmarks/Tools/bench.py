"""Runs the benchmarks, holds their ratios to the committed ones, and writes what docs/benchmarks.md says of them."""

import argparse
import json
import pathlib
import re
import subprocess

import goals
import loads
import page

BENCHMARKS = pathlib.Path(__file__).parent.parent
RATIOS = BENCHMARKS / "Thresholds" / "ratios.json"
ALLOCATIONS = BENCHMARKS / "Thresholds" / "allocations.json"
BUILD = ["-c", "release", "-Xswiftc", "-enable-testing"]
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


def compare_allocations(found, update):
    """Allocations of one operation against the committed ones, which no clock moves, and hash seeds hardly. False when a
    station has more."""
    known = json.loads(ALLOCATIONS.read_text()) if ALLOCATIONS.exists() else {}
    is_good = True
    for name, each in sorted(found.items()):
        now = round(each["Allocations"] / 1000, 2)
        before = known.get(name, now)
        is_worse = now > before * 1.05 + 0.01
        is_good = is_good and not is_worse
        print(f"{name}: {each['CPU']:,.0f} ns, {now:,.2f} allocations, committed {before:,.2f}{'  MORE' if is_worse else ''}")
        if update:
            known[name] = now
    if update:
        ALLOCATIONS.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
    return is_good


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--update", action="store_true", help="commit to what was measured, and write it into docs")
    arguments.add_argument("--program", help="the server and load generator: leaves them out when it is not given")
    options = arguments.parse_args()
    parts = egress()
    found = stations()
    points = loads.sweep(options.program) if options.program else []
    reached = goals.rows(parts, points, loads.burst(options.program)) if options.program else []
    is_good = compare_allocations(found, options.update) & compare(parts, options.update)
    for what, asked, measured, is_reached in reached:
        print(f"{what}: {measured} (asked: {asked}){'' if is_reached == 'yes' else '  NOT REACHED'}")
    if options.update:
        page.write_egress(parts)
        page.write_stations(found)
        if points:
            page.write_load(points)
            page.write_goals(reached)
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
