"""How one configuration wants its deliveries made, and one delivery on its way."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from reconciler.model.duration import parse_duration
from reconciler.model.event import Event


class Order(StrEnum):
    """Which deliveries of one configuration wait for each other."""

    STRICT = "strict"
    KEY = "key"
    NONE = "none"


class DeliveryPolicy(Struct, frozen=True):
    """The `delivery` part of a configuration with its defaults; durations are in seconds."""

    retry_for: float = 900.0
    expire_after: float = 7 * 86400.0
    order: Order = Order.STRICT
    fallback: str | None = None

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> "DeliveryPolicy":
        """Build the policy that a validated `delivery` mapping describes."""
        if not raw:
            return _DEFAULT
        return cls(
            retry_for=parse_duration(raw.get("retry_for", "15m")),
            expire_after=parse_duration(raw.get("expire_after", "7d")),
            order=Order(raw.get("order", "strict")),
            fallback=raw.get("fallback"),
        )


_DEFAULT = DeliveryPolicy()


class Delivery(Struct, frozen=True):
    """One event on its way to one configuration.

    `key` is the idempotency key, the same at every attempt; `attempt` counts from 1; `created` is when it was
    routed, in seconds since the epoch; `first_attempt` when it was first tried, or None; `expires` when it is too old
    to be sent; `is_fallback` that another configuration gave it up before.
    """

    key: str
    sequence: int
    config_id: str
    event: Event
    attempt: int
    created: float
    first_attempt: float | None = None
    expires: float = float("inf")
    is_fallback: bool = False


class Backlog(Struct, frozen=True):
    """What waits for one configuration: how many deliveries, and when the next attempt is (seconds since the epoch).

    `next_attempt` is None where nothing waits for the clock: an attempt is due or under way, or may not be made now.
    """

    pending: int = 0
    next_attempt: float | None = None


class Failing(Struct, frozen=True):
    """A configuration with deliveries that were tried in vain and wait: the oldest one's last error, and since when."""

    config_id: str
    error: str
    since: float | None
