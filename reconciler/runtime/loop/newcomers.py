"""New ids that wait while others of their integration are missed: an id changed in place is one of each.

The old one is to be removed before the new one is added. Used by the controller, on the engine's loop.
"""

from collections.abc import Mapping

from reconciler.runtime.loop.absence import TWO_LOOKS


class Newcomers:
    """Which new ids are kept back, and since when (monotonic)."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[str, float]] = {}
        self.due_at: float | None = None
        """When the first of them may be let in whatever is missed, or None."""

    @property
    def are_waiting(self) -> bool:
        """Whether any are kept back."""
        return bool(self._waiting)

    def admit(self, new: Mapping[str, str], missed: Mapping[str, str | None], now: float) -> set[str]:
        """Return which of the ids `new`, and of those that have waited, may be taken in.

        `new` maps ids to the files they stand in, `missed` ids that are not yet confirmed to be gone to the files that
        held them. One whose file held a missed id waits for as long as that is missed, any other no longer than an
        absence takes to be confirmed.
        """
        for key, file in new.items():
            self._waiting[key] = (file, self._waiting.get(key, ("", now))[1])
        integrations = {_integration(key) for key in missed}
        files = {(_integration(key), file) for key, file in missed.items()}
        admitted, due = set(), []
        for key, (file, since) in list(self._waiting.items()):
            integration = _integration(key)
            if integration not in integrations or ((integration, file) not in files and now >= since + TWO_LOOKS):
                admitted.add(key)
                del self._waiting[key]
            elif (integration, file) not in files:
                due.append(since + TWO_LOOKS)
        self.due_at = min(due, default=None)
        return admitted


def _integration(key: str) -> str:
    return key.partition("/")[0]
