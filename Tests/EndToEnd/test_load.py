"""`vitrine load` against the real server, and that it says so when something is wrong."""

import json
import subprocess

import pytest

from vitrine import BINARY, TOKEN, until


class Load:
    """One run of the load generator."""

    def __init__(self, report, *options):
        self.path = report
        self.process = subprocess.Popen(
            [str(word) for word in (BINARY, "load", "--json", report, *options)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def end(self, timeout=60):
        """Its exit status, its table, what it complained of, and the report."""
        table, complaints = self.process.communicate(timeout=timeout)
        report = json.loads(self.path.read_text()) if self.path.exists() else None
        return self.process.returncode, table, complaints, report


@pytest.fixture
def load(tmp_path):
    runs = []

    def start(*options):
        runs.append(Load(tmp_path / f"report{len(runs)}.json", *options))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait(10)


def doors(server, stream):
    return ("--whip", f"{server.url}/whip/{stream}", "--whep", f"{server.url}/whep/{stream}")


@pytest.mark.parametrize("workers", [1, 3])
def test_viewers_get_all_that_is_published(start_server, load, workers):
    server = start_server("--relay-workers", workers)
    stream = server.api.create()
    run = load(*doors(server, stream), "--token", TOKEN, "--viewers", 20, "--duration", 3, "--verify", "50%",
               "--server-pid", server.process.pid)
    status, table, complaints, report = run.end()
    # On a machine that others use, too, the figures may not be valid; what was received is.
    assert status in (0, 3), complaints
    assert report["faults"] == [], table
    assert report["viewers"]["joined"] == report["viewers"]["asked"] == 20
    assert report["viewers"]["verifying"] == 10
    delivery = report["delivery"]
    assert delivery["lost"] == 0
    assert delivery["packets"] > 0.9 * 20 * 3 * (30 * 9 + 50)
    checks = report["verification"]
    assert checks["packets"] > 0.9 * 10 * 3 * (30 * 9 + 50)
    assert checks["tone_windows"] > 10 * 20 and checks["bad_tone_windows"] == 0
    assert 0 < report["latency"]["frame_end_us"]["p50"] < 50_000
    assert 0 < report["joins"]["first_key_frame_ms"]["p50"] < 5_000
    assert report["server"]["cpu_seconds_per_million_packets"] > 0
    assert "lost after repair" in table


def test_weak_viewers_have_links_of_their_own_and_cost_the_others_nothing(server, load):
    stream = server.api.create()
    run = load(*doors(server, stream), "--token", TOKEN, "--viewers", 16, "--duration", 6, "--weak", "25%",
               "--link", "rate=1600,delay=25,queue=200,loss=1")
    status, table, complaints, report = run.end()
    assert status in (0, 3), complaints + table
    assert report["weak"]["viewers"] == 4 and report["viewers"]["joined"] == 16
    assert report["delivery"]["lost"] == 0, "the others' packets"
    # No more comes than the links carry, and something of the picture does.
    assert 200_000 < report["weak"]["bits_per_second"] < 1_600_000
    watchable = report["watchable"]
    assert watchable["weak"] < watchable["all"] < watchable["others"] and watchable["others"] > 0.8
    assert "seconds to be watched" in table and "weak viewers" in table


@pytest.mark.parametrize("options, said", [
    (("--weak", "25%"), "--link"), (("--link", "rate=fast"), "rate"), (("--link", "rate=800", "--weak", "150%"), "--weak"),
    (("--link", "trace=/none"), "trace"), (("--link", "width=5"), "width")])
def test_a_link_that_makes_no_sense_is_refused_in_words(load, options, said):
    status, _, complaints, _ = load("--whep", "http://127.0.0.1:9/whep/x", "--viewers", 1, *options).end()
    assert status == 2 and said in complaints and complaints.count("\n") == 1


def test_a_run_ends_early_and_in_order(server, stream, load, api):
    run = load(*doors(server, stream), "--token", TOKEN, "--viewers", 3, "--duration", 600)

    def served():
        return [viewer["bytes_sent"] for viewer in api.get(f"/api/livestreams/{stream}/relay").json()["viewers"]]

    # Two seconds of the synthetic stream: it is being measured.
    until(lambda: len(served()) == 3 and min(served()) > 700_000, what="the viewers")
    run.process.terminate()
    status, table, complaints, report = run.end()
    assert status in (0, 3), complaints
    assert report["interrupted"] is True
    until(lambda: not api.get(f"/api/livestreams/{stream}/relay").json()["viewers"], what="the end of the sessions")


def test_media_that_is_cut_is_a_fault(start_server, load):
    server = start_server()
    stream = server.api.create()
    run = load(*doors(server, stream), "--token", TOKEN, "--viewers", 5, "--duration", 6)
    until(lambda: len(server.api.get(f"/api/livestreams/{stream}/relay").json()["viewers"]) == 5,
          what="the viewers")
    server.kill()
    status, table, complaints, report = run.end()
    assert status != 0
    assert report is None or report["faults"], table


@pytest.mark.parametrize("options, complaint", [
    (("--token", "a-wrong-token"), "refuses the token"),
    ((), "refuses the token"),
])
def test_a_wrong_token_is_one_clear_line(server, stream, load, options, complaint):
    status, table, complaints, report = load(*doors(server, stream), *options, "--viewers", 2).end()
    assert status == 1 and report is None
    assert complaint in complaints and complaints.count("\n") == 1


@pytest.mark.parametrize("options, complaint", [
    (("--whep", "nonsense"), "no http or https URL"),
    (("--viewers", "5"), "viewers need --whep"),
    (("--whep", "http://localhost:1/whep/x", "--verify", "200%"), "no share"),
])
def test_bad_usage_is_told(load, options, complaint):
    status, table, complaints, report = load(*options).end()
    assert status == 2 and complaint in complaints


def test_a_server_that_is_not_there_is_told(load):
    status, table, complaints, report = load("--whep", "http://127.0.0.1:9/whep/nothing-there", "--viewers", 1).end()
    assert status == 1 and "can't reach 127.0.0.1:9" in complaints
