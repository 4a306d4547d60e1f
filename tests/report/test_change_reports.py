"""The plan between two commits, as text and as Markdown: what is shown, and what a hostile name cannot do."""

import re

from reconciler.core.plan.comparison import ChangeKind, Comparison, ConfigChange
from reconciler.core.plan.guard import Verdict
from reconciler.model.config import Presence
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.plan import Action, ActionKind, ActionReason, FieldChange, Plan
from reconciler.report.change.item import comparison_item, revision_item
from reconciler.report.change.markdown import MARKER, MOST_BYTES, code, render_markdown
from reconciler.report.change.text import render_change
from reconciler.report.items import plan_item

FIELDS = (FieldChange(("settings", "channel"), "#a|b", "#c"), FieldChange(("labels", "tier"), None, "1", "added"))
UPDATE = Action(ActionKind.UPDATE, "slack/b", ActionReason.CHANGED, "1" * 64, "2" * 64, FIELDS)
HELD = Action(ActionKind.REMOVE, "slack/gone", ActionReason.DELETED, "3" * 64, held=True)
FINDING = Diagnostic("yaml-syntax", Severity.ERROR, "not closed", Span("configs/x.yaml", 7, 3, 7, 9), "close it")
CONFIGS = (
    ConfigChange("slack/b", ChangeKind.CHANGED, "b.yaml", "b.yaml", 1, True, changes=FIELDS),
    ConfigChange("slack/gone", ChangeKind.REMOVED, "", "gone.yaml", held=True),
    ConfigChange("slack/m", ChangeKind.MOVED, "new.yaml", "old.yaml", 1, True),
    ConfigChange("slack/n", ChangeKind.ADDED, "n.yaml", "", 1, False),
    ConfigChange("slack/x", ChangeKind.BROKEN, "x.yaml", "x.yaml", 1, True, keeps=True, presence=Presence.INVALID),
)


PLAN = Plan((UPDATE, HELD))


def item(plan=PLAN, configs=CONFIGS, revision="main...", found=(FINDING,), known=2):
    comparison = Comparison(plan, Verdict(frozenset({"slack/gone"}), "1 of 4 would go"), configs)
    sides = revision_item(revision, "a" * 40), revision_item("HEAD", "b" * 40)
    return comparison_item(comparison, sides, "configs", found, known, ["vendor is a submodule"])


def test_text_of_a_change(golden):
    golden("change.txt", "".join(render_change(item())))


def test_markdown_of_a_change(golden):
    golden("change.md", render_markdown(item()))


def test_markdown_of_a_daemons_plan_has_its_fields():
    text = render_markdown(plan_item(Plan((UPDATE,))))
    assert text.startswith(MARKER)
    assert '+ settings.channel "#c"' in text


def test_change_without_effect_says_so():
    assert "nothing changes in what runs" in render_markdown(item(Plan(), ()))
    assert "Nothing to do: what runs stays as it is." in "".join(render_change(item(Plan(), ())))


def test_hostile_text_is_no_markup_and_mentions_nobody():
    hostile = "@everyone|<img src=x>\n# x `](http://e.example) ``` </details> **b** \\| &lt; ~~~"
    fields = (FieldChange(("settings", hostile), hostile, "````", "changed"),)
    configs = (
        ConfigChange(hostile, ChangeKind.MOVED, hostile, hostile),
        ConfigChange("slack/b", ChangeKind.CHANGED, "b", "b", changes=fields),
    )
    plan = Plan((Action(ActionKind.START, f"slack/{hostile}", ActionReason.ADDED),))
    found = Diagnostic("x", Severity.ERROR, hostile, Span(hostile), hostile)
    text = render_markdown(item(plan, configs, hostile, (found,)))
    outside = re.sub(r"(?ms)^(`{3,})\w+\n.*?^\1$", "", text)
    rest = re.sub(r"<code>[^<>\n|*`@\\\[\]_~]*</code>", "", outside)
    assert not re.search(r"everyone|img|e\.example", rest)
    assert rest.count("<details>") == rest.count("</details>") == 3
    rows = [line for line in rest.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {5}


def test_fence_is_longer_than_any_that_it_holds():
    fields = (FieldChange(("description",), "`````", "x"),)
    text = render_markdown(item(configs=(ConfigChange("slack/b", ChangeKind.CHANGED, "b", "b", changes=fields),)))
    assert "\n``````diff\n" in text


def test_markdown_of_a_huge_change_fits_a_comment_and_counts_the_rest():
    actions = tuple(Action(ActionKind.START, f"slack/ü{i}" + "x" * 40, ActionReason.ADDED) for i in range(5000))
    text = render_markdown(item(Plan(actions), tuple(ConfigChange(a.key, ChangeKind.MOVED, "a", "b") for a in actions)))
    assert len(text.encode()) <= MOST_BYTES
    assert re.search(r"and [\d,]+ more\.", text)
    assert text.count("<details>") == text.count("</details>")


def test_text_that_is_not_unicode_is_escaped():
    assert code("\udce9\x1b") == "<code>&#92;xe9&#92;x1b</code>"
