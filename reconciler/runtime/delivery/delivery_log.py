"""What is counted and logged of deliveries: each attempt, with the ids that lead from one record to the next."""

import logging
from typing import Any

from reconciler.model.delivery import Delivery
from reconciler.runtime.delivery.dispatch_decision import Ending
from reconciler.runtime.services import Services

log = logging.getLogger(__name__)
_ENDED = frozenset({"done", "fallback", "dead", "dropped", "expired"})
_LEVELS = {"done": logging.DEBUG, "retry": logging.INFO}
_SAID = {
    "done": "delivered",
    "retry": "an attempt failed and is made again",
    "fallback": "given up, and handed to the fallback",
    "dead": "given up: it is among the dead letters",
    "dropped": "not sent: it is among the dead letters",
    "expired": "too old: it is among the dead letters",
}


def delivery_fields(services: Services, delivery: Delivery) -> dict[str, Any]:
    """Return the log fields of a delivery: its own key, its event's id and type, and which attempt this is."""
    event = delivery.event
    return services.about(
        delivery.config_id, delivery=delivery.key, event_id=event.id, event_type=event.type, attempt=delivery.attempt
    )


def tell_attempt(services: Services, delivery: Delivery, ending: Ending, seconds: float) -> None:
    """Count and log one attempt and its end, which took so many seconds."""
    metrics, integration, outcome = services.metrics, delivery.config_id.partition("/")[0], ending.outcome
    metrics.deliveries.labels(integration, outcome).inc()
    metrics.delivery_seconds.labels(integration).observe(seconds)
    if outcome in _ENDED:
        metrics.delivery_attempts.labels(integration).observe(delivery.attempt)
    if outcome == "done":
        metrics.delivery_latency.labels(integration).observe(max(0.0, services.clock.time() - delivery.created))
    level = _LEVELS.get(outcome, logging.WARNING)
    if log.isEnabledFor(level):
        fields = delivery_fields(services, delivery) | {"outcome": outcome, "duration_seconds": round(seconds, 6)}
        fields |= {"error": ending.error} if ending.error else {}
        fields |= {"reason": ending.reason.value} if ending.reason is not None else {}
        said = f"{_SAID.get(outcome, outcome)}: {ending.error}" if ending.error else _SAID.get(outcome, outcome)
        log.log(level, "%s: %s", delivery.config_id, said, extra={"fields": fields})
