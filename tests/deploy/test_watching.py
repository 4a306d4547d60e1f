"""Alerts and dashboard: their syntax by promtool, their metrics and labels by the code, their runbooks by the docs."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ALERTS, TESTS = DEPLOY / "prometheus" / "alerts.yaml", DEPLOY / "prometheus" / "alerts_test.yaml"
RUNNING = (DEPLOY.parent / "docs" / "running.md").read_text()
RULES = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
BOARD = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
BY_SCRAPER = {"job", "instance", "le"}


def headings():
    return {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", RUNNING, re.MULTILINE)}


def documented():
    """Each metric in the table, with its labels, as the series that can be asked for."""
    found = {}
    for name, kind, labels in re.findall(r"^\| `(reconcile_\w+)` \| (\w+) \| ([^|]*)\|", RUNNING, re.MULTILINE):
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            found[name + suffix] = set(re.findall(r"`(\w+)`", labels))
    return found


def series_of(expression):
    return set(re.findall(r"\b((?:reconcile|process)_\w+|up\b)", re.sub(r'"[^"]*"', "", expression)))


def labels_of(expression):
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)
    matched = re.findall(r'(\w+)\s*(?:=~|!=|!~|=)\s*"', expression)
    return {label.strip() for group in grouped for label in group.split(",")} | set(matched)


def unknown(expression, scrape):
    """Return what an expression asks for that nobody has."""
    known = documented()
    scraped = {s.name for f in text_string_to_metric_families(scrape) for s in f.samples} | {"up"}
    series = series_of(expression)
    missing = {name for name in series if name not in known and name not in scraped}
    labels = set().union(*(known.get(name, set()) for name in series), BY_SCRAPER)
    return missing | (labels_of(expression) - labels)


def test_promtool_accepts_the_alerts(promtool):
    done = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_alerts_fire_where_they_should(promtool):
    done = subprocess.run([promtool, "test", "rules", TESTS], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_alert_asks_for_what_is_there_and_says_what_to_do(rule, scrape):
    assert unknown(rule["expr"], scrape) == set()
    assert rule["labels"]["severity"] in {"critical", "warning"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert (page, anchor) == ("docs/running.md", rule["alert"].lower())
    assert anchor in headings()
    assert {"summary", "description"} <= rule["annotations"].keys()


def test_every_alert_has_a_unit_test():
    text = TESTS.read_text()
    assert [rule["alert"] for rule in RULES if rule["alert"] not in text] == []


def test_every_runbook_has_its_alert():
    assert {heading for heading in headings() if re.fullmatch(r"reconcile[a-z]+", heading)} == {
        rule["alert"].lower() for rule in RULES
    }


@pytest.mark.parametrize(("title", "expression"), QUERIES, ids=[f"{title} {n}" for n, (title, _) in enumerate(QUERIES)])
def test_panel_asks_for_what_is_there(title, expression, scrape):
    assert unknown(expression, scrape) == set()


def test_promtool_accepts_every_query(promtool, tmp_path):
    plain = [
        expr.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$job", ".*") for _, expr in QUERIES
    ]
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(plain)]
    file = tmp_path / "queries.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dashboard_shows_every_metric():
    shown = set().union(*(series_of(expr) for _, expr in QUERIES))
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in documented()} - names == set()


def test_panels_have_a_place_of_their_own():
    cells = [
        (x, y)
        for panel in BOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)


def test_runbooks_of_panels_exist():
    links = re.findall(r"docs/running\.md#([\w-]+)", json.dumps(BOARD))
    assert links
    assert set(links) <= headings()
