"""Findings with their lines, for the verbs that show some beside what they report themselves: `plan`, `get`, one pass.

Every snippet is masked by the schemas of the integrations, also where a file was too broken to be judged.
"""

from collections.abc import Callable, Iterable

from reconciler.cli.console import palette
from reconciler.cli.showing.sources import LazySecretKeys, read_source
from reconciler.model.diagnostic import Diagnostic


def findings_text(
    found: Iterable[Diagnostic],
    source: Callable[[str], bytes | None] = read_source,
    integrations: tuple[str, ...] | None = None,
) -> str:
    """Return the findings as they are printed to stdout; `source` gives the bytes of a file that one of them names."""
    from reconciler.report.findings.text import TextReport

    return "".join(TextReport(palette(), source, LazySecretKeys(integrations)).render(found))
