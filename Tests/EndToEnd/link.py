"""A network link that behaves as asked, between two network namespaces: rate, queue, delay, jitter, loss, a rate that
follows a trace. Two tun devices and one process that carries packets between them; it prints figures when it ends.

    link.py NAMESPACE_A NAMESPACE_B [--rate KBIT] [--queue MS] [--delay MS] [--jitter MS] [--loss PERCENT] [--burst N]
            [--trace FILE] [--steps "4000@0,500@20,4000@40"] [--seed N]

Its clock, which steps, traces and the seconds of its figures go by, begins anew at SIGUSR1.
A gets 10.77.1.1, B 10.77.1.2. Rate, queue, loss and trace are of the way from A to B, delay and jitter of both. Packets
never overtake each other.
"""

import argparse
import collections
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def open_tun(namespace, name, address):
    """A device in that namespace, held by a file of this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        if libc.setns(there.fileno(), 0):
            raise OSError(ctypes.get_errno(), "setns")
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        for words in (["addr", "add", f"{address}/24", "dev", name], ["link", "set", name, "txqueuelen", "10000"],
                      ["link", "set", name, "up"], ["link", "set", "lo", "up"]):
            subprocess.run(["ip", *words], check=True)
        libc.setns(home.fileno(), 0)
    return tun


class Direction:
    """One way: what comes in is kept until it is due, in order."""

    def __init__(self, source, target, options, is_limited):
        self.source, self.target, self.options, self.is_limited = source, target, options, is_limited
        self.random = random.Random(options.seed)
        self.waiting = []
        self.sender_free = self.last_due = 0.0
        self.in_burst = False
        self.counts = collections.Counter()
        self.begin()

    def begin(self):
        self.began = time.monotonic()
        self.seconds = []  # bytes in, bytes out, the worst wait in ms
        self.waits = []

    def rate(self, now):
        """kbit/s; 0: no limit."""
        if not self.is_limited:
            return 0
        elapsed = now - self.began
        if self.options.steps:
            return [rate for rate, start in self.options.steps if start <= elapsed][-1]
        if self.options.trace:
            return max(self.options.trace[int(elapsed / 0.2) % len(self.options.trace)], 1)
        return self.options.rate

    def _is_lost(self):
        if not self.is_limited or not self.options.loss:
            return False
        share, burst = self.options.loss / 100, self.options.burst
        chance = 1 - 1 / burst if self.in_burst else share / burst / (1 - share) if burst > 1 else share
        self.in_burst = self.random.random() < chance
        return self.in_burst if burst > 1 else self.random.random() < share

    def _note(self, now, column, value):
        second = int(now - self.began)
        while len(self.seconds) <= second:
            self.seconds.append([0, 0, 0.0])
        self.seconds[second][column] = max(self.seconds[second][column], value) if column == 2 else self.seconds[second][column] + value

    def take(self):
        while True:
            try:
                packet = os.read(self.source, 2048)
            except BlockingIOError:
                return
            now = time.monotonic()
            self.counts["in"] += 1
            self._note(now, 0, len(packet))
            if self._is_lost():
                self.counts["lost"] += 1
                continue
            rate, free = self.rate(now), max(self.sender_free, now)
            if rate and (free - now) * 1000 > self.options.queue:
                self.counts["overflowed"] += 1
                continue
            self.sender_free = free + (len(packet) * 8 / rate / 1000 if rate else 0)
            wait = (self.sender_free - now) * 1000
            self.waits.append(wait)
            self._note(now, 2, wait)
            delay = self.options.delay + self.random.uniform(0, self.options.jitter)
            self.last_due = max(self.last_due, self.sender_free + delay / 1000)
            heapq.heappush(self.waiting, (self.last_due, self.counts["in"], packet))

    def give(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            packet = heapq.heappop(self.waiting)[2]
            self.counts["out"] += 1
            self._note(now, 1, len(packet))
            try:
                os.write(self.target, packet)
            except BlockingIOError:
                pass

    def figures(self):
        waits = sorted(self.waits)
        return {**self.counts, "wait_p95_ms": round(waits[int(len(waits) * 0.95)], 1) if waits else 0, "seconds": self.seconds}


def run(options):
    a = open_tun(options.a, "link0", "10.77.1.1")
    b = open_tun(options.b, "link0", "10.77.1.2")
    ways = [Direction(a, b, options, True), Direction(b, a, options, False)]
    print("ready", flush=True)
    is_stopped = []
    signal.signal(signal.SIGTERM, lambda *_: is_stopped.append(True))
    signal.signal(signal.SIGUSR1, lambda *_: [way.begin() for way in ways])
    while not is_stopped:
        due = min((way.waiting[0][0] for way in ways if way.waiting), default=time.monotonic() + 0.1)
        readable, _, _ = select.select([a, b], [], [], max(0, min(due - time.monotonic(), 0.1)))
        for way in ways:
            if way.source in readable:
                way.take()
            way.give(time.monotonic())
    print(json.dumps({"to_b": ways[0].figures(), "to_a": ways[1].figures()}), flush=True)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("b")
    for name, usual in (("rate", 0), ("queue", 200), ("delay", 25), ("jitter", 0), ("loss", 0), ("burst", 1)):
        parser.add_argument(f"--{name}", type=float, default=usual)
    parser.add_argument("--trace", type=lambda path: [float(line.split()[1]) for line in open(path) if line.strip()])
    parser.add_argument("--steps", type=lambda text: [tuple(map(float, step.split("@"))) for step in text.split(",")])
    parser.add_argument("--seed", type=int, default=1)
    run(parser.parse_args(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
