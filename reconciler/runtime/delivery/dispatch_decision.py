"""What becomes of a delivery after an attempt: pure decisions, which the dispatcher carries out."""

from enum import StrEnum

from msgspec import Struct

from reconciler.model.delivery import Delivery, DeliveryPolicy
from reconciler.model.errors import TerminalError


class GivenUp(StrEnum):
    """Why a delivery is among the dead letters."""

    RETRIES_EXHAUSTED = "RetriesExhausted"
    TERMINAL = "Terminal"
    EXPIRED = "Expired"
    CONFIG_GONE = "ConfigGone"
    DROPPED = "Dropped"
    FALLBACK_FAILED = "FallbackFailed"


class Ending(Struct, frozen=True):
    """What came of an attempt: `done`, `retry`, `fallback` (given up, and handed to it), `dead`, `dropped`, `expired`.

    `error` says why it failed, `reason` why it was given up.
    """

    outcome: str
    error: str = ""
    reason: GivenUp | None = None


class Again(Struct, frozen=True):
    """Try again in `delay` seconds."""

    delay: float


def heir(delivery: Delivery, policy: DeliveryPolicy) -> str | None:
    """Return who gets a delivery that is given up, if anybody does: what was handed over once is not again."""
    chained = delivery.is_fallback or policy.fallback == delivery.config_id
    return None if chained or not policy.fallback else policy.fallback


def after_failure(
    delivery: Delivery,
    policy: DeliveryPolicy,
    error: BaseException,
    tried_for: float,
    backoff: float,
    asked: float | None,
) -> Again | GivenUp:
    """Decide after a failed attempt. `tried_for` is the time since the first one, `backoff` the delay in turn.

    `asked` is for how long the destination asked to be left alone, or None; all are in seconds. The last attempt is
    made when `retry_for` ends, not up to a whole backoff earlier. A destination that asks for more time than is left is
    not asked again.
    """
    final = GivenUp.FALLBACK_FAILED if delivery.is_fallback else None
    if isinstance(error, TerminalError):
        return final or GivenUp.TERMINAL
    left = policy.retry_for - tried_for
    if left <= 0 or (asked is not None and asked > left):
        return final or GivenUp.RETRIES_EXHAUSTED
    return Again(asked if asked is not None else min(backoff, left))
