"""Bad configurations and what is said of each: see `bad/README.md`. `UPDATE_FINDINGS=1` writes what is expected anew."""

import os
import re
from pathlib import Path

import pytest

from reconciler.cli.showing.sources import LazySecretKeys
from reconciler.config.fix.run import fix_files
from reconciler.config.run.run import RunOptions, make_validator
from reconciler.model import rules
from reconciler.report.findings.text import TextReport

BAD = Path(__file__).parent / "bad"
CASES = sorted(path for path in BAD.iterdir() if path.suffix == ".yaml" or path.is_dir())
OPTIONS = RunOptions(jobs=1)
EXPECTED = re.compile(r"^\S.*?: (?:error|warning)\[([a-z-]+)\]", re.MULTILINE)
IMPOSSIBLE = {rules.INTERNAL_ERROR}


@pytest.fixture(params=CASES, ids=lambda case: case.stem)
def case(request):
    return request.param


@pytest.fixture
def placed(case, folder):
    """The case's files in the folder that is checked."""
    files = [case] if case.is_file() else sorted(path for path in case.rglob("*") if path.is_file())
    for path in files:
        name = path.relative_to(BAD if case.is_file() else case).as_posix()
        if name == "commands":
            folder.run(path.read_text("utf-8"))
        else:
            folder.write(name, path.read_bytes())
    return folder


def compare(path, text):
    if os.environ.get("UPDATE_FINDINGS"):
        path.write_text(text, "utf-8") if text else path.unlink(missing_ok=True)
    assert text == (path.read_text("utf-8") if path.exists() else "")


def test_findings_are_those_beside_the_case(case, placed):
    result = look(placed)
    shown = TextReport(source=placed.source, secret_keys=LazySecretKeys()).render(result.diagnostics)
    compare(case.with_suffix(".expected"), "".join(shown).rstrip("\n") + "\n")
    for found in result.diagnostics:
        check_form(found)
    if any(found.is_fixable for found in result.diagnostics):
        check_fix(case, placed, result)


def look(placed):
    result = placed.validate(resolve=(placed.path / "secrets").exists())
    if list(placed.path.glob("*.test.yaml")):
        assert [found for found in result.diagnostics if ".test." in found.span.file] == placed.run_cases().diagnostics
    return result


def check_form(found):
    assert found.help and "\n" not in found.help + found.message
    assert found.message[0].islower() or not found.message[0].isalpha() or found.message.split()[0].isupper()
    assert not found.message.endswith(".") and not found.help.endswith(".")
    assert all(related.span != found.span for related in found.related)
    assert found.span.end_line >= found.span.line >= 1 <= found.span.column


def check_fix(case, placed, before):
    fixes = fix_files([placed.path], before.diagnostics, make_validator(OPTIONS), write=True)
    fixed = {one.file: one.after.decode() for one in fixes}
    text = "".join(fixed.values()) if len(fixed) == 1 else "".join(f"# {name}\n{text}" for name, text in fixed.items())
    compare(case.with_suffix(".fixed"), text.replace("\r", ""))
    assert [found for found in placed.validate().diagnostics if found.is_fixable] == []


def expected():
    return {path.stem: path.read_text("utf-8") for path in BAD.glob("*.expected")}


def test_every_rule_occurs():
    assert rules.RULES - {rule for text in expected().values() for rule in EXPECTED.findall(text)} == IMPOSSIBLE


def test_no_secret_is_shown():
    assert [name for name, text in expected().items() if "hunter2" in text] == []


def test_nothing_is_expected_of_no_case():
    beside = {path.stem for path in BAD.iterdir() if path.suffix in {".expected", ".fixed"}}
    assert beside == {path.stem for path in CASES}
    assert {path.stem for path in BAD.glob("*.fixed")} == {
        name for name, text in expected().items() if "] [*] " in text
    }


def test_there_are_many():
    assert len(CASES) >= 60
