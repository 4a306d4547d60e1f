"""The metrics: named as documented, clean by promtool's rules, bounded in number, and cheap in a large directory."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import reconciler
from reconciler.compose.catalogue import build_catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.config.validation import Validator
from reconciler.core.in_force.lastgood import Effective
from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.override import InterventionKind
from reconciler.runtime.loop.world import World
from reconciler.runtime.telling.metrics import Metrics
from reconciler.runtime.telling.state_counts import StateCounts
from reconciler.runtime.telling.statuses import Registered
from reconciler.web.http_metrics import HttpMetrics

RUNNING = Path(__file__).resolve().parents[2] / "docs" / "running.md"
ROW = re.compile(r"^\| `(reconcile_\w+)` \| (\w+) \| ([^|]*)\|", re.MULTILINE)


def documented():
    return {
        name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in ROW.findall(RUNNING.read_text())
    }


def families(text):
    """Every family of a scrape: name as documented, type, and the labels of its samples."""
    found = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, labels)
    return found


def declared():
    """What is declared in code, with its labels, whether or not it has been counted yet."""
    instruments = Metrics().instruments
    HttpMetrics(instruments)
    return {
        f"{one.name}_total" if one.kind == "counter" else one.name: (one.kind, set(one.label_names))
        for one in instruments
    }


def test_documented_metrics_are_those_of_the_code(scrape):
    scraped = {name: kind for name, kind in families(scrape).items() if name.startswith("reconcile_")}
    assert documented() == scraped | declared()


def test_scrape_passes_promtool(scrape, promtool):
    done = subprocess.run([promtool, "check", "metrics"], input=scrape, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_process_is_measured(scrape):
    found = families(scrape)
    assert {"process_cpu_seconds_total", "process_open_fds", "process_start_time_seconds"} <= found.keys()
    assert not [name for name in found if name.endswith("_created")]


def sample(text, line):
    return float(re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)[1])


def test_events_are_counted_by_result(scrape):
    for result, number in [("accepted", 2), ("duplicate", 1), ("failed", 0)]:
        assert sample(scrape, f'reconcile_events_total{{result="{result}"}}') == number


def test_calls_and_deliveries_are_counted(scrape):
    for line in [
        'reconcile_integration_calls_total{call="initialize",integration="diary",result="ok"}',
        'reconcile_integration_calls_total{call="deliver",integration="diary",result="failed"}',
        'reconcile_deliveries_total{integration="diary",outcome="done"}',
        'reconcile_deliveries_total{integration="diary",outcome="retry"}',
        'reconcile_delivery_attempts_count{integration="diary"}',
        'reconcile_delivery_latency_seconds_count{integration="diary"}',
        "reconcile_queue_deliveries",
        "reconcile_ready",
    ]:
        assert sample(scrape, line) == 1, line


def test_work_queue_is_measured(scrape):
    assert sample(scrape, "reconcile_workqueue_adds_total") >= 2
    assert sample(scrape, "reconcile_workqueue_work_duration_seconds_count") >= 2
    assert sample(scrape, "reconcile_workqueue_depth") == 0
    assert sample(scrape, "reconcile_workqueue_longest_running_processor_seconds") == 0


def test_word_of_a_host_is_no_label(scrape):
    assert "likes" not in scrape
    assert sample(scrape, 'reconcile_passes_total{trigger="other"}') == 1


def triggers(metrics):
    return {values[0] for one in metrics.instruments if "trigger" in one.label_names for values, _ in one.series()}


def test_known_triggers_are_told_apart():
    metrics = Metrics()
    for trigger in ("SIGHUP+watch", "approve by ops@example.org", "watch", "api", "alice says"):
        metrics.passed(trigger)
    assert triggers(metrics) == {"sighup", "approve", "watch", "api", "other"}


def test_every_word_of_ours_that_makes_the_loop_look_is_told_apart():
    calls = re.compile(r'inbox\.put\(\s*"([a-z-]+)"')
    package = Path(reconciler.__file__).parent
    ours = {word for file in package.rglob("*.py") for word in calls.findall(file.read_text())}
    words = {*ours, *(kind.value for kind in InterventionKind)}
    assert {"drift", "take-over", "runner", "watch"} <= ours
    metrics = Metrics()
    for word in words:
        metrics.passed(word)
    assert triggers(metrics) == words


def test_pass_that_a_sweep_joined_counts_as_a_sweep():
    metrics = Metrics()
    metrics.passed("watch+sweep")
    assert triggers(metrics) == {"sweep"}


# --- large directories --------------------------------------------------------------------------------------------


def nothing():
    """No integration is registered."""
    catalogue = build_catalogue(())
    return Registered(catalogue, Validator(catalogue, secrets=SecretResolver(Path("secrets"), {})), 0.0)


@pytest.fixture
def world():
    """A world of 50 configurations."""
    made = World(None)
    document = ConfigDocument({"integration": "i", "name": "n"}, "d")
    for number in range(50):
        made.set_effective(Effective(Desired(f"i/{number}", Presence.VALID, document), document))
    return made


def test_large_directory_is_counted_by_what_has_changed(world):
    """What changes behind its back is not seen, which shows that it was not looked at."""
    counts = StateCounts(world, nothing(), small=10)
    assert counts.counts()[0]["pending"] == 50
    world.set_effective(Effective(Desired("i/3", Presence.INVALID), None))
    world.forget("i/4")
    del world.configs["i/5"]
    states = counts.counts()[0]
    assert (states["pending"], states["invalid"]) == (48, 1)


def test_what_changed_silently_is_seen_at_the_next_whole_count(world):
    counts = StateCounts(world, nothing(), small=10, everything=-1.0)
    counts.counts()
    del world.configs["i/7"]
    assert counts.counts()[0]["pending"] == 49
