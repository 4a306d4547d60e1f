"""`validate --fix` end to end: what is written, what is left alone, what is said."""

import json
import os
import stat

import pytest

from reconciler.cli.app import run

SLIP = "integration: console  # why\nname: builds\nenabeld:   yes\nlabels: {tier: 1}\n"
MENDED = 'integration: console  # why\nname: builds\nenabled:   true\nlabels: {tier: "1"}\n'


def test_fix_changes_what_is_wrong_and_keeps_everything_else(folder, capsys):
    folder.write("a.yaml", SLIP)
    assert run(["validate", ".", "--fix"]) == 0
    assert (folder.path / "a.yaml").read_text() == MENDED
    assert capsys.readouterr().out == "✓ 1 configuration in 1 file: no findings left, 3 fixed\n"


def test_second_fix_changes_nothing(folder, capsys):
    folder.write("a.yaml", SLIP)
    run(["validate", ".", "--fix"])
    before = (folder.path / "a.yaml").stat()
    assert run(["validate", ".", "--fix"]) == 0
    assert (folder.path / "a.yaml").stat() == before


def test_without_fix_nothing_is_written_and_the_summary_counts(folder, capsys):
    folder.write("a.yaml", SLIP)
    assert run(["validate", "."]) == 1
    assert (folder.path / "a.yaml").read_text() == SLIP
    shown = capsys.readouterr().out
    assert "error[unknown-key] [*] the key `enabeld`" in shown
    assert shown.endswith("2 errors (2 fixable with --fix)\n")


def test_diff_shows_the_changes_and_writes_nothing(folder, capsys):
    folder.write("a.yaml", SLIP)
    assert run(["validate", ".", "--diff"]) == 1
    printed = capsys.readouterr()
    assert "-enabeld:   yes\n" in printed.out and "+enabled:   true\n" in printed.out
    assert printed.err == "would fix 3 findings in 1 file\n"
    assert (folder.path / "a.yaml").read_text() == SLIP


def test_diff_of_what_needs_no_fix_is_empty(folder, capsys):
    folder.write("a.yaml", MENDED)
    assert run(["validate", ".", "--diff"]) == 0
    assert capsys.readouterr().out == ""


def test_diff_counts_what_no_fix_mends(folder, capsys):
    folder.write("a.yaml", MENDED + "colour: red\n")
    assert run(["validate", ".", "--diff"]) == 1
    assert capsys.readouterr() == ("", "nothing to fix; 1 finding is left\n")


def test_diff_of_a_strict_run_fails_where_a_warning_is_left(folder, capsys):
    folder.write("a.yaml", MENDED + "delivery: {rate: 1/s}\n")
    assert run(["validate", ".", "--diff"]) == 0
    assert run(["validate", ".", "--diff", "--strict"]) == 1


def test_diff_with_a_format_is_a_mistake(folder, capsys):
    folder.write("a.yaml", SLIP)
    assert run(["validate", ".", "--diff", "--format", "json"]) == 2
    assert "--format" in capsys.readouterr().err


def test_diff_shows_no_secret(folder, capsys):
    folder.write(
        "a.yaml",
        "integration: webhook\nname: a\nsettings:\n  url: https://example.com/\n  signing_secret: hunter2-hunter2\n  verify: yes\n",
    )
    assert run(["validate", ".", "--diff"]) == 1
    shown = capsys.readouterr().out
    assert "hunter2" not in shown and "+  verify: true" in shown


def test_what_cannot_be_fixed_is_left_and_reported(folder, capsys):
    folder.write("a.yaml", SLIP.replace("console", "consol"))
    assert run(["validate", ".", "--fix"]) == 1
    shown = capsys.readouterr().out
    assert "error[unknown-integration]" in shown and shown.endswith("1 error, 3 fixed\n")


