"""The way of an event for people: a tree of those that receive it and those that nearly do, each with its reason.

Pure. `reconcile trace` prints it; `reconcile test` takes the reasons of a configuration that did not receive.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from reconciler.core.filter.explain import Explanation, Reason, Truth
from reconciler.core.routing.trace import Verdict, Way
from reconciler.model.rehearsal import Rehearsed, message_value
from reconciler.report.ansi import PLAIN, Palette, crop, printable
from reconciler.report.count import count
from reconciler.report.findings.headline import headline
from reconciler.report.plan_text import value_text
from reconciler.report.trace.report import TraceEntry, TraceReport

_MOST_LINES: Final = 24
"""How many lines of a body, or of a text, are shown."""
_WIDEST: Final = 400
_OTHERS: Final = {
    "type": "{} for other types",
    "disabled": "{} disabled",
    "scope": "{} of another scope",
    "when": "{} kept out by `when`",
    "invalid": "{} invalid",
    "receives": "{} more that receive it",
}


def render_trace(report: TraceReport, palette: Palette = PLAIN) -> Iterator[str]:
    """Yield the lines of the tree, each with its line feed."""
    event = report.event
    about = f" about {printable(event.subject)}" if event.subject else ""
    scope = "".join(f" {key}={printable(value)}" for key, value in event.scope.items())
    yield f"{palette.bold(printable(event.type))} from {printable(event.source)}{about}{palette.dim(scope)}\n"
    blocks = [list(_block(entry, palette)) for entry in report.entries]
    rest = _rest(report.others)
    blocks += [[palette.dim(rest)]] if rest else []
    for index, block in enumerate(blocks):
        last = index == len(blocks) - 1
        for number, line in enumerate(block):
            lead = ("└─ " if last else "├─ ") if number == 0 else ("   " if last else "│  ")
            yield f"{palette.dim(lead)}{line}".rstrip() + "\n"
    if report.invalid:
        yield f"{palette.yellow('!')} {invalid_files(report.invalid)}\n"
    yield _summary(report, palette)


def _summary(report: TraceReport, palette: Palette) -> str:
    of = f"{report.receivers:,} of {count(report.total, 'configuration')}"
    mark = palette.green("✓") if report.receivers else palette.yellow("!")
    if report.total == 1 and report.entries:
        does = "receives" if report.receivers else "does not receive"
        return f"{mark} {printable(report.entries[0].verdict.config_id)} {does} it\n"
    near = f"; no one asks for this type: did you mean {printable(report.nearest)}?" if report.nearest else ""
    return f"{mark} {of} {'receives' if report.receivers == 1 else 'receive'} it{near}\n"


def invalid_files(files: Sequence[str]) -> str:
    """Return the sentence about files with errors: nobody should think that all were asked."""
    shown = ", ".join(map(printable, files[:3])) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    have = "has errors" if len(files) == 1 else "have errors"
    return f"{shown} {have}, and what is invalid takes no part: `reconcile validate` says more"


def _rest(others: Counter[str]) -> str:
    parts = [text.format(f"{others[way]:,}") for way, text in _OTHERS.items() if others[way]]
    return f"and {', '.join(parts)} (--all lists them)" if parts else ""


def _block(entry: TraceEntry, palette: Palette) -> Iterator[str]:
    found = entry.verdict
    receives = found.way is Way.RECEIVES
    mark = palette.green("✓") if receives else palette.red("✗")
    place = palette.dim(f"  {printable(entry.file)}:{entry.line}") if entry.file else ""
    yield f"{mark} {palette.bold(printable(found.config_id))}{place}"
    for line in why_lines(found, palette):
        yield f"    {line}"
    for one in entry.diagnostics:
        yield f"    {headline(one, palette)}"
    if entry.rehearsed is not None:
        for line in rehearsed_lines(entry.rehearsed, palette):
            yield f"    {line}"


def why_lines(found: Verdict, palette: Palette = PLAIN) -> Iterator[str]:
    """Yield why an event reaches a configuration, or what keeps it away."""
    match found.way:
        case Way.RECEIVES:
            yield from _matched(found, palette)
        case Way.DISABLED:
            yield "it is disabled"
        case Way.TYPE:
            asked = ", ".join(map(printable, found.types[:6])) + (", …" if len(found.types) > 6 else "")
            yield f"type: it asks for {asked}" if asked else "type: it asks for no event"
        case Way.SCOPE:
            for miss in found.missed:
                allowed = " or ".join(map(printable, miss.allowed[:6])) + (", …" if len(miss.allowed) > 6 else "")
                has = "the event has none" if miss.found is None else f"the event has {printable(miss.found)}"
                yield f"scope: {printable(miss.key)} must be {allowed}, {has}"
        case Way.WHEN:
            for one in found.filters:
                if one.when is not None:
                    yield from _when(f"events[{one.index}]", one.when, palette)
        case Way.INVALID:
            yield "it is invalid: a daemon that starts now does not run it, one that runs keeps the last good version"


def _matched(found: Verdict, palette: Palette) -> Iterator[str]:
    for one in found.filters:
        if one.when is None:
            yield palette.dim(f"events[{one.index}]: {printable(one.type)}")
            return
        if one.when.truth is Truth.TRUE:
            yield palette.dim(f"events[{one.index}]: {printable(one.type)}, when {_line(one.when.text)}")
            return


def _when(where: str, when: Explanation, palette: Palette) -> Iterator[str]:
    said = "failed" if when.truth is Truth.ERROR else "is false"
    yield f"{where}: when {palette.bold(_line(when.text))} {said}"
    if when.error and not when.reasons:
        yield f"  {printable(when.error)}"
    for reason in when.reasons:
        yield f"  {reason_line(reason, when)}"


def reason_line(reason: Reason, when: Explanation) -> str:
    """Return one piece of a `when` with what it looked at; the piece is not repeated where it is the whole."""
    whole = _line(reason.text) == _line(when.text)
    if reason.truth is Truth.ERROR:
        return printable(reason.error) if whole else f"{_line(reason.text)} failed: {printable(reason.error)}"
    seen = ", ".join(f"{_line(one.text)} is {value_text(one.value)}" for one in reason.seen)
    if whole:
        return seen
    return f"{_line(reason.text)} is {reason.truth.value}" + (f": {seen}" if seen else "")


def rehearsed_lines(found: Rehearsed, palette: Palette = PLAIN) -> Iterator[str]:
    """Yield what would be sent: the message, then each request, connection or print."""
    message = message_value(found.message)
    if message is not None:
        yield palette.cyan("message")
        for key, value in message.items():
            yield from _pair(key, value)
    for sent in found.sent:
        yield from _sent(sent, palette)
    for event in found.published:
        yield f"{palette.cyan('publishes')} {value_text(event)}"
    if found.error:
        yield f"{palette.red('nothing can be sent')}: {printable(found.error)}"
    if found.note:
        yield palette.dim(f"what the integration makes of the answer: {printable(found.note)}")


def _sent(sent: dict[str, Any], palette: Palette) -> Iterator[str]:
    if "connect" in sent:
        yield f"{palette.cyan('connects to')} {printable(sent['connect'])}"
    elif "method" in sent:
        yield f"{palette.cyan('sends')} {printable(sent['method'])} {printable(sent['url'])}"
    else:
        name = next(iter(sent))
        yield f"{palette.cyan('prints')} to {name}"
        yield from _cropped(str(sent[name]).splitlines())
        return
    for name, value in sent.get("headers", {}).items():
        yield f"  {printable(name)}: {printable(str(value))}"
    if "body" in sent:
        body = sent["body"]
        yield from _cropped(
            body.splitlines() if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False).splitlines()
        )


def _pair(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, str) and "\n" in value:
        yield f"  {key}:"
        yield from (f"  {line}" for line in _cropped(value.splitlines()))
    elif isinstance(value, list):
        yield f"  {key}:"
        yield from (f"  {line}" for line in _cropped([f"{one['title']}: {one['value']}" for one in value]))
    else:
        yield f"  {key}: {crop(printable(str(value)), _WIDEST)}"


def _cropped(lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:_MOST_LINES]:
        yield f"  {crop(printable(line), _WIDEST)}"
    if len(lines) > _MOST_LINES:
        yield f"  … {count(len(lines) - _MOST_LINES, 'more line')} (-o json has them)"


def _line(text: str) -> str:
    """Return an expression on one line."""
    return crop(printable(" ".join(text.split())), _WIDEST)
