"""Clean-up that fails is told, and tried again until it succeeds; everything else goes all the same."""

from reconciler.model.state import ConfigState, IntegrationState
from reconciler.sdk import Hook

FAILS = 3


class Stubborn(Hook):
    """Refuses to stop as often as it is told to."""

    def __init__(self, owner, name, diary, refusals):
        self.name, self.diary, self.refusals = name, diary, refusals
        super().__init__(owner)

    def start(self, host):
        pass

    def stop(self, reason):
        self.diary.append(f"stop {self.name} {reason.value}")
        if self.refusals:
            self.refusals -= 1
            raise OSError(f"{self.name} is busy")


def integration(h, key="diary"):
    return next(i for i in h.manager.engine.integrations() if i.id == key)


def cleaned_up(status):
    return next(c for c in status.conditions if c.type == "CleanedUp")


def lanes(h):
    return h.manager.engine._world.integrations["diary"].lane


def with_hooks(refusals=FAILS):
    def enabled(self, config):
        for name, count in (("first", 0), ("second", refusals), ("third", 0)):
            Stubborn(config, name, self.diary, count)

    return enabled


def test_hook_that_does_not_stop_keeps_no_other_and_is_stopped_again(harness, make, doc):
    cls = make(config_enabled=with_hooks())
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    cls.diary.clear()
    h.delete("a.yaml")
    assert cls.diary[1:4] == ["stop third removed", "stop second removed", "stop first removed"]
    assert h.state("diary/a") is ConfigState.REMOVING
    assert cleaned_up(integration(h)).message == "diary/a: stopping Stubborn failed: second is busy"
    h.advance(30)
    assert cls.diary.count("stop second removed") == FAILS + 1
    assert cls.diary.count("stop first removed") == 1
    assert h.state("diary/a") is None
    assert cleaned_up(integration(h)).status == "True"
    assert lanes(h) is None


def test_raising_shutdown_is_called_again_until_it_succeeds(harness, make, doc):
    def shutdown(self):
        self.diary.append("shutdown")
        if self.diary.count("shutdown") <= FAILS:
            raise RuntimeError("not now")

    cls = make(shutdown=shutdown)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.delete("a.yaml")
    status = integration(h)
    assert (status.state, cleaned_up(status).message) == (
        IntegrationState.REGISTERED, "diary: shutdown() failed: not now",
    )  # fmt: skip
    h.advance(30)
    assert cls.diary.count("shutdown") == FAILS + 1
    assert cleaned_up(integration(h)).status == "True"
    assert lanes(h) is None


def test_raising_shutdown_is_not_called_again_once_the_integration_is_up_again(harness, make, doc):
    def shutdown(self):
        self.diary.append("shutdown")
        raise RuntimeError("never")

    cls = make(shutdown=shutdown)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.delete("a.yaml")
    h.write("a.yaml", doc("a"))
    before = cls.diary.count("shutdown")
    h.advance(120)
    assert cls.diary.count("shutdown") == before
    assert cleaned_up(integration(h)).status == "True"


def test_raising_config_disabled_is_called_again_unless_the_config_is_back(harness, make, doc):
    def disabled(self, config):
        self.diary.append("disabled")
        raise RuntimeError("no")

    cls = make(config_disabled=disabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", enabled=False))
    h.advance(30)
    again = cls.diary.count("disabled")
    assert again >= 3
    h.write("a.yaml", doc("a"))
    h.advance(120)
    assert cls.diary.count("disabled") == again
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_hook_of_an_old_version_that_does_not_stop_is_stopped_again_beside_the_new_one(harness, make, doc):
    cls = make(config_enabled=with_hooks(2))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("a.yaml", doc("a", settings={"channel": "#new"}))
    assert h.state("diary/a") is ConfigState.ACTIVE
    assert cleaned_up(h.config("diary/a")).status == "False"
    h.advance(30)
    assert cls.diary.count("stop second replaced") == 3
    assert cleaned_up(h.config("diary/a")).status == "True"


def test_failing_initialize_whose_hook_does_not_stop_is_cleaned_up(harness, make, doc):
    def initialize(self):
        Stubborn(self, "first", self.diary, 1)
        type("Never", (Hook,), {"start": never, "stop": lambda *_: None})(self)

    def never(self, host):
        raise OSError("no port")

    cls = make(initialize=initialize)
    h = harness(cls)
    h.write("a.yaml", doc("a"), settle=False)
    h.start()
    assert "first is busy" in cleaned_up(integration(h)).message
    h.advance(10)
    assert cls.diary.count("stop first replaced") >= 2


def test_engine_that_stops_leaves_no_lane_whatever_does_not_stop(harness, make, doc):
    cls = make(config_enabled=with_hooks(1000))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    world = h.manager.engine._world
    h.stop()
    assert world.integrations["diary"].lane is None
