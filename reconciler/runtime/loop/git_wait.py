"""Waiting, within bounds, for a git operation to end before the directory is looked at. Used by the controller.

What stands in a work tree while git holds `index.lock` is half of one revision and half of another. A git that crashed
leaves its lock behind: the same lock is waited for once.
"""

import asyncio
import logging
from collections.abc import MutableMapping
from pathlib import Path

from reconciler.config.tree.git import git_lock
from reconciler.model.ports import Clock
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.listener import ALARM

LONGEST = 30.0
"""How long a look is put off, in seconds."""
_POLL = 0.05
log = logging.getLogger(__name__)


class GitWait:
    """One root's git. `alarms` are those of the world: a lock that stays is one."""

    def __init__(self, root: Path, scanner: Worker, clock: Clock, alarms: MutableMapping[str, str]) -> None:
        self._root = root
        self._scanner = scanner
        self._clock = clock
        self._alarms = alarms
        self._left_behind: tuple[int, int] | None = None

    async def quiet(self) -> None:
        """Return when git is not at work, or has been for too long."""
        began = self._clock.monotonic()
        while (lock := await asyncio.wrap_future(self._scanner.run(git_lock, self._root))) is not None:
            if lock.identity == self._left_behind:
                return
            if self._clock.monotonic() - began >= LONGEST:
                self._give_up(lock.path, lock.identity)
                return
            await self._clock.sleep(_POLL)
        self._left_behind = None
        self._alarms.pop("git", None)

    def _give_up(self, path: Path, identity: tuple[int, int]) -> None:
        self._left_behind = identity
        self._alarms["git"] = (
            f"{path} has been there for {LONGEST:g} s: files are followed all the same; delete it if no git is at work"
        )
        log.warning("%s", self._alarms["git"], extra=ALARM)
