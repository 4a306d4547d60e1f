"""The daemons of the storm: started, asked over their Unix socket, killed. Run as a program it is their nursery.

The nursery is a process that has imported what a daemon needs and forks one for each life: most of a start are imports,
which are the same every time, and a thousand lives have a thousand of them. `fresh` starts a new interpreter instead.
"""

import http.client
import importlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from measure import ENVIRONMENT, RECONCILE

SITE = Path(__file__).resolve().parent / "storm_site"
PRELOADED = (
    "reconciler.cli.watch",
    "reconciler.cli.tree",
    "reconciler.compose.daemon",
    "reconciler_integrations.webhook.integration",
    "reconciler.sdk.http",
    "reconciler.config.explain.engine",
)


class Daemons:
    """One daemon after the other over `folder`; at most one lives."""

    def __init__(self, folder, *, fresh=False):
        self.folder = folder
        self.pid = None
        self.life = 0
        self.log = (folder / "daemon.log").open("ab")
        self.journal = folder / "journal"
        self.journal.touch()
        (folder / "locks").mkdir()
        path = f"{SITE}{os.pathsep}{ENVIRONMENT.get('PYTHONPATH', '')}"
        settings = {"PYTHONPATH": path, "STORM_JOURNAL": str(self.journal), "STORM_LOCKS": str(folder / "locks")}
        self._environment = {**ENVIRONMENT, **settings}
        self._arguments = ["--watch", "--dir", str(folder / "configs"), "--state-dir", str(folder / "state")]
        self._arguments += ["--prune-limit", "100%", "--log-level", "warning"]
        self._nursery = None if fresh else self._open_nursery()
        self._process = None

    def start(self):
        """Begin a life, with a number of its own: those of processes come again."""
        self.life += 1
        self._environment["STORM_LIFE"] = str(self.life)
        if self._nursery is not None:
            self._nursery.stdin.write(f"start {self.life}\n")
            self._nursery.stdin.flush()
            self.pid = int(self._nursery.stdout.readline())
        else:
            self._process = subprocess.Popen(
                [*RECONCILE, *self._arguments], env=self._environment, stdout=self.log, stderr=self.log
            )
            self.pid = self._process.pid

    def kill(self):
        """End it as nothing can prevent, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def end(self):
        """End it in good order; returns its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def wait(self):
        """Wait until the daemon is gone; returns its exit code."""
        pid, self.pid = self.pid, None
        if self._nursery is not None:
            self._nursery.stdin.write(f"wait {pid}\n")
            self._nursery.stdin.flush()
            return int(self._nursery.stdout.readline())
        return self._process.wait()

    def close(self):
        """End what is left of the daemon and the nursery."""
        if self.pid is not None:
            self.kill()
        if self._nursery is not None:
            self._nursery.stdin.close()
            self._nursery.wait(30)
            self._nursery.stdout.close()
        self.log.close()

    def ask(self, method, path, value=None):
        """Return status and JSON of one request over the Unix socket; raises OSError where nobody answers it whole."""
        connection = _UnixConnection(self.folder / "state" / "reconcile.sock")
        try:
            body = json.dumps(value).encode() if value is not None else None
            kind = {"content-type": "application/cloudevents+json"} if body else {}
            connection.request(method, path, body, kind)
            answer = connection.getresponse()
            data = answer.read()
        except http.client.HTTPException as error:
            raise OSError(f"the answer broke off: {error!r}") from error
        finally:
            connection.close()
        return answer.status, json.loads(data) if data[:1] in {b"{", b"["} else None

    def written(self):
        """Return digest and file of what is written down as good, by id."""
        with closing(sqlite3.connect(self.folder / "state" / "state.db", timeout=20)) as database:
            return {key: (digest, file) for key, digest, file in database.execute("SELECT id, digest, file FROM good")}

    def is_ready(self):
        """Whether it answers that it is ready."""
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def wait_ready(self, patience):
        """Wait until it is ready; returns whether it is within `patience` seconds."""
        deadline = time.monotonic() + patience
        while not self.is_ready():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def _open_nursery(self):
        command = [sys.executable, __file__, *self._arguments]
        return subprocess.Popen(
            command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True
        )


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def nursery(arguments):
    """Fork a daemon for each line that says so; the parent runs no thread, and never a line of the engine."""
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "start":
            pid = os.fork()
            if pid == 0:
                os.environ["STORM_LIFE"] = rest
                daemon(arguments)
            print(pid, flush=True)
        else:
            _, status = os.waitpid(int(rest), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)


def daemon(arguments):
    """Be `reconcile --watch`: the same function that the console script calls."""
    from reconciler.__main__ import main

    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.argv = ["reconcile", *arguments]
    code = 1
    try:
        main()
    except SystemExit as error:
        code = error.code or 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    nursery(sys.argv[1:])
