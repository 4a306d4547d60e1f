"""`kill -9` around an effect: the inventory is written ahead, so the next process knows what may be outside."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.compose.manager import IntegrationManager
from reconciler.runtime.state.state_store import StateStore
from reconciler.sdk import Integration, ResourceHook

pytestmark = pytest.mark.slow
CONFIG = "integration: shelf\nname: a\n"


class Shelf(Integration):
    """Its effect is a file beside the state directory; it kills its process where it is told to."""

    integration_id = "shelf"

    def config_enabled(self, config):
        ResourceHook(config, "book", self.ensure, self.remove)

    def ensure(self):
        _die_at("before ensure")
        (_folder() / "book").touch()
        _die_at("after ensure")
        return "book"

    def remove(self, handle):
        _die_at("before remove")
        (_folder() / handle).unlink(missing_ok=True)
        _die_at("after remove")


def _folder():
    return Path(os.environ["SHELF"])


def _die_at(point):
    if os.environ.get("DIE_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)


def manager(folder):
    made = IntegrationManager(folder / "configs", state_dir=folder / "state", integrations=(), watch=False)
    made.register_integration_class(Shelf)
    return made


def run(folder):
    """Run until the first pass has ended, and what is to be removed is; called in a child process."""
    with manager(folder) as running:
        if not (folder / "configs" / "a.yaml").exists():
            _until(lambda: running.status("shelf/a") is None)


def _until(condition):
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def child(folder, die_at=""):
    """Run `run` in a process of its own; returns its exit code."""
    env = {**os.environ, "SHELF": str(folder), "DIE_AT": die_at}
    return subprocess.run([sys.executable, __file__, str(folder)], env=env, timeout=40, check=False).returncode


def rows(folder):
    store = StateStore(folder / "state")
    try:
        return [(row.owner, row.key, row.status.value, row.handle) for row in store.load_effects()]
    finally:
        store.close()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(CONFIG)
    return tmp_path


@pytest.mark.parametrize("point", ["before ensure", "after ensure"])
def test_killed_around_ensure_ensures_again_at_the_next_start(folder, point):
    assert child(folder, point) == -signal.SIGKILL
    assert rows(folder) == [("shelf/a", "book", "intent", None)]
    assert child(folder) == 0
    assert rows(folder) == [("shelf/a", "book", "held", "book")]
    assert (folder / "book").exists()


def test_killed_after_ensure_and_deleted_meanwhile_leaves_nothing(folder):
    assert child(folder, "after ensure") == -signal.SIGKILL
    (folder / "configs" / "a.yaml").unlink()
    assert child(folder) == 0
    assert rows(folder) == []
    assert not (folder / "book").exists()


@pytest.mark.parametrize("point", ["before remove", "after remove"])
def test_killed_around_remove_removes_again_at_the_next_start(folder, point):
    assert child(folder) == 0
    (folder / "configs" / "a.yaml").unlink()
    assert child(folder, point) == -signal.SIGKILL
    assert rows(folder) == [("shelf/a", "book", "removing", "book")]
    assert child(folder) == 0
    assert rows(folder) == []
    assert not (folder / "book").exists()


if __name__ == "__main__":
    run(Path(sys.argv[1]))
