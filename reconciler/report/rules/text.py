"""A rule's page for people: its Markdown with headings in bold and files indented. Used by `explain`."""

from collections.abc import Iterator

from reconciler.report.ansi import PLAIN, Palette
from reconciler.report.rules.pages import RulePage

_INDENT = "    "


def page_text(page: RulePage, palette: Palette = PLAIN) -> str:
    """Return the page, ending in a line feed."""
    return "\n".join(_lines(page, palette)) + "\n"


def _lines(page: RulePage, palette: Palette) -> Iterator[str]:
    yield f"{palette.severity(page.severity, f'{page.severity}[{page.rule}]')} {page.summary}"
    yield ""
    fenced = False
    for line in page.markdown.rstrip().split("\n"):
        if line.startswith("```"):
            name = line.partition(" ")[2]
            if name:
                yield f"{_INDENT}{palette.dim(f'# {name}')}"
            fenced = not fenced
        elif fenced:
            yield f"{_INDENT}{line}" if line else ""
        elif line.startswith("## "):
            yield palette.bold(line.removeprefix("## "))
        else:
            yield line
    if page.fix:
        yield ""
        yield f"{palette.bold('With --fix')}: {page.fix}."
