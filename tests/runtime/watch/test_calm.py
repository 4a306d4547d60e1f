"""A directory in which nothing happens is looked at less often; the next edit is told soon all the same."""

import queue

from reconciler.runtime.watch.watcher import Watcher
from reconciler.testing.clock import VirtualClock


class Core:
    """Stands for the Rust core: tells each step it is asked for, and answers what the test says."""

    def __init__(self):
        self.steps, self.answers = queue.Queue(), queue.Queue()

    def watch(self, debounce, step, timeout, stopped):
        self.steps.put(step)
        return self.answers.get(timeout=20)

    def close(self):
        pass


def test_calm_directory_is_looked_at_half_as_often_until_something_happens(tmp_path):
    core, clock, hints = Core(), VirtualClock(), queue.Queue()
    watcher = Watcher(str(tmp_path), hints.put, clock, notify_of=lambda folders: core)
    watcher.start()
    busy = core.steps.get(timeout=20)
    clock.advance(60)
    core.answers.put("timeout")
    assert core.steps.get(timeout=20) == 2 * busy
    core.answers.put({(1, f"{tmp_path}/a.yaml")})
    assert core.steps.get(timeout=20) == busy
    assert hints.get(timeout=20).folders == {""}
    watcher._stopped.set()
    core.answers.put("stop")
    watcher.stop()
