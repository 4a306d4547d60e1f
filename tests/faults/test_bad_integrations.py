"""FAULTS.md's section Input, as far as it is an integration's fault: it is failed with the reason, the others run."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.model.state import ConditionType, ConfigState, IntegrationState, StateReason, Tristate
from reconciler.testing import Harness, RecordingServer

LIMIT = 5.0
"""Seconds of the processor, whatever else the machine does; without bounds each takes minutes, or has no end."""
TEXT = "a" * 60 + "!"
BAD_SCHEMAS = {
    "not a schema": ({"type": "strin"}, "'strin' is not one of"),
    "not JSON": ("{", "not JSON"),
    "another file's": ({"properties": {"x": {"$ref": "other.json"}}}, "leads outside"),
    "a pattern that is none": ({"properties": {"x": {"pattern": "("}}}, "schema.json"),
    "an old dialect": ({"$schema": "http://json-schema.org/draft-04/schema#"}, "is not known"),
}
WORKS = """
from reconciler.sdk import Integration

class Worker(Integration):
    integration_id = "{}"
"""


@pytest.fixture
def harness(site):
    """A harness that is started by hand: `site` is filled first."""
    started = []

    def start():
        one = Harness()
        started.append(one)
        one.start()
        return one

    yield start
    for one in started:
        one.__exit__(None, None, None)


def integration(harness, key):
    return next(status for status in harness.manager.engine.integrations() if status.id == key)


def config(integration_id, **settings):
    return {"integration": integration_id, "name": "a", "settings": settings}


@pytest.mark.parametrize(("schema", "words"), BAD_SCHEMAS.values(), ids=BAD_SCHEMAS.keys())
def test_integration_with_a_bad_schema_is_failed_and_the_others_run(site, harness, schema, words):
    site.add("broken", schema)
    h = harness()
    h.write("a.yaml", config("broken", x="y"), settle=False)
    h.write("b.yaml", config("console"))
    failed, status = integration(h, "broken"), h.config("broken/a")
    assert (failed.state, failed.reason) == (IntegrationState.FAILED, StateReason.ERROR)
    assert words in failed.message
    (loaded,) = (c for c in failed.conditions if c.type is ConditionType.LOADED)
    assert (loaded.status, loaded.message) == (Tristate.FALSE, failed.message) and loaded.since > 0
    assert (status.state, status.file) == (ConfigState.INVALID, "a.yaml") and words in status.message
    assert h.state("console/a") is ConfigState.ACTIVE
    assert h.manager.engine.status().integrations["failed"] == 1


@pytest.mark.parametrize(("schema", "words"), BAD_SCHEMAS.values(), ids=BAD_SCHEMAS.keys())
def test_commands_name_the_integration_with_a_bad_schema(site, tmp_path, monkeypatch, capsys, schema, words):
    site.add("broken", schema)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: broken\nname: a\n")
    assert run(["validate", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert (found["rule"], found["line"], found["column"]) == ("integration-failed", 1, 14)
    assert words in found["message"]
    assert run(["integrations", "-o", "json"]) == 1
    (item,) = (i for i in json.loads(capsys.readouterr().out)["items"] if i["id"] == "broken")
    assert words in item["error"]


def test_nothing_is_fetched_for_a_remote_reference(site, harness):
    with RecordingServer() as server:
        site.add("remote", {"properties": {"x": {"$ref": f"{server.url}/schema.json"}}})
        h = harness()
        h.write("a.yaml", config("remote", x="y"))
        assert "leads outside" in integration(h, "remote").message
        assert server.requests == []


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(a|aa)+\1$", r"^(?=(a+)+$)(a|a?)+(?!b)$"])
def test_pattern_that_backtracks_costs_no_time_and_holds_nobody_up(site, harness, pattern):
    site.add("slow", {"properties": {"x": {"type": "string", "pattern": pattern}}})
    h = harness()
    started = time.process_time()
    h.write("a.yaml", config("slow", x=TEXT), settle=False)
    h.write("b.yaml", config("console"))
    assert time.process_time() - started < LIMIT
    assert h.state("slow/a") is ConfigState.INVALID and "settings.x" in h.config("slow/a").message
    assert h.state("console/a") is ConfigState.ACTIVE


def test_import_that_raises_fails_its_integration_alone(site, harness):
    site.add("broken", {}, "raise RuntimeError('no such library')\n")
    h = harness()
    h.write("a.yaml", config("broken"), settle=False)
    h.write("b.yaml", config("console"))
    assert integration(h, "broken").state is IntegrationState.FAILED
    assert "no such library" in integration(h, "broken").message
    assert (h.state("broken/a"), h.state("console/a")) == (ConfigState.PENDING, ConfigState.ACTIVE)


def test_code_is_imported_for_the_first_enabled_configuration_and_not_before(site, harness):
    site.add("lazy", {}, WORKS.format("lazy"))
    h = harness()
    h.write("a.yaml", {**config("lazy"), "enabled": False})
    assert integration(h, "lazy").state is IntegrationState.REGISTERED
    assert not imported("acme_lazy")
    h.write("a.yaml", config("lazy"))
    assert integration(h, "lazy").state is IntegrationState.ACTIVE
    assert imported("acme_lazy")


def imported(package):
    return [name for name in sys.modules if name.startswith(package)]


def test_registered_integrations_are_counted_as_they_are_listed(site, harness):
    h = harness()
    h.write("a.yaml", config("console"), settle=False)
    h.write("b.yaml", config("consle"))
    listed = [status.state for status in h.manager.engine.integrations()]
    counted = h.manager.engine.status().integrations
    assert counted == {state.value: listed.count(state) for state in set(listed)}


@pytest.mark.slow
def test_validate_runs_nobodys_code(site, tmp_path):
    """In a process of its own, told by the interpreter: the packages would end it, were they imported."""
    site.add("events", {}, events=[{"type": "build.finished"}])
    (tmp_path / "configs").mkdir()
    for name in ("console", "events"):
        (tmp_path / "configs" / f"{name}.yaml").write_text(f"integration: {name}\nname: a\n")
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", "validate", "configs"]
    environ = {"PYTHONPATH": f"{site.folder}:{Path(__file__).parents[2]}"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=50, check=False
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "✓ 2 configurations in 2 files: no findings\n"), done.stderr
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "reconciler.config.run.run" in modules
    assert not [name for name in modules if name.startswith(("acme", "reconciler_integrations"))]


def test_event_type_close_to_a_declared_one_is_a_warning_and_runs(site, harness):
    site.add("builds", {}, WORKS.format("builds"), events=[{"type": "build.finished"}])
    h = harness()
    document = {**config("builds"), "events": [{"type": "build.finishd"}, {"type": "mine.own"}]}
    h.write("a.yaml", document)
    (found,) = h.config("builds/a").diagnostics
    assert (found.rule, found.is_error, found.help) == ("unknown-event-type", False, "did you mean `build.finished`?")
    assert h.state("builds/a") is ConfigState.ACTIVE


def test_two_files_with_one_id_name_each_other_and_change_nothing(harness):
    h = harness()
    h.write("a.yaml", config("console", prefix="1"))
    before = h.config("console/a").digest
    h.write("a.yaml", config("console", prefix="2"), settle=False)
    h.write("b.yaml", config("console", prefix="3"))
    status = h.config("console/a")
    assert (status.state, status.reason, status.digest) == (ConfigState.ACTIVE, StateReason.DUPLICATE, before)
    assert [(d.span.file, d.related[0].span.file) for d in status.diagnostics] == [
        ("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")
    ]  # fmt: skip
    h.delete("b.yaml")
    assert (h.config("console/a").digest != before, h.config("console/a").stale) == (True, False)


@pytest.mark.parametrize("schema", [schema for schema, _ in BAD_SCHEMAS.values()], ids=BAD_SCHEMAS.keys())
def test_bundle_and_scaffold_live_with_a_bad_schema(site, tmp_path, monkeypatch, capsys, schema):
    site.add("broken", schema)
    monkeypatch.chdir(tmp_path)
    assert run(["schema", "--output", "bundle.json"]) == 0
    assert "console" in (tmp_path / "bundle.json").read_text()
    assert run(["new", "config", "broken/a"]) in {0, 2}
    assert run(["schema", "broken"]) in {0, 2}
    assert "Traceback" not in capsys.readouterr().err
