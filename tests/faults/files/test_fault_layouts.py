"""How deployments lay a directory out and change it: every way ends live, and costs no call that was not asked for."""

import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.slow


def test_git_sync_flips_its_link_and_removes_the_old_tree(site, text):
    trees = site.base / "trees"
    for tree, channel in (("rev1", "old"), ("rev2", "new")):
        (trees / tree / "team").mkdir(parents=True)
        (trees / tree / "same.yaml").write_text(text("same"))
        (trees / tree / "team" / "changed.yaml").write_text(text("changed", channel=channel))
    (trees / "rev1" / "gone.yaml").write_text(text("gone"))
    (trees / "rev2" / "added.yaml").write_text(text("added"))
    site.root.rmdir()
    site.root.symlink_to("trees/rev1")
    site.start()
    site.diary.clear()
    (site.base / "tmp-link").symlink_to("trees/rev2")
    (site.base / "tmp-link").rename(site.root)
    shutil.rmtree(trees / "rev1")
    site.wait_active("added", "changed", "same")
    assert sorted(site.diary) == ["+added", "-gone", "~changed {'channel': 'new'}"]
    (trees / "rev2" / "team" / "changed.yaml").write_text(text("changed", channel="newer"))
    site.wait(lambda: site.diary[-1] == "~changed {'channel': 'newer'}")


def test_git_sync_flips_ten_times_and_the_last_tree_is_live(site, text):
    site.root.rmdir()
    for number in range(10):
        tree = site.base / f"rev{number}"
        tree.mkdir()
        (tree / "a.yaml").write_text(text("a", channel=f"c{number}"))
        (site.base / "tmp-link").symlink_to(tree.name)
        (site.base / "tmp-link").rename(site.root)
        if number == 0:
            site.start()
        else:
            shutil.rmtree(site.base / f"rev{number - 1}")
    site.wait(lambda: site.diary[-1] == "~a {'channel': 'c9'}" and site.engine.idle)
    assert "-a" not in site.diary


def test_config_map_swaps_its_data_link(site, text):
    for stamp, channel in (("..2026_1", "old"), ("..2026_2", "new")):
        (site.root / stamp).mkdir()
        for name in ("same", "changed"):
            (site.root / stamp / f"{name}.yaml").write_text(text(name, channel=channel if name == "changed" else "c"))
    (site.root / "..2026_2" / "added.yaml").write_text(text("added"))
    (site.root / "..data").symlink_to("..2026_1")
    for name in ("same", "changed"):
        (site.root / f"{name}.yaml").symlink_to(f"..data/{name}.yaml")
    site.start()
    site.wait_active("changed", "same")
    site.diary.clear()
    (site.root / "..data_tmp").symlink_to("..2026_2")
    (site.root / "..data_tmp").rename(site.root / "..data")
    (site.root / "added.yaml").symlink_to("..data/added.yaml")
    shutil.rmtree(site.root / "..2026_1")
    site.wait_active("added", "changed", "same")
    assert sorted(site.diary) == ["+added", "~changed {'channel': 'new'}"]


def vim_backup(path, content):
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_text(content)
    backup.unlink()


def vim_itself(path, content):
    if shutil.which("vim") is None:
        pytest.skip("there is no vim here")
    command = [
        "vim",
        "-u",
        "NONE",
        "-es",
        "-c",
        "set backup writebackup backupcopy=no",
        "-c",
        "%s/old/new/",
        "-c",
        "wq",
    ]
    subprocess.run([*command, str(path)], check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    path.with_name(path.name + "~").unlink(missing_ok=True)


def emacs(path, content):
    lock = path.with_name(f".#{path.name}")
    lock.symlink_to("someone@host.1234:1700000000")
    (path.with_name(f"#{path.name}#")).write_text(content[:10])
    path.rename(path.with_name(path.name + "~"))
    path.write_text(content)
    (path.with_name(f"#{path.name}#")).unlink()
    lock.unlink()


def sed(path, content):
    subprocess.run(["sed", "-i", "s/old/new/", str(path)], check=True)


def replace(path, content):
    fresh = path.with_name(f"{path.name}.tmp.{os.getpid()}")
    fresh.write_text(content)
    os.replace(fresh, path)


def replace_by_a_yaml(path, content):
    fresh = path.with_name(f"tmp{os.getpid()}.yaml")
    fresh.write_text(content)
    os.replace(fresh, path)


def truncate_and_write(path, content):
    path.write_text(content)


@pytest.mark.parametrize(
    "edit",
    [vim_backup, vim_itself, emacs, sed, replace, replace_by_a_yaml, truncate_and_write],
    ids=lambda f: f.__name__,
)
def test_every_editor_ends_in_one_change(site, text, edit):
    site.write("a", "b", channel="old")
    site.start()
    site.diary.clear()
    with site.clock.at_once():
        edit(site.root / "a.yaml", text("a", channel="new"))
    site.wait(lambda: site.diary and site.engine.idle)
    site.settled()
    assert site.diary == ["~a {'channel': 'new'}"]
    assert site.active() == ["a", "b"]


def test_file_that_is_moved_with_the_same_id_costs_no_call(site):
    site.write("a", "b")
    (site.root / "team").mkdir()
    site.start()
    site.diary.clear()
    (site.root / "a.yaml").rename(site.root / "renamed.yaml")
    (site.root / "b.yaml").rename(site.root / "team" / "b.yaml")
    site.wait(lambda: {site.status("a").file, site.status("b").file} == {"renamed.yaml", "team/b.yaml"})
    site.marked()
    (site.root / "team").rename(site.root / "crew")
    site.wait(lambda: site.status("b").file == "crew/b.yaml")
    site.marked()
    assert site.diary == []
    assert site.active() == ["a", "b"]


def test_documents_that_move_between_files_cost_no_call(site, text):
    (site.root / "a.yaml").write_text(text("a") + "---\n" + text("b"))
    (site.root / "c.yaml").write_text(text("c"))
    site.start()
    site.diary.clear()
    with site.clock.at_once():
        (site.root / "a.yaml").write_text(text("a"))
        (site.root / "c.yaml").write_text(text("c") + "---\n" + text("b"))
    site.wait(lambda: site.status("b").file == "c.yaml")
    site.marked()
    assert site.diary == []


def test_id_that_is_changed_in_place_is_removed_before_it_is_added(site, text):
    (site.root / "a.yaml").write_text(text("old", port=80))
    site.start()
    site.diary.clear()
    (site.root / "a.yaml").write_text(text("new", port=80))
    site.wait_active("new")
    assert site.diary == ["-old", "close 80", "+new {'port': 80}", "open 80"]
