"""Where reports go: `--format text,json=FILE`, read and obeyed in one way for every verb that reports."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from reconciler.cli.console import fail, out, out_commands, palette
from reconciler.report.ansi import PLAIN, Palette

_OBEYED: Final = frozenset({"azure", "github"})
"""Formats of commands, whose renderers have escaped what is somebody else's."""


class Target(Struct, frozen=True):
    """One report: its format and the file it goes to, None being stdout."""

    format: str
    file: str | None = None


def parse_targets(text: str, formats: Sequence[str]) -> list[Target]:
    """Read `text,json=report.json`; a format that is not of `formats`, or two on stdout, ends the verb."""
    targets = [Target(*(part.strip() or None for part in item.split("=", 1))) for item in text.split(",")]  # type: ignore[arg-type]
    for target, item in zip(targets, text.split(","), strict=True):
        if target.file is None and "=" in item:
            fail(f"--format: expected the name of a file after {item.strip()!r}")
        if target.format not in formats:
            fail(f"--format: expected {', '.join(formats[:-1])} or {formats[-1]}, found {target.format or ''!r}")
    if sum(target.file is None for target in targets) > 1:
        fail("--format: only one report can go to stdout: give the others a file, such as json=report.json")
    return targets


def write_reports(targets: Iterable[Target], render: Callable[[str, Palette], str]) -> None:
    """Write each report, `render` making it by its format: to stdout as stdout takes it, to a file without colour."""
    for target in targets:
        if target.file is None:
            write = out_commands if target.format in _OBEYED else out
            write(render(target.format, palette()))
        else:  # characters that UTF-8 cannot hold become escapes
            text = render(target.format, PLAIN)
            Path(target.file).write_text(text, encoding="utf-8", errors="backslashreplace")
