"""`reconcile get`: the configurations that a daemon knows, or one of them in detail."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from reconciler.cli.client import Daemon
from reconciler.cli.console import fail, out
from reconciler.cli.params import StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.showing.findings import findings_text
from reconciler.cli.showing.from_here import from_here, prefix_of
from reconciler.cli.showing.output import check_output, show
from reconciler.cli.verbs.selecting import Integration, Labels, labels_of

app = typer.Typer(add_completion=False)
STATES = ("pending", "active", "paused", "disabled", "failed", "invalid", "removing")


@app.command()
def get(
    config_id: Annotated[str | None, typer.Argument(metavar="ID", help="One configuration, such as slack/ops.")] = None,
    label: Labels = None,
    integration: Integration = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"In this state: {', '.join(STATES)}.")
    ] = None,
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """List the configurations, or show one in detail. Detail is conditions, findings and hooks."""
    check_output(output)
    if state is not None and state not in STATES:
        fail(f"--state: expected {', '.join(STATES[:-1])} or {STATES[-1]}, found {state!r}")
    if config_id is not None and (label or integration or state):
        fail("an ID names one configuration: leave out --label, --integration and --state")
    there = daemon(state_dir, server, token_file)
    if config_id is not None:
        return _one(there, config_id, output)
    return _list(there, _Filters(labels_of(label), integration, state), output)


class _Filters:
    """What `get` asks for. The daemon filters; what an older one does not know is filtered here."""

    def __init__(self, labels: dict[str, str], integration: str | None, state: str | None) -> None:
        self.labels, self.integration, self.state = labels, integration, state

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.labels or self.integration or self.state)

    def apply(self, there: Daemon) -> Iterator[Any]:
        """Yield the items that match."""
        labels = tuple(f"{key}={value}" for key, value in self.labels.items())
        for item in there.items("configs", integration=self.integration, state=self.state, label=labels):
            if self._match(item):
                yield item

    def _match(self, item: Any) -> bool:
        wanted = ((self.integration, item["integration"]), (self.state, item["state"]))
        labels = item.get("labels", {})
        return all(asked in (None, found) for asked, found in wanted) and self.labels.items() <= labels.items()


def _list(there: Daemon, filters: _Filters, output: str) -> int:
    items = list(filters.apply(there))

    def table() -> Any:
        from reconciler.report.tables import configs_table

        if not items:
            return "no configuration is such" if filters else "no configurations"
        prefix = prefix_of(there)
        return configs_table(from_here(item, prefix) for item in items)

    show({"format_version": 1, "items": items}, output, table)
    return 0


def _one(there: Daemon, config_id: str, output: str) -> int:
    if "/" not in config_id:
        others = f"; `reconcile get -i {config_id}` lists an integration's" if config_id else ""
        fail(f"expected <integration>/<name>, such as slack/ops, found {config_id!r}{others}")
    item = there.config(config_id)

    def table() -> Any:
        from reconciler.report.tables import config_detail

        return config_detail(from_here(item, prefix_of(there)))

    show({"format_version": 1, **item}, output, table)
    if output == "table" and item.get("diagnostics"):
        _findings(there, item["diagnostics"])
    wrong = any(found["severity"] == "error" for found in item.get("diagnostics", ()))
    return int(wrong or item["state"] in {"failed", "invalid"})


def _findings(there: Daemon, items: list[Any]) -> None:
    from reconciler.report.findings.items_in import diagnostic_of
    from reconciler.report.places import relocate

    found = relocate([diagnostic_of(item) for item in items], prefix_of(there))
    out("\n" + findings_text(found))
