"""What becomes of a live set when what its files ask for changes from one snapshot to another: the plan of a change.

Pure. It supposes that a daemon runs all that the first snapshot asks for and nothing else. The decisions are the
daemon's own: what is in force, `diff`, the guard. Called for the plan between two commits.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.in_force.lastgood import Effective, effective
from reconciler.core.plan.diff import Integrations, LiveConfig, diff
from reconciler.core.plan.guard import PruneLimit, Verdict, judge
from reconciler.core.plan.update import changes
from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.plan import Action, ActionKind, ActionReason, FieldChange, Plan


class ChangeKind(StrEnum):
    """What a change does to one configuration's file, whether or not anything that runs hears of it."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    """It stands in another file, and says the same."""
    BROKEN = "broken"
    """It was valid, or not there, and is not valid now."""
    REPAIRED = "repaired"
    """It was not valid, and is now."""


class ConfigChange(Struct, frozen=True):
    """One configuration that differs. `old_file` and `file` are empty on the side where it is not.

    `enabled` is what the document in force says, or None where there is none; `keeps` says that it is the old one,
    because the new one is not valid or its removal is `held`.
    """

    id: str
    kind: ChangeKind
    file: str = ""
    old_file: str = ""
    line: int = 0
    enabled: bool | None = None
    keeps: bool = False
    held: bool = False
    presence: Presence = Presence.VALID
    changes: tuple[FieldChange, ...] = ()


class Comparison(Struct, frozen=True):
    """The plan, held removals at its end; the guard's verdict; and what differs, by id."""

    plan: Plan
    verdict: Verdict
    configs: tuple[ConfigChange, ...]


def compare(
    before: Mapping[str, Desired],
    after: Mapping[str, Desired],
    limit: PruneLimit,
    *,
    root_lost: str = "",
    refused: Collection[str] = (),
) -> Comparison:
    """Return what the step from `before` to `after` does; with a reason in `root_lost` every removal is held.

    What ran of the ids in `refused` is not allowed any more, and does not run on.
    """
    gone = before.keys() - after.keys()
    verdict = Verdict(frozenset(gone), root_lost) if root_lost and gone else _judge(before, after, limit)
    good = {key: desired.document for key, desired in before.items() if desired.document is not None}
    live = {key: LiveConfig(document) for key, document in good.items() if document.enabled}
    kept = {key: document for key, document in good.items() if key not in refused}
    force = {key: _in_force(key, after, kept, verdict) for key in before.keys() | after.keys()}
    wanted = {key.partition("/")[0] for key, want in force.items() if want.wanted}
    plan = diff(force, live, Integrations(wanted, {key.partition("/")[0] for key in live}))
    held = tuple(_held(key, good.get(key)) for key in sorted(verdict.held))
    found = (_change(key, before.get(key), force[key], verdict) for key in sorted(force))
    return Comparison(Plan((*plan.actions, *held)), verdict, tuple(one for one in found if one is not None))


def _judge(before: Mapping[str, Desired], after: Mapping[str, Desired], limit: PruneLimit) -> Verdict:
    asked = before.keys() - after.keys()
    if not asked:
        return Verdict()
    return judge(asked, {}, Counter(key.partition("/")[0] for key in after), limit, 0.0)


def _in_force(
    key: str, after: Mapping[str, Desired], good: Mapping[str, ConfigDocument], verdict: Verdict
) -> Effective:
    desired = after.get(key) or Desired(key, Presence.ABSENT)
    return effective(desired, good.get(key), confirmed=True, held=key in verdict.held)


def _held(key: str, document: ConfigDocument | None) -> Action:
    digest = document.digest if document is not None else None
    return Action(ActionKind.REMOVE, key, ActionReason.DELETED, digest, held=True)


def _change(key: str, old: Desired | None, force: Effective, verdict: Verdict) -> ConfigChange | None:
    new = force.desired
    is_there = new.presence is not Presence.ABSENT
    enabled = force.document.enabled if force.document is not None else None
    found = ConfigChange(key, ChangeKind.CHANGED, new.file, old.file if old else "", new.line, enabled)
    if not is_there:
        gone = old.document.enabled if old is not None and old.document is not None else None
        held = key in verdict.held
        return replace(found, kind=ChangeKind.REMOVED, enabled=gone, held=held, keeps=held)
    if new.document is None:
        was_broken = old is not None and old.document is None
        broken = replace(found, kind=ChangeKind.BROKEN, presence=new.presence, keeps=force.document is not None)
        return None if was_broken else broken
    if old is None or old.document is None:
        return replace(found, kind=ChangeKind.ADDED if old is None else ChangeKind.REPAIRED)
    if old.document.digest != new.document.digest:
        return replace(found, changes=changes(old.document, new.document))
    return replace(found, kind=ChangeKind.MOVED) if old.file != new.file else None
