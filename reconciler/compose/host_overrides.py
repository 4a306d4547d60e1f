"""Suspending, pausing and resuming from the host's own code: what the command line does to a daemon.

An embedded engine opens no socket, so its host gives people these calls where it gives them others.
"""

from collections.abc import Mapping, Sequence

from reconciler.model.override import Override, OverrideKind, OverrideRequest, Selector, parse_span
from reconciler.runtime.asking.override_desk import OverrideDesk


class HostOverrides:
    """The overrides of one running engine.

    Configurations are named by id, by labels, by their integration, or by `everything`; what is given together must
    hold together. `lasting` is a duration such as `2h`, or None for one that lasts until it is resumed; `who` is kept
    with it for people. Every call waits until it is on disk and in force.
    """

    def __init__(self, desk: OverrideDesk) -> None:
        self._desk = desk

    def suspend(
        self,
        *ids: str,
        labels: Mapping[str, str] | None = None,
        integration: str | None = None,
        everything: bool = False,
        lasting: str | None = None,
        reason: str = "",
        who: str = "the host",
    ) -> Override:
        """Keep what runs as it is; what the files ask for waits.

        Raises ValueError for a selector that names nothing or a duration that may not be, UnknownTarget for an id or
        an integration that is not known.
        """
        seconds = parse_span(lasting) if lasting is not None else None
        selector = _selector(ids, labels, integration, everything=everything)
        return self._desk.impose(OverrideRequest(OverrideKind.SUSPEND, selector, seconds, reason), who)[0]

    def pause(
        self,
        *ids: str,
        labels: Mapping[str, str] | None = None,
        integration: str | None = None,
        everything: bool = False,
        lasting: str | None = None,
        reason: str = "",
        who: str = "the host",
        drop: bool = False,
    ) -> Override:
        """Send nothing: deliveries wait, or with `drop` become dead letters. Raises as `suspend` does."""
        seconds = parse_span(lasting) if lasting is not None else None
        selector = _selector(ids, labels, integration, everything=everything)
        return self._desk.impose(OverrideRequest(OverrideKind.PAUSE, selector, seconds, reason, drop), who)[0]

    def resume(
        self,
        *ids: str,
        labels: Mapping[str, str] | None = None,
        integration: str | None = None,
        everything: bool = False,
        reason: str = "",
        who: str = "the host",
    ) -> Sequence[Override]:
        """End what means no more than this, and return it; raises UnknownTarget when that is nothing."""
        return self._desk.lift(_selector(ids, labels, integration, everything=everything), who, reason)

    def in_force(self) -> Sequence[Override]:
        """Return what is set aside now, oldest first."""
        return tuple(override for override, _ in self._desk.listed())


def _selector(
    ids: Sequence[str], labels: Mapping[str, str] | None, integration: str | None, *, everything: bool
) -> Selector:
    if not (ids or labels or integration or everything):
        raise ValueError("say which configurations: ids, labels, an integration, or everything=True")
    return Selector.of(ids, labels, integration)
