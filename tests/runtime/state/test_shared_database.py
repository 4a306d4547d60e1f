"""One SQLite file, several processes: who may set it aside, who hears of whom, and what a fork may not do."""

import os
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from reconciler.model.errors import NotRunning, StateError
from reconciler.runtime.state.database import _POLL, Database
from reconciler.runtime.state.database_open import Schema

SCHEMA = Schema("CREATE TABLE IF NOT EXISTS t (x INTEGER)")
GUEST = """
import pathlib, sys
from reconciler.runtime.state.database import Database
from reconciler.runtime.state.database_open import Schema
guest = Database(pathlib.Path(sys.argv[1]), Schema("CREATE TABLE IF NOT EXISTS t (x INTEGER)"), owner=False)
for line in sys.stdin:
    guest.submit(lambda db: db.execute("INSERT INTO t VALUES (?)", (int(line),))).result(20)
    print("ok", flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.db"


@pytest.fixture
def guest(path):
    """A guest in another process: `guest(3)` inserts a number and returns once that is on disk."""
    process = subprocess.Popen([sys.executable, "-c", GUEST, str(path)], stdin=-1, stdout=-1, text=True)

    def insert(number):
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ok\n"

    yield insert
    process.kill()
    process.communicate()


def numbers(database):
    return database.submit(lambda db: [x for (x,) in db.execute("SELECT x FROM t ORDER BY x")]).result(10)


def spoil(path):
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"not a database at all" * 100)


def test_guest_makes_the_file_where_none_is(path):
    with closing(Database(path, SCHEMA, owner=False)) as guest:
        assert numbers(guest) == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_guest_sets_nothing_aside(path):
    Database(path, SCHEMA).close()
    spoil(path)
    with pytest.raises(StateError, match=r"the runner sets such a file aside when it starts"):
        Database(path, SCHEMA, owner=False)
    assert sorted(p.name for p in path.parent.iterdir()) == ["open.lock", "x.db"]


def test_guest_refuses_tables_of_another_version(path):
    Database(path, Schema(SCHEMA.tables, version=2)).close()
    with pytest.raises(StateError, match="schema version 2, expected 1"):
        Database(path, SCHEMA, owner=False)


def test_owner_sets_a_corrupt_file_aside(path):
    Database(path, SCHEMA).close()
    spoil(path)
    with closing(Database(path, SCHEMA)) as owner:
        assert numbers(owner) == []
        assert owner.set_aside.read_bytes().startswith(b"not a database at all")


@pytest.mark.slow
def test_guest_follows_to_the_file_that_the_owner_made_anew(path, guest):
    Database(path, SCHEMA).close()
    guest(1)
    spoil(path)
    with closing(Database(path, SCHEMA)) as owner:
        assert owner.set_aside is not None
        guest(2)
        guest(3)
        assert numbers(owner) == [2, 3]


@pytest.mark.slow
def test_guest_that_goes_over_leaves_the_new_journal_alone(path, guest):
    """It closes its connection to a file that was moved away; the journal at that path is another's now."""
    Database(path, SCHEMA).close()
    guest(1)
    path.with_name("x.db-shm").unlink()
    path.with_name("x.db-wal").rename(path.with_name("aside-wal"))
    path.rename(path.with_name("aside"))
    with closing(Database(path, SCHEMA)) as owner:
        assert numbers(owner) == []
        journal = path.with_name("x.db-wal").stat().st_ino
        guest(2)
        assert path.with_name("x.db-wal").stat().st_ino == journal
        assert numbers(owner) == [2]


@pytest.mark.slow
def test_owner_hears_soon_of_what_another_process_commits(path, guest):
    heard = threading.Event()
    with closing(Database(path, SCHEMA)) as owner:
        owner.watch(heard.set)
        assert heard.wait(20)  # it looks once at the start
        heard.clear()
        guest(1)
        began = time.monotonic()
        assert heard.wait(20)
        assert time.monotonic() - began < 50 * _POLL


def test_owner_does_not_hear_of_itself(path):
    calls = []
    with closing(Database(path, SCHEMA)) as owner:
        owner.watch(lambda: calls.append(1))
        for number in range(3):
            owner.submit(lambda db, n=number: db.execute("INSERT INTO t VALUES (?)", (n,))).result(10)
            threading.Event().wait(0.12)
    assert len(calls) <= 1


@pytest.mark.slow
def test_two_processes_write_side_by_side(path, guest):
    with closing(Database(path, SCHEMA)) as owner:
        for number in range(0, 100, 2):
            future = owner.submit(lambda db, n=number: db.execute("INSERT INTO t VALUES (?)", (n,)))
            guest(number + 1)
            future.result(10)
        assert numbers(owner) == list(range(100))


def test_guest_that_becomes_the_owner_sets_a_corrupt_file_aside(path):
    with closing(Database(path, SCHEMA, owner=False)) as guest:
        numbers(guest)
        for file in path.parent.glob("x.db*"):
            file.unlink()
        path.write_bytes(b"not a database at all" * 100)
        guest.become_owner().result(10)
        assert guest.set_aside is not None
        assert numbers(guest) == []


def test_child_of_a_fork_is_told_where_to_start(path):
    with closing(Database(path, SCHEMA)) as database:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                database.submit(lambda _: None)
            except NotRunning as error:
                os.write(writer, str(error).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as said:
            assert "start it after the fork, in post_fork or worker_process_init" in said.read()
        os.waitpid(child, 0)
        assert numbers(database) == []


@pytest.mark.slow
def test_fork_in_the_middle_of_a_statement_waits_for_its_end(path):
    """A child that was forked sooner would inherit SQLite's mutexes as a thread holds them that it does not have."""
    program = """
import os, pathlib, sys, threading
from reconciler.runtime.state.database import Database
from reconciler.runtime.state.database_open import Schema
database = Database(pathlib.Path(sys.argv[1]), Schema("CREATE TABLE IF NOT EXISTS t (x INTEGER)"))
begun = threading.Event()
def long(db):
    db.create_function("begun", 0, lambda: begun.set() or 1)
    db.execute("WITH RECURSIVE n(x) AS (SELECT begun() UNION ALL SELECT x + 1 FROM n LIMIT 3000000) SELECT max(x) FROM n")
future = database.submit(long)
begun.wait()
child = os.fork()
ended = future.done()
if child == 0:
    del database, future
    Database(pathlib.Path(sys.argv[1] + "-of-the-child"), Schema("")).close()
    sys.exit(not ended)
_, status = os.waitpid(child, 0)
database.submit(lambda db: db.execute("INSERT INTO t VALUES (1)")).result(10)
print(status, ended, flush=True)
database.close()
"""
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=20)
    assert done.stdout == "0 True\n", done.stderr
    with closing(Database(path, SCHEMA)) as again:
        assert numbers(again) == [1]
