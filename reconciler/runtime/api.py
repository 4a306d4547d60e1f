"""What the pages, the API and the command line may ask of a running engine: one narrow, thread-safe view."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from reconciler.model.delivery import Backlog
from reconciler.model.event import Event
from reconciler.model.override import Intervention, Override, OverrideRequest, Selector
from reconciler.model.panel import PanelView
from reconciler.model.plan import Plan
from reconciler.model.ports import Receipt
from reconciler.model.state import ConfigStatus, EngineStatus, IntegrationStatus, PassRecord
from reconciler.runtime.lanes.routes import RouteTable
from reconciler.runtime.telling.instruments import Instruments

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class OverridesView(Protocol):
    """What people set aside; every method may be called from any thread."""

    def impose(self, asked: OverrideRequest, who: str) -> tuple[Override, int]:
        """Set something aside; returns it, and how many configurations it concerns now.

        Raises UnknownTarget, OverrideRefused or StateError.
        """

    def lift(self, selector: Selector, who: str, reason: str = "") -> Sequence[Override]:
        """End what means no more than `selector`, and return it; raises UnknownTarget when that is nothing."""

    def listed(self) -> Sequence[tuple[Override, int]]:
        """Return what is in force, oldest first, and how many configurations each concerns now."""

    def history(self, limit: int) -> "Future[list[Intervention]]":
        """Return what people did last, newest first."""


class OutsideView(Protocol):
    """Panels on the pages, effects outside the process."""

    def forget(self, owner: str, key: str | None, who: str) -> int:
        """Drop an owner's effects, or one of them, from the inventory; returns how many there were."""

    def panels(self, integration_id: str) -> "Future[list[PanelView]]":
        """Render the panels of an integration and its configurations."""


class EngineView(Protocol):
    """Every method may be called from any thread; those that return a future never block."""

    @property
    def routes(self) -> RouteTable:
        """The routes that RouteHooks have opened."""

    @property
    def metrics(self) -> "CollectorRegistry":
        """The Prometheus registry, always the same; who asks first waits for the library's import."""

    @property
    def instruments(self) -> Instruments:
        """What is counted as it happens, of HTTP too; the registry has it."""

    @property
    def outside(self) -> OutsideView:
        """What hooks have put elsewhere."""

    @property
    def overrides(self) -> OverridesView:
        """What people have set aside."""

    @property
    def live(self) -> bool:
        """Whether the engine's loop turns and all of its tasks live."""

    @property
    def ready(self) -> bool:
        """Whether the first pass has ended and the engine is not stopping."""

    def status(self) -> EngineStatus:
        """Return the whole at a glance."""

    def integrations(self) -> Sequence[IntegrationStatus]:
        """Return every registered integration, by id."""

    def config_ids(self) -> Sequence[str]:
        """Return the ids of all known configurations, sorted; cheap, so that lists can be paged."""

    def config(self, config_id: str) -> ConfigStatus | None:
        """Return one configuration's status, or None when nothing is known under this id."""

    def backlog(self) -> "Future[dict[str, Backlog]]":
        """Return what waits for each configuration that deliveries wait for."""

    def plan(self) -> Plan:
        """Return what still differs from the files: held, failed and waiting actions."""

    def history(self, limit: int) -> "Future[list[PassRecord]]":
        """Return the last passes, newest first."""

    def publish(self, events: Sequence[Event]) -> "Future[list[Receipt]]":
        """Append events to the queue; done when they are on disk."""

    def look(self, trigger: str) -> None:
        """Look again now; `trigger` is a word for the history."""

    def retry(self, key: str, who: str) -> bool:
        """Try a failed configuration or integration again now; False when nothing is known under this key."""

    def retry_all(self, selector: Selector, who: str) -> int:
        """Try what failed of many configurations again now; returns how many are meant. Raises UnknownTarget."""

    def approve(self, digest: str, who: str) -> bool:
        """Release exactly the held plan of this digest; False when it is not the one that is held."""
