"""The checkout, a repository to plug it into, and how its commands are run, for the tests beside this."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
GOOD = "integration: console\nname: good\nsettings: {}\nevents:\n  - type: build.finished\n"
BAD = "integration: console\nname: bad\nsettings: {}\nevnts: []\n"
FINDING = "configs/bad.yaml:4:1: error[unknown-key]"


def environment(**more):
    """Return this process's environment with our commands first in PATH, and nothing of a CI system in it."""
    dropped = ("RECONCILE_", "GITHUB_", "GIT_", "PRE_COMMIT")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    own = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "HOME": str(Path.home())}
    git = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    names = {f"GIT_{who}_{what}": "t@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return kept | own | git | names | more


def call(*command, cwd, timeout=50, **environ):
    """Run a command in `cwd`: a CompletedProcess, whatever its code."""
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment(**environ), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def git(folder, *arguments):
    """Run git in `folder` and return what it printed; a failure fails the test."""
    done = call("git", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def repository(folder, files):
    """Make a git repository of `files` (text by path) in `folder`, all of it committed."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=files")
    return folder


def offline_pip(folder):
    """Return variables with which pip installs this checkout alone, out of what is installed here, and asks no registry.

    `folder` gets links to all that, but for the checkout itself.
    """
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "reconcile" not in path.name:
            (folder / path.name).symlink_to(path)
    return {"PYTHONPATH": str(folder), "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}


def node_tool(name):
    """Return the path of a program of npm's; without it a test is skipped, but fails where CI is true."""
    path = ROOT / ".venv" / "node" / "node_modules" / name
    if not (path.exists() and shutil.which("node")):
        told = f"{name} is not there: scripts/node-tools installs it where npm is"
        pytest.fail(told) if os.environ.get("CI") == "true" else pytest.skip(told)
    return path
