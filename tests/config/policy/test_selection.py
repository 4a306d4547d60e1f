"""Which warnings are reported: flags, `reconcile.toml`, comments; errors always are."""

import pytest

from reconciler.config.run.run import RunOptions, validate_text
from reconciler.config.run.suppressions import find_suppressions
from reconciler.core.findings.selection import Selection, refusal
from reconciler.model.rules import ADVICE, RULES

WARNS = "integration: console\nname: x\ndelivery:\n  rate: 1/s\n  fallback: console/y\n"


@pytest.fixture
def found(root):
    root.write("x.yaml", WARNS)

    def check(**selection):
        return [d.rule for d in root.check(**selection).diagnostics]

    return check


@pytest.mark.parametrize(
    ("flags", "reported"),
    [
        ({}, ["ignored-setting", "dangling-fallback"]),
        ({"ignore": ("ignored-setting",)}, ["dangling-fallback"]),
        ({"select": ("ignored-setting",)}, ["ignored-setting"]),
        ({"select": ()}, []),
        ({"select": ("ignored-setting",), "ignore": ("ignored-setting",)}, []),
    ],
)
def test_warnings_are_chosen(found, flags, reported):
    assert found(**flags) == reported


def test_errors_are_reported_whatever_is_selected(root):
    root.write("x.yaml", WARNS + "nme: x\n")
    assert [d.rule for d in root.check(select=(), ignore=("unknown-key",)).diagnostics] == ["unknown-key"]


def test_settings_choose_and_flags_beat_them(root, found):
    root.policy('[validate]\nignore = ["ignored-setting"]\n')
    assert found() == ["dangling-fallback"]
    assert found(ignore=("dangling-fallback",)) == ["ignored-setting"]


@pytest.mark.parametrize(("settings", "flag", "failed"), [
    ("", None, False), ("strict = true", None, True), ("strict = true", False, False), ("strict = false", True, True),
    ('strict = true\nignore = ["ignored-setting", "dangling-fallback"]', None, False),
])  # fmt: skip
def test_warnings_fail_a_strict_run(root, settings, flag, failed):
    root.write("x.yaml", WARNS)
    root.policy(f"[validate]\n{settings}\n")
    assert root.check(strict=flag).failed is failed


def test_each_root_has_settings_of_its_own(root):
    for name in ("configs/one", "configs/two"):
        (root.base / name).mkdir()
        (root.base / name / "x.yaml").write_text(WARNS)
    (root.base / "configs/one/reconcile.toml").write_text('[validate]\nselect = ["ignored-setting"]\n')
    found = root.check("configs/one", "configs/two").diagnostics
    assert [(d.span.file, d.rule) for d in found] == [
        ("configs/one/x.yaml", "ignored-setting"),
        ("configs/two/x.yaml", "ignored-setting"),
        ("configs/two/x.yaml", "dangling-fallback"),
    ]


@pytest.mark.parametrize(
    ("key", "rule", "words"),
    [
        ("ignore", "ignored-settin", ("no rule", "did you mean `ignored-setting`?")),
        ("select", "nothing-like-it", ("no rule", "known are")),
        ("ignore", "wrong-type", ("cannot be ignored", "only warnings can")),
        ("ignore", "policy", ("cannot be ignored", "only warnings can")),
    ],
)
def test_rule_that_cannot_be_chosen_is_refused(key, rule, words):
    for said, word in zip(refusal(key, rule), words, strict=True):
        assert word in said


def test_every_other_rule_can_be_chosen():
    assert [rule for rule in RULES if refusal("select", rule)] == []
    assert [rule for rule in ADVICE if refusal("ignore", rule)] == []


# --- comments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "  rate: 1/s  # reconcile: ignore[ignored-setting]\n",
        "  rate: 1/s #reconcile:ignore[ ignored-setting ] since we know\n",
        "  rate: 1/s  # known  # reconcile: ignore[ignored-setting]\n",
        "  # reconcile: ignore[ignored-setting]\n  rate: 1/s\n",
        "  # reconcile: ignore[ignored-setting]\n  # and why\n\n  rate: 1/s\n",
        "  # reconcile: ignore[ignored-setting, ignored-setting]\r\n  rate: 1/s\r\n",
    ],
)
def test_comment_keeps_a_warning_out(root, text):
    root.write("x.yaml", "").write_bytes(b"\xef\xbb\xbfintegration: console\nname: x\ndelivery:\n" + text.encode())
    assert root.check().diagnostics == ()


