"""The Django example under gunicorn with four workers: every process runs a manager, one of them is the runner."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

pytestmark = pytest.mark.slow
WORKERS = 4


class Server:
    """gunicorn, its workers, and clients that publish reviews."""

    def __init__(self, site, examples):
        self.site = site
        self.log = site.folder / "gunicorn.log"
        with socket.socket() as listener, self.log.open("w") as log:
            listener.bind(("127.0.0.1", 0))
            listener.listen(64)
            self.port = listener.getsockname()[1]
            command = [
                sys.executable, "-m", "gunicorn", "-c", str(examples / "gunicorn.conf.py"), "-w", str(WORKERS),
                "-k", "gthread", "--threads", "2", "--bind", f"fd://{listener.fileno()}",
                "django_site.wsgi",
            ]  # fmt: skip
            self.process = subprocess.Popen(
                command, cwd=site.folder, env=site.environment, stdout=log, stderr=log, pass_fds=[listener.fileno()]
            )

    def workers(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(text) for text in file.read().split()]

    def publish(self, review):
        """Publish one review; returns whether it was accepted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", f"/reviews/{review}/publish")
            return connection.getresponse().status == 202
        except (OSError, http.client.HTTPException):
            return False  # its worker was killed: nobody knows
        finally:
            connection.close()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture
def server(site, examples, until):
    one = Server(site, examples)
    with contextlib.ExitStack() as undo:
        undo.callback(one.process.wait)
        undo.callback(one.process.kill)
        until(lambda: one.publish("warm-up"), 30, "the first answer")
        until(lambda: "warm-up" in site.delivered(), 30, "the first delivery")
        yield one
        assert one.end() == 0, one.log.read_text()


class Load:
    """Threads that publish reviews until told to stop, and remember which were accepted."""

    def __init__(self, server, threads=3):
        self.accepted = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(server, n), daemon=True) for n in range(threads)]

    def _run(self, server, number):
        count = 0
        while not self._stop.is_set():
            count += 1
            review = f"{number}-{count}"
            if server.publish(review):
                self.accepted.append(review)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(40)


def test_each_signal_is_delivered_once(server, site, until):
    reviews = [str(number) for number in range(60)]
    assert all(server.publish(review) for review in reviews)
    until(lambda: all(review in site.delivered() for review in reviews))
    assert {len(keys) for review, keys in site.delivered().items() if review != "warm-up"} == {1}
    assert site.runner() in server.workers()


def test_nothing_accepted_is_lost_when_a_worker_and_then_the_runner_are_killed(server, site, until):
    with Load(server) as load:
        for victim in ("worker", "runner"):
            seen = len(load.accepted)
            until(lambda: len(load.accepted) > seen + 20, 30, "load")  # noqa: B023
            runner = site.runner()
            others = [pid for pid in server.workers() if pid != runner]
            os.kill(runner if victim == "runner" else others[0], signal.SIGKILL)
            if victim == "runner":
                until(lambda: site.runner() not in (None, runner), what="a take-over")  # noqa: B023
                assert site.runner() in server.workers()  # one of those that lived, or the one that came for the first
        seen = len(load.accepted)
        until(lambda: len(load.accepted) > seen + 20, 30, "load after the take-over")
    until(lambda: all(review in site.delivered() for review in load.accepted), 30, "the deliveries")
    assert {len(set(keys)) for keys in site.delivered().values()} == {1}
