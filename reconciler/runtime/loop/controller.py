"""The loop: scan, judge, plan, hand keys to the queue. Every trigger only says "look again".

It reads the world and writes plans; `applier.py` takes the steps, `deliveries.py` follows with routes.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.config.tree.directory import RootState
from reconciler.core.in_force.lastgood import Effective
from reconciler.core.plan.diff import diff
from reconciler.model.config import ConfigDocument
from reconciler.model.plan import Outcome, Plan
from reconciler.runtime.lanes.health import Health
from reconciler.runtime.lanes.integration_runtime import IntegrationRuntime
from reconciler.runtime.listener import Listener
from reconciler.runtime.loop import requests
from reconciler.runtime.loop.appointments import Appointments
from reconciler.runtime.loop.drift import drifted, without_owner
from reconciler.runtime.loop.first_look import FirstLook
from reconciler.runtime.loop.git_wait import GitWait
from reconciler.runtime.loop.good_writes import LONG_START
from reconciler.runtime.loop.in_force import InForce
from reconciler.runtime.loop.inbox import Inbox, Look
from reconciler.runtime.loop.looking import Looking
from reconciler.runtime.loop.newcomers import Newcomers
from reconciler.runtime.loop.opening import Opening
from reconciler.runtime.loop.parts import Parts
from reconciler.runtime.loop.passes import OpenPass, Passes, failed
from reconciler.runtime.loop.pump import Pump
from reconciler.runtime.loop.rotation import Rotation
from reconciler.runtime.loop.sequence import RemovalsFirst
from reconciler.runtime.loop.waiting import waiting
from reconciler.runtime.loop.world import ConfigRecord
from reconciler.runtime.steps.applier import Applier
from reconciler.runtime.steps.look_ups import SecretLookUps

log = logging.getLogger(__name__)
__all__ = ["Controller", "Listener", "Parts"]
_UNRECORDED = {"sweep", "suspend", "pause", "resume", "ran-out"}
"""What made the loop look, where a look that finds nothing to do is not worth an entry in the history."""


class Controller:
    """Runs the loop until it is stopped."""

    def __init__(self, parts: Parts, listener: Listener, first_pass: int = 1, together_from: int = 2) -> None:
        self._p = parts
        self._listener = listener
        self._clock = parts.services.clock
        self.inbox = Inbox()
        self.ready = asyncio.Event()
        self.last_pass: float | None = None
        self.looks = 0
        """How many looks have ended with a plan; for tests."""
        look_ups = SecretLookUps(parts.services.secrets, parts.services.clock)
        self._applier = Applier(parts.services, parts.world, self, look_ups, parts.goods.checked)
        self._health = Health(parts.services, parts.world, lambda ids: self.inbox.put("drift", ids=ids), self.abandoned)
        self._rotation = Rotation(parts.services, parts.world, look_ups, lambda ids: self.inbox.put("secret", ids=ids))
        self._pump = Pump(self._clock, self._applier, self._worked, parts.services.metrics.work, together_from)
        self._passes = Passes(self._pass_ended, first_pass, parts.services.in_pass)
        self._first_pass = first_pass
        self._sequence = RemovalsFirst(self._pump.add_all)
        self._newcomers = Newcomers()
        self._git = GitWait(parts.directory.root, parts.scanner, self._clock, parts.world.alarms)
        self._stopping = self._is_looking = False
        self._appointments = Appointments(self._clock, self.inbox, parts.absences, self._newcomers, parts.goods)
        self._in_force = InForce(parts, together_from)
        self._looking = Looking(parts, self.inbox, self._appointments, self._in_force, self._newcomers)
        self._first_look = FirstLook()
        self._opening = Opening(parts, lambda: self._stopping)
        self._pumping: asyncio.Task[None] | None = None

    @property
    def passes(self) -> int:
        """How many passes have begun in this state directory."""
        return self._passes.next_number - 1

    @property
    def opened(self) -> bool:
        """Whether what follows the first pass has ended."""
        return self._opening.is_over

    @property
    def dead_part(self) -> str | None:
        """What has ended although the loop goes on, in words: then nothing that is planned is done any more."""
        return "work on what is planned" if self._pumping is not None and self._pumping.done() else None

    @property
    def idle(self) -> bool:
        """Whether nothing is asked for, planned or under way, and nothing but a sweep is waited for."""
        return not self.under_way and self._appointments.only_sweeps

    @property
    def under_way(self) -> list[str]:
        """What is asked for, planned or worked on, in words; what waits for the clock aside."""
        looks = ["a look at the files"] if self.inbox or self._is_looking else []
        opening = ["what follows the first pass"] if self._opening.under_way else []
        parked = [] if self._sequence.idle else ["removals before additions"]
        secrets = ["a look at the secrets"] if self._rotation.under_way else []
        asked = [f"the health of {key}" for key in self._health.asked]
        due = self._pump.queue.next_due()
        late = ["work that is due"] if due is not None and due <= self._clock.monotonic() else []
        return [
            *looks,
            *opening,
            *parked,
            *secrets,
            *asked,
            *late,
            *(f"work on {key}" for key in self._pump.queue.busy),
        ]

    async def withdraw(self, integration_id: str) -> None:
        """Stop every configuration of an integration and shut it down, whatever the files ask for."""
        await requests.withdraw(self._p.world, self._p.goods, self._pump, integration_id)

    # --- the loop -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look, plan, and look again whenever asked, at the latest at the next sweep."""
        self._pumping = asyncio.ensure_future(self._pump.run())
        try:
            self.inbox.put("start", folders=None)
            while not self._stopping:
                await self._appointments.wait()
                if not self._stopping:
                    await self._guarded_pass()
        finally:
            self._pumping.cancel()

    async def take_over(self, first_pass: int) -> None:
        """This process has become the runner: look as after a start; returns when that look has ended with a plan."""
        self._passes.next_number = first_pass
        self.inbox.put("take-over", folders=None)
        for owner in self._p.services.dormant.owners():
            self._pump.add(owner)
        await self._first_look.again()

    def halt(self) -> None:
        """Plan nothing more, and begin no further work."""
        self._stopping = True
        self._health.stop()
        self._rotation.stop()
        self.inbox.put("stop")
        self._pump.halt()

    async def finish(self, integration_id: str) -> None:
        """Return when no work on an integration or its configurations is under way."""
        await self._pump.finish(integration_id)
        self._p.goods.writes.flush()

    async def _guarded_pass(self) -> None:
        self._is_looking = True
        try:
            await self._git.quiet()
            await self._pass(self.inbox.take())
        except Exception:
            self._p.services.metrics.pass_failures.inc()
            log.exception("a pass failed in the engine itself; the next one looks at everything again")
            self._appointments.failed()
        finally:
            self._is_looking = False

    async def _pass(self, look: Look) -> None:
        began, started = self._clock.monotonic(), self._clock.time()
        is_first = self._first_look.due()
        known = await self._looking.load() if is_first else {}
        scan = await self._looking.scan(look.folders, known)
        self._looking.see_root(scan)
        ids = self._looking.observe({*look.ids, *scan.concerned(self._p.world.configs)})
        if is_first:
            ids = await self._looking.recall(ids)
        elif look.folders is None:
            ids |= await drifted(self._p.world, self._is_pending)
            self._rotation.begin()
            self._health.begin()
            for integration in without_owner(self._p.services, self._p.world):
                self._pump.add(integration)
        ids = self._looking.admitted(ids)
        self.inbox.keep(ids)
        self._appointments.looked(look, scan, began, is_first=bool(is_first), beside=self._rotation.takes)
        if scan.root is RootState.OK:
            self._p.goods.note_root(self._p.directory.identity)
            if look.folders is None:
                self._p.goods.writes.check()
        ordered = sorted(ids)
        await self._absorb(ordered)
        self.inbox.taken_in()
        if is_first:
            self._p.goods.adopt()
        plan = self._plan(ordered)
        self._p.services.metrics.passed(look.trigger)
        self._p.services.metrics.pass_seconds.observe(self._clock.monotonic() - began)
        self._begin(plan, ordered, look.trigger, started, began, scan.files)
        self.looks += 1
        self._first_look.made(is_first)

    async def _absorb(self, ids: Collection[str]) -> None:
        records = await self._in_force.absorb(ids)
        if self.ready.is_set():
            self._p.goods.writes.flush()
        else:  # the first pass writes all at its end, unless that takes long
            asyncio.get_running_loop().call_later(LONG_START, self._p.goods.writes.flush)
        self._listener.on_look(records)

    # --- plan and work ------------------------------------------------------------------------------------------

    def _effective(self, ids: Iterable[str]) -> dict[str, Effective]:
        configs = self._p.world.configs
        return {key: configs[key].effective for key in ids if key in configs}

    def _plan(self, ids: Collection[str]) -> Plan:
        world = self._p.world
        plan = diff(self._effective(ids), world.live(ids), world.up(), ids)
        return Plan((*plan.actions, *world.held))

    def difference(self) -> Plan:
        """Return what still differs from the files now: held, failed, waiting and suspended actions."""
        plan = self._plan(list(self._p.world.configs))
        actions = waiting(plan.actions, self._p.world.configs)
        return Plan((*actions, *self._p.absences.suspended(self._p.directory.snapshot.get)))

    def _is_pending(self, key: str) -> bool:
        return self._pump.queue.is_pending(key) or self._sequence.is_parked(key)

    def _begin(self, plan: Plan, ids: Collection[str], trigger: str, started: float, began: float, files: int) -> None:
        """Hand the plan to the queue and follow it to its end; some looks that found nothing leave no record."""
        todo = [action for action in plan.actions if not action.held]
        if plan.actions:
            self._listener.on_plan(plan)
        records = [record for key in ids if (record := self._p.world.configs.get(key)) is not None]
        for record in records:
            if not record.effective.known and record.live is None:
                self._pump.add(record.id)
        for name in self._p.world.failed_in_vain(ids):
            self._pump.add(name)
        self._sequence.add(todo)
        if not todo and _UNRECORDED.issuperset(trigger.split("+")) and self.ready.is_set():
            self.last_pass = self._clock.time()
            self._p.services.metrics.pass_ended(self.last_pass, clean=True)
            return
        errors = sum(1 for d in self._p.directory.snapshot.diagnostics if d.is_error)
        number, configs = self._passes.next_number, len(self._p.world.configs)
        keys = {action.key for action in todo}
        under_way = self._pump.queue.running(keys)
        opened = OpenPass(number, started, trigger, files, configs, errors, plan, began, keys, under_way)
        self._passes.begin(opened)

    def _worked(self, outcomes: Mapping[str, Outcome | None]) -> None:
        self._p.world.touched.update(outcomes)
        told = [outcome for outcome in outcomes.values() if outcome is not None]
        if told:
            self._listener.on_outcomes(told)
        self._sequence.done(outcomes.keys())
        self._passes.done(outcomes)

    def _pass_ended(self, ended: OpenPass) -> None:
        now, self.last_pass = self._clock.monotonic(), self._clock.time()
        self._p.services.metrics.pass_ended(self.last_pass, clean=not any(map(failed, ended.outcomes)))
        if ended.number == self._first_pass:
            self.ready.set()
            self._opening.begin()
            for owner in self._p.services.effects.owners():
                self._pump.add(owner)
        record = ended.record(now)
        self._p.goods.writes.record_pass(record)
        self._listener.on_pass(record)

    def retry(self, key: str) -> None:
        """Forget the backoff of a configuration or an integration and work on it now, and on its deliveries.

        What waits for removals waits on.
        """
        self._applier.hasten(key)
        self._p.deliveries.hasten(key)
        requests.retry(self._p.world, self._p.services.cleanups, self.add, key, self._clock.monotonic())

    def abandoned(self, runtime: IntegrationRuntime, error: Exception) -> None:
        """A call of an integration never returned: it starts over."""
        self._applier.integrations.abandoned(runtime, error)

    # --- what the applier asks for (its Agenda) -----------------------------------------------------------------

    def add(self, key: str) -> None:
        """Work on `key` soon."""
        self.add_all((key,))

    def add_all(self, keys: Sequence[str]) -> None:
        """Work on each of `keys` soon; what is parked has its turn after the removals, and not before."""
        self._pump.add_all([key for key in keys if not self._sequence.is_parked(key)])

    def add_at(self, key: str, due: float) -> None:
        """Work on `key` at `due` (monotonic)."""
        self._pump.add_at(key, due)

    def went_live(self, *records: ConfigRecord) -> None:
        """What runs under some ids has changed: routes and deliveries follow."""
        self._p.deliveries.follow_all(records)

    async def quiesce(self, config_id: str) -> None:
        """Return when no delivery to it is under way."""
        await self._p.deliveries.quiesce(config_id)

    def applied(self, record: ConfigRecord, document: ConfigDocument) -> None:
        """Remember `document` as the last that started."""
        self._p.goods.applied(record, document)
        if record.imposed.suspended and document != record.effective.document:
            # It was under way when it was suspended: it is what is kept, and no step may go back from it meanwhile.
            self._in_force.take_in(record.id)
            self.inbox.put("suspend", ids=[record.id])

    def removing(self, config_id: str) -> None:
        """An id is stopped for good, but something is left to be cleaned up: it counts as removed already.

        So nothing of it is good any more: workers let go of it, and no later start runs it again.
        """
        self._p.absences.carried_out(config_id, self._clock.monotonic())
        self._p.goods.forget(config_id)
        self._p.deliveries.gone(config_id)

    def removed(self, config_id: str) -> None:
        """The removal of an id is complete: nothing of it is kept."""
        self._p.absences.removed(config_id, self._clock.monotonic())
        self._p.world.forget(config_id)
        self._p.goods.forget(config_id)
        self._pump.queue.forget(config_id)
        self._p.deliveries.gone(config_id)
