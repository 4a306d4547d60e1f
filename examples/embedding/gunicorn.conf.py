"""gunicorn's hooks: every worker runs a manager of its own, started after the fork and after Django is set up.

gunicorn -c gunicorn.conf.py -w 4 django_site.wsgi
"""

from typing import Any


def post_worker_init(_worker: Any) -> None:
    """Start in the worker; one of them becomes the runner, the others work beside it."""
    from django_site.apps import manager  # noqa: PLC0415 — it needs Django, which is set up by now

    manager()


def worker_exit(_server: Any, _worker: Any) -> None:
    """Let what is under way end, and give the role of runner to another worker."""
    from django_site.apps import manager  # noqa: PLC0415 — as above

    if manager.cache_info().currsize:  # it may end before it has begun
        manager().stop(grace=10)
