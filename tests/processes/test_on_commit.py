"""`defer=transaction.on_commit`, with a real database: queued at the commit, forgotten at the rollback."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
PROGRAM = """
import asyncio, json, pathlib, sys, threading
import django
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}})
django.setup()
from django.db import connection, transaction
from django.dispatch import Signal
from reconciler import Event, IntegrationManager
from reconciler.sdk import Integration, SignalHook

signal = Signal()

class Reviews(Integration):
    integration_id = "reviews"
    events = ("review",)
    def initialize(self):
        SignalHook(self, signal, lambda review, **_: self.publish(event(review)))

def event(name):
    return Event(type="review", source="/tests", id=name)

manager = IntegrationManager("configs", state_dir="state", defer=transaction.on_commit, integrations=())
manager.register_integration_class(Reviews)
manager.start()
# Without a runner hook nobody takes events, so that all of them stay in the queue, unrouted.
def queued():
    db = manager.engine._queue._database
    return sorted(db.submit(lambda c: [name for (name,) in c.execute("SELECT id FROM event")]).result(10))

answers = {}
def note(name, value):
    answers[name] = value

class Rollback(Exception):
    pass

note("outside", manager.publish(event("outside")).result(10)[0].duplicate)
with transaction.atomic():
    future = manager.publish(event("committed"))
    note("before the commit", [queued(), future.done()])
note("after the commit", [queued(), future.done()])

try:
    with transaction.atomic():
        future = manager.publish(event("rolled-back"))
        raise Rollback
except Rollback:
    note("after the rollback", [queued(), future.cancelled()])
del future

with transaction.atomic():
    signal.send(sender=None, review="by-hook")
    manager.get_integration("reviews").publish(event("by-integration"))
    try:
        with transaction.atomic():
            signal.send(sender=None, review="inner")
            raise Rollback
    except Rollback:
        pass
    note("hooks before the commit", queued())
note("hooks after the commit", queued())

with transaction.atomic():
    other = threading.Thread(target=lambda: manager.publish(event("other-thread")).result(10))
    other.start(); other.join(10)
    note("another thread", "other-thread" in queued())
    try:
        manager.publish(Event(type="review", source="/tests", data={"x": object()}))
    except Exception as error:
        note("not JSON", type(error).__name__)

async def inside_a_loop():
    return (await manager.apublish(event("loop"))).duplicate
note("event loop", asyncio.run(inside_a_loop()))

with transaction.atomic():
    late = manager.publish(event("late"))
    manager.stop()
note("engine stopped", type(late.exception(5)).__name__)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What the program found, by the name of the step."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "configs").mkdir()
    (folder / "configs" / "a.yaml").write_text("integration: reviews\nname: a\nevents: []\n")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_outside_a_transaction_it_is_queued_at_once(answers):
    assert answers["outside"] is False


def test_inside_a_transaction_it_is_on_disk_when_the_commit_returns(answers):
    assert answers["before the commit"] == [["outside"], False]
    assert answers["after the commit"] == [["committed", "outside"], True]


def test_rollback_forgets_it_and_cancels_the_future(answers):
    assert answers["after the rollback"] == [["committed", "outside"], True]


def test_hooks_and_integrations_wait_for_the_commit_too(answers):
    assert answers["hooks before the commit"] == ["committed", "outside"]
    assert answers["hooks after the commit"] == ["by-hook", "by-integration", "committed", "outside"]


def test_another_thread_has_a_transaction_of_its_own(answers):
    assert answers["another thread"] is True


def test_data_that_is_not_json_is_refused_at_once(answers):
    assert answers["not JSON"] == "EventError"


def test_event_loop_is_not_asked_for_a_transaction(answers):
    assert answers["event loop"] is False


def test_commit_after_the_engine_has_stopped_does_not_fail(answers):
    assert answers["engine stopped"] == "NotRunning"
