"""Adding findings about one document, each with its narrowest place. The checks of this room call it."""

from typing import Any

from reconciler.config.yaml.reader import RawDocument
from reconciler.core.findings.nearest import nearest
from reconciler.core.findings.wrong import Wrong
from reconciler.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Related, Severity, Span
from reconciler.model.json import Path


class Place:
    """The document that is checked, its file, and what has been found."""

    __slots__ = ("_document", "_file", "_found")

    def __init__(self, document: RawDocument, file: str, found: list[Diagnostic]) -> None:
        self._document, self._file, self._found = document, file, found

    @property
    def count(self) -> int:
        """How much has been found."""
        return len(self._found)

    def part(self, key: str) -> Any:
        """Return one key of the document as it is written, right or wrong."""
        return self._document.value.get(key)

    def error(self, rule: str, path: Path, message: str, help_text: str, allowed: tuple[str, ...] = ()) -> None:
        """Add an error about the value at `path`, with the one of `allowed` that is meant."""
        span = self._document.span(path, self._file)
        fix = self._choice(path, allowed) if allowed else None
        self._found.append(Diagnostic(rule, Severity.ERROR, message, span, help_text, path, fix=fix))

    def warn(
        self,
        rule: str,
        path: Path,
        message: str,
        help_text: str,
        *,
        key: bool = False,
        near: str | None = None,
        beside: str | int | None = None,
    ) -> None:
        """Add a warning about the value at `path`, or about its key; `near` is what may be meant.

        `beside` is a key of the same mapping, or an index of the same list, because of which to warn.
        """
        span = self._document.span(path, self._file, key=key)
        fix = self._choice(path, (), near) if near else None
        related: tuple[Related, ...] = ()
        if beside is not None:
            related = (Related(self._document.span((*path[:-1], beside), self._file, key=True), "because of this"),)
        self._found.append(Diagnostic(rule, Severity.WARNING, message, span, help_text, path, related, fix))

    def inside(
        self, rule: str, path: Path, wrong: Wrong, help_text: str = "", *, says: str = "", warning: bool = False
    ) -> None:
        """Add a finding about a part of the text at `path`; `says` stands before what is wrong."""
        span = self._document.inside(path, self._file, wrong.offset, wrong.offset + wrong.length)
        near = nearest(wrong.unknown, wrong.known) if wrong.unknown else None
        hint = f"did you mean `{near}`?" if near else wrong.help or help_text
        severity = Severity.WARNING if warning else Severity.ERROR
        fix = _respelt(span, wrong.unknown, near) if near else None
        self._found.append(Diagnostic(rule, severity, says + wrong.message, span, hint, path, fix=fix))

    def _choice(self, path: Path, allowed: tuple[str, ...], near: str | None = None) -> Fix | None:
        from reconciler.config.explain.fixes import choose

        written = self._document.written(path, self._file)
        return choose(written, written.text if written else "", near, allowed)


def _respelt(span: Span, unknown: str, near: str) -> Fix | None:
    """Return the fix that writes another name in a text: a guess, and only of what needs no escape in any style."""
    if not near.isidentifier() or span.end_column - span.column != len(unknown):
        return None
    edit = Edit.at(span, near)
    return Fix(f"write {near}", (edit,), Applicability.UNSURE)
