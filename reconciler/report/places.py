"""Findings and events moved from names relative to a root to names relative to where the user stands."""

from collections.abc import Iterable

from msgspec.structs import replace

from reconciler.model.diagnostic import Diagnostic, Related, Span
from reconciler.report.story.daemon_event import Cleared, DaemonEvent, Found, Invalid, Settled, Valid, Waits


def relocate(diagnostics: Iterable[Diagnostic], prefix: str) -> list[Diagnostic]:
    """Return the findings with `prefix` (a folder, or empty) before every file's name."""
    if prefix in ("", "."):
        return list(diagnostics)
    return [_moved(found, prefix.rstrip("/")) for found in diagnostics]


def relocate_event(event: DaemonEvent, prefix: str) -> DaemonEvent:
    """Return what happened in a daemon with `prefix` before every file's name in it."""
    match event:
        case Settled() | Valid() | Waits() if event.file and prefix:
            return replace(event, file=f"{prefix.rstrip('/')}/{event.file}")
        case Invalid() | Found() | Cleared():
            return replace(event, diagnostics=tuple(relocate(event.diagnostics, prefix)))
        case _:
            return event


def _moved(found: Diagnostic, prefix: str) -> Diagnostic:
    related = tuple(Related(_span(one.span, prefix), one.message) for one in found.related)
    return replace(found, span=_span(found.span, prefix), related=related)


def _span(span: Span, prefix: str) -> Span:
    return replace(span, file=f"{prefix}/{span.file}" if span.file else prefix)
