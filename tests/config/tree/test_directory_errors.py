"""Directory: errors in files remove nothing, duplicates apply nothing, a lost root changes nothing."""

import os
import socket

import pytest

from reconciler.config.tree.directory import RootState

BROKEN = "integration: [\n"


def test_broken_file_keeps_what_it_held(world):
    world.write("a.yaml", "one", "two")
    world.scan()
    world.raw("a.yaml", BROKEN)
    assert world.scan().changed == {"x/one", "x/two"}
    assert world.presence("x/one") == "invalid"
    assert world.directory.snapshot.get("x/one").diagnostics


def test_half_good_file_gives_its_good_documents_and_holds_the_rest(world):
    world.write("a.yaml", "one", "two", "three")
    world.scan()
    world.raw(
        "a.yaml", "integration: x\nname: one\n---\nintegration: x\nname: new\n---\nintegration: x\nname: two\nbad: 1\n"
    )
    world.scan()
    got = {key: world.presence(f"x/{key}") for key in ("one", "new", "two", "three")}
    assert got == {"one": "valid", "new": "valid", "two": "invalid", "three": "invalid"}


def test_mended_file_lets_go_of_what_it_no_longer_has(world):
    world.write("a.yaml", "one", "two")
    world.scan()
    world.raw("a.yaml", BROKEN)
    world.scan()
    world.write("a.yaml", "two")
    world.scan()
    assert (world.presence("x/one"), world.presence("x/two")) == ("absent", "valid")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_emptied_file_removes_nothing(world, text):
    world.write("a.yaml", "one")
    world.scan()
    world.raw("a.yaml", text)
    world.scan()
    assert world.presence("x/one") == "invalid"


def test_known_ids_of_an_earlier_life_are_held_by_a_broken_file(world):
    world.raw("a.yaml", BROKEN)
    world.scan(known={"a.yaml": ["x/one"], "gone.yaml": ["x/two"]})
    assert (world.presence("x/one"), world.presence("x/two")) == ("invalid", "absent")


def test_known_ids_wait_for_a_root_that_comes_later(world):
    world.root.rmdir()
    assert world.scan(known={"a.yaml": ["x/one"]}).root is RootState.MISSING
    world.raw("a.yaml", BROKEN)
    world.scan()
    assert world.presence("x/one") == "invalid"


def test_file_that_comes_back_broken_still_holds_its_ids(world):
    path = world.write("a.yaml", "one")
    world.scan()
    path.unlink()
    world.scan()
    world.raw("a.yaml", BROKEN)
    world.scan()
    assert world.presence("x/one") == "invalid"


def test_absence_while_something_is_being_written_says_recheck(world):
    path = world.write("a.yaml", "one")
    world.scan()
    path.rename(world.root / "b.yaml")
    scan = world.directory.scan()
    assert scan.changed == {"x/one"}
    assert scan.recheck_in == pytest.approx(0.05)


# --- duplicates -----------------------------------------------------------------------------------------------------


def test_two_files_with_one_id_name_each_other(world):
    world.write("a.yaml", "one")
    world.write("b.yaml", "one")
    world.scan()
    assert world.rules == [("duplicate-id", "a.yaml"), ("duplicate-id", "b.yaml")]
    first = world.directory.snapshot.diagnostics[0]
    assert [r.span.file for r in first.related] == ["b.yaml"]
    assert world.directory.snapshot.get("x/one").document is None


def test_two_documents_of_one_file_with_one_id_are_duplicates(world):
    world.write("a.yaml", "one", "one", "two")
    world.scan()
    assert (world.presence("x/one"), world.presence("x/two")) == ("duplicate", "valid")


def test_duplicate_ends_when_one_goes(world):
    world.write("a.yaml", "one")
    world.write("b.yaml", "one").unlink()
    world.write("b.yaml", "one")
    world.scan()
    (world.root / "a.yaml").unlink()
    world.scan()
    assert (world.presence("x/one"), world.rules) == ("valid", [])


def test_id_edited_into_a_duplicate_keeps_the_old_id(world):
    world.write("a.yaml", "one")
    world.write("b.yaml", "two")
    world.scan()
    world.write("b.yaml", "one")
    world.scan()
    assert (world.presence("x/one"), world.presence("x/two")) == ("duplicate", "invalid")
    assert world.directory.snapshot.get("x/two").diagnostics[0].rule == "duplicate-id"
    (world.root / "a.yaml").unlink()
    world.scan()
    assert (world.presence("x/one"), world.presence("x/two")) == ("valid", "absent")


