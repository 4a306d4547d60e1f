"""Findings about the user's input: one model for every reporter, the daemon's status and the API."""

from enum import StrEnum

from msgspec import Struct

from reconciler.model.json import Path


class Severity(StrEnum):
    """How much a finding matters: an error stops the document, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Span(Struct, frozen=True):
    """A place in a file: lines and columns count from 1, columns in Unicode characters; the end is exclusive."""

    file: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


class Related(Struct, frozen=True):
    """Another place that a finding speaks of, such as the other definition of a duplicate id."""

    span: Span
    message: str


class Applicability(StrEnum):
    """How sure a fix is: a safe one keeps what was meant, and a program may apply it; another one is a suggestion."""

    SAFE = "safe"
    UNSURE = "unsure"


class Edit(Struct, frozen=True):
    """A replacement of some text in the finding's own file: lines and columns as in a span, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str

    @classmethod
    def at(cls, span: Span, text: str) -> "Edit":
        """Return the edit that puts `text` where `span` stands."""
        return cls(span.line, span.column, span.end_line, span.end_column, text)


class Fix(Struct, frozen=True):
    """What would fix one finding: a sentence that says what is written, and the edits, in order, none overlapping."""

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability = Applicability.SAFE


class Diagnostic(Struct, frozen=True):
    """One finding. `file` of its span is relative to the root it was read from, with `/` between names.

    `rule` is a stable id out of `reconciler.model.rules`; `path` is the place in the document's JSON value;
    `help` is one line that says what to do, or empty; `fix` is what would do it, where that is known.
    """

    rule: str
    severity: Severity
    message: str
    span: Span
    help: str = ""
    path: Path = ()
    related: tuple[Related, ...] = ()
    fix: Fix | None = None

    @property
    def is_fixable(self) -> bool:
        """Whether `validate --fix` fixes this."""
        return self.fix is not None and self.fix.applicability is Applicability.SAFE

    @property
    def is_error(self) -> bool:
        """Whether this finding keeps its document from being applied."""
        return self.severity is Severity.ERROR

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order findings by place, then rule: the order in which every report prints them."""
        return (self.span.file, self.span.line, self.span.column, self.rule, self.message)
