"""Where this installation came from, so that what `init` writes can install the same again.

pip notes it beside the package (PEP 610) when it installs from git. From anywhere else nothing is known, and what is
written has placeholders for the user to fill in.
"""

import json
import re
from urllib.parse import urlsplit

from msgspec import Struct

PLACEHOLDER = "https://YOUR-GIT-HOST/reconcile.git"
_GITHUB = "github.com"
_PLAIN = re.compile(r"(?:https://|ssh://(?:git@)?)[A-Za-z0-9:/._~+-]+\Z")
"""An address without a name or a password in it, and without what YAML or a shell would read otherwise."""


class Origin(Struct, frozen=True):
    """A git repository of reconcile and a commit in it; `commit` is empty where none is known."""

    repository: str = PLACEHOLDER
    commit: str = ""

    @property
    def is_known(self) -> bool:
        """Whether there is nothing to fill in."""
        return self.repository != PLACEHOLDER

    @property
    def requirement(self) -> str:
        """What pip installs."""
        return f"reconcile @ git+{self.repository}" + (f"@{self.commit}" if self.commit else "")

    @property
    def action(self) -> str:
        """The action of GitHub; empty where the repository is on another host."""
        if not self.is_known:
            return "YOUR-ORG/reconcile@COMMIT"
        url = urlsplit(self.repository)
        name = url.path.strip("/").removesuffix(".git")
        is_there = url.hostname == _GITHUB and name.count("/") == 1 and self.commit
        return f"{name}@{self.commit}" if is_there else ""


def find_origin() -> Origin:
    """Return the origin of the package that runs."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution("reconcile").read_text("direct_url.json")
    except PackageNotFoundError:
        return Origin()
    return read_origin(text or "{}")


def read_origin(text: str) -> Origin:
    """Read a `direct_url.json`; a folder on this machine, or an address with credentials in it, is no origin."""
    found = json.loads(text)
    vcs, url = found.get("vcs_info", {}), str(found.get("url", ""))
    commit = str(vcs.get("commit_id", ""))
    if vcs.get("vcs") != "git" or not _PLAIN.match(url) or not commit.isalnum():
        return Origin()
    return Origin(url, commit)
