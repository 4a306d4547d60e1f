"""When what has failed is tried again: by its error, by how often it has failed, or when the destination said so.

Used by the applier and its integrations, on the engine's loop.
"""

import random
from collections.abc import Callable

from reconciler.core.backoff import Backoff
from reconciler.core.retry_after import asked_to_wait
from reconciler.model.errors import TerminalError
from reconciler.runtime.services import Services
from reconciler.runtime.steps.agenda import Agenda

BACKOFF = Backoff()


class Retries:
    """Makes the appointments of keys that are tried again; times are those of the monotonic clock."""

    def __init__(self, services: Services, agenda: Agenda) -> None:
        self._services = services
        self._agenda = agenda
        self._chance: Callable[[], float] = random.random

    def due(self, error: Exception, attempts: int) -> float | None:
        """Return when to try again after the failure number `attempts`, or None: not until something changes."""
        if isinstance(error, TerminalError):
            return None
        clock = self._services.clock
        wait = asked_to_wait(error, clock.time())
        return clock.monotonic() + (self.delay(attempts) if wait is None else wait)

    def delay(self, attempts: int) -> float:
        """Return for how many seconds to wait after the failure number `attempts`."""
        return BACKOFF.delay(attempts, self._chance())

    def is_due(self, key: str, retry_at: float | None) -> bool:
        """Whether a retry may begin; if it is too early the appointment is made again, for this look used it up."""
        if retry_at is None:
            return False
        if self._services.clock.monotonic() >= retry_at:
            return True
        self._agenda.add_at(key, retry_at)
        return False
