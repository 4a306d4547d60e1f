"""The JSON form of rules and their pages, for `explain -o json`."""

from typing import Any

from reconciler.report.items import FORMAT_VERSION
from reconciler.report.rules.pages import Block, RulePage, rule_ids, rule_page


def rules_item() -> dict[str, Any]:
    """Return every rule in a line of its own: `rule`, `severity`, `fixable`, `summary`."""
    pages = [page for page in map(rule_page, rule_ids()) if page is not None]
    return {"format_version": FORMAT_VERSION, "items": [rule_item(page) for page in pages]}


def rule_item(page: RulePage) -> dict[str, Any]:
    """Return one rule; `fixable` says whether `validate --fix` fixes some of its findings."""
    return {"rule": page.rule, "severity": page.severity, "fixable": bool(page.fix), "summary": page.summary}


def page_item(page: RulePage) -> dict[str, Any]:
    """Return one rule with all that its page says; a file without a name is commands that make the example."""
    return {
        **rule_item(page),
        "fix": page.fix,
        "why": page.why,
        "bad": [_file(block) for block in page.bad],
        "finding": page.finding,
        "good": [_file(block) for block in page.good],
        "how_to_fix": page.how,
    }


def _file(block: Block) -> dict[str, str]:
    return {"file": block.name, "content": block.body}
