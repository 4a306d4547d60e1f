"""Puts the running parts of an engine together: who hears of what. The engine alone calls it, on its loop."""

from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.config.tree.directory import Directory
from reconciler.config.tree.kept import Handed, KeptFiles
from reconciler.config.tree.memory import Ages
from reconciler.config.validation import Validator
from reconciler.core.plan.guard import PruneLimit
from reconciler.core.routing.routing import RoutingIndex
from reconciler.model.event import Event
from reconciler.model.ports import Clock, Receipt
from reconciler.model.state import Role
from reconciler.runtime.asking.errands import Errands
from reconciler.runtime.asking.outside_desk import OutsideDesk
from reconciler.runtime.asking.override_desk import OverrideDesk, Surroundings
from reconciler.runtime.asking.overrides import Overrides
from reconciler.runtime.delivery.deliveries import Deliveries
from reconciler.runtime.delivery.dispatcher import Dispatcher
from reconciler.runtime.delivery.queue import SqliteQueue
from reconciler.runtime.delivery.router import Router
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.lanes.dormant import Dormant
from reconciler.runtime.lanes.effects import Effects
from reconciler.runtime.lanes.exclusive import ExclusiveKeys
from reconciler.runtime.listener import Listener
from reconciler.runtime.loop.absence import Absences
from reconciler.runtime.loop.controller import Controller
from reconciler.runtime.loop.good_writes import GoodWrites
from reconciler.runtime.loop.goods import Goods
from reconciler.runtime.loop.parts import Parts
from reconciler.runtime.loop.world import World
from reconciler.runtime.services import Services
from reconciler.runtime.state.shelf import READ_CACHE, FileShelf
from reconciler.runtime.state.state_store import StateStore
from reconciler.runtime.telling.metrics import Metrics, Now
from reconciler.runtime.telling.state_counts import StateCounts
from reconciler.runtime.telling.statuses import Registered

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from pathlib import Path

    from reconciler.sdk.http import HttpClient


class Tools(Struct, frozen=True):
    """What the composition root hands in: the catalogue, validation, secrets, and how to reach the network."""

    catalogue: Catalogue
    validator: Validator
    secrets: SecretResolver
    http: "Callable[[str], HttpClient]"
    clock: Clock
    host_loop: "AbstractEventLoop | None" = None
    read_ahead: "Callable[[], Handed | None]" = lambda: None
    """Returns what was read of the directory before there was an engine, once."""
    ages: Ages = field(default_factory=Ages)
    together_from: int = 2


class Ground(Struct, frozen=True):
    """What an engine owns before its loop begins: the stores, the threads for disk work, the metrics."""

    root: "Path"
    prune_limit: PruneLimit
    store: StateStore
    queue: SqliteQueue
    disk: Worker
    scanner: Worker
    metrics: Metrics
    append: "Callable[[Sequence[Event]], Future[list[Receipt]]]"
    submit: "Callable[[Coroutine[Any, Any, Any]], Future[Any]]"
    ready: "Callable[[], bool]"
    lag: "Callable[[], float]"
    role: Role
    runner: "Callable[[], int | None]"


class Assembly(Struct, frozen=True):
    """The parts of a running engine that the engine itself talks to."""

    services: Services
    world: World
    registered: Registered
    directory: Directory
    goods: Goods
    absences: Absences
    desk: OverrideDesk
    outside: OutsideDesk
    controller: Controller
    router: Router
    dispatcher: Dispatcher
    counts: StateCounts
    errands: Errands


def assemble(tools: Tools, ground: Ground, listener: Listener, first_pass: int) -> Assembly:
    """Build the parts and tie them together; nothing runs yet. `first_pass` is the number of the next pass."""
    following, masked = ground.role is Role.WORKER, tools.secrets.revealed.masked
    effects = Effects(ground.store, tools.clock, following=following, masked=masked)
    services = Services(
        tools.clock,
        tools.catalogue,
        tools.secrets,
        ground.append,
        tools.http,
        ground.metrics,
        effects,
        tools.host_loop,
        exclusive=ExclusiveKeys(masked),
        dormant=Dormant(ground.role),
    )
    world = World(services)
    registered = Registered(tools.catalogue, tools.validator, tools.clock.time())
    counts = StateCounts(world, registered)
    index = RoutingIndex()
    deliveries = Deliveries(services, world, index)
    dispatcher = Dispatcher(ground.queue, tools.clock, deliveries, on_outcome=deliveries.outcome)
    router = Router(
        ground.queue, tools.clock, index, on_filter_error=deliveries.filter_error, on_routed=dispatcher.poke
    )
    deliveries.router, deliveries.dispatcher = router, dispatcher
    shelf = FileShelf(ground.store.directory / READ_CACHE, write=ground.role is Role.RUNNER)
    kept = KeptFiles(tools.validator, shelf, tools.read_ahead, sure_after=tools.ages.sure)
    directory = Directory(ground.root, tools.validator, clock=tools.clock, settle=tools.ages.settle, kept=kept)
    overrides = Overrides(tools.clock)
    absences = Absences(world, ground.prune_limit, overrides)
    absences.following = ground.role is Role.WORKER
    is_runner = ground.role is Role.RUNNER
    goods = Goods(ground.store, tools.validator, world, ground.disk, directory.permits, writing=is_runner)
    effects.may_keep = goods.keeps
    parts = Parts(services, world, directory, goods, absences, overrides, deliveries, ground.scanner)
    controller = Controller(parts, listener, first_pass, tools.together_from)
    deliveries.on_abandoned = controller.abandoned
    services.abandoned.listener = lambda key, error: controller.abandoned(world.integration(key), error)
    errands = Errands(ground.queue, tools.clock, ground.runner)
    around = Surroundings(
        clock=tools.clock,
        world=world,
        store=ground.store,
        look=controller.inbox.put,
        tell=listener.on_intervention,
        watch=goods.writes.watch,
        flush=goods.writes.flush,
        errands=errands,
        configs=lambda: {*world.configs.copy(), *directory.snapshot.desired},
        integrations=tools.catalogue.ids,
        submit=ground.submit,
        writing=lambda: services.dormant.role is Role.RUNNER,
    )
    desk = OverrideDesk(overrides, around)
    outside = OutsideDesk(services, desk, ground.submit, controller.add, errands)
    goods.writes.on_new_file = partial(_write_again, goods.writes, effects, desk)
    ground.metrics.now = Now(
        counts=counts.counts,
        held=lambda: len(world.held),
        overridden=desk.counts,
        alarms=lambda: len(world.alarms) + sum(one.set_aside is not None for one in (ground.store, ground.queue)),
        ready=ground.ready,
        lag=ground.lag,
        stats=ground.queue.stats,
    )
    return Assembly(
        services,
        world,
        registered,
        directory,
        goods,
        absences,
        desk,
        outside,
        controller,
        router,
        dispatcher,
        counts,
        errands,
    )


def _write_again(writes: GoodWrites, effects: Effects, desk: OverrideDesk) -> None:
    """Write into a database that was rebuilt what stood in it beside the last good documents."""
    for write in (desk.write_again(), *effects.write_again()):
        writes.watch(write, again=writes.on_new_file)
