"""Databases that are damaged, before a start and beneath a running engine: set aside, rebuilt, said; never a crash."""

import os
import sqlite3
from pathlib import Path

import pytest

from reconciler.model.override import OverrideKind, OverrideRequest, Selector
from reconciler.testing import Harness

pytestmark = pytest.mark.slow


def half(path):
    os.truncate(path, path.stat().st_size // 2)


def nothing(path):
    os.truncate(path, 0)


def garbage_at_the_head(path):
    with path.open("r+b") as file:
        file.write(os.urandom(4096))


def garbage_within(path):
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def another_file(path):
    path.unlink()
    path.write_bytes(b"this is not a database, " * 1000)


def version_of_the_future(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def deleted(path):
    path.unlink()


AT_START = [half, nothing, garbage_at_the_head, garbage_within, another_file, version_of_the_future]
IN_USE = [half, nothing, another_file, deleted]


@pytest.fixture
def used(site):
    """A site that ran and was stopped; `b` is invalid now, so that only the state knows it."""
    site.write("a", "b")
    site.start()
    site.stop()
    site.diary.clear()
    return site


def checked(path):
    with sqlite3.connect(path) as connection:
        found = connection.execute("PRAGMA quick_check").fetchone()[0]
    connection.close()
    return found


@pytest.mark.parametrize("name", ["state.db", "queue.db"])
@pytest.mark.parametrize("damage", AT_START, ids=lambda f: f.__name__)
def test_damage_before_a_start_is_set_aside_and_said(used, note, name, damage):
    damage(used.state_dir / name)
    used.start()
    assert used.active() == ["a", "b"]
    [alarm] = used.engine.alarms()
    [aside] = used.state_dir.glob(f"{name}.corrupt-*")
    assert alarm == f"{name} was corrupt: it is set aside as {aside.name} and was rebuilt"
    used.manager.publish(note("1")).result(5)
    used.wait(lambda: used.integration.received.count("1") == 2)
    used.stop()
    assert checked(used.state_dir / name) == "ok"
    used.start()
    assert used.engine.alarms() == ()


@pytest.mark.parametrize("damage", IN_USE, ids=lambda f: f.__name__)
def test_state_damaged_in_use_is_rebuilt_from_what_is_known(site, text, damage):
    site.write("a", "b", channel="old")
    site.start()
    site.wait(lambda: sorted(site.engine._store.load_good()) == ["diary/a", "diary/b"])
    path = site.state_dir / "state.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    site.write("a", channel="new")
    site.wait(lambda: site.diary[-1] == "~a {'channel': 'new'}" and site.engine.idle)
    damage(path)
    site.write("a", channel="newer")
    site.wait(lambda: any("state.db was corrupt" in alarm for alarm in site.engine.alarms()))
    site.wait(lambda: sorted(site.engine._store.load_good()) == ["diary/a", "diary/b"])
    assert site.diary[-1] == "~a {'channel': 'newer'}"
    (site.root / "a.yaml").write_text("[")
    site.wait(lambda: site.status("a").stale)
    site.stop()
    site.diary.clear()
    site.start()
    assert sorted(site.diary) == ["+a {'channel': 'newer'}", "+b {'channel': 'old'}", "initialize"]


def test_damage_while_nothing_is_written_is_found_by_the_sweep():
    with Harness() as harness:
        harness.advance(1)
        (state,) = Path(harness.directory.parent).glob("state/state.db")
        deleted(state)
        harness.advance(35)
        harness.wait_until(lambda: any("state.db was corrupt" in alarm for alarm in harness.manager.engine.alarms()))
        assert checked(state) == "ok"


def test_suspension_survives_a_state_that_is_rebuilt_in_use(site):
    site.write("a", channel="old")
    site.start()
    asked = OverrideRequest(OverrideKind.SUSPEND, Selector.of(["diary/a"]), None, "a freeze")
    site.engine.overrides.impose(asked, "alice")
    deleted(site.state_dir / "state.db")
    site.write("a", "b", channel="new")
    site.wait(lambda: any("state.db was corrupt" in alarm for alarm in site.engine.alarms()))
    site.wait(lambda: sorted(site.engine._store.load_good()) == ["diary/a", "diary/b"])
    site.stop()
    site.diary.clear()
    site.start()
    assert [o.who for o in site.status("a").overrides] == ["alice"]
    assert "+a {'channel': 'old'}" in site.diary


@pytest.mark.parametrize("damage", IN_USE, ids=lambda f: f.__name__)
def test_queue_damaged_in_use_is_rebuilt_and_takes_events(site, note, damage):
    site.write("a")
    site.start()
    site.manager.publish(note("before")).result(5)
    site.wait(lambda: site.integration.received == ["before"] and site.engine.delivered)
    with sqlite3.connect(site.state_dir / "queue.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    site.manager.publish(note("and")).result(5)
    site.wait(lambda: len(site.integration.received) == 2 and site.engine.delivered)
    damage(site.state_dir / "queue.db")
    site.manager.publish(note("after")).result(5)
    site.wait(lambda: "after" in site.integration.received)
    assert any("queue.db was corrupt" in alarm for alarm in site.engine.alarms())
    site.write("a", channel="new")
    site.wait(lambda: site.diary[-1] == "~a {'channel': 'new'}")
