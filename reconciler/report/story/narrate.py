"""What the daemon says while it runs: one line for each thing that happened, and why.

Turns a `DaemonEvent` into lines and does nothing else: the composition root makes the events, the command line prints
the lines; `narrate_json` has the same events as JSON objects.
"""

from collections.abc import Iterator
from typing import Any

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.duration import brief_duration, format_duration
from reconciler.model.plan import Action, ActionKind, ActionReason, Outcome, OutcomeStatus
from reconciler.report.ansi import PLAIN, Palette, printable
from reconciler.report.count import count
from reconciler.report.findings.headline import headline, place
from reconciler.report.override_text import intervention_line, override_line
from reconciler.report.plan_text import REASONS, change_text
from reconciler.report.story.daemon_event import (
    Alarm,
    Cleared,
    DaemonEvent,
    Found,
    Held,
    InForce,
    Intervened,
    Invalid,
    Many,
    Passed,
    Ready,
    Settled,
    StandingBy,
    Started,
    Stopped,
    Stopping,
    Unheld,
    Valid,
    Waits,
)

__all__ = [
    "Alarm", "Cleared", "DaemonEvent", "Found", "Held", "InForce", "Intervened", "Invalid", "Many", "Passed", "Ready",
    "Settled", "StandingBy", "Started", "Stopped", "Stopping", "Unheld", "Valid", "Waits", "level", "narrate",
    "outcome_lines",
]  # fmt: skip

_DONE = {
    ActionKind.INITIALIZE: "initialized",
    ActionKind.SHUTDOWN: "shut down",
    ActionKind.START: "started",
    ActionKind.UPDATE: "updated",
    ActionKind.REROUTE: "rerouted",
    ActionKind.STOP: "stopped",
    ActionKind.REMOVE: "removed",
}
_SHOWN_CHANGES = 4


def narrate(event: DaemonEvent, palette: Palette = PLAIN) -> list[str]:
    """Return the lines for `event`, without line feeds."""
    return list(_lines(event, palette))


def _lines(event: DaemonEvent, paint: Palette) -> Iterator[str]:
    match event:
        case StandingBy() | Started():
            yield from _beginning(event, paint)
        case Ready():
            yield from _ready(event, paint)
        case Settled(outcome, file, line, running):
            yield from outcome_lines(outcome, f"{printable(file)}:{line}" if file else "", paint)
            if running and outcome.status in (OutcomeStatus.FAILED, OutcomeStatus.WAITING):
                yield paint.dim("    the version that ran before runs on")
        case Many():
            yield _many(event, paint)
        case Invalid() | Valid():
            yield from _validity(event, paint)
        case Found() | Cleared():
            yield from _findings(event, paint)
        case Held() | Unheld():
            yield from _held(event, paint)
        case Intervened() | InForce() | Waits():
            yield _overridden(event, paint)
        case Alarm(message, over):
            sign = f"{paint.green('✓')} over:" if over else paint.red("!")
            yield f"{sign} {printable(message)}"
        case Stopping() | Stopped():
            yield _ending(event, paint)
        case Passed(record):
            told = f"pass {record.number} by {printable(record.trigger)}: {count(len(record.actions), 'action')}"
            yield paint.dim(f"· {told} in {format_duration(record.seconds)}")


def _beginning(event: StandingBy | Started, paint: Palette) -> Iterator[str]:
    if isinstance(event, StandingBy):
        holder = f"another runner (process {event.runner})" if event.runner is not None else "another runner"
        yield f"{paint.yellow('…')} standing by: {holder} holds {printable(event.state_dir)}"
        return
    known = count(event.integrations, "integration")
    yield f"{paint.bold(f'reconcile {event.version}')} watching {printable(event.root)} ({known} known)"
    yield paint.dim(f"  state in {printable(event.state_dir)}")
    if event.url:
        yield f"  serving {paint.cyan(printable(event.url))}"
    if event.sign_in:
        yield f"  sign in: {paint.cyan(printable(event.sign_in))}"


def _ready(event: Ready, paint: Palette) -> Iterator[str]:
    failed = paint.red(f", {event.failed:,} failed") if event.failed else ""
    took = paint.dim(f" in {brief_duration(event.seconds)}")
    sign = paint.yellow("!") if event.failed else paint.green("✓")
    yield f"{sign} ready: {event.active:,} of {count(event.configs, 'configuration')} active{failed}{took}"


def outcome_lines(outcome: Outcome, where: str, paint: Palette) -> Iterator[str]:
    """Yield the lines for one outcome; `where` is `file:line`, or empty."""
    action, key = outcome.action, paint.bold(printable(outcome.action.key))
    shown = paint.dim(f" ({where})") if where else ""
    match outcome.status:
        case OutcomeStatus.APPLIED:
            yield f"{_sign(action.kind, paint)} {key} {_DONE[action.kind]} — {_why(action)}{shown}"
        case OutcomeStatus.FAILED:
            yield f"{paint.red('✗')} {key} did not {action.kind} — {printable(outcome.message)}{shown}"
        case OutcomeStatus.WAITING:
            yield f"{paint.yellow('…')} {key} waits to {action.kind} — {printable(outcome.message)}{shown}"


