"""Listing folders and reading files without being hurt by what stands there: the only module that opens user files.

It knows which names are configurations and what can be wrong with a file; it does not know YAML, nor what was there
before. Called by `directory` (the daemon) and `run` (`validate`). Paths are plain strings: this runs once per file.
"""

import errno
import os
import stat
import struct
from collections.abc import Sequence

from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.rules import FILE_NAME, FILE_TOO_LARGE, UNREADABLE_FILE

SUFFIXES = (".yaml", ".yml")
TEST_SUFFIXES = (".test.yaml", ".test.yml")
SETTINGS_FILE = "reconcile.toml"
"""The settings of a directory, at its root."""
SCHEMA_SUFFIX = ".json"
"""How the name of a schema ends that the settings name."""
MAX_BYTES = 1 << 20
"""The largest file that is read."""

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
_SIGNATURE = struct.Struct("=qqqQQ")
_pack = _SIGNATURE.pack
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})
_HELP = {
    errno.EACCES: "give the user that runs reconcile permission to read it",
    errno.EPERM: "give the user that runs reconcile permission to read it",
    errno.ELOOP: "point the link at a file",
}


class Unreadable(Exception):
    """What stands at a name cannot be taken as a file; `rule`, the message and `help` go into the diagnostic."""

    def __init__(self, message: str, help: str = "", rule: str = UNREADABLE_FILE) -> None:  # noqa: A002
        super().__init__(message)
        self.help = help
        self.rule = rule

    def diagnostic(self, file: str) -> Diagnostic:
        """Return the finding about `file` (relative to the root), at its first character."""
        return Diagnostic(self.rule, Severity.ERROR, str(self), Span(file), self.help)


class Vanished(Exception):
    """What stood at a name when its folder was listed is not there any more, or is something else."""


class Listing:
    """One folder's names, sorted. `files` are regular files and links that may be configurations.

    `links` is the part of `files` that are symbolic links, `odd` what has a configuration's name and is neither;
    `problems` are names that cannot be used at all, `tests` those of test cases. `folder` is relative to the root, ""
    being the root itself.
    """

    __slots__ = ("files", "folder", "folders", "links", "odd", "problems", "tests")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.files: list[str] = []
        self.folders: list[str] = []
        self.links: set[str] = set()
        self.odd: set[str] = set()
        self.tests: list[str] = []
        self.problems: list[Diagnostic] = []


def is_skipped_name(name: str) -> bool:
    """Whether nobody reads a file of this name: it is hidden, or kept for shared defaults."""
    return name[0] in "._"


def is_hidden_name(name: str) -> bool:
    """Whether a file of this name is never a configuration: nobody reads it, or it holds test cases."""
    return is_skipped_name(name) or name.endswith(TEST_SUFFIXES)


def join(folder: str, name: str) -> str:
    """Return the path of `name` in `folder`, both relative to the root."""
    return f"{folder}/{name}" if folder else name


def list_folder(base: str, folder: str) -> Listing:
    """List one folder of the root `base` (a resolved path); raises OSError.

    A folder that has become a link counts as vanished (FileNotFoundError): links to folders are not followed.
    """
    path = f"{base}/{folder}" if folder else base
    if folder and not stat.S_ISDIR(os.lstat(path).st_mode):
        raise FileNotFoundError(errno.ENOENT, "no longer a folder", path)
    found = Listing(folder)
    with os.scandir(path) as entries:
        every = list(entries)
    names = [entry.name for entry in every if entry.is_file(follow_symlinks=False)]
    if len(names) == len(every) and _are_usual(names):
        found.files = names
    else:
        _add_each(found, every)
    found.files.sort()
    found.folders.sort()
    return found


def _add_each(found: Listing, entries: "Sequence[os.DirEntry[str]]") -> None:
    for entry in entries:
        name = entry.name
        if name[0] in "._":
            continue
        if name.endswith(SUFFIXES):
            if name.isprintable() and entry.is_file(follow_symlinks=False) and not name.endswith(TEST_SUFFIXES):
                found.files.append(name)
            elif not name.endswith(TEST_SUFFIXES):
                _add_file(found, entry, name)
            elif name.isprintable():
                found.tests.append(name)
        elif entry.is_dir(follow_symlinks=False) and _usable(found, name):
            found.folders.append(name)


def _are_usual(names: Sequence[str]) -> bool:
    """Whether all are such as most are, found out at once: printable `*.yaml`, not hidden, no test cases."""
    text = "/" + "/".join(names) + "/"
    return (
        text.isprintable()
        and text.count(".yaml/") == len(names)
        and "/." not in text
        and "/_" not in text
        and ".test.yaml/" not in text
    )


def _add_file(found: Listing, entry: "os.DirEntry[str]", name: str) -> None:
    """Add what is no regular file, or has an unusual name: the others do not come here."""
    if not _usable(found, name):
        return
    found.files.append(name)
    if entry.is_file(follow_symlinks=False):
        return
    (found.links if entry.is_symlink() else found.odd).add(name)


