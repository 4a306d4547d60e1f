"""What is to be done, and what came of it: actions with reasons, a plan, an outcome."""

from enum import StrEnum

from msgspec import Struct

from reconciler.model.json import Json, Path, digest


class ActionKind(StrEnum):
    """What one action does. The first two work on an integration, the others on a configuration."""

    INITIALIZE = "initialize"
    SHUTDOWN = "shutdown"
    START = "start"
    UPDATE = "update"
    REROUTE = "reroute"
    STOP = "stop"
    REMOVE = "remove"


class ActionReason(StrEnum):
    """Why an action is in the plan."""

    FIRST_CONFIG = "FirstConfig"
    LAST_CONFIG_GONE = "LastConfigGone"
    ADDED = "Added"
    ENABLED = "Enabled"
    CHANGED = "Changed"
    SECRET_ROTATED = "SecretRotated"
    RETRY = "Retry"
    DRIFT = "Drift"
    TAKE_OVER = "TakeOver"
    DISABLED = "Disabled"
    DELETED = "Deleted"
    NOT_ALLOWED = "NotAllowed"
    CLEAN_UP = "CleanUp"


class FieldChange(Struct, frozen=True):
    """One place in a document that differs; `old` or `new` is None where the place is not there.

    Secrets stand as their references, which hold no value.
    """

    path: Path
    old: Json
    new: Json
    kind: str = "changed"
    """`added`, `removed` or `changed`."""


class Action(Struct, frozen=True):
    """One step. `key` is an integration's id or a configuration's."""

    kind: ActionKind
    key: str
    reason: ActionReason
    old_digest: str | None = None
    new_digest: str | None = None
    changes: tuple[FieldChange, ...] = ()
    held: bool = False
    """Whether the mass-removal guard keeps this action back."""
    suspended: bool = False
    """Whether it waits for a suspension to end."""
    waits: str = ""
    """What else it waits for, as a sentence that holds no secret: a reference that cannot be resolved now."""

    @property
    def integration(self) -> str:
        """The id of the integration it concerns."""
        return self.key.partition("/")[0]


class Plan(Struct, frozen=True):
    """An ordered tuple of actions."""

    actions: tuple[Action, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.actions)

    @property
    def held(self) -> tuple[Action, ...]:
        """The actions that wait for an approval."""
        return tuple(action for action in self.actions if action.held)

    @property
    def digest(self) -> str:
        """A short name for exactly the held actions of this plan (12 hexadecimal digits), for `reconcile approve`."""
        return digest([[a.kind.value, a.key, a.old_digest] for a in self.held])[:12]


class OutcomeStatus(StrEnum):
    """How applying an action ended."""

    APPLIED = "applied"
    FAILED = "failed"
    WAITING = "waiting"
    """It cannot be done yet: a secret is missing, its integration is not ready."""


class Outcome(Struct, frozen=True):
    """What applying one action gave. `message` is for people and holds no secret; `seconds` is how long it took."""

    action: Action
    status: OutcomeStatus
    message: str = ""
    seconds: float = 0.0
