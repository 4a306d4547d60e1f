"""`reconcile status`: the daemon at a glance. Exit 1 when something needs a person."""

from typing import Any

import typer

from reconciler.cli.params import StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.showing.from_here import from_here, prefix_to
from reconciler.cli.showing.output import check_output, show

app = typer.Typer(add_completion=False)


@app.command()
def status(
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """Show a daemon at a glance. Counts by state, held removals, alarms; exit 1 when something needs a person."""
    check_output(output)
    there = daemon(state_dir, server, token_file)
    answer = there.get("status")

    def table() -> Any:
        from reconciler.report.tables import FEW, status_table

        prefix = prefix_to("" if there.elsewhere else answer.get("root"))
        stale = [from_here(one, prefix) for one in answer.get("stale_configs", ())]
        broken = {
            state: [from_here(one, prefix) for one in there.get("configs", state=state, limit=FEW)["items"]]
            for state in ("invalid", "failed")
            if answer["configs"].get(state)
        }
        return status_table({**answer, "stale_configs": stale}, broken)

    show(answer, output, table)
    return int(needs_a_person(answer))


def needs_a_person(answer: Any) -> bool:
    """Whether something failed, is invalid, runs in an old version, is held, or raised an alarm."""
    counts = answer["configs"]
    broken = counts.get("failed", 0) + counts.get("invalid", 0) + answer["integrations"].get("failed", 0)
    return bool(broken or answer.get("stale") or answer["held"] or answer["alarms"])
