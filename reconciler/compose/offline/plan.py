"""`reconcile plan` without a daemon: the files against the documents that were applied last."""

from msgspec import Struct

from reconciler.compose.build import build_tools
from reconciler.compose.options import EngineOptions
from reconciler.config.roots import root_error
from reconciler.config.tree.directory import Directory, RootState
from reconciler.core.in_force.lastgood import Effective, effective
from reconciler.core.plan.diff import Integrations, LiveConfig, diff
from reconciler.model.config import ConfigDocument, Presence
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import Plan
from reconciler.model.state import StateReason
from reconciler.runtime.clock import SystemClock
from reconciler.runtime.state.state_store import peek_good


class OfflineReport(Struct, frozen=True):
    """What a daemon would do if it started from the accepted documents of the state directory."""

    plan: Plan
    diagnostics: tuple[Diagnostic, ...]
    stays: bool = False
    """Whether a document that was accepted stays in force because its file has errors now."""


def offline_plan(options: EngineOptions) -> OfflineReport:
    """Compare the files with the accepted documents. Writes nothing; raises RootUnreadable or StateError."""
    tools = build_tools(options, SystemClock())
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
    live = {key: LiveConfig(document) for key, document in kept.items() if document.enabled}
    desired = {key: _effective(directory, key, accepted.get(key)) for key in {*directory.snapshot.desired, *good}}
    wanted = {key.partition("/")[0] for key, want in desired.items() if want.wanted}
    up = {key.partition("/")[0] for key in live}
    stays = any(want.document is not None and want.stale is not StateReason.NONE for want in desired.values())
    plan = diff(desired, live, Integrations(wanted, up))
    return OfflineReport(plan, tuple(directory.snapshot.diagnostics), stays)


def _effective(directory: Directory, key: str, accepted: ConfigDocument | None) -> Effective:
    desired = directory.snapshot.get(key)
    return effective(desired, accepted, confirmed=desired.presence is Presence.ABSENT, held=False)
