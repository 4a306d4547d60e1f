"""The CI files in docs/ci.md are those that `init` writes, valid by the schemas of their systems, and their commands run."""

import re
import shlex

import pytest
from plugs import BIN, GOOD, ROOT, call, repository

from reconciler.cli.init.origin import Origin
from reconciler.cli.init.systems import SYSTEMS, filled

TEXT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
FILES = [match[1] for match in re.finditer(r"^```(?:yml|groovy)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]
SCHEMAS = {
    ".github/workflows/reconcile.yml": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    ".gitlab-ci.yml": ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
    "azure-pipelines.yml": (
        "check-jsonschema", "--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines",
        "--regex-variant", "nonunicode",
    ),
    ".pre-commit-config.yaml": ("pre-commit", "validate-config"),
}  # fmt: skip


def name(text):
    return text.splitlines()[0].lstrip("#/ ")


def pinned(text):
    """Return a file as a user has it: with an address and a commit."""
    return text.replace("YOUR-ORG/reconcile@COMMIT", f"acme/reconcile@{'a' * 40}").replace("COMMIT", "a" * 40)


CHECKED = [
    pytest.param(text, id=f"{name(text)}-{number}") for number, text in enumerate(FILES) if name(text) in SCHEMAS
]


def test_every_system_has_a_file():
    assert {name(text) for text in FILES} == {*SCHEMAS, "Jenkinsfile"}


@pytest.mark.parametrize("template", [*SYSTEMS, "github-pip", "pre-commit"])
def test_init_writes_what_is_documented(template):
    assert filled(template, "configs", Origin()) in FILES


@pytest.mark.parametrize("text", CHECKED)
def test_documented_file_is_valid_by_its_systems_schema(text, tmp_path):
    file = tmp_path / name(text).rpartition("/")[2]
    file.write_text(pinned(text), encoding="utf-8")
    done = call(*SCHEMAS[name(text)], file, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("text", [text for text in FILES if name(text).startswith(".github/")])
def test_documented_workflow_has_no_finding_of_zizmor(text, tmp_path):
    file = tmp_path / ".github" / "workflows" / "reconcile.yml"
    file.parent.mkdir(parents=True)
    file.write_text(pinned(text), encoding="utf-8")
    done = call("zizmor", "--offline", "--no-progress", file, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def commands():
    """Yield each `reconcile …` that a file runs, without comments and what stands around it."""
    for text in FILES:
        for match in re.finditer(r"\breconcile ((?:validate|plan|test) [^'#|\n]+)", text):
            yield match[1].strip()


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(set(commands())))
def test_documented_command_runs(command, tmp_path):
    repository(tmp_path, {"configs/good.yaml": GOOD})
    done = call(BIN / "reconcile", *shlex.split(command), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    reports = re.findall(r"=([\w.-]+)", command)
    assert [report for report in reports if not (tmp_path / report).stat().st_size] == []
