"""From an event that somebody publishes to the queue: at once, or at the commit of the transaction it belongs to.

Everything that publishes goes through here: the host, integrations and their hooks, HTTP intake.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

from reconciler.model.event import Event
from reconciler.model.ports import Receipt
from reconciler.runtime.delivery.queue import SqliteQueue
from reconciler.runtime.telling.metrics import Metrics

Defer = Callable[[Callable[[], None]], object]
"""Calls what it is given when the transaction that is open in this thread commits, or at once when none is; forgets
it when the transaction is rolled back. `django.db.transaction.on_commit` is one."""
_LONGEST_WAIT = 10.0
log = logging.getLogger(__name__)


class Publisher:
    """Appends events, and counts them. Used from any thread; `on_appended` hears of each end, in any thread."""

    def __init__(
        self,
        queue: SqliteQueue,
        metrics: Metrics,
        on_appended: Callable[[BaseException | None], None],
        defer: Defer | None = None,
    ) -> None:
        self._queue = queue
        self._metrics = metrics
        self._on_appended = on_appended
        self._defer = defer
        self._storing: set[Future[list[Receipt]]] = set()

    @property
    def busy(self) -> bool:
        """Whether events are on their way to the disk."""
        return bool(self._storing)

    def publish(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        """Append events, all or none; the future is done when they are on disk.

        Raises EventError at once for data that is not JSON. What was deferred is on disk when the commit returns, and
        its future is cancelled when the transaction is rolled back: do not wait for it inside.
        """
        append = self._queue.prepare(events)
        if self._defer is None or _in_event_loop():
            return self._append(append, len(events))
        deferred = Deferred(lambda: self._append(append, len(events)))
        self._defer(deferred)
        deferred.is_late = True
        return deferred.future

    def _append(self, append: "Callable[[], Future[list[Receipt]]]", count: int) -> "Future[list[Receipt]]":
        receipts = append()
        self._storing.add(receipts)
        receipts.add_done_callback(lambda done: self._stored(done, count))
        return receipts

    def _stored(self, done: "Future[list[Receipt]]", count: int) -> None:
        try:
            self._on_appended(self._metrics.stored(done, count))
        finally:
            self._storing.discard(done)


class Deferred:
    """What happens at the commit. When it is forgotten instead, its future is cancelled.

    `is_late` once there was something to wait for: it was not called at once.
    """

    def __init__(self, append: "Callable[[], Future[list[Receipt]]]") -> None:
        self.future: Future[list[Receipt]] = Future()
        self.is_late = False
        self._append = append
        self._called = False

    def __call__(self) -> None:
        """Append, and wait for the disk: whoever sees the commit return relies on both.

        Never raises: the transaction is committed, and what follows it must not fail for this.
        """
        self._called = True
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self._append().add_done_callback(self._appended)
            if self.is_late:
                wait([self.future], _LONGEST_WAIT)
        except Exception as error:
            log.exception("events of a committed transaction could not be queued")
            self.future.set_exception(error)

    def _appended(self, done: "Future[list[Receipt]]") -> None:
        error = done.exception()
        if error is None:
            self.future.set_result(done.result())
        else:
            log.error("events of a committed transaction could not be queued: %s", error)
            self.future.set_exception(error)

    def __del__(self) -> None:
        if not self._called:
            self.future.cancel()


def _in_event_loop() -> bool:
    """Whether this thread runs an event loop: no transaction of a synchronous database is open in its callbacks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
