"""Fake integrations that fail as they are told, and a ledger of what is up that notes whatever must never happen."""

import asyncio
import threading
from collections import defaultdict

from pydantic import BaseModel, ConfigDict

from reconciler.sdk import EventHook, Hook, Integration, TerminalError, TransientError

DEADLINE = 30.0
"""Long enough that no thread of a busy machine misses it while virtual time runs fast."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    serial: int


class Ledger:
    """What is up now, by the calls that came; `wrong` are sentences about what must never happen."""

    def __init__(self):
        self.lock = threading.RLock()
        self.epoch = 0
        self.calls = []
        self.wrong = []
        self.instances = []
        self.received = defaultdict(list)
        self.done = defaultdict(set)
        self.release = threading.Event()

    def new_epoch(self):
        """The process has ended: nothing of it is up any more, and what its threads still do counts for nothing."""
        with self.lock:
            self.epoch += 1
            self.instances.clear()
            self.let_go()

    def let_go(self):
        """Let the threads of calls that hung end; the engine has given them up."""
        self.release.set()
        self.release = threading.Event()

    def up(self, integration):
        """The instances of an integration that are initialized; more than one is wrong."""
        with self.lock:
            return [i for i in self.instances if i.integration_id == integration and i.is_up and not i.lost]

    def running(self):
        """The serials that are enabled, by id."""
        with self.lock:
            return {key: sorted(gens) for i in self.instances if not i.lost for key, gens in i.gens.items() if gens}

    def hooks(self):
        """The serials of the hooks that are up, by id; those of an integration itself under its name."""
        with self.lock:
            return {key: sorted(up) for i in self.instances if not i.lost for key, up in i.hooks_up.items() if up}


class Script:
    """What the next calls do, by integration and method, until it is used up."""

    def __init__(self):
        self.lock = threading.Lock()
        self.planned = defaultdict(list)
        self.gates = {}

    def plan(self, integration, method, kind, count):
        with self.lock:
            self.planned[integration, method] += [kind] * count

    def clear(self):
        with self.lock:
            self.planned.clear()

    def next(self, integration, method):
        with self.lock:
            kinds = self.planned[integration, method]
            return kinds.pop(0) if kinds else None

    def gate(self, integration, method):
        with self.lock:
            return self.gates.pop((integration, method), None)


class Gate:
    """Holds one call back until it is opened."""

    def __init__(self):
        self.entered, self.opened = threading.Event(), threading.Event()


def fail(kind):
    """Fail as told; hanging is the caller's."""
    if kind == "raise":
        raise RuntimeError("scripted")
    if kind == "transient":
        raise TransientError("scripted", retry_after=1)
    if kind == "terminal":
        raise TerminalError("scripted")
    if kind == "exit":
        raise SystemExit("scripted")


class Up(Hook):
    """Is up or not, in the ledger; of two of one configuration with a key, only one may be."""

    def __init__(self, owner, fake, key, serial, *, exclusive=False):
        self.fake, self.key, self.serial, self.is_up = fake, key, serial, False
        self.exclusive = f"port:{key}" if exclusive else None
        super().__init__(owner)

    def start(self, host):
        fail(self.fake.script.next(self.fake.integration_id, "start hook"))
        fake = self.fake
        with fake.ledger.lock:
            up = fake.hooks_up[self.key]
            most = 0 if self.exclusive else 1
            if fake.counts and (self.serial in up or len(up) > most):
                fake.ledger.wrong.append(f"a hook of {self.key} {self.serial} starts while {up} are up")
            up.append(self.serial)
            self.is_up = True

    def stop(self, reason):
        with self.fake.ledger.lock:
            if self.is_up:  # what failed is asked for again, maybe when another of the same serial is up
                self.fake.hooks_up[self.key].remove(self.serial)
                self.is_up = False
        fail(self.fake.script.next(self.fake.integration_id, "stop hook"))


