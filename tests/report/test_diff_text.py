"""The diff that `--diff` prints: a patch of the old text that gives the new one, found without searching."""

import re
import subprocess

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.findings.hunks import changes, hunks
from reconciler.report.findings.diff_text import diff_text

TEXTS = st.lists(st.sampled_from(["a", "b: 1", "", "  c", "@@", "--- a", "+x", "\\ y"]), max_size=30)
ENDS = st.sampled_from(["", "\n"])


def edited(lines, edits):
    """The lines with some of them written anew: as fixes do, so that none comes or goes."""
    return [edits.get(number, line) for number, line in enumerate(lines)]


def patched(lines, diff):
    """What `patch` makes of a text's lines, each with its line break: written after the format, not after our code."""
    result, at, kept = [], 0, ""
    for line in diff[2:] if diff else []:
        if head := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n", line):
            start = int(head[1]) - (head[2] != "0")
            assert start >= at
            result += lines[at:start]
            at = start
        elif line.startswith("\\"):
            if kept == "-":
                assert not lines[at - 1].endswith("\n")
            else:
                result[-1] = result[-1].removesuffix("\n")
        else:
            kept, text = line[0], line[1:]
            if kept in " -":
                assert lines[at].rstrip("\n") == text.rstrip("\n")
                at += 1
            if kept in " +":
                result.append(text)
    return "".join(result + lines[at:])


def diff_of(before, after):
    return "".join(diff_text("a.yaml", before.encode(), after.encode())).splitlines(keepends=True)


@given(TEXTS, st.dictionaries(st.integers(0, 29), st.sampled_from(["new", "a", ""]), max_size=6), ENDS)
def test_diff_of_a_fix_makes_the_new_text_of_the_old(lines, edits, end):
    before, after = ("\n".join(some) + end for some in (lines, edited(lines, edits)))
    assert patched(before.splitlines(keepends=True), diff_of(before, after)) == after


@given(TEXTS, TEXTS, ENDS, ENDS)
def test_diff_of_any_two_texts_does_so_too(old, new, old_end, new_end):
    before, after = "\n".join(old) + old_end, "\n".join(new) + new_end
    assert patched(before.splitlines(keepends=True), diff_of(before, after)) == after


@given(TEXTS, TEXTS)
def test_every_hunk_says_how_long_it_is_and_none_touches_another(old, new):
    end = 0
    for hunk in hunks(old, new):
        start, length, _, new_length = (
            int(n or 1) for n in re.fullmatch(r"@@ -(\d+),?(\d*) \+(\d+),?(\d*) @@", hunk.head).groups()
        )
        signs = [sign for sign, _ in hunk.lines]
        assert (signs.count(" ") + signs.count("-"), signs.count(" ") + signs.count("+")) == (length, new_length)
        assert start > end or not end
        end = start + length - 1
    assert (old == new) == (not list(hunks(old, new)))


def test_git_applies_it(tmp_path):
    lines = [f"line {number}" for number in range(60)]
    before, after = ("\n".join(some) for some in (lines, edited(lines, {0: "a", 9: "b", 10: "c", 30: "d", 59: "e"})))
    (tmp_path / "a.yaml").write_text(before)
    patch = "".join(diff_of(before, after))
    assert patch.count("@@ -") == 4
    subprocess.run(["git", "apply", "-p0", "-"], cwd=tmp_path, input=patch, text=True, check=True)
    assert (tmp_path / "a.yaml").read_text() == after


def test_many_fixes_in_one_file_cost_no_search():
    old = [f"{'enabled: yes' if number % 8 == 0 else 'a: b'}" for number in range(40_000)]
    new = [line.replace("yes", "true") for line in old]
    assert sum(1 for _ in changes(old, new)) == 5_000
    assert sum(1 for _ in hunks(old, new)) == 5_000
