"""MountTable: what is mounted where a root stands concerns it, the rest does not."""

import os
import subprocess

import pytest

from reconciler.runtime.watch.mounts import MountTable, _unescaped


@pytest.fixture
def table():
    made = MountTable()
    yield made
    made.close()
    made.close()


@pytest.fixture
def mounted():
    """Mount a small tmpfs at a folder; skips where that is not allowed."""
    targets = []

    def mount(target):
        target.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(target)]
        if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("mounting is not allowed here")
        targets.append(target)

    yield mount
    for target in targets:
        subprocess.run(["umount", str(target)], check=True)


def test_quiet_table_has_not_changed(table, tmp_path):
    table.look(str(tmp_path))
    assert not table.has_changed(str(tmp_path))


def test_mount_beneath_the_root_is_a_change_once(table, tmp_path, mounted):
    (tmp_path / "root").mkdir()
    table.look(str(tmp_path / "root"))
    mounted(tmp_path / "root" / "sub folder")
    assert table.has_changed(str(tmp_path / "root"))
    assert not table.has_changed(str(tmp_path / "root"))


def test_mount_beside_the_root_is_none(table, tmp_path, mounted):
    (tmp_path / "root").mkdir()
    table.look(str(tmp_path / "root"))
    before = table._concerning
    mounted(tmp_path / "root2")
    assert table.has_changed(str(tmp_path / "root")) == bool(before)


def test_closed_table_never_changes(table, tmp_path):
    table.close()
    assert not table.has_changed(str(tmp_path))


@pytest.mark.parametrize(
    ("written", "path"), [(rb"/a\040b", b"/a b"), (b"/gr\xc3\xb6\xc3\x9fe", "/größe".encode()), (rb"/x\134y", rb"/x\y")]
)
def test_path_in_the_table_is_read_as_it_is(written, path):
    assert _unescaped(written) == path
