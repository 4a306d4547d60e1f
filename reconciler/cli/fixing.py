"""`validate --fix` and `--diff`: findings fixed in their files, or shown as a unified diff that changes nothing."""

from collections.abc import Sequence
from pathlib import Path

from reconciler.cli.console import complain, err, fail, out, palette
from reconciler.cli.showing.sources import LazySecretKeys
from reconciler.config.fix.run import FileFix, fix_files
from reconciler.config.run.run import RunOptions, RunResult, make_validator, validate_paths
from reconciler.report.count import count
from reconciler.report.findings.diff_text import diff_text
from reconciler.report.findings.text import SECRET_RULES, unknown_keys


def fix_findings(paths: Sequence[Path], options: RunOptions, result: RunResult) -> tuple[RunResult, int]:
    """Write the fixes of `result`; return what is found afterwards, and how many findings were fixed."""
    fixes = fix_files(paths, result.diagnostics, make_validator(options), write=True, directory=options.directory)
    _complain(fixes)
    fixed = sum(len(fix.findings) for fix in fixes)
    return (validate_paths(paths, options) if fixed else result), fixed


def show_diff(paths: Sequence[Path], options: RunOptions, result: RunResult, formats: str) -> int:
    """Print what the fixes would change and return the exit code: 1 where there is something, or the run fails."""
    if formats:
        fail("--diff: expected no --format with it: it prints the changes and nothing else")
    fixes = fix_files(paths, result.diagnostics, make_validator(options), write=False, directory=options.directory)
    _complain(fixes)
    secret_keys, unknown = LazySecretKeys(options.integrations), unknown_keys(result.diagnostics)
    for fix in fixes:
        here = [found for found in result.diagnostics if found.span.file == fix.file]
        hidden = [found.span for found in here if found.rule in SECRET_RULES]
        names = {*secret_keys(fix.before, judged=False), *unknown.get(fix.file, ())}
        out("".join(diff_text(fix.file, fix.before, fix.after, hidden, names, palette())))
    findings = sum(len(fix.findings) for fix in fixes)
    told = f"would fix {count(findings, 'finding')} in {count(sum(bool(fix.findings) for fix in fixes), 'file')}"
    left = sum(not found.is_fixable for found in result.diagnostics)
    others = f"; {count(left, 'finding')} {'is' if left == 1 else 'are'} left" if left else ""
    err((told if findings else "nothing to fix") + others)
    return int(bool(findings) or result.failed)


def _complain(fixes: Sequence[FileFix]) -> None:
    for fix in fixes:
        if fix.problem:
            complain(f"{fix.file} is not fixed: {fix.problem}")
        for found in fix.refused:
            where = f"{fix.file}:{found.span.line}:{found.span.column}"
            complain(f"{where} is not fixed: the policy does not allow what would come of it")
