"""Finds the packages of integrations by entry point, without importing them, and without importlib.metadata.

`*.dist-info/entry_points.txt` is read where it stands: a tenth of the time of the standard library's way, which is
still taken for what is on the path and is not a folder (a zip). The catalogue calls this, once.
"""

# Paths stay strings: there is one for each installed distribution, and starting has to be quick.
# ruff: noqa: PTH113, PTH118, PTH123

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

GROUP: Final = "reconciler.integrations"
_HEADER: Final = f"[{GROUP}]"
_SEPARATORS = re.compile(r"[-_.]+")


def find_packages(search: Iterable[str] | None = None) -> dict[str, str | None]:
    """Return integration id → package; None as the package where two distributions claim one id differently.

    The first folder of the path that holds a distribution wins, as an import would. `search` defaults to `sys.path`.
    """
    found: dict[str, str | None] = {}
    seen: set[str] = set()
    for folder in _folders(search):
        for distribution, path in _distributions(folder):
            if distribution in seen:
                continue
            seen.add(distribution)
            for name, package in _parse(path if path.startswith("[") else _text(path)).items():
                found[name] = package if found.get(name, package) == package else None
    return found


def package_folder(package: str, search: Iterable[str] | None = None) -> Path | None:
    """Return the folder of a package by path alone: importing `a` to find `a.b` would run `a`'s code.

    The first regular package on the path is the one that an import would take; namespace packages go on being looked
    for. None where there is no folder with a manifest.
    """
    top, *rest = package.split(".")
    for folder in _folders(search):
        path = os.path.join(folder, top, *rest)
        if os.path.isfile(os.path.join(path, "manifest.json")):
            return Path(path)
        if os.path.isfile(os.path.join(folder, top, "__init__.py")):
            return None
    return _from_finders(top, rest)


def _folders(search: Iterable[str] | None) -> list[str]:
    everything = sys.path if search is None else search
    return list(dict.fromkeys(folder or os.curdir for folder in everything if isinstance(folder, str)))


def _from_finders(top: str, rest: list[str]) -> Path | None:
    """Ask the finders for the top-level package, which imports nothing: editable installs may live there."""
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(location, *rest)
        if (path / "manifest.json").is_file():
            return path
    return None


def _distributions(folder: str) -> Iterator[tuple[str, str]]:
    """Yield a distribution's name and the path of its entry points, or their text where they are in an archive."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    except NotADirectoryError:
        yield from _in_archive(folder)
        return
    except OSError:
        return
    for name in names:
        stem = name.rpartition(".")[0].partition("-")[0]
        yield _normal(stem), os.path.join(folder, name, "entry_points.txt")


def _in_archive(folder: str) -> Iterator[tuple[str, str]]:
    from importlib.metadata import distributions

    for distribution in distributions(path=[folder]):
        text = distribution.read_text("entry_points.txt") or ""
        if distribution.name and _HEADER in text:
            yield _normal(str(distribution.name)), text[text.index(_HEADER) :]


def _normal(name: str) -> str:
    return _SEPARATORS.sub("_", name).lower()


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _parse(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if _HEADER not in text:
        return found
    inside = False
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            inside = line == _HEADER
        elif inside and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found[name.strip()] = value.partition("[")[0].strip()
    return found
