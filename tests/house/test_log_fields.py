"""The log's fields are documented, and the documentation lists no other."""

import re

from house import ROOT

from reconciler.report.log_fields import ALWAYS, FIELDS


def test_documented_fields_are_those_of_the_code():
    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    table = text.partition("| field | |")[2].partition("\n\n")[0]
    named = [
        name for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    assert named == [*ALWAYS, *FIELDS]
