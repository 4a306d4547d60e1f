"""Overrides and interventions as lines for people: the daemon's story, and the tables of the command line."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.model.override import Intervention, InterventionKind, Override
from reconciler.report.ansi import Palette, printable
from reconciler.report.count import count

_DONE = {
    InterventionKind.SUSPEND: "suspended",
    InterventionKind.PAUSE: "paused",
    InterventionKind.RESUME: "resumed",
    InterventionKind.APPROVE: "approved",
    InterventionKind.RETRY: "tried again",
    InterventionKind.FORGET: "dropped from the inventory of effects",
    InterventionKind.RAN_OUT: "resumed by itself",
}
_BEGINS = (InterventionKind.SUSPEND, InterventionKind.PAUSE)


def intervention_line(done: Intervention, paint: Palette) -> str:
    """Return the line for what somebody did, or what ran out."""
    sign = paint.yellow("‖") if done.kind in _BEGINS else paint.green("✓")
    until = f" {span_text(_moment(done.until))}" if done.kind in _BEGINS else ""
    detail = f" ({printable(done.detail)})" if done.detail else ""
    why = _why(done.who, done.reason) if done.kind is not InterventionKind.RAN_OUT else " — its time is over"
    return f"{sign} {paint.bold(printable(done.target))} {_DONE[done.kind]}{until}{why}{paint.dim(detail)}"


def override_line(override: Override, configs: int, paint: Palette) -> str:
    """Return the line for an override that was in force before the daemon started."""
    concerned = f"({count(configs, 'configuration')})"
    until = span_text(_moment(override.until))
    why = _why(override.who, override.reason)
    selected = paint.bold(printable(str(override.selector)))
    return f"{paint.yellow('‖')} {selected} is still {override.word} {until}{why} {paint.dim(concerned)}"


def override_text(item: Mapping[str, Any]) -> str:
    """Return an override's item in words, without what it selects: `until resumed, by alice: a freeze`."""
    dropping = ", dropping what is sent" if item["drop"] else ""
    reason = f": {item['reason']}" if item["reason"] else ""
    return f"{span_text(item['until'])}{dropping}, by {item['who']}{reason}"


def concerned_text(item: Mapping[str, Any]) -> str:
    """Return what an override selects, and how many configurations that are now."""
    return f"{item['selected']} ({count(item['configs'], 'configuration')})"


def entry_text(item: Mapping[str, Any]) -> str:
    """Return what an intervention of the history did: `slack/ops until resumed: a freeze`."""
    until = f" {span_text(item['until'])}" if item["action"] in _BEGINS else ""
    reason = f": {item['reason']}" if item["reason"] else ""
    detail = f" ({item['detail']})" if item["detail"] else ""
    return f"{item['target']}{until}{reason}{detail}"


def span_text(until: str | None) -> str:
    """Return until when, from an RFC 3339 time or None."""
    return f"until {until[:19].replace('T', ' ')} UTC" if until else "until resumed"


def _moment(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None


def _why(who: str, reason: str) -> str:
    return f" — by {printable(who)}" + (f": {printable(reason)}" if reason else "")
