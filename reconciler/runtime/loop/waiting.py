"""What the actions of a plan wait for: a secret that cannot be resolved. Told of a daemon's own plan alone.

The message names the reference, and never holds a value.
"""

from collections.abc import Collection, Mapping

from msgspec.structs import replace

from reconciler.model.plan import Action, ActionKind
from reconciler.model.state import ConditionType, Tristate
from reconciler.runtime.loop.world import ConfigRecord

_NEEDS_SECRETS = frozenset({ActionKind.START, ActionKind.UPDATE})


def waiting(actions: Collection[Action], configs: Mapping[str, ConfigRecord]) -> tuple[Action, ...]:
    """Return the actions, those that wait for a secret with what they wait for."""
    return tuple(_waits(action, configs.get(action.key)) for action in actions)


def _waits(action: Action, record: ConfigRecord | None) -> Action:
    if record is None or action.kind not in _NEEDS_SECRETS:
        return action
    resolved = record.conditions.get(ConditionType.SECRETS_RESOLVED)
    if resolved is None or resolved.status is not Tristate.FALSE:
        return action
    return replace(action, waits=resolved.message)
