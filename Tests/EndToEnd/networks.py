"""Real browsers behind links of all kinds, relay beside direct: writes docs/networks.md's tables.

    networks.py [--seconds 60] [--runs 3] [--only WORDS] [--traces FOLDER] [--clip FILE] [--write]
"""

import argparse
import os
import pathlib
import statistics
import tempfile

from playwright.sync_api import sync_playwright

from linked_viewer import clip, measure

LINKS = [
    ("clean", []), ("50 ms each way", ["--delay", 50]), ("jitter of 30 ms", ["--jitter", 30]),
    ("2 % loss", ["--loss", 2]), ("5 % loss", ["--loss", 5]), ("5 % loss in bursts of 5", ["--loss", 5, "--burst", 5]),
    ("20 % loss", ["--loss", 20]), ("300 ms round trip, 2 % loss", ["--delay", 150, "--loss", 2]),
    ("1,500 kbit/s", ["--rate", 1_500]), ("800 kbit/s", ["--rate", 800]), ("400 kbit/s", ["--rate", 400]),
    ("100 kbit/s", ["--rate", 100]), ("4 Mbit/s, 0.5 from 20 to 40 s", ["--steps", "4000@0,500@20,4000@40"]),
]
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "networks.md"
BEGIN, END = "<!-- measured -->", "<!-- end -->"


def row(name, runs):
    def median(read):
        return statistics.median(read(run) for run in runs)

    def sent(run):
        seconds = run["link"]["to_b"]["seconds"][3:-2]
        return sum(second[0] for second in seconds) * 8 / 1_000 / max(len(seconds), 1)

    link = [run["link"]["to_b"] for run in runs]
    lost = statistics.median(100 * each.get("overflowed", 0) / max(each["in"], 1) for each in link)
    return (f"| {name} | {median(lambda run: run['watchable']):.2f} | {median(lambda run: statistics.mean(run['frames'])):.0f} "
            f"| {100 * median(lambda run: run['concealed']):.1f} % | {median(sent):.0f} | {lost:.1f} % "
            f"| {statistics.median(each['wait_p95_ms'] for each in link):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--traces", help="a folder of traces: lines of MS KBIT_PER_S, a step each 200 ms")
    parser.add_argument("--clip", help="a film for the camera; a drawn one otherwise")
    parser.add_argument("--ways", default="relay,direct")
    parser.add_argument("--write", action="store_true", help="writes the table into docs/networks.md")
    options = parser.parse_args()
    if options.clip:
        os.environ["VITRINE_CLIP"] = options.clip
    links = LINKS + [(path.stem, ["--trace", path]) for path in sorted(pathlib.Path(options.traces).glob("*.trace"))] if options.traces else LINKS
    lines = ["| link | watchable | frames a second | sound concealed | sent, kbit/s | overflowed | queue p95, ms |",
             "| --- | --- | --- | --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        media = clip(folder)
        for name, link in links:
            if options.only not in name:
                continue
            for way in options.ways.split(","):
                runs = [measure(playwright, link, options.seconds, way, media) for _ in range(options.runs)]
                lines.append(row(f"{name}, {way}", runs))
                print(lines[-1], flush=True)
    if options.write:
        text = PAGE.read_text()
        head, rest = text.split(BEGIN)
        PAGE.write_text(head + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
