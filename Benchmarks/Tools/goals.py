"""What was asked of the relay, beside what one run of the benchmarks measured."""

import json
import pathlib

LIMITS = pathlib.Path(__file__).parent.parent / "Thresholds" / "hot-path.json"
WITHOUT_GRO = "Against the limit, frames of 9 packets, receiver without GRO"


class Egress:
    """Looks figures up in what `egress-limit` says."""

    def __init__(self, parts):
        self.ratios = {(part["title"], ratio["name"]): ratio["median"] for part in parts for ratio in part["ratios"]}
        self.rows = {(part["title"], row["name"]): sorted(row["nanoseconds"])[len(row["nanoseconds"]) // 2]
                     for part in parts for row in part["rows"]}

    def ratio(self, title, name):
        return self.ratios.get((title, name))


def row(what, asked, value, shown, is_reached):
    if value is None:
        return [what, asked, "not measured here", "–"]
    return [what, asked, shown.format(value), "yes" if is_reached(value) else "no"]


def of_egress(egress):
    return [
        row("against the C limit, the same cipher (OpenSSL), 500 viewers", "≥ 0.85",
            egress.ratio(WITHOUT_GRO, "vitrine, gcm-openssl / limit, gcm by EVP"), "{:.2f}", lambda it: it >= 0.85),
        row("with libipsec-mb, against the C limit with EVP", "≥ 1.15",
            egress.ratio(WITHOUT_GRO, "vitrine, gcm-ipsec-mb / limit, gcm by EVP"), "{:.2f}", lambda it: it >= 1.15),
        row("against one datagram a call", "≥ 2.5",
            egress.ratio("Against one datagram a call", "segments / single datagrams"), "{:.2f}", lambda it: it >= 2.5),
        row("cost a packet, 2,000 viewers against 10", "≤ 1.25",
            egress.ratio("With more viewers", "cost with 2000 viewers / with 10"), "{:.2f}", lambda it: it <= 1.25),
        row("cost a packet, 2,000 viewers against 100", "≤ 1.25",
            egress.ratio("With more viewers", "cost with 2000 viewers / with 100"), "{:.2f}", lambda it: it <= 1.25),
    ]


def of_loads(points, burst, egress):
    points = [point for point in points if point["valid"]]
    rows = [row(f"real pattern, {point['viewers']} viewers: packets a CPU-second", "≥ 300,000", point["packets_per_cpu_second"],
                "{:,.0f}", lambda it: it >= 300_000) for point in points if point["viewers"] >= 200]
    half = min(points, key=lambda point: abs(point["cpu_percent"] - 50))
    bare = egress.rows.get((WITHOUT_GRO, "limit, gcm by EVP"), 0) * 9 * half["viewers"] / 2e6
    rows.append([f"forwarding latency near half load ({half['viewers']} viewers, {half['cpu_percent']:.0f} % of the core)",
                 "p50 < 0.3 ms, p99 < 2 ms",
                 f"{half['p50_us'] / 1e3:.1f} ms, {half['p99_us'] / 1e3:.1f} ms; the C loop needs {bare:.1f} ms to come to the middle viewer",
                 "yes" if half["p50_us"] < 300 and half["p99_us"] < 2_000 else "no: below"])
    latest = max(burst["video_p99_us"], burst["audio_p99_us"])
    rows.append([f"{burst['joined']} viewers join in {burst['seconds']:.1f} s: the {burst['watching']} others",
                 "p99 < 10 ms, 0 lost", f"video {burst['video_p99_us'] / 1e3:.1f} ms, sound {burst['audio_p99_us'] / 1e3:.1f} ms, {burst['lost']} lost",
                 "yes" if latest < 10_000 and burst["lost"] == 0 else "no"])
    rows.append(row(f"resident memory a viewer, {points[-1]['viewers']} viewers", "≤ 24 KiB", points[-1]["kib_per_viewer"],
                    "{:.1f} KiB", lambda it: it <= 24))
    return rows


def of_thresholds():
    limits = json.loads(LIMITS.read_text())["limits"]
    worst = max(value for name, case in limits.items() if " out" in name
                for key, value in case.items() if key in ("malloc", "allocObject", "retain", "release"))
    return [row("allocations, retains and releases a forwarded packet (`scripts/bench-thresholds`)", "0", worst, "{:g}",
                lambda it: it == 0)]


def rows(parts, points, burst):
    egress = Egress(parts)
    return of_egress(egress) + of_loads(points, burst, egress) + of_thresholds()
