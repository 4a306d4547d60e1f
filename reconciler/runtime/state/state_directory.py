"""The state directory as one process has it: the runner's lock, the two databases, and the role that follows.

The engine opens it first and closes it last. A worker becomes its owner when the lock is free (`succession.py`).
"""

import os
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path

from reconciler.config.roots import root_error
from reconciler.model.errors import StateLocked
from reconciler.model.ports import Clock
from reconciler.model.state import Role
from reconciler.runtime.delivery.queue import SqliteQueue
from reconciler.runtime.state.lock import RunnerLock
from reconciler.runtime.state.state_store import StateStore


class Wish(StrEnum):
    """Which role a process is to have: whichever is free, or one of the two."""

    AUTO = "auto"
    RUNNER = "runner"
    WORKER = "worker"


class StateDirectory:
    """Open from its construction to `close`.

    Raises StateLocked when this process is to be the runner and another is, StateError when it cannot be used.
    """

    def __init__(self, path: Path, clock: Clock, wish: Wish) -> None:
        self.lock = RunnerLock(path)
        with ExitStack() as undo:
            undo.callback(self.lock.release)
            self.first_role = self._first_role(wish)
            owner = self.first_role is Role.RUNNER
            self.store = StateStore(path, owner=owner)
            undo.callback(self.store.close)
            self.queue = SqliteQueue(path, clock, owner=owner)
            undo.pop_all()

    def check_root(self, root: Path) -> None:
        """Close it and raise RootUnreadable when there is neither a root to read nor anything good to run from."""
        try:
            with os.scandir(root):
                return
        except OSError as error:
            if not self.store.load_good():
                self.close()
                raise root_error(root) from error

    def _first_role(self, wish: Wish) -> Role:
        if wish is Wish.WORKER:
            return Role.WORKER
        try:
            self.lock.acquire()
        except StateLocked:
            if wish is Wish.RUNNER:
                raise
            return Role.WORKER
        return Role.RUNNER

    def take(self) -> bool:
        """Make it this process's own if no other runner lives; returns whether it is. Does disk work."""
        try:
            self.lock.acquire()
        except StateLocked:
            return False
        try:
            self.store.become_owner()
            self.queue.become_owner()
        except BaseException:
            self.lock.release()
            raise
        return True

    def close(self) -> None:
        """Commit what is queued, close the databases, and let the lock go last."""
        self.queue.close()
        self.store.close()
        self.lock.release()

    @property
    def alarms(self) -> tuple[str, ...]:
        """What was corrupt and is set aside, as sentences."""
        aside = {"state.db": self.store.set_aside, "queue.db": self.queue.set_aside}
        return tuple(f"{k} was corrupt: it is set aside as {v.name} and was rebuilt" for k, v in aside.items() if v)
