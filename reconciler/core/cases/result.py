"""What a run of test cases found, as values for the reports. Pure nouns; `compose/offline/case_run.py` fills them."""

from enum import StrEnum

from msgspec import Struct, field

from reconciler.core.cases.expect import Failure
from reconciler.model.case import Case
from reconciler.model.diagnostic import Diagnostic


class Status(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class CaseResult(Struct, frozen=True):
    """What became of one case; `failures` is empty where it passed or was skipped. `seconds` is how long it took."""

    case: Case
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0

    @property
    def status(self) -> Status:
        """How it ended."""
        return Status.FAILED if self.failures else Status.SKIPPED if self.case.skip else Status.PASSED


class CaseRun(Struct):
    """What a run found. `files` are test files with a case that was asked for, or a finding; in `others` nothing was.

    `diagnostics` are about test files; `stale` are snapshots that nobody asks for, as sentences.

    `written` are the files of snapshots that were written or deleted; `invalid` are files of configurations with
    errors: what is invalid takes part in no case. `enabled` are the configurations that could receive, by id, and
    `reached` those that an event of a case has reached.
    """

    files: int = 0
    others: int = 0
    results: list[CaseResult] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    enabled: tuple[str, ...] = ()
    reached: set[str] = field(default_factory=set)

    @property
    def unreached(self) -> list[str]:
        """The configurations that no case has reached."""
        return [config_id for config_id in self.enabled if config_id not in self.reached]

    def count(self, status: Status) -> int:
        """Return how many cases ended so."""
        return sum(result.status is status for result in self.results)

    @property
    def errors(self) -> int:
        """How many errors the test files have."""
        return sum(found.is_error for found in self.diagnostics)

    @property
    def seconds(self) -> float:
        """How long the cases took."""
        return sum(result.seconds for result in self.results)
