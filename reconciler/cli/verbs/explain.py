"""`reconcile explain [RULE]`: what a finding means, why it is one, how to fix it. Asks nobody, reads no files."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from reconciler.cli.console import fail, out, palette
from reconciler.cli.names import no_such
from reconciler.cli.reach import Output
from reconciler.cli.showing.output import check_output, show

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    rule: Annotated[
        str | None, typer.Argument(metavar="RULE", help="The id that stands in brackets in a finding.")
    ] = None,
    output: Output = "table",
) -> int:
    """Explain a rule of validation, or list them all."""
    check_output(output)
    if rule is None:
        _list(output)
    else:
        _explain(rule.strip().removeprefix("[").removesuffix("]"), output)
    return 0


def _list(output: str) -> None:
    from reconciler.report.rules.items import rules_item

    value = rules_item()

    def table() -> Any:
        from reconciler.report.tables import rules_table

        return rules_table(value["items"])

    show(value, output, table)


def _with_a_word_like(rule: str, known: Sequence[str]) -> str:
    """Return what to do about a rule that is like none: one of its words may be like a word of some."""
    from reconciler.core.findings.nearest import nearest

    listed = "`reconcile explain` lists them all"
    word = nearest(rule, {word for one in known for word in one.split("-")})
    found = [one for one in known if word in one.split("-")]
    return f"did you mean {' or '.join(map(repr, found))}?" if found else listed


def _explain(rule: str, output: str) -> None:
    from reconciler.report.rules.pages import rule_page

    page = rule_page(rule)
    if page is None:
        from reconciler.report.rules.pages import rule_ids

        fail(no_such("rule", rule, rule_ids(), _with_a_word_like(rule, rule_ids())))
    if output == "table":
        from reconciler.report.rules.text import page_text

        out(page_text(page, palette()))
        return
    from reconciler.report.rules.items import page_item

    show({"format_version": 1, **page_item(page)}, output, lambda: "")
