"""The stage of two ways: one harness that lives through a story, and all that can be told of it, as plain values.

Two stages that went different ways through the same story must have told the same. Times, and how often something
was tried, are left out.
"""

from contextlib import suppress
from pathlib import Path

from msgspec.structs import astuple
from ways_fakes import make_classes, settings_of
from ways_told import acted, looked, timeless

from reconciler.compose.build import build_engine
from reconciler.compose.judges import build_judges
from reconciler.config.tree.ahead import _packed, _unpacked, read_ahead
from reconciler.config.tree.memory import Ages
from reconciler.config.yaml.writer import write_yaml
from reconciler.model.errors import RootUnreadable, UnknownTarget
from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.report.items import config_item, diagnostic_item, integration_item, plan_item, status_item
from reconciler.runtime.listener import Listener
from reconciler.runtime.state.shelf import READ_CACHE, FileShelf
from reconciler.runtime.state.state_store import StateStore
from reconciler.sdk import Event, Integration
from reconciler.testing import Harness

AGES = Ages(0.0, 0.0)
"""No file is too young to be read, or believed."""


class Stage:
    """`keeps`: `read.cache` outlives a stop. `ahead`: each start is handed what was read ahead.

    `read` is how many files each start has read itself, `most` the most outcomes that were told together.
    """

    def __init__(self, *, keeps=True, ahead=False, **options):
        self.keeps, self.ahead = keeps, ahead
        self.read, self.most = [], 0
        self.calls, self.received, self.looks, self.plans, self.outcomes = [], [], [], [], set()
        self.classes = make_classes(self.calls, self.received)
        self.h = Harness(
            *self.classes,
            ages=AGES,
            allow_plaintext_secrets=True,
            **options,
        )
        self.h.manager._listener = Listener(
            on_look=self.look,
            on_plan=lambda plan: self.plans.append([acted(action) for action in plan.actions]),
            on_outcomes=self.hear,
        )
        self.state = Path(self.h.directory).parent / "state"
        self.events = 0
        self.aside, self.documents, self.before = {}, {}, None

    def look(self, records):
        """Take in what a look has found; how many find nothing is a matter of chance."""
        if records:
            self.looks.append([looked(record) for record in records])

    def hear(self, outcomes):
        """Take in what came of some actions."""
        self.most = max(self.most, len(outcomes))
        self.outcomes.update((*acted(one.action), one.status, one.message) for one in outcomes)

    def live(self, story):
        """Live through a story, and return what can be told of each chapter."""
        try:
            return [self.chapter(*one) for one in story]
        finally:
            self.h.__exit__(None, None, None)

    def chapter(self, kind, what):
        """Do one thing, wait until all has come of it, and return what the world is then."""
        getattr(self, kind)(what)
        self.rest()
        if kind != "restart":
            self.h.settle()
            self.rest()
        # A slow machine lets virtual time creep: what is due to be tried again may have been, or not.
        self.h.manager.engine.retry_all(Selector.of((), {}, None))
        self.rest()
        return self.told()

    def rest(self):
        """Wait until nothing is under way: what was asked for by itself is no part of what is asked for next."""
        engine = self.h.manager.engine
        self.h.wait_until(lambda: engine.idle and engine.delivered)

    # --- what may happen ----------------------------------------------------------------------------------------

    def restart(self, files):
        """Stop, if it runs; the files change; start."""
        if self.h.manager._engine is not None:
            self.h.stop()
            self.before = self.on_disk()
            if not self.keeps:
                (self.state / READ_CACHE).unlink(missing_ok=True)
        self.edit(files)
        if self.ahead:
            self.start_ahead()
        self.h.start()
        self.read.append(self.h.manager.engine._directory._tree.read)

    def start_ahead(self):
        """Start as a daemon does that was handed what a child has read: here it is no child, but the same code."""
        manager = self.h.manager
        _, validator = build_judges(manager._options, manager._catalogue)
        shelf = FileShelf(self.state / READ_CACHE, write=False)
        self.handed = _unpacked(memoryview(_packed(read_ahead(self.h.directory, validator, shelf, AGES))))
        manager._engine = build_engine(
            manager._options,
            manager._listener,
            clock=self.h.clock,
            catalogue=manager._catalogue,
            watch=False,
            ahead=self,
        )
        manager._engine.start()

    def take(self):
        """Hand over what was read ahead, once."""
        handed, self.handed = self.handed, None
        return handed

    def edit(self, files):
        """Write, delete, link and change files, and have two change places."""
        for name, content in files.items():
            how = content[0] if type(content) is tuple else "write"
            if content is None:
                (self.h.directory / name).unlink(missing_ok=True)
            else:
                getattr(self, how)(name, *content[1:] if how != "write" else (content,))

    def write(self, name, content):
        """Write text, or documents."""
        self.documents[name] = content if isinstance(content, list) else []
        text = content if isinstance(content, str) else "---\n".join(map(write_yaml, content))
        self.h.write(name, text, settle=False)

    def tweak(self, name, number, change):
        """Change one document of a file."""
        documents = self.documents.get(name)
        if documents:
            number %= len(documents)
            self.write(name, [*documents[:number], {**documents[number], **change}, *documents[number + 1 :]])

    def link(self, name, target):
        """Let a name lead to another file."""
        path = self.h.directory / name
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(self.h.directory / target)

    def swap(self, name, other):
        """Have two files change places."""
        one, two = self.h.directory / name, self.h.directory / other
        if name != other and one.exists() and two.exists():
            aside = one.with_name(".aside")
            one.rename(aside)
            two.rename(one)
            aside.rename(two)

    def turn(self, _):
        """A new version of an integration hears nothing of its configurations any more, or does again."""
        self.h.stop()
        hears = next(cls for cls in self.classes if cls.integration_id == "hears")
        for name in ("config_enabled", "config_disabled"):
            now, other = getattr(hears, name), getattr(Integration, name)
            setattr(hears, name, self.aside.pop(name) if now is other else other)
            self.aside[name] = now
        self.restart({})

    def lose(self, is_running):
        """The root is not there for a while, before the start or after it."""
        gone = self.h.directory.with_name("gone")
        if is_running:
            self.h.directory.rename(gone)
            self.h.settle()
        else:
            self.h.stop()
            self.h.directory.rename(gone)
            with suppress(RootUnreadable):  # where nothing is good
                self.h.start()
                self.rest()
        self.before = self.told() if self.h.manager._engine is not None else None
        gone.rename(self.h.directory)
        self.h.start()

    def wait(self, seconds):
        """Time passes, less than a sweep takes to come."""
        self.h.advance(seconds)

    def secret(self, text):
        """Write the secret that some refer to, or delete it."""
        path = self.h.secrets / "t"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")

    def impose(self, asked):
        """Suspend or pause some of them."""
        kind, integration = asked
        desk, selector = self.h.manager.engine.overrides, Selector.of((), {}, integration)
        if kind == "resume":
            with suppress(UnknownTarget):
                desk.lift(selector, "bob", "")
        else:
            desk.impose(OverrideRequest(OverrideKind(kind), selector, None, "a freeze"), "alice")

    def approve(self, _):
        """Somebody approves what is held."""
        held = self.h.manager.engine.status().held_digest
        if held is not None:
            self.h.manager.engine.approve(held, "carol")

    def happen(self, data):
        """An event comes."""
        self.events += 1
        self.h.deliver(Event(type="note", source="/test", id=str(self.events), data=data))

    # --- what is told -------------------------------------------------------------------------------------------

    def told(self):
        """Return all that there is to tell since the last time.

        Of looks and plans that is the first: another one may follow while work is under way, or when it has ended.
        """
        engine = self.h.manager.engine
        backlog = engine.backlog().result(10)
        found = {
            "before": self.before,
            "look": self.looks[:1],
            "plan": self.plans[:1],
            "outcomes": sorted(self.outcomes, key=repr),
            "calls": sorted({repr(call) for call in self.calls}),
            "received": sorted(self.received, key=repr),
            "configs": [config_item(engine.config(key), backlog.get(key)) for key in sorted(engine._world.configs)],
            "integrations": [integration_item(one) for one in engine.integrations()],
            "status": status_item(engine.status()),
            "left": plan_item(engine.plan()),
            "diagnostics": [diagnostic_item(one) for one in engine.diagnostics()],
            "running": {
                one.integration_id: [(c.id, settings_of(c)) for c in engine.configs_of(one.integration_id)]
                for one in self.h.manager.get_integration_classes()
            },
        }
        for told in (self.looks, self.plans, self.outcomes, self.calls, self.received):
            told.clear()
        self.before = None
        return timeless(found, str(self.state.parent))

    def on_disk(self):
        """Return what the state directory holds of what was good."""
        store = StateStore(self.state)
        try:
            return {key: astuple(row) for key, row in sorted(store.load_good().items())}
        finally:
            store.close()