def test_valid_file_wins_over_a_broken_one_that_held_the_id(world):
    world.write("a.yaml", "one")
    world.scan()
    world.raw("a.yaml", BROKEN)
    world.write("b.yaml", "one")
    world.scan()
    assert world.directory.snapshot.get("x/one").file == "b.yaml"


def test_many_duplicates_have_a_bounded_number_of_related_places(world):
    for i in range(100):
        world.write(f"f{i}.yaml", "one")
    world.scan()
    assert len(world.rules) == 100
    assert max(len(d.related) for d in world.directory.snapshot.diagnostics) <= 20


# --- what cannot be read --------------------------------------------------------------------------------------------


def _fifo(path):
    os.mkfifo(path)


def _socket(path):
    server = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        server.bind(path.name)
    finally:
        os.chdir(here)
        server.close()


def _dangling(path):
    path.symlink_to("nowhere.yaml")


def _loop(path):
    path.symlink_to(path.name)


def _outside(path):
    (path.parent.parent / "out.yaml").write_text("integration: x\nname: one\n")
    path.symlink_to("../out.yaml")


def _folder(path):
    path.mkdir()


def _device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_fifo, _socket, _dangling, _loop, _outside, _folder, _device])
def test_file_replaced_by_something_else_is_unreadable_not_absent(world, make):
    path = world.write("a.yaml", "one")
    world.write("b.yaml", "two")
    world.scan()
    path.unlink()
    make(path)
    world.scan()
    assert (world.presence("x/one"), world.presence("x/two")) == ("unreadable", "valid")
    assert world.rules == [("unreadable-file", "a.yaml")]


def test_file_over_the_limit_is_refused_and_held(world):
    path = world.write("a.yaml", "one")
    world.scan()
    with path.open("a") as file:
        file.truncate(1 << 33)
    world.scan()
    assert (world.presence("x/one"), world.rules) == ("invalid", [("file-too-large", "a.yaml")])


def test_link_inside_the_root_is_followed_and_its_target_watched(world):
    target = world.write("_shared/base.yaml", "one")
    (world.root / "a.yaml").symlink_to("_shared/base.yaml")
    world.scan()
    assert world.presence("x/one") == "valid"
    target.write_text("integration: x\nname: two\n")
    world.scan()
    assert world.presence("x/two") == "valid"


def test_target_of_a_link_is_looked_at_whatever_folder_is_hinted_at(world):
    world.write("a/real.yaml.txt", "one")
    world.write("b/x.yaml", "x")
    (world.root / "b" / "a.yaml").symlink_to("../a/real.yaml.txt")
    world.scan()
    world.write("a/real.yaml.txt", "two")
    assert world.scan({"a"}).changed == {"x/one", "x/two"}


def test_link_to_a_folder_is_not_followed(world):
    world.write("real/a.yaml", "one")
    (world.root / "other").symlink_to("real")
    (world.root / "up").symlink_to("..")
    scan = world.scan()
    assert (scan.files, world.rules) == (1, [])


def test_kubernetes_swap_of_data_link_is_seen(world):
    for stamp, name in (("..1", "one"), ("..2", "two")):
        world.write(f"{stamp}/a.yaml", name)
    data = world.root / "..data"
    data.symlink_to("..1")
    (world.root / "a.yaml").symlink_to("..data/a.yaml")
    world.scan()
    (world.root / "..tmp").symlink_to("..2")
    (world.root / "..tmp").rename(data)
    assert world.scan({""}).changed == {"x/one", "x/two"}


def test_name_that_is_not_utf8_is_reported_escaped(world):
    bad = os.fsencode(world.root) + b"/caf\xe9.yaml"
    with open(bad, "w") as file:
        file.write("integration: x\nname: one\n")
    os.mkdir(os.fsencode(world.root) + b"/d\xff")
    world.write("ok.yaml", "ok")
    world.scan()
    assert world.rules == [("file-name", "caf\\xe9.yaml"), ("file-name", "d\\xff")]
    assert list(world.directory.snapshot.desired) == ["x/ok"]


