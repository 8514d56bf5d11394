"""Holds the hot path to what it may cost: see scripts/bench-thresholds."""

import argparse
import concurrent.futures
import json
import pathlib
import subprocess

import callgrind

FILE = pathlib.Path(__file__).parent.parent / "Thresholds" / "hot-path.json"
#: Two sizes, for the cost of one packet more: what a frame costs once for each slice of 64 viewers falls out.
VIEWERS = (16, 64)
#: The same, where the one viewer more begins a slice.
BEGINNING = (64, 65)
FRAMES = 6
#: The program's own objects: what of the cost is neither the C libraries' nor the allocator's.
OWN = ("hot-path", "libswiftCore.so")

#: What is held, by a name of its own: the function that counts, the cipher, the media, between which numbers of viewers.
CASES = {
    "video out, gcm by OpenSSL": ("hot_path_flush", "gcm-openssl", "video", VIEWERS),
    "sound out, gcm by OpenSSL": ("hot_path_flush", "gcm-openssl", "sound", VIEWERS),
    "video out, gcm by ipsec-mb": ("hot_path_flush", "gcm-ipsec-mb", "video", VIEWERS),
    "sound out, gcm by ipsec-mb": ("hot_path_flush", "gcm-ipsec-mb", "sound", VIEWERS),
    "video out, ctr-sha1": ("hot_path_flush", "ctr-sha1", "video", VIEWERS),
    "a slice begun, gcm by OpenSSL": ("hot_path_flush", "gcm-openssl", "video", BEGINNING),
    "video in, gcm": ("hot_path_receive", "gcm-openssl", "video", None),
    "sound in, gcm": ("hot_path_receive", "gcm-openssl", "sound", None),
}
COUNTS = ("malloc", "allocObject", "retain", "release", "beginAccess")


def measure(program, function, cipher, media, viewers):
    profile, output = callgrind.run(program, [cipher, media, str(viewers), str(FRAMES)], function)
    said = json.loads(output)
    figures = {"instructions": profile.instructions, "own": sum(profile.objects[name] for name in OWN)}
    figures |= {group: profile.count(group) for group in COUNTS}
    is_out = function == "hot_path_flush"
    counted = said["allocations_out" if is_out else "allocations_in"]
    if counted != figures["malloc"]:
        raise SystemExit(f"error: callgrind saw {figures['malloc']} allocations, the counter {counted}")
    return figures, said["packets_out" if is_out else "packets_in"], profile


def per_packet(program, case):
    """The figures for one packet, and the profile that they are from."""
    function, cipher, media, viewers = CASES[case]
    if viewers is None:
        figures, packets, profile = measure(program, function, cipher, media, 1)
        return {name: figure / packets for name, figure in figures.items()}, profile
    few, few_packets, _ = measure(program, function, cipher, media, viewers[0])
    many, many_packets, profile = measure(program, function, cipher, media, viewers[1])
    return {name: (many[name] - few[name]) / (many_packets - few_packets) for name in many}, profile


def is_over(name, figure, limit, tolerance):
    # Calls are counted exactly; instructions differ a little with the machine's libraries and addresses.
    return figure > limit * (1 + tolerance) if name in ("instructions", "own") else figure > limit + 0.0005


def report(case, figures, limits, tolerance):
    over = []
    for name, figure in figures.items():
        limit = limits.get(name, 0)
        mark = ""
        if is_over(name, figure, limit, tolerance):
            mark, over = "  TOO MUCH", [*over, name]
        elif figure < limit * 0.95:
            mark = "  (better: --update)"
        print(f"{case:26} {name:14} {figure:12.3f}  limit {limit:12.3f}{mark}")
    return over


def show_callers(program, profile, groups):
    """Who calls what must not be called, by how often."""
    sites = [(site, number) for site, number in profile.calls.most_common() if site.group in groups][:12]
    name = pathlib.Path(program).name
    places = callgrind.locate(program, sorted({site.address for site, _ in sites if pathlib.Path(site.object).name == name}))
    for site, number in sites:
        caller = next((function for function in site.chain if function.startswith("$s")), site.chain[0])
        shown = subprocess.run(
            ["swift-demangle", "--simplified", "--compact", caller], text=True, stdout=subprocess.PIPE).stdout.strip()
        print(f"    {number:8} {site.callee:26} {shown[:80]}  {' < '.join(places.get(site.address, [])[:3])}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("--update", action="store_true", help="write what was measured as the new limits")
    arguments.add_argument("--only", default="", help="cases whose name has this in it")
    options = arguments.parse_args()
    known = json.loads(FILE.read_text()) if FILE.exists() else {"tolerance": 0.03, "limits": {}}
    cases = [case for case in CASES if options.only in case]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        measured = dict(zip(cases, pool.map(lambda case: per_packet(options.program, case), cases)))
    failed = False
    for case, (figures, profile) in measured.items():
        if options.update:
            known["limits"][case] = {
                name: round(figure) if name in ("instructions", "own") else round(figure, 3)
                for name, figure in figures.items()}
        over = report(case, figures, known["limits"].get(case, {}), known["tolerance"])
        if over:
            failed = True
            show_callers(options.program, profile, [name for name in over if name in COUNTS])
    if options.update:
        FILE.write_text(json.dumps(known, indent=2) + "\n")
    return 1 if failed else 0


raise SystemExit(main())
