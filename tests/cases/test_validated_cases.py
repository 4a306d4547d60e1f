"""`validate` and test files: what is wrong with one is found beside the configurations, and no case is run."""

import pytest
from written import FAILED, case

from reconciler.cli.app import run

SLIP = "cases:\n  - nmae: a  # the first\n    event: {type: a.b}\n    expect: nobody\n"
OTHER = "cases:\n" + case("a", "{console/elsewhere: true}") + "\n"


@pytest.fixture
def validate(root, capsys):
    """Write test files, by their names in the directory, and validate; returns the exit code and what was printed."""

    def call(files, *arguments):
        for name, text in files.items():
            (root / "configs" / name).parent.mkdir(exist_ok=True)
            (root / "configs" / name).write_text(text)
        code = run(["validate", "--format", "concise", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_good_test_file_is_counted_as_what_it_is(validate):
    code, out, _ = validate({"a.test.yaml": "cases:\n" + case("a", "{console/red: true}") + "\n"})
    assert (code, out) == (0, "✓ 3 configurations in 1 file, 1 test file: no findings\n")


def test_case_that_would_fail_is_no_finding(validate):
    assert validate({"a.test.yaml": "cases:\n" + case("a", "{console/web: true}", FAILED) + "\n"})[0] == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cases:\n\t- [", "2:1: error[yaml-syntax]"),
        ("", "1:1: error[empty-document]"),
        (SLIP, "2:5: error[unknown-key]"),
        (OTHER, "4:14: error[unknown-config]"),
        ("cases:\n  - {name: a, file: gone.json, expect: nobody}\n", "2:21: error[invalid-event]"),
    ],
)
def test_broken_test_file_fails_validation(validate, text, found):
    code, out, _ = validate({"x/a.test.yaml": text})
    assert (code, f"configs/x/a.test.yaml:{found}" in out) == (1, True), out


def test_id_of_a_configuration_that_a_policy_refuses_is_known(root, validate):
    (root / "configs" / "reconcile.toml").write_text('[[folder]]\npath = "**"\nintegrations = ["console"]\n')
    code, out, _ = validate({"a.test.yaml": "cases:\n" + case("a", "{webhook/hook: true}") + "\n"})
    assert (code, "error[policy]" in out, "unknown-config" in out) == (1, True, False)


def test_folder_of_a_directory_may_expect_ids_and_hold_events_of_the_others(root, validate):
    (root / "configs" / "e.json").write_text('{"specversion": "1.0", "type": "a.b", "source": "/s", "id": "1"}')
    text = "cases:\n  - {name: a, file: ../e.json, expect: {console/elsewhere: true}}\n"
    assert validate({"x/a.test.yaml": text}, "configs/x")[0] == 0
    assert "error[unknown-config]" in validate({})[1]


def test_single_test_file_is_checked_but_for_its_ids(validate):
    assert validate({"a.test.yaml": OTHER}, "configs/a.test.yaml")[:2] == (
        0,
        "✓ 1 test file: no findings\n",
    )
    assert "configs/a.test.yaml:2:5: error[unknown-key]" in validate({"a.test.yaml": SLIP}, "configs/a.test.yaml")[1]


def test_text_of_an_editor_is_checked_as_the_test_file_that_it_is(validate, monkeypatch, tmp_path):
    (tmp_path / "buffer").write_text(SLIP)
    with (tmp_path / "buffer").open() as buffer:
        monkeypatch.setattr("sys.stdin", buffer)
        code, out, _ = validate({}, "-", "--stdin-filename", "configs/a.test.yaml")
    assert (code, "configs/a.test.yaml:2:5: error[unknown-key]" in out) == (1, True)


def test_fix_mends_a_slip_in_a_test_file_and_nothing_else(root, validate):
    code, out, _ = validate({"a.test.yaml": SLIP}, "--fix")
    assert (code, "1 fixed" in out) == (0, True)
    assert (root / "configs" / "a.test.yaml").read_text() == SLIP.replace("nmae", "name")
