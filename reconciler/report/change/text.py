"""The plan between two commits for a terminal: the plan as ever, then what differs without effect, and what breaks."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.report.ansi import PLAIN, Palette, printable
from reconciler.report.change import words
from reconciler.report.plan_text import change_text, render_plan


def render_change(plan: Mapping[str, Any], palette: Palette = PLAIN) -> Iterator[str]:
    """Yield the lines of the report, each with its line feed."""
    yield f"{palette.dim(_sides(plan))}\n\n"
    found = words.broken(plan)
    amiss = "what the change breaks stays as it was: see below" if any(one["keeps_old"] for one in found) else ""
    yield from render_plan(plan, palette, amiss, nothing="what runs stays as it is.")
    if plan["guard"]:
        yield f"{palette.yellow('!')} Held: {printable(plan['guard']['reason'])}\n"
    yield from _section("Without effect on what runs:", words.quiet(plan), words.why_quiet, palette)
    yield from _section("Broken by this change:", found, words.what_stays, palette)
    for note in (*plan["notes"], words.known(plan)):
        if note:
            yield f"{palette.yellow('!')} {printable(note)}\n"


def _sides(plan: Mapping[str, Any]) -> str:
    old, new = (f"{printable(plan[key]['revision'])} ({plan[key]['commit'][:12]})" for key in ("from", "to"))
    return f"{old} → {new}"


def _section(title: str, configs: Any, say: Any, palette: Palette) -> Iterator[str]:
    if not configs:
        return
    yield f"\n{palette.bold(title)}\n"
    widest = max(len(printable(one["id"])) for one in configs)
    for one in configs:
        yield f"  {palette.bold(printable(one['id']).ljust(widest))}  {printable(say(one))}\n"
        for change in one["changes"]:
            yield f"      {change_text(change['path'], change['kind'], change['old'], change['new'], palette)}\n"
