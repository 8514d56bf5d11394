"""A small internet of network namespaces: a server in the middle, and clients who reach it, and each other or not.

All names carry this process's id, nothing is changed in the root namespace but one cable into this internet, and all of
it is gone at the end.
"""

import os
import pathlib
import subprocess
import tempfile

SERVER = "10.99.0.1"
# The number of the cable to where the tests run.
OUTSIDE = 249


class Unavailable(Exception):
    """This machine allows no namespaces."""


class Network:
    def __init__(self, clients):
        self.clients = clients
        self.prefix = f"v{os.getpid() % 100_000}"
        self.router = f"{self.prefix}r"
        self.folder = tempfile.TemporaryDirectory(prefix="vitrine-netns-")

    def __enter__(self):
        try:
            self._build()
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            raise Unavailable(f"no network namespaces here: {getattr(error, 'stderr', None) or error}") from error
        return self

    def __exit__(self, *_):
        # Namespaces go in their own time; the cable into this one must be away before the next is laid.
        subprocess.run(["ip", "link", "del", f"{self.prefix}e{OUTSIDE}"], capture_output=True)
        for name in [*map(self.namespace, range(len(self.clients))), self.router]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        self.folder.cleanup()

    def namespace(self, number):
        return f"{self.prefix}c{number}"

    def _run(self, *words):
        subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, timeout=10)

    def _build(self):
        self._run("ip", "netns", "add", self.router)
        for words in (["ip", "link", "set", "lo", "up"], ["ip", "addr", "add", f"{SERVER}/32", "dev", "lo"],
                      ["sysctl", "-qw", "net.ipv4.ip_forward=1"],
                      ["nft", "add", "table", "inet", "vitrine"],
                      ["nft", "add chain inet vitrine forward { type filter hook forward priority 0; policy accept; }"]):
            self._run("ip", "netns", "exec", self.router, *words)
        for number in range(len(self.clients)):
            name = self.namespace(number)
            self._run("ip", "netns", "add", name)
            self._cable(number, "netns", name, prefix=["ip", "-n", name])
            self._run("ip", "-n", name, "link", "set", "lo", "up")
            self._run("ip", "-n", name, "route", "add", "default", "via", f"10.99.{number + 1}.1")
        # The tests' own way to the server, and that of clients that stay outside.
        self._cable(OUTSIDE, prefix=["ip"])
        self._run("ip", "route", "add", "10.99.0.0/16", "via", f"10.99.{OUTSIDE + 1}.1")

    def _cable(self, number, *target, prefix):
        """One end for the router, one for a client."""
        ends = f"{self.prefix}r{number}", f"{self.prefix}e{number}"
        self._run("ip", "link", "add", ends[0], "netns", self.router, "type", "veth", "peer", "name", ends[1], *target)
        self._run("ip", "-n", self.router, "addr", "add", f"10.99.{number + 1}.1/24", "dev", ends[0])
        self._run("ip", "-n", self.router, "link", "set", ends[0], "up")
        self._run(*prefix, "addr", "add", f"10.99.{number + 1}.2/24", "dev", ends[1])
        self._run(*prefix, "link", "set", ends[1], "up")

    def _subnet(self, client):
        number = (self.clients.index(client) if client in self.clients else OUTSIDE) + 1
        return f"10.99.{number}.0/24"

    def cut(self, one, other):
        """From now on these two can't reach each other, while both reach the server. Who is no client is outside."""
        for source, target in ((one, other), (other, one)):
            self._run("ip", "netns", "exec", self.router, "nft", "add", "rule", "inet", "vitrine", "forward",
                      "ip", "saddr", self._subnet(source), "ip", "daddr", self._subnet(target), "drop")

    def silence(self, client):
        """From now on nothing that this one sends arrives anywhere."""
        nft = ["ip", "netns", "exec", self.router, "nft"]
        self._run(*nft, "add chain inet vitrine input { type filter hook input priority 0; policy accept; }")
        for chain in ("input", "forward"):
            self._run(*nft, "add", "rule", "inet", "vitrine", chain, "ip", "saddr", self._subnet(client), "drop")

    def program(self, client, path):
        """A program that runs `path` as this client."""
        script = pathlib.Path(self.folder.name) / f"{client}-{pathlib.Path(path).name}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.namespace(self.clients.index(client))} {path} "$@"\n')
        script.chmod(0o755)
        return str(script)

    @property
    def server_prefix(self):
        return ["ip", "netns", "exec", self.router]
