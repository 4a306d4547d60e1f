"""Whether secrets have other values now: looked at beside the loop, so that a source that hangs delays nobody.

It applies nothing itself: it marks the configurations whose secrets have changed, says which, and the loop looks there.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator

from reconciler.model.errors import SecretError
from reconciler.model.state import ConditionType, Tristate
from reconciler.runtime.lanes.failures import describe
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.services import Services
from reconciler.runtime.steps.look_ups import AT_ONCE, SecretLookUps

log = logging.getLogger(__name__)
_CHUNK = 1000
"""How many configurations are looked at before others get the loop."""
_GATHER = 1.0
"""How long changes are gathered before they are told, in seconds, where the others take long."""


class Rotation:
    """Looks at every secret of what runs that may change while the process lives, one round at a time.

    `on_rotated` gets the ids of configurations one of whose secrets has another value. Used on the engine's loop.
    """

    def __init__(
        self,
        services: Services,
        world: World,
        look_ups: SecretLookUps,
        on_rotated: Callable[[Collection[str]], None],
    ) -> None:
        self._services = services
        self._world = world
        self._look_ups = look_ups
        self._on_rotated = on_rotated
        self._round: asyncio.Task[None] | None = None
        self._is_asked = False
        self._found: set[str] = set()
        self.takes = 0.0
        """How long a round takes, in seconds, with nothing in it that hangs."""

    @property
    def under_way(self) -> bool:
        """Whether a round is under way."""
        return self._round is not None

    def begin(self) -> None:
        """Look at them; returns at once. While a round is under way, another follows it."""
        self._is_asked = True
        if self._round is None:
            self._round = asyncio.ensure_future(self._rounds())

    def stop(self) -> None:
        """Look no more."""
        if self._round is not None:
            self._round.cancel()

    async def _rounds(self) -> None:
        try:
            while self._is_asked:
                self._is_asked = False
                await self._look()
        except Exception:
            log.exception("looking at secrets again failed in the engine itself; the next sweep does it again")
        finally:
            self._round = None

    async def _look(self) -> None:
        clock, given_up = self._services.clock, self._look_ups.given_up
        began, concerned = clock.monotonic(), iter(await self._concerned())
        try:
            await asyncio.gather(*(self._each(concerned) for _ in range(AT_ONCE)))
        finally:
            self._tell()
        if self._look_ups.given_up == given_up:
            self.takes = clock.monotonic() - began

    async def _concerned(self) -> list[ConfigRecord]:
        found: list[ConfigRecord] = []
        for index, record in enumerate(list(self._world.configs.values())):
            if index % _CHUNK == _CHUNK - 1:
                await asyncio.sleep(0)
            if _can_rotate(record):
                found.append(record)
        return found

    async def _each(self, records: Iterator[ConfigRecord]) -> None:
        for record in records:
            await self._look_at(record)

    async def _look_at(self, record: ConfigRecord) -> None:
        """See whether a secret of a configuration has another value now.

        Where it has gone, or does not fit any more, the value in memory serves: that is a condition, not a change.
        """
        generation = record.generation
        if generation is None:
            return
        schema, now = self._services.catalogue.descriptor(record.integration).schema, self._services.clock.time
        try:
            resolved = await self._look_ups.resolve(generation.document.settings, schema)
        except Exception as error:  # noqa: BLE001 — one that cannot be used, or a provider that fails, stops no other
            if record.generation is generation:
                reason = "SecretMissing" if isinstance(error, SecretError) else "SecretUnusable"
                record.note(ConditionType.SECRETS_RESOLVED, Tristate.FALSE, now(), reason, describe(error))
            return
        if record.generation is not generation or not _can_rotate(record):  # it was changed, or suspended, meanwhile
            return
        if generation.document == record.effective.document:
            record.note(ConditionType.SECRETS_RESOLVED, Tristate.TRUE, now())
        if resolved.places != generation.resolved.places:
            record.rotated = True
            self._gather(record.id)

    def _gather(self, config_id: str) -> None:
        if not self._found:
            asyncio.get_running_loop().call_later(_GATHER, self._tell)
        self._found.add(config_id)

    def _tell(self) -> None:
        found, self._found = self._found, set()
        if found:
            self._on_rotated(found)


def _can_rotate(record: ConfigRecord) -> bool:
    """Whether a secret of what runs may change while the process lives; its environment cannot.

    A new value is a change like that of a file: under a suspension it waits, and the one in memory serves.
    """
    refs = record.generation.resolved.refs if record.generation is not None else ()
    return any(not ref.startswith("env:") for ref in refs) and not record.imposed.suspended
