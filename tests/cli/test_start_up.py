"""What each light command may import: start-up stays cheap only while somebody looks."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "rich", "pydantic", "asyncio", "jsonschema", "importlib.metadata", "typer", "click", "argparse", "http.client",
    "watchfiles", "starlette", "jinja2", "httpx2", "subprocess", "multiprocessing",
}  # fmt: skip
DAEMON = """
import json, pathlib, queue, signal, sys
from reconciler.compose.daemon import run_daemon
from reconciler.compose.options import EngineOptions
from reconciler.report.story.daemon_event import Ready
items, before = queue.SimpleQueue(), []

def say(event):
    if isinstance(event, Ready):
        before.extend(sys.modules)
        items.put(signal.SIGTERM)

run_daemon(EngineOptions(pathlib.Path("configs"), pathlib.Path("state"), integrations=("console",)), items, say)
print(json.dumps(before))
"""
PROBE = """
import json, sys
sys.argv = ["reconcile", *sys.argv[1:]]
from reconciler.__main__ import main
try:
    main()
finally:
    sys.stdout.flush()
    sys.stderr.write(json.dumps(sorted(sys.modules)))
"""


def imported(cwd, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=50, check=False
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "a.yaml").write_text("integration: console\nname: a\nsettings: {}\nevents:\n  - type: build.finished\n")
    return tmp_path


def test_version_imports_the_version_alone(tmp_path):
    ours = {name for name in imported(tmp_path, "--version") if name.startswith("reconciler")}
    assert ours == {"reconciler", "reconciler._version", "reconciler.__main__"}


def test_validation_of_a_good_file_imports_nothing_heavy(root):
    assert imported(root, "validate", "configs/a.yaml") & HEAVY == set()


def test_explaining_a_bad_file_builds_no_grammar(root):
    """jsonschema's extras for formats take a second to import, and are not asked: jsonschema-rs judges formats."""
    (root / "configs" / "a.yaml").write_text("integration: console\nname: a\nsetings: {}\n")
    modules = imported(root, "validate")
    assert "jsonschema" in modules
    assert not {"lark", "rfc3987_syntax", "isoduration", "arrow"} & modules


def test_validation_imports_no_integration(root):
    code = {f"reconciler_integrations.console.{part}" for part in ("integration", "settings")}
    assert imported(root, "validate") & code == set()


def test_help_imports_no_engine(tmp_path):
    assert not {"reconciler.compose", "reconciler.config"} & imported(tmp_path, "--help")


@pytest.fixture(scope="module")
def daemons():
    """Return what a daemon has imported once its server is made."""
    program = """
import json, sys, reconciler.compose.ahead, reconciler.compose.daemon
from reconciler.web.options import WebOptions
from reconciler.web.serving import http_server
http_server(None, WebOptions(), None).config.load()
print(json.dumps([*sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True)
    return set(json.loads(done.stdout))


def test_daemon_imports_nothing_for_reading_and_judging_before_a_file_has_changed(daemons):
    """What was read in an earlier life is believed; right after its start a daemon imports the rest."""
    judging = {"yaml", "jsonschema", "jinja2", "cel_expr_python", "reconciler.config.policy.policy"}
    reading = {"reconciler.config.judge", "reconciler.config.tree.ahead"}
    assert (judging | reading) & daemons == set()


def test_daemon_imports_nothing_for_its_api_before_it_is_ready(daemons):
    assert {"uvicorn.protocols.http.h11_impl", "reconciler.web.entrance"} <= daemons
    assert {"starlette", "reconciler.web.app", "reconciler.web.api"} & daemons == set()


def test_daemon_that_nobody_has_scraped_yet_has_no_use_for_the_prometheus_library(root):
    """It serves, and counts what it does, with instruments of its own: the first scrape imports the library."""
    done = subprocess.run(
        [sys.executable, "-c", DAEMON], cwd=root, capture_output=True, text=True, timeout=50, check=True
    )
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert "reconciler.runtime.telling.instruments" in modules
    assert "prometheus_client" not in modules


def test_delivery_is_rehearsed_without_the_prometheus_library(root):
    modules = imported(root, "trace", "--dir", "configs", "--type", "build.finished")
    assert "reconciler.compose.rehearsal.rehearsal" in modules
    assert "prometheus_client" not in modules
