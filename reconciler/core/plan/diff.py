"""`diff(desired, live) -> Plan`: pure, in a stable order, empty when they agree."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from reconciler.core.in_force.lastgood import Effective
from reconciler.core.plan.update import Transition, changes, transition
from reconciler.model.config import ConfigDocument
from reconciler.model.plan import Action, ActionKind, ActionReason, Plan


class LiveConfig(Struct, frozen=True):
    """What runs under one id: the document that was applied, and what has changed since.

    `rotated`: a secret of it has another value. `drifted`: it is not well, or not whole any more. `refused`: the policy
    does not allow it any more, and what should follow it could not start.
    """

    document: ConfigDocument
    rotated: bool = False
    drifted: bool = False
    refused: bool = False


class Integrations(Struct, frozen=True):
    """The integrations that are to be up, because an enabled configuration wants them, and those that are.

    `drifted` are those that somebody has switched off behind the engine's back.
    """

    wanted: Collection[str]
    up: Collection[str]
    drifted: Collection[str] = ()


_ORDER = {
    ActionKind.INITIALIZE: 0,
    ActionKind.REMOVE: 1,
    ActionKind.STOP: 2,
    ActionKind.START: 3,
    ActionKind.UPDATE: 4,
    ActionKind.REROUTE: 5,
    ActionKind.SHUTDOWN: 6,
}


def diff(
    desired: Mapping[str, Effective],
    live: Mapping[str, LiveConfig],
    integrations: Integrations,
    ids: Iterable[str] | None = None,
) -> Plan:
    """Return what has to be done for `ids` (all when None) so that live equals desired.

    Grouped by integration: initialize, removals before additions (an exclusive resource may pass from one to the
    other), updates, shutdown; within each by id. `desired` need not know an id that is gone.
    """
    looked_at = sorted({*desired, *live} if ids is None else dict.fromkeys(ids))
    steps: defaultdict[str, list[Action]] = defaultdict(list)
    for key in looked_at:  # of thousands at a start
        of_it, want, runs = steps[key.partition("/")[0]], desired.get(key), live.get(key)
        action = _start(key, want) if runs is None else config_action(key, want, runs)
        if action is not None:
            of_it.append(action)
    for integration in {*steps, *(integrations.up if ids is None else ()), *integrations.drifted}:
        up, wanted = integration in integrations.up, integration in integrations.wanted
        if wanted and not up:
            steps[integration].append(Action(ActionKind.INITIALIZE, integration, ActionReason.FIRST_CONFIG))
        elif wanted and integration in integrations.drifted:
            steps[integration].append(Action(ActionKind.INITIALIZE, integration, ActionReason.DRIFT))
        elif up and not wanted:
            steps[integration].append(Action(ActionKind.SHUTDOWN, integration, ActionReason.LAST_CONFIG_GONE))
    return Plan(tuple([action for name in sorted(steps) for action in _in_order(steps[name])]))


def config_action(key: str, want: Effective | None, live: LiveConfig | None, *, drifted: bool = False) -> Action | None:
    """Return the one action that brings `key` to what is in force, or None when it is there.

    `drifted`: what ran under it is gone although nothing asked for that.
    """
    if live is None:
        return _start(key, want, ActionReason.DRIFT if drifted else ActionReason.ADDED)
    document = want.document if want is not None and not want.waits else None
    if document is not None and document.enabled:
        return _update(key, live, document)
    return _end(key, want, document, live)


def _start(key: str, want: Effective | None, why: ActionReason = ActionReason.ADDED) -> Action | None:
    document = want.document if want is not None else None
    if want is None or document is None or not want.wanted:
        return None
    return Action(ActionKind.START, key, why, None, document.digest)


def _in_order(steps: list[Action]) -> Iterable[Action]:
    """Return the steps of one integration, which come by id, in their order."""
    kinds = {step.kind for step in steps}
    return steps if len(kinds) < 2 else sorted(steps, key=lambda step: _ORDER[step.kind])


def _end(key: str, want: Effective | None, document: ConfigDocument | None, live: LiveConfig) -> Action:
    old = live.document.digest
    if document is not None:
        return Action(ActionKind.STOP, key, ActionReason.DISABLED, old, document.digest)
    if want is not None and want.known:  # its file is there, but neither that nor what was good before may run
        return Action(ActionKind.STOP, key, ActionReason.NOT_ALLOWED, old)
    return Action(ActionKind.REMOVE, key, ActionReason.DELETED, old)


def _update(key: str, live: LiveConfig, document: ConfigDocument) -> Action | None:
    if live.refused:
        return Action(ActionKind.STOP, key, ActionReason.NOT_ALLOWED, live.document.digest, document.digest)
    step = transition(live.document, document)
    old, new = live.document.digest, document.digest
    if step is Transition.NOTHING:
        if live.rotated:
            return Action(ActionKind.UPDATE, key, ActionReason.SECRET_ROTATED, old, new)
        return Action(ActionKind.UPDATE, key, ActionReason.DRIFT, old, new) if live.drifted else None
    update = step is Transition.REPLACE or live.rotated or live.drifted
    kind = ActionKind.UPDATE if update else ActionKind.REROUTE
    return Action(kind, key, ActionReason.CHANGED, old, new, changes(live.document, document))
