"""A Celery application: every process of its pool runs a manager of its own, started after the fork.

celery -A celery_app worker --pool prefork --concurrency 2 --loglevel INFO
"""

import os
from functools import cache
from typing import Any

from blinker import Signal
from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from reviews import ReviewIntegration

from reconciler import Event, IntegrationManager

app = Celery("reviews", broker=os.environ.get("REVIEWS_BROKER", "amqp://"))


@cache
def manager() -> IntegrationManager:
    """Return this process's manager; making it starts nothing."""
    configs, state = os.environ.get("REVIEWS_CONFIGS", "configs"), os.environ.get("REVIEWS_STATE", ".reconcile-celery")
    ReviewIntegration.signal = Signal("review published")  # nobody sends it here: tasks publish
    made = IntegrationManager(configs, state_dir=state)
    made.register_integration_class(ReviewIntegration)
    return made


@worker_process_init.connect
def _start(**_: Any) -> None:
    manager().start()


@worker_process_shutdown.connect
def _stop(**_: Any) -> None:
    manager().stop(grace=5)


@app.task  # type: ignore[untyped-decorator, unused-ignore]
def publish(review: str) -> int:
    """Publish a review; the task has succeeded once the event is on disk."""
    event = Event(type="review.published", source="/reviews", data={"review": review})
    return manager().publish(event).result(10)[0].sequence
