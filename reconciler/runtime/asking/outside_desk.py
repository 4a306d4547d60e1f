"""What people ask about what hooks have put elsewhere: panels on the pages, effects outside the process."""

import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from reconciler.model.override import InterventionKind
from reconciler.model.panel import PanelView
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
    ) -> None:
        self.effects = services.effects
        self._services = services
        self._interventions = interventions
        self._submit = submit
        self._work = work

    def panels(self, integration_id: str) -> "Future[list[PanelView]]":
        """Render the panels of an integration and its configurations."""
        services = self._services
        return self._submit(render_panels(services.clock, services.panels, integration_id, services.abandoned))

    def forget(self, owner: str, key: str | None, who: str) -> int:
        """Drop an owner's effects, or one of them, from the inventory, whatever is outside; returns how many."""

        async def given_up() -> None:
            self._interventions.note(InterventionKind.FORGET, owner, who, f"effect {key}" if key is not None else "")
            give_up_removals(self._services, owner, key)
            self._work(owner)

        dropped = self.effects.forget(owner, key)
        if dropped:
            log.warning("%s dropped %d effects of %s from the inventory", who, dropped, owner)
            self._submit(given_up()).result(10)
        return dropped
