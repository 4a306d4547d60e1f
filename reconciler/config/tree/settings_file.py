"""Follows the `reconcile.toml` of one root: read again when it, or a schema that it names, has changed and settled.

It fails closed. While the file cannot be used, what was in force stays; where nothing was, the policy is unknown and
nothing new is taken. Called by `directory`, which waits until files settle, and by `run`, which does not.
"""

import os
from collections.abc import Callable
from functools import partial

from reconciler.config.files import (
    SETTINGS_FILE,
    Unreadable,
    Vanished,
    check_regular,
    read_file,
    resolve_link,
    signature,
)
from reconciler.config.tree.memory import SETTLE, Settling
from reconciler.config.tree.settings import DirectorySettings, parse_settings
from reconciler.model.diagnostic import Diagnostic


class SettingsFile:
    """The settings of one root. `settings` are in force; `problems` is what is wrong with the file now.

    `is_known` is false when the file has an error and none without one was ever read.
    """

    def __init__(self, now: Callable[[], float] | None = None, settle: float = SETTLE) -> None:
        self.settings = DirectorySettings()
        self.problems: tuple[Diagnostic, ...] = ()
        self.is_known = True
        # A file that git or an editor writes anew is gone for a moment: that must not lift a policy.
        self._waits = (Settling(now, settle), Settling(now, 2 * settle)) if now is not None else ()
        self._named: tuple[str, ...] = ()
        self._seen: bytes | None = None
        self._retry = self._was_sound = False

    def refresh(self, base: str) -> DirectorySettings:
        """Look at the file of the root `base`, and return what is in force then."""
        seen = self._look(base)
        if seen == self._seen and not self._retry:
            self._done()
        elif seen == self._seen or self._seen is None or self._is_settled(seen):
            self._done()
            self._take(base, seen)
        return self.settings

    @property
    def named(self) -> tuple[str, ...]:
        """The other files that the settings are made of, beneath the root: schemas of the policy."""
        return self._named

    def due_in(self) -> float | None:
        """Return in how many seconds to look again because the file is being written, or None."""
        due = [waits.due_in() for waits in self._waits]
        return min((at for at in due if at is not None), default=None)

    def _look(self, base: str) -> bytes:
        """Return what changes when the file does, or one that it names."""
        own = _signature(base, SETTINGS_FILE)
        return own and b"".join((own, *(_signature(base, name) for name in self._named)))

    def _is_settled(self, seen: bytes) -> bool:
        if not self._waits:
            return True
        changed, gone = self._waits
        waits, other = (changed, gone) if seen else (gone, changed)
        other.done(SETTINGS_FILE)
        return waits.is_settled(SETTINGS_FILE, seen)

    def _done(self) -> None:
        for waits in self._waits:
            waits.done(SETTINGS_FILE)

    def _take(self, base: str, seen: bytes) -> None:
        named: list[str] = []

        def read_schema(name: str) -> bytes:
            named.append(name)
            return _read_beneath(base, name)

        self._retry = False
        try:
            found = parse_settings(_read(base, SETTINGS_FILE), read_schema) if seen else DirectorySettings()
        except Vanished:  # just now: whether it is gone is for the next looks to tell
            self._retry, self.is_known = True, self._was_sound
            self._is_settled(b"")
            return
        except Unreadable as problem:
            found = DirectorySettings(diagnostics=(problem.diagnostic(SETTINGS_FILE),), is_sound=False)
            self._retry = True
        self.problems = found.diagnostics
        if found.is_sound:
            self.settings, self.is_known = found, True
            self._was_sound = True
        else:
            self.is_known = self._was_sound
        if self._named != tuple(named):
            self._named = tuple(named)
            seen = self._look(base)
        self._seen = seen


def _locate(base: str, name: str) -> str:
    """Return the path to open; a link is followed inside the root alone. Raises Unreadable or Vanished."""
    path = f"{base}/{name}"
    return resolve_link(path, base) if os.path.islink(path) else path  # noqa: PTH114 — at every scan


def _read(base: str, name: str) -> bytes:
    path = _locate(base, name)
    check_regular(path)
    return read_file(path)[0]


def _signature(base: str, name: str) -> bytes:
    """Return what changes when a file does: nothing where there is none."""
    try:
        return signature(check_regular(_locate(base, name)))
    except Vanished:
        return b""
    except Unreadable as problem:
        return b"!" + str(problem).encode("utf-8", "replace")


def schemas_beneath(base: str) -> Callable[[str], bytes]:
    """Return what reads the files beneath the root `base` that settings name."""
    return partial(_read_beneath, base)


def _read_beneath(base: str, name: str) -> bytes:
    """Return the bytes of a file beneath the root; raises ValueError, in words."""
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        raise ValueError("its path must lead to a file beneath the root")
    try:
        path = os.path.realpath(f"{base}/{name}")
        if not path.startswith(base.rstrip("/") + "/"):
            raise ValueError("its path leads out of the root")
        check_regular(path)
        return read_file(path)[0]
    except Vanished:
        raise ValueError("there is no such file beneath the root") from None
    except Unreadable as problem:
        raise ValueError(str(problem)) from None
