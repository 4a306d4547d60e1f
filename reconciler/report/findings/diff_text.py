"""A unified diff of a file and its fixed form, for people to look at: secrets are masked, nothing obeys the terminal.

`validate --fix` is what makes the changes: as a patch it is good only where nothing in it is masked and no tab is shown
as spaces. The command line calls it for `--diff`.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from reconciler.core.findings.hunks import hunks
from reconciler.model.diagnostic import Span
from reconciler.report.ansi import PLAIN, Palette, printable
from reconciler.report.findings.masking import MaskedLines
from reconciler.report.findings.snippet import split_lines

_TAB = "    "
_NO_BREAK = "\\ No newline at end of file"


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
    old, new = split_lines(before), split_lines(after)
    shown = _masked([*old, *new], [*MaskedLines(old, names, hidden), *MaskedLines(new, names)])
    name = printable(file)
    for number, hunk in enumerate(hunks(_ended(old), _ended(new))):
        if number == 0:
            yield f"{palette.bold(f'--- {name}')}\n{palette.bold(f'+++ {name}')}\n"
        yield f"{palette.cyan(hunk.head)}\n"
        for sign, line in hunk.lines:
            text, unended, _ = line.partition("\n")
            yield f"{_coloured(sign, sign + _shown(shown[text]), palette)}\n"
            if unended:
                yield f"{_NO_BREAK}\n"


def _ended(lines: Sequence[str]) -> list[str]:
    """Return the lines of a text; one that no line break ends gets one here, and differs by it from all others."""
    return [*lines[:-1], *([f"{lines[-1]}\n"] if lines[-1] else [])]


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
