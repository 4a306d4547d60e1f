"""How many configurations are in which state, cheaply: a scrape of a large directory looks at what has changed alone.

States are derived, never stored (decision 0005); this is a cache of the sums, and it looks at everything again every
five minutes, so that whatever forgot to say what it touched is right soon. Small directories are counted each time.
"""

import heapq
import threading
import time
from collections import Counter

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
        self._known: dict[str, Derived] = {}
        self._states: Counter[ConfigState] = Counter()
        self._stale: set[str] = set()
        self._whole_at: float | None = None

    def counts(self) -> tuple[dict[str, int], dict[str, int], int]:
        """Return configurations by state, integrations by state, and how many configurations are stale."""
        with self._lock:
            now = time.monotonic()
            small = len(self._world.configs) <= self._small
            if small or self._whole_at is None or now - self._whole_at > self._everything:
                self._whole_at = now
                self._world.touched.clear()
                self._count(list({*self._known, *self._world.configs.copy()}))
            else:
                self._count(self._taken())
            states = {state.value: self._states[state] for state in ConfigState}
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

    def _count(self, keys: list[str]) -> None:
        before = [self._known.pop(key) for key in keys if key in self._known]
        self._states.subtract([derived.state for derived in before])
        self._stale.difference_update(keys)
        records = [record for key in keys if (record := self._world.configs.get(key)) is not None]
        found = {record.id: _derived(record) for record in records}
        self._known.update(found)
        self._states.update([derived.state for derived in found.values()])
        self._stale.update(key for key, derived in found.items() if derived.stale and is_amiss(derived))


_ACTIVE = Derived(ConfigState.ACTIVE)


def _derived(record: ConfigRecord) -> Derived:
    """Return the state of a configuration; of one that simply runs, as nearly all do, without asking twice."""
    want, generation = record.effective, record.generation
    if generation is None or generation.document is not want.document or want.stale is not StateReason.NONE:
        return config_state(want, record.observed)
    is_plain = want.wanted and want.known and record.failure is None and not record.imposed.overrides
    return _ACTIVE if is_plain else config_state(want, record.observed)


def is_amiss(derived: Derived) -> bool:
    """Whether what runs is not what the files ask for, unless somebody has suspended it: that is declared."""
    return derived.stale and derived.reason is not StateReason.SUSPENDED
