"""Findings and answers that the report tests render."""

from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span

SOURCES = {
    "a.yaml": b'integration: slack\nname: a\nsettings:\n  chanel: "#builds"\n',
    "tab.yaml": "x:\t日本語: \tbad\n".encode(),
    "long.yaml": b"k: " + b"x" * 400 + b"!" + b"y" * 400 + b"\n",
}
UNKNOWN = Diagnostic(
    "unknown-key",
    Severity.ERROR,
    "unknown key `chanel`",
    Span("a.yaml", 4, 3, 4, 9),
    "did you mean `channel`?",
    ("settings", "chanel"),
)
DUPLICATE = Diagnostic(
    "duplicate-id",
    Severity.ERROR,
    "the id slack/a is used twice",
    Span("a.yaml", 2, 7, 2, 8),
    "rename one of them",
    related=(Related(Span("b.yaml", 2, 7, 2, 8), "also here"),),
)
WARNING = Diagnostic("unknown-event-type", Severity.WARNING, "no integration declares `x`", Span("gone.yaml"))
WIDE = Diagnostic("wrong-type", Severity.ERROR, "expected a number", Span("tab.yaml", 1, 9, 1, 12))
LONG = Diagnostic("wrong-type", Severity.ERROR, "expected a number", Span("long.yaml", 1, 404, 1, 405))
HOSTILE = Diagnostic(
    "file-name",
    Severity.ERROR,
    "bad \x1b[2J name\nerror: faked",
    Span("\x1b]0;x\x07\udcff.yaml", 1, 1, 1, 1),
    "\u202ereversed",
)
ALL = [DUPLICATE, UNKNOWN, WARNING, WIDE, LONG, HOSTILE]
