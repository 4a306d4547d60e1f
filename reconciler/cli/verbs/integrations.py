"""`reconcile integrations`: what is installed, and with a daemon what of it runs. Imports no integration's code."""

from typing import Any

import typer

from reconciler.cli.client import NoDaemon
from reconciler.cli.names import names
from reconciler.cli.params import Integrations, StateDir
from reconciler.cli.reach import Output, Server, TokenFile, daemon
from reconciler.cli.showing.output import check_output, show

app = typer.Typer(add_completion=False)


@app.command(name="integrations")
def list_integrations(
    integrations: Integrations = None,
    state_dir: StateDir = ".reconcile",
    server: Server = None,
    token_file: TokenFile = None,
    output: Output = "table",
) -> int:
    """List the integrations that are installed. With a daemon, also what of them runs."""
    check_output(output)
    live = _live(state_dir, server, token_file)
    items = live if server is not None and live is not None else _catalogue(names(integrations), live)

    def table() -> Any:
        from reconciler.report.tables import integrations_table

        if not items:
            return f"none of these is installed: {integrations}" if integrations else "no integrations are installed"
        return integrations_table(items, live=live is not None)

    show({"format_version": 1, "items": items}, output, table)
    return int(any("error" in item or item.get("state") == "failed" for item in items))


def _live(state_dir: str, server: str | None, token_file: str | None) -> list[Any] | None:
    try:
        return list(daemon(state_dir, server, token_file).items("integrations"))
    except NoDaemon as nobody:
        if server is not None or not nobody.absent:
            raise
        return None


def _catalogue(allowed: tuple[str, ...] | None, live: list[Any] | None) -> list[dict[str, Any]]:
    from reconciler.compose.catalogue import build_catalogue

    catalogue = build_catalogue(allowed)
    states = {item["id"]: item for item in live or ()}
    idle = {"state": "registered", "configs": 0, "message": ""} if live is not None else {}
    return [{**_described(catalogue, one), **states.get(one, idle)} for one in catalogue.ids()]


def _described(catalogue: Any, integration_id: str) -> dict[str, Any]:
    from reconciler.config.schemas.schema import SettingsSchema
    from reconciler.model.errors import ReconcileError

    try:
        found = catalogue.descriptor(integration_id)
        SettingsSchema(found.schema or {})
    except ReconcileError as error:
        return {
            "id": integration_id,
            "name": integration_id,
            "description": f"cannot be used: {error}",
            "error": str(error),
        }
    return {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "events": [event.type for event in found.events],
        "routes": [route.path for route in found.routes],
        "schedules": [schedule.name for schedule in found.schedules],
    }
