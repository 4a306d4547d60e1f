"""The example of docs/policy.md is true: the document is fine there, and what is said of a breach is said."""

import re
from pathlib import Path

from reconciler.report.findings.text import TextReport

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")


def fence(language):
    return re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]


def test_example_of_the_page_is_true(root):
    root.policy(fence("toml"))
    root.write("policy/email-b.json", "{}")
    path = root.write("team-a/builds.yaml", fence("yaml"))
    assert [(d.rule, d.span.line) for d in root.check().diagnostics] == [("unused-policy", 16)]  # team-b is empty
    path.write_text(fence("yaml").replace("#a-", "#b-"))
    found = [d for d in root.check().diagnostics if d.is_error]
    assert (
        "".join(TextReport(source=lambda file: (root.base / file).read_bytes()).render(found)).strip()
        == fence("text").strip()
    )
