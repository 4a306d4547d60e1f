"""Rich tables of what a daemon answers: status, configurations, integrations, history.

Takes the items of the API and gives text. The only module that imports Rich; no verb that must start fast calls it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from types import MappingProxyType
from typing import Any

from rich import box
from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from reconciler.model.duration import brief_duration
from reconciler.report.ansi import printable
from reconciler.report.backlog_text import backlog_text, in_vain_text
from reconciler.report.override_text import concerned_text, entry_text, override_text

Item = Mapping[str, Any]
FEW = 5
_BRIEFLY = "%m-%d %H:%M:%S"
_WORDS = {"suspend": "suspended", "pause": "paused"}
_STYLES = {
    "active": "green", "ready": "green", "True": "green", "failed": "bold red", "invalid": "bold red", "False": "red",
    "pending": "yellow", "paused": "yellow", "initializing": "yellow", "shutting_down": "yellow", "removing": "yellow",
    "Unknown": "yellow", "disabled": "dim", "registered": "dim",
}  # fmt: skip


def draw(what: RenderableType, *, colour: bool, width: int) -> str:
    """Return `what` as text, `width` columns wide at most, with escapes when `colour`."""
    console = Console(
        file=StringIO(), force_terminal=colour, no_color=not colour, width=width, highlight=False, emoji=False,
        color_system="standard" if colour else None, legacy_windows=False,
    )  # fmt: skip
    with console.capture() as captured:
        console.print(what)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1])


def configs_table(items: Iterable[Item]) -> RenderableType:
    """Return the list of configurations."""
    table = _table("ID", "STATE", "WHY", "FILE")
    for item in items:
        table.add_row(_text(item["id"], "bold"), _state(item), _text(_why(item)), _text(_place(item), "dim"))
    return table


def _why(item: Item) -> str:
    """Say why it is in its state; where that is as it should be, what its conditions tell of deliveries and filters."""
    why = [part for part in (item["reason"], item["message"]) if part]
    if not why:
        amiss = (("Delivering", "False"), ("FilterError", "True"))
        found = [c for c in item.get("conditions", ()) if (c["type"], c["status"]) in amiss]
        why = [part for part in (found[0]["type"], found[0]["message"] or found[0]["reason"]) if part] if found else []
        if found and found[0]["type"] == "Delivering" and (waits := backlog_text(item)):
            why[-1] += f" ({waits})"
    return ": ".join(why)


def config_detail(item: Item) -> RenderableType:
    """Return one configuration with its facts, hooks and conditions; findings are the text report's."""
    facts = _facts()
    facts.add_row("id", _text(item["id"], "bold"))
    facts.add_row("state", _state(item))
    for name in ("reason", "message", "description"):
        _fact(facts, name, item.get(name))
    facts.add_row("file", _text(_place(item)))
    facts.add_row("digest", _digests(item))
    _fact(facts, "scope", _pairs(item.get("scope", {})))
    _fact(facts, "labels", _pairs(item.get("labels", {})))
    for one in item.get("overrides", ()):
        facts.add_row(_WORDS[one["kind"]], _text(f"{override_text(one)} ({one['selected']})", "yellow"))
    _fact(facts, "deliveries", backlog_text(item))
    _fact(facts, "hooks", "\n".join(printable(hook) for hook in item.get("hooks", ())), raw=True)
    _fact(facts, "effects", "\n".join(_effect(effect) for effect in item.get("effects", ())), raw=True)
    conditions = item.get("conditions") or ()
    return Group(facts, _conditions(conditions)) if conditions else facts


def integrations_table(items: Iterable[Item], *, live: bool) -> RenderableType:
    """Return the list of integrations; `live` says that a daemon told their states."""
    table = _table("ID", "NAME", *(("STATE", "CONFIGS") if live else ()), "DESCRIPTION")
    for item in items:
        states = (_state(item), _text(str(item["configs"]))) if live else ()
        why = f" ({item['message']})" if item.get("message") else ""
        table.add_row(_text(item["id"], "bold"), _text(item["name"]), *states, _text(item["description"] + why))
    return table


