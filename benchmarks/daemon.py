"""A daemon to measure: started on a directory, asked over HTTP, watched through /proc. Linux alone."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from measure import ENVIRONMENT, RECONCILE

SECRETS = {f"SLACK_TOKEN_{n}": f"xoxb-{n}" for n in range(50)}
"""What the corpus refers to."""


class Daemon:
    """`reconcile --watch` on `directory`, as a context manager. `ready_after` is in seconds, from its start."""

    def __init__(self, directory, state_dir, *, patience=300.0):
        self.port = free_port()
        self._connection = None
        command = [*RECONCILE, "--watch", "--dir", str(directory), "--state-dir", str(state_dir)]
        self._log = Path(state_dir).with_suffix(".log").open("ab")
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(f"{folder}/notify")
            told.settimeout(1.0)
            began = time.perf_counter()
            self.process = subprocess.Popen(
                [*command, "--listen", f"127.0.0.1:{self.port}", "--prune-limit", "100%"],
                stdout=self._log, stderr=self._log,
                env={**ENVIRONMENT, **SECRETS, "NOTIFY_SOCKET": told.getsockname()},
            )  # fmt: skip
            self._wait_ready(told, began + patience)
            self.ready_after = time.perf_counter() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End it with SIGTERM, as a supervisor would."""
        if self._connection is not None:
            self._connection.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._log.close()
        if code:
            sys.exit(f"the daemon ended with {code}: see {self._log.name}")

    def get(self, path):
        """Return the JSON value that a path of the API answers with."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else None

    def cpu(self):
        """Return the seconds of processor time it has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        """Return its resident memory in MB."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _wait_ready(self, told, deadline):
        """Wait for `/readyz`, asked once the daemon has said it is so: asking takes of the time that is measured."""
        while time.perf_counter() < deadline:
            if self.process.poll() is not None:
                sys.exit(f"the daemon ended with {self.process.returncode}: see {self._log.name}")
            with suppress(TimeoutError):
                if b"READY=1" in told.recv(4096):
                    break
        while time.perf_counter() < deadline:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/readyz")
                status = connection.getresponse().status
                connection.close()
                if status == 200:
                    return
            time.sleep(0.005)
        sys.exit(f"the daemon was not ready in time: see {self._log.name}")


def free_port():
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
