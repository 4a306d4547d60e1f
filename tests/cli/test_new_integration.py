"""A scaffolded integration: its own tests pass at once, and its schema is what its settings make."""

import json
import subprocess
import sys

import pytest

from reconciler.cli.scaffold import scaffold


@pytest.mark.slow
def test_scaffolded_integration_passes_its_own_tests(tmp_path):
    folder = scaffold("pager-duty", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True, timeout=50,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_schema_comes_out_as_it_was(tmp_path):
    package = scaffold("pager", tmp_path) / "reconcile_pager"
    before = json.loads((package / "schema.json").read_text())
    subprocess.run([sys.executable, "-m", "reconcile_pager.settings"], cwd=package.parent, check=True, timeout=30)
    assert json.loads((package / "schema.json").read_text()) == before


def test_no_mark_of_a_template_is_left(tmp_path):
    folder = scaffold("pager", tmp_path)
    texts = [file.read_text() for file in folder.rglob("*") if file.is_file()]
    assert len(texts) == 8
    assert not [text for text in texts if "@PACKAGE@" in text or "@ID@" in text or "@CLASS@" in text or "@ENV@" in text]
