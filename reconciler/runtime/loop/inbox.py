"""What the loop has been asked to look at since it last looked: hints add up, and none is lost."""

import asyncio
from collections.abc import Collection

from msgspec import Struct


class Look(Struct, frozen=True):
    """What to look at: `folders` to list again (None: all), `ids` to judge again, and the word that says why."""

    folders: frozenset[str] | None
    ids: frozenset[str]
    trigger: str


class Inbox:
    """Merges requests until the loop takes them. Used on the engine's loop alone.

    What a look is about is kept until it has been taken in: a scan tells of a change once, so a pass that fails must
    leave it to the next one.
    """

    def __init__(self) -> None:
        self._folders: set[str] | None = set()
        self._ids: set[str] = set()
        self._kept: set[str] = set()
        self._triggers: list[str] = []
        self._filled = asyncio.Event()

    def put(self, trigger: str, *, folders: Collection[str] | None = (), ids: Collection[str] = ()) -> None:
        """Ask for a look: at some folders (None: at all of them), and at some configurations whatever files say."""
        if folders is None:
            self._folders = None
        elif self._folders is not None:
            self._folders.update(folders)
        self._ids.update(ids)
        if trigger not in self._triggers:
            self._triggers.append(trigger)
        self._filled.set()

    async def wait(self) -> None:
        """Return once there is something to look at."""
        await self._filled.wait()

    def take(self) -> Look:
        """Return all that was asked for and begin anew."""
        folders = None if self._folders is None else frozenset(self._folders)
        look = Look(folders, frozenset(self.keep(self._ids)), "+".join(self._triggers) or "sweep")
        self._folders, self._ids, self._triggers = set(), set(), []
        self._filled.clear()
        return look

    def keep(self, ids: Collection[str]) -> set[str]:
        """Note what a pass has found to look at; returns it with what passes that failed have left."""
        self._kept.update(ids)
        return {*self._kept}

    def taken_in(self) -> None:
        """All that was noted is taken in."""
        self._kept.clear()

    @property
    def wants_all(self) -> bool:
        """Whether a look at all folders is asked for."""
        return self._folders is None

    def __bool__(self) -> bool:
        return self._filled.is_set()
