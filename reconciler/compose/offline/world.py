"""A directory of configurations without a daemon: which of them an event reaches, why not, and what would be sent.

The files are read, validated and routed by the daemon's own code. Called by `reconcile trace` and `reconcile test`; it
sends nothing, writes nothing, and resolves no secret.
"""

from collections.abc import Iterator

from reconciler.compose.build import build_tools
from reconciler.compose.options import EngineOptions
from reconciler.compose.rehearsal.rehearsal import Rehearsal
from reconciler.config.roots import root_error
from reconciler.config.tree.directory import Directory, RootState
from reconciler.config.tree.snapshot import Snapshot
from reconciler.core.filter.explain import Explainer
from reconciler.core.routing.matching import Matcher, routes_of
from reconciler.core.routing.routing import RoutingIndex
from reconciler.core.routing.trace import Verdict, Way, verdict
from reconciler.model.config import Desired
from reconciler.model.event import Event
from reconciler.runtime.clock import SystemClock
from reconciler.runtime.telling.metrics import Metrics


class OfflineWorld:
    """What the files of a root ask for, as a daemon would route by them. Raises RootUnreadable."""

    def __init__(self, options: EngineOptions) -> None:
        self._tools = build_tools(options, SystemClock())
        directory = Directory(options.root, self._tools.validator, settle=0.0)
        if directory.scan().root is not RootState.OK:
            raise root_error(options.root)
        self.snapshot: Snapshot = directory.snapshot
        self._index = RoutingIndex()
        self._routed: set[str] = set()
        self._matcher = Matcher(self._index)
        self._explainer = Explainer()
        self._metrics: Metrics | None = None
        self._may_hold_literals = options.allow_plaintext_secrets
        for config_id, desired in self.snapshot.desired.items():
            document = desired.document
            if document is not None and document.enabled:
                descriptor = self._tools.catalogue.descriptor(document.integration)
                if self._index.replace(config_id, routes_of(document, descriptor)):
                    self._routed.add(config_id)

    def ids(self) -> list[str]:
        """Return the ids of all configurations that files name, the invalid ones too, sorted."""
        return sorted(self.snapshot.desired)

    def enabled(self) -> tuple[str, ...]:
        """Return the ids of the valid and enabled ones that ask for some event, sorted."""
        return tuple(config_id for config_id in self.ids() if config_id in self._routed)

    def desired(self, config_id: str) -> Desired:
        """Return what the files say of one."""
        return self.snapshot.get(config_id)

    def receivers(self, event: Event) -> list[str]:
        """Return the ids of the configurations that `event` reaches, sorted."""
        return sorted(route.config_id for route in self._matcher.routes(event))

    def verdict(self, config_id: str, event: Event) -> Verdict:
        """Return what becomes of `event` at one configuration, and why."""
        document = self.snapshot.get(config_id).document
        if document is None:
            return Verdict(config_id, Way.INVALID)
        return verdict(document, self._tools.catalogue.descriptor(document.integration), event, self._explainer)

    def verdicts(self, event: Event) -> Iterator[Verdict]:
        """Yield that of every configuration, by id."""
        return (self.verdict(config_id, event) for config_id in self.ids())

    def files_with_errors(self) -> list[str]:
        """Return the files of which something is invalid, relative to the root, sorted: it takes part in nothing."""
        return sorted({found.span.file for found in self.snapshot.diagnostics if found.is_error})

    def types(self) -> list[str]:
        """Return the event types and patterns that somebody asks for, sorted."""
        return sorted(self._index.types())

    def rehearsal(self, now: float) -> Rehearsal:
        """Return a rehearsal in which the clock stands at `now` (seconds since the epoch); it imports integrations."""
        if self._metrics is None:
            self._metrics = Metrics()
        tools, literals = self._tools, self._may_hold_literals
        return Rehearsal(tools.catalogue, tools.secrets, now, self._metrics, may_hold_literals=literals)
