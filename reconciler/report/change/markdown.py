"""A plan in Markdown, for the comment on a pull request: a line that says it all, the rest folded away.

Text that people wrote stands in `<code>` with every mark as an entity, or in a fenced block that it cannot close: it is
no markup, breaks no table, and mentions nobody (GitHub and GitLab look for mentions outside code alone).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler.report.ansi import crop, printable
from reconciler.report.change import words
from reconciler.report.plan_text import REASONS, change_text, plan_counts

MARKER: Final = "<!-- reconcile plan -->"
"""The first line, by which a workflow finds its own comment again."""
MOST_BYTES: Final = 60_000
"""A comment on GitHub takes 65,536 characters; some room is left for what a workflow adds."""
_LONGEST_CELL: Final = 120
_SIGNS: Final = {
    "initialize": "🟢", "start": "🟢", "update": "🟡", "reroute": "🟡", "stop": "🔴", "remove": "🔴", "shutdown": "🔴",
}  # fmt: skip
_PUNCTUATION: Final = re.compile(r"[^\w\s/-]|_")


def render_markdown(plan: Mapping[str, Any]) -> str:
    """Return the report, at most MOST_BYTES long as UTF-8; what does not fit is counted."""
    page = _Page()
    for line in _head(plan):
        page.add(line)
    _actions(page, plan)
    page.fold("Field by field", "diff", list(_fields(plan)))
    page.fold("Without effect on what runs", "text", [_line(one, words.why_quiet(one)) for one in words.quiet(plan)])
    page.fold("Broken by this change", "text", [_line(one, words.what_stays(one)) for one in words.broken(plan)])
    page.fold("Findings", "text", [_finding(one) for one in plan.get("diagnostics", ())])
    for note in (*plan.get("notes", ()), words.known(plan)):
        if note:
            page.add(f"\n⚠️ {code(note)}\n")
    return page.text()


class _Page:
    """Text that grows up to a limit; room for what closes a block is kept."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = MOST_BYTES - 200

    def add(self, text: str) -> bool:
        """Add `text` if there is room for it."""
        size = len(text.encode("utf-8", "backslashreplace"))
        if size > self._left:
            return False
        self._left -= size
        self._parts.append(text)
        return True

    def rows(self, lines: Iterable[str]) -> int:
        """Add as many lines as there is room for; returns how many are left out."""
        every = list(lines)
        for index, line in enumerate(every):
            if not self.add(f"{line}\n"):
                return len(every) - index
        return 0

    def fold(self, title: str, language: str, lines: list[str]) -> None:
        """Add a block that opens at a click; nothing for no lines."""
        if not lines:
            return
        longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
        fence = "`" * max(3, longest + 1)
        summary = f"{title} ({len(lines):,} {'line' if len(lines) == 1 else 'lines'})"
        head, tail = f"\n<details><summary>{summary}</summary>\n\n{fence}{language}\n", f"{fence}\n\n</details>\n"
        self._left -= len(tail) + 60
        if self._left < 0 or not self.add(head):
            self._parts.append(f"\n{title}: {len(lines):,} lines, too many for a comment.\n")
            return
        left_out = self.rows(lines)
        self._parts.append(tail + (f"\nand {left_out:,} more lines.\n" if left_out else ""))

    def text(self) -> str:
        """Return the whole."""
        return "".join(self._parts)


def _head(plan: Mapping[str, Any]) -> Iterator[str]:
    yield f"{MARKER}\n"
    counts = plan_counts(plan["actions"]) if plan["actions"] else "nothing changes in what runs"
    yield f"### reconcile plan: {counts}\n\n"
    if "from" in plan:
        old, new = (f"{code(plan[key]['revision'])} ({code(plan[key]['commit'][:12])})" for key in ("from", "to"))
        folder = f" in {code(plan['directory'])}" if plan["directory"] else ""
        yield f"{old} → {new}{folder}\n"
    if plan.get("guard"):
        yield f"\n⚠️ **Removals are held**: {plain(plan['guard']['reason'])}.\n"
    if plan.get("held_digest"):
        yield f"\n`reconcile approve {plan['held_digest']}` releases exactly these.\n"
    errors = sum(one["severity"] == "error" for one in plan.get("diagnostics", ()))
    if errors:
        yield f"\n❌ {errors:,} new {'error' if errors == 1 else 'errors'}.\n"


def _actions(page: _Page, plan: Mapping[str, Any]) -> None:
    if not plan["actions"]:
        return
    page.add("\n| | what | which | why |\n| --- | --- | --- | --- |\n")
    left_out = page.rows(_row(action) for action in plan["actions"])
    if left_out:
        page.add(f"\nand {left_out:,} more.\n")


def _row(action: Mapping[str, Any]) -> str:
    why = REASONS.get(action["reason"], plain(action["reason"]))
    waits = next((f" ({word})" for word in ("held", "suspended") if action.get(word)), "")
    return f"| {_SIGNS.get(action['kind'], '')} | {plain(action['kind'])} | {code(action['key'])} | {why}{waits} |"


def _fields(plan: Mapping[str, Any]) -> Iterator[str]:
    changed = [one for one in plan.get("configs", ()) if one["changes"]] or [
        {"id": action["key"], "changes": action["changes"]} for action in plan["actions"] if action["changes"]
    ]
    for one in changed:
        yield f"# {printable(one['id'])}"
        for change in one["changes"]:
            for kind in ("removed", "added") if change["kind"] == "changed" else (change["kind"],):
                yield change_text(change["path"], kind, change["old"], change["new"])


def _line(config: Mapping[str, Any], what: str) -> str:
    return f"{printable(config['id'])}  {printable(what)}"


def _finding(found: Mapping[str, Any]) -> str:
    told = f"{found['message']} ({found['help']})" if found["help"] else found["message"]
    place = f"{found['file']}:{found['line']}:{found['column']}"
    return f"{printable(place)}: {found['severity']}[{found['rule']}] {printable(told)}"


def code(text: str) -> str:
    """Return what somebody wrote as code that no character of it can leave, on one line, cropped."""
    return f"<code>{plain(text)}</code>"


def plain(text: str) -> str:
    """Return text without any mark of Markdown or HTML; outside `<code>` it may still mention somebody."""
    return _PUNCTUATION.sub(lambda found: f"&#{ord(found.group())};", printable(crop(text, _LONGEST_CELL)))
