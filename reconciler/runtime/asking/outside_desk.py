"""What people ask about what hooks have put elsewhere: panels on the pages, effects outside the process."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from reconciler.model.override import InterventionKind
from reconciler.model.panel import PanelView
from reconciler.model.state import Role
from reconciler.runtime.asking import errand_kinds
from reconciler.runtime.asking.errands import Errands
from reconciler.runtime.asking.override_desk import OverrideDesk
from reconciler.runtime.lanes.panels import render_panels
from reconciler.runtime.services import Services
from reconciler.runtime.steps.cleaner import give_up_removals

log = logging.getLogger(__name__)


class OutsideDesk:
    """Every method may be called from any thread. `submit` runs on the loop, `work` asks for work on a key there."""

    def __init__(
        self,
        services: Services,
        interventions: OverrideDesk,
        submit: "Callable[[Coroutine[Any, Any, Any]], Future[Any]]",
        work: Callable[[str], None],
        errands: Errands,
    ) -> None:
        self.effects = services.effects
        self._services = services
        self._interventions = interventions
        self._submit = submit
        self._work = work
        self._errands = errands

    def panels(self, integration_id: str) -> "Future[list[PanelView]]":
        """Render the panels of an integration and its configurations."""
        services = self._services
        return self._submit(render_panels(services.clock, services.panels, integration_id, services.abandoned))

    def forget(self, owner: str, key: str | None, who: str) -> int:
        """Drop an owner's effects, or one of them, from the inventory, whatever is outside; returns how many.

        Raises OverrideRefused in a worker whose runner does not take it up.
        """
        is_worker = self._services.dormant.role is Role.WORKER
        work = errand_kinds.forget(self._errands, owner, key, who) if is_worker else self.forget_here(owner, key, who)
        return int(self._submit(work).result(30))

    async def forget_here(self, owner: str, key: str | None, who: str) -> int:
        """Drop effects in this process, the runner; on the engine's loop."""
        dropped = await asyncio.to_thread(self.effects.forget, owner, key)
        if dropped:
            log.warning("%s dropped %d effects of %s from the inventory", who, dropped, owner)
            self._interventions.note(InterventionKind.FORGET, owner, who, f"effect {key}" if key is not None else "")
            give_up_removals(self._services, owner, key)
            self._work(owner)
        return dropped
