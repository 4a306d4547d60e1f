"""Whether what runs is well: asked at every sweep, beside the loop, so that an answer that hangs delays nobody.

Looks for drift that only a question finds: a lane whose loop does not answer, a hook that somebody else has stopped, a
task that was cancelled behind the engine's back, an integration that was switched off, a `check_health` that fails. It
repairs nothing itself: it marks what has drifted and says where, and the loop starts that afresh, with backoff.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial

from reconciler.core.backoff import Backoff
from reconciler.model.errors import TerminalError
from reconciler.model.state import ConditionType, IntegrationState, Tristate
from reconciler.runtime.lanes.calls import Abandoned
from reconciler.runtime.lanes.config_calls import ConfigCalls
from reconciler.runtime.lanes.failures import describe
from reconciler.runtime.lanes.hook_host import Caller, name_of
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.services import Services
from reconciler.sdk.hooks.base import Hook
from reconciler.sdk.integration import Integration

log = logging.getLogger(__name__)
ANSWER = 30.0
"""Within how many seconds the loop of a lane has to answer."""
_AT_ONCE = 2
"""How many configurations of one integration are asked at a time: deliveries need the lane more."""
_RESTARTS = Backoff(base=30.0)
"""How long what was started afresh is left alone, if it is not well again."""
_OWN = "reconciler.sdk.hooks."


class Health:
    """Asks one integration beside another; one that is still being asked is not asked again.

    `on_drift` gets the ids of configurations that are to be looked at.
    """

    def __init__(
        self,
        services: Services,
        world: World,
        on_drift: Callable[[Collection[str]], None],
        on_abandoned: Callable[[IntegrationRuntime, Exception], None],
    ) -> None:
        self._services = services
        self._world = world
        self._on_drift = on_drift
        self._on_abandoned = on_abandoned
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._restarts: dict[str, tuple[int, float]] = {}

    @property
    def asked(self) -> list[str]:
        """The integrations that are being asked."""
        return sorted(self._tasks)

    def begin(self) -> None:
        """Ask every integration that is up; returns at once."""
        for runtime in list(self._world.integrations.values()):
            if runtime.state is IntegrationState.ACTIVE and runtime.id not in self._tasks:
                task = asyncio.ensure_future(self._guarded(runtime))
                self._tasks[runtime.id] = task
                task.add_done_callback(partial(self._ended, runtime.id))

    def stop(self) -> None:
        """Ask no more."""
        for task in list(self._tasks.values()):
            task.cancel()

    def _ended(self, key: str, _task: "asyncio.Task[None]") -> None:
        self._tasks.pop(key, None)

    async def _guarded(self, runtime: IntegrationRuntime) -> None:
        try:
            await self._look_at(runtime)
        except Abandoned as error:
            self._on_abandoned(runtime, error)
        except Exception:
            log.exception("asking %s whether it is well failed in the engine itself", runtime.id)
        await asyncio.sleep(0)  # the timers of its calls, which were cancelled, end first: then it is at rest

    # --- one integration ----------------------------------------------------------------------------------------

    async def _look_at(self, runtime: IntegrationRuntime) -> None:
        calls, instance = runtime.calls, runtime.instance
        if calls is None or instance is None:
            return
        await calls.caller("answering", ANSWER, _nothing)
        trouble = "" if instance.enabled else "its `enabled` was set to False"
        trouble = trouble or await self._dead(
            calls.caller, runtime.id, instance.hook_set.hooks, instance.config_deadline
        )
        if runtime.calls is not calls:
            return
        if trouble:
            self._integration_drifted(runtime, trouble)
            return
        self._restarts.pop(runtime.id, None)
        records = [self._world.configs[key] for key in sorted(self._world.running(runtime.id))]
        asked = iter([record for record in records if _is_asked(record, calls)])
        await asyncio.gather(*(self._configs(asked, calls) for _ in range(_AT_ONCE)))

    def _integration_drifted(self, runtime: IntegrationRuntime, trouble: str) -> None:
        if self._is_early(runtime.id):
            return
        runtime.drifted = trouble
        self._on_drift(sorted(self._world.wanting(runtime.id)))

    # --- one configuration --------------------------------------------------------------------------------------

    async def _configs(self, records: Iterator[ConfigRecord], calls: ConfigCalls) -> None:
        for record in records:
            await self._config(record, calls)

    async def _config(self, record: ConfigRecord, calls: ConfigCalls) -> None:
        generation = record.generation
        if generation is None:
            return
        deadline = calls.instance.config_deadline
        trouble, reason, can_mend = (
            await self._dead(calls.caller, record.id, generation.hooks, deadline),
            "HookStopped",
            True,
        )
        if not trouble:
            trouble, can_mend = await _check(record, calls)
            reason = "CheckFailed"
        if record.generation is not generation:
            return
        now = self._services.clock.time()
        if not trouble:
            self._restarts.pop(record.id, None)
            record.note(ConditionType.HEALTHY, Tristate.TRUE, now)
            return
        record.note(ConditionType.HEALTHY, Tristate.FALSE, now, reason, trouble)
        if can_mend and not self._is_early(record.id):
            log.warning("%s: %s; it is started afresh", record.id, trouble)
            record.drift = trouble
            self._on_drift([record.id])

    async def _dead(self, caller: Caller, owner: str, hooks: Iterable[Hook], deadline: float) -> str:
        """Name the first hook that somebody else has stopped, or nothing; an author's own are asked in their lane."""
        asleep = {id(sleeper.hook) for sleeper in self._services.dormant.of(owner)}
        for hook in hooks:
            kind = type(hook)
            if kind.is_alive is Hook.is_alive or id(hook) in asleep:
                continue
            is_own = kind.__module__.startswith(_OWN)
            try:
                alive = hook.is_alive() if is_own else await caller("is_alive()", deadline, hook.is_alive)
            except Abandoned:
                raise
            except Exception as error:  # noqa: BLE001 — then it does not live
                return f"{name_of(hook)} does not say whether it lives: {describe(error)}"
            if not alive:
                return f"{name_of(hook)} was stopped by somebody else"
        return ""

    def _is_early(self, key: str) -> bool:
        """Whether the last start afresh was a short while ago; else this one counts."""
        count, until = self._restarts.get(key, (0, 0.0))
        now = self._services.clock.monotonic()
        if count and now < until:
            return True
        self._restarts[key] = (count + 1, now + _RESTARTS.ceiling(count + 1))
        return False


async def _check(record: ConfigRecord, calls: ConfigCalls) -> tuple[str, bool]:
    """Call `check_health` where it is defined: what is wrong, or nothing, and whether a fresh start may help."""
    instance, generation = calls.instance, record.generation
    if type(instance).check_health is Integration.check_health or generation is None:
        return "", True
    caller = calls.caller.of(record.id)
    try:
        answer = await caller("check_health()", instance.config_deadline, instance.check_health, generation.config)
    except Abandoned:
        raise
    except Exception as error:  # noqa: BLE001 — whatever it raises, it is not well
        return describe(error), not isinstance(error, TerminalError)
    return ("check_health() returned False", True) if answer is False else ("", True)


def _is_asked(record: ConfigRecord, calls: ConfigCalls) -> bool:
    """Whether there is anything to ask of a configuration: most have neither."""
    defined = type(calls.instance).check_health is not Integration.check_health
    hooks = record.generation.hooks if record.generation is not None else ()
    return defined or any(type(hook).is_alive is not Hook.is_alive for hook in hooks)


async def _nothing() -> None:
    """Answer."""
