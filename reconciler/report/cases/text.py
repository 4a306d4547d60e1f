"""A run of test cases for people: a line for each case, what was not as expected, a summary. Pure."""

import difflib
import json
from collections.abc import Iterator
from typing import Any, Final

from reconciler.core.cases.differences import ABSENT, Difference
from reconciler.core.cases.expect import Failure, Kind
from reconciler.core.cases.result import CaseResult, CaseRun, Status
from reconciler.model.case import Case
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.duration import brief_duration
from reconciler.report.ansi import PLAIN, Palette, crop, printable
from reconciler.report.count import count
from reconciler.report.findings.headline import headline
from reconciler.report.findings.text import Source, TextReport
from reconciler.report.plan_text import dotted
from reconciler.report.trace.text import invalid_files, why_lines

_MOST_DIFFERENCES: Final = 20
_MOST_LINES: Final = 40
_MOST_FAILURES: Final = 20
_WIDEST: Final = 300
FAILED: Final = "test"
"""What stands in the place of a rule where a case has failed."""
_KEY: Final = "(- expected, + found)"


def render_cases(run: CaseRun, palette: Palette, source: Source, *, coverage: bool = False) -> Iterator[str]:
    """Yield the report in pieces; with `coverage`, what no case has reached as well."""
    yield from TextReport(palette, source).render(run.diagnostics)
    for result in run.results:
        yield from (f"{line}\n" for line in _case(result, palette))
    for text in run.stale:
        yield f"{palette.yellow('!')} {printable(text)}\n"
    for file in run.written:
        yield f"{palette.yellow('~')} {printable(file)} written\n"
    if run.invalid:
        yield f"{palette.yellow('!')} {invalid_files(run.invalid)}\n"
    if coverage:
        yield from coverage_lines(run, palette)
    yield summary_line(run, palette)


def coverage_lines(run: CaseRun, palette: Palette) -> Iterator[str]:
    """Yield the configurations that no event of a case has reached, and how many have been."""
    for config_id in run.unreached:
        yield f"{palette.yellow('!')} {printable(config_id)} is reached by no case\n"
    reached = len(run.enabled) - len(run.unreached)
    mark = palette.yellow("!") if run.unreached else palette.green("✓")
    yield f"{mark} {reached:,} of {count(len(run.enabled), 'configuration')} reached by a case\n"


def summary_line(run: CaseRun, palette: Palette = PLAIN) -> str:
    """Return the line that ends a report, with its line feed."""
    counts = [
        f"{run.count(status):,} {status.value}"
        for status in Status
        if run.count(status) or (status is Status.PASSED and run.results)
    ]
    counts += [count(run.errors, "error")] if run.errors else []
    mark = palette.red("✗") if run.errors or run.count(Status.FAILED) else palette.green("✓")
    what = f"{count(len(run.results), 'case')} in {count(run.files, 'file')}"
    return f"{mark} {': '.join(filter(None, (what, ', '.join(counts))))} ({brief_duration(run.seconds)})\n"


def _case(result: CaseResult, palette: Palette) -> Iterator[str]:
    case = result.case
    if result.status is Status.FAILED:
        place = f"{printable(case.file)}:{case.span.line}"
        yield f"{palette.red('✗')} {palette.bold(place)}: {palette.bold(printable(case.name))}"
        for failure in result.failures[:_MOST_FAILURES]:
            for line in failure_lines(case, failure, palette):
                yield f"    {line}"
        if len(result.failures) > _MOST_FAILURES:
            yield f"    … {count(len(result.failures) - _MOST_FAILURES, 'more failure')} (--format json has them)"
    elif result.status is Status.SKIPPED:
        yield f"{palette.yellow('-')} {printable(case.file)}: {printable(case.name)} (skipped: {printable(case.skip)})"
    else:
        yield f"{palette.green('✓')} {palette.dim(printable(case.file) + ':')} {printable(case.name)}"


