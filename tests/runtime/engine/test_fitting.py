"""Which configurations start together with others: those about which nothing at all is special."""

from types import SimpleNamespace

from msgspec.structs import replace

from reconciler.model.ports import Where
from reconciler.model.state import Role, StateReason
from reconciler.runtime.lanes.cleanup import Leftover
from reconciler.runtime.lanes.dormant import Sleeper
from reconciler.runtime.lanes.effects import Declarer
from reconciler.runtime.loop.world import Failure
from reconciler.sdk import Integration

PLAIN = {"config_enabled": Integration.config_enabled, "config_disabled": Integration.config_disabled}


def clean_up_is_left(services, record):
    services.cleanups.keep(record.id, Leftover("a call", "", SimpleNamespace(closed=False), None))


def effect_is_held(services, record):
    services.effects.handle(Declarer(record.id), "hook").begin().result(10)


def hook_sleeps(services, record):
    services.dormant.role = Role.WORKER
    services.dormant.puts(Sleeper(SimpleNamespace(where=Where.RUNNER), record.id, None, None, 1.0))
    services.dormant.role = Role.RUNNER


SPECIAL = [
    clean_up_is_left,
    effect_is_held,
    hook_sleeps,
    lambda _, record: setattr(record, "failure", Failure("d", StateReason.ERROR, "", None)),
    lambda _, record: setattr(record, "attempts", 1),
    lambda _, record: setattr(record, "drift", "a hook is dead"),
    lambda _, record: setattr(record, "rotated", True),
]


def test_those_about_which_nothing_is_special_fit(harness, make, doc):
    h = harness(make(Settings=None, **PLAIN), make(integration_id="hears", config_enabled=lambda *_: None))
    for n in range(len(SPECIAL) + 4):
        h.write(f"{n}.yaml", doc(f"n{n}"), settle=False)
    h.write("hears.yaml", doc("hears", "hears"), settle=False)
    h.start()
    engine, records = h.manager.engine, h.manager.engine._world.configs
    first, second, unwanted, runs, *special = (f"diary/n{n}" for n in range(len(SPECIAL) + 4))
    for key in records.keys() - {runs}:
        engine._world.set_generation(records[key], None)
    engine._world.set_effective(replace(records[unwanted].effective, waits=True))
    for make_special, key in zip(SPECIAL, special, strict=True):
        make_special(engine._controller._p.services, records[key])
    keys = [second, "diary", "diary/unknown", "hears/hears", runs, unwanted, *special, first]
    assert engine._controller._applier.together.fitting(keys) == [second, first]
