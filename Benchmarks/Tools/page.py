"""Writes what was measured into docs/benchmarks.md, between the markers of each part."""

import pathlib

import plot

ROOT = pathlib.Path(__file__).parent.parent.parent


def write_between(name, lines, script="bench"):
    """Puts lines between the markers of that name."""
    page = ROOT / "docs" / "benchmarks.md"
    begin, end = f"<!-- {name}: written by scripts/{script} -->", f"<!-- end of {name} -->"
    text = page.read_text()
    if begin not in text or end not in text:
        raise SystemExit(f"error: docs/benchmarks.md has no place for {name}")
    before, after = text[:text.index(begin) + len(begin)], text[text.index(end):]
    page.write_text(before + "\n" + "\n".join(lines) + "\n" + after)


def table(heads, rows):
    return [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |", *(f"| {' | '.join(row)} |" for row in rows)]


def write_stations(found):
    write_between("stations", table(
        ["station", "CPU ns", "allocations"],
        [[name, f"{each['CPU']:,.0f}", f"{each['Allocations'] / 1000:,.2f}"] for name, each in sorted(found.items())]))


def write_egress(parts):
    lines = []
    for part in parts:
        rows = []
        for row in part["rows"]:
            figures = sorted(row["nanoseconds"])
            median = figures[len(figures) // 2]
            shown = " / ".join(f"{figure:,.0f}" for figure in (figures[0], median, figures[-1]))
            rows.append([row["name"], str(row["viewers"]), shown, f"{1e9 / median:,.0f}"])
        ratios = [[each["name"], f"{each['least']:.2f} / {each['median']:.2f} / {each['most']:.2f}"] for each in part["ratios"]]
        lines += ["", f"**{part['title']}**", "",
                  *table(["sender", "viewers", "ns a packet, min / median / max", "packets a CPU-second"], rows), "",
                  *table(["ratio", "min / median / max"], ratios)]
    write_between("egress", lines[1:])


def write_load(points):
    rows = [[str(each["viewers"]), f"{each['cpu_percent']:.0f} %", f"{each['packets_per_cpu_second']:,.0f}",
             f"{each['p50_us']:,.0f} / {each['p99_us']:,.0f}", f"{each['lost_percent']:.3f} %", f"{each['kib_per_viewer']:,.1f}",
             "yes" if each["valid"] else "no"] for each in points]
    write_between("load", [
        *table(["viewers", "server's core", "packets a CPU-second", "p50 / p99, µs, frame hold included", "lost", "resident KiB a viewer", "valid"], rows),
        "", "![Throughput and p99 against viewers](images/load.svg)"])
    (ROOT / "docs" / "images" / "load.svg").write_text(plot.draw(points))


def write_goals(rows):
    write_between("goals", table(["what", "asked", "measured", "reached"], rows))