def failure_lines(case: Case, failure: Failure, palette: Palette = PLAIN) -> Iterator[str]:
    """Yield what was not as expected, a sentence first, then why."""
    yield _sentence(case, failure, palette)
    if failure.verdict is not None:
        for line in why_lines(failure.verdict, palette):
            yield f"  {line}"
    for found in failure.diagnostics:
        yield f"  {headline(found, palette)}"
    for difference in failure.differences[:_MOST_DIFFERENCES]:
        for line in _difference(difference, palette):
            yield f"  {line}"
    if len(failure.differences) > _MOST_DIFFERENCES:
        yield f"  … {count(len(failure.differences) - _MOST_DIFFERENCES, 'more difference')}"
    if failure.error and failure.kind is Kind.DIFFERENT:
        yield f"  what the integration made of the answer: {printable(failure.error)}"


def findings(run: CaseRun) -> list[Diagnostic]:
    """Return what is wrong as findings, a failed case standing at its name: for what annotates files."""
    return [
        *run.diagnostics,
        *(
            Diagnostic(FAILED, Severity.ERROR, _told(result.case, failure), result.case.span)
            for result in run.results
            for failure in result.failures
        ),
    ]


def _told(case: Case, failure: Failure) -> str:
    first, *rest = (line.strip() for line in failure_lines(case, failure))
    return f"{case.name}: {first}" + (f": {'; '.join(rest)}" if rest else "")


def _sentence(case: Case, failure: Failure, palette: Palette) -> str:  # noqa: PLR0911 — a table
    who = palette.bold(printable(failure.config_id))
    what = _event(case, failure.event)
    match failure.kind:
        case Kind.MISSED:
            return f"{who} did not receive {what}"
        case Kind.UNEXPECTED:
            given_up = f": {printable(failure.error)}" if failure.error else ""
            return f"{who} received {what}, and was not expected to{given_up}"
        case Kind.COUNT:
            first = f"; the first that it did not receive is {what}" if failure.event is not None else ""
            return f"{who} received {failure.found} of {len(case.events)} events, expected {failure.wanted}{first}"
        case Kind.DIFFERENT:
            return f"{who}: {what} does not go as expected {palette.dim(_KEY)}"
        case Kind.NOT_SENT:
            return f"{who} received {what}, but nothing can be sent: {printable(failure.error)}"
        case Kind.SNAPSHOT:
            return f"{who}: not what is stored; --update stores what is found {palette.dim(_KEY)}"
        case Kind.NO_SNAPSHOT:
            of = f"{who}: n" if failure.config_id else "n"
            return f"{of}othing is stored to compare with: --update stores what is found"
        case Kind.NOT_ASKED:
            return f"{who} did not receive {what}, so nothing asks for its `answers`"
        case Kind.INVALID:
            return f"{who} is not valid, so it cannot receive"


def _event(case: Case, index: int | None) -> str:
    if index is None or index >= len(case.events):
        return "the event"
    event = case.events[index]
    return printable(event.type) if len(case.events) == 1 else f"events[{index}], {printable(event.type)}"


def _difference(found: Difference, palette: Palette) -> Iterator[str]:
    yield palette.cyan(dotted(found.path))
    wanted, got = found.wanted, found.found
    if isinstance(wanted, str) and isinstance(got, str) and "\n" in wanted + got:
        yield from _lines(wanted, got, palette)
        return
    yield palette.red(f"  - {_shown(wanted)}")
    yield palette.green(f"  + {_shown(got)}")


def _lines(wanted: str, got: str, palette: Palette) -> Iterator[str]:
    lines = [line for line in difflib.ndiff(wanted.splitlines(), got.splitlines()) if not line.startswith("?")]
    for line in lines[:_MOST_LINES]:
        paint = {"-": palette.red, "+": palette.green}.get(line[0], palette.dim)
        yield paint(f"  {crop(printable(line), _WIDEST)}")
    if len(lines) > _MOST_LINES:
        yield f"  … {count(len(lines) - _MOST_LINES, 'more line')}"


def _shown(value: Any) -> str:
    return "(nothing)" if value is ABSENT else crop(printable(json.dumps(value, ensure_ascii=False)), _WIDEST)
