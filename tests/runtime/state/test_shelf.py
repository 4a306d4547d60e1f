"""The file that may be lost at any time: private, whole or not there, and never followed elsewhere."""

import os

import pytest

from reconciler.runtime.state.shelf import FileShelf


@pytest.fixture
def path(tmp_path):
    return tmp_path / "read.cache"


def test_what_was_saved_is_loaded(path):
    FileShelf(path).save([b"one", b"two"])
    assert FileShelf(path).load() == b"onetwo"
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["read.cache"]


def test_nothing_there_is_nothing_loaded(path):
    assert FileShelf(path).load() is None


@pytest.mark.parametrize("stands", ["link", "fifo", "folder"])
def test_what_is_no_file_is_not_loaded(path, stands):
    if stands == "link":
        path.with_name("other").write_bytes(b"x")
        path.symlink_to("other")
    elif stands == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert FileShelf(path).load() is None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_have_written_is_not_loaded(path, mode):
    FileShelf(path).save([b"x"])
    path.chmod(mode)
    assert FileShelf(path).load() is None


def test_what_another_user_wrote_is_not_loaded(path, monkeypatch):
    FileShelf(path).save([b"x"])
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert FileShelf(path).load() is None


def test_save_that_breaks_off_leaves_nothing_that_is_out_of_date(path, caplog):
    def parts():
        yield b"half"
        raise OSError(28, "No space left on device")

    FileShelf(path).save([b"old"])
    FileShelf(path).save(parts())
    assert os.listdir(path.parent) == []
    assert "the next start reads every file" in caplog.text


def test_leftover_of_a_killed_process_is_no_obstacle(path):
    path.with_name("read.cache.new").symlink_to("elsewhere")
    FileShelf(path).save([b"x"])
    assert FileShelf(path).load() == b"x"
    assert not path.with_name("elsewhere").exists()


def test_reader_alone_writes_nothing(path):
    FileShelf(path, write=False).save([b"x"])
    assert FileShelf(path).load() is None
