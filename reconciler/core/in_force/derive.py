"""State is derived, never stored: the one state of a configuration, from what is in force and what runs."""

from msgspec import Struct

from reconciler.core.in_force.lastgood import Effective
from reconciler.model.config import ConfigDocument
from reconciler.model.state import ConfigState, StateReason


class Observed(Struct, frozen=True):
    """What is seen of one configuration: `failure` is why the last apply failed, `waiting` why none was tried."""

    running: ConfigDocument | None = None
    paused: bool = False
    failure: StateReason = StateReason.NONE
    waiting: StateReason = StateReason.QUEUED


class Derived(Struct, frozen=True):
    """The state, its reason, and whether what runs is not what the files ask for."""

    state: ConfigState
    reason: StateReason = StateReason.NONE
    stale: bool = False


def config_state(want: Effective, seen: Observed) -> Derived:
    """Return the state of a configuration; the first test that matches wins."""
    if not want.known:
        return Derived(ConfigState.REMOVING)
    if want.document is None:
        return Derived(ConfigState.INVALID, want.stale)
    if not want.document.enabled:
        return Derived(ConfigState.DISABLED, want.stale, want.stale is not StateReason.NONE)
    if seen.running is not None:
        reason = _why_stale(want, want.document, seen)
        state = ConfigState.PAUSED if seen.paused else ConfigState.ACTIVE
        return Derived(state, reason, reason is not StateReason.NONE)
    if seen.failure is not StateReason.NONE:
        return Derived(ConfigState.FAILED, seen.failure)
    return Derived(ConfigState.PENDING, StateReason.SUSPENDED if want.waits else seen.waiting)


def _why_stale(want: Effective, document: ConfigDocument, seen: Observed) -> StateReason:
    if want.stale is not StateReason.NONE:
        return want.stale
    if seen.running == document:
        return StateReason.NONE
    if seen.failure is not StateReason.NONE:
        return StateReason.UPDATE_FAILED
    if seen.waiting is StateReason.SECRET_MISSING:
        return StateReason.SECRET_MISSING
    return StateReason.NONE
