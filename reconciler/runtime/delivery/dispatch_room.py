"""How many deliveries may be under way, and for whom: nobody's destination takes the places of all others.

What finds no room is parked in the queue by the dispatcher, and called when a place is free: each delivery is parked
and called once, however many wait. A destination that asked to be left alone has no room until then. No I/O, no clock.
"""

from collections import Counter
from collections.abc import Iterator


class Room:
    """`overall` places; an integration gets an eighth of them, one configuration `per_config` (where order allows)."""

    def __init__(self, overall: int, per_config: int = 8) -> None:
        self._overall = overall
        self._per_integration = max(1, overall // 8)
        self._per_config = per_config
        self._by_config: Counter[str] = Counter()
        self._by_integration: Counter[str] = Counter()
        self._crowds: dict[str, dict[str, None]] = {}
        self._to_call: set[str] = set()
        self._held: dict[str, float] = {}

    @property
    def free(self) -> int:
        """How many places are left overall."""
        return self._overall - self._by_integration.total()

    @property
    def calling(self) -> bool:
        """Whether somebody is to be called."""
        return not self._to_call.isdisjoint(self._crowds)

    def enter(self, config_id: str) -> bool:
        """Take a place; False when there is none: the configuration is remembered, and called later."""
        if config_id in self._held:
            return False
        if not self._places(config_id):
            self._crowd(config_id)
            return False
        self._by_config[config_id] += 1
        self._by_integration[_integration(config_id)] += 1
        return True

    def leave(self, config_id: str) -> None:
        """Give a place back."""
        integration = _integration(config_id)
        for counter, key in ((self._by_config, config_id), (self._by_integration, integration)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
        self._to_call.add(integration)

    def hold(self, config_id: str, until: float) -> None:
        """Give the configuration no place before `until`."""
        self._held[config_id] = max(until, self._held.get(config_id, until))

    def let_in(self, config_id: str) -> None:
        """End a hold before its time: somebody asks for it."""
        if self._held.pop(config_id, None) is not None:
            self.call(config_id)

    def release(self, now: float) -> float | None:
        """End the holds that are over, and return when the next one ends, or None."""
        for config_id in [key for key, until in self._held.items() if until <= now]:
            del self._held[config_id]
            self.call(config_id)
        return min(self._held.values(), default=None)

    def call(self, config_id: str) -> None:
        """Have the configuration's parked deliveries called as there is room."""
        self._crowd(config_id)
        self._to_call.add(_integration(config_id))

    def call_unless_held(self, config_id: str) -> None:
        """Have it called as there is room, unless it is left alone: the end of that calls it."""
        if config_id not in self._held:
            self.call(config_id)

    def call_all(self) -> None:
        """Call everybody who waits, in case that a place was left unused."""
        self._to_call.update(self._crowds)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Yield whom to call now, and how many deliveries of each; `answered` must follow for each."""
        for integration in [key for key in self._to_call if key in self._crowds]:
            left = self._per_integration - self._by_integration[integration]
            for config_id in list(self._crowds[integration]):
                wanted = min(left, self._places(config_id))
                if left > 0 and wanted > 0:
                    left -= wanted
                    yield config_id, wanted
        self._to_call.clear()

    def answered(self, config_id: str, wanted: int, came: int) -> None:
        """`came` of the `wanted` deliveries that were called are due now; fewer than wanted means that no more wait."""
        crowd = self._crowds.get(_integration(config_id), {})
        crowd.pop(config_id, None)
        if came >= wanted:
            crowd[config_id] = None  # to the end: the others have their turn
        if not crowd:
            self._crowds.pop(_integration(config_id), None)

    def _crowd(self, config_id: str) -> None:
        self._crowds.setdefault(_integration(config_id), {})[config_id] = None

    def _places(self, config_id: str) -> int:
        """Return how many more deliveries of a configuration may begin."""
        integration = self._per_integration - self._by_integration[_integration(config_id)]
        return min(self.free, integration, self._per_config - self._by_config[config_id])


def _integration(config_id: str) -> str:
    return config_id.partition("/")[0]
