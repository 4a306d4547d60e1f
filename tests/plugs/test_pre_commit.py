"""pre-commit itself clones this checkout's last commit, installs it, and runs the hooks in somebody's repository."""

import pytest
import yaml
from plugs import BAD, FINDING, GOOD, ROOT, call, git, offline_pip, repository

from reconciler.cli import app
from reconciler.cli.init.origin import PLACEHOLDER

CASES = "cases:\n  - {name: a, event: {type: a.b}, expect: {console/good: false}}\n"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
ids = [hook["id"] for hook in yaml.safe_load(HOOKS.read_text(encoding="utf-8"))]

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")


@pytest.fixture(scope="module")
def installing(tmp_path_factory):
    """Variables for pre-commit: where it keeps what it installs, once for all tests here, and out of what."""
    home = tmp_path_factory.mktemp("pre-commit")
    return {"PRE_COMMIT_HOME": str(home), **offline_pip(tmp_path_factory.mktemp("packages"))}


@pytest.fixture
def hooked(tmp_path, installing):
    """Run a hook, or what a config says, in a repository of the files given: a CompletedProcess."""

    def run(hook, files):
        revision = git(ROOT, "rev-parse", "HEAD")
        config = yaml.safe_dump({"repos": [{"repo": str(ROOT), "rev": revision, "hooks": [{"id": hook}]}]})
        if "\n" in hook:
            config = hook.replace(PLACEHOLDER, str(ROOT)).replace("COMMIT", revision)
        repository(tmp_path, {**files, ".pre-commit-config.yaml": config})
        pre_commit = ("pre-commit", "run", "--all-files", "--color=never")
        return call(*pre_commit, cwd=tmp_path, **installing)

    run.variables = installing
    return run


def test_manifest_is_one_of_pre_commit():
    done = call("pre-commit", "validate-manifest", HOOKS, cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("hook", ids)
def test_bad_file_fails_the_hook_with_our_finding(hooked, hook):
    done = hooked(hook, {"configs/good.yaml": GOOD, "configs/bad.yaml": BAD, "other.yaml": "{"})
    assert done.returncode == 1, done.stdout + done.stderr
    assert FINDING in done.stdout
    assert "other.yaml" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("hook", ids)
def test_good_files_pass(hooked, hook):
    done = hooked(hook, {"configs/good.yaml": GOOD, "configs/a.test.yaml": CASES, "other.yaml": "{"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


@pytest.mark.slow
def test_two_files_with_one_id_are_found_by_the_hook_for_the_whole_directory(hooked):
    done = hooked("reconcile-validate-all", {"configs/a.yaml": GOOD, "configs/b.yaml": GOOD})
    assert "error[duplicate-id]" in done.stdout


@pytest.mark.slow
def test_hook_that_init_writes_for_another_directory_looks_there(hooked, tmp_path):
    assert app.run(["init", str(tmp_path), "--dir", "deploy/my.configs"]) == 0
    written = (tmp_path / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    done = hooked(written, {"configs/bad.yaml": BAD, "deploy/my.configs/bad.yaml": BAD})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "deploy/my.configs/bad.yaml:4:1: error[unknown-key]" in done.stdout
    assert " configs/bad.yaml" not in done.stdout
    assert "\nconfigs/bad.yaml" not in done.stdout


FIXING = """\
repos:
  - repo: PLACE
    rev: COMMIT
    hooks: [{id: reconcile-validate, args: [--fix]}]
"""


@pytest.mark.slow
def test_hook_that_mends_fails_once_with_the_file_mended(hooked, tmp_path):
    done = hooked(FIXING.replace("PLACE", PLACEHOLDER), {"configs/bad.yaml": BAD})
    assert "files were modified by this hook" in done.stdout
    assert (tmp_path / "configs" / "bad.yaml").read_text(encoding="utf-8") == BAD.replace("evnts", "events")
    git(tmp_path, "add", "--all")
    again = call("pre-commit", "run", "--all-files", "--color=never", cwd=tmp_path, **hooked.variables)
    assert again.returncode == 0, again.stdout