def history_table(items: Iterable[Item]) -> RenderableType:
    """Return the last passes and what people did between them, as the API orders them."""
    table = _table("PASS", "STARTED", "TRIGGER", "FILES", "CONFIGS", "ACTIONS", "HELD", "ERRORS", "TOOK")
    for item in items:
        table.add_row(*(_intervention(item) if item["kind"] == "intervention" else _pass(item)))
    return table


def _pass(item: Item) -> Sequence[RenderableType]:
    return (
        str(item["number"]), _moment(item["started"], _BRIEFLY), _text(item["trigger"]), str(item["files"]),
        str(item["configs"]), _text(_actions(item["actions"])), _number(item["held"], "yellow"),
        _number(item["errors"], "red"), brief_duration(item["seconds"]),
    )  # fmt: skip


def _intervention(item: Item) -> Sequence[RenderableType]:
    action = f"{item['action']} by {item['who']}" if item["who"] else item["action"]
    told = _text(entry_text(item), "yellow")
    return "", _moment(item["at"], _BRIEFLY), _text(action, "yellow"), "", "", told, "", "", ""


def status_table(item: Item, broken: Mapping[str, Sequence[Item]] = MappingProxyType({})) -> RenderableType:
    """Return the whole at a glance, with what needs a person last; `broken` are the first of those, by their state."""
    facts = _facts()
    facts.add_row("daemon", _text("ready" if item["ready"] else "not ready", "green" if item["ready"] else "yellow"))
    facts.add_row("role", _role(item))
    for name in ("version", "root", "state_dir"):
        _fact(facts, name.replace("_", " "), item.get(name))
    facts.add_row("started", _moment(item.get("started")))
    facts.add_row("last pass", _moment(item.get("last_pass")))
    _fact(facts, "passes", item.get("passes"))
    facts.add_row("configurations", _counts(item["configs"], item.get("stale", 0)))
    for line in _named(item.get("stale_configs", ()), item.get("stale", 0), "reconcile get"):
        facts.add_row("stale", _text(line, "yellow"))
    for state, some in broken.items():
        for line in _named(some, item["configs"].get(state, 0), f"reconcile get --state {state}"):
            facts.add_row(state, _text(line, "red"))
    facts.add_row("integrations", _counts(item["integrations"]))
    queue = item.get("queue", {})
    facts.add_row("events", _text(_amounts(queue, waiting="waiting to be routed", unrouted="matched nothing")))
    dead = "dead letter" if queue.get("dead") == 1 else "dead letters"
    amounts = _text(_amounts(queue, pending="pending", dead=dead))
    facts.add_row("deliveries", amounts.append(in_vain_text(queue), "yellow"))
    if item.get("held"):
        told = f"{item['held']} held: reconcile approve {item['held_digest']}"
        facts.add_row("removals", _text(told, "yellow"))
    for one in item.get("overrides", ()):
        facts.add_row(_WORDS[one["kind"]], _text(f"{concerned_text(one)} {override_text(one)}", "yellow"))
    for alarm in item.get("alarms", ()):
        facts.add_row("alarm", _text(alarm, "bold red"))
    return facts


def _named(some: Sequence[Item], number: int, lister: str) -> Iterator[str]:
    """Yield the first of `number` configurations, each with its reason, and how many more `lister` would list."""
    shown = some[:FEW]
    for one in shown:
        yield f"{one['id']}: {_why(one)}"
    more = number - len(shown)
    if shown and more > 0:
        yield f"and {more:,} more: `{lister}` lists them"


def _role(item: Item) -> Text:
    """Say whether what was asked is the runner, and if it is not, who is."""
    if item.get("role", "runner") == "runner":
        return _text("runner")
    runner = item.get("runner")
    return _text(f"worker (process {runner} is the runner)" if runner else "worker (no runner lives now)", "yellow")


