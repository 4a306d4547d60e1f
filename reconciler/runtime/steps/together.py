"""Takes the first step of many configurations of one integration at once: a start has thousands of the same kind.

Only where nothing is special about any of them: nothing of it runs or has failed, its integration is up and hears
nothing of single configurations, its secrets are in memory, and nothing is left to clean up. All others, and whatever
turns out otherwise, go the applier's way one by one: what is started here must come to the same status, conditions and
hooks as there. Used by the pump, on the engine's loop, which keeps each of these keys until the work on it has ended.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.resolved import Resolved
from reconciler.core.in_force.lastgood import Effective
from reconciler.model.config import ConfigDocument
from reconciler.model.errors import TransientError
from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus
from reconciler.model.state import Condition, ConditionType, IntegrationState, Tristate
from reconciler.runtime.lanes.config_calls import ConfigCalls
from reconciler.runtime.lanes.generation import Generation
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.lanes.plain_start import is_plain, start_plainly
from reconciler.runtime.loop.world import ConfigRecord, Started, World
from reconciler.runtime.services import Services
from reconciler.runtime.steps.agenda import Agenda


class Steps(Struct, frozen=True):
    """What the applier does with what comes of it: take in what `started`, or `failed`.

    Where something `may_be_left` to clean up, by id, `is_left` sees to it.
    """

    started: Callable[[Sequence[Started], ConfigCalls, IntegrationRuntime], None]
    failed: Callable[[ConfigRecord, Action, ConfigDocument, IntegrationRuntime, Exception], Awaitable[Outcome]]
    may_be_left: Callable[[Sequence[ConfigRecord]], AbstractSet[str]]
    is_left: Callable[[ConfigRecord], Awaitable[bool]]


class _Start(Struct, frozen=True):
    """One configuration that is to be started, as it was when its secrets were resolved."""

    record: ConfigRecord
    want: Effective
    document: ConfigDocument
    resolved: Resolved

    @property
    def action(self) -> Action:
        """The step that this is."""
        return Action(ActionKind.START, self.record.id, ActionReason.ADDED, None, self.document.digest)


class Together:
    """Says which keys can be worked on together, and works on them."""

    def __init__(self, services: Services, world: World, agenda: Agenda, steps: Steps) -> None:
        self._services = services
        self._world = world
        self._agenda = agenda
        self._steps = steps

    def fitting(self, keys: Sequence[str]) -> list[str]:
        """Return those of `keys` about which nothing is special now; asked of all at once, as a start has thousands."""
        of, asked, configs = self._services, frozenset(keys), self._world.configs
        names = {key.partition("/")[0] for key in keys}
        fit = set().union(*(self._world.wanting_among(name, asked) for name in names if self._is_plain(name)))
        fit -= of.cleanups.among(asked) | of.effects.among(asked) | of.dormant.among(asked)
        found = [(key, configs[key]) for key in keys if key in fit]
        fresh = [(key, r) for key, r in found if r.generation is None and r.failure is None]
        return [key for key, r in fresh if not (r.attempts or r.drift or r.rotated)]

    def _is_plain(self, integration: str) -> bool:
        runtime = self._world.integrations.get(integration)
        if runtime is None or runtime.calls is None or runtime.state is not IntegrationState.ACTIVE:
            return False
        return is_plain(runtime.calls)

    async def work(self, keys: Sequence[str]) -> Mapping[str, Outcome]:
        """Start those of `keys`, all of one integration, that still can be started together; returns their outcomes.

        The others are for the applier, each by itself: one that waits for its secret must hold up none of these.
        """
        began = self._services.clock.monotonic()
        outcomes: Mapping[str, Outcome] = {}
        runtime = self._world.integration(keys[0].partition("/")[0])
        calls = runtime.calls if runtime.state is IntegrationState.ACTIVE else None
        starts = self._starts(keys, runtime.id) if calls is not None else []
        if starts and calls is not None:
            results = await start_plainly(calls, [(start.document, start.resolved) for start in starts])
            outcomes = await self._take_in(zip(starts, results, strict=True), calls, runtime, began)
            self._count(runtime.id, outcomes.values())
        return outcomes

    def _starts(self, keys: Sequence[str], integration: str) -> list[_Start]:
        """Return what is to be started; all other keys are for the applier.

        They fitted a moment ago, and nobody else has worked on them; but their files may ask for something else by now.
        """
        there = self._world.wanting_among(integration, frozenset(keys))
        records = [self._world.configs[key] for key in keys if key in there]
        found = [(record, record.effective.document) for record in records if record.generation is None]
        wanted = [(record, document) for record, document in found if document is not None]
        schema = self._services.catalogue.descriptor(integration).schema
        resolved = self._services.secrets.resolve_many([document.settings for _, document in wanted], schema)
        return [_Start(r, r.effective, d, one) for (r, d), one in zip(wanted, resolved, strict=True) if one is not None]

    async def _take_in(
        self,
        found: Iterable[tuple[_Start, Generation | Exception]],
        calls: ConfigCalls,
        runtime: IntegrationRuntime,
        began: float,
    ) -> dict[str, Outcome]:
        """Take in what has started and what has not."""
        clock, steps, found = self._services.clock, self._steps, list(found)
        resolved = Condition(ConditionType.SECRETS_RESOLVED, Tristate.TRUE, since=clock.time())
        outcomes: dict[str, Outcome] = {}
        lost = self._run(
            [(start.record, result) for start, result in found if isinstance(result, Generation)], calls, runtime
        )
        left, seconds = steps.may_be_left([start.record for start, _ in found]), clock.monotonic() - began
        for start, result in found:
            record, action = start.record, start.action
            record.hold(resolved)
            error = lost if isinstance(result, Generation) else result
            if error is None:
                if record.id in left:
                    await steps.is_left(record)
                outcome = Outcome(action, OutcomeStatus.APPLIED, "", seconds)
            else:
                failed = await steps.failed(record, action, start.document, runtime, error)
                outcome = replace(failed, seconds=clock.monotonic() - began)
            if record.effective is not start.want:  # changed meanwhile; a plan made then saw what ran before it
                self._agenda.add(record.id)
            outcomes[action.key] = outcome
        return outcomes

    def _run(self, started: Sequence[Started], calls: ConfigCalls, runtime: IntegrationRuntime) -> Exception | None:
        """Have run what has started; returns why that is not so after all."""
        try:
            self._steps.started(started, calls, runtime)
        except TransientError as error:
            return error
        return None

    def _count(self, integration: str, outcomes: Iterable[Outcome]) -> None:
        for status, number in Counter([outcome.status for outcome in outcomes]).items():
            self._services.metrics.actions.labels(integration, ActionKind.START.value, status.value).inc(number)
