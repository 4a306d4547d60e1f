"""Directory: what a scan reads and what it says has changed."""

import os


def test_first_scan_names_every_id(world):
    world.write("a.yaml", "one")
    world.write("deep/er/b.yml", "two", "three")
    assert world.scan().changed == {"x/one", "x/two", "x/three"}


def test_second_scan_of_the_same_reads_nothing(world):
    world.write("a.yaml", "one")
    world.scan()
    scan = world.scan()
    assert (scan.read, scan.changed, scan.files) == (0, frozenset(), 1)


def test_one_edit_among_many_parses_one_file(world):
    for i in range(300):
        world.write(f"team{i % 7}/f{i}.yaml", f"n{i}")
    world.scan()
    world.validator.checked.clear()
    world.write("team0/f0.yaml", "n0", extra="enabled: false\n")
    scan = world.scan({"team0"})
    assert (scan.read, scan.changed, world.validator.checked) == (1, {"x/n0"}, ["team0/f0.yaml"])


def test_unlisted_folder_is_not_looked_at(world):
    world.write("a/a.yaml", "one")
    world.write("b/b.yaml", "two")
    world.scan()
    world.write("b/b.yaml", "three")
    assert not world.scan({"a"}).changed


def test_touch_chmod_and_rewrite_change_nothing(world):
    path = world.write("a.yaml", "one")
    world.scan()
    os.utime(path, (1, 1))
    path.chmod(0o600)
    world.write("a.yaml", "one")
    assert not world.scan().changed


def test_reformatted_file_changes_nothing(world):
    world.write("a.yaml", "one")
    world.scan()
    world.raw("a.yaml", "# said otherwise\nname:   one\nintegration: x\n")
    scan = world.scan()
    assert (scan.read, scan.changed) == (1, frozenset())


def test_rename_with_the_same_id_only_moves(world):
    path = world.write("a.yaml", "one")
    world.scan()
    (world.root / "sub").mkdir()
    path.rename(world.root / "sub" / "z.yaml")
    world.clock.advance(1)
    world.scan()
    assert world.directory.snapshot.get("x/one").file == "sub/z.yaml"


def test_rename_of_a_settled_file_within_one_scan_is_not_a_change(world):
    path = world.write("a.yaml", "one")
    world.scan()
    os.link(path, world.root / "_kept")
    world.write("b.yaml", "one")
    world.scan()
    path.unlink()
    assert world.presence("x/one") == "duplicate"
    assert world.scan().changed == {"x/one"}
    assert world.presence("x/one") == "valid"


def test_line_that_moves_is_not_a_change(world):
    world.write("a.yaml", "one", "two")
    world.scan()
    world.raw("a.yaml", "integration: x\nname: one\n---\n# more\n# lines\nintegration: x\nname: two\n")
    scan = world.scan()
    assert (scan.changed, scan.moved) == (frozenset(), {"x/two"})


def test_deleted_file_makes_its_ids_absent(world):
    path = world.write("a.yaml", "one")
    world.scan()
    path.unlink()
    assert world.scan({""}).changed == {"x/one"}
    assert world.presence("x/one") == "absent"


def test_deleted_folder_is_dropped_with_all_beneath(world):
    world.write("a/b/c.yaml", "one")
    world.write("a/d.yaml", "two")
    world.scan()
    for name in ("a/b/c.yaml", "a/d.yaml"):
        (world.root / name).unlink()
    (world.root / "a/b").rmdir()
    (world.root / "a").rmdir()
    assert world.scan({"a/b"}).changed == {"x/one", "x/two"}


def test_new_folder_is_walked_when_its_parent_is_listed(world):
    world.scan()
    world.write("a/b/c.yaml", "one")
    assert world.scan({""}).changed == {"x/one"}


def test_hint_for_an_unknown_folder_finds_it_from_above(world):
    world.scan()
    world.write("a/b/c.yaml", "one")
    assert world.scan({"a/b"}).changed == {"x/one"}


def test_id_changed_in_place_is_one_absent_and_one_new(world):
    world.write("a.yaml", "one")
    world.scan()
    world.write("a.yaml", "two")
    assert world.scan().changed == {"x/one", "x/two"}
    assert (world.presence("x/one"), world.presence("x/two")) == ("absent", "valid")


def test_file_just_written_is_not_read_until_it_keeps_still(world):
    world.scan()
    world.write("a.yaml", "one")
    first = world.directory.scan({""})
    world.clock.advance(0.03)
    world.write("a.yaml", "two")
    second = world.directory.scan(())
    world.clock.advance(0.03)
    third = world.directory.scan(())
    world.clock.advance(0.03)
    last = world.directory.scan(())
    assert [s.read for s in (first, second, third, last)] == [0, 0, 0, 1]
    assert last.changed == {"x/two"}
    assert last.recheck_in is None


def test_file_that_never_keeps_still_is_read_in_the_end(world):
    world.scan()
    for i in range(60):
        world.write("a.yaml", f"n{i}")
        world.directory.scan({""})
        world.clock.advance(0.04)
    assert len(world.directory.snapshot.desired) == 1


def test_first_scan_reads_at_once_and_doubts_what_is_fresh(world):
    path = world.write("a.yaml", "one")
    scan = world.directory.scan()
    assert (scan.read, scan.changed) == (1, {"x/one"})
    assert scan.recheck_in is not None
    status = path.stat()
    path.write_text("integration: x\nname: two\n")  # the same size, and the same times
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert world.scan().changed == {"x/one", "x/two"}


def test_tick_is_called_every_fifty_files(world):
    for i in range(101):
        world.write(f"f{i}.yaml", f"n{i}")
    ticks = []
    world.directory.scan(tick=lambda: ticks.append(1))
    assert len(ticks) >= 2


def test_names_that_are_not_configurations_are_skipped(world):
    for name in (".a.yaml", "_a.yaml", "a.test.yaml", "a.yaml.bak", "a.txt", ".git/a.yaml", "_shared/a.yaml"):
        world.write(name, "one")
    world.write("kept.yml", "kept")
    scan = world.scan()
    assert (scan.changed, scan.files, world.rules) == ({"x/kept"}, 1, [])


def test_invalidated_integration_is_checked_again(world):
    world.write("a.yaml", "one")
    world.scan()
    world.validator.checked.clear()
    world.directory.invalidate("x")
    world.scan()
    assert world.validator.checked == ["a.yaml"]


def test_failure_inside_validation_is_a_finding_about_that_file(world):
    world.write("a.yaml", "one")
    world.write("b.yaml", "two")
    check = world.validator.check

    def broken(document, file, bounds=None):
        if file == "a.yaml":
            raise RuntimeError("ours")
        return check(document, file)

    world.validator.check = broken
    world.scan()
    assert world.rules == [("internal-error", "a.yaml")]
    assert world.presence("x/two") == "valid"
