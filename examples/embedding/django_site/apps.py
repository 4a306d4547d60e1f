"""The Django application: it owns the signal and the manager.

The manager is started by the process that serves: under gunicorn in `post_worker_init` (`gunicorn.conf.py`), under
`runserver` at the first request; never at import and never before a fork.
"""

from functools import cache

from django.apps import AppConfig
from django.conf import settings
from django.db import transaction
from django.dispatch import Signal
from reviews import ReviewIntegration

from reconciler import IntegrationManager

review_published = Signal()


class ReviewsConfig(AppConfig):
    """Nothing to do when Django is ready: the manager starts with the process that serves."""

    name = "django_site"


@cache
def manager() -> IntegrationManager:
    """Return this process's manager, started."""
    ReviewIntegration.signal = review_published
    started = IntegrationManager(
        settings.RECONCILE_CONFIGS, state_dir=settings.RECONCILE_STATE, defer=transaction.on_commit
    )
    started.register_integration_class(ReviewIntegration)
    started.start()
    return started
