"""Takes down what runs: one configuration, or an integration with all of its, to be started afresh after drift.

Used by the applier, on the engine's loop, under the key of what it takes down: nothing else works on it meanwhile.
"""

import asyncio

from reconciler.model.ports import StopReason
from reconciler.runtime.lanes.generation import Generation
from reconciler.runtime.lanes.hook_host import Stopped
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.services import Services
from reconciler.runtime.steps.agenda import Agenda


class TakeDown:
    """Stops what runs, deliveries first: they wait in the queue until the configuration is live again."""

    def __init__(self, services: Services, world: World, agenda: Agenda) -> None:
        self._services = services
        self._world = world
        self._agenda = agenda

    async def config(self, record: ConfigRecord, runtime: IntegrationRuntime, reason: StopReason) -> Stopped:
        """Stop what runs under one id; returns what would not go.

        It counts as running no more before it begins to stop. Else a delivery would still be handed to hooks that have
        gone, and new ones could put off the end of those under way for ever.
        """
        generation, calls = record.generation, runtime.calls
        if generation is None:
            return Stopped()
        self._world.set_generation(record, None)
        self._agenda.went_live(record)
        await self._agenda.quiesce(record.id)
        if calls is not None and calls is runtime.calls:
            return await calls.stop(generation, reason)
        self.let_go(generation)  # a delivery that hung has cost the lane meanwhile
        return Stopped()

    async def integration(self, runtime: IntegrationRuntime) -> None:
        """Take down an integration and all of its configurations."""
        records = [self._world.configs[key] for key in sorted(self._world.running(runtime.id))]
        for record in records:
            record.drift = record.drift or runtime.drifted
        await asyncio.gather(*(self.config(record, runtime, StopReason.REPLACED) for record in records))
        await runtime.shutdown(StopReason.REPLACED)
        runtime.drifted = ""

    def let_go(self, generation: Generation) -> None:
        """Take back what a generation holds whose lane is lost: nobody can stop its hooks."""
        generation.host.close()
        for hook in generation.hooks:
            self._services.let_go(hook)
