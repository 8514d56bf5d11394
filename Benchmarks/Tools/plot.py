"""Draws packets a CPU-second and the 99th percentile of the forwarding delay against viewers, as SVG."""

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 250, 80, 40, 50
PANELS = (
    ("packets_per_cpu_second", "packets a CPU-second", "#0b6e99"),
    ("p99_us", "forwarding p99, µs", "#b3541e"),
)


def panel(points, key, label, color, offset):
    """One graph: `points` are rows with `viewers` and `key`."""
    most = max(point[key] for point in points) * 1.1 or 1
    last = max(point["viewers"] for point in points)

    def place(point):
        x = LEFT + (WIDTH - LEFT - 30) * point["viewers"] / last
        return x, offset + TOP + (HEIGHT - TOP - BOTTOM) * (1 - point[key] / most)

    base = offset + HEIGHT - BOTTOM
    parts = [
        f'<text x="{LEFT}" y="{offset + 24}" font-weight="bold">{label}</text>',
        f'<path d="M{LEFT} {offset + TOP}V{base}H{WIDTH - 30}" fill="none" stroke="#888"/>',
        f'<text x="{LEFT - 8}" y="{base}" text-anchor="end">0</text>',
        f'<text x="{LEFT - 8}" y="{offset + TOP + 5}" text-anchor="end">{most:,.0f}</text>',
        f'<text x="{WIDTH - 30}" y="{base + 36}" text-anchor="end">viewers</text>',
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))}" fill="none" '
        f'stroke="{color}" stroke-width="2"/>',
    ]
    for point in points:
        x, y = place(point)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{point[key]:,.0f}</text>')
        parts.append(f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{point["viewers"]}</text>')
    return parts


def draw(points):
    parts = [part for number, (key, label, color) in enumerate(PANELS)
             for part in panel(points, key, label, color, number * HEIGHT)]
    height = HEIGHT * len(PANELS)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
            f'font-size="12"><rect width="{WIDTH}" height="{height}" fill="#fff"/>' + "\n".join(parts) + "</svg>\n")
