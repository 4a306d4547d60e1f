"""What people and hosts ask of the loop about one key: to try again now, to take an integration down. Engine's loop."""

from collections.abc import Callable

from reconciler.core.in_force.lastgood import Effective
from reconciler.model.state import IntegrationState, StateReason
from reconciler.runtime.lanes.cleanup import CleanUps
from reconciler.runtime.loop.goods import Goods
from reconciler.runtime.loop.pump import Pump
from reconciler.runtime.loop.world import World


def retry(world: World, cleanups: CleanUps, add: Callable[[str], None], key: str, now: float) -> None:
    """Forget the backoff of a configuration or an integration and have it worked on now (`now` is monotonic)."""
    cleanups.hasten(key)
    runtime = world.integrations.get(key.partition("/")[0])
    if runtime is not None and runtime.state is IntegrationState.FAILED:
        runtime.attempts, runtime.retry_at, runtime.disowned = 0, now, 0
        runtime.reason = StateReason.NONE
        add(runtime.id)
    record = world.configs.get(key)
    if record is not None:
        record.failure, record.attempts = None, 0
    add(key)


async def withdraw(world: World, goods: Goods, pump: Pump, integration_id: str) -> None:
    """Stop every configuration of an integration and shut it down, whatever the files ask for."""
    for key in sorted(k for k, r in world.configs.items() if r.integration == integration_id):
        record = world.configs[key]
        record.accepted = record.applied = None
        goods.forget(key)
        world.set_effective(Effective(record.effective.desired, None, StateReason.INVALID))
        pump.add(key)
    pump.add(integration_id)
    await pump.worked_off(integration_id)
