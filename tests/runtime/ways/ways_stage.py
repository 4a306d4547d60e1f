"""The stage of two ways: one harness that lives through a story, and all that can be told of it, as plain values.

Two stages that went different ways through the same story must have told the same. Times, and how often something was
tried, are left out: what is tried again is due at random.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from reconciler.compose.build import build_engine
from reconciler.compose.judges import build_judges
from reconciler.config.tree.ahead import _packed, _unpacked, read_ahead
from reconciler.config.tree.memory import Ages
from reconciler.config.yaml.writer import write_yaml
from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.report.items import config_item, diagnostic_item, integration_item, plan_item, status_item
from reconciler.runtime.listener import Listener
from reconciler.runtime.state.shelf import READ_CACHE, FileShelf
from reconciler.runtime.state.state_store import StateStore
from reconciler.sdk import Event, EventHook, Integration, Secret, TerminalError
from reconciler.testing import Harness

AGES = Ages(0.0, 0.0)
"""No file is too young to be read, or believed."""
TIMES = {"since", "until", "started", "last_pass", "next_attempt", "seconds", "oldest_seconds"}


class Settings(BaseModel):
    """Odd numbers do not fit, which only the code knows; 66 breaks it."""

    model_config = ConfigDict(extra="forbid")
    number: int = 0
    channel: str = "#none"
    token: Secret | None = None

    @model_validator(mode="after")
    def _even(self):
        if self.number == 66:
            raise RuntimeError("broken")
        if self.number % 2:
            raise ValueError("an odd number")
        return self


def make_classes(calls, received):
    """Return integrations of every kind: typed, untyped, one that hears of its configurations, one that never is up."""

    class Typed(Integration):
        integration_id = "typed"
        events = ("note",)
        default_settings = {"channel": "#default"}

        def initialize(self):
            EventHook(self, self.deliver)

        def deliver(self, event, config):
            received.append((config.id, event.id, repr(self.render(event, config)), settings_of(config)))
            if config.get("channel") == "#full":
                raise TerminalError("it is full")

    class Bare(Typed):
        integration_id = "bare"

    class Hears(Typed):
        integration_id = "hears"

        def config_enabled(self, config):
            calls.append(("enabled", config.id, settings_of(config)))
            if config.get("number") == 4:
                raise TerminalError("four")

        def config_disabled(self, config):
            calls.append(("disabled", config.id, settings_of(config)))

    class Down(Typed):
        integration_id = "down"

        def initialize(self):
            raise TerminalError("never up")

    Typed.Settings = Hears.Settings = Down.Settings = Settings
    Bare.Settings = None
    return [Typed, Bare, Hears, Down]


def settings_of(config):
    """Return the settings that code gets, secrets in plain text."""
    found = config.settings.model_dump() if isinstance(config.settings, BaseModel) else dict(config.settings)
    return {key: ("revealed", one.reveal()) if isinstance(one, Secret) else one for key, one in found.items()}


class Stage:
    """`keeps`: `read.cache` outlives a stop. `ahead`: each start is handed what was read ahead.

    `read` is how many files each start has read itself, `most` the most outcomes that were told together.
    """

    def __init__(self, *, keeps=True, ahead=False, **options):
        self.keeps, self.ahead = keeps, ahead
        self.read, self.most = [], 0
        self.calls, self.received, self.looks, self.plans, self.outcomes = [], [], [], [], set()
        self.h = Harness(
            *make_classes(self.calls, self.received),
            ages=AGES,
            allow_plaintext_secrets=True,
            **options,
        )
        self.h.manager._listener = Listener(
            on_look=lambda records: self.looks.append([looked(record) for record in records]),
            on_plan=lambda plan: self.plans.append([acted(action) for action in plan.actions]),
            on_outcomes=self.hear,
        )
        self.state = Path(self.h.directory).parent / "state"
        self.events = 0

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
        if kind != "restart":
            self.h.settle()
        return self.told()

    # --- what may happen ----------------------------------------------------------------------------------------

    def restart(self, files):
        """Stop, if it runs; the files change; start."""
        rows = None
        if self.h.manager._engine is not None:
            self.h.stop()
            rows = self.on_disk()
            if not self.keeps:
                (self.state / READ_CACHE).unlink(missing_ok=True)
        self.edit(files)
        if self.ahead:
            self.start_ahead()
        self.h.start()
        self.looks.append(rows)
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
        """Write and delete files."""
        for name, documents in files.items():
            if documents is None:
                (self.h.directory / name).unlink(missing_ok=True)
            else:
                text = documents if isinstance(documents, str) else "---\n".join(map(write_yaml, documents))
                self.h.write(name, text, settle=False)

    def secret(self, text):
        """Write the secret that some refer to, or delete it."""
        path = self.h.secrets / "t"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")

    def impose(self, asked):
        """Suspend or pause some of them."""
        kind, integration = asked
        request = OverrideRequest(OverrideKind(kind), Selector.of((), {}, integration), None, "a freeze")
        self.h.manager.engine.overrides.impose(request, "alice")
        self.h.wait_until(lambda: self.h.manager.engine.idle)  # the look that this asks for is one of its own

    def happen(self, data):
        """An event comes."""
        self.events += 1
        self.h.deliver(Event(type="note", source="/test", id=str(self.events), data=data))

    # --- what is told -------------------------------------------------------------------------------------------

    def told(self):
        """Return all that there is to tell since the last time."""
        engine = self.h.manager.engine
        backlog = engine.backlog().result(10)
        found = {
            "looks": self.looks.copy(),
            "plans": self.plans.copy(),
            "outcomes": sorted(self.outcomes, key=repr),
            "calls": sorted(self.calls, key=repr),
            "received": sorted(self.received, key=repr),
            "configs": [config_item(engine.config(key), backlog.get(key)) for key in sorted(engine._world.configs)],
            "integrations": [integration_item(one) for one in engine.integrations()],
            "status": status_item(engine.status()),
            "plan": plan_item(engine.plan()),
            "diagnostics": [diagnostic_item(one) for one in engine.diagnostics()],
            "running": {
                one.integration_id: [(c.id, settings_of(c)) for c in engine.configs_of(one.integration_id)]
                for one in self.h.manager.get_integration_classes()
            },
        }
        for told in (self.looks, self.plans, self.outcomes, self.calls, self.received):
            told.clear()
        return timeless(found, str(self.state.parent))

    def on_disk(self):
        """Return what the state directory holds of what was good."""
        store = StateStore(self.state)
        try:
            return {key: tuple(row) for key, row in sorted(store.load_good().items())}
        finally:
            store.close()


def looked(record):
    """Return what is known of a configuration after a look, before anything is done."""
    want = record.effective
    return {
        "id": record.id,
        "presence": want.desired.presence,
        "desired": of_document(want.desired.document),
        "place": (want.desired.file, want.desired.line, want.desired.persistable),
        "in force": of_document(want.document),
        "stale": want.stale,
        "flags": (want.known, want.waits, record.rotated, record.refused, record.drift),
        "accepted": of_document(record.accepted),
        "applied": of_document(record.applied),
        "runs": of_document(record.generation.document if record.generation is not None else None),
        "failure": record.failure and (record.failure.digest, record.failure.reason, record.failure.message),
        "waiting": (record.waiting, record.message),
        "imposed": repr(record.imposed.sending),
        "conditions": {one.type: (one.status, one.reason, one.message) for one in record.conditions.values()},
    }


def of_document(document):
    """Return a document as plain values."""
    return document and (document.id, document.digest, document.raw, document.literals)


def acted(action):
    """Return an action as plain values."""
    fields = (action.kind, action.key, action.reason, action.old_digest, action.new_digest, action.held)
    return (*fields, action.suspended, repr(action.changes))


def timeless(value, folder):
    """Return a value without times, and without the folder that all of it lies in."""
    if isinstance(value, dict):
        return {key: timeless(one, folder) for key, one in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [timeless(one, folder) for one in value]
    return value.replace(folder, "") if isinstance(value, str) else value
