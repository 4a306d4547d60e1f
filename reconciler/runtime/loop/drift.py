"""Drift: what differs from what was applied although no file changed. Looked for at every sweep."""

import asyncio
from collections.abc import Callable

from reconciler.core.plan.diff import config_action
from reconciler.model.errors import SecretError
from reconciler.model.state import ConditionType, StateReason, Tristate
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.lanes.failures import describe
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
        waits = record.failure is not None or record.waiting is StateReason.SECRET_MISSING
        if not waits and config_action(record.id, record.effective, record.live) and not is_pending(record.id):
            found.add(record.id)
    return found


async def rotated(services: Services, world: World, disk: Worker) -> set[str]:
    """Return the running configurations one of whose secrets has another value now, and mark them.

    Where a secret has gone, or does not fit any more, the value in memory serves: that is a condition, not a change.
    """
    found: set[str] = set()
    for record in [r for r in world.configs.values() if _can_rotate(r)]:
        generation = record.generation
        if generation is None:
            continue
        schema = services.catalogue.descriptor(record.integration).schema
        try:
            resolved = await asyncio.wrap_future(
                disk.run(services.secrets.resolve, generation.document.settings, schema)
            )
        except Exception as error:  # noqa: BLE001 — one that cannot be used, or a provider that fails, stops no other
            reason = "SecretMissing" if isinstance(error, SecretError) else "SecretUnusable"
            now = services.clock.time()
            record.note(ConditionType.SECRETS_RESOLVED, Tristate.FALSE, now, reason, describe(error))
            continue
        if generation.document == record.effective.document:
            record.note(ConditionType.SECRETS_RESOLVED, Tristate.TRUE, services.clock.time())
        if resolved.places != generation.resolved.places:
            record.rotated = True
            found.add(record.id)
    return found


def without_owner(services: Services, world: World) -> list[str]:
    """Return the integrations that nobody wants and that have effects of their own outside the process."""
    return [key for key in services.effects.owners() if "/" not in key and not world.is_wanted(key)]


def _can_rotate(record: ConfigRecord) -> bool:
    """Whether a secret of what runs may change while the process lives; its environment cannot.

    A new value is a change like that of a file: under a suspension it waits, and the one in memory serves.
    """
    refs = record.generation.resolved.refs if record.generation is not None else ()
    return any(not ref.startswith("env:") for ref in refs) and not record.imposed.suspended


def _is_as_asked(record: ConfigRecord) -> bool:
    """Whether the very document runs that is in force, and nothing is amiss: `config_action` would find nothing."""
    generation, want = record.generation, record.effective
    if generation is None or generation.document is not want.document or not want.wanted:
        return False
    return not (record.rotated or record.drift)
