"""What is checked at once and what comes of it: a `Batch` of files of one root, and the `Part` of a run that it gives.

A `Part` is pickled on its way from a worker, so it holds values alone.
"""

import os
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.config.run.suppressions import Suppression, suppress
from reconciler.core.findings.selection import Selection, chosen, fails, select
from reconciler.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Bounds, Policy
    from reconciler.config.secret_trial import SecretUse
    from reconciler.core.claims import Claim


class Batch(Struct, frozen=True):
    """Files of one root. `base` is the root's resolved path, `prefix` is written before a file's path in findings.

    `special` are the files that are links, or no files at all, and have to be looked at before they are opened.
    `policy` is what the root allows; `place` is where in the root a file stands that is checked alone, and what its
    link leads to.
    """

    base: str
    prefix: str
    files: Sequence[str]
    special: Collection[str] = ()
    policy: "Policy | None" = None
    place: tuple[str, str] | None = None

    def bounds(self, file: str) -> "Bounds | None":
        """Return what the documents of a file must keep to."""
        if self.policy is None:
            return None
        if self.place is not None:
            return self.policy.bounds(*self.place)
        if file not in self.special:
            return self.policy.bounds(file)
        return self.policy.bounds(file, os.path.realpath(f"{self.base}/{file}").removeprefix(f"{self.base}/"))


class Part:
    """What checking some files gave: ids with the file (as shown) and line of each document that names one.

    `fallbacks` are ids of valid documents with the fallback that each names, and their places; `disabled` the ids of
    those that are not to run; `claims` what those that are to run need for themselves, and for their integration;
    `refused` the ids of documents that may not stand in their folder.
    `tests` of the `files` are test files. `comments` are those about findings; `failed` is whether what was found
    fails the run; `notes` say what was not looked at, and why.
    """

    __slots__ = (
        "claims", "comments", "configs", "diagnostics", "disabled", "failed", "fallbacks", "files", "ids", "notes",
        "refused", "tests", "uses",
    )  # fmt: skip

    def __init__(self, diagnostics: Sequence[Diagnostic] = (), files: int = 0) -> None:
        self.diagnostics = list(diagnostics)
        self.ids: list[tuple[str, str, int]] = []
        self.fallbacks: list[tuple[str, str, str, int]] = []
        self.claims: list[tuple[str, str, int, tuple[Claim, ...], tuple[str, ...]]] = []
        self.disabled: list[str] = []
        self.refused: list[str] = []
        self.uses: list[SecretUse] = []
        self.files = files
        self.tests = self.configs = 0
        self.comments: list[Suppression] = []
        self.failed = False
        self.notes: list[str] = []

    def add(self, other: "Part") -> None:
        """Take in another part of the same root."""
        self.diagnostics += other.diagnostics
        self.ids += other.ids
        self.fallbacks += other.fallbacks
        self.claims += other.claims
        self.disabled += other.disabled
        self.refused += other.refused
        self.uses += other.uses
        self.files += other.files
        self.tests += other.tests
        self.configs += other.configs
        self.comments += other.comments
        self.failed = self.failed or other.failed
        self.notes += other.notes

    def names(self) -> set[str]:
        """Return the ids of all documents that name one, whatever else is wrong with them."""
        return {*(config_id for config_id, _, _ in self.ids), *self.refused}

    def let_go(self) -> None:
        """Drop what only a look across the files of the root needs."""
        self.ids, self.fallbacks, self.disabled, self.claims, self.refused = [], [], [], [], []

    def conclude(self, flags: Selection, settings: Selection, *, whole: bool = True) -> None:
        """Leave those findings of a root that are reported, and say whether they fail the run.

        `whole` says that all of the root was checked (`suppress`).
        """
        selection = chosen(flags, settings)
        self.diagnostics = select(suppress(self.diagnostics, self.comments, whole=whole), selection)
        self.failed = fails(self.diagnostics, selection)
        self.comments = []
