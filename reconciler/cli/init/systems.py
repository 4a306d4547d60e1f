"""The files for CI systems: which one a repository needs, and its text out of the templates.

docs/ci.md shows each of them; a test holds the two together.
"""

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from reconciler.cli.init.origin import Origin
from reconciler.cli.init.plain_file import read_plain

SYSTEMS: Final[Mapping[str, str]] = {
    "github": ".github/workflows/reconcile.yml",
    "gitlab": ".gitlab-ci.yml",
    "azure": "azure-pipelines.yml",
    "jenkins": "Jenkinsfile",
}
"""The file of each system that is known."""
_URL = re.compile(r"^[ \t]*url[ \t]*=[ \t]*\"?([^\s\"]+)", re.MULTILINE)
_HOSTS = {"github": "github", "gitlab": "gitlab", "dev.azure.com": "azure", "visualstudio.com": "azure"}
_TRACES = {".github": "github", ".gitlab-ci.yml": "gitlab", ".gitlab": "gitlab", "azure-pipelines.yml": "azure",
           "Jenkinsfile": "jenkins"}  # fmt: skip


def guess(root: Path) -> str:
    """Return the system that a repository uses: by what it has of one, else by its remote, else `none`."""
    for trace, system in _TRACES.items():
        if (root / trace).exists():
            return system
    remotes = " ".join(_remotes(root / ".git" / "config"))
    return next((system for part, system in _HOSTS.items() if part in remotes), "none")


def _remotes(config: Path) -> list[str]:
    """Return the hosts of the remotes, read out of git's file without asking git."""
    return [_host(url) for url in _URL.findall(read_plain(config) or "")]


def _host(url: str) -> str:
    """Return the host of `https://user@host/path` or of `user@host:path`."""
    rest = url.partition("://")[2] or url
    return rest.partition("/")[0].rpartition("@")[2].partition(":")[0].lower()


def text_for(system: str, folder: str, origin: Origin) -> str:
    """Return the file of a system; `folder` is the directory of configurations, from the repository's root."""
    template = "github-pip" if system == "github" and not origin.action else system
    return filled(template, folder, origin)


def filled(template: str, folder: str, origin: Origin) -> str:
    """Return a template with its marks filled in."""
    values = {
        "@DIR@": folder, "@SOURCE@": origin.requirement, "@ACTION@": origin.action,
        "@REPOSITORY@": origin.repository, "@COMMIT@": origin.commit or "COMMIT",
    }  # fmt: skip
    text = (files("reconciler.cli") / "templates" / "init" / f"{template}.txt").read_text(encoding="utf-8")
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text
