"""Real processes over one directory: a destination that records, the examples' hosts, and patience with a deadline."""

import os
import threading
import time
from collections import defaultdict
from pathlib import Path

import pytest

from reconciler.config.yaml.writer import write_yaml
from reconciler.testing.http_server import RecordingServer

EXAMPLES = Path(__file__).parents[2] / "examples" / "embedding"


def until(condition, seconds=20.0, what="it"):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come about: {condition()}"
        threading.Event().wait(0.02)
    return found


@pytest.fixture(name="until", scope="session")
def until_fixture():
    """Wait for a condition, and return what it gave: `until(lambda: …, seconds)`."""
    return until


class Site:
    """Configurations, state, and a destination that every review is delivered to."""

    def __init__(self, folder):
        self.folder, self.state = folder, folder / "state"
        self.destination = RecordingServer()
        (folder / "configs").mkdir()
        (folder / "configs" / "hear.yaml").write_text(
            write_yaml({"integration": "reviews", "name": "hear", "events": []})
        )
        told = {"integration": "webhook", "name": "tell", "settings": {"url": f"{self.destination.url}/reviews"},
                "events": [{"type": "review.published"}]}  # fmt: skip
        (folder / "configs" / "tell.yaml").write_text(write_yaml(told))

    @property
    def environment(self):
        own = {k: v for k, v in os.environ.items() if not k.startswith("RECONCILE_")}
        return {
            **own,
            "HOME": str(self.folder),  # gunicorn puts a socket there
            "PYTHONPATH": str(EXAMPLES),
            "DJANGO_SETTINGS_MODULE": "django_site.settings",
            "REVIEWS_CONFIGS": str(self.folder / "configs"),
            "REVIEWS_STATE": str(self.state),
            "REVIEWS_DATABASE": str(self.folder / "site.sqlite3"),
        }

    def runner(self):
        """Return the process id in the runner's lock, or None."""
        try:
            return int((self.state / "runner.lock").read_text())
        except (OSError, ValueError):
            return None

    def delivered(self):
        """Return the idempotency keys of what has come, by review, each as often as it came."""
        found = defaultdict(list)
        for request in self.destination.requests:
            found[request.json()["data"]["review"]].append(request.headers["idempotency-key"])
        return found


@pytest.fixture
def site(tmp_path):
    one = Site(tmp_path)
    yield one
    one.destination.close()


@pytest.fixture(scope="session")
def examples():
    """The folder of the examples."""
    return EXAMPLES
