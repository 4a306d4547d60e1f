"""Taking everything down in order: no new work, deliveries drained, configurations stopped, integrations shut down."""

import asyncio
import logging

from reconciler.model.ports import Clock, StopReason
from reconciler.model.state import IntegrationState
from reconciler.runtime.controller import Controller
from reconciler.runtime.dispatcher import Dispatcher
from reconciler.runtime.integration_runtime import IntegrationRuntime
from reconciler.runtime.pump import first_of
from reconciler.runtime.world import World

log = logging.getLogger(__name__)


async def shut_down(clock: Clock, controller: Controller, dispatcher: Dispatcher, world: World, grace: float) -> bool:
    """Take the engine's work down within `grace` seconds; returns whether all of it ended."""
    done = asyncio.ensure_future(_all_down(controller, dispatcher, world, grace))
    await first_of(_wait(done), clock.sleep(grace))
    if done.done():
        done.result()
        return True
    done.cancel()
    log.error("the shutdown did not end within %g s: what is left is abandoned", grace)
    for runtime in world.integrations.values():
        runtime.drop_lane()
    return False


async def _wait(task: "asyncio.Future[None]") -> None:
    await asyncio.wait({task})


async def _all_down(controller: Controller, dispatcher: Dispatcher, world: World, grace: float) -> None:
    await dispatcher.drain(grace / 2)
    await controller.stop()
    active = [r for r in world.integrations.values() if r.state is IntegrationState.ACTIVE]
    await asyncio.gather(*(_one_down(runtime, world) for runtime in active))


async def _one_down(runtime: IntegrationRuntime, world: World) -> None:
    """Stop the configurations of one integration side by side, then the integration itself."""
    calls = runtime.calls
    if calls is not None:
        records = [world.configs[key] for key in sorted(world.running(runtime.id))]
        stops = [calls.stop(r.generation, StopReason.PROCESS) for r in records if r.generation is not None]
        await asyncio.gather(*stops)
        for record in records:
            world.set_generation(record, None)
    await runtime.shutdown(StopReason.PROCESS)
