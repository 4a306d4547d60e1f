"""One SQLite file with one writer thread: what queued up while the last commit ran is committed together.

Used by the state store and the delivery queue. Not an abstraction over SQL: callers pass functions of a connection.
How the file is opened, and by whom it may be set aside, is `database_open.py`'s.
"""

import contextlib
import os
import queue
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from reconciler.model.errors import NOT_IN_THIS_PROCESS, NotRunning, StateError
from reconciler.runtime.state.database_file import is_busy, is_corruption
from reconciler.runtime.state.database_open import Opened, Schema, abandon, check, open_file, remake
from reconciler.runtime.state.fork_gate import ForkGate

T = TypeVar("T")
_Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]
_Order = Callable[[], bool]
"""What the writer does between two batches; returns whether it goes on after that."""
_BATCH = 512
_POLL = 0.1
"""How often commits of other processes are looked for, in seconds; a look costs a few microseconds."""


class Database:
    """Owns one file (mode 0600) and its writer thread.

    The `owner`, the runner, sets a file that is corrupt or of another version aside as `<name>.corrupt-<time>` and
    makes it anew: `set_aside` says where. So does it with one that turns out to be corrupt, truncated or replaced while
    it is in use; what was asked for then is done in the new one. A guest, a worker, raises StateError instead, and goes
    over to the new file when the owner has made one. Raises StateError when the file cannot be created.
    """

    def __init__(self, path: Path, schema: Schema, *, owner: bool = True) -> None:
        self.path = path
        self._schema, self._owner = schema, owner
        self._jobs: queue.SimpleQueue[_Job | _Order] = queue.SimpleQueue()
        self._pid = os.getpid()
        self._closed = False
        self._opened: Opened | None = open_file(path, schema, owner=owner)
        self.set_aside = self._opened.set_aside
        self._on_other: Callable[[], None] | None = None
        self._seen, self._looked = -1, 0.0
        self._gate = ForkGate()
        ref = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _abandon_copy(ref))
        self._thread = threading.Thread(target=self._write, name=f"reconcile-db-{path.stem}", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run `job` in the writer's next transaction; the future is done once that is on disk.

        A job that raises rolls back alone: its neighbours in the batch commit. It is run again when its transaction
        was not committed, or to a file that nobody looks at any more.
        """
        self.check_open()
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def check_open(self) -> None:
        """Raise NotRunning where nothing can be submitted: after `close`, and in a child that has inherited this."""
        if os.getpid() != self._pid:
            raise NotRunning(NOT_IN_THIS_PROCESS)
        if self._closed:
            raise NotRunning(f"{self.path.name} is closed")

    def watch(self, on_other: Callable[[], None]) -> None:
        """Have `on_other` called, in the writer's thread, soon after another process has committed something."""
        self._on_other = on_other
        self._jobs.put(lambda: True)

    def become_owner(self) -> "Future[None]":
        """The owner is gone, and this process takes its place: check the file, and set it aside where it must be."""
        done: Future[None] = Future()

        def order() -> bool:
            try:
                self._own()
            except BaseException as error:  # noqa: BLE001 — whoever waits hears of it
                done.set_exception(self._told(error))
            else:
                done.set_result(None)
            return True

        self._jobs.put(order)
        return done

    def close(self) -> None:
        """Commit what is queued and close the file; later jobs are refused."""
        if not self._closed and os.getpid() == self._pid:
            self._closed = True
            self._jobs.put(lambda: False)
            self._thread.join(timeout=30)

    # --- the writer's thread ------------------------------------------------------------------------------------

    def _write(self) -> None:
        goes_on = True
        while goes_on:
            batch, order = self._next()
            with self._gate:
                if batch:
                    self._commit(batch)
                if order is not None:
                    goes_on = order()
                self._see_others()
        with self._gate:
            if self._opened is not None:
                self._opened.connection.close()

    def _next(self) -> tuple[list[_Job], _Order | None]:
        """Wait for work and take what is there; an order ends the batch."""
        batch: list[_Job] = []
        try:
            item = self._jobs.get(timeout=_POLL if self._on_other is not None else None)
            while isinstance(item, tuple):
                batch.append(item)
                if len(batch) >= _BATCH:
                    return batch, None
                item = self._jobs.get_nowait()
        except queue.Empty:
            return batch, None
        return batch, item

    def _see_others(self) -> None:
        if self._on_other is None or self._opened is None or time.monotonic() - self._looked < _POLL / 2:
            return
        self._looked = time.monotonic()
        with contextlib.suppress(sqlite3.Error):
            version = self._opened.connection.execute("PRAGMA data_version").fetchone()[0]
            if version != self._seen:
                self._seen = version
                self._on_other()

    def _own(self) -> None:
        try:
            if self._opened is None:
                self._opened = open_file(self.path, self._schema, owner=True)
            self._opened.file.check()
            check(self._opened.connection, self._schema.version)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._owner = True
            self._renew(error)
        self._owner = True

    def _renew(self, error: sqlite3.DatabaseError) -> None:
        """Give up the file in use, which is not what it was, and go over to another; raises what keeps from that."""
        opened, self._opened = self._opened, None
        if opened is not None:
            with contextlib.suppress(sqlite3.Error):
                opened.connection.close()  # where its file was moved, SQLite leaves the journal at this path alone
        if self._owner:
            self._opened = remake(self.path, self._schema, error)
            self.set_aside = self._opened.set_aside
        elif opened is None or not opened.file.is_moved():
            raise StateError(f"{self.path.name} is damaged ({error}): the runner sets it aside when it finds it so")
        else:
            self._opened = open_file(self.path, self._schema, owner=False)

    def _commit(self, batch: list[_Job]) -> None:
        try:
            self._transact_or_renew(batch)
        except BaseException as error:  # noqa: BLE001 — whatever happens, nobody waits for ever
            left = [job for job in batch if not job[1].done()]
            if isinstance(error, sqlite3.Error) and len(batch) > 1 and not is_busy(error):
                for job in left:  # what reads, or writes little, may do where its neighbour does not
                    self._commit([job])
                return
            for _, future in left:
                future.set_exception(self._told(error))

    def _transact_or_renew(self, batch: list[_Job]) -> None:
        try:
            self._transact(batch)
        except sqlite3.DatabaseError as error:
            if not is_corruption(error):
                raise
            self._renew(error)
            self._transact([job for job in batch if not job[1].done()])

    def _told(self, error: BaseException) -> BaseException:
        """Return what one of many who wait is told: an error of its own, for whoever raises it writes on it."""
        if not isinstance(error, sqlite3.Error | StateError):
            return error
        told = StateError(
            f"{self.path.name} cannot be used: {error}" if isinstance(error, sqlite3.Error) else str(error)
        )
        told.__cause__ = error
        return told

    def _transact(self, batch: list[_Job]) -> None:
        """Run the jobs of a batch in one transaction; raises what concerns them all, none of them being done then."""
        if self._opened is None:  # it could not be opened again when it was found damaged
            self._opened = open_file(self.path, self._schema, owner=self._owner)
        connection, file = self._opened.connection, self._opened.file
        file.check()
        done: list[tuple[Future[Any], Any]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job, future in batch:
                self._run(connection, job, future, done)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        if not self._owner:
            file.check()  # where the owner has set it aside meanwhile, this was written for nobody
        file.note()
        for future, result in done:
            future.set_result(result)

    @staticmethod
    def _run(
        connection: sqlite3.Connection,
        job: Callable[[sqlite3.Connection], Any],
        future: "Future[Any]",
        done: list[tuple["Future[Any]", Any]],
    ) -> None:
        if not future.running() and not future.set_running_or_notify_cancel():
            return
        connection.execute("SAVEPOINT job")
        try:
            result = job(connection)
        except Exception as error:
            if is_corruption(error) or not connection.in_transaction:  # SQLite may have rolled all of it back
                raise
            connection.execute("ROLLBACK TO job")
            future.set_exception(error)
        else:
            done.append((future, result))
        connection.execute("RELEASE job")


def _abandon_copy(ref: "weakref.ref[Database]") -> None:
    database = ref()
    if database is not None and not database._closed and database._opened is not None:  # noqa: SLF001 — as below
        abandon(database._opened)  # noqa: SLF001 — a part of this class that must not hold it
