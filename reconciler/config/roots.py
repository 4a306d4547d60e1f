"""Says in one sentence why a directory of configurations cannot be used. Reads nothing but whether it is there.

Called by whoever starts from a root: the engine, and the plan without a daemon.
"""

import os
from pathlib import Path

from reconciler.model.errors import RootUnreadable


def root_error(root: Path) -> RootUnreadable:
    """Return the error for a root that could not be listed: missing, no directory, or not readable."""
    return RootUnreadable(f"the directory {root} {_reason(root)}")


def _reason(root: Path) -> str:
    try:
        with os.scandir(root):
            return "cannot be read"
    except FileNotFoundError:
        return "does not exist"
    except NotADirectoryError:
        return "is a file: name the directory that holds it"
    except OSError as error:
        return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
