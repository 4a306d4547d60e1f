"""The one retry policy: exponential backoff with full jitter."""

from dataclasses import dataclass

_MOST_DOUBLINGS = 64


@dataclass(frozen=True, slots=True)
class Backoff:
    """`base` × `factor`ⁿ seconds, at most `limit`; the actual delay is a random part of that (full jitter)."""

    base: float = 1.0
    factor: float = 2.0
    limit: float = 300.0

    def ceiling(self, attempt: int) -> float:
        """Return the longest delay after attempt number `attempt`, counted from 1."""
        doublings = min(max(attempt, 1) - 1, _MOST_DOUBLINGS)
        return min(self.limit, self.base * self.factor**doublings)

    def delay(self, attempt: int, random: float) -> float:
        """Return the delay in seconds after attempt number `attempt`, for a `random` in [0, 1)."""
        return self.ceiling(attempt) * random
