"""A finding that a daemon tells as JSON is the finding that it was."""

import pytest

from reconciler.model.diagnostic import Applicability, Diagnostic, Edit, Fix, Related, Severity, Span
from reconciler.report.findings.items_in import diagnostic_of
from reconciler.report.items import diagnostic_item

PLAIN = Diagnostic("r", Severity.WARNING, "m", Span("f", 1, 2, 3, 4), "h", ("a", 0))
FULL = Diagnostic(
    "r", Severity.ERROR, "m", Span("f"), related=(Related(Span("g", 1, 2, 1, 9), "here"),),
    fix=Fix("write x", (Edit(1, 2, 1, 3, "x"), Edit(2, 1, 2, 1, "y")), Applicability.UNSURE),
)  # fmt: skip


@pytest.mark.parametrize("found", [PLAIN, FULL])
def test_finding_comes_back_as_it_was(found):
    assert diagnostic_of(diagnostic_item(found)) == found


def test_finding_of_an_older_daemon_has_no_fix():
    item = diagnostic_item(PLAIN)
    del item["fix"]
    assert diagnostic_of(item) == PLAIN
