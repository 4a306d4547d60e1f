"""What happens in a daemon that people want to be told: values, made by the composition root, shown by `narrate`.

Nothing in an event holds a secret.
"""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.override import Intervention, Override
from reconciler.model.plan import ActionKind, Outcome, Plan
from reconciler.model.state import PassRecord


@dataclass(frozen=True, slots=True)
class Started:
    """The daemon is up and begins its first pass. `url` is where HTTP answers; `sign_in` a link that signs in."""

    version: str
    root: str
    state_dir: str
    integrations: int
    url: str | None = None
    sign_in: str | None = None


@dataclass(frozen=True, slots=True)
class StandingBy:
    """Another runner, the process `runner` where that is known, holds `state_dir`: this daemon waits for its end."""

    state_dir: str
    runner: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The first pass has ended; counts by state, in `seconds`."""

    configs: int
    active: int
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Settled:
    """An action has an outcome. `file` and `line` are where its configuration stands, or empty and 0.

    `running` says that an earlier version runs on although the action failed; `number` is the pass that asked for it.
    """

    outcome: Outcome
    file: str = ""
    line: int = 0
    running: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Many:
    """A plan had so many actions of one kind on one integration that they are told together, by outcome."""

    integration: str
    kind: ActionKind
    applied: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Invalid:
    """The file of `key` is not valid now, by `diagnostics`; `running` says whether a last good version runs on."""

    key: str
    diagnostics: tuple[Diagnostic, ...]
    running: bool


@dataclass(frozen=True, slots=True)
class Valid:
    """What was invalid is valid again, and nothing had to be done since it is what runs."""

    key: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Findings that belong to no known configuration: a file that cannot be read, warnings."""

    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The guard holds removals back, for `reason`; `plan` has them."""

    plan: Plan
    reason: str


@dataclass(frozen=True, slots=True)
class Intervened:
    """Somebody suspended, paused, resumed, approved or retried something, or an override ran out."""

    done: Intervention


@dataclass(frozen=True, slots=True)
class InForce:
    """An override from before this start is still in force; `configs` is how many configurations it concerns."""

    override: Override
    configs: int


@dataclass(frozen=True, slots=True)
class Waits:
    """What the file of `key` asks for waits for a suspension to end; `new` says that nothing of it has run yet."""

    key: str
    who: str
    new: bool
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something needs a person: a sentence. `over` tells that it has ended."""

    message: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """A pass has ended. Said at level debug only."""

    record: PassRecord


@dataclass(frozen=True, slots=True)
class Stopping:
    """The daemon was told to stop, by `signal` (such as SIGTERM), and takes at most `grace` seconds."""

    signal: str
    grace: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end. `forced` names what did not stop in time."""

    seconds: float
    forced: tuple[str, ...] = ()


DaemonEvent: TypeAlias = (
    Started
    | StandingBy
    | Ready
    | Settled
    | Many
    | Invalid
    | Valid
    | Found
    | Held
    | Intervened
    | InForce
    | Waits
    | Alarm
    | Passed
    | Stopping
    | Stopped
)
