"""Fixes for what is no YAML: tabs that indent, and a template without quotes. Pure; `messages` and `build` ask.

Each is offered only where what was meant is beyond doubt, and where the text with it reads without a complaint.
"""

import re
from collections.abc import Sequence

from reconciler.model.diagnostic import Edit, Fix

_BLOCK_TEXT = re.compile(r"(?:^|[\s:-])[|>][-+0-9]*\s*(?:#.*)?$")
_INDENT = re.compile(r"(?:\t+(?:  )?)?(?! |\t)")
_TEMPLATE = re.compile(r"(?P<before>[ ]*(?:- +)*(?:[\w.-]+:[ ]+|- +))(?P<value>\{\{.*\S)[ \t]*")
_WIDTH = 2


def indent_with_spaces(text: str, lines: Sequence[str]) -> Fix | None:
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
    fix = Fix("indent with two spaces for each tab", tuple(edits))
    return fix if edits and _reads(text, fix) else None


def quote_template(text: str, lines: Sequence[str], number: int) -> Fix | None:
    """Return the fix that puts the value of line `number`, from 0, in quotes where it begins with `{{`."""
    found = _TEMPLATE.fullmatch(lines[number])
    if found is None or " #" in found["value"] or found["value"].count("{{") != found["value"].count("}}"):
        return None
    sign = '"' if '"' not in found["value"] and "\\" not in found["value"] else "'"
    if sign in found["value"] or not found["value"].isprintable():
        return None
    # Two insertions, so that the fix itself holds nothing of the value: it may be a secret.
    edits = [Edit(number + 1, at + 1, number + 1, at + 1, sign) for at in (found.start("value"), found.end("value"))]
    fix = Fix("put the template in quotes", tuple(edits))
    return fix if _reads(text, fix, number + 1) else None


def _reads(text: str, fix: Fix, line: int = 0) -> bool:
    """Whether nothing is wrong with the text after the fix, or with `line` where that is given."""
    from reconciler.config.yaml.reader import read_documents
    from reconciler.core.findings.splice import splice

    mended = splice(text.encode("utf-8"), fix.edits)
    return not any(not line or found.span.line == line for found in read_documents(mended, "").diagnostics)
