"""The way to disk of last good documents and passes, and of what else is to be told when it fails.

Writes go through the state store in the background; one that fails is an alarm, and made again. `goods.py` says what
is good; here it is gathered and written. Used on the engine's loop.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any

from reconciler.model.good import Good
from reconciler.model.state import PassRecord
from reconciler.runtime.loop.lost_writes import LostWrites
from reconciler.runtime.state.state_store import StateStore

_GATHER = 0.1
"""How long what has started is gathered before it is written, in seconds; losing it costs nothing but a look back."""
LONG_START = 2.0
"""How long it is while the first pass is under way, which has everything written when it ends."""
_ALARM = "state"
log = logging.getLogger(__name__)


class GoodWrites:
    """Only the runner is `writing`.

    `rows` gives what is good now, by id, and `root` the folder it was read from, where that is known; a failure stands
    in `alarms`.
    """

    def __init__(
        self,
        store: StateStore,
        rows: Callable[[], Mapping[str, Good]],
        root: Callable[[], str | None],
        alarms: dict[str, str],
        *,
        writing: bool,
    ) -> None:
        self.writing = writing
        self.on_new_file: Callable[[], None] = lambda: None
        """Called when the database was rebuilt beneath us: what else stood in it is to be written again."""
        self._store = store
        self._rows = rows
        self._root = root
        self._alarms = alarms
        self._unsaved: list[Good] = []
        self._started: dict[str, str] = {}
        self._lost = LostWrites()
        self._is_open = False

    # --- what is to be written ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Forget what is gathered: the rows are read anew."""
        self._unsaved, self._started = [], {}

    def open(self) -> None:
        """The first pass has ended: what it has gathered is written, and from now on nothing is gathered for long."""
        self._is_open = True
        self.flush()

    def put(self, row: Good) -> None:
        """A row has changed."""
        self._unsaved.append(row)

    def started(self, row: Good) -> None:
        """What is accepted in a row has started."""
        if not self._started:
            asyncio.get_running_loop().call_later(_GATHER if self._is_open else LONG_START, self.flush)
        self._started[row.id] = row.digest

    def flush(self) -> None:
        """Send the rows that changed to disk, as one write."""
        # What was removed meanwhile must not come back by a row that waited to be written.
        known = self._rows()
        rows, self._unsaved = [row for row in self._unsaved if row.id in known], []
        started, self._started = self._started, {}
        if rows and self.writing:
            self.watch(self._store.save_good(rows), ids=[row.id for row in rows])
        if started and self.writing:
            self.watch(self._store.mark_applied(started.items()), ids=started)

    def forget(self, config_id: str) -> None:
        """A row is gone."""
        if self.writing:
            self.watch(self._store.forget_good([config_id]), ids=[config_id])

    def record_pass(self, record: PassRecord) -> None:
        """Add a pass to the history."""
        if self.writing:
            self.watch(self._store.record_pass(record), passes=[record])

    def save_root(self) -> None:
        """Remember which folder the root is."""
        root = self._root()
        if root is not None:
            self.watch(self._store.save_root(root), again=self.save_root)

    def check(self) -> None:
        """Have the state looked at, so that a file which was damaged is found out also while nothing is written."""
        if self.writing:
            self.watch(self._store.check())

    # --- what comes of it ---------------------------------------------------------------------------------------

    def watch(
        self,
        write: "Future[Any]",
        *,
        ids: Collection[str] = (),
        passes: Collection[PassRecord] = (),
        again: Callable[[], None] | None = None,
    ) -> None:
        """Turn a failed write into an alarm and one that is made again, and the last that was missing into its end.

        `again` makes one that is neither of last good documents nor of passes.
        """
        loop = asyncio.get_running_loop()
        self._lost.begun()

        def ended(future: "Future[Any]") -> None:
            try:
                loop.call_soon_threadsafe(self._wrote, future.exception(), ids, passes, again)
            except RuntimeError:  # the engine has stopped meanwhile
                return

        write.add_done_callback(ended)

    def _wrote(
        self,
        error: BaseException | None,
        ids: Collection[str],
        passes: Collection[PassRecord],
        again: Callable[[], None] | None,
    ) -> None:
        self._lost.ended()
        if self._lost.is_new_file(self._store.set_aside):
            self._lost.add(self._rows(), ())
            self.save_root()
            self.on_new_file()
        if error is not None:
            self._lost.add(ids, passes, again)
            if _ALARM not in self._alarms:
                self._alarms[_ALARM] = f"the state directory cannot be written: {error}"
                log.error("%s", self._alarms[_ALARM])
        delay = self._lost.retry_in()
        if delay is not None:
            asyncio.get_running_loop().call_later(delay, self._write_again)
        elif error is None and self._lost.nothing:
            self._alarms.pop(_ALARM, None)

    def _write_again(self) -> None:
        """Write what could not be written, as it is now."""
        ids, passes, others = self._lost.take()
        known = self._rows()
        rows = [known[key] for key in ids if key in known]
        gone = [key for key in ids if key not in known]
        if rows:
            self.watch(self._store.save_good(rows), ids=[row.id for row in rows])
        if gone:
            self.watch(self._store.forget_good(gone), ids=gone)
        for record in passes:
            self.watch(self._store.record_pass(record), passes=[record])
        for again in others:
            again()
