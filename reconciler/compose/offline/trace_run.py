"""Follows one event for `reconcile trace`: the verdict of each configuration, and what the receivers would send.

The counterpart of `case_run.py` for one event that somebody asks about. Called by the command line.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.compose.offline.world import OfflineWorld
from reconciler.core.findings.nearest import nearest
from reconciler.core.routing.trace import Verdict, Way
from reconciler.model.errors import ReconcileError
from reconciler.model.event import Event
from reconciler.report.places import relocate
from reconciler.report.trace.report import TraceEntry, TraceReport

_MOST: Final = 50
"""How many configurations are listed of each kind, unless all are asked for."""


class TraceOptions(Struct, frozen=True):
    """What is asked: about one `config`, or about those that ask for the type, or with `everything` about all.

    `prefix` leads from where the user stands to the root.
    """

    config: str | None = None
    everything: bool = False
    prefix: str = ""


def trace_event(world: OfflineWorld, event: Event, options: TraceOptions) -> TraceReport:
    """Return the way of `event`; raises ReconcileError when no file names the one configuration that is asked about."""
    config = options.config
    if config is not None and config not in world.snapshot.desired:
        near = nearest(config, world.ids())
        raise ReconcileError(
            f"no file names a configuration {config!r}" + (f": did you mean {near!r}?" if near else "")
        )
    found = list(world.verdicts(event)) if config is None else [world.verdict(config, event)]
    receiving = [one for one in found if one.way is Way.RECEIVES]
    listed = _listed(found, receiving, whole=options.everything or config is not None)
    shown = {one.config_id for one in listed}
    others = Counter(one.way.value for one in found if one.config_id not in shown)
    is_asked = any(one.is_near and one.way is not Way.DISABLED for one in found)
    near_type = nearest(event.type, world.types()) if not is_asked and config is None else None
    entries = list(_entries(world, event, listed, options.prefix))
    invalid = [options.prefix + file for file in world.files_with_errors()] if config is None else []
    return TraceReport(event, entries, len(found), len(receiving), others, near_type or "", invalid)


def _listed(found: Sequence[Verdict], receiving: Sequence[Verdict], *, whole: bool) -> list[Verdict]:
    """Return whom to list: the receivers first, then the others, or only those among them that ask for the type."""
    others = [one for one in found if one.way is not Way.RECEIVES]
    if whole:
        return [*receiving, *others]
    return [*receiving[:_MOST], *[one for one in others if one.is_near][:_MOST]]


def _entries(world: OfflineWorld, event: Event, listed: Sequence[Verdict], prefix: str) -> Iterator[TraceEntry]:
    with world.rehearsal(time.time()) as rehearsal:
        for one in listed:
            desired = world.desired(one.config_id)
            entry = TraceEntry(one, f"{prefix}{desired.file}", desired.line)
            if one.way is Way.INVALID:
                entry = replace(entry, diagnostics=tuple(relocate(desired.diagnostics, prefix)))
            elif one.way is Way.RECEIVES and desired.document is not None:
                entry = replace(entry, rehearsed=rehearsal.deliver(desired.document, event))
            yield entry
