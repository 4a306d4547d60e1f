"""Folders are listed once at a start; one that comes before the watch could tell of it is watched all the same."""

import os

import pytest

from reconciler.runtime.watch.watch_paths import find_beneath
from reconciler.runtime.watch.watcher import _new_notify

LONG_AGO = 10**18


@pytest.fixture
def old(root):
    """The root, none of whose folders has changed for long."""
    for folder in (root / "team" / "deep", root / "team", root):
        os.utime(folder, ns=(LONG_AGO, LONG_AGO))
    return root


def test_folders_that_have_not_changed_for_long_stand(old):
    beneath = find_beneath(str(old))
    assert beneath.folders == {str(old), str(old / "team"), str(old / "team" / "deep")}
    assert beneath.stands


@pytest.mark.parametrize("change", ["make", "remove", "replace"])
def test_changed_folder_does_not_stand(old, change):
    beneath = find_beneath(str(old))
    if change != "make":
        (old / "team" / "deep").rmdir()
    if change != "remove":
        (old / "team" / "late").mkdir()
    assert not beneath.stands


def test_folder_of_which_a_stamp_says_nothing_yet_does_not_stand(root):
    assert not find_beneath(str(root)).stands


def test_folder_that_cannot_be_listed_does_not_stand(old):
    beneath = find_beneath(str(old / "a.yaml"))
    assert (beneath.folders, beneath.stands) == (set(), False)


@pytest.mark.parametrize("age", ["long ago", "just now", "just now, by the same tick"])
def test_folder_made_while_the_watch_begins_is_watched(old, watch, hints, age):
    if age != "long ago":
        os.utime(old)
    stamp = old.stat().st_mtime_ns

    def begin(folders):
        (old / "late").mkdir(exist_ok=True)
        if age == "just now, by the same tick":
            os.utime(old, ns=(stamp, stamp))
        return _new_notify(folders)

    watch(old, notify_of=begin)
    (old / "late" / "b.yaml").write_text("b")
    hints.wait_for("late")
