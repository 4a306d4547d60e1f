"""Fixes for what is no YAML: tabs that indent, and a template without quotes. `reader` asks for its findings.

Each is offered only where what was meant is beyond doubt, and where the text with it reads without a complaint.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from reconciler.config.yaml import causes
from reconciler.config.yaml.build import QUOTE_TEMPLATE
from reconciler.config.yaml.stretch import read_stretch
from reconciler.config.yaml.text import MAX_BYTES, split_lines
from reconciler.core.findings.splice import splice
from reconciler.model.diagnostic import Diagnostic, Edit, Fix

_BLOCK_TEXT = re.compile(r"(?:^|[\s:-])[|>][-+0-9]*\s*(?:#.*)?$")
_INDENT = re.compile(r"(?:\t+(?:  )?)?(?! |\t)")
_TEMPLATE = re.compile(r"(?P<before>[ ]*(?:- +)*(?:[\w.-]+:[ ]+|- +))(?P<value>\{\{.*\S)[ \t]*")
_WIDTH = 2


class Mender:
    """Gives the findings of one file their fixes, until the proofs have read as many bytes as the largest file has."""

    def __init__(self) -> None:
        self._left = MAX_BYTES

    def mend(self, findings: Iterable[Diagnostic], data: bytes) -> Iterator[Diagnostic]:
        """Yield the findings of a stretch, each with its fix where there is one."""
        lines: list[str] = []
        for finding in findings:
            is_template = finding.message == causes.TEMPLATE or finding.help == QUOTE_TEMPLATE
            if not is_template and finding.message != causes.TAB:
                yield finding
                continue
            lines = lines or split_lines(data.decode("utf-8"))
            line = finding.span.line if is_template else 0
            fix = quote_template(lines[line - 1], line) if is_template else indent_with_spaces(lines)
            yield replace(finding, fix=fix) if fix is not None and self._reads(data, fix, line) else finding

    def _reads(self, data: bytes, fix: Fix, line: int) -> bool:
        """Whether nothing is wrong with a stretch after the fix; with `line` alone, where that is given."""
        mended = splice(data, fix.edits)
        self._left -= len(mended)
        if self._left < 0:
            return False
        again = read_stretch(mended, "")
        if line:
            return all(found.span.line != line for found in again.findings)
        return bool(again.documents) and not again.findings


def indent_with_spaces(lines: Sequence[str]) -> Fix | None:
    """Return the fix that writes two spaces for each tab of an indentation.

    Only where tabs alone indent (two spaces behind them stand for the dash of a list above), and no text of several
    lines is in the file, in which a tab may be meant.
    """
    if not all(_INDENT.match(line) for line in lines if line.strip()) or any(map(_BLOCK_TEXT.search, lines)):
        return None
    edits = []
    for number, line in enumerate(lines, start=1):
        tabs = len(line) - len(line.lstrip("\t"))
        if tabs and line.strip():
            edits.append(Edit(number, 1, number, tabs + 1, " " * (_WIDTH * tabs)))
    return Fix("indent with two spaces for each tab", tuple(edits)) if edits else None


def quote_template(line: str, number: int) -> Fix | None:
    """Return the fix that puts the value of a line, the file's `number`th, in quotes where it begins with `{{`."""
    found = _TEMPLATE.fullmatch(line)
    if found is None or " #" in found["value"] or found["value"].count("{{") != found["value"].count("}}"):
        return None
    sign = '"' if '"' not in found["value"] and "\\" not in found["value"] else "'"
    if sign in found["value"] or not found["value"].isprintable():
        return None
    # Two insertions, so that the fix itself holds nothing of the value: it may be a secret.
    edits = [Edit(number, at + 1, number, at + 1, sign) for at in (found.start("value"), found.end("value"))]
    return Fix("put the template in quotes", tuple(edits))
