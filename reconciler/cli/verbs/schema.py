"""`reconcile schema`: the JSON Schema that an editor completes with, for a whole configuration or one integration.

With `--report`, the one that programs read reports by; with `--toml`, that of `reconcile.toml`.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from reconciler.cli.console import err, fail, out
from reconciler.cli.names import names, unknown_integration
from reconciler.cli.params import Integrations

app = typer.Typer(add_completion=False)


@app.command()
def schema(
    integration: Annotated[
        str | None, typer.Argument(metavar="ID", help="One integration: the schema of its settings alone.")
    ] = None,
    tests: Annotated[bool, typer.Option("--tests", help="That of test files (*.test.yaml) instead.")] = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there, not to stdout.")
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="That of what `validate --format json` writes.")] = False,
    toml: Annotated[bool, typer.Option("--toml", help="That of the directory's reconcile.toml.")] = False,
    integrations: Integrations = None,
) -> int:
    """Print the JSON Schema of configuration files, for editors. It holds every integration's settings.

    Name it in a file's first line: `# yaml-language-server: $schema=../schema.json`.
    """
    from reconciler.report.findings.json_report import SCHEMA, render_json

    if (integration is not None) + report + tests + toml > 1:
        fail("expected the ID of an integration, --report, --tests or --toml: each is a schema of its own")
    if report:
        text = SCHEMA.read_text(encoding="utf-8")
    elif tests:
        text = render_json(_tests_schema())
    else:
        text = render_json(_settings_schema() if toml else _schema(integration, names(integrations)))
    if output is None:
        out(text)
    else:
        Path(output).write_text(text, encoding="utf-8")
        err(f"wrote {output}")
    return 0


def _tests_schema() -> Any:
    from reconciler.config.cases.schema import cases_bundle

    return cases_bundle()


def _settings_schema() -> Any:
    from reconciler.config.schemas.bundle import in_draft_07
    from reconciler.config.tree.settings import settings_schema

    return in_draft_07(settings_schema())


def _schema(integration: str | None, allowed: tuple[str, ...] | None) -> Any:
    from reconciler.compose.catalogue import build_catalogue

    catalogue = build_catalogue(allowed)
    if integration is None:
        from reconciler.config.schemas.bundle import build_bundle

        return build_bundle(catalogue)
    known = catalogue.ids()
    if integration not in known:
        raise unknown_integration(integration, known)
    found = catalogue.descriptor(integration).schema
    if found is None:
        fail(f"the integration {integration!r} publishes no schema")
    return found
