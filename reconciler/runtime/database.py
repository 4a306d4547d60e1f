"""One SQLite file with one writer thread: what queued up while the last commit ran is committed together.

Used by the state store and the delivery queue. Not an abstraction over SQL: callers pass functions of a connection.
"""

import contextlib
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from reconciler.model.errors import NotRunning, StateError
from reconciler.runtime.database_file import FileState, is_corruption, is_truncated

T = TypeVar("T")
_Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]
_BATCH = 512
log = logging.getLogger(__name__)


class Database:
    """Owns one file (mode 0600) and its writer thread.

    `schema` is a script of idempotent statements; `version` goes into `user_version`, and a file of another
    version, or one that is corrupt, is set aside as `<name>.corrupt-<time>` and made anew: `set_aside` says where. So
    is one that turns out to be corrupt, truncated or replaced while it is in use; what was asked for then is done in
    the new one. Raises StateError when the file cannot be created.
    """

    def __init__(self, path: Path, schema: str, *, version: int = 1) -> None:
        self.path = path
        self.set_aside: Path | None = None
        self._schema, self._version = schema, version
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._pid = os.getpid()
        self._closed = False
        self._connection: sqlite3.Connection | None = self._open()
        self._thread = threading.Thread(target=self._write, name=f"reconcile-db-{path.stem}", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """Run `job` in the writer's next transaction; the future is done once that is on disk.

        A job that raises rolls back alone: its neighbours in the batch commit.
        """
        if self._closed or os.getpid() != self._pid:
            raise NotRunning(f"{self.path.name} is not open in this process")
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future

    def close(self) -> None:
        """Commit what is queued and close the file; later jobs are refused."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join(timeout=30)

    def _open(self) -> sqlite3.Connection:
        try:
            return self._prepare()
        except sqlite3.OperationalError as error:
            raise StateError(f"cannot open {self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            self._quarantine(error)
            return self._prepare()

    def _prepare(self) -> sqlite3.Connection:
        if is_truncated(self.path):
            raise sqlite3.DatabaseError("it is empty")
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StateError(f"cannot write {self.path}: {error.strerror}") from error
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8192"):
                connection.execute(f"PRAGMA {pragma}")
            self._check(connection)
            connection.executescript(self._schema)
            connection.execute(f"PRAGMA user_version={self._version}")
        except BaseException:
            connection.close()
            raise
        self._file = FileState(self.path)
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, self._version}:
            raise sqlite3.DatabaseError(f"schema version {found}, expected {self._version}")
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check failed")

    def _quarantine(self, error: sqlite3.DatabaseError) -> None:
        aside = self.path.with_name(f"{self.path.name}.corrupt-{int(time.time())}")
        with contextlib.suppress(FileNotFoundError):
            self.path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.set_aside = aside
        log.error("%s is corrupt (%s): set aside as %s and rebuilt", self.path.name, error, aside.name)

    def _rebuild(self, error: sqlite3.DatabaseError) -> None:
        """Put the file in use aside and begin a new one; raises what keeps that from being made."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._quarantine(error)
        self._connection = self._prepare()

    def _write(self) -> None:
        stopping = False
        while not stopping:
            batch: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                batch.append(job)
                if len(batch) >= _BATCH:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            stopping = job is None
            if batch:
                self._commit(batch)
        if self._connection is not None:
            self._connection.close()

    def _commit(self, batch: list[_Job]) -> None:
        try:
            self._transact_or_rebuild(batch)
        except BaseException as error:  # noqa: BLE001 — whatever happens, nobody waits for ever
            left = [job for job in batch if not job[1].done()]
            if isinstance(error, sqlite3.Error) and len(batch) > 1:
                for job in left:  # what reads, or writes little, may do where its neighbour does not
                    self._commit([job])
                return
            for _, future in left:
                future.set_exception(self._told(error))

    def _transact_or_rebuild(self, batch: list[_Job]) -> None:
        try:
            self._transact(batch)
        except sqlite3.DatabaseError as error:
            if not is_corruption(error):
                raise
            self._rebuild(error)
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
        if self._connection is None:  # it could not be rebuilt when it was found corrupt
            self._connection = self._prepare()
        self._file.check()
        done: list[tuple[Future[Any], Any]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job, future in batch:
                self._run(self._connection, job, future, done)
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self._file.note()
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
