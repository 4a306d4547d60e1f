"""A directory of configurations and a way to run cases over it; lets the tests in this folder import `written`."""

import sys
from pathlib import Path

import pytest

from reconciler.cli.app import run

sys.path.insert(0, str(Path(__file__).parent))
from written import CONFIG


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TOKEN", "very-secret")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def test(root, capsys):
    """Run the verb over `cases`, if any are given; returns the exit code and what was printed."""

    def call(*cases, arguments=()):
        if cases:
            (root / "configs" / "a.test.yaml").write_text("\n".join(["cases:", *cases]) + "\n")
        code = run(["test", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
