"""The MongoDB of the tests: a real server named by VITRINE_TEST_MONGODB_URI, or the stand-in of this project."""

import contextlib
import os
import subprocess
import sys
import uuid

from vitrine import ROOT

GIVEN = os.environ.get("VITRINE_TEST_MONGODB_URI")
# Part of the names of tests that use it.
KIND = "mongodb" if GIVEN else "mongodb-stand-in"


class StandIn:
    """`Tests/MongoStandIn` as a process of its own. It ends with its standard input, so with this process."""

    def __init__(self, port=0):
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "Tests/MongoStandIn/mongo_standin.py", "--port", str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


@contextlib.contextmanager
def database():
    """The URI of a database of its own."""
    name = f"vitrine_test_{uuid.uuid4().hex[:8]}"
    if GIVEN:
        from pymongo import MongoClient

        server, _, options = GIVEN.partition("?")
        scheme, _, hosts = server.partition("://")
        yield f"{scheme}://{hosts.partition('/')[0]}/{name}{'?' + options if options else ''}"
        MongoClient(GIVEN).drop_database(name)
        return
    standin = StandIn()
    yield f"mongodb://127.0.0.1:{standin.port}/{name}"
    standin.stop()
