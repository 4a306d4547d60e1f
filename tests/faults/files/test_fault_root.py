"""The root itself: emptied, deleted, unmounted, swapped, made again. The guard holds, and no restart is needed."""

import logging
import shutil

import pytest

pytestmark = pytest.mark.slow

NAMES = [f"n{i}" for i in range(8)]


@pytest.fixture
def full(site):
    """A site of eight configurations that runs."""
    site.write(*NAMES)
    site.start()
    site.diary.clear()
    return site


def is_lost(site):
    return any("what runs keeps running" in alarm for alarm in site.engine.alarms())


def presence(site, name):
    return site.engine._directory.snapshot.get(f"diary/{name}").presence.value


def live_again(site):
    """Prove that an edit is followed again, quickly, and that nothing was called meanwhile."""
    site.wait(lambda: not is_lost(site) and site.engine.status().held == 0 and site.engine.idle)
    assert site.diary == []
    site.write("n0", channel="after")
    site.wait(lambda: site.diary == ["~n0 {'channel': 'after'}"])
    assert site.active() == sorted(NAMES)


def test_emptied_root_is_held_and_refilled_without_a_call(full):
    with full.clock.at_once():
        for name in NAMES:
            (full.root / f"{name}.yaml").unlink()
    full.wait(lambda: full.engine.status().held == 8)
    assert full.active() == sorted(NAMES)
    full.write(*NAMES)
    live_again(full)


def test_emptied_root_goes_once_it_is_approved(full):
    with full.clock.at_once():
        for name in NAMES:
            (full.root / f"{name}.yaml").unlink()
    full.wait(lambda: full.engine.status().held == 8)
    assert full.engine.approve(full.engine.status().held_digest, "a test")
    full.wait(lambda: full.active() == [] and full.engine.idle)
    assert full.diary[-1] == "shutdown"


def test_deleted_root_is_held_and_comes_back_with_all_its_files(full):
    with full.clock.at_once():
        shutil.rmtree(full.root)
    full.wait(lambda: is_lost(full))
    assert full.active() == sorted(NAMES)
    full.write(*NAMES)
    live_again(full)


def test_root_deleted_with_its_parents_comes_back(site_type, tmp_path):
    (tmp_path / "x" / "y").mkdir(parents=True)
    site = site_type(tmp_path / "x" / "y")
    site.state_dir = tmp_path / "state"
    site.write(*NAMES)
    site.start()
    site.diary.clear()
    try:
        (tmp_path / "x").rename(tmp_path / "gone")
        site.wait(lambda: is_lost(site))
        site.write(*NAMES)
        live_again(site)
    finally:
        site.stop()


def test_root_made_again_empty_is_held_and_filled_slowly(full):
    with full.clock.at_once():
        shutil.rmtree(full.root)
    full.wait(lambda: is_lost(full))
    full.root.mkdir()
    full.wait(lambda: any("empty" in alarm for alarm in full.engine.alarms()))
    assert full.active() == sorted(NAMES)
    for name in NAMES:
        full.write(name)
        full.wait(lambda name=name: presence(full, name) == "valid")
    live_again(full)


def test_small_root_that_is_filled_slowly_flaps_nothing(site):
    site.write("a", "b", "c")
    site.start()
    site.diary.clear()
    with site.clock.at_once():
        shutil.rmtree(site.root)
    site.wait(lambda: is_lost(site))
    for name in ("a", "b", "c"):
        site.write(name)
        site.wait(lambda name=name: presence(site, name) == "valid")
    assert site.active() == ["a", "b", "c"]
    assert site.diary == []


def test_root_that_becomes_a_file_is_held_and_comes_back(full):
    full.root.rename(full.base / "away")
    full.root.write_text("")
    full.wait(lambda: is_lost(full))
    full.root.unlink()
    (full.base / "away").rename(full.root)
    live_again(full)


def test_link_flipped_to_an_empty_tree_is_held_and_flips_back(site):
    site.root.rename(site.base / "rev1")
    site.root.symlink_to("rev1")
    site.write(*NAMES)
    site.start()
    site.diary.clear()
    (site.base / "rev2").mkdir()
    for target in ("rev2", "nowhere", "rev1"):
        (site.base / "tmp-link").symlink_to(target)
        (site.base / "tmp-link").rename(site.root)
        site.wait(lambda target=target: is_lost(site) == (target != "rev1"))
        assert site.active() == sorted(NAMES)
    live_again(site)


def test_unmounted_root_is_held_and_mounted_again(site, mount, umount):
    mount(site.root, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    site.write(*NAMES)
    site.start()
    site.diary.clear()
    umount(site.root)
    site.wait(lambda: is_lost(site))
    assert site.active() == sorted(NAMES)
    mount(site.root, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    site.write(*NAMES)
    live_again(site)


def test_folder_mounted_upon_the_root_hides_it_and_gives_it_back(full, mount, umount):
    mount(full.root, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    full.wait(lambda: is_lost(full))
    umount(full.root)
    live_again(full)


def test_start_without_a_root_runs_what_was_good_and_takes_the_root_when_it_comes(full):
    full.stop()
    full.diary.clear()
    full.root.rename(full.base / "away")
    full.start()
    assert full.active() == sorted(NAMES)
    assert is_lost(full)
    full.diary.clear()
    (full.base / "away").rename(full.root)
    live_again(full)


def test_root_swapped_for_an_empty_one_while_nothing_ran_is_lost(site):
    site.write("one")
    site.start()
    site.stop()
    site.root.rename(site.root.with_name("old"))
    site.root.mkdir()
    site.start()
    site.wait(lambda: is_lost(site) and site.active() == ["one"])
    site.write("one", "two")
    site.wait(lambda: not is_lost(site) and site.active() == ["one", "two"])


def test_file_deleted_while_nothing_ran_is_gone_and_that_is_said(site, caplog):
    site.write("one")
    site.start()
    site.stop()
    (site.root / "one.yaml").unlink()
    caplog.set_level(logging.INFO)
    site.start()
    site.wait(lambda: "diary/one: its file is gone" in caplog.text)
    site.wait(lambda: site.engine.idle and not sum(site.engine.status().configs.values()))
    assert not is_lost(site)
