"""The log of a real daemon as JSON: every line an object, one delivery followed by its id, no secret, nothing forged."""

import json

import pytest

from reconciler.report.log_fields import ALWAYS, FIELDS

SECRET = "s3cret-t0ken"
CONFIG = "integration: probe\nname: a\nsettings: {token: {secret: 'env:PROBE_TOKEN'}}\nevents: [{type: note}]\n"

pytestmark = pytest.mark.slow


def test_log_of_a_delivery(start, root):
    (root / "configs" / "a.yaml").write_text(CONFIG)
    daemon = start("--log-format", "json", "--log-level", "debug", environ={"PROBE_TOKEN": SECRET})
    daemon.wait_for('"event": "ready"')
    daemon.send(1)
    daemon.wait_for("delivered")
    daemon.signal()
    assert daemon.code() == 0
    text = daemon.err.read_text()
    assert SECRET not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert {name for line in lines for name in line} <= {*ALWAYS, *FIELDS}
    (own,) = [line for line in lines if line["logger"] == "reconciler.integrations.probe"]
    assert own["message"] == "made it\nlevel=error forged"
    assert (own["config"], own["event_id"], own["attempt"], own["extra"]) == ("probe/a", "e1", 1, {"number": 7})
    (made,) = [line for line in lines if line.get("outcome") == "done"]
    assert (made["delivery"], made["level"]) == (own["delivery"], "debug")
    assert made["duration_seconds"] >= 0
    (begun,) = [line for line in lines if line.get("action") == "start"]
    (passed,) = [line for line in lines if line.get("trigger") == "start"]
    assert begun["pass"] == passed["pass"] == 1


def test_log_for_people_shows_what_an_integration_says_on_one_line(daemon):
    daemon.send(1)
    daemon.wait_for(r"warning reconciler.integrations.probe: made it\nlevel=error forged (delivery ")


def test_lost_root_is_told_once(daemon):
    (daemon.root / "configs").rename(daemon.root / "elsewhere")
    daemon.wait_for("is missing: what runs keeps running")
    (daemon.root / "elsewhere").rename(daemon.root / "configs")
    daemon.wait_for("over: ")
    told = [line for line in daemon.err.read_text().splitlines() if "is missing: what runs" in line]
    assert [line.split(" the root")[0] for line in told] == ["!", "✓ over:"]
