"""A directory that is large enough to be read ahead by a child: nothing of that shows but the time it saves."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.config.tree.ahead import PAYS_FROM

CONFIG = "integration: probe\nname: {name}\nsettings: {{}}\n"
pytestmark = pytest.mark.slow


def children(daemon):
    found = ""
    for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended meanwhile has none
            found += (task / "children").read_text()
    return found


def active(daemon):
    status = json.loads(daemon.ask("GET", "/api/v1/status")[2])
    return status["configs"]["active"]


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="Linux tells of children")
def test_large_directory_starts_and_starts_again_and_leaves_no_child(root, start):
    for n in range(PAYS_FROM):
        (root / "configs" / f"n{n}.yaml").write_text(CONFIG.format(name=f"n{n}"))
    first = start()
    first.wait_for("✓ ready")
    assert (active(first), children(first)) == (PAYS_FROM + 1, "")
    first.until((root / ".reconcile" / "read.cache").exists, "the end of the start")
    first.process.kill()
    first.process.wait()
    (root / "configs" / "n7.yaml").write_text(CONFIG.format(name="n7") + "description: edited\n")
    (root / "configs" / "n8.yaml").unlink()
    again = start()
    again.until(lambda: again.err.read_text().count("✓ ready") == 2, "ready again")
    again.until(lambda: active(again) == PAYS_FROM, "the removal")
    assert json.loads(again.ask("GET", "/api/v1/configs/probe/n7")[2])["description"] == "edited"
    assert children(again) == ""
