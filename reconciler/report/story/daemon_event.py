"""What happens in a daemon that people want to be told: values, made by the composition root, shown by `narrate`.

Nothing in an event holds a secret.
"""

from typing import TypeAlias

from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.override import Intervention, Override
from reconciler.model.plan import ActionKind, Outcome, Plan
from reconciler.model.state import PassRecord


class Started(Struct, frozen=True):
    """The daemon is up and begins its first pass. `url` is where HTTP answers; `sign_in` a link that signs in."""

    version: str
    root: str
    state_dir: str
    integrations: int
    url: str | None = None
    sign_in: str | None = None


class StandingBy(Struct, frozen=True):
    """Another runner, the process `runner` where that is known, holds `state_dir`: this daemon waits for its end."""

    state_dir: str
    runner: int | None = None


class Ready(Struct, frozen=True):
    """The first pass has ended; counts by state, in `seconds`."""

    configs: int
    active: int
    failed: int
    seconds: float


class Settled(Struct, frozen=True):
    """An action has an outcome. `file` and `line` are where its configuration stands, or empty and 0.

    `running` says that an earlier version runs on although the action failed or waits; `number` is the pass that asked
    for it.
    """

    outcome: Outcome
    file: str = ""
    line: int = 0
    running: bool = False
    number: int | None = None


class Many(Struct, frozen=True):
    """A plan had so many actions of one kind on one integration that they are told together, by outcome."""

    integration: str
    kind: ActionKind
    applied: int
    failed: int
    waiting: int


class Invalid(Struct, frozen=True):
    """The file of `key` is not valid now, by `diagnostics`; `running` says whether a last good version runs on."""

    key: str
    diagnostics: tuple[Diagnostic, ...]
    running: bool


class Valid(Struct, frozen=True):
    """What was invalid is valid again, and nothing had to be done since it is what runs."""

    key: str
    file: str = ""
    line: int = 0


class Found(Struct, frozen=True):
    """Findings that belong to no known configuration: a file that cannot be read, warnings."""

    diagnostics: tuple[Diagnostic, ...]


class Cleared(Struct, frozen=True):
    """Findings that were told of, of files that nothing is the matter with any more, or that are gone."""

    diagnostics: tuple[Diagnostic, ...]


class Held(Struct, frozen=True):
    """The guard holds removals back, for `reason`; `plan` has them."""

    plan: Plan
    reason: str


class Unheld(Struct, frozen=True):
    """The guard holds no removal back any more: their files are there again, or they are no longer too many."""


class Intervened(Struct, frozen=True):
    """Somebody suspended, paused, resumed, approved or retried something, or an override ran out."""

    done: Intervention


class InForce(Struct, frozen=True):
    """An override from before this start is still in force; `configs` is how many configurations it concerns."""

    override: Override
    configs: int


class Waits(Struct, frozen=True):
    """What the file of `key` asks for waits for a suspension to end; `new` says that nothing of it has run yet."""

    key: str
    who: str
    new: bool
    file: str = ""
    line: int = 0


class Alarm(Struct, frozen=True):
    """Something needs a person: a sentence. `over` tells that it has ended."""

    message: str
    over: bool = False


class Passed(Struct, frozen=True):
    """A pass has ended. Said at level debug only."""

    record: PassRecord


class Stopping(Struct, frozen=True):
    """The daemon was told to stop, by `signal` (such as SIGTERM), and takes at most `grace` seconds."""

    signal: str
    grace: float


class Stopped(Struct, frozen=True):
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
    | Cleared
    | Held
    | Unheld
    | Intervened
    | InForce
    | Waits
    | Alarm
    | Passed
    | Stopping
    | Stopped
)
