"""Taking everything down in order: no new work, deliveries drained, configurations stopped, integrations shut down.

Integrations go down side by side: one that hangs takes nobody's time but its own.
"""

import asyncio
import logging

from reconciler.model.ports import Clock, StopReason
from reconciler.model.state import IntegrationState
from reconciler.runtime.delivery.dispatcher import Dispatcher
from reconciler.runtime.delivery.router import Router
from reconciler.runtime.first_of import first_of
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.loop.controller import Controller
from reconciler.runtime.loop.world import World

log = logging.getLogger(__name__)
_DOWN = (IntegrationState.REGISTERED, IntegrationState.FAILED)


async def shut_down(
    clock: Clock,
    controller: Controller,
    router: Router,
    dispatcher: Dispatcher,
    world: World,
    grace: float,
    *,
    delivering: bool,
) -> tuple[str, ...]:
    """Take the engine's work down within `grace` seconds; returns what had to be forced, named for people.

    Events that were accepted a moment ago and are due are still delivered, where that takes little of the grace, and
    where this process is the one that is `delivering`.
    """
    forced: list[str] = []
    controller.halt()
    if delivering:
        await first_of(_catch_up(router, dispatcher), clock.sleep(grace / 8))
    done = asyncio.ensure_future(_all_down(controller, dispatcher, world, grace, forced))
    await first_of(_wait(done), clock.sleep(grace * 7 / 8))
    if done.done():
        done.result()
        return tuple(forced)
    done.cancel()
    left = sorted(key for key, runtime in world.integrations.items() if runtime.state not in _DOWN)
    log.error("the shutdown did not end within %g s: %s abandoned", grace, ", ".join(left) or "its rest is")
    for runtime in world.integrations.values():
        runtime.drop_lane()
    return (*forced, *left)


async def _catch_up(router: Router, dispatcher: Dispatcher) -> None:
    try:
        await router.catch_up()
        await dispatcher.catch_up()
    except Exception as error:  # noqa: BLE001 — a queue that cannot be used does not keep anything from ending
        log.warning("the queue cannot be used: %s", error)


async def _wait(task: "asyncio.Future[None]") -> None:
    await asyncio.wait({task})


async def _all_down(
    controller: Controller, dispatcher: Dispatcher, world: World, grace: float, forced: list[str]
) -> None:
    if not await dispatcher.drain(grace / 2):
        forced.append("deliveries under way")
    await asyncio.gather(*(_one_down(controller, world, r, forced) for r in list(world.integrations.values())))


async def _one_down(controller: Controller, world: World, runtime: IntegrationRuntime, forced: list[str]) -> None:
    """Stop the configurations of one integration side by side, then the integration itself."""
    await controller.finish(runtime.id)
    if runtime.state is not IntegrationState.ACTIVE:
        runtime.drop_lane()  # it may have been kept for what was still to be cleaned up
        return
    problems: list[str] = []
    calls = runtime.calls
    if calls is not None:
        records = [world.configs[key] for key in sorted(world.running(runtime.id))]
        stops = [calls.stop(r.generation, StopReason.PROCESS) for r in records if r.generation is not None]
        problems = [problem for stopped in await asyncio.gather(*stops) for problem in stopped.problems]
        for record in records:
            world.set_generation(record, None)
    problems += await runtime.shutdown(StopReason.PROCESS)
    forced.extend(f"{runtime.id}: {problem}" for problem in problems)
    runtime.drop_lane()