def test_mode_of_the_file_is_kept(folder):
    folder.write("a.yaml", SLIP)
    (folder.path / "a.yaml").chmod(0o640)
    run(["validate", ".", "--fix"])
    assert stat.S_IMODE((folder.path / "a.yaml").stat().st_mode) == 0o640
    assert os.listdir(folder.path) == ["a.yaml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_owner_of_the_file_is_kept(folder):
    folder.write("a.yaml", SLIP)
    os.chown(folder.path / "a.yaml", 12345, 23456)
    run(["validate", ".", "--fix"])
    assert ((folder.path / "a.yaml").stat().st_uid, (folder.path / "a.yaml").stat().st_gid) == (12345, 23456)


def test_fix_of_several_edits_is_no_suggestion(folder, capsys):
    folder.write("a.yaml", "integration: console\nname: a\nsettings:\n\tprefix: a\n\tstream: stdout\n")
    run(["validate", ".", "--format", "rdjson"])
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert "suggestions" not in found


def test_carriage_returns_and_byte_order_mark_are_kept(folder):
    folder.write("a.yaml", b"\xef\xbb\xbf" + SLIP.replace("\n", "\r\n").encode())
    run(["validate", ".", "--fix"])
    assert (folder.path / "a.yaml").read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()


def test_link_inside_the_root_stays_a_link(folder):
    folder.write("_shared/a.yaml", SLIP)
    (folder.path / "a.yaml").symlink_to("_shared/a.yaml")
    run(["validate", ".", "--fix"])
    assert (folder.path / "a.yaml").is_symlink()
    assert (folder.path / "_shared" / "a.yaml").read_text() == MENDED


def test_file_behind_a_link_that_was_named_is_not_written(folder, tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text(SLIP)
    (folder.path / "a.yaml").symlink_to(outside)
    assert run(["validate", "a.yaml", "--fix"]) == 1
    assert outside.read_text() == SLIP


def test_folder_that_cannot_be_written_is_said(folder, capsys, monkeypatch):
    folder.write("a.yaml", SLIP)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refuse)  # root may write anywhere, so the mode alone would not do
    assert run(["validate", ".", "--fix"]) == 1
    assert "a.yaml is not fixed: it cannot be written: permission denied" in capsys.readouterr().err
    assert (folder.path / "a.yaml").read_text() == SLIP
    assert os.listdir(folder.path) == ["a.yaml"]


def test_file_named_by_itself_is_fixed(folder):
    folder.write("team/a.yaml", SLIP)
    assert run(["validate", "team/a.yaml", "--fix"]) == 0
    assert (folder.path / "team" / "a.yaml").read_text() == MENDED


def test_summary_as_json_counts_what_was_fixed(folder, capsys):
    folder.write("a.yaml", SLIP + "delivery: {retry_for: 90}\n")
    run(["validate", ".", "--fix", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["summary"] == {
        "files": 1, "configs": 1, "errors": 1, "warnings": 0, "fixable": 0, "fixed": 3, "tests": 0,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["json", "sarif", "rdjson"])
def test_format_carries_the_fix(folder, capsys, form):
    folder.write("a.yaml", SLIP)
    run(["validate", ".", "--format", form])
    value = json.loads(capsys.readouterr().out)
    if form == "json":
        found = next(d for d in value["diagnostics"] if d["rule"] == "unknown-key")["fix"]
        assert found == {
            "message": "write enabled", "applicability": "safe",
            "edits": [{"line": 3, "column": 1, "end_line": 3, "end_column": 8, "text": "enabled"}],
        }  # fmt: skip
    elif form == "sarif":
        (fix,) = next(r for r in value["runs"][0]["results"] if r["ruleId"] == "unknown-key")["fixes"]
        (change,) = fix["artifactChanges"]
        assert change["artifactLocation"]["uri"] == "a.yaml"
        assert change["replacements"] == [
            {
                "deletedRegion": {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 8},
                "insertedContent": {"text": "enabled"},
            }
        ]
    else:
        found = next(d for d in value["diagnostics"] if d["code"]["value"] == "unknown-key")
        assert found["suggestions"] == [
            {"range": {"start": {"line": 3, "column": 1}, "end": {"line": 3, "column": 8}}, "text": "enabled"}
        ]
