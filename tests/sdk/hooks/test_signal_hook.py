import asyncio
import gc
import threading

import blinker
import pytest
from django.dispatch import Signal as DjangoSignal

from reconciler.model.errors import HookError
from reconciler.model.ports import StopReason, Where
from reconciler.sdk import SignalHook
from reconciler.sdk.hooks import signal as signal_module


@pytest.fixture(params=[blinker.Signal, DjangoSignal], ids=["blinker", "django"])
def signal(request):
    return request.param()


def test_receiver_gets_what_was_sent_in_the_senders_thread(owner, start, signal):
    seen = []

    def receive(sender, **kwargs):
        seen.append((sender, kwargs["order"], threading.current_thread()))

    start(SignalHook(owner, signal, receive))
    signal.send("shop", order=7)
    assert seen == [("shop", 7, threading.current_thread())]


def test_receiver_is_strongly_referenced(owner, start, signal):
    seen = []
    start(SignalHook(owner, signal, lambda sender, **kwargs: seen.append(sender)))
    gc.collect()
    signal.send("shop")
    assert seen == ["shop"]


def test_sender_narrows(owner, start, signal):
    class Mine: ...

    class Other: ...

    seen = []
    start(SignalHook(owner, signal, lambda sender, **kwargs: seen.append(sender), sender=Mine))
    signal.send(Other)
    signal.send(Mine)
    assert seen == [Mine]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1), asyncio.CancelledError()])
def test_failure_is_reported_and_never_reaches_the_sender(owner, host, start, signal, error):
    def fail(sender, **kwargs):
        raise error

    start(SignalHook(owner, signal, fail))
    signal.send("shop")
    assert [reported for _, reported in host.reports] == [error]


def test_ctrl_c_belongs_to_the_host(owner, start, signal):
    def interrupted(sender, **kwargs):
        raise KeyboardInterrupt

    start(SignalHook(owner, signal, interrupted))
    with pytest.raises(KeyboardInterrupt):
        signal.send("shop")


def test_async_receiver_runs_in_the_lane(owner, host, start, signal, until):
    seen = []

    async def receive(sender, **kwargs):
        await asyncio.sleep(0)
        seen.append((sender, kwargs["order"], threading.current_thread() is threading.main_thread()))

    start(SignalHook(owner, signal, receive))
    signal.send("shop", order=7)
    until(lambda: seen)
    assert seen == [("shop", 7, False)]


def test_failure_of_an_async_receiver_is_reported(owner, host, start, signal, until):
    async def fail(sender, **kwargs):
        raise ValueError("no")

    start(SignalHook(owner, signal, fail))
    signal.send("shop")
    until(lambda: host.reports)
    assert "no" in str(host.reports[0][1])


def test_async_receiver_of_a_stopped_engine_does_not_hurt_the_sender(owner, host, start, signal, monkeypatch):
    def refuse(function, *args):
        raise RuntimeError("stopped")

    async def receive(sender, **kwargs): ...

    start(SignalHook(owner, signal, receive))
    monkeypatch.setattr(host, "call", refuse)
    signal.send("shop")
    assert str(host.reports[0][1]) == "stopped"


def test_stopped_hook_is_disconnected_and_refuses_late_calls(owner, host, signal):
    seen = []
    hook = SignalHook(owner, signal, lambda sender, **kwargs: seen.append(sender))
    hook.start(host)
    hook.stop(StopReason.REMOVED)
    signal.send("shop")
    hook._receive("late")  # a signal whose sending began before the stop
    assert seen == []
    assert not signal.receivers


def test_stop_awaits_calls_in_flight(owner, host, signal, until):
    entered, release, ended = threading.Event(), threading.Event(), []

    def receive(sender, **kwargs):
        entered.set()
        release.wait(20)
        ended.append(True)

    hook = SignalHook(owner, signal, receive)
    hook.start(host)
    sender = threading.Thread(target=signal.send, args=("shop",))
    sender.start()
    entered.wait(20)
    stopping = threading.Thread(target=hook.stop, args=(StopReason.REMOVED,))
    stopping.start()
    until(lambda: not signal.receivers)
    assert stopping.is_alive()
    release.set()
    stopping.join(20)
    sender.join(20)
    assert ended == [True]


def test_call_that_does_not_return_makes_stop_fail_in_bounded_time(owner, host, signal):
    entered, release = threading.Event(), threading.Event()

    def receive(sender, **kwargs):
        entered.set()
        release.wait(20)

    hook = SignalHook(owner, signal, receive)
    hook._calls.patience = 0.01
    hook.start(host)
    sender = threading.Thread(target=signal.send, args=("shop",))
    sender.start()
    entered.wait(20)
    with pytest.raises(HookError, match="1 of its calls"):
        hook.stop(StopReason.REMOVED)
    release.set()
    sender.join(20)
    hook.stop(StopReason.REMOVED)


def test_hook_may_start_again_after_a_stop(owner, host, start, signal):
    seen = []
    hook = SignalHook(owner, signal, lambda sender, **kwargs: seen.append(sender))
    hook.start(host)
    hook.stop(StopReason.REPLACED)
    start(hook)
    signal.send("shop")
    assert seen == ["shop"]


def test_many_threads_send_while_it_stops(owner, host, signal):
    inside, after_stop, stopped = [], [], threading.Event()

    def receive(sender, **kwargs):
        (after_stop if stopped.is_set() else inside).append(1)

    def send():
        for _ in range(300):
            signal.send("shop")

    hook = SignalHook(owner, signal, receive)
    hook.start(host)
    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    hook.stop(StopReason.REMOVED)
    stopped.set()
    for thread in threads:
        thread.join(20)
    assert after_stop == []
    assert host.reports == []


def test_it_lives_everywhere(owner):
    assert SignalHook(owner, blinker.Signal(), print).where is Where.EVERYWHERE


def test_the_package_does_not_import_django():
    assert "django" not in vars(signal_module)