def _table(*headings: str) -> Table:
    """A table whose columns stand close together; in a narrow terminal, the widest give way first."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in headings:
        justify: JustifyMethod = "right" if heading in _NUMBERS else "left"
        table.add_column(heading, overflow="fold", justify=justify, no_wrap=heading in _TIMES)
    return table


_NUMBERS = frozenset({"PASS", "FILES", "CONFIGS", "HELD", "ERRORS", "TOOK"})
_TIMES = frozenset({"STARTED", "SINCE"})


def _facts() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _fact(table: Table, name: str, value: Any, *, raw: bool = False) -> None:
    if value not in (None, "", {}):
        table.add_row(name, Text(value) if raw else _text(str(value)))


def _conditions(conditions: Sequence[Item]) -> Table:
    table = _table("CONDITION", "STATUS", "REASON", "MESSAGE", "SINCE")
    table.show_edge = True
    for one in conditions:
        status = _text(one["status"], _STYLES.get(one["status"], ""))
        table.add_row(_text(one["type"]), status, _text(one["reason"]), _text(one["message"]), _moment(one["since"]))
    return table


def _moment(text: str | None, form: str = "%Y-%m-%d %H:%M:%S") -> Text:
    """A time of the API (RFC 3339 in UTC) to the second, in the zone of whoever reads it."""
    return _text(f"{datetime.fromisoformat(text).astimezone():{form}}" if text else "")


def _amounts(counts: Item, **names: str) -> str:
    return ", ".join(f"{counts[key]:,.0f} {name}" for key, name in names.items() if key in counts) or "-"


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)


def _state(item: Item) -> Text:
    state = item["state"]
    text = _text(state, _STYLES.get(state, ""))
    if any(one["kind"] == "suspend" for one in item.get("overrides", ())):
        text.append(" (suspended)", "yellow")
    return text.append(" (stale)", "yellow") if item.get("stale") else text


def _number(value: int, style: str) -> Text:
    return Text(str(value), style=style if value else "dim")


def _place(item: Item) -> str:
    return f"{item['file']}:{item['line']}" if item.get("file") else ""


def _digests(item: Item) -> Text:
    live, wanted = item.get("digest"), item.get("desired_digest")
    if live == wanted:
        return _text((live or "-")[:12])
    runs, asked = (live[:12] if live else "nothing"), (wanted[:12] if wanted else "nothing valid")
    return _text(f"{runs} runs, the files ask for {asked}", "yellow")


def _effect(effect: Item) -> str:
    handle = printable(json.dumps(effect["handle"], ensure_ascii=False))
    return f"{printable(effect['key'])} ({effect['status']}, {handle[:80]})"


def _pairs(pairs: Item) -> str:
    shown = (f"{key}={','.join(v) if isinstance(v, list) else v}" for key, v in pairs.items())
    return "  ".join(shown)


def _counts(counts: Item, stale: int = 0) -> Text:
    text = Text(", ").join(_text(f"{n:,} {s}", _STYLES.get(s, "")) for s, n in counts.items() if n) or Text("none")
    return text.append(f" ({stale:,} stale)", "yellow") if stale else text


def _actions(actions: Sequence[Item]) -> str:
    """Count the actions of each kind: those that were done, and by themselves those that wait or have failed."""
    kinds = Counter(_kind(action) for action in actions)
    return ", ".join(f"{number:,} {kind}" for kind, number in kinds.items()) or "-"


def _kind(action: Item) -> str:
    status = action.get("status", "applied")
    return str(action["kind"]) if status == "applied" else f"{action['kind']} {status}"


def rules_table(items: Iterable[Item]) -> RenderableType:
    """Return every rule of validation: its severity, whether some findings can be fixed, what it says."""
    table = _table("RULE", "SEVERITY", "FIX", "SAYS")
    for item in items:
        style = "red" if item["severity"] == "error" else "yellow"
        fix = _text("--fix", "green") if item["fixable"] else _text("")
        table.add_row(_text(item["rule"], "bold"), _text(item["severity"], style), fix, _text(item["summary"]))
    return table
