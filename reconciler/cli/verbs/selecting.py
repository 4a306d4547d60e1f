"""Which configurations `suspend`, `pause`, `resume` and `get` mean, and what the first do with it; no verb itself."""

from typing import Annotated, Any

import typer

from reconciler.cli.client import Daemon
from reconciler.cli.console import fail, out, palette
from reconciler.cli.showing.output import check_output, show
from reconciler.model.override import parse_span
from reconciler.report.ansi import printable
from reconciler.report.override_text import concerned_text, override_text

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Configurations, such as slack/ops.")]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", "-l", metavar="KEY=VALUE", help="With this label (repeatable: all must hold)."),
]
Integration = Annotated[str | None, typer.Option("--integration", "-i", metavar="NAME", help="Of this integration.")]
Everything = Annotated[bool, typer.Option("--all", help="Every configuration, those to come as well.")]
For = Annotated[
    str | None,
    typer.Option("--for", metavar="DURATION", help="How long: at most 30d. Left out, it lasts until it is resumed."),
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why: kept in the history, shown in the status.")]


def selector_of(
    ids: list[str] | None, labels: list[str] | None, integration: str | None, everything: bool
) -> dict[str, Any]:
    """Return the selector as the API takes it; what makes no sense is exit code 2."""
    for one in ids or ():
        if not all(one.partition("/")):
            fail(f"expected <integration>/<name>, such as slack/ops, found {one!r}")
    by_key = labels_of(labels)
    if not (ids or by_key or integration or everything):
        fail("say which configurations: ids, --label, --integration, or --all")
    return {"ids": list(ids or ()), "labels": by_key, "integration": integration, "all": everything}


def labels_of(given: list[str] | None) -> dict[str, str]:
    """Return the labels that all must hold, by key; what makes no sense is exit code 2."""
    pairs = [text.partition("=") for text in given or ()]
    for key, equals, value in pairs:
        if not equals or not key:
            fail(f"--label: expected KEY=VALUE, found {key + equals + value!r}")
    by_key = {key: value for key, _, value in pairs}
    if len(by_key) < len(pairs):
        fail("--label: one key is given twice, and no configuration has both values")
    return by_key


def impose(there: Daemon, body: dict[str, Any], output: str) -> int:
    """Ask the daemon to set something aside, and say what is in force now."""
    check_output(output)
    if body["for"] is not None:
        try:
            parse_span(body["for"])
        except ValueError as error:
            fail(f"--for: {error}")
    answer = there.post("/api/v1/overrides", body)
    if output != "table":
        show(answer, output, lambda: "")
        return 0
    word = {"suspend": "suspended", "pause": "paused"}[answer["kind"]]
    told = f"{word} {printable(concerned_text(answer))} {printable(override_text(answer))}"
    out(f"{palette().yellow('‖')} {told}\n")
    return 0
