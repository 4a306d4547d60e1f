"""Drift: what differs from what was applied although no file changed. Looked for at every sweep."""

import asyncio
from collections.abc import Callable

from reconciler.core.plan.diff import config_action
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.services import Services

_CHUNK = 1000
"""How many configurations are looked at before others get the loop."""


async def drifted(world: World, is_pending: Callable[[str], bool]) -> set[str]:
    """Return the ids for which what runs and what is in force differ, and that nobody is working on."""
    found: set[str] = set()
    for index, record in enumerate(list(world.configs.values())):
        if index % _CHUNK == _CHUNK - 1:
            await asyncio.sleep(0)
        if _is_as_asked(record):  # nearly all are, and this looks at every one
            continue
        waits = record.failure is not None or bool(record.lacks)
        if not waits and config_action(record.id, record.effective, record.live) and not is_pending(record.id):
            found.add(record.id)
    return found


def without_owner(services: Services, world: World) -> list[str]:
    """Return the integrations that nobody wants and that have effects of their own outside the process."""
    return [key for key in services.effects.owners() if "/" not in key and not world.is_wanted(key)]


def _is_as_asked(record: ConfigRecord) -> bool:
    """Whether the very document runs that is in force, and nothing is amiss: `config_action` would find nothing."""
    generation, want = record.generation, record.effective
    if generation is None or generation.document is not want.document or not want.wanted:
        return False
    return not (record.rotated or record.drift)
