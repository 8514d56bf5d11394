"""Requests of all kinds against the description of the API, by schemathesis: no 5xx, no answer outside of it.

usage: check_api.py [REQUESTS]    (scripts/check-api)
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from vitrine import TOKEN, Server  # noqa: E402

# Each answer is one of those that are described, with a body of its form; what has no such body isn't looked into.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
HERE = pathlib.Path(__file__).parent


def main(requests):
    with tempfile.TemporaryDirectory(prefix="vitrine-check-api-") as folder:
        server = Server(pathlib.Path(folder) / "data", "--relay-port", "0").start()
        try:
            description = server.api.get("/openapi.json").json()
            operations = sum(len(methods) for methods in description["paths"].values())
            command = [
                pathlib.Path(sys.executable).parent / "schemathesis", "run", f"{server.url}/openapi.json", "--checks", CHECKS,
                "-H", f"Authorization: Bearer {TOKEN}", "-H", "Tus-Resumable: 1.0.0", "--phases", "examples,coverage,fuzzing",
                "--max-examples", max(10, requests // operations), "--continue-on-failure", "--suppress-health-check", "all", "--no-color",
                "--generation-database", "none"]
            done = subprocess.run([str(word) for word in command], text=True, capture_output=True, cwd=folder,
                                  env={**os.environ, "SCHEMATHESIS_HOOKS": "check_api_hooks", "PYTHONPATH": str(HERE)})
            assert server.process.poll() is None, "the server has died:\n" + "".join(server.log[-20:])
        finally:
            server.stop()
    summary = done.stdout[done.stdout.rfind("= SUMMARY ="):] or done.stdout[-2_000:]
    if done.returncode != 0:
        print(done.stdout[-12_000:], done.stderr[-2_000:])
    cases = re.search(r"(\d+) generated", summary)
    print(f"{cases[1] if cases else 'no'} cases over {operations} operations")
    return done.returncode, int(cases[1]) if cases else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 26_000)[0])
