"""How a path is shown to a person: relative to where they stand. Pure but for asking where that is.

Called by `run` for the file names in findings; the daemon's findings are relative to the root instead.
"""

import os
from pathlib import Path


def display_prefix(path: Path, cwd: str | None = None) -> str:
    """Return what to write before a file's path relative to the folder `path`: "", or a text ending in `/`.

    A folder beneath where the user stands is shown relative to that; another one as the user wrote it.
    """
    shown = display_path(path, cwd)
    if shown == ".":
        return ""
    return shown if shown.endswith("/") else f"{shown}/"


def display_path(path: Path, cwd: str | None = None) -> str:
    """Return `path` relative to where the user stands if it is beneath that, else as it was written, tidied."""
    here = cwd if cwd is not None else os.getcwd()  # noqa: PTH109 — as a string, once
    text = os.path.normpath(path)
    absolute = os.path.normpath(os.path.join(here, text))  # noqa: PTH118 — links are not to be resolved
    if absolute == here:
        return "."
    return absolute.removeprefix(here.rstrip("/") + "/") if absolute.startswith(here.rstrip("/") + "/") else text
