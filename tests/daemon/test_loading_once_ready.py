"""When a daemon loads what answers all but the probes: not before it is ready, and then without being asked."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
PROGRAM = """
import json, queue, signal, sys, threading, time
from pathlib import Path
from reconciler.compose.daemon import run_daemon
from reconciler.compose.options import EngineOptions
from reconciler.report.story.daemon_event import Ready
from reconciler.web.unix_client import unix_connection

items, told = queue.SimpleQueue(), {}
app = "reconciler.web.app"

def say(event):
    if isinstance(event, Ready):
        connection = unix_connection(Path("state"), 10)
        connection.request("GET", "/readyz")
        told["status"] = connection.getresponse().status
        connection.close()
        told["before"] = "starlette" in sys.modules
        threading.Thread(target=end, daemon=True).start()

def end():
    deadline = time.monotonic() + 20
    while not hasattr(sys.modules.get(app), "create_app") and time.monotonic() < deadline:
        time.sleep(0.01)
    told["after"] = app in sys.modules
    items.put(signal.SIGTERM)

told["code"] = run_daemon(EngineOptions(Path("configs"), Path("state")), items, say)
print(json.dumps(told))
"""


def test_daemon_loads_its_api_once_it_is_ready(tmp_path):
    (tmp_path / "configs").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
    )
    assert json.loads(done.stdout or "null") == {"status": 200, "before": False, "after": True, "code": 0}, done.stderr
