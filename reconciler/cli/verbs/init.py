"""`reconcile init`: sets a repository up with a configuration and its test, schemas, a hook and a CI file."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.console import fail, out, palette
from reconciler.cli.init.next_steps import next_steps
from reconciler.cli.init.origin import find_origin
from reconciler.cli.init.repository import Change, Step, Wish, changes
from reconciler.cli.init.systems import SYSTEMS, guess
from reconciler.cli.params import Dir, Integrations
from reconciler.report.ansi import printable

app = typer.Typer(add_completion=False)
_FOLDER = re.compile(r"(?!-)[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z")


@app.command()
def init(
    repository: Annotated[
        str, typer.Argument(metavar="REPOSITORY", help="The root of the repository.", show_default=False)
    ] = ".",
    dir: Dir = options.DIR.default,  # noqa: A002  the flag's name
    config: Annotated[
        str, typer.Option("--config", metavar="INTEGRATION/NAME", help="The first configuration.")
    ] = "console/example",
    ci: Annotated[
        str, typer.Option("--ci", metavar="SYSTEM", help="github, gitlab, azure, jenkins or none; auto guesses.")
    ] = "auto",
    editor: Annotated[
        bool, typer.Option("--editor/--no-editor", help="Write a schema and settings for editors.")
    ] = True,
    pre_commit: Annotated[bool, typer.Option("--pre-commit/--no-pre-commit", help="Write a pre-commit hook.")] = True,
    integrations: Integrations = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
) -> int:
    """Set a repository up for configurations and their checks.

    It writes a configuration to begin with and a test of it, schemas and settings for editors, a hook and a file for
    CI. What is there is never overwritten, and a second run changes nothing.
    """
    from reconciler.cli.names import names

    root = Path(repository)
    if root.exists() and not root.is_dir():
        fail(f"{repository} is a file: name the root of the repository")
    if ci not in {"auto", "none", *SYSTEMS}:
        fail(f"--ci: expected auto, {', '.join(SYSTEMS)} or none, found {ci!r}")
    folder = _folder(dir)
    system = guess(root) if ci == "auto" else ci
    wish = Wish(folder, config, system, find_origin(), editor, pre_commit, names(integrations))
    found = list(changes(root, wish))
    for change in found:
        if not dry_run:
            _carry_out(root, change)
        _say(change, dry_run=dry_run)
    if not dry_run:
        out("\nNext:\n")
        out("".join(f"  {line}\n" for line in next_steps(root, wish, found)))
    return 0


def _folder(text: str) -> str:
    """Return the directory of configurations as scripts and patterns can name it."""
    folder = os.path.normpath(text) if text else ""
    if not _FOLDER.match(folder) or folder in {".", ".."} or folder.startswith("../"):
        fail(f"--dir: expected a folder in the repository, named by letters, digits, . _ - and /, found {text!r}")
    return folder


def _carry_out(root: Path, change: Change) -> None:
    file = root / change.path
    if change.step is Step.WRITE:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="") as opened:
            opened.write(change.text)
    elif change.step is Step.ADD:
        file.write_text(change.text, encoding="utf-8", newline="")


def _say(change: Change, *, dry_run: bool) -> None:
    paint = palette()
    does = change.step in {Step.WRITE, Step.ADD}
    words = {Step.WRITE: "would write", Step.ADD: "would add to"} if dry_run else {}
    word = f"{words.get(change.step, change.step.value):<12}"
    note, *more = change.note.splitlines() or [""]
    told = f": {printable(note)}" if note else ""
    out(f"{paint.green(word) if does else word} {printable(change.path)}{told}\n")
    out("".join(f"    {line}\n" for line in more))
