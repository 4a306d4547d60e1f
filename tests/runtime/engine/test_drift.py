"""Drift: what somebody breaks behind the engine's back is found at a sweep and started afresh, with the reason Drift."""

import asyncio
import threading

import pytest

from reconciler.model.plan import ActionReason
from reconciler.model.state import ConfigState, IntegrationState
from reconciler.sdk import Event, EventHook, Hook, TaskHook, TerminalError


def runtime(h, key="diary"):
    return h.manager.engine._world.integrations[key]


def actions(h, reason=ActionReason.DRIFT):
    """Return what was done for drift."""
    return [(o.action.kind.value, o.action.key) for o in h.outcomes if o.action.reason is reason]


def healthy(h, config_id="diary/a"):
    return next(c for c in h.config(config_id).conditions if c.type == "Healthy")


def sweep(h):
    """Look again, and let what was found be repaired."""
    h.settle()
    h.settle()


def with_task(run):
    def enabled(self, config):
        TaskHook(config, lambda: run(self), name="poll")

    return enabled


async def forever(self):
    self.diary.append("poll")
    await asyncio.Event().wait()


def cancel_tasks(h, coroutine_name):
    """Cancel a task of the lane, as code that reaches for `asyncio.all_tasks()` does."""
    loop, done = runtime(h).lane.loop, threading.Event()

    def cancel():
        for task in asyncio.all_tasks():
            if task.get_coro().cr_frame and coroutine_name in str(task.get_coro().cr_frame.f_locals):
                task.cancel()
        done.set()

    loop.call_soon_threadsafe(cancel)
    assert done.wait(20)


def test_task_that_was_cancelled_behind_our_back_is_started_again(harness, make, doc):
    cls = make(config_enabled=with_task(forever))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.wait_until(lambda: "poll" in cls.diary)
    cancel_tasks(h, "_supervise")
    hook = h.manager.get_configs("diary")[0].hooks[0]
    h.wait_until(lambda: not hook.is_alive())
    sweep(h)
    h.wait_until(lambda: cls.diary.count("poll") == 2)
    assert actions(h) == [("update", "diary/a")]
    assert h.state("diary/a") is ConfigState.ACTIVE


def test_task_that_returns_or_ends_for_good_is_no_drift(harness, make, doc):
    async def run(self):
        self.diary.append("poll")
        if len(self.diary) > 2:
            raise TerminalError("enough")

    cls = make(config_enabled=with_task(run))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("b"))
    h.wait_until(lambda: cls.diary.count("poll") == 2)
    sweep(h)
    assert actions(h) == []


def test_lane_whose_loop_is_blocked_is_found_and_replaced(harness, make, doc):
    begun = []

    async def block(self):
        begun.append(1)
        if len(begun) == 1:
            self.release.wait(30)
        await asyncio.Event().wait()

    cls = make(config_enabled=with_task(block))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.wait_until(lambda: bool(begun))
    h.manager.look()
    h.wait_until(lambda: h.clock.advance(0.5) or runtime(h).disowned == 1)
    h.wait_until(lambda: h.clock.advance(0.5) or (len(begun) == 2 and h.state("diary/a") is ConfigState.ACTIVE))
    assert ("start", "diary/a") in actions(h)