@pytest.mark.parametrize(
    "text",
    [
        "  rate: 1/s\n  retry_for: 1h  # reconcile: ignore[ignored-setting]\n",
        "  rate: 1/s\n  # reconcile: ignore[ignored-setting]\n",
        "  rate: 1/s  # reconcile: ignore\n",
        "  rate: 1/s  # reconcile: ignore[ignored-settin]\n",
        "  rate: 1/s  # reconcile: ignore[wrong-type]\n",
        "  rate: 1/s  # reconcile: ignore[]\n",
    ],
)
def test_comment_that_changes_nothing_is_a_warning(root, text):
    root.write("x.yaml", "integration: console\nname: x\ndelivery:\n" + text)
    assert sorted(d.rule for d in root.check().diagnostics) == ["ignored-setting", "unused-suppression"]


@pytest.mark.parametrize(
    "text",
    [
        'description: "a  # reconcile: ignore[x]"\n',
        "description: 'a\n  # reconcile: ignore[x]\n  b'\n",
        "description: |\n  # reconcile: ignore[x]\n",
        "description: >-\n  a\n\n  # reconcile: ignore[x]\n  b\n",
        "description: a#reconcile:ignore[x]\n",
        "labels: {a: '# reconcile: ignore[x]'}\n",
        "message:\n  text: |+\n\n    # reconcile: ignore[x]\n\n",
        "# reconciled: ignore[x]\n",
    ],
)
def test_text_that_looks_like_a_comment_is_none(text):
    assert find_suppressions(f"integration: console\nname: x\n{text}".encode(), "x.yaml") == []


def test_comment_behind_the_head_of_a_block_is_one():
    (found,) = find_suppressions(b"a: 1\nb: |  # reconcile: ignore[x]\n  text\n", "x.yaml")
    assert (found.covers, found.span.column) == (2, 7)


def test_comment_does_not_hide_an_error(root):
    root.write("x.yaml", "integration: console\nname: X  # reconcile: ignore[invalid-name]\n")
    result = root.check()
    assert ([d.rule for d in result.diagnostics], result.failed) == (["invalid-name", "unused-suppression"], True)


def test_comment_covers_what_other_files_have_to_do_with_it(root):
    path = root.write("x.yaml", WARNS.replace("y\n", "y # reconcile: ignore[dangling-fallback]\n"))
    assert [d.rule for d in root.check(ignore=("ignored-setting",)).diagnostics] == []
    # Alone, the other files are not known: then nobody says that the comment is of no use.
    assert [d.rule for d in root.check(str(path), ignore=("ignored-setting",)).diagnostics] == []


def test_comment_for_a_warning_that_is_not_wanted_is_in_use(root):
    root.write("x.yaml", WARNS.replace("1/s\n", "1/s # reconcile: ignore[ignored-setting]\n"))
    assert [d.rule for d in root.check(ignore=("ignored-setting",)).diagnostics] == ["dangling-fallback"]


@pytest.mark.parametrize(
    "data", [b"[" * 100_000 + b" # reconcile: ignore[x]", b"a: [\n# reconcile: ignore[x]\n", b"\xff# reconcile: ignore"]
)
def test_comment_in_what_is_no_yaml_is_left_alone(data):
    assert find_suppressions(data, "x.yaml") == []


# --- a text that stands in no file ----------------------------------------------------------------------------------


def test_text_is_judged_as_the_file_that_it_will_be(root):
    root.policy('[[folder]]\npath = "team-a"\nname_prefix = "a-"\n[validate]\nignore = ["ignored-setting"]\n')
    result = validate_text(WARNS.encode(), "configs/team-a/new.yaml", RunOptions(directory=root.base / "configs"))
    assert [(d.rule, d.span.file, d.span.line) for d in result.diagnostics] == [
        ("policy", "configs/team-a/new.yaml", 2)
    ]


@pytest.mark.parametrize(
    ("name", "files"), [("configs/_x.yaml", 0), ("configs/_x.test.yaml", 0), ("configs/x.yaml", 1)]
)
def test_text_of_a_file_that_is_skipped_is_skipped(root, name, files):
    assert validate_text(b"", name, RunOptions()).files == files


def test_text_of_settings_is_checked_as_such(root):
    result = validate_text(b"[limts]\n", "configs/reconcile.toml", RunOptions())
    assert [(d.rule, d.span.file) for d in result.diagnostics] == [("unknown-key", "configs/reconcile.toml")]


def test_text_beyond_the_limit_is_refused(root):
    result = validate_text(b"#" * ((1 << 20) + 1), "configs/x.yaml", RunOptions(selection=Selection()))
    assert [d.rule for d in result.diagnostics] == ["file-too-large"]
