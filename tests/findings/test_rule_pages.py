"""The pages of rules are true: the bad example gives exactly the finding that is shown, the good one gives none.

`UPDATE_FINDINGS=1 pytest tests/findings/test_rule_pages.py` writes the findings into the pages: read them as a user
would.
"""

import os
import re

import pytest

from reconciler.model import rules
from reconciler.report.rules.pages import FOLDER, rule_ids, rule_page

KNOWN = sorted({value for name, value in vars(rules).items() if name.isupper() and isinstance(value, str)})
WITHOUT_EXAMPLE = {rules.INTERNAL_ERROR}
OF_CASES = {rules.INVALID_EVENT, rules.UNKNOWN_CONFIG, rules.DUPLICATE_CASE}
RESOLVING = {rules.UNRESOLVED_SECRET, rules.SECRET_MISFIT}
SHOWN = [rule for rule in rule_ids() if rule not in WITHOUT_EXAMPLE]


def build(folder, blocks):
    for block in blocks:
        if block.name:
            folder.write(block.name, block.body)
        else:
            folder.run(block.body)


def look(folder, rule):
    return folder.run_cases() if rule in OF_CASES else folder.validate(resolve=rule in RESOLVING)


def test_every_rule_has_a_page():
    assert rule_ids() == KNOWN


@pytest.mark.parametrize("rule", SHOWN)
def test_bad_example_gives_exactly_its_rule(folder, rule):
    page = rule_page(rule)
    build(folder, page.bad)
    result = look(folder, rule)
    report = folder.report(result)
    if os.environ.get("UPDATE_FINDINGS"):
        write_finding(rule, report)
        page = rule_page(rule)
    assert {(found.rule, found.severity.value) for found in result.diagnostics} == {(rule, page.severity)}
    assert page.finding == report.rstrip("\n") + "\n"


@pytest.mark.parametrize("rule", SHOWN)
def test_page_says_whether_its_example_can_be_fixed(folder, rule):
    page = rule_page(rule)
    build(folder, page.bad)
    assert any(found.is_fixable for found in folder.validate().diagnostics) == bool(page.fix)


@pytest.mark.parametrize("rule", SHOWN)
def test_good_example_gives_nothing(folder, rule):
    build(folder, rule_page(rule).good)
    assert folder.report(look(folder, rule)) == ""


@pytest.mark.parametrize("rule", KNOWN)
def test_page_says_why_and_how(rule):
    page = rule_page(rule)
    assert page.rule == rule
    assert page.why and page.how
    assert "\n" not in page.summary and len(page.summary) < 120


def write_finding(rule, report):
    path = FOLDER / f"{rule}.md"
    text = re.sub(r"```text\n.*?```\n\n", "", path.read_text("utf-8"), flags=re.DOTALL)
    path.write_text(text.replace("## Good", f"```text\n{report.rstrip()}\n```\n\n## Good"), "utf-8")
