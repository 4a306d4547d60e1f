"""A watcher over real folders, and a way to wait for what it hints at."""

import threading
import time

import pytest

from reconciler.runtime.clock import SystemClock
from reconciler.runtime.watch.watcher import Watcher


class Hints:
    """Collects hints; `wait` returns once a condition on them holds, or fails after a deadline."""

    def __init__(self):
        self.all = []
        self._changed = threading.Condition()

    def __call__(self, hint):
        with self._changed:
            self.all.append(hint.folders)
            self._changed.notify_all()

    def clear(self):
        with self._changed:
            self.all.clear()

    def folders(self):
        return {f for hint in self.all if hint is not None for f in hint}

    def wait(self, condition, seconds=20.0):
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition(self):
                left = deadline - time.monotonic()
                assert left > 0, f"no such hint; there were {self.all}"
                self._changed.wait(left)

    def wait_for(self, folder):
        self.wait(lambda hints: None in hints.all or folder in hints.folders())

    def wait_for_everything(self):
        self.wait(lambda hints: None in hints.all)


@pytest.fixture
def hints():
    return Hints()


@pytest.fixture
def watch(hints):
    started = []

    def watch(root, **options):
        watcher = Watcher(root, hints, SystemClock(), **options)
        watcher.start()
        started.append(watcher)
        return watcher

    yield watch
    for watcher in started:
        watcher.stop()


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "configs"
    (root / "team" / "deep").mkdir(parents=True)
    (root / "a.yaml").write_text("a")
    return root