class Fake(Integration):
    """Keeps the ledger. Its subclasses say whether it is made of functions or of coroutines."""

    events = ("note",)
    initialize_deadline = shutdown_deadline = config_deadline = delivery_deadline = DEADLINE
    ledger: Ledger
    script: Script

    def __init__(self):
        self.epoch = self.ledger.epoch
        self.lost = self.is_up = False
        self.gens = defaultdict(list)
        self.before = {}
        self.unclean = False
        self.unclean_gens = defaultdict(set)
        self.hooks_up = defaultdict(list)
        self.busy = set()
        with self.ledger.lock:
            self.ledger.instances.append(self)

    @property
    def counts(self):
        """Whether what it does counts: it was not given up, and its process lives."""
        return not self.lost and self.epoch == self.ledger.epoch

    def wrong(self, text):
        if self.counts:
            self.ledger.wrong.append(f"{self.integration_id}: {text}")

    def enter(self, method, key=None):
        """Begin a call of the life cycle; returns what it is told to do."""
        with self.ledger.lock:
            if self.counts:
                self.ledger.calls.append((method, key or self.integration_id))
            if key is None and self.busy:
                self.wrong(f"{method} while {sorted(self.busy)} are under way")
            if key is not None and (key in self.busy or self.integration_id in self.busy):
                self.wrong(f"{method} of {key} while {sorted(self.busy)} are under way")
            is_again = method == "disabled" and bool(self.unclean_gens[key])
            if key is not None and not self.is_up and not is_again:
                self.wrong(f"{method} of {key} while it is not initialized")
            self.busy.add(key or self.integration_id)
        return self.script.next(self.integration_id, method)

    def leave(self, key=None):
        with self.ledger.lock:
            self.busy.discard(key or self.integration_id)

    def note_up(self):
        with self.ledger.lock:
            if self.is_up:
                self.wrong("initialized twice")
            if self.ledger.up(self.integration_id) and self.counts:
                self.wrong("two objects are initialized")
            self.is_up = True
        EventHook(self, self.deliver)
        Up(self, self, self.integration_id, 0)

    def note_down(self, kind):
        with self.ledger.lock:
            if not self.is_up and not self.unclean:
                self.wrong("shut down without being initialized")
            if any(self.gens.values()):
                self.wrong(f"shut down while {dict(self.gens)} are enabled")
            self.is_up, self.unclean = False, kind is not None  # what failed is asked for again

    def note_enabled(self, config):
        with self.ledger.lock:
            gens = self.gens[config.id]
            if config.settings.serial in gens or len(gens) > 1:
                self.wrong(f"{config.id} {config.settings.serial} is enabled beside {gens}")
            gens.append(config.settings.serial)
        Up(config, self, config.id, config.settings.serial, exclusive=self.exclusive)

    def note_changed(self, old, new):
        with self.ledger.lock:
            if self.gens[new.id] != [old.settings.serial]:
                self.wrong(f"{new.id} is changed from {old.settings.serial} while {self.gens[new.id]} is enabled")
            self.gens[new.id] = [new.settings.serial]
            self.before[new.id] = old.settings.serial
        Up(new, self, new.id, new.settings.serial, exclusive=self.exclusive)

    def note_disabled(self, config, kind):
        key, serial = config.id, config.settings.serial
        with self.ledger.lock:
            if serial in self.gens[key]:
                self.gens[key].remove(serial)
                self.before[key] = serial
            elif serial not in self.unclean_gens[key]:
                self.wrong(f"{key} {serial} is disabled twice")
            self.unclean_gens[key].discard(serial)
            if kind is not None:
                self.unclean_gens[key].add(serial)  # what failed is asked for again, also once all is shut down

    def arrived(self, event, config):
        """A delivery that was handed over during a replacement may bring the version before; to none is wrong."""
        with self.ledger.lock:
            gens, serial = self.gens[config.id], config.settings.serial
            if serial not in gens and not (gens and serial == self.before.get(config.id)):
                self.wrong(f"{event.id} is delivered to {config.id} {serial}, enabled is {gens}")
            if self.counts:
                self.ledger.received[config.id].append(int(event.id))

    def over(self, event, config):
        """It is delivered, or given up for good."""
        with self.ledger.lock:
            self.ledger.done[config.id].add(int(event.id))


