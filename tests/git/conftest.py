"""A real git repository on disk, made and changed in one line each, and what its configurations are."""

import os
import subprocess

import pytest

from reconciler.compose.offline.between import plan_between
from reconciler.compose.options import EngineOptions

AUTHOR = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


class Repo:
    def __init__(self, top):
        self.top = top
        top.mkdir(exist_ok=True)

    def git(self, *arguments, env=None):
        done = subprocess.run(
            ["git", *AUTHOR, *arguments],
            cwd=self.top,
            capture_output=True,
            text=True,
            env={**os.environ, **(env or {})},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, file, text):
        path = self.top / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def config(self, file, name=None, extra="", integration="console"):
        name = name or file.rpartition("/")[2].partition(".")[0]
        return self.write(file, f"integration: {integration}\nname: {name}\n{extra}")

    def remove(self, file):
        (self.top / file).unlink()

    def commit(self, tag):
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", tag)
        self.git("tag", tag)

    def plan(self, before="old", after="new", folder="configs", **options):
        return plan_between(EngineOptions(self.top / folder, self.top / ".state", **options), before, after)


@pytest.fixture
def repo_at():
    """Makes an empty repository of a folder."""

    def make(top):
        made = Repo(top)
        made.git("init", "-q", "-b", "main")
        return made

    return make


@pytest.fixture
def repo(tmp_path):
    """A repository with configs/a.yaml, b.yaml and c.yaml at the tag `old`."""
    made = Repo(tmp_path / "repo")
    made.git("init", "-q", "-b", "main")
    for name in "abc":
        made.config(f"configs/{name}.yaml")
    made.commit("old")
    return made
