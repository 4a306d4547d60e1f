"""What a path that was given stands for: a root, or something in one; and what is wrong with a root itself.

Called by `run`, and by what checks a root or a single file for it.
"""

import os
import stat
from pathlib import Path

from msgspec.structs import replace

from reconciler.config.files import SETTINGS_FILE
from reconciler.model.diagnostic import Diagnostic, Span
from reconciler.model.errors import RootUnreadable


def is_folder(path: Path) -> bool:
    """Whether a path is a directory; raises RootUnreadable where nothing can be seen."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> RootUnreadable:
    """Return what is to be said of a path that cannot be checked at all."""
    reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
    return RootUnreadable(f"{path} {reason}")


def shown_under(problem: Diagnostic, prefix: str) -> Diagnostic:
    """Return a finding about the root itself with its file as the user would write it."""
    span = problem.span
    return replace(problem, span=Span(prefix + span.file, span.line, span.column, span.end_line, span.end_column))


def root_of(path: Path, directory: Path | None) -> str | None:
    """Return the root that a file belongs to, or None where it has none."""
    return _root(os.path.normpath(path.absolute()), directory)


def _root(absolute: str, directory: Path | None) -> str | None:
    if directory is not None:
        root = os.path.normpath(directory.absolute())
        real = os.path.realpath(root)
        if absolute.startswith(f"{root}/") or os.path.realpath(absolute).startswith(f"{real}/"):
            return root
    for folder in Path(absolute).parents:
        if os.path.lexists(folder / SETTINGS_FILE):
            return str(folder)
        if os.path.lexists(folder / ".git"):
            break
    return None
