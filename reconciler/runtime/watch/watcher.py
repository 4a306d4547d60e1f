"""Hints that something in a directory of configurations may have changed. Only hints: nothing is read here.

A thread waits in watchfiles' Rust core. It watches the folders of the root one by one, not recursively (a link to `/`
would be followed), and the folders of the links that lead to the root. What inotify loses, drops or does not offer is
made up for by the engine's sweep, or here by hints at regular intervals. Used by the engine.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Collection, Hashable, Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.ports import Clock
from reconciler.runtime.watch.mounts import MountTable
from reconciler.runtime.watch.watch_paths import (
    Beneath,
    Meaning,
    Way,
    find_beneath,
    find_way,
    look_at,
    queue_length,
    understand,
)

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_STEP = 10
"""How often the Rust core looks for events, in milliseconds: the hint comes within twice that."""
_CALM_STEP = 20
"""The same when nothing has happened for a while: who looks half as often uses half as much of a processor."""
_CALM_AFTER = 5.0
"""How long that while is, in seconds."""
_DEBOUNCE = 25
_LOOK_AT_ROOT = 1000
"""How often the root is looked at, in milliseconds: a folder further up may have been renamed, or unmounted."""
_POLL = 2.0
"""How often to hint at everything where there is no watching, in seconds."""
_FLOOD = 2000
"""So many changes in one batch say that there may have been more, which are lost."""
_PAUSE = 0.1
_LONG_PAUSE = 1.0

log = logging.getLogger(__name__)


class Hint(Struct, frozen=True):
    """Look again at `folders`, relative to the root and not recursively; None means at everything."""

    folders: frozenset[str] | None


class Watcher:
    """Calls `hint(Hint)` in its own thread, at most every 25 ms or so, from `start` to `stop`.

    `clock` tells one failure of the watch from a row of them; waiting is done in real time. `others` gives files
    beneath the root, by their relative names, that are looked at once a second: their folders need not be watched.
    """

    def __init__(
        self,
        root: Path,
        hint: Callable[[Hint], None],
        clock: Clock,
        *,
        poll: float = _POLL,
        others: Callable[[], Collection[str]] = tuple,
        notify_of: "Callable[[list[str]], RustNotify] | None" = None,
    ) -> None:
        self._root = os.path.abspath(root)  # noqa: PTH100 — resolved link by link later
        self._hint = hint
        self._clock = clock
        self._poll = poll
        self._others = others
        self._seen_others: Hashable = ()
        self._notify_of = notify_of or _new_notify
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reconcile-watch", daemon=True)
        self._notify: RustNotify | None = None
        self._way = Way(frozenset())
        self._watched: AbstractSet[str] = frozenset()
        self._last_failure: float | None = None
        self._looked_at_root = 0.0
        self._calm_from = clock.monotonic() + _CALM_AFTER
        self._mounts = MountTable()
        self._flood = min(_FLOOD, queue_length() // 8)
        self._is_polling = False

    @property
    def is_polling(self) -> bool:
        """Whether there is no watching, and everything is hinted at regularly instead."""
        return self._is_polling

    def start(self) -> None:
        """Begin; what changes after this has returned is hinted at."""
        self._arm_anew()
        self._thread.start()

    def stop(self) -> None:
        """End the thread; no hint comes after this has returned. Calling it twice does nothing."""
        self._stopped.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    # --- the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._wait_once()
            except Exception as error:  # noqa: BLE001 — the watch must outlive whatever the core makes of a name
                self._recover(error)
        self._close()
        self._mounts.close()

    def _wait_once(self) -> None:
        if self._notify is None:
            if not self._stopped.wait(self._poll):
                self._arm_anew()
                self._tell(None)
            return
        step = _STEP if self._clock.monotonic() < self._calm_from else _CALM_STEP
        events = self._notify.watch(_DEBOUNCE, step, _LOOK_AT_ROOT, self._stopped)
        is_time = events == "timeout" or self._is_time_for_the_root()
        if is_time and self._have_others_changed():
            self._tell([""])
        if is_time and self._has_root_moved():
            self._rearm_root()
        elif isinstance(events, set):
            self._calm_from = self._clock.monotonic() + _CALM_AFTER
            self._follow([path for _, path in events])
            if len(events) >= self._flood:  # inotify's queue may have overflowed, which the core does not tell
                self._tell(None)

    def _has_root_moved(self) -> bool:
        return find_way(self._root) != self._way or self._mounts.has_changed(self._way.root or self._root)

    def _have_others_changed(self) -> bool:
        base, before = self._way.root, self._seen_others
        self._seen_others = tuple(look_at(f"{base}/{name}") for name in self._others()) if base is not None else before
        return self._seen_others != before

    def _is_time_for_the_root(self) -> bool:
        """Whether the root was not looked at lately; not only in silence, for what stands beside it may be busy."""
        now = self._clock.monotonic()
        is_time = now - self._looked_at_root >= _LOOK_AT_ROOT / 1000
        if is_time:
            self._looked_at_root = now
        return is_time

    def _follow(self, paths: Collection[str]) -> None:
        meaning = understand(paths, self._way, self._watched)
        if meaning.moved and find_way(self._root) != self._way:
            self._rearm_root()
            return
        if meaning.appeared or meaning.vanished:
            self._rearm_folders(meaning)
        if meaning.everything:
            self._tell(None)
        elif meaning.folders:
            self._tell(meaning.folders)

    def _tell(self, folders: Collection[str] | None) -> None:
        if not self._stopped.is_set():
            with contextlib.suppress(RuntimeError):  # the loop that it calls into may have ended
                self._hint(Hint(None if folders is None else frozenset(folders)))

    def _recover(self, error: Exception) -> None:
        """The core gave up, as it does over a name that is not UTF-8: begin again, and look at everything."""
        now = self._clock.monotonic()
        is_row = self._last_failure is not None and now - self._last_failure < 10 * _LONG_PAUSE
        self._last_failure = now
        log.log(logging.DEBUG if is_row else logging.WARNING, "the watch failed and begins again: %s", error)
        self._close()
        # Whoever makes such names over and over must not keep a processor busy.
        if not self._stopped.wait(_LONG_PAUSE if is_row else _PAUSE):
            self._arm_anew()
            self._tell(None)

    # --- what is watched ----------------------------------------------------------------------------------------

    def _rearm_root(self) -> None:
        """The root is elsewhere, new or gone."""
        self._arm_anew()
        self._tell(None)

    def _arm_anew(self) -> None:
        """Watch the way to the root, and all folders beneath it; again until nothing moved meanwhile."""
        self._close()
        for _ in range(5):
            way = find_way(self._root)
            self._mounts.look(way.root or self._root)
            beneath = find_beneath(way.root) if way.root is not None else Beneath()
            notify = self._arm(way, beneath.folders)
            self._close()
            self._way, self._watched, self._notify = way, beneath.folders, notify
            if notify is None or (find_way(self._root) == way and _same_folders(way, beneath)):
                return

    def _rearm_folders(self, meaning: Meaning) -> None:
        """Folders came or went: watch what is there now. What came into new ones before that is listed by the hint."""
        watched = {path for path in self._watched if not any(_is_beneath(path, gone) for gone in meaning.vanished)}
        for _ in range(5):
            new = _beneath_each(meaning.appeared)
            notify = self._arm(self._way, watched | new)
            late, old = self._drain(), self._notify
            self._watched, self._notify = watched | new, notify
            if old is not None:
                old.close()
            more = understand(late, self._way, self._watched)
            meaning.folders |= more.folders | {self._relative(folder) for folder in new}
            meaning.everything |= more.everything or more.moved
            if _beneath_each(meaning.appeared) == new:
                return

    def _drain(self) -> list[str]:
        """Return what the watch has seen that is about to be replaced."""
        if self._notify is None:
            return []
        events = self._notify.watch(1, 1, 1, None)
        return [path for _, path in events] if isinstance(events, set) else []

    def _arm(self, way: Way, watched: Collection[str]) -> "RustNotify | None":
        """Return a watch over folders that exist, or None where there is none to be had."""
        for folders in ({*way.folders, *watched}, set(watched)):
            try:
                notify = self._notify_of(sorted(folders))
            except OSError as error:
                failure = error
            else:
                self._say_polling(None)
                return notify
        self._say_polling(failure)
        return None

    def _say_polling(self, failure: OSError | None) -> None:
        if failure is not None and not self._is_polling:
            log.warning("%s cannot be watched (%s): it is looked at every %g s", self._root, failure, self._poll)
        elif failure is None and self._is_polling:
            log.warning("%s is watched again", self._root)
        self._is_polling = failure is not None

    def _close(self) -> None:
        notify, self._notify = self._notify, None
        if notify is not None:
            notify.close()

    def _relative(self, folder: str) -> str:
        return "" if folder == self._way.root else folder.removeprefix((self._way.root or "").rstrip("/") + "/")


def _new_notify(folders: list[str]) -> "RustNotify":
    """Return the core's watch over `folders`, not recursive; raises OSError."""
    from watchfiles._rust_notify import RustNotify

    for _ in range(20):
        there = [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112
        try:
            return RustNotify(there, False, False, 0, False, True)
        except FileNotFoundError:
            continue  # a folder went between the look and the call
        except Exception as error:
            raise OSError(str(error)) from error
    raise OSError("its folders come and go too fast")


def _same_folders(way: Way, beneath: Beneath) -> bool:
    """Whether none has come before the watch could tell of it; most are not listed again for that."""
    return way.root is None or beneath.stands or find_beneath(way.root).folders == beneath.folders


def _beneath_each(tops: Iterable[str]) -> set[str]:
    return {folder for top in tops for folder in find_beneath(top).folders}


def _is_beneath(path: str, top: str) -> bool:
    return path == top or path.startswith(top + "/")
