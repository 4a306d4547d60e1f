"""The paths in a daemon's answers, as the user would write them; a daemon's own are relative to its root.

Called by `get` and `status`, for people alone: JSON keeps what the daemon said.
"""

from pathlib import Path
from typing import Any

from reconciler.cli.client import Daemon


def prefix_of(there: Daemon) -> str:
    """Return what leads from where the user stands to the daemon's root; nothing for a daemon elsewhere."""
    return prefix_to("" if there.elsewhere else there.get("status").get("root"))


def prefix_to(root: str | None) -> str:
    """Return what leads from where the user stands to a root; nothing where that is not known."""
    from reconciler.config.places import display_prefix

    return display_prefix(Path(root)) if root else ""


def from_here(item: Any, prefix: str) -> Any:
    """Show paths as the user would write them: the file's, and that of the finding which the message begins with."""
    if not item.get("file"):
        return item
    file, message = item["file"], item["message"]
    begins = message.startswith(f"{file}:")
    return {**item, "file": f"{prefix}{file}", "message": f"{prefix}{message}" if begins else message}
