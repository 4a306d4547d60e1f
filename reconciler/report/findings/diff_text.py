"""A unified diff of a file and its fixed form, for people to look at: secrets are masked, nothing obeys the terminal.

Not for `patch`: `validate --fix` is what makes the changes. The command line calls it for `--diff`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import unified_diff

from reconciler.model.diagnostic import Span
from reconciler.report.ansi import PLAIN, Palette, printable
from reconciler.report.findings.masking import MaskedLines
from reconciler.report.findings.snippet import split_lines

_TAB = "    "


def diff_text(
    file: str,
    before: bytes,
    after: bytes,
    hidden: Iterable[Span] = (),
    names: Collection[str] = (),
    palette: Palette = PLAIN,
) -> Iterator[str]:
    """Yield the lines of the diff with their line feeds.

    `hidden` are the places of secrets in `before`, `names` the keys that hold some.
    """
    old, new = (split_lines(data.rstrip(b"\r\n")) for data in (before, after))
    shown = _masked([*old, *new], [*MaskedLines(old, names, hidden), *MaskedLines(new, names)])
    name = printable(file)
    for line in unified_diff(old, new, name, name, lineterm=""):
        if line.startswith(("---", "+++")) and line[4:] == name:
            yield f"{palette.bold(line)}\n"
        elif line.startswith("@@"):
            yield f"{palette.cyan(line)}\n"
        else:
            yield f"{_coloured(line[0], line[0] + _shown(shown[line[1:]]), palette)}\n"


def _masked(lines: Sequence[str], masked: Sequence[str]) -> dict[str, str]:
    """Return each line as it may be shown; where one text stands at several places, by the one that hides most."""
    found: dict[str, str] = {}
    for line, shown in zip(lines, masked, strict=True):
        found[line] = max(found.get(line, shown), shown, key=lambda text: text.count("*"))
    return found


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))


def _coloured(sign: str, text: str, palette: Palette) -> str:
    return palette.red(text) if sign == "-" else palette.green(text) if sign == "+" else text
