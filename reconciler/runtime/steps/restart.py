"""Takes a running integration and its configurations down, to be started afresh: what to do about drift.

Used by the applier, on the engine's loop, under the integration's own key: nothing else works on it meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable

from reconciler.model.ports import StopReason
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.loop.world import World


async def take_down(runtime: IntegrationRuntime, world: World, quiesce: Callable[[str], Awaitable[None]]) -> None:
    """Stop what runs, deliveries first: they wait in the queue until the configuration is live again."""
    records = [world.configs[key] for key in sorted(world.running(runtime.id))]
    running = [(record, record.generation) for record in records]
    for record, _ in running:
        record.drift = record.drift or runtime.drifted
        world.set_generation(record, None)
    await asyncio.gather(*(quiesce(record.id) for record, _ in running))
    if runtime.calls is not None:
        stop = runtime.calls.stop
        await asyncio.gather(*(stop(generation, StopReason.REPLACED) for _, generation in running if generation))
    await runtime.shutdown(StopReason.REPLACED)
    runtime.drifted = ""
