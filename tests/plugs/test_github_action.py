"""`action.yml`: valid and safe by the tools of others, and its scripts do what its inputs say."""

import re

import pytest
from action_runner import ACTION, STEPS, Runner
from plugs import BAD, GOOD, ROOT, call, git, offline_pip, repository

WARNED = "integration: console\nname: warned\nsettings: {}\nevents: []\ndelivery: {rate: 1/s}\n"
PULL_REQUEST = {
    "github.event.pull_request.number": "7",
    "github.token": "token",
    "steps.plan.outputs.changes": "true",
}


@pytest.fixture
def runner(tmp_path):
    """A job in a repository with one good configuration."""
    (tmp_path / "work").mkdir()
    (tmp_path / "temp").mkdir()
    work = repository(tmp_path / "work", {"configs/good.yaml": GOOD, "odd $(touch x) dir/bad.yaml": BAD})
    return Runner(work, tmp_path / "temp")


def test_action_is_valid_by_the_schema_of_the_schema_store():
    done = call("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml", cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_action_has_no_finding_of_zizmor():
    done = call("zizmor", "--offline", "--no-progress", "--persona=auditor", "action.yml", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_script_holds_an_expression_and_every_input_is_used():
    assert [name for name, step in STEPS.items() if "${{" in step["run"]] == []
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert [name for name in ACTION["inputs"] if f"inputs.{name}" not in text] == []


def test_documentation_names_every_input_and_output():
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    table = page[page.index("| input |") : page.index("**Permissions.**")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [*ACTION["inputs"], "changes", "sarif", "program"]
    assert set(ACTION["outputs"]) == {"changes", "sarif", "program"}


@pytest.mark.slow
def test_action_installs_itself_and_validates(runner, tmp_path):
    (tmp_path / "here").mkdir()
    runner.variables = offline_pip(tmp_path / "here")
    done = runner.step("install")
    assert done.returncode == 0, done.stderr
    program = runner.temporary / "reconcile" / "bin" / "reconcile"
    assert runner.outputs["install"] == {"program": str(program)}
    assert program.exists()
    done = runner.step("validate")
    assert (done.returncode, done.stdout) == (0, "✓ 1 configuration in 1 file: no findings\n")
    # A second step of the job finds it there.
    runner.variables |= {"PIP_NO_BUILD_ISOLATION": "1"}
    assert runner.step("install").returncode == 0
    # What stands beside the modules was installed as well: templates, schemas.
    assert call(program, "init", "--dry-run", "--ci=github", cwd=runner.workspace, **runner.variables).returncode == 0
    assert call(program, "schema", "--report", cwd=runner.workspace, **runner.variables).returncode == 0


@pytest.mark.slow
def test_findings_fail_the_step_as_annotations_with_a_page_and_a_report(runner):
    runner.install()
    done = runner.step("validate", dir="odd $(touch x) dir", sarif="out dir.sarif")
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=odd $(touch x) dir/bad.yaml,line=4,")
    assert runner.page.read_text(encoding="utf-8").startswith("### reconcile validate")
    assert runner.outputs["validate"] == {"sarif": "out dir.sarif"}
    assert (runner.workspace / "out dir.sarif").exists()
    assert not (runner.workspace / "x").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("strict", "code"), [("false", 0), ("true", 1)])
def test_strict_lets_warnings_fail_the_step(runner, strict, code):
    runner.install()
    (runner.workspace / "configs" / "warned.yaml").write_text(WARNED, encoding="utf-8")
    assert runner.step("validate", strict=strict).returncode == code


@pytest.mark.slow
def test_cases_that_fail_annotate_and_fail_the_step(runner):
    runner.install()
    assert runner.step("test").returncode == 0  # there are none yet
    cases = "cases:\n  - {name: told, event: {type: nothing.such}, expect: {console/good: true}}\n"
    (runner.workspace / "configs" / "good.test.yaml").write_text(cases, encoding="utf-8")
    done = runner.step("test")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("::error file=configs/good.test.yaml,line=2,")


def wrote(runner, text):
    (runner.temporary / "reconcile").mkdir(exist_ok=True)
    (runner.temporary / "reconcile" / "plan.md").write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_plan_becomes_one_comment_that_is_kept_up_to_date(runner):
    theirs = [{"id": 1, "user": {"type": "User"}, "body": "<!-- reconcile plan"}]
    runner.keep_comments(theirs)
    for text in ("first\n", "second\n"):
        wrote(runner, text)
        done = runner.step("comment", PULL_REQUEST)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (kept, ours) = runner.comments
    assert kept == theirs[0]["body"]
    assert ours.splitlines()[1:] == ["second"]


@pytest.mark.slow
def test_directories_have_comments_of_their_own(runner):
    wrote(runner, "plan\n")
    for folder in ("configs", 'odd" --> dir'):
        runner.step("comment", PULL_REQUEST, dir=folder)
    assert [comment.splitlines()[0].count("-->") for comment in runner.comments] == [1, 1]


@pytest.mark.slow
@pytest.mark.parametrize(("earlier", "count"), [(False, 0), (True, 1)])
def test_a_plan_without_changes_only_corrects_a_comment(runner, earlier, count):
    if earlier:
        wrote(runner, "changes\n")
        runner.step("comment", PULL_REQUEST)
    wrote(runner, "nothing\n")
    runner.step("comment", {**PULL_REQUEST, "steps.plan.outputs.changes": "false"})
    assert [comment.splitlines()[1] for comment in runner.comments] == ["nothing"] * count


@pytest.mark.slow
def test_long_plan_is_cut_and_says_so(runner):
    wrote(runner, "x" + "ü" * 100_000)  # the cut is within a character
    runner.step("comment", PULL_REQUEST)
    (comment,) = runner.comments
    assert len(comment) < 65_536
    assert comment.endswith("ü\n\nThe rest stands on the page of the step.\n")


@pytest.mark.slow
def test_comment_that_is_refused_is_a_warning(runner):
    wrote(runner, "plan\n")
    runner.store.write_text('{"refused": true}', encoding="utf-8")
    done = runner.step("comment", PULL_REQUEST)
    assert (done.returncode, done.stdout.startswith("::warning::the plan could not be written")) == (0, True)


@pytest.fixture
def branched(runner):
    """A job in a repository where a branch adds a configuration to `main`, and `main` has gone on."""
    work = runner.workspace
    git(work, "checkout", "--quiet", "-b", "branch")
    (work / "configs" / "added.yaml").write_text(GOOD.replace("good", "added"), encoding="utf-8")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=added")
    git(work, "checkout", "--quiet", "main")
    (work / "configs" / "later.yaml").write_text(GOOD.replace("good", "later"), encoding="utf-8")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message=later")
    git(work, "checkout", "--quiet", "branch")
    runner.install()
    return runner


@pytest.mark.slow
def test_plan_tells_what_the_branch_changes_and_nothing_else(branched):
    done = branched.step("plan", base="main")
    assert done.returncode == 0, done.stdout + done.stderr
    assert branched.outputs["plan"] == {"changes": "true"}
    page = branched.page.read_text(encoding="utf-8")
    assert "console/added" in page
    assert "console/later" not in page
    branched.step("comment", PULL_REQUEST | {"steps.plan.outputs.changes": "true"})
    (comment,) = branched.comments
    assert comment.endswith(page[page.index("<!-- reconcile plan -->") :])


@pytest.mark.slow
def test_plan_of_a_branch_without_changes_says_so(branched):
    assert branched.step("plan", base="branch").returncode == 0
    assert branched.outputs["plan"] == {"changes": "false"}


@pytest.mark.slow
@pytest.mark.parametrize("base", ["nowhere", "--upload-pack=touch x", "$(touch x)"])
def test_base_that_is_no_commit_is_an_error_and_nothing_is_run(branched, base):
    done = branched.step("plan", base=base)
    assert (done.returncode, done.stdout.startswith("::error::the plan needs a commit")) == (2, True)
    assert not (branched.workspace / "x").exists()


@pytest.mark.slow
def test_nothing_that_a_branch_holds_becomes_a_command_of_the_runner(branched):
    hostile = (
        GOOD.replace("good", "hostile")
        + 'description: "a\\n::error::x\\n##[error]y"\nlabels: {"::add-mask::z": "::debug::"}\n'
    )
    (branched.workspace / "configs" / "::error::file.yaml").write_text(hostile, encoding="utf-8")
    git(branched.workspace, "add", "--all")
    git(branched.workspace, "commit", "--quiet", "--message=hostile")
    done = branched.step("plan", base="main")
    assert "console/hostile" in done.stdout
    lines = (done.stdout + done.stderr).splitlines()
    assert [line for line in lines if line.strip().startswith(("::", "##["))] == []
