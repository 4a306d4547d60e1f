"""What each rule means, why it exists, what breaks it and how to fix that: one Markdown page for each, beside this.

The only home of these texts: `explain` prints the pages, SARIF carries them, the documentation's table is compared with
them, and their examples are run by the tests. A page is read when somebody asks for it. Called by the command line and
by `ci/sarif.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from msgspec import Struct

FOLDER: Final = Path(__file__).parent
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```(?P<language>\w+)(?: (?P<name>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_FINDING: Final = "text"


class Block(Struct, frozen=True):
    """One fenced block of an example: the file `name`, or commands of a shell where it has no name."""

    language: str
    name: str
    body: str


@dataclass(frozen=True)
class RulePage:
    """One rule's page. `fix` says which of its findings `validate --fix` fixes, or is empty."""

    rule: str
    summary: str
    severity: str
    fix: str
    why: str
    sections: Mapping[str, str]

    @property
    def bad(self) -> tuple[Block, ...]:
        """The files that break the rule; none where no file could."""
        return self._blocks("Bad")

    @property
    def good(self) -> tuple[Block, ...]:
        """The same files, fixed."""
        return self._blocks("Good")

    @property
    def how(self) -> str:
        """How to fix it, in sentences."""
        return self.sections.get("How to fix", "")

    @cached_property
    def finding(self) -> str:
        """What `validate` says of the bad files."""
        found = [m["body"] for m in _FENCE.finditer(self.sections.get("Bad", "")) if m["language"] == _FINDING]
        return found[0] if found else ""

    @property
    def markdown(self) -> str:
        """All of the page below its title, summary and severity."""
        parts = [self.why, *(f"## {title}\n\n{text}" for title, text in self.sections.items())]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _blocks(self, section: str) -> tuple[Block, ...]:
        found = _FENCE.finditer(self.sections.get(section, ""))
        return tuple(Block(m["language"], m["name"] or "", m["body"]) for m in found if m["language"] != _FINDING)


def rule_ids() -> list[str]:
    """Return every rule that has a page, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def rule_page(rule: str) -> RulePage | None:
    """Return the page of `rule`, or None where there is none: an integration of tomorrow may have rules of its own."""
    path = FOLDER / f"{rule}.md"
    if "/" in rule or not path.is_file():
        return None
    return parse_page(path.read_text(encoding="utf-8"))


def parse_page(text: str) -> RulePage:
    """Read a page: `# rule`, a sentence, `- severity:` and `- fix:`, why, then sections under `## `."""
    head, *rest = _HEADING.split(text)
    title, summary, about, *why = head.strip().split("\n\n")
    said = dict(line.removeprefix("- ").split(": ", 1) for line in about.splitlines())
    sections = {name: body.strip() for name, body in zip(rest[::2], rest[1::2], strict=True)}
    fix = said["fix"]
    return RulePage(
        title.removeprefix("# "), summary, said["severity"], "" if fix == "none" else fix, "\n\n".join(why), sections
    )
