"""Watcher: every kind of change that deployments make gives a hint, and what is none of ours gives none."""

import os
import shutil
import threading
import time

import pytest


def settle(hints, root):
    """Make a change that is hinted at last, so that what was to come before it has come."""
    (root / "zz-last.yaml").write_text("z")
    hints.wait(lambda h: any(f is None or "" in f for f in h.all))


def test_edit_hints_at_its_folder_alone(root, watch, hints):
    (root / "team" / "b.yaml").write_text("b")
    watch(root)
    (root / "team" / "b.yaml").write_text("b2")
    hints.wait_for("team")
    assert hints.folders() == {"team"}


@pytest.mark.parametrize("change", ["create", "rename", "move in", "delete", "chmod"])
def test_change_of_a_file_hints_at_its_folder(root, watch, hints, tmp_path, change):
    (tmp_path / "other.yaml").write_text("o")
    file = root / "a.yaml"
    watch(root)
    if change == "create":
        (root / "b.yml").write_text("b")
    elif change == "rename":
        file.rename(root / "c.yaml")
    elif change == "move in":
        (tmp_path / "other.yaml").rename(file)
    elif change == "delete":
        file.unlink()
    else:
        file.chmod(0o600)
    hints.wait_for("")


def test_file_of_another_kind_gives_no_hint(root, watch, hints):
    watch(root)
    (root / "team" / "state.db-wal").write_text("x")
    (root / "team" / "notes.txt").write_text("x")
    (root / ".git").mkdir()
    (root / ".git" / "x.yaml").write_text("x")
    settle(hints, root)
    assert hints.folders() == {""}


def test_writes_beside_the_root_give_no_hint(root, watch, hints, tmp_path):
    watch(root)
    (tmp_path / ".reconcile").mkdir()
    (tmp_path / "state.yaml").write_text("x")
    (tmp_path / ".reconcile" / "state.db").write_text("x")
    settle(hints, root)
    assert hints.all
    assert None not in hints.all
    assert hints.folders() == {""}


def test_new_folder_is_hinted_at_and_watched(root, watch, hints):
    watch(root)
    (root / "new" / "er").mkdir(parents=True)
    (root / "new" / "er" / "a.yaml").write_text("a")
    hints.wait_for("new/er")
    hints.clear()
    (root / "new" / "er" / "a.yaml").write_text("b")
    hints.wait_for("new/er")


def test_folder_moved_in_and_out_is_hinted_at(root, watch, hints, tmp_path):
    (tmp_path / "out" / "sub").mkdir(parents=True)
    (tmp_path / "out" / "sub" / "a.yaml").write_text("a")
    watch(root)
    (tmp_path / "out").rename(root / "in")
    hints.wait_for("in/sub")
    hints.clear()
    (root / "in").rename(tmp_path / "out")
    hints.wait_for("")
    hints.clear()
    (root / "in").mkdir()
    hints.wait_for("in")
    hints.clear()
    (root / "in" / "a.yaml").write_text("a")
    hints.wait_for("in")


def test_deleted_tree_is_hinted_at(root, watch, hints):
    watch(root)
    shutil.rmtree(root / "team")
    hints.wait_for("")


def test_kubernetes_data_link_swap_is_hinted_at(root, watch, hints):
    for stamp in ("..1", "..2"):
        (root / stamp).mkdir()
        (root / stamp / "k.yaml").write_text(stamp)
    (root / "..data").symlink_to("..1")
    (root / "k.yaml").symlink_to("..data/k.yaml")
    watch(root)
    (root / "..data_tmp").symlink_to("..2")
    (root / "..data_tmp").rename(root / "..data")
    hints.wait_for("")


def test_root_link_that_flips_is_followed(tmp_path, watch, hints):
    for name in ("v1", "v2"):
        (tmp_path / "trees" / name / "sub").mkdir(parents=True)
    link = tmp_path / "links" / "current"
    link.parent.mkdir()
    link.symlink_to("../trees/v1")
    watch(link)
    (tmp_path / "links" / "tmp").symlink_to("../trees/v2")
    (tmp_path / "links" / "tmp").rename(link)
    hints.wait_for_everything()
    hints.clear()
    (tmp_path / "trees" / "v2" / "sub" / "a.yaml").write_text("a")
    hints.wait_for("sub")