def test_integration_disabled_behind_our_back_is_taken_down_and_up_again(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    cls.diary.clear()
    h.manager.get_integration(cls).enabled = False
    sweep(h)
    assert cls.diary == ["disabled a #default", "shutdown", "initialize", "enabled a #default"]
    assert actions(h) == [("initialize", "diary"), ("start", "diary/a")]
    assert runtime(h).state is IntegrationState.ACTIVE


def test_hook_of_the_integration_stopped_by_somebody_else_is_repaired_and_loses_no_event(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.manager.get_integration(cls).hooks[0].stop("removed")
    sweep(h)
    h.deliver(Event(type="note", source="test", id="1"))
    assert cls.received == [("a", "1")]
    assert ("initialize", "diary") in actions(h)


def test_hook_of_a_config_stopped_by_somebody_else_restarts_that_config_alone(harness, make, doc):
    def enabled(self, config):
        self.diary.append(f"enabled {config.name}")
        EventHook(config, self.deliver)

    cls = make(config_enabled=enabled)
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("b"))
    h.manager.get_configs("diary")[1].hooks[0].stop("removed")
    cls.diary.clear()
    sweep(h)
    assert cls.diary == ["enabled b", "disabled b #default"]


def test_authors_hook_is_asked_in_its_lane(harness, make, doc):
    asked = []

    class Pool(Hook):
        def start(self, host):
            pass

        def stop(self, reason):
            pass

        def is_alive(self):
            asked.append(threading.current_thread().name)
            return len(asked) != 1

    cls = make(config_enabled=lambda self, config: Pool(config))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    sweep(h)
    assert asked[0].startswith("lane-diary-")
    assert actions(h) == [("update", "diary/a")]


def checks(answers):
    """Return a `check_health` that raises what `answers` has for the name of a configuration."""

    def check_health(self, config):
        self.diary.append(f"check {config.name}")
        found = answers.get(config.name)
        if isinstance(found, Exception):
            raise found
        return found

    return check_health


@pytest.mark.parametrize("answer", [RuntimeError("no answer"), False])
def test_failed_health_check_starts_that_config_afresh(harness, make, doc, answer):
    answers = {"a": answer}
    cls = make(check_health=checks(answers), config_changed=lambda self, old, new: self.diary.append("changed"))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.write("b.yaml", doc("b"))
    sweep(h)
    assert (healthy(h).status, healthy(h).reason) == ("False", "CheckFailed")
    assert healthy(h, "diary/b").status == "True"
    assert "changed" not in cls.diary
    assert cls.diary.count("enabled a #default") == 2
    assert cls.diary.count("enabled b #default") == 1
    assert actions(h) == [("update", "diary/a")]
    answers.clear()
    sweep(h)
    assert healthy(h).status == "True"


def test_health_that_stays_bad_is_mended_with_backoff(harness, make, doc):
    cls = make(check_health=checks({"a": RuntimeError("no answer")}))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    for _ in range(40):  # twenty minutes of sweeps
        h.clock.advance(30)
        h.settle()
    assert cls.diary.count("check a") >= 20
    assert 3 <= len(actions(h)) <= 9


def test_terminal_health_is_told_and_not_mended(harness, make, doc):
    cls = make(check_health=checks({"a": TerminalError("the account is closed")}))
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    sweep(h)
    assert healthy(h).message == "the account is closed"
    assert actions(h) == []


def test_health_check_that_hangs_keeps_nobody_waiting(harness, make, doc):
    async def check_health(self, config):
        self.diary.append("check")
        await asyncio.sleep(3600)

    cls, other = make(check_health=check_health, config_deadline=5.0), make(integration_id="other")
    h = harness(cls, other)
    h.start()
    h.write("a.yaml", doc("a"), settle=False)
    h.manager.look()
    h.wait_until(lambda: "check" in cls.diary or bool(h.manager.look()))
    h.write("b.yaml", doc("b", integration="other"), settle=False)
    h.manager.look()
    h.wait_until(lambda: h.state("other/b") is ConfigState.ACTIVE)
    h.wait_until(lambda: h.clock.advance(0.1) or any(c.type == "Healthy" for c in h.config("diary/a").conditions))
    assert "did not return within 5 s" in healthy(h).message


def test_drift_shows_in_the_history(harness, make, doc):
    cls = make()
    h = harness(cls)
    h.start()
    h.write("a.yaml", doc("a"))
    h.manager.get_integration(cls).enabled = False
    sweep(h)
    passes = h.manager.engine.history(10).result(5)
    shown = [(p.trigger, a["kind"], a["reason"]) for p in passes for a in p.actions if a["reason"] == "Drift"]
    assert ("drift", "initialize", "Drift") in shown
