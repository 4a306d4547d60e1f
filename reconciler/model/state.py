"""States, conditions and statuses: what the engine tells people about configurations and integrations."""

from enum import StrEnum
from typing import Any

from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.effect import EffectRow
from reconciler.model.override import Override


class Role(StrEnum):
    """What this process is among those that share a state directory: the one that runs all, or one of the others."""

    RUNNER = "runner"
    WORKER = "worker"


class ConfigState(StrEnum):
    """The one state of a configuration, derived and never stored."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    FAILED = "failed"
    INVALID = "invalid"
    REMOVING = "removing"


class IntegrationState(StrEnum):
    """The one state of an integration."""

    REGISTERED = "registered"
    INITIALIZING = "initializing"
    ACTIVE = "active"
    SHUTTING_DOWN = "shutting_down"
    FAILED = "failed"


class StateReason(StrEnum):
    """Why a configuration is in its state, or why what runs is stale."""

    NONE = ""
    INVALID = "Invalid"
    UNREADABLE = "Unreadable"
    DUPLICATE = "Duplicate"
    HELD = "Held"
    UPDATE_FAILED = "UpdateFailed"
    SUSPENDED = "Suspended"
    QUEUED = "Queued"
    SECRET_MISSING = "SecretMissing"
    INTEGRATION_NOT_READY = "IntegrationNotReady"
    ERROR = "Error"
    TERMINAL = "Terminal"
    DEADLINE = "DeadlineExceeded"
    STUCK = "Stuck"


class ConditionType(StrEnum):
    """The facts that are told one by one: the first five of a configuration, the others of an integration."""

    VALID = "Valid"
    SECRETS_RESOLVED = "SecretsResolved"
    APPLIED = "Applied"
    HEALTHY = "Healthy"
    DELIVERING = "Delivering"
    FILTER_ERROR = "FilterError"
    LOADED = "Loaded"
    INITIALIZED = "Initialized"
    RESPONSIVE = "Responsive"
    CLEANED_UP = "CleanedUp"


class Tristate(StrEnum):
    """The status of a condition, with the words of Kubernetes."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Struct, frozen=True):
    """One fact: `since` is when `status` last changed, in seconds since the epoch, or None where nobody noted it."""

    type: ConditionType
    status: Tristate
    reason: str = ""
    message: str = ""
    since: float | None = None


class ConfigStatus(Struct, frozen=True):
    """What is told of one configuration; `digest` is live, `desired_digest` what the files ask for, or None."""

    id: str
    integration: str
    name: str
    description: str
    enabled: bool
    state: ConfigState
    reason: StateReason
    message: str
    stale: bool
    digest: str | None
    desired_digest: str | None
    file: str
    line: int
    labels: dict[str, str]
    scope: dict[str, list[str]]
    hooks: tuple[str, ...]
    conditions: tuple[Condition, ...]
    diagnostics: tuple[Diagnostic, ...]
    overrides: tuple[Override, ...] = ()
    effects: tuple[EffectRow, ...] = ()


class IntegrationStatus(Struct, frozen=True):
    """What is told of one integration; `configs` is how many of its configurations are live."""

    id: str
    name: str
    description: str
    state: IntegrationState
    reason: StateReason
    message: str
    configs: int
    hooks: tuple[str, ...]
    conditions: tuple[Condition, ...]
    effects: tuple[EffectRow, ...] = ()


class PassRecord(Struct, frozen=True):
    """One pass of the loop: `number` counts from 1 in this state directory, `started` is in seconds since the epoch."""

    number: int
    started: float
    seconds: float
    trigger: str
    files: int
    configs: int
    actions: tuple[dict[str, Any], ...]
    """Each `kind`, `key`, `reason`, `status`, `message`."""
    held: int = 0
    errors: int = 0


class StaleConfig(Struct, frozen=True):
    """A configuration that does not run as its file asks, and why: `message` is a sentence for people."""

    id: str
    reason: StateReason
    message: str
    file: str | None = None
    """Relative to the root, as in the message; None where no file has it."""


class EngineStatus(Struct, frozen=True):
    """The whole at a glance; counts are by state, `alarms` are sentences for people."""

    version: str
    root: str
    state_dir: str
    started: float
    ready: bool
    passes: int
    last_pass: float | None
    held_digest: str | None
    held: int
    configs: dict[str, int]
    integrations: dict[str, int]
    stale: int
    queue: dict[str, float]
    """`waiting`, `unrouted`, `pending`, `dead`, `oldest_seconds`, `failing`: `DeliveryQueue.stats` says of what."""
    alarms: tuple[str, ...]
    overrides: tuple[tuple[Override, int], ...] = ()
    """What people have set aside, each with how many configurations it concerns now."""
    role: Role = Role.RUNNER
    runner: int | None = None
    """The process id of the runner, where one is known to live."""
    stale_configs: tuple[StaleConfig, ...] = ()
    """The first thousand of the `stale` ones, by id."""
