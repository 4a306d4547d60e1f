"""Writes a new integration's package out of the templates beside this module."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from reconciler.cli.console import fail

_ID = re.compile(r"[a-z](?:[a-z0-9-]{0,40}[a-z0-9])?\Z")
_PLACES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "package__init__.py": "{package}/__init__.py",
    "manifest.json": "{package}/manifest.json",
    "schema.json": "{package}/schema.json",
    "settings.py": "{package}/settings.py",
    "integration.py": "{package}/integration.py",
    "test_integration.py": "tests/test_{module}.py",
}
"""Where each template goes, beneath the new folder."""


def scaffold(name: str, parent: Path) -> Path:
    """Write `<parent>/reconcile-<name>` and return it; refuses a name that will not do, and a folder that exists."""
    if not _ID.match(name):
        fail(f"expected a name of a-z, 0-9 and - that begins with a letter, such as pager, found {name!r}")
    folder = parent / f"reconcile-{name}"
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        fail(f"{folder} exists: nothing was changed")
    for place, text in _rendered(name):
        file = folder / place
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def _rendered(name: str) -> Iterator[tuple[str, str]]:
    module = name.replace("-", "_")
    words = name.split("-")
    values = {
        "@ID@": name,
        "@PACKAGE@": f"reconcile_{module}",
        "@CLASS@": "".join(word.capitalize() for word in words),
        "@TITLE@": " ".join(word.capitalize() for word in words),
        "@ENV@": module.upper(),
    }
    templates = files("reconciler.cli") / "templates" / "integration"
    for template, place in _PLACES.items():
        text = (templates / f"{template}.txt").read_text(encoding="utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        yield place.format(package=values["@PACKAGE@"], module=module), text