def _usable(found: Listing, name: str) -> bool:
    if name.isprintable():
        return True
    problem = name_problem(found.folder, name)
    if problem is not None:
        found.problems.append(problem)
    return problem is None


def name_problem(folder: str, name: str) -> Diagnostic | None:
    """Return the finding about a name at which nothing can be loaded, or None for one that is right."""
    if name.isprintable():
        return None
    shown = printable(name)
    if shown == name:
        return None
    message = f"the name {shown} is not printable UTF-8, so nothing at it is loaded"
    return Diagnostic(FILE_NAME, Severity.ERROR, message, Span(join(folder, shown)), "rename it")


def printable(name: str) -> str:
    r"""Return `name` with bytes that are not UTF-8, and control characters, as `\xNN`; the same when there are none."""
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c >= " " and not "\x7f" <= c <= "\x9f" else f"\\x{ord(c):02x}" for c in shown)


def signature(status: os.stat_result) -> bytes:
    """Return what changes whenever a file's content may have changed: times, size, inode, device."""
    return _pack(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


def changed_at(seen: bytes) -> float:
    """Return when a file of this signature was changed last, in seconds since the epoch."""
    mtime, ctime, *_ = _SIGNATURE.unpack(seen)
    return float(max(mtime, ctime)) / 1e9


def read_file(path: str) -> tuple[bytes, os.stat_result]:
    """Return the bytes of a regular file and its status from just before they were read; never blocks.

    Raises Unreadable, or Vanished where the folder should be listed again.
    """
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        # ELOOP: it was no link when it was listed, and O_NOFOLLOW found one.
        if error.errno in _GONE or error.errno in {errno.ELOOP, errno.ENXIO}:
            raise Vanished from error
        raise unreadable(error) from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Vanished
        size = status.st_size
        if size > MAX_BYTES:
            raise too_large(size)
        data = os.read(handle, size + 1)
        # Most files end here: one byte more was asked for than there should be, and did not come.
        return (data if len(data) == size else _read_on(handle, data)), status
    except OSError as error:
        raise unreadable(error) from error
    finally:
        os.close(handle)


def _read_on(handle: int, data: bytes) -> bytes:
    """Read to the end of a file whose size was not what its status said, but never beyond the limit."""
    parts, size = [data], len(data)
    while data and size <= MAX_BYTES:
        data = os.read(handle, MAX_BYTES + 1 - size)
        parts.append(data)
        size += len(data)
    if size > MAX_BYTES:
        raise too_large(size)
    return b"".join(parts)


def resolve_link(path: str, base: str) -> str:
    """Return the file that the link at `path` leads to, inside the root `base`; raises Unreadable or Vanished."""
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        if error.errno in _GONE:
            if not os.path.lexists(path):
                raise Vanished from error
            raise leads_nowhere() from error
        raise unreadable(error) from error
    if not target.startswith(base.rstrip("/") + "/"):
        raise leads_out()
    check_regular(target)
    return target


def leads_nowhere() -> Unreadable:
    """Return the verdict on a link whose target is not there."""
    return Unreadable("the link leads nowhere", "point it at a file, or delete it")


def leads_out() -> Unreadable:
    """Return the verdict on a link whose target is not in the root."""
    return Unreadable("the link leads out of the directory", "copy the file into the directory of configurations")


def check_regular(path: str) -> os.stat_result:
    """Return the status of a regular file, not following a link; raises Unreadable or Vanished, opens nothing."""
    try:
        status = os.lstat(path)
    except OSError as error:
        if error.errno in _GONE:
            raise Vanished from error
        raise unreadable(error) from error
    if not stat.S_ISREG(status.st_mode):
        raise no_file(_kind(status.st_mode))
    return status


def no_file(found: str) -> Unreadable:
    """Return the verdict on what has a configuration's name and is no file; `found` is such as `a folder`."""
    return Unreadable(f"expected a file, found {found}", "move it away, or rename it")


def unreadable(error: OSError) -> Unreadable:
    """Return what the system said of a file, as a verdict about it."""
    reason = (error.strerror or type(error).__name__).lower()
    return Unreadable(
        f"it cannot be read: {reason}", _HELP.get(error.errno or 0, "look at the disk it is on, or move it away")
    )


def is_gone(error: OSError) -> bool:
    """Whether the system says that nothing is there, as against that it cannot be seen."""
    return error.errno in _GONE


def too_large(size: int) -> Unreadable:
    """Return the verdict on a file of `size` bytes."""
    return Unreadable(
        f"the file has {size} bytes or more, at most {MAX_BYTES} are read",
        "split it into several files",
        FILE_TOO_LARGE,
    )


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISLNK, "a link"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((name for test, name in kinds if test(mode)), "something else")
