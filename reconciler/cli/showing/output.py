"""The shapes of what is read: `-o table`, `json` or `yaml`, one function for every verb."""

import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reconciler.cli.console import fail, out, wants_colour

if TYPE_CHECKING:
    from rich.console import RenderableType

_WIDE = 500
"""Columns where nobody looks at a terminal: a pipe gets every word."""


def show(value: Any, output: str, table: "Callable[[], RenderableType]") -> None:
    """Write `value` to stdout as `output` asks; `table` makes the Rich form, and is called for that alone."""
    if output == "json":
        from reconciler.report.findings.json_report import render_json

        out(render_json(value))
    elif output == "yaml":
        from reconciler.config.yaml.writer import write_yaml

        out(write_yaml(value))
    else:
        show_table(table())


def show_table(what: "RenderableType") -> None:
    """Write a Rich table to stdout, as wide as the terminal."""
    from reconciler.report.tables import draw

    width = shutil.get_terminal_size((_WIDE, 24)).columns if sys.stdout.isatty() else _WIDE
    out(draw(what, colour=wants_colour(sys.stdout), width=width))


def check_output(
    output: str, allowed: tuple[str, ...] = ("table", "json", "yaml"), formats: tuple[str, ...] = ()
) -> None:
    """Refuse a shape that there is not, before anything is asked; `formats` are those of the verb's `--format`."""
    if output not in allowed:
        meant = f"; did you mean --format {output}?" if output in formats else ""
        fail(f"--output: expected {', '.join(allowed[:-1])} or {allowed[-1]}, found {output!r}{meant}")
