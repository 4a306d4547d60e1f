"""A directory with a policy, checked by the validator that everybody has, against the built-in integrations."""

import textwrap
from pathlib import Path

import pytest

from reconciler.config.run.run import RunOptions, validate_paths
from reconciler.core.findings.selection import Selection

SLACK = """\
integration: slack
name: {name}
settings:
  bot_token: {{secret: "env:{token}"}}
  channel: "{channel}"
"""


class Root:
    """The folder `configs` of a folder where the user stands."""

    def __init__(self, base):
        self.base, self.root = base, base / "configs"
        self.root.mkdir()

    def write(self, file, text):
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def policy(self, text):
        return self.write("reconcile.toml", text)

    def slack(self, file, name="a-x", token="TEAM_A_TOKEN", channel="#a-builds", more=""):
        return self.write(file, SLACK.format(name=name, token=token, channel=channel) + more)

    def check(self, *paths, jobs=1, **selection):
        options = RunOptions(jobs=jobs, selection=Selection(**selection), directory=Path("configs"))
        return validate_paths([Path(path) for path in paths or ("configs",)], options)

    def breaches(self, *paths):
        return [
            (d.span.file.removeprefix("configs/"), d.span.line, ".".join(map(str, d.path)))
            for d in self.check(*paths).diagnostics
            if d.rule == "policy"
        ]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Root(tmp_path)
