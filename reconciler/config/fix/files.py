"""A file replaced in one step, and only if it is still the one that was read. Called by `run.py`."""

import contextlib
import os
import secrets
import stat

from reconciler.config.files import signature

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


class Changed(Exception):
    """Somebody else has written the file meanwhile: what was made of its old content must not overwrite that."""


def replace_file(path: str, data: bytes, seen: os.stat_result) -> None:
    """Put `data` in the place of the file `path` (resolved, no link); `seen` is what was read, whose mode is kept.

    So is the owner, where that may be set. The new file is complete on the disk before it takes the name. Its temporary
    name begins with a dot, so that no watcher takes it for a configuration. Raises Changed and OSError; the old file is
    intact then.
    """
    folder, name = os.path.split(path)
    handle = os.open(folder, _FOLDER)
    try:
        temporary = f".{secrets.token_hex(8)}.tmp"
        try:
            _write(temporary, data, handle, seen)
            _check_same(name, handle, seen)
            os.rename(temporary, name, src_dir_fd=handle, dst_dir_fd=handle)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=handle)
            raise
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_same(name: str, folder: int, seen: os.stat_result) -> None:
    if signature(os.stat(name, dir_fd=folder, follow_symlinks=False)) != signature(seen):
        raise Changed(name)


def _write(name: str, data: bytes, folder: int, like: os.stat_result) -> None:
    new = os.open(name, _NEW, 0o600, dir_fd=folder)
    with os.fdopen(new, "wb") as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(PermissionError):  # root in a container must not take the files of who mounted them
            os.fchown(new, like.st_uid, like.st_gid)
        os.fchmod(new, stat.S_IMODE(like.st_mode))
        os.fsync(new)
