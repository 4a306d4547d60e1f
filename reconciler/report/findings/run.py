"""What every report of a run of validation is made of, and the names by which systems know a finding again."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import sha256
from typing import Protocol

from msgspec import Struct

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json import pointer
from reconciler.report.findings.summary import Summary


class SecretKeys(Protocol):
    """What tells the names of the keys that hold secrets in a file, by its bytes."""

    def __call__(self, data: bytes, /, *, judged: bool) -> Collection[str]:
        """Return the names; `judged` says that nothing of the file's settings was left without a verdict."""


def no_keys(_data: bytes, *, judged: bool) -> Collection[str]:  # noqa: ARG001 - as the protocol has it
    """Know none."""
    return ()


class Run(Struct, frozen=True):
    """One run of `validate`. `source` gives the bytes of a file by the name that spans carry, or None.

    `secret_keys` gives the names of keys that hold secrets in a file.
    """

    diagnostics: Sequence[Diagnostic]
    summary: Summary
    source: Callable[[str], bytes | None]
    secret_keys: SecretKeys = no_keys

    @property
    def worst_first(self) -> list[Diagnostic]:
        """The findings, errors before warnings, by place within each."""
        return sorted(self.diagnostics, key=lambda found: (not found.is_error, found.sort_key()))


def fingerprints(diagnostics: Sequence[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Yield each finding with a name of 64 hexadecimal digits, unique in this run.

    It does not hold the line: a finding is the same one after something was inserted above it.
    """
    seen: Counter[str] = Counter()
    for found in diagnostics:
        what = "\0".join((found.rule, found.span.file, pointer(found.path), found.message))
        seen[what] += 1
        text = f"{what}\0{seen[what]}"
        yield found, sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def told(found: Diagnostic) -> str:
    """Return the message of a finding with its help, as one line."""
    return f"{found.message} ({found.help})" if found.help else found.message
