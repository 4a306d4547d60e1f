"""A plan for people, in the manner of Terraform: what starts, changes and goes, field by field, and a count.

Takes the plan in its JSON form (`items.plan_item`), since that is how a daemon answers; the narration of a daemon uses
the same words for one action.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.report.ansi import PLAIN, Palette, crop, printable

_MARKS = {
    "initialize": "+", "start": "+", "update": "~", "reroute": "~", "stop": "-", "remove": "-", "shutdown": "-",
}  # fmt: skip
REASONS = {
    "FirstConfig": "its first configuration is enabled",
    "LastConfigGone": "its last configuration is gone",
    "Added": "added",
    "Enabled": "enabled",
    "Changed": "changed",
    "SecretRotated": "a secret has a new value",
    "Retry": "tried again",
    "Drift": "drift",
    "TakeOver": "this process has become the runner",
    "Disabled": "disabled",
    "Deleted": "deleted",
    "NotAllowed": "the policy does not allow it any more",
}
"""The words for each reason of an action."""
_COUNTED = ("start", "update", "reroute", "stop", "remove", "initialize", "shutdown")
_AS_ASKED = "what runs is what the files ask for."
_WIDEST = 60


def render_plan(
    plan: Mapping[str, Any],
    palette: Palette = PLAIN,
    amiss: str = "",
    nothing: str = "",
) -> Iterator[str]:
    """Yield the lines of a plan, each with its line feed; `amiss` says what of the files no plan can carry out."""
    actions = plan["actions"]
    if amiss and not actions:
        yield f"{palette.yellow('!')} Nothing to do now, but {printable(amiss)}\n"
        return
    if not actions:
        yield f"{palette.green('✓')} Nothing to do: {nothing or _AS_ASKED}\n"
        return
    widest = max(len(printable(action["key"])) for action in actions)
    for action in actions:
        yield f"{_headline(action, widest, palette)}\n"
        for change in action["changes"]:
            yield f"      {change_text(change['path'], change['kind'], change['old'], change['new'], palette)}\n"
    yield f"\n{palette.bold('Plan:')} {plan_counts(actions)}\n"
    if plan.get("held_digest"):
        command = palette.bold(f"reconcile approve {printable(plan['held_digest'])}")
        yield f"Held actions wait for an approval: {command}\n"
    if amiss:
        yield f"{palette.yellow('!')} {printable(amiss)}\n"


def mark(kind: str, palette: Palette = PLAIN) -> str:
    """Return the sign of an action's kind, in its colour: `+`, `~` or `-`."""
    sign = _MARKS.get(kind, "?")
    return {"+": palette.green, "~": palette.yellow, "-": palette.red}.get(sign, palette.bold)(sign)


def change_text(path: Any, kind: str, old: Any, new: Any, palette: Palette = PLAIN) -> str:
    """Return one changed field: `settings.channel "#a" → "#b"`."""
    where = dotted(path)
    if kind == "added":
        return f"{palette.green('+')} {where} {value_text(new)}"
    if kind == "removed":
        return f"{palette.red('-')} {where} {value_text(old)}"
    return f"{palette.yellow('~')} {where} {value_text(old)} {palette.dim('→')} {value_text(new)}"


def dotted(path: Any) -> str:
    """Return a path as people write it: `settings.headers[0]`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{printable(str(part))}" for part in path)
    return text.removeprefix(".") or "(document)"


def value_text(value: Any) -> str:
    """Return a JSON value on one line, cropped; a secret's reference stands as `secret(env:NAME)`."""
    if isinstance(value, Mapping) and isinstance(value.get("secret"), str) and value.keys() <= {"secret", "format"}:
        return f"secret({printable(value['secret'])})"
    return crop(printable(json.dumps(value, ensure_ascii=False, default=str)), _WIDEST)


def _headline(action: Mapping[str, Any], widest: int, palette: Palette) -> str:
    kind, reason = action["kind"], action["reason"]
    waits = [word for word in ("held", "suspended") if action.get(word)]
    if action.get("waits"):
        waits.append(f"waits: {printable(action['waits'])}")
    held = f" {palette.yellow(f'[{waits[0]}]')}" if waits else ""
    key = printable(action["key"]).ljust(widest)
    return f"  {mark(kind, palette)} {kind:<10} {palette.bold(key)}  {REASONS.get(reason, printable(reason))}{held}"


def plan_counts(actions: Any) -> str:
    """Return how many actions there are of each kind: `1 to start, 2 to update`."""
    kinds = [action["kind"] for action in actions]
    parts = [f"{kinds.count(kind)} to {kind}" for kind in _COUNTED if kind in kinds]
    for key, word in (("held", "held"), ("suspended", "suspended"), ("waits", "waiting for a secret")):
        number = sum(bool(action.get(key)) for action in actions)
        parts += [f"{number} {word}"] if number else []
    return ", ".join(parts)
