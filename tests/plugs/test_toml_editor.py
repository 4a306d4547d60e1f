"""`reconcile.toml` as `init` writes it, judged by taplo, on which editors' support of TOML stands."""

import re

import pytest
from plugs import call, node_tool

from reconciler.cli.app import run
from reconciler.config.run.run import validate_paths

BAD = '[limits]\nmax_file = 3\n[validate]\nstrict = "yes"\n[[folder]]\npath = "a/**"\nname_prefix = "A"\n'


@pytest.mark.slow
def test_editor_marks_mistakes_on_the_lines_that_validate_names_and_nothing_else(tmp_path):
    tool = node_tool(".bin/taplo")
    assert run(["init", str(tmp_path)]) == 0
    good = tmp_path / "configs" / "reconcile.toml"
    bad = tmp_path / "configs" / "bad.toml"
    bad.write_text(good.read_text(encoding="utf-8") + BAD, encoding="utf-8")
    done = call(tool, "check", "--no-auto-config", good, bad, cwd=tmp_path)
    marked = re.findall(r"(\w+)\.toml:(\d+):", done.stderr)
    bad.rename(good)
    ours = {("bad", str(found.span.line)) for found in validate_paths([good.parent]).diagnostics if found.is_error}
    assert len(ours) == 3
    assert ours <= set(marked)
    assert {file for file, _ in marked} == {"bad"}