def test_name_with_a_line_feed_is_reported_escaped(world):
    world.write("a\nb.yaml", "one")
    world.scan()
    assert world.rules == [("file-name", "a\\x0ab.yaml")]


def test_non_ascii_name_is_fine(world):
    world.write("größe 📦.yaml", "one")
    world.scan()
    assert world.directory.snapshot.get("x/one").file == "größe 📦.yaml"


@pytest.mark.skipif(os.getuid() != 0, reason="gives up root's rights")
def test_permission_denied_is_unreadable_and_heals(world, as_nobody):
    path = world.write("a.yaml", "one")
    world.write("sub/b.yaml", "two")
    open_up(world.root)
    os.chown(world.root / "a.yaml", 65534, 65534)
    os.chown(world.root / "sub", 65534, 65534)

    def inside():
        world.scan()
        path.chmod(0)
        (world.root / "sub").chmod(0)
        world.scan()
        lost = world.presence("x/one"), world.presence("x/two")
        path.chmod(0o600)
        (world.root / "sub").chmod(0o755)
        world.scan()
        return lost, world.presence("x/one"), world.presence("x/two"), len(world.rules)

    assert as_nobody(inside) == "(('unreadable', 'unreadable'), 'valid', 'valid', 0)"


@pytest.mark.skipif(os.getuid() != 0, reason="gives up root's rights")
def test_folder_without_permission_holds_known_ids(world, as_nobody):
    world.write("sub/b.yaml", "two")
    open_up(world.root)
    (world.root / "sub").chmod(0o700)

    def inside():
        world.scan(known={"sub/b.yaml": ["x/two"], "sub/deep/c.yaml": ["x/three"]})
        return world.presence("x/two"), world.presence("x/three"), world.rules

    assert as_nobody(inside) == "('unreadable', 'unreadable', [('unreadable-file', 'sub')])"


def open_up(path):
    """Let another user reach `path`: pytest's folders are for their owner alone."""
    for folder in (path, *path.parents[:-2]):
        folder.chmod(0o755)


# --- the root -------------------------------------------------------------------------------------------------------


def test_missing_root_changes_nothing(world):
    world.write("a.yaml", "one")
    world.scan()
    world.root.rename(world.base / "away")
    scan = world.scan()
    assert (scan.root, scan.changed, world.presence("x/one")) == (RootState.MISSING, frozenset(), "valid")


def test_root_that_is_a_file_is_unreadable(world):
    world.root.rmdir()
    world.root.write_text("")
    assert world.scan().root is RootState.UNREADABLE


def test_root_swapped_for_an_empty_one_changes_nothing(world):
    world.write("a.yaml", "one")
    world.scan()
    world.root.rename(world.base / "away")
    world.root.mkdir()
    assert world.scan({"a"}).root is RootState.SWAPPED_EMPTY
    assert world.presence("x/one") == "valid"


def test_emptied_root_is_still_the_root(world):
    path = world.write("a.yaml", "one")
    world.scan()
    path.unlink()
    scan = world.scan()
    assert (scan.root, scan.changed) == (RootState.OK, {"x/one"})


def test_root_link_that_flips_is_followed(world):
    for name in ("v1", "v2"):
        (world.base / name / "sub").mkdir(parents=True)
        (world.base / name / "sub" / "same.yaml").write_text("integration: x\nname: same\n")
    (world.base / "v2" / "new.yaml").write_text("integration: x\nname: new\n")
    world.root.rmdir()
    world.root.symlink_to("v1")
    world.scan()
    world.validator.checked.clear()
    world.root.unlink()
    world.root.symlink_to("v2")
    assert world.scan({"sub"}).changed == {"x/new"}
    assert world.validator.checked == ["new.yaml"]


@pytest.mark.skipif(os.getuid() != 0, reason="gives up root's rights")
def test_root_without_permission_stays_lost_until_all_of_it_is_listed(world, as_nobody):
    world.write("a.yaml", "one")
    open_up(world.root)
    os.chown(world.root, 65534, 65534)

    def inside():
        world.scan()
        world.root.chmod(0)
        states = [world.directory.scan(folders).root.value for folders in (None, (), ("elsewhere",))]
        world.root.chmod(0o755)
        return states, world.directory.scan(()).root.value, world.presence("x/one")

    assert as_nobody(inside) == "(['unreadable', 'unreadable', 'unreadable'], 'ok', 'valid')"
