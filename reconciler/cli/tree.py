"""The tree of verbs: names and one-liners here, each verb's module imported when it is called.

Bare `reconcile` has options of its own (`root.py`); those that a verb shares may stand before it as well.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from reconciler.cli.names import no_such

VERBS: dict[str, str] = {
    "validate": "reconciler.cli.verbs.validate",
    "explain": "reconciler.cli.verbs.explain",
    "plan": "reconciler.cli.verbs.plan",
    "test": "reconciler.cli.verbs.test",
    "status": "reconciler.cli.verbs.status",
    "get": "reconciler.cli.verbs.get",
    "history": "reconciler.cli.verbs.history",
    "integrations": "reconciler.cli.verbs.integrations",
    "schema": "reconciler.cli.verbs.schema",
    "emit": "reconciler.cli.verbs.emit",
    "trace": "reconciler.cli.verbs.trace",
    "approve": "reconciler.cli.verbs.approve",
    "retry": "reconciler.cli.verbs.retry",
    "forget": "reconciler.cli.verbs.forget",
    "suspend": "reconciler.cli.verbs.suspend",
    "pause": "reconciler.cli.verbs.pause",
    "resume": "reconciler.cli.verbs.resume",
    "init": "reconciler.cli.verbs.init",
    "new": "reconciler.cli.verbs.new",
}
"""The module of each verb, in the order of the help; a module has an `app` with the command, or commands, in it."""


class LazyGroup(TyperGroup):
    """A group that imports a verb's module when somebody asks for the verb."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the base class's signature
        """Return the verbs in the order of the help."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return the verb's command, or None when there is none of that name."""
        module = VERBS.get(cmd_name)
        if module is None:
            return None
        app = import_module(module).app
        app.rich_markup_mode = None  # Rich's boxes cut off the flags and variables that 80 columns do not hold
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and arguments; what was given before the verb comes first among its arguments."""
        if args[0] not in VERBS:
            _no_such_verb(ctx, args[0])
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, [*_given_before(ctx), *rest]

    def invoke(self, ctx: Any) -> NoReturn:
        """Run the verb and end with the code that it returns."""
        raise typer.Exit(super().invoke(ctx) or 0)


def _no_such_verb(ctx: Any, name: str) -> None:
    ctx.fail(no_such("verb", name, VERBS))


def _given_before(ctx: Any) -> list[str]:
    given = []
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name)
        if source is not None and source.name == "COMMANDLINE":
            given += _as_arguments(parameter, ctx.params[parameter.name])
    return given


def _as_arguments(parameter: Any, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [parameter.opts[0] if value else parameter.secondary_opts[0]]
    values = value if isinstance(value, list | tuple) else [value]
    return [f"{parameter.opts[0]}={one}" for one in values]


def build() -> Any:
    """Return the whole tree as a command."""
    from reconciler.cli.root import root

    app = typer.Typer(
        name="reconcile", cls=LazyGroup, invoke_without_command=True, pretty_exceptions_enable=False,
        rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    app.callback(invoke_without_command=True)(root)
    return typer.main.get_command(app)


def main(arguments: Sequence[str]) -> int:
    """Parse `arguments`, run the verb they name and return its exit code."""
    try:
        build().main(args=list(arguments), prog_name="reconcile")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    return 0
