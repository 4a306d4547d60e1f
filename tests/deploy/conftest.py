"""What a scrape of a real engine behind a real server holds, once for all tests of this folder."""

import shutil
import sys
from pathlib import Path

import httpx2
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reconciler.sdk import Event, EventHook, Integration, TransientError
from reconciler.testing import Harness
from reconciler.web.options import WebOptions
from reconciler.web.server import WebServer


class Diary(Integration):
    integration_id = "diary"
    events = ("note",)

    def initialize(self):
        EventHook(self, self.deliver)

    def deliver(self, event, config):
        if event.id == "bad":
            raise TransientError("later", retry_after=1)


@pytest.fixture(scope="session")
def scrape():
    """The text of `GET /metrics` after a pass, a look by a host, and deliveries that succeeded and failed."""
    with Harness(Diary) as harness:
        harness.write("a.yaml", {"integration": "diary", "name": "a"})
        for number in ("1", "1", "bad"):
            harness.deliver(Event(type="note", source="/t", id=number, data={}))
        harness.manager.engine.look('a "host" says\nwhat it likes')
        harness.settle()
        server = WebServer(harness.manager.engine, WebOptions("127.0.0.1", 0))
        server.start()
        try:
            httpx2.get(f"{server.url}/livez", timeout=20)
            return httpx2.get(f"{server.url}/metrics", timeout=20).text
        finally:
            server.stop(1)


@pytest.fixture
def promtool():
    """The path of promtool; tests that need it are skipped where there is none."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    return found
