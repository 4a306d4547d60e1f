"""The lock holds what the project asks for, in exact versions, and names no place that packages come from."""

import re
import tomllib

from house import ROOT

PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; .+)?$")


def lines():
    text = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def test_lock_pins_exact_versions_and_names_no_index():
    assert [line for line in lines() if not PINNED.match(line)] == []


def test_lock_holds_every_direct_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~! ;]", text)[0].lower().replace("_", "-") for text in wanted}
    assert names - {line.partition("==")[0] for line in lines()} == set()
