"""`reconcile plan` without a daemon: the files against the documents that were applied last.

What is suspended, by the state directory, is as a daemon would have it: its changes are told, and wait.
"""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.compose.build import build_tools
from reconciler.compose.options import EngineOptions
from reconciler.config.roots import root_error
from reconciler.config.tree.directory import Directory, RootState
from reconciler.core.in_force.lastgood import Effective, effective
from reconciler.core.in_force.override import freeze
from reconciler.core.plan.diff import Integrations, LiveConfig, config_action, diff
from reconciler.model.config import ConfigDocument, Presence
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.good import Good
from reconciler.model.json import digest
from reconciler.model.plan import Plan
from reconciler.model.ports import Clock
from reconciler.model.state import StateReason
from reconciler.runtime.asking.overrides import Overrides
from reconciler.runtime.clock import SystemClock
from reconciler.runtime.state.state_store import peek_good, peek_overrides


class OfflineReport(Struct, frozen=True):
    """What a daemon would do if it started from the accepted documents of the state directory."""

    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    stays: bool = False
    """Whether a document that was accepted stays in force because its file has errors now."""


def offline_plan(options: EngineOptions) -> OfflineReport:
    """Compare the files with the accepted documents. Writes nothing; raises RootUnreadable or StateError."""
    clock = SystemClock()
    tools = build_tools(options, clock)
    directory = Directory(options.root, tools.validator)
    good = peek_good(options.state_dir)
    known: dict[str, list[str]] = {}
    for row in good.values():
        known.setdefault(row.file, []).append(row.id)
    scan = directory.scan(known=known)
    if scan.root is not RootState.OK:
        raise root_error(options.root)
    kept = {key: ConfigDocument(dict(row.accepted), row.digest) for key, row in good.items()}
    files = {key: directory.snapshot.get(key).file or row.file for key, row in good.items()}
    accepted = {key: document for key, document in kept.items() if directory.permits(document, files[key])}
    asked = {key: _effective(directory, key, accepted.get(key)) for key in {*directory.snapshot.desired, *good}}
    frozen = _frozen(asked, accepted, good, _overrides(options.state_dir, clock))
    running = kept | {key: want.document for key, want in frozen.items() if key in accepted and want.document}
    live = {key: LiveConfig(document) for key, document in running.items() if document.enabled}
    desired = asked | frozen
    wanted = {key.partition("/")[0] for key, want in desired.items() if want.wanted}
    up = {key.partition("/")[0] for key in live}
    plan = diff(desired, live, Integrations(wanted, up))
    kept_back = [
        replace(action, suspended=True)
        for key in sorted(frozen)
        if asked[key] != frozen[key] and (action := config_action(key, asked[key], live.get(key))) is not None
    ]
    stays = any(want.document is not None and want.stale is not StateReason.NONE for want in asked.values())
    return OfflineReport(Plan((*plan.actions, *kept_back)), tuple(directory.snapshot.diagnostics), stays)


def _effective(directory: Directory, key: str, accepted: ConfigDocument | None) -> Effective:
    desired = directory.snapshot.get(key)
    return effective(desired, accepted, confirmed=desired.presence is Presence.ABSENT, held=False)


def _overrides(state_dir: Path, clock: Clock) -> Overrides:
    """Return the overrides that a daemon would find in force if it started now."""
    overrides = Overrides(clock)
    for one in peek_overrides(state_dir):
        overrides.put(one)
    for one in overrides.over():
        overrides.drop(one.number)
    return overrides


def _frozen(
    asked: Mapping[str, Effective],
    accepted: Mapping[str, ConfigDocument],
    good: Mapping[str, Good],
    overrides: Overrides,
) -> dict[str, Effective]:
    """Return what is in force for those that are suspended, by id."""
    found = {}
    for key, want in asked.items() if overrides.in_force else ():
        document = accepted.get(key)
        if overrides.suspended(key, want.desired.document, document):
            found[key] = freeze(want, document, _applied(good[key], document) if document is not None else None)
    return found


def _applied(row: Good, accepted: ConfigDocument) -> ConfigDocument | None:
    """Return the document that started last under an id, of which `accepted` is good."""
    if row.applied is None:
        return None
    if row.applied == row.accepted:
        return accepted
    raw = dict(row.applied)
    return ConfigDocument(raw, digest(raw))
