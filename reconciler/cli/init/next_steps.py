"""What is left to be done by hand after `init`, by what the repository holds now: also at a second run of it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from reconciler.cli import options
from reconciler.cli.init.plain_file import link_above, read_plain
from reconciler.cli.init.repository import Change, Wish

_ADDRESS: Final = "YOUR-"
_COMMIT: Final = re.compile(r"\bCOMMIT\b")
_HOOKS: Final = ".pre-commit-config.yaml"


def next_steps(root: Path, wish: Wish, found: Sequence[Change]) -> Iterator[str]:
    """Yield what to do next, a line each; `found` is what has become of the files."""
    where = "" if wish.folder == options.DIR.default else f" --dir {wish.folder}"
    texts = {change.path: _text(root, change.path) for change in found}
    tests = next((c.path for c in found if c.path.endswith(".test.yaml") and c.text == texts[c.path]), "")
    if tests:
        yield f"edit {tests.replace('.test.yaml', '.yaml')}, and what is expected of it in {tests}"
    verbs = ("validate", "test", "--watch") if tests or _has_tests(root, wish.folder) else ("validate", "--watch")
    yield from (f"reconcile {verb}{where}" for verb in verbs)
    yield from _blanks(texts)
    if "reconcile-validate" in texts.get(_HOOKS, "") and not (root / ".git" / "hooks" / "pre-commit").exists():
        yield "pre-commit install"
    if wish.system == "none":
        yield "--ci github, gitlab, azure or jenkins writes a file for CI"


def _blanks(texts: dict[str, str]) -> Iterator[str]:
    """Name the files that have something to be filled in: an address, and in some of them a commit."""
    blank = [path for path, text in texts.items() if _ADDRESS in text]
    both = [path for path in blank if _COMMIT.search(texts[path])]
    rest = [path for path in blank if path not in both]
    if both:
        yield f"put the address of your copy of reconcile, and a commit, into {' and '.join(both)}"
    if rest:
        yield f"put the address of your copy of reconcile into {' and '.join(rest)}"


def _has_tests(root: Path, folder: str) -> bool:
    return not link_above(root, f"{folder}/_") and any((root / folder).rglob("*.test.y*ml"))


def _text(root: Path, path: str) -> str:
    return "" if link_above(root, path) else read_plain(root / path) or ""
