import pytest

from reconciler.model.ports import StopReason, Where
from reconciler.sdk import EventHook


def receive(event, config):
    pass


def test_started_hook_registers_its_types(owner, host):
    EventHook(owner, receive, types=["build.*"]).start(host)
    assert host.events == [(("build.*",), receive)]


def test_no_types_take_all(owner, host):
    EventHook(owner, receive).start(host)
    assert host.events == [(None, receive)]


def test_stop_takes_the_receiver_back_and_may_come_twice(owner, host):
    hook = EventHook(owner, receive)
    hook.start(host)
    hook.stop(StopReason.REMOVED)
    hook.stop(StopReason.REMOVED)
    assert host.events == []


def test_stop_without_start_does_nothing(owner):
    EventHook(owner, receive).stop(StopReason.REMOVED)


def test_one_string_for_types_is_refused(owner):
    with pytest.raises(TypeError, match=r"\['build'\]"):
        EventHook(owner, receive, types="build")


def test_constructing_declares_it_for_the_runner(owner):
    hook = EventHook(owner, receive, types=["a", "b"])
    assert owner.hook_set.hooks == (hook,)
    assert hook.where is Where.RUNNER
    assert hook.describe() == "EventHook a, b"
