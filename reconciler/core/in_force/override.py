"""What overrides make of one configuration: which are in force for it, what runs meanwhile, what is sent. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.in_force.lastgood import Effective
from reconciler.core.in_force.selector import matches_any
from reconciler.model.config import ConfigDocument
from reconciler.model.override import Override, OverrideKind
from reconciler.model.state import StateReason


class Sending(StrEnum):
    """What becomes of a delivery."""

    SEND = "send"
    HOLD = "hold"
    DROP = "drop"


class Imposed(Struct, frozen=True):
    """The overrides in force for one configuration, oldest first."""

    overrides: tuple[Override, ...] = ()

    @property
    def suspended(self) -> bool:
        """Whether changes of its file wait."""
        return bool(self.overrides) and any(one.kind is OverrideKind.SUSPEND for one in self.overrides)

    @property
    def sending(self) -> Sending:
        """What pauses make of its deliveries; where several are in force, one that keeps them wins over a drop."""
        if not self.overrides:
            return Sending.SEND
        drops = [one.drop for one in self.overrides if one.kind is OverrideKind.PAUSE]
        if not drops:
            return Sending.SEND
        return Sending.DROP if all(drops) else Sending.HOLD


NOTHING = Imposed()


def suspended(
    overrides: Iterable[Override], config_id: str, desired: ConfigDocument | None, accepted: ConfigDocument | None
) -> bool:
    """Whether changes of a file wait.

    A suspension by label holds by the labels that are in force and by those that the file asks for: changing a label
    is a change of the file, and must not be the way out of a suspension, nor around one.
    """
    labelled = [document.labels for document in (accepted, desired) if document is not None]
    return any(one.kind is OverrideKind.SUSPEND and matches_any(one.selector, config_id, labelled) for one in overrides)


def imposed(overrides: Iterable[Override], want: Effective, accepted: ConfigDocument | None) -> Imposed:
    """Return the overrides in force for one configuration; a pause goes by the labels that are in force alone."""
    desired = want.desired.document
    by_kind = {
        OverrideKind.SUSPEND: [document.labels for document in (accepted, desired) if document is not None],
        OverrideKind.PAUSE: [want.document.labels] if want.document is not None else [],
    }
    found = (one for one in overrides if matches_any(one.selector, want.id, by_kind[one.kind]))
    return Imposed(tuple(found))


def freeze(want: Effective, accepted: ConfigDocument | None, applied: ConfigDocument | None) -> Effective:
    """Return what is in force under a suspension, where `want` would be without one.

    `accepted` is the last document that was taken in, which a suspension leaves as it was when it began; `applied`
    the last that started. What ran goes on, what was stopped stays so, and what was never taken in waits.
    """
    kept = _kept(accepted, applied)
    if kept is None:
        return want if want.document is None else replace(want, waits=True)
    if want.document == kept:
        return want
    stale = StateReason.SUSPENDED if want.stale is StateReason.NONE else want.stale
    return Effective(want.desired, kept, stale)


def _kept(accepted: ConfigDocument | None, applied: ConfigDocument | None) -> ConfigDocument | None:
    """Return the document that is kept: what runs, also where a newer one has failed to start."""
    if accepted is not None and accepted.enabled and applied is not None and applied.enabled:
        return applied
    return accepted