def _many(event: Many, paint: Palette) -> str:
    rest = [f"{event.waiting:,} wait"] if event.waiting else []
    rest += [paint.red(f"{event.failed:,} failed")] if event.failed else []
    told = ", ".join([f"{count(event.applied, 'configuration')} {_DONE[event.kind]}", *rest])
    return f"{_sign(event.kind, paint)} {paint.bold(printable(event.integration))}: {told}"


def _sign(kind: ActionKind, paint: Palette) -> str:
    match kind:
        case ActionKind.INITIALIZE | ActionKind.START:
            return paint.green("✓")
        case ActionKind.UPDATE | ActionKind.REROUTE:
            return paint.yellow("~")
        case _:
            return paint.red("-")


def _why(action: Action) -> str:
    if action.reason is not ActionReason.CHANGED or not action.changes:
        return REASONS[action.reason.value]
    shown = [_change(change.path, change.kind, change.old, change.new) for change in action.changes[:_SHOWN_CHANGES]]
    more = len(action.changes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _change(path: Any, kind: str, old: Any, new: Any) -> str:
    return change_text(path, kind, old, new).removeprefix("~ ")


def _validity(event: Invalid | Valid, paint: Palette) -> Iterator[str]:
    if isinstance(event, Valid):
        where = paint.dim(f" ({printable(event.file)}:{event.line})") if event.file else ""
        yield f"{paint.green('✓')} {paint.bold(printable(event.key))} is valid again and runs as its file asks{where}"
        return
    errors = [d for d in event.diagnostics if d.is_error] or list(event.diagnostics)
    key = paint.bold(printable(event.key))
    runs = " (the last good version runs on)" if event.running else " (nothing runs)"
    if not errors:
        yield f"{paint.red('✗')} {key} is not valid{runs}"
        return
    yield f"{paint.red('✗')} {key} invalid — {_finding(errors[0])}{runs}"
    for found in errors[1:]:
        yield f"    {_finding(found)}"


def _finding(found: Diagnostic) -> str:
    help_text = f", {printable(found.help)}" if found.help else ""
    return f"{place(found.span)}: {printable(found.message)}{help_text}"


def _findings(event: Found | Cleared, paint: Palette) -> Iterator[str]:
    for found in event.diagnostics:
        if isinstance(event, Cleared):
            yield f"{paint.green('✓')} over: {headline(found, paint)}"
            continue
        help_text = paint.dim(f" ({printable(found.help)})") if found.help else ""
        yield f"{paint.red('✗') if found.is_error else paint.yellow('!')} {headline(found, paint)}{help_text}"


def _held(event: Held | Unheld, paint: Palette) -> Iterator[str]:
    if isinstance(event, Unheld):
        yield f"{paint.green('✓')} over: no removal is held any more"
        return
    held = event.plan.held
    yield f"{paint.yellow('‖')} {count(len(held), 'removal')} held — {printable(event.reason)}"
    for action in held[:_SHOWN_CHANGES]:
        yield f"    {printable(action.key)}"
    if len(held) > _SHOWN_CHANGES:
        yield f"    and {len(held) - _SHOWN_CHANGES} more"
    if held:
        yield f"    let them go with: {paint.bold(f'reconcile approve {event.plan.digest}')}"


def _overridden(event: Intervened | InForce | Waits, paint: Palette) -> str:
    match event:
        case Intervened(done):
            return intervention_line(done, paint)
        case InForce(override, configs):
            return override_line(override, configs, paint)
        case Waits(key, who, new, file, line):
            where = paint.dim(f" ({printable(file)}:{line})") if file else ""
            what = "is new and waits to start" if new else "has changed and waits"
            return f"{paint.yellow('…')} {paint.bold(printable(key))} {what} — suspended by {printable(who)}{where}"


def _ending(event: Stopping | Stopped, paint: Palette) -> str:
    if isinstance(event, Stopping):
        return f"{paint.yellow('■')} {printable(event.signal)}: stopping, within {format_duration(event.grace)}"
    took = format_duration(event.seconds)
    if event.forced:
        names = ", ".join(printable(name) for name in event.forced)
        return f"{paint.red('✗')} stopped by force after {took}: {names} did not end in time"
    return f"{paint.green('✓')} stopped in {took}"


def level(event: DaemonEvent) -> str:
    """Return the level of `event` in a log: `debug`, `info`, `warning` or `error`."""
    match event:
        case Passed():
            return "debug"
        case Settled(Outcome(status=OutcomeStatus.FAILED)) | Invalid() | Alarm(over=False):
            return "error"
        case Found(diagnostics):
            return "error" if any(d.is_error for d in diagnostics) else "warning"
        case Held() | InForce() | Waits() | Settled(Outcome(status=OutcomeStatus.WAITING)):
            return "warning"
        case Stopped(forced=(_, *_)):
            return "error"
        case _:
            return "info"
