"""files: what is listed, what is read, and that nothing blocks."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.files import (
    MAX_BYTES,
    Unreadable,
    Vanished,
    check_regular,
    list_folder,
    printable,
    read_file,
    resolve_link,
)


@pytest.fixture
def base(tmp_path):
    return str(tmp_path.resolve())


def test_listing_is_sorted_and_tells_kinds_apart(tmp_path, base):
    for name in ("b.yaml", "a.yml", "c.txt", "_d.yaml", ".e.yaml", "f.test.yml"):
        (tmp_path / name).write_text("")
    for name in ("sub", "_shared", ".git", "g.yaml"):
        (tmp_path / name).mkdir()
    (tmp_path / "h.yaml").symlink_to("a.yml")
    (tmp_path / "link").symlink_to("sub")
    found = list_folder(base, "")
    assert found.files == ["a.yml", "b.yaml", "g.yaml", "h.yaml"]
    assert (found.folders, found.links, found.odd) == (["sub"], {"h.yaml"}, {"g.yaml"})


def test_folder_that_became_a_link_counts_as_gone(tmp_path, base):
    (tmp_path / "sub").symlink_to("/")
    with pytest.raises(FileNotFoundError):
        list_folder(base, "sub")


@pytest.mark.parametrize("size", [0, 1, 4096, MAX_BYTES])
def test_file_up_to_the_limit_is_read_whole(tmp_path, size):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"x" * size)
    data, status = read_file(str(path))
    assert (len(data), status.st_size) == (size, size)


def test_file_over_the_limit_is_not_read(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(Unreadable) as refused:
        read_file(str(path))
    assert refused.value.rule == "file-too-large"


def test_file_whose_size_is_not_told_is_read_to_its_end():
    assert read_file("/proc/self/status")[0].startswith(b"Name:")


def test_endless_file_is_refused():
    with pytest.raises((Unreadable, Vanished)):
        read_file("/dev/zero")


def test_fifo_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "a.yaml")
    with pytest.raises(Vanished):
        read_file(str(tmp_path / "a.yaml"))
    with pytest.raises(Unreadable, match="named pipe"):
        check_regular(str(tmp_path / "a.yaml"))


def test_missing_file_and_link_have_vanished(tmp_path, base):
    for read in (read_file, check_regular, lambda path: resolve_link(path, base)):
        with pytest.raises(Vanished):
            read(str(tmp_path / "a.yaml"))


def test_link_where_a_file_was_listed_has_changed(tmp_path):
    (tmp_path / "a.yaml").symlink_to("/etc/passwd")
    with pytest.raises(Vanished):
        read_file(str(tmp_path / "a.yaml"))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere", "leads nowhere"),
        ("a.yaml", "too many levels"),
        ("../outside", "out of the directory"),
        ("/etc/passwd", "out of the directory"),
        ("sub", "found a folder"),
    ],
)
def test_link_that_cannot_be_followed_says_why(tmp_path, target, message):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "outside").write_text("")
    (root / "a.yaml").symlink_to(target)
    with pytest.raises(Unreadable, match=message):
        resolve_link(str(root / "a.yaml"), str(root.resolve()))


def test_folder_with_the_same_beginning_is_not_inside(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "rootless").write_text("")
    (tmp_path / "root" / "a.yaml").symlink_to("../rootless")
    with pytest.raises(Unreadable):
        resolve_link(str(tmp_path / "root" / "a.yaml"), str((tmp_path / "root").resolve()))


@pytest.mark.parametrize(("name", "shown"), [("ü 📦", "ü 📦"), ("a\udce9", "a\\xe9"), ("\x1b[2J", "\\x1b[2J")])
def test_names_are_shown_without_harm(name, shown):
    assert printable(name) == shown


NAMES = st.lists(
    st.sampled_from(
        ["a.yaml", "b.yml", "c.test.yaml", ".d.yaml", "_e.yaml", "f.txt", "g\n.yaml", "h.yaml ", "ü.yaml", "yaml"]
    )
    | st.text("ab._-y", min_size=1, max_size=4).filter(lambda stem: stem.strip(".")).map(lambda stem: f"{stem}.yaml"),
    max_size=6,
    unique=True,
)


@given(NAMES)
def test_folder_of_usual_names_is_listed_as_any_other(names):
    with tempfile.TemporaryDirectory() as base:
        for name in names:
            Path(base, name).touch()
        alone = list_folder(base, "")
        Path(base, "folder").mkdir()
        beside = list_folder(base, "")
    assert (alone.files, alone.problems) == (beside.files, beside.problems)
    assert beside.folders == ["folder"]
