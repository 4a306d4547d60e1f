"""Last known good: which document is in force for an id, whatever state its file is in."""

from msgspec import Struct

from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.state import StateReason

_STALE = {
    Presence.INVALID: StateReason.INVALID,
    Presence.UNREADABLE: StateReason.UNREADABLE,
    Presence.DUPLICATE: StateReason.DUPLICATE,
}


class Effective(Struct, frozen=True):
    """The document in force for one id.

    `document` is the current one if it is valid, else the last good one, else None. `stale` says why it is not the
    current one. `known` is false once the id's absence is confirmed and nothing keeps it. `waits` says that a
    suspension keeps it from being taken in at all: nothing of this id has run yet, and nothing starts.
    """

    desired: Desired
    document: ConfigDocument | None
    stale: StateReason = StateReason.NONE
    known: bool = True
    waits: bool = False

    @property
    def id(self) -> str:
        """The configuration's id."""
        return self.desired.id

    @property
    def wanted(self) -> bool:
        """Whether something is to run under this id."""
        document = self.document  # asked several times of each of thousands: one look, and no call
        return document is not None and not self.waits and bool(document.raw.get("enabled", True))


def effective(desired: Desired, accepted: ConfigDocument | None, *, confirmed: bool, held: bool) -> Effective:
    """Return what is in force for `desired`, given the last valid document of the same id.

    `confirmed`: two looks found the id absent. `held`: the mass-removal guard keeps its removal back, or the whole
    directory is lost and what was read last stands.
    """
    if desired.presence is Presence.VALID:
        return Effective(desired, desired.document, StateReason.HELD if held else StateReason.NONE)
    if desired.presence is not Presence.ABSENT:
        return Effective(desired, accepted, _STALE[desired.presence])
    if held:
        return Effective(desired, accepted, StateReason.HELD)
    if not confirmed:
        return Effective(desired, accepted)
    return Effective(desired, None, known=False)
