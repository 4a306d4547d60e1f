"""How many configurations are in which state, cheaply: a scrape of a large directory looks at what has changed alone.

States are derived, never stored (decision 0005); this is a cache of the sums, and it looks at everything again every
five minutes, so that whatever forgot to say what it touched is right soon. Small directories are counted each time.
"""

import heapq
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.core.in_force.derive import Derived, config_state
from reconciler.model.state import ConfigState, StateReason
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.telling.statuses import Registered

SMALL = 2000
"""Up to so many configurations are counted each time."""
NAMED = 1000
"""How many stale configurations are named."""
EVERYTHING = 300.0
"""How often all of a large directory is looked at, in seconds."""
_SHARE = 10
"""Where more than one in so many may have changed, counting all of them together takes less than each by itself."""


class StateCounts:
    """Counts of one world; may be asked from any thread.

    Up to `small` configurations are counted each time, all others every `everything` seconds, what changed aside.
    """

    def __init__(
        self, world: World, registered: Registered, *, small: int = SMALL, everything: float = EVERYTHING
    ) -> None:
        self._small, self._everything = small, everything
        self._world = world
        self._registered = registered
        self._lock = threading.Lock()
        self._plain: set[str] = set()
        """Those that run as they are asked to, nothing being special about them: active, as nearly all are."""
        self._others: dict[str, Derived] = {}
        self._states: Counter[ConfigState] = Counter()
        self._stale: set[str] = set()
        self._whole_at: float | None = None

    def counts(self) -> tuple[dict[str, int], dict[str, int], int]:
        """Return configurations by state, integrations by state, and how many configurations are stale."""
        with self._lock:
            now, many = time.monotonic(), len(self._world.configs)
            is_time = self._whole_at is None or now - self._whole_at > self._everything
            if is_time or many <= self._small or len(self._world.touched) > many // _SHARE:
                self._whole_at = now
                self._count_all()
            else:
                self._count(self._taken())
            states = {state.value: self._states[state] for state in ConfigState}
            states[ConfigState.ACTIVE.value] += len(self._plain)
            return states, self._integrations(), len(self._stale)

    def stale(self) -> list[str]:
        """Return the ids of the stale ones as they were last counted, the first thousand by id."""
        with self._lock:
            return heapq.nsmallest(NAMED, self._stale)

    def _integrations(self) -> dict[str, int]:
        known, registered = self._world.integrations, self._registered
        return dict(Counter(registered.state(key, known.get(key)).value for key in registered.catalogue.ids()))

    def _taken(self) -> list[str]:
        taken: list[str] = []
        touched = self._world.touched
        while touched:
            taken.append(touched.pop())
        return taken

    def _count_all(self) -> None:
        """Count everything anew; what changes meanwhile is touched after that, and counted again by the next call."""
        self._world.touched.clear()
        configs, none = self._world.configs.copy(), StateReason.NONE
        # One expression, without a call: it is evaluated for each of a hundred thousand.
        odd = [
            key
            for key, record in configs.items()
            if record.failure is not None
            or record.lacks
            or record.imposed.overrides
            or (want := record.effective).stale is not none
            or not want.known
        ]
        self._plain = (self._world.run_as_wanted() & configs.keys()).difference(odd)
        self._others, self._states, self._stale = {}, Counter(), set()
        self._put([configs[key] for key in configs.keys() - self._plain])

    def _count(self, keys: Sequence[str]) -> None:
        self._plain.difference_update(keys)
        self._states.subtract([self._others.pop(key).state for key in keys if key in self._others])
        self._stale.difference_update(keys)
        self._put([record for key in keys if (record := self._world.configs.get(key)) is not None])

    def _put(self, records: Iterable[ConfigRecord]) -> None:
        found = {record.id: config_state(record.effective, record.observed) for record in records}
        self._others.update(found)
        self._states.update([derived.state for derived in found.values()])
        self._stale.update([key for key, derived in found.items() if derived.stale and is_amiss(derived)])


def is_amiss(derived: Derived) -> bool:
    """Whether what runs is not what the files ask for, unless somebody has suspended it: that is declared."""
    return derived.stale and derived.reason is not StateReason.SUSPENDED