class Plain(Fake):
    """Made of functions, without `config_changed`; its hooks hold something exclusive. What hangs is lost."""

    integration_id = "plain"
    exclusive = True

    def act(self, kind, method):
        gate = self.script.gate(self.integration_id, method)
        if gate is not None:
            gate.entered.set()
            gate.opened.wait(30)
        if kind == "hang":
            release, self.lost = self.ledger.release, True
            release.wait(60)
            raise RuntimeError("let go")
        fail(kind)

    def initialize(self):
        kind = self.enter("initialize")
        try:
            self.act(kind, "initialize")
            self.note_up()
        finally:
            self.leave()

    def shutdown(self):
        kind = self.enter("shutdown")
        try:
            self.note_down(kind)
            self.act(kind, "shutdown")
        finally:
            self.leave()

    def config_enabled(self, config):
        kind = self.enter("enabled", config.id)
        try:
            self.act(kind, "enabled")
            self.note_enabled(config)
        finally:
            self.leave(config.id)

    def config_disabled(self, config):
        kind = self.enter("disabled", config.id)
        try:
            self.note_disabled(config, kind)
            self.act(kind, "disabled")
        finally:
            self.leave(config.id)

    def deliver(self, event, config):
        self.arrived(event, config)
        kind = self.script.next(self.integration_id, "deliver")
        if kind == "terminal":
            self.over(event, config)
        self.act(kind, "deliver")
        self.over(event, config)


class Async(Fake):
    """Made of coroutines, with `config_changed`. What hangs is cancelled; what is stubborn swallows that and is lost."""

    integration_id = "async"
    exclusive = False

    async def act(self, kind, method):
        gate = self.script.gate(self.integration_id, method)
        if gate is not None:
            gate.entered.set()
            while not gate.opened.is_set():
                await asyncio.sleep(0.002)
        if kind == "hang":
            await asyncio.sleep(3600)
        if kind == "stubborn":
            self.lost, release = True, self.ledger.release
            while not release.is_set():
                try:
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    pass
            raise RuntimeError("let go")
        fail(kind)

    async def initialize(self):
        kind = self.enter("initialize")
        try:
            await self.act(kind, "initialize")
            self.note_up()
        finally:
            self.leave()

    async def shutdown(self):
        kind = self.enter("shutdown")
        try:
            self.note_down(kind)
            await self.act(kind, "shutdown")
        finally:
            self.leave()

    async def config_enabled(self, config):
        kind = self.enter("enabled", config.id)
        try:
            await self.act(kind, "enabled")
            self.note_enabled(config)
        finally:
            self.leave(config.id)

    async def config_changed(self, old, new):
        kind = self.enter("changed", new.id)
        try:
            await self.act(kind, "changed")
            self.note_changed(old, new)
        finally:
            self.leave(new.id)

    async def config_disabled(self, config):
        kind = self.enter("disabled", config.id)
        try:
            self.note_disabled(config, kind)
            await self.act(kind, "disabled")
        finally:
            self.leave(config.id)

    async def deliver(self, event, config):
        self.arrived(event, config)
        kind = self.script.next(self.integration_id, "deliver")
        if kind == "terminal":
            self.over(event, config)
        await self.act(kind, "deliver")
        self.over(event, config)


FAILURES = {
    "plain": {
        "initialize": ("raise", "transient", "terminal", "exit", "hang"),
        "enabled": ("raise", "transient", "terminal", "exit", "hang"),
        "start hook": ("raise", "terminal"),
        "stop hook": ("raise",),
        "disabled": ("raise", "exit"),
        "shutdown": ("raise", "exit"),
        "deliver": ("raise", "transient", "terminal", "exit", "hang"),
    },
    "async": {
        "initialize": ("raise", "transient", "terminal", "exit", "hang", "stubborn"),
        "enabled": ("raise", "terminal", "hang", "stubborn"),
        "changed": ("raise", "transient", "terminal", "exit", "hang", "stubborn"),
        "stop hook": ("raise",),
        "disabled": ("raise", "hang"),
        "shutdown": ("raise", "exit", "hang"),
        "deliver": ("raise", "transient", "terminal", "exit", "hang", "stubborn"),
    },
}


def make_fakes():
    """Return a ledger, a script, and fresh classes that share them."""
    ledger, script = Ledger(), Script()
    shared = {"ledger": ledger, "script": script, "Settings": Settings}
    return ledger, script, [type(base.__name__, (base,), dict(shared)) for base in (Plain, Async)]
