"""Whether the next look at the directory is a first one: after the start, and once more after a take-over."""

import asyncio


class FirstLook:
    """Used on the engine's loop. What is asked for while a look is under way is the next one's."""

    def __init__(self) -> None:
        self._asked, self._made = 1, 0
        self._over = asyncio.Event()

    async def again(self) -> None:
        """Ask for another, and return when it has been made."""
        self._asked += 1
        self._over.clear()
        await self._over.wait()

    def due(self) -> int:
        """Return the number of the first look that is to be made now, or 0 for any other look; `made` takes it."""
        return self._asked if self._asked != self._made else 0

    def made(self, number: int) -> None:
        """The look has ended with a plan."""
        self._made = number or self._made
        if self._made == self._asked:
            self._over.set()