def test_root_removed_and_made_again_is_followed(root, watch, hints):
    watch(root)
    shutil.rmtree(root)
    hints.wait_for_everything()
    hints.clear()
    root.mkdir()
    hints.wait_for_everything()
    hints.clear()
    (root / "a.yaml").write_text("a")
    hints.wait_for("")


def test_root_that_comes_later_with_its_parents_is_followed(tmp_path, watch, hints):
    root = tmp_path / "not" / "yet" / "there"
    watch(root)
    root.mkdir(parents=True)
    hints.wait_for_everything()
    (root / "a.yaml").write_text("a")
    hints.wait_for("")


def test_folder_above_that_is_renamed_is_noticed(tmp_path, watch, hints):
    root = tmp_path / "x" / "y" / "configs"
    root.mkdir(parents=True)
    watch(root)
    (tmp_path / "x").rename(tmp_path / "z")
    hints.wait_for_everything()


def test_name_that_is_not_utf8_does_not_end_the_watch(root, watch, hints):
    watcher = watch(root)
    os.close(os.open(os.fsencode(root) + b"/caf\xe9.yaml", os.O_CREAT))
    os.mkdir(os.fsencode(root) + b"/d\xff")
    hints.wait_for_everything()
    hints.clear()
    (root / "team" / "b.yaml").write_text("b")
    hints.wait_for("team")
    assert not watcher.is_polling


def test_link_to_the_whole_system_is_not_followed(root, watch, hints):
    (root / "all").symlink_to("/")
    watcher = watch(root)
    assert len(watcher._watched) == 3


def test_settings_file_hints_at_everything(root, watch, hints):
    watch(root)
    (root / "reconcile.toml").write_text("")
    hints.wait_for_everything()


def test_schema_that_the_settings_may_name_hints_at_its_folder(root, watch, hints):
    watch(root)
    (root / "team" / "slack.json").write_text("{}")
    hints.wait_for("team")


def test_burst_gives_few_hints(root, watch, hints):
    watch(root)
    began = time.monotonic()
    for i in range(300):
        (root / "team" / f"f{i}.yaml").write_text("x")
    (root / "a.yaml").write_text("last")
    hints.wait_for("")
    assert len(hints.all) < 20 + (time.monotonic() - began) / 0.025


def test_where_nothing_can_be_watched_everything_is_hinted_at_regularly(root, watch, hints):
    def refuse(folders):
        raise OSError("no")

    watcher = watch(root, poll=0.01, notify_of=refuse)
    hints.wait(lambda h: h.all.count(None) >= 3)
    assert watcher.is_polling


def test_stopped_watcher_hints_no_more(root, watch, hints):
    watcher = watch(root)
    watcher.stop()
    watcher.stop()
    (root / "a.yaml").write_text("b")
    assert not watcher._thread.is_alive()
    assert hints.all == []


@pytest.mark.parametrize("folder", ["", "team", "team/deep"])
def test_folder_whose_permissions_change_is_listed_itself(root, watch, hints, folder):
    watch(root)
    (root / folder).chmod(0o700)
    hints.wait_for(folder)
    hints.clear()
    (root / folder / "z.yaml").write_text("z")
    hints.wait_for(folder)


def test_flood_of_changes_hints_at_everything(root, watch, hints):
    files = [root / f"junk{i}.txt" for i in range(2500)]
    for path in files:
        path.touch()
    watcher = watch(root)
    watcher._flood = 50  # what one batch holds depends on the machine
    for path in files:
        path.chmod(0o600)
    hints.wait_for_everything()


def test_root_is_looked_at_while_its_neighbours_are_busy(tmp_path, watch, hints):
    root = tmp_path / "x" / "y" / "configs"
    root.mkdir(parents=True)
    watch(root)
    done = threading.Event()

    def busy():
        while not done.wait(0.01):
            (tmp_path / "z" / "y" / "neighbour.txt").write_text("x")

    (tmp_path / "x").rename(tmp_path / "z")
    thread = threading.Thread(target=busy)
    thread.start()
    try:
        hints.wait_for_everything()
    finally:
        done.set()
        thread.join()
