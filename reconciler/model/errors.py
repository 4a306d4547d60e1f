"""The errors that steer the engine, and those that callers of the public API see.

ReconcileError
├── IntegrationError            raised by an integration's code, steers what happens next
│   ├── TransientError          try again, after `retry_after` seconds where it is known
│   └── TerminalError           do not try again until the input changes
├── SecretError                 a secret reference could not be resolved
│   ├── SecretMissing           it may appear later: retried
│   └── SecretForbidden         it can never resolve: an error of validation
├── HookError                   a hook was declared where it may not be
│   ├── HookSetClosed           its owner's call was abandoned or has returned
│   ├── UndeclaredHook          the manifest does not name this route or schedule
│   └── HookConflict            another hook holds the same exclusive key
├── UnknownIntegration          no integration is registered under this id
├── RegistrationError           a class or a manifest cannot be registered as it stands
├── DeadlineExceeded            a call into an integration did not return in time
├── NetworkRefused              an outbound connection that the network guard forbids
├── StateError                  the state directory cannot be used
│   └── StateLocked             another runner holds it
├── RootUnreadable              the directory of configurations is missing or unreadable
├── UnknownTarget               what is to be overridden, or resumed, is not there
├── OverrideRefused             an override that may not be, or no runner that takes it up
├── EventError                  an event is not a valid CloudEvent
└── NotRunning                  the engine is stopped, or was started in another process (a fork)
"""

from typing import Final

START_AFTER_FORK: Final = "start it after the fork, in post_fork or worker_process_init"
NOT_IN_THIS_PROCESS: Final = f"the engine does not run in this process: {START_AFTER_FORK}"
"""What every use of an engine says that a child has inherited from its parent."""


class ReconcileError(Exception):
    """The root of every error that this package raises on purpose."""


class IntegrationError(ReconcileError):
    """An integration says how its failure is to be treated."""


class TransientError(IntegrationError):
    """The call may succeed later: it is tried again.

    `retry_after` is in seconds from now, or the text of a `Retry-After` as it came, or None where backoff decides.
    """

    def __init__(self, message: str = "", *, retry_after: float | str | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TerminalError(IntegrationError):
    """The call cannot succeed with this input: it is not tried again until the input changes."""


class SecretError(ReconcileError):
    """A secret reference could not be resolved; the message never holds a value."""


class SecretMissing(SecretError):
    """The secret is not there now; it may appear later."""


class SecretForbidden(SecretError):
    """The reference can never resolve: unknown scheme, a reserved name, a path outside the directory."""


class HookError(ReconcileError):
    """A hook was declared where it may not be."""


class HookSetClosed(HookError):
    """The owner's call was abandoned or has returned; it may declare no more hooks."""


class UndeclaredHook(HookError):
    """The manifest does not declare this route or schedule."""


class HookConflict(HookError):
    """Another hook holds the same exclusive key."""


class UnknownIntegration(ReconcileError, LookupError):
    """No integration is registered under this id."""


class RegistrationError(ReconcileError):
    """An integration cannot be registered as it stands: bad manifest, bad class, an id taken twice."""


class DeadlineExceeded(ReconcileError, TimeoutError):
    """A call into an integration did not return within its deadline and was abandoned."""


class NetworkRefused(ReconcileError):
    """The network guard forbids connecting to this address."""


class StateError(ReconcileError):
    """The state directory cannot be used."""


class StateLocked(StateError):
    """Another runner holds the state directory's lock."""


class RootUnreadable(ReconcileError):
    """The directory of configurations is missing or cannot be read."""


class UnknownTarget(ReconcileError, LookupError):
    """What is to be suspended, paused or resumed is not there; the message names what is nearest."""


class OverrideRefused(ReconcileError):
    """This may not be: too many overrides, one that lasts too long, or no runner takes up what a worker is asked."""


class EventError(ReconcileError, ValueError):
    """An event is not a valid CloudEvent."""


class NotRunning(ReconcileError, RuntimeError):
    """The engine is not running in this process."""
