"""The one retry policy: exponential backoff with full jitter."""

import math

from msgspec import Struct


class Backoff(Struct, frozen=True):
    """`base` times a power of `factor`, at most `limit`, in seconds; the delay is a random part of that (full jitter).

    Raises ValueError unless 0 < `base` ≤ `limit`, both finite, and `factor` ≥ 1.
    """

    base: float = 1.0
    factor: float = 2.0
    limit: float = 300.0

    def __post_init__(self) -> None:
        if not (0 < self.base <= self.limit < math.inf and 1 <= self.factor < math.inf):
            raise ValueError(f"a backoff needs 0 < base <= limit and factor >= 1, found {self}")

    def ceiling(self, attempt: int) -> float:
        """Return the longest delay after attempt number `attempt`, counted from 1, in seconds."""
        steps = max(attempt, 1) - 1
        # By logarithms, for the power itself overflows long before anybody gives up.
        if steps * math.log(self.factor) >= math.log(self.limit / self.base):
            return self.limit
        return min(self.limit, self.base * self.factor**steps)

    def delay(self, attempt: int, random: float) -> float:
        """Return the delay in seconds after attempt number `attempt`, for a `random` in [0, 1)."""
        return self.ceiling(attempt) * random
