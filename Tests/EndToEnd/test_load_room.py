"""A thousand customers on one stream hear what is said in time."""

import json
import subprocess
import sys

import load_room


def measure():
    # In a process of its own: another test's browser may have left an event loop in this one.
    command = [sys.executable, load_room.__file__, "--customers", "1000", "--messages", "20", "--runs", "1"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)


def test_a_message_reaches_a_thousand_customers_in_under_250_ms():
    # The best of three: a busy machine may spoil one run, but not make the server faster.
    for _ in range(3):
        figures = measure()
        assert figures["received"] == 20_000
        if figures["p99_ms"] < 250:
            return
    raise AssertionError(figures)
